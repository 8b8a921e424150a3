"""« Absent »: one tap shows what it costs, the next one says it; at the counter for a family (R23, S116)."""

from datetime import date

from flask import abort, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice

from blueprints.bookings.acting import acting, step
from blueprints.shared.answers import answer, done
from blueprints.shared.fields import PlainDateField
from blueprints.shared.time import now
from blueprints.staff.families.fields import channel_field, remember_channel
from domain.calendar import month_slug
from domain.enums import AbsenceKind, Channel
from domain.errors import Refused
from domain.french import NBSP, format_day, format_euros, plural
from queries import absences as absence_queries
from queries.absences import Plan
from services import absences
from services.absences import Declared, Teller, Wish


class AbsenceForm(FlaskForm):
    """One day unless a last day is given; the reason may stay unsaid."""

    jusqu_au = PlainDateField("Jusqu’au")
    raison = RadioField(
        "Raison",
        choices=[SelectChoice("", "Autre raison"), SelectChoice(AbsenceKind.MEDICAL.value, "Maladie")],
        default="",
    )

    def kind(self) -> AbsenceKind | None:
        return AbsenceKind(self.raison.data) if self.raison.data else None

    def told_by(self) -> Channel:
        return Channel.PORTAL


class CounterAbsenceForm(AbsenceForm):
    """The same at the counter, with the way in which the family told it (S116)."""

    channel = channel_field()

    def told_by(self) -> Channel:
        remember_channel(self.channel.data)
        return self.channel.data


def _teller(channel: Channel) -> Teller:
    return Teller(current_user.user_id, acting().household_ids, current_user.display_name, channel)


def _day(slug: str) -> date:
    try:
        day = date.fromisoformat(slug)
    except ValueError:
        abort(404)
    return day if day.isoformat() == slug else abort(404)


def _plan(child_id: int, first: date, last: date) -> Plan:
    return absence_queries.plan(acting().household_ids, child_id, first, last, now())


def _day_address(child_id: int, day: date) -> str:
    """Where the day is read: the planning of the family, or the child's file at the counter."""
    if acting().by_agent:
        (household_id,) = acting().household_ids
        return url_for("staff_families.child_day", household_id=household_id, child_id=child_id, jour=day)
    return url_for("bookings.agenda_day", month=month_slug(day.year, day.month), day=day)


@step("/<int:child_id>/<day>", "GET", "POST", root="/absences")
def absence(child_id: int, day: str) -> Response:
    """What the absence would do, day by day; then the act. `jusqu_au` covers several days."""
    first = _day(day)
    form_class = CounterAbsenceForm if acting().by_agent else AbsenceForm
    form = form_class(request.form if request.method == "POST" else request.args)
    sound = form.validate_on_submit() if request.method == "POST" else form.jusqu_au.validate(form)
    last = first if form.jusqu_au.errors else form.jusqu_au.data or first
    if request.method == "POST" and sound:
        try:
            wish = Wish(child_id, first, last, form.kind())
            declared = absences.declare(_teller(form.told_by()), wish, now())
        except Refused as refusal:
            form.jusqu_au.errors = [refusal.message]
        else:
            return done(_day_address(child_id, first), _said(declared))
    return _page(child_id, first, last, form)


def _page(child_id: int, first: date, last: date, form: AbsenceForm) -> Response:
    """The page of the first day alone, with what to correct, when the last one will not do."""
    try:
        plan = _plan(child_id, first, last)
    except Refused as refusal:
        if last == first:
            raise
        form.jusqu_au.errors = form.jusqu_au.errors or [refusal.message]
        plan = _plan(child_id, first, first)
    return answer(
        "bookings/absence.html",
        status=422 if form.errors else 200,
        plan=plan,
        form=form,
        category_id=absence_queries.proof_category(),
        back=_day_address(child_id, first) if acting().by_agent else url_for("home.index"),
    )


def _said(declared: Declared) -> str:
    said = []
    if declared.cancelled:
        what = plural(declared.cancelled, "réservation annulée", "réservations annulées")
        said.append(f"{what} sans frais.")
    if declared.asked:
        what = plural(declared.asked, "annulation demandée", "annulations demandées")
        said.append(f"{what} à la structure.")
    if declared.absent:
        said.append(f"Absence signalée{NBSP}: {_due(declared.due_cents)}.")
    return " ".join(said) or "C’était déjà noté."


def _due(cents: int | None) -> str:
    if cents is None:
        return "le service dira ce qui reste dû"
    return f"{format_euros(cents)} restent dus" if cents > 0 else "rien n’est dû"


@step("/<int:child_id>/<day>/retirer", "POST", root="/absences")
def take_back_absence(child_id: int, day: str) -> Response:
    """The child comes after all."""
    chosen = _day(day)
    back = absences.take_back(_teller(acting().author.channel), child_id, chosen, now())
    said = f"L’absence du {format_day(chosen)} est retirée." if back else "Aucune absence ce jour-là."
    return done(_day_address(child_id, chosen), said)
