"""« Absent »: one tap shows what it costs, the next one says it (R23)."""

from datetime import date

from flask import abort, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice

from blueprints.bookings import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.fields import PlainDateField
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from domain.enums import AbsenceKind
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


def _teller() -> Teller:
    return Teller(current_user.user_id, current_user.household_ids, current_user.display_name)


def _day(slug: str) -> date:
    try:
        day = date.fromisoformat(slug)
    except ValueError:
        abort(404)
    return day if day.isoformat() == slug else abort(404)


def _plan(child_id: int, first: date, last: date) -> Plan:
    return absence_queries.plan(current_user.household_ids, child_id, first, last, now())


@blueprint.route("/absences/<int:child_id>/<day>", methods=["GET", "POST"])
@parent
def absence(child_id: int, day: str) -> Response:
    """What the absence would do, day by day; then the act. `jusqu_au` covers several days."""
    first = _day(day)
    form = AbsenceForm(request.form if request.method == "POST" else request.args)
    sound = form.validate_on_submit() if request.method == "POST" else form.jusqu_au.validate(form)
    last = (form.jusqu_au.data if sound else None) or first
    if request.method == "POST" and sound:
        try:
            declared = absences.declare(_teller(), Wish(child_id, first, last, form.kind()), now())
        except Refused as refusal:
            form.jusqu_au.errors = [refusal.message]
        else:
            address = url_for("bookings.agenda_day", month=first.isoformat()[:7], day=first)
            return done(address, _said(declared))
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


@blueprint.post("/absences/<int:child_id>/<day>/retirer")
@parent
def take_back_absence(child_id: int, day: str) -> Response:
    """The child comes after all."""
    chosen = _day(day)
    back = absences.take_back(_teller(), child_id, chosen, now())
    address = url_for("bookings.agenda_day", month=chosen.isoformat()[:7], day=chosen)
    said = f"L’absence du {format_day(chosen)} est retirée." if back else "Aucune absence ce jour-là."
    return done(address, said)
