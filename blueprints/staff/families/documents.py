"""Documents of one family at the service: a scan filed for it, a file opened with its trace (S74, S116)."""

import secrets

from flask import abort
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import staff
from blueprints.shared.network import network
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file
from blueprints.staff.families.forms import ScanForm
from domain import documents as rules
from domain.errors import NotFound
from domain.french import NBSP
from domain.permissions import Permission, reads_document
from queries import document_cases
from queries import documents as document_queries
from services import document_readings, document_store, documents
from services.document_readings import Opened
from services.documents import Sending

receive_files(blueprint, Permission.FAMILIES_WRITE, {"file_document": rules.SENDING_BYTES})


@blueprint.route("/<int:household_id>/documents/deposer", methods=["GET", "POST"])
@staff(Permission.FAMILIES_WRITE)
def file_document(household_id: int) -> Response:
    """A paper scanned at the counter joins the queue as if the family had sent it (S116)."""
    household = household_file(household_id)
    children = [
        (one.card.child_id, one.card.first_name) for one in household.children if not one.is_restricted
    ]
    form = ScanForm(upload_key=secrets.token_urlsafe(24))
    form.offer(document_queries.all_categories(), household.name, children)

    def save() -> None:
        category_id, child_id = form.about()
        sending = Sending(
            category_id, household_id, child_id, form.upload_key.data, form.uploads(), form.issued_on.data
        )
        documents.submit(
            sending,
            author=author(form),
            author_name=current_user.display_name,
            network=network(),
            now=now(),
        )

    return edit(
        household,
        form,
        save,
        title="Déposer un document pour la famille",
        submit="Déposer",
        message=f"Le document est déposé. Il attend une réponse dans «{NBSP}À traiter{NBSP}».",
        multipart=True,
    )


@blueprint.post("/<int:household_id>/documents/<int:document_id>/telecharger")
@staff(Permission.DOCUMENTS_READ)
def download_document(household_id: int, document_id: int) -> Response:
    """The file itself: an act that the journal keeps, and for health one that needs its own right (S74)."""
    household_file(household_id)
    case = document_cases.case(document_id, today())
    is_read = reads_document(current_user.may, case.category.effect)
    if case.household_id != household_id or case.file_key is None or not is_read:
        raise NotFound
    if case.category.is_medical and not current_user.may(Permission.MEDICAL_READ):
        abort(403)
    health_of = case.child_id if case.category.is_medical else None
    document_readings.note(Opened(document_id, household_id, health_of), current_user.user_id, now=now())
    return sealed_pdf(document_store.read(case.file_key), case.file_name)
