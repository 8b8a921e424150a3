"""Structures, activities, presence types and booking periods."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.facilities import blueprint
from blueprints.staff.facilities.forms import (
    ActivityForm,
    FacilityForm,
    GroupForm,
    NewFacilityForm,
    PeriodForm,
    PresenceTypeForm,
    ValidationModeForm,
)
from domain.capacity import PART_NAMES, DayPart
from domain.enums import LineAction
from domain.permissions import Permission
from queries import facilities as facility_queries
from queries import payments as payment_queries
from queries import rule_versions
from services import facilities

MANAGE = Permission.FACILITIES_MANAGE
GROUP_PLACES = {"name_taken": "name", "ages_order": "last_age"}
NOTHING_LOST = "Tout reste modifiable ensuite. Les familles ne réservent que les jours que vous ouvrez."


def facility_url(facility_id: int) -> str:
    return url_for("staff_facilities.facility", facility_id=facility_id)


def activity_url(activity_id: int) -> str:
    return url_for("staff_facilities.activity", activity_id=activity_id)


# --- Structures ---------------------------------------------------------------------------------


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    return answer("staff/facilities/index.html", facilities=facility_queries.facilities())


@blueprint.route("/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_facility() -> Response:
    form = NewFacilityForm()
    facility_id = attempt(
        form,
        lambda: facilities.create_facility(
            form.data_typed(), form.validation_mode.data, author=author(), now=now()
        ),
        name_taken="name",
    )
    if facility_id is NOT_DONE:
        back = (url_for("staff_facilities.index"), "Structures")
        return form_page(form, "Nouvelle structure", back, submit="Créer la structure")
    return done(facility_url(facility_id), "La structure est créée. Ajoutez ses activités et ses périodes.")


@blueprint.get("/<int:facility_id>")
@staff(MANAGE)
def facility(facility_id: int) -> Response:
    found = facility_queries.facility(facility_id)
    form = ValidationModeForm(obj=found)
    return answer("staff/facilities/facility.html", facility=found, form=form, now=now())


@blueprint.route("/<int:facility_id>/modifier", methods=["GET", "POST"])
@staff(MANAGE)
def edit_facility(facility_id: int) -> Response:
    found = facility_queries.facility(facility_id)
    form = FacilityForm(obj=found)
    saved = attempt(
        form,
        lambda: facilities.update_facility(facility_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
    )
    if saved is NOT_DONE:
        return form_page(form, "Modifier la structure", (facility_url(facility_id), found.name))
    return done(facility_url(facility_id), "La structure est enregistrée.")


@blueprint.post("/<int:facility_id>/validation")
@staff(MANAGE)
def set_validation_mode(facility_id: int) -> Response:
    found = facility_queries.facility(facility_id)
    form = ValidationModeForm()
    changed = attempt(
        form,
        lambda: facilities.set_validation_mode(
            facility_id, form.validation_mode.data, author=author(), now=now()
        ),
    )
    if changed is NOT_DONE:
        return answer("staff/facilities/facility.html", status=422, facility=found, form=form, now=now())
    message = "Le mode est changé pour les prochaines demandes. Celles déjà reçues gardent leur état."
    return done(facility_url(facility_id), message if changed else "Le mode n’a pas changé.")


# --- Activities ---------------------------------------------------------------------------------


@blueprint.route("/<int:facility_id>/activites/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_activity(facility_id: int) -> Response:
    found = facility_queries.facility(facility_id)
    form = ActivityForm().offer(payment_queries.regies())
    activity_id = attempt(
        form,
        lambda: facilities.create_activity(facility_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
    )
    if activity_id is NOT_DONE:
        back = (facility_url(facility_id), found.name)
        return form_page(form, "Nouvelle activité", back, submit="Créer l’activité", intro=NOTHING_LOST)
    return done(
        activity_url(activity_id), "L’activité est créée. Complétez-la pour que les familles réservent."
    )


@blueprint.get("/activites/<int:activity_id>")
@staff(MANAGE)
def activity(activity_id: int) -> Response:
    found = facility_queries.activity(activity_id)
    ruled = rule_versions.ruled_activity(activity_id)
    deadlines = {
        action: rule_versions.current(rule_versions.limit_versions(ruled, action, today()))
        for action in LineAction
    }
    tariffs = {
        one.id: rule_versions.current(rule_versions.price_versions(ruled, one.rule_name, today()))
        for one in found.presence_types
    }
    return answer(
        "staff/facilities/activity.html",
        activity=found,
        deadlines=deadlines,
        tariffs=tariffs,
        part_names=lambda parts: [PART_NAMES[part] for part in DayPart(parts)],
    )


@blueprint.route("/activites/<int:activity_id>/modifier", methods=["GET", "POST"])
@staff(MANAGE)
def edit_activity(activity_id: int) -> Response:
    found = facility_queries.activity(activity_id)
    form = ActivityForm(obj=found).offer(payment_queries.regies())
    saved = attempt(
        form,
        lambda: facilities.update_activity(activity_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
    )
    if saved is NOT_DONE:
        return form_page(form, "Modifier l’activité", (activity_url(activity_id), found.name))
    return done(activity_url(activity_id), "L’activité est enregistrée.")


# --- Presence types -----------------------------------------------------------------------------


@blueprint.route("/activites/<int:activity_id>/types/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_presence_type(activity_id: int) -> Response:
    found = facility_queries.activity(activity_id)
    form = PresenceTypeForm()
    presence_type_id = attempt(
        form,
        lambda: facilities.create_presence_type(activity_id, form.data_typed(), author=author(), now=now()),
        name_taken="name",
    )
    if presence_type_id is NOT_DONE:
        back = (activity_url(activity_id), found.name)
        return form_page(form, "Nouveau type de présence", back, submit="Créer le type de présence")
    address = url_for("staff_facilities.new_tariff", presence_type_id=presence_type_id)
    return done(address, "Le type de présence est créé. Indiquez maintenant son tarif.")


@blueprint.route("/types/<int:presence_type_id>/modifier", methods=["GET", "POST"])
@staff(MANAGE)
def edit_presence_type(presence_type_id: int) -> Response:
    found = facility_queries.presence_type(presence_type_id)
    form = PresenceTypeForm(obj=found, day_parts=[int(part) for part in DayPart(found.parts)])
    saved = attempt(
        form,
        lambda: facilities.update_presence_type(
            presence_type_id, form.data_typed(), author=author(), now=now()
        ),
        name_taken="name",
        parts_counted="day_parts",
    )
    if saved is NOT_DONE:
        back = (activity_url(found.activity_id), found.activity_name)
        return form_page(form, "Modifier le type de présence", back)
    return done(activity_url(found.activity_id), "Le type de présence est enregistré.")


# --- Groups -------------------------------------------------------------------------------------


@blueprint.route("/<int:facility_id>/groupes/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_group(facility_id: int) -> Response:
    found = facility_queries.facility(facility_id)
    form = GroupForm()
    group_id = attempt(
        form,
        lambda: facilities.create_group(facility_id, form.data_typed(), author=author(), now=now()),
        **GROUP_PLACES,
    )
    if group_id is NOT_DONE:
        return form_page(
            form,
            "Nouveau groupe",
            (facility_url(facility_id), found.name),
            submit="Créer le groupe",
            intro="Un groupe peut avoir ses propres places, jour par jour.",
        )
    return done(facility_url(facility_id), "Le groupe est créé. Indiquez ses places dans chaque activité.")


@blueprint.route("/groupes/<int:group_id>/modifier", methods=["GET", "POST"])
@staff(MANAGE)
def edit_group(group_id: int) -> Response:
    found = facility_queries.group(group_id)
    form = GroupForm(obj=found)
    saved = attempt(
        form,
        lambda: facilities.update_group(group_id, form.data_typed(), author=author(), now=now()),
        **GROUP_PLACES,
    )
    if saved is NOT_DONE:
        back = (facility_url(found.facility_id), facility_queries.facility(found.facility_id).name)
        intro = "Les enfants déjà inscrits restent dans leur groupe."
        return form_page(form, "Modifier le groupe", back, intro=intro)
    return done(facility_url(found.facility_id), "Le groupe est enregistré.")


# --- Booking periods ----------------------------------------------------------------------------

PERIOD_PLACES = {
    "days_order": "last_day",
    "window_order": "closes_on",
    "closing_missing": "closes_on",
    "openings_outside": "first_day",
    "mode_fixed": "places_mode",
    "allotting": "opens_on",
}


@blueprint.route("/<int:facility_id>/periodes/nouvelle", methods=["GET", "POST"])
@staff(MANAGE)
def new_period(facility_id: int) -> Response:
    found = facility_queries.facility(facility_id)
    form = PeriodForm.of(None)
    period_id = attempt(
        form,
        lambda: facilities.create_period(facility_id, form.data_typed(), author=author(), now=now()),
        **PERIOD_PLACES,
    )
    if period_id is NOT_DONE:
        back = (facility_url(facility_id), found.name)
        return form_page(form, "Nouvelle période de réservation", back, submit="Créer la période")
    return done(
        facility_url(facility_id), "La période est créée. Ouvrez maintenant des jours dans ses activités."
    )


@blueprint.route("/periodes/<int:period_id>/modifier", methods=["GET", "POST"])
@staff(MANAGE)
def edit_period(period_id: int) -> Response:
    found = facility_queries.period(period_id)
    form = PeriodForm.of(found)
    saved = attempt(
        form,
        lambda: facilities.update_period(period_id, form.data_typed(), author=author(), now=now()),
        **PERIOD_PLACES,
    )
    if saved is not NOT_DONE:
        return done(facility_url(found.facility_id), "La période est enregistrée.")
    removal = (
        url_for("staff_facilities.delete_period", period_id=period_id),
        "Une période se supprime tant qu’aucune activité n’y a de jour d’ouverture.",
        "Supprimer la période",
    )
    back = (facility_url(found.facility_id), found.facility_name)
    return form_page(form, "Modifier la période de réservation", back, removal=removal)


@blueprint.post("/periodes/<int:period_id>/supprimer")
@staff(MANAGE)
def delete_period(period_id: int) -> Response:
    found = facility_queries.period(period_id)
    facilities.delete_period(period_id, author=author(), now=now())
    return done(facility_url(found.facility_id), "La période est supprimée.")
