"""Attendance on a phone (R30): one tap a child, the same page with and without JavaScript."""

from datetime import date

from flask import abort, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done, is_htmx
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import asked_day, now, today
from blueprints.staff.acts import NOT_DONE, attempt, form_page, shown
from blueprints.staff.attendance import blueprint
from blueprints.staff.attendance.forms import AdditionForm, DetailsForm
from domain.enums import AttendanceMark
from domain.french import NBSP, enumerate_fr, format_day, plural
from domain.permissions import Permission
from queries import attendance as attendance_queries
from queries.attendance import AttendanceSheet, Seen
from services import attendance
from services.attendance import Agent, Roll

LONGEST_SEARCH = 100


@blueprint.get("")
@staff(Permission.ATTENDANCE_MARK)
def index() -> Response:
    """The activities of a day, and the past days of its month that are still to be marked."""
    day, scope = asked_day(), current_user.facility_ids
    return answer(
        "staff/attendance/index.html",
        day=day,
        today=today(),
        activities=attendance_queries.activities(day, scope),
        unmarked=attendance_queries.unmarked(day, today(), scope=scope),
    )


@blueprint.get("/<int:activity_id>/<day>")
@staff(Permission.ATTENDANCE_MARK)
def show(activity_id: int, day: str) -> Response:
    return answer("staff/attendance/show.html", sheet=_sheet(_roll(activity_id, day)))


@blueprint.post("/<int:activity_id>/<day>")
@staff(Permission.ATTENDANCE_MARK)
def mark(activity_id: int, day: str) -> Response:
    """One button of the list: « 12:present » or « 12:absent »."""
    roll = _roll(activity_id, day)
    child_id, wanted = _wanted(request.form.get("marque", ""))
    attendance.mark(_agent(), roll, child_id, wanted, now())
    if is_htmx():
        return answer("staff/attendance/_marked.html", sheet=_sheet(roll, child_id))
    return done(f"{_address(roll)}#enfant-{child_id}")


@blueprint.post("/<int:activity_id>/<day>/tous")
@staff(Permission.ATTENDANCE_MARK)
def mark_rest(activity_id: int, day: str) -> Response:
    roll = _roll(activity_id, day)
    count = attendance.mark_rest(_agent(), roll, now())
    said = plural(count, "enfant pointé", "enfants pointés") if count else "Tous les enfants étaient pointés"
    return done(_address(roll), f"{said}.")


@blueprint.route("/<int:activity_id>/<day>/enfants/<int:child_id>", methods=["GET", "POST"])
@staff(Permission.ATTENDANCE_MARK)
def child(activity_id: int, day: str, child_id: int) -> Response:
    """The times of one child, a word about it, and taking its mark back."""
    roll = _roll(activity_id, day)
    sheet = _sheet(roll, child_id)
    seen = sheet.children[0]
    form = DetailsForm.of(seen)

    def act() -> bool:
        attendance.mark(_agent(), roll, child_id, form.marque.data, now(), form.details)
        return True

    if attempt(form, act) is NOT_DONE:
        name = f"{seen.first_name} {seen.last_name}"
        removal = url_for("staff_attendance.unmark", activity_id=activity_id, day=day, child_id=child_id)
        return form_page(
            form,
            name,
            (_address(roll), f"{sheet.activity}, {format_day(roll.day)}"),
            intro=_known(seen),
            removal=(removal, _REMOVAL[seen.is_expected], "Retirer le pointage") if seen.mark else None,
        )
    return done(f"{_address(roll)}#enfant-{child_id}", f"{seen.first_name}{NBSP}: pointage enregistré.")


@blueprint.post("/<int:activity_id>/<day>/enfants/<int:child_id>/retirer")
@staff(Permission.ATTENDANCE_MARK)
def unmark(activity_id: int, day: str, child_id: int) -> Response:
    roll = _roll(activity_id, day)
    seen = _sheet(roll, child_id).children[0]
    attendance.unmark(_agent(), roll, child_id, now())
    return done(_address(roll), f"{seen.first_name}{NBSP}: le pointage est retiré.")


@blueprint.route("/<int:activity_id>/<day>/enfant-non-prevu", methods=["GET", "POST"])
@staff(Permission.ATTENDANCE_MARK)
def unexpected(activity_id: int, day: str) -> Response:
    """A child is there whom nobody expected."""
    roll = _roll(activity_id, day)
    text = request.values.get("q", "")[:LONGEST_SEARCH].strip()
    addition = attendance_queries.addition(activity_id, roll.day, text, scope=current_user.facility_ids)
    form = AdditionForm(q=text).offer(addition)

    def act() -> bool:
        attendance.add_unexpected(_agent(), roll, form.enfant.data, form.presence.data, now())
        return True

    if attempt(form, act) is NOT_DONE:
        return shown(form, "staff/attendance/unexpected.html", addition=addition, text=text)
    return done(f"{_address(roll)}#enfant-{form.enfant.data}", "L’enfant est ajouté, présent.")


_REMOVAL = {
    True: f"L’enfant redevient non pointé{NBSP}; l’absence que le pointage avait notée est retirée.",
    False: "L’enfant n’était pas attendu, il quitte la liste.",
}


def _known(seen: Seen) -> str:
    """What those who look after the child must know, health apart."""
    fetched = enumerate_fr(seen.collectors) if seen.collectors else "ses responsables seulement"
    diet = f" Régime{NBSP}: {seen.diet}." if seen.diet else ""
    health = f" Une fiche santé existe{NBSP}: voir les consignes du jour." if seen.has_health else ""
    return f"{seen.presence}.{diet}{health} Peuvent venir le chercher{NBSP}: {fetched}."


# --- What an address or a button says -----------------------------------------------------------------------


def _agent() -> Agent:
    return Agent(current_user.user_id, current_user.facility_ids)


def _roll(activity_id: int, slug: str) -> Roll:
    try:
        day = date.fromisoformat(slug)
    except ValueError:
        abort(404)
    return Roll(activity_id, day) if day.isoformat() == slug else abort(404)


def _wanted(value: str) -> tuple[int, AttendanceMark]:
    """The child and the mark of a button."""
    number, _, word = value.partition(":")
    try:
        return row_number(number), AttendanceMark(word)
    except ValueError:
        abort(404)


def _sheet(roll: Roll, child_id: int | None = None) -> AttendanceSheet:
    return attendance_queries.sheet(
        roll.activity_id, roll.day, scope=current_user.facility_ids, now=now(), child_id=child_id
    )


def _address(roll: Roll) -> str:
    return url_for("staff_attendance.show", activity_id=roll.activity_id, day=roll.day)
