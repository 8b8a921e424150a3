"""« Je confirme que tout est exact » (R05)."""

from flask import abort, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.household import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.file_pages import viewer
from blueprints.shared.guards import parent
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from domain.enums import FileSection, SubjectKind
from domain.french import format_date
from domain.people import age
from queries import certifications, family, family_file
from services import certifications as certification_service
from services.accounts import Author


def _standing(household_id: int) -> certifications.Standing:
    if household_id not in current_user.household_ids:
        abort(404)
    return certifications.standings([household_id], today(), town().certification_day)[0]


@blueprint.get("/mon-foyer/<int:household_id>/confirmer")
@parent
def certify(household_id: int) -> Response:
    """The file in short, and one button."""
    standing = _standing(household_id)
    (file,) = family.household_files([household_id], current_user.user_id, today())
    own = None
    if current_user.guardian_id is not None:
        sheet = family_file.sheet(SubjectKind.GUARDIAN, current_user.guardian_id, viewer())
        own = sheet.sections.get(FileSection.ADULT_CONTACT)
    return answer(
        "household/certify.html",
        standing=standing,
        file=file,
        own=own,
        children=family.children_with_enrolments([household_id], today()),
        today=today(),
        age=age,
    )


@blueprint.post("/mon-foyer/<int:household_id>/confirmer")
@parent
def confirm(household_id: int) -> Response:
    standing = _standing(household_id)
    certification_service.certify(
        household_id,
        asked_from=town().certification_day,
        author=Author(current_user.user_id),
        author_name=current_user.display_name,
        now=now(),
    )
    return done(
        url_for("home.index"),
        f"Merci\u00a0: votre dossier est confirmé jusqu’au {format_date(standing.until)}.",
    )
