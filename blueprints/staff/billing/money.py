"""Money at a glance: a school year by month and by activity, as a table, a plot and a file (S58)."""

from datetime import date

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import today
from blueprints.staff.billing import blueprint
from blueprints.staff.family_files.exports import sent
from domain.calendar import school_year
from domain.errors import NotFound
from domain.money import bars
from domain.permissions import Permission
from queries import billing as billing_queries
from queries import money as money_queries
from queries.money import Glance
from services import accounting_exports
from services.accounting_exports import MoneyTable


@blueprint.get("/tableau")
@staff(Permission.PAYMENTS_RECORD)
def money() -> Response:
    regies = [(one.id, one.name) for one in billing_queries.regies()]
    regie_id = _regie(dict(regies))
    glance = _glance(regie_id)
    chosen = {"annee": glance.season.year, "regie": regie_id}
    return answer(
        "staff/billing/money.html",
        glance=glance,
        bars=bars(glance.months),
        regies=regies,
        regie_id=regie_id,
        files=[(url_for(".money_file", rows=rows.value, **chosen), rows) for rows in MoneyTable],
    )


@blueprint.get("/tableau/<any(mois, activites):rows>.csv")
@staff(Permission.PAYMENTS_RECORD)
def money_file(rows: str) -> Response:
    """One of the two tables as a file."""
    names = {one.id: one.name for one in billing_queries.regies()}
    return sent(accounting_exports.money(MoneyTable(rows), _glance(_regie(names))))


def _regie(names: dict[int, str]) -> int | None:
    """The régie that was asked for, None for all of them. Raises NotFound for an unknown one."""
    regie_id = request.args.get("regie", type=row_number)
    if regie_id is not None and regie_id not in names:
        raise NotFound
    return regie_id


def _glance(regie_id: int | None) -> Glance:
    """The school year that was asked for, by the year in which it begins; this one otherwise."""
    year = request.args.get("annee", type=row_number)
    is_year = year is not None and 2000 <= year <= 2100
    day = date(year, 9, 1) if is_year else school_year(today())[0]
    return money_queries.glance(day, today(), regie_id)
