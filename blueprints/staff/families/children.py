"""The sheet of a child as the service reads it; its health by an act that the journal keeps (S44, S115)."""

from datetime import date

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import household_file
from domain.people import age
from domain.permissions import Permission
from queries import absences, child_files, day_history, medical
from queries.medical import Health
from services import medical_readings
from services.medical_readings import Reading

PLACE = "la fiche de l’enfant"


@blueprint.get("/<int:household_id>/enfants/<int:child_id>")
@staff(Permission.CHILDREN_READ)
def child(household_id: int, child_id: int) -> Response:
    return _sheet(household_id, child_id)


@blueprint.get("/<int:household_id>/enfants/<int:child_id>/jours")
@staff(Permission.FAMILIES_READ)
def child_day(household_id: int, child_id: int) -> Response:
    """Each step of each booking of the child on the day of the address, today without one, and the absence
    that can be told or taken back for its family (R23, R26, S116)."""
    household = household_file(household_id)
    child = household.child(child_id)
    day = _asked_day()
    booked = absences.booked_days(child_id, [household_id], day, day) if day >= today() else []
    return answer(
        "staff/families/child_day.html",
        household=household,
        child=child,
        card=child.card,
        day=day,
        stories=day_history.of_service(child_id, day, household_id, current_user.facility_ids),
        may_be_absent=any(not one.is_absent for one in booked),
        may_come=any(one.is_absent and one.document_id is None for one in booked),
    )


def _asked_day() -> date:
    """What is no day is as good as none."""
    try:
        return date.fromisoformat(request.args.get("jour", ""))
    except ValueError:
        return today()


@blueprint.post("/<int:household_id>/enfants/<int:child_id>/sante")
@staff(Permission.MEDICAL_READ)
def child_health(household_id: int, child_id: int) -> Response:
    """« Afficher »: one reading in the journal, which the family sees, and the content (S44)."""
    household_file(household_id).child(child_id)
    reading = Reading(current_user.user_id, PLACE)
    health = medical_readings.read([child_id], reading, now=now())[child_id]
    return _sheet(household_id, child_id, health)


def _sheet(household_id: int, child_id: int, health: Health | None = None) -> Response:
    household = household_file(household_id)
    found = household.child(child_id)
    places = {one.facility_id: one.facility for one in found.enrolments if not one.is_over}
    if current_user.facility_ids is not None:
        places = {key: name for key, name in places.items() if key in current_user.facility_ids}
    return answer(
        "staff/families/child.html",
        "staff/families/_health.html",
        household=household,
        child=found,
        card=found.card,
        file=child_files.child_files({child_id: list(places.items())}, today(), now())[child_id],
        health=health,
        readings=medical.readings_of(child_id),
        age=age(found.card.birth_date, today()),
    )
