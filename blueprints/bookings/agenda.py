"""The planning of all the children, the panel of a day, the history of requests (S77 to S87)."""

from datetime import date

from flask import abort, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.bookings import blueprint
from blueprints.shared.addresses import month_or_404
from blueprints.shared.answers import answer, is_htmx
from blueprints.shared.converters import row_number
from blueprints.shared.guards import parent
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from domain.calendar import month_slug
from queries import day_history as histories
from queries import enrolments, planning, planning_day
from queries import history as requests_history
from queries.family import children_of


def _day_or_404(slug: str, month: str) -> date:
    """A day of the month in the address; the same day in another month's address is no page of ours."""
    try:
        day = date.fromisoformat(slug)
    except ValueError:
        abort(404)
    if day.isoformat() != slug or month_slug(day.year, day.month) != month:
        abort(404)
    return day


def _agenda(year: int, number: int) -> planning.MonthAgenda:
    return planning.month(current_user.household_ids, year, number, today(), town().school_zone)


@blueprint.get("/planning")
@blueprint.get("/planning/<month>")
@parent
def agenda(month: str | None = None) -> str:
    """The month; with `annuler` in the address, it also says how to cancel a day."""
    year, number = month_or_404(month) if month else (today().year, today().month)
    return render_template(
        "bookings/agenda.html",
        agenda=_agenda(year, number),
        panel=None,
        is_cancelling="annuler" in request.args,
    )


@blueprint.get("/planning/<month>/jours/<day>")
@parent
def agenda_day(month: str, day: str) -> Response:
    """The panel of a day alone for htmx; the same address without it is the whole page."""
    year, number = month_or_404(month)
    panel = planning_day.day(current_user.household_ids, _day_or_404(day, month), now(), town().school_zone)
    return answer(
        "bookings/agenda.html",
        "bookings/_agenda_day.html",
        agenda=None if is_htmx() else _agenda(year, number),
        panel=panel,
        is_cancelling=False,
    )


@blueprint.get("/planning/<month>/jours/<day>/enfants/<int:child_id>")
@parent
def day_history(month: str, day: str, child_id: int) -> str:
    """Each step of each booking of a child on a day (R26)."""
    month_or_404(month)
    card = next((one for one in children_of(current_user.household_ids) if one.child_id == child_id), None)
    if card is None:
        abort(404)
    wanted = _day_or_404(day, month)
    stories = histories.of_family(child_id, wanted, current_user.household_ids)
    return render_template("bookings/day_history.html", card=card, day=wanted, stories=stories)


@blueprint.get("/reservations")
@parent
def history() -> str:
    page = requests_history.requests(current_user.household_ids, request.args.get("page", 1, type=row_number))
    asked = enrolments.latest(current_user.household_ids) if page.number == 1 else ()
    return render_template("bookings/history.html", page=page, enrolments=asked)
