"""What a family says of its own file at the counter: all is exact (R05), a text is accepted (R06)."""

from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file
from blueprints.staff.families.forms import CertificationForm, ConsentForm
from domain.errors import NotFound
from domain.french import format_date
from domain.permissions import Permission
from queries import certifications, consents
from services import certifications as certification_service
from services import consents as consent_service


@blueprint.route("/<int:household_id>/confirmer", methods=["GET", "POST"])
@staff(Permission.FAMILIES_WRITE)
def certify(household_id: int) -> Response:
    household = household_file(household_id)
    asked_from = town().certification_day
    (standing,) = certifications.standings([household_id], today(), asked_from)
    form = CertificationForm()

    def save() -> None:
        certification_service.certify(
            household_id,
            asked_from=asked_from,
            author=author(form),
            author_name=current_user.display_name,
            now=now(),
        )

    until = format_date(standing.until)
    return edit(
        household,
        form,
        save,
        title="Dossier confirmé par la famille",
        submit="Noter la confirmation",
        message=f"Le dossier est confirmé jusqu’au {until}.",
        explanation=f"Relisez le dossier avec la famille. La confirmation vaut jusqu’au {until}.",
    )


@blueprint.route(
    "/<int:household_id>/adultes/<int:guardian_id>/textes/<int:consent_id>", methods=["GET", "POST"]
)
@staff(Permission.FAMILIES_WRITE)
def note_consent(household_id: int, guardian_id: int, consent_id: int) -> Response:
    """The answer of an adult to the last version of a text, signed on paper."""
    household = household_file(household_id)
    adult = household.adult(guardian_id)
    texts = [one for one in consents.texts_of([guardian_id]) if one.consent_id == consent_id and one.is_last]
    if not texts:
        raise NotFound
    (text,) = texts
    form = ConsentForm()

    def save() -> None:
        consent_service.answer(
            text.text_id, guardian_id, is_accepted=bool(form.is_accepted.data), author=author(form), now=now()
        )

    return edit(
        household,
        form,
        save,
        title=f"{text.name}\u00a0: réponse de {adult.name}",
        submit="Noter la réponse",
        message="La réponse est notée.",
        explanation=f"Version {text.number}. Gardez la feuille signée.",
    )
