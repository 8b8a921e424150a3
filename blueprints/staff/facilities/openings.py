"""The open days of an activity: generated, read month by month, resized, closed, withdrawn."""

from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.addresses import month_or_404
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page, shown, step, typed
from blueprints.staff.facilities import blueprint
from blueprints.staff.facilities.forms import (
    CapacityForm,
    OpeningsForm,
    StretchCapacityForm,
    StretchForm,
    with_limits,
)
from blueprints.staff.facilities.views import MANAGE
from domain.calendar import month_slug
from domain.french import plural
from domain.settings import phone_href
from queries import closures as closure_queries
from queries import facilities as facility_queries
from queries import openings as opening_queries
from services import openings

OPEN_DAY = ("jour d’ouverture", "jours d’ouverture")


def month_url(activity_id: int, month: Any = None) -> str:
    slug = month_slug(month.year, month.month) if month else None
    return url_for("staff_facilities.month", activity_id=activity_id, month=slug)


@blueprint.get("/activites/<int:activity_id>/ouvertures")
@blueprint.get("/activites/<int:activity_id>/ouvertures/<month>")
@staff(MANAGE)
def month(activity_id: int, month: str | None = None) -> Response:
    found = facility_queries.activity(activity_id)
    nearest = opening_queries.nearest_month(activity_id, today())
    year, number = month_or_404(month) if month else (nearest.year, nearest.month)
    listed = opening_queries.month(activity_id, year, number)
    return answer("staff/facilities/month.html", activity=found, month=listed, today=today())


# --- Generating ---------------------------------------------------------------------------------


@blueprint.route("/activites/<int:activity_id>/ouvertures/nouvelles", methods=["GET", "POST"])
@staff(MANAGE)
def new_openings(activity_id: int) -> Response:
    """First the count of what would open, then, from that page, the act."""
    found = facility_queries.activity(activity_id)
    form = OpeningsForm()
    form.offer(facility_queries.periods(found.facility_id))
    preview = attempt(form, lambda: opening_queries.preview(activity_id, form.period_id.data, form.pattern()))
    if preview is NOT_DONE or step() == "edit":
        return shown(form, "staff/facilities/new_openings.html", activity=found)
    if step() != "save":
        return answer(
            "staff/facilities/openings_preview.html",
            activity=found,
            form=form,
            preview=preview,
            typed=typed(),
        )
    made = openings.open_days(
        activity_id, form.period_id.data, preview.days, form.capacity.data, author=author(), now=now()
    )
    first = preview.days[0] if preview.days else None
    return done(month_url(activity_id, first), _opened(made))


def _opened(made: openings.Generated) -> str:
    text = f"{plural(made.added, 'jour d’ouverture ajouté', 'jours d’ouverture ajoutés')}."
    if made.kept:
        text += (
            f" {plural(made.kept, 'jour déjà ouvert reste', 'jours déjà ouverts restent')} sans changement."
        )
    return text


# --- Several days at once -----------------------------------------------------------------------


@blueprint.route("/activites/<int:activity_id>/ouvertures/places", methods=["GET", "POST"])
@staff(MANAGE)
def set_capacity(activity_id: int) -> Response:
    found = facility_queries.activity(activity_id)
    limits = opening_queries.limits_to_set(activity_id, None, today())
    form = with_limits(StretchCapacityForm, limits)(weekdays=range(7))
    made = attempt(
        form,
        lambda: openings.set_capacity(
            activity_id, form.stretch(), form.capacity.data, form.limits(), author=author(), now=now()
        ),
        below_booked="capacity",
        no_opening="last",
    )
    if made is NOT_DONE:
        back = (month_url(activity_id), f"Jours d’ouverture de {found.name}")
        intro = "Ces nombres remplacent ceux de tous les jours choisis." if limits else ""
        return form_page(form, "Changer le nombre de places", back, submit="Changer les places", intro=intro)
    return done(month_url(activity_id, form.first.data), _resized(made))


def _resized(made: openings.Resized) -> str:
    text = f"Le nombre de places est changé pour {plural(made.days, *OPEN_DAY)}."
    if made.offered:
        text += f" {plural(made.offered, 'place proposée', 'places proposées')} aux enfants qui attendaient."
    if made.waiting:
        text += (
            f" {plural(made.waiting, 'enfant attend', 'enfants attendent')} encore une place ces jours-là."
        )
    return text


@blueprint.route("/activites/<int:activity_id>/ouvertures/retirer", methods=["GET", "POST"])
@staff(MANAGE)
def withdraw(activity_id: int) -> Response:
    found = facility_queries.activity(activity_id)
    form = StretchForm(weekdays=range(7))
    made = attempt(
        form,
        lambda: openings.withdraw_days(activity_id, form.stretch(), author=author(), now=now()),
        no_opening="last",
    )
    if made is NOT_DONE:
        back = (month_url(activity_id), f"Jours d’ouverture de {found.name}")
        intro = "Pour corriger une erreur de saisie. Un jour qu’une famille a déjà demandé reste ouvert."
        return form_page(form, "Retirer des jours d’ouverture", back, submit="Retirer ces jours", intro=intro)
    text = f"{plural(made.removed, 'jour retiré', 'jours retirés')}."
    if made.kept:
        text += f" {plural(made.kept, 'jour reste', 'jours restent')}, car une famille l’a demandé."
    return done(month_url(activity_id, form.first.data), text)


# --- One day ------------------------------------------------------------------------------------


def _day_page(opening_id: int, refused: CapacityForm | None) -> Response:
    """The page of a day; a form that was refused comes back with what was typed."""
    found = opening_queries.opening(opening_id)
    return answer(
        "staff/facilities/opening.html",
        status=422 if refused else 200,
        opening=found,
        families=opening_queries.expected_families(opening_id) if found.booked or found.waiting else (),
        phone_href=phone_href,
        capacity_form=refused or _capacity_form(found)(formdata=None, obj=found),
        limits=opening_queries.limits_to_set(found.activity_id, found.id, today()),
        closure_id=closure_queries.holding(opening_id) if found.closed_reason else None,
        refused=refused,
        month_url=month_url(found.activity_id, found.day),
    )


def _capacity_form(found: opening_queries.OpeningSheet) -> type[CapacityForm]:
    return with_limits(CapacityForm, opening_queries.limits_to_set(found.activity_id, found.id, today()))


@blueprint.get("/ouvertures/<int:opening_id>")
@staff(MANAGE)
def opening(opening_id: int) -> Response:
    return _day_page(opening_id, None)


@blueprint.post("/ouvertures/<int:opening_id>/places")
@staff(MANAGE)
def set_day_capacity(opening_id: int) -> Response:
    found = opening_queries.opening(opening_id)
    form = _capacity_form(found)()
    stretch = openings.Stretch(found.day, found.day)
    made = attempt(
        form,
        lambda: openings.set_capacity(
            found.activity_id, stretch, form.capacity.data, form.limits(), author=author(), now=now()
        ),
        below_booked="capacity",
    )
    if made is NOT_DONE:
        return _day_page(opening_id, form)
    return done(url_for("staff_facilities.opening", opening_id=opening_id), _resized(made))


@blueprint.post("/ouvertures/<int:opening_id>/rouvrir")
@staff(MANAGE)
def reopen_day(opening_id: int) -> Response:
    openings.reopen_day(opening_id, author=author(), now=now())
    return done(url_for("staff_facilities.opening", opening_id=opening_id), "Ce jour est de nouveau ouvert.")
