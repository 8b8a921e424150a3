"""Attendance on a phone (R30): one tap a child, the same page with and without JavaScript."""

from flask import abort, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done, is_htmx
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import asked_day, now, today
from blueprints.staff.acts import NOT_DONE, attempt, form_page, shown
from blueprints.staff.attendance import blueprint
from blueprints.staff.attendance.addresses import agent, list_address, roll_of
from blueprints.staff.attendance.forms import AdditionForm, DetailsForm
from domain.calendar import paris_now
from domain.enums import AttendanceMark
from domain.french import NBSP, enumerate_fr, format_day, plural
from domain.permissions import Permission
from queries import attendance as attendance_queries
from queries import offline_marks
from queries.attendance import AttendanceSheet, Seen
from services import attendance
from services.attendance import Roll

LONGEST_SEARCH = 100
KEPT_BY_PHONES = "Portail-Garder"


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
        unsettled=offline_marks.unsettled(scope),
    )


@blueprint.get("/<int:activity_id>/<day>")
@staff(Permission.ATTENDANCE_MARK)
def show(activity_id: int, day: str) -> Response:
    """The list; a phone keeps that of the day, so that it is read and marked without a network (R31)."""
    sheet = _sheet(roll_of(activity_id, day))
    to_decide = offline_marks.to_decide(activity_id, sheet.day)
    read_at = paris_now(now()).time()
    response = answer("staff/attendance/show.html", sheet=sheet, to_decide=to_decide, read_at=read_at)
    if sheet.is_open and sheet.day == today():
        response.headers[KEPT_BY_PHONES] = "1"
    return response


@blueprint.post("/<int:activity_id>/<day>")
@staff(Permission.ATTENDANCE_MARK)
def mark(activity_id: int, day: str) -> Response:
    """One button of the list: « 12:present » or « 12:absent »."""
    roll = roll_of(activity_id, day)
    child_id, wanted = _wanted(request.form.get("marque", ""))
    attendance.mark(agent(), roll, child_id, wanted, now())
    if is_htmx():
        return answer("staff/attendance/_marked.html", sheet=_sheet(roll, child_id))
    return done(f"{list_address(roll)}#enfant-{child_id}")


@blueprint.post("/<int:activity_id>/<day>/tous")
@staff(Permission.ATTENDANCE_MARK)
def mark_rest(activity_id: int, day: str) -> Response:
    roll = roll_of(activity_id, day)
    count = attendance.mark_rest(agent(), roll, now())
    said = plural(count, "enfant pointé", "enfants pointés") if count else "Tous les enfants étaient pointés"
    return done(list_address(roll), f"{said}.")


@blueprint.route("/<int:activity_id>/<day>/enfants/<int:child_id>", methods=["GET", "POST"])
@staff(Permission.ATTENDANCE_MARK)
def child(activity_id: int, day: str, child_id: int) -> Response:
    """The times of one child, a word about it, and taking its mark back."""
    roll = roll_of(activity_id, day)
    sheet = _sheet(roll, child_id)
    seen = sheet.children[0]
    form = DetailsForm.of(seen)

    def act() -> bool:
        attendance.mark(agent(), roll, child_id, form.marque.data, now(), form.details)
        return True

    if attempt(form, act) is NOT_DONE:
        name = f"{seen.first_name} {seen.last_name}"
        removal = url_for("staff_attendance.unmark", activity_id=activity_id, day=day, child_id=child_id)
        return form_page(
            form,
            name,
            (list_address(roll), f"{sheet.activity}, {format_day(roll.day)}"),
            intro=_known(seen),
            removal=(removal, _REMOVAL[seen.is_expected], "Retirer le pointage") if seen.mark else None,
        )
    return done(f"{list_address(roll)}#enfant-{child_id}", f"{seen.first_name}{NBSP}: pointage enregistré.")


@blueprint.post("/<int:activity_id>/<day>/enfants/<int:child_id>/retirer")
@staff(Permission.ATTENDANCE_MARK)
def unmark(activity_id: int, day: str, child_id: int) -> Response:
    roll = roll_of(activity_id, day)
    seen = _sheet(roll, child_id).children[0]
    attendance.unmark(agent(), roll, child_id, now())
    return done(list_address(roll), f"{seen.first_name}{NBSP}: le pointage est retiré.")


@blueprint.route("/<int:activity_id>/<day>/enfant-non-prevu", methods=["GET", "POST"])
@staff(Permission.ATTENDANCE_MARK)
def unexpected(activity_id: int, day: str) -> Response:
    """A child is there whom nobody expected."""
    roll = roll_of(activity_id, day)
    text = request.values.get("q", "")[:LONGEST_SEARCH].strip()
    addition = attendance_queries.addition(activity_id, roll.day, text, scope=current_user.facility_ids)
    form = AdditionForm(q=text).offer(addition)

    def act() -> bool:
        attendance.add_unexpected(agent(), roll, form.enfant.data, form.presence.data, now())
        return True

    if attempt(form, act) is NOT_DONE:
        return shown(form, "staff/attendance/unexpected.html", addition=addition, text=text)
    return done(f"{list_address(roll)}#enfant-{form.enfant.data}", "L’enfant est ajouté, présent.")


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
