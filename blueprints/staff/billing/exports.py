"""What the accountant takes away: issued bills, late debtors, the journal of a régie (R47)."""

from dataclasses import dataclass
from datetime import date

from flask import request
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import today
from blueprints.staff.billing import blueprint
from blueprints.staff.family_files.exports import sent
from domain.accounting import by_debtor, lacks
from domain.calendar import add_months
from domain.errors import NotFound
from domain.permissions import Permission
from queries import accounting as account_queries
from queries import billing as billing_queries
from services import accounting_exports
from services.accounting_exports import Table
from services.family_exports import FileKind

MOST_LACKS = 40  # shown at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """The régie and the days that were asked for; `regie_id` is None while the town has no régie."""

    regies: tuple[tuple[int, str], ...]
    regie_id: int | None
    first: date
    last: date


@blueprint.get("/exports")
@staff(Permission.BILLING_MANAGE)
def exports() -> Response:
    """What there is to take away, and what an official file would still lack."""
    wanted = _wanted()
    if wanted.regie_id is None:
        return answer("staff/billing/exports.html", wanted=wanted)
    bills = account_queries.issued(wanted.regie_id, wanted.first, wanted.last)
    late = account_queries.late(wanted.regie_id, today())
    return answer(
        "staff/billing/exports.html",
        wanted=wanted,
        bills=len(bills),
        total_cents=sum(bill.total_cents for bill in bills),
        debtors=len(by_debtor(late)),
        late_cents=sum(bill.left_cents for bill in late),
        lacks=lacks(account_queries.codes(wanted.regie_id), bills),
        most=MOST_LACKS,
    )


@blueprint.get("/exports/<any(factures, lignes, debiteurs, journal, totaux):table>.<any(csv, xlsx):kind>")
@staff(Permission.BILLING_MANAGE)
def export(table: str, kind: str) -> Response:
    """One table as a file."""
    wanted = _wanted()
    if wanted.regie_id is None:
        raise NotFound
    asked = Table(table), FileKind(kind)
    return sent(accounting_exports.download(*asked, wanted.regie_id, wanted.first, wanted.last, today()))


def _wanted() -> Wanted:
    """From last month to today unless other days are asked for, in any order. Raises NotFound for another
    régie."""
    regies = tuple((one.id, one.name) for one in billing_queries.regies())
    this = today()
    before = date(*add_months(this.year, this.month, -1), 1)
    days = sorted((_day("du", before), _day("au", this)))
    regie_id = request.args.get("regie", type=row_number) or next((one for one, _ in regies), None)
    if regie_id is not None and regie_id not in dict(regies):
        raise NotFound
    return Wanted(regies, regie_id, *days)


def _day(name: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return otherwise
