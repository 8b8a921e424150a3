"""The data of an adult, handed over on paper or on a key to a family without an access (R54, S116)."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.downloads import streamed_archive
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import author
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import household_file, page_of
from domain.errors import NotFound
from domain.permissions import Permission
from queries import family_data as data_queries
from services import family_data
from services.family_data import ByAgent


@blueprint.get("/<int:household_id>/adultes/<int:guardian_id>/donnees")
@staff(Permission.RETENTION_MANAGE)
def adult_data(household_id: int, guardian_id: int) -> Response:
    name = _name(household_id, guardian_id)
    address = url_for("staff_families.take_adult_data", household_id=household_id, guardian_id=guardian_id)
    return answer("staff/families/data.html", name=name, address=address, back=page_of(household_id))


@blueprint.post("/<int:household_id>/adultes/<int:guardian_id>/donnees")
@staff(Permission.RETENTION_MANAGE)
def take_adult_data(household_id: int, guardian_id: int) -> Response:
    _name(household_id, guardian_id)
    by_agent = ByAgent(current_user.may(Permission.MEDICAL_READ))
    pieces = family_data.archive(guardian_id, author=author(), now=now(), by_agent=by_agent)
    return streamed_archive(pieces, f"donnees-{guardian_id}.zip")


def _name(household_id: int, guardian_id: int) -> str:
    household_file(household_id)
    if not data_queries.belongs(guardian_id, [household_id]):
        raise NotFound
    return data_queries.owner(guardian_id).name
