"""A document in the queue: its pages beside the facts, accepted with its effect or refused (S110).

The pages are opened by an act that the journal keeps; their pictures then come to this browser only (S74).
"""

from flask import abort, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, is_htmx
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import author
from blueprints.staff.desk import blueprint
from blueprints.staff.desk.forms import DocumentDecisionForm
from blueprints.staff.desk.frame import Shown, kept, next_case, page
from blueprints.staff.requests.forms import ACCEPT, REFUSE
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from domain.permissions import Permission, reads_document
from queries import document_cases
from queries import documents as document_queries
from queries.desk import CaseKey, CaseKind, document_title
from queries.document_cases import DocumentCase
from services import document_readings, document_store, documents
from services.document_readings import Opened

OPENED = "opened_documents"  # in the signed cookie of this browser
MOST_OPENED = 5


@blueprint.get("/documents/<int:document_id>")
@staff(Permission.DOCUMENTS_READ)
def document(document_id: int) -> Response:
    return page(shown(found(document_id)))


@blueprint.post("/documents/<int:document_id>/pages")
@staff(Permission.DOCUMENTS_READ)
def open_document(document_id: int) -> Response:
    """« Afficher »: one reading in the journal, then the pictures (S74)."""
    case = readable(document_id)
    health_of = case.child_id if case.category.is_medical else None
    document_readings.note(Opened(document_id, case.household_id, health_of), current_user.user_id, now=now())
    session[OPENED] = [*_opened(), document_id][-MOST_OPENED:]
    if is_htmx():
        return answer("staff/desk/_pages.html", case=case, is_opened=True, kept=kept(), on_case=True)
    return page(shown(case))


@blueprint.get("/documents/<int:document_id>/pages/<int:number>")
@staff(Permission.DOCUMENTS_READ)
def document_page(document_id: int, number: int) -> Response:
    """The picture of a page, for the browser that opened the document; any other goes and opens it."""
    readable(document_id)
    key = document_queries.page_key(document_id, number)
    if document_id not in _opened():
        return redirect(url_for("staff_desk.document", document_id=document_id), code=303)
    return Response(document_store.read(key), mimetype="image/jpeg")


@blueprint.post("/documents/<int:document_id>")
@staff(Permission.DOCUMENTS_DECIDE)
def decide_document(document_id: int) -> Response:
    case = readable(document_id)
    form = _form(case)
    decision = request.form.get("decision")
    if form.validate() and decision in (ACCEPT, REFUSE):
        try:
            if decision == ACCEPT:
                documents.accept(document_id, form.acceptance(), author=author(), now=now())
            else:
                documents.refuse(document_id, form.reason.data or "", author=author(), now=now())
        except Stale as stale:
            return page(shown(found(document_id)), stale=stale.message, status=409)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            word = "accepté" if decision == ACCEPT else "refusé"
            return next_case(
                key_of(case),
                f"{case.household}, {case.category.name}{NBSP}: {word}. La famille est prévenue.",
            )
    return page(shown(case, form), status=422)


def found(document_id: int) -> DocumentCase:
    """The case, of a category that the agent reads. Raises NotFound."""
    case = document_cases.case(document_id, today())
    if not reads_document(current_user.may, case.category.effect):
        raise NotFound
    return case


def readable(document_id: int) -> DocumentCase:
    """The case, for an agent who may read it: health needs its own right."""
    case = found(document_id)
    return case if may_read(case) else abort(403)


def may_read(case: DocumentCase) -> bool:
    return not case.category.is_medical or current_user.may(Permission.MEDICAL_READ)


def key_of(case: DocumentCase) -> CaseKey:
    """Its place in the queue."""
    return CaseKey(case.submitted_at, CaseKind.DOCUMENT.rank, case.document_id)


def shown(case: DocumentCase, form: DocumentDecisionForm | None = None) -> Shown:
    """The case as the desk draws it; health stays closed without its right."""
    reads_medical = current_user.may(Permission.MEDICAL_READ)
    return Shown(
        key_of(case),
        {
            "case": case,
            "form": form or _fresh_form(case),
            "title": document_title(
                case.category.name, is_medical=case.category.is_medical, reads_medical=reads_medical
            ),
            "is_readable": may_read(case),
            "is_opened": case.document_id in _opened(),
            "address": url_for("staff_desk.decide_document", document_id=case.document_id, **kept()),
        },
    )


def _form(case: DocumentCase) -> DocumentDecisionForm:
    form = DocumentDecisionForm()
    form.prepare(case)
    return form


def _fresh_form(case: DocumentCase) -> DocumentDecisionForm:
    """As it is first shown: every day of absence ticked, the end that the category gives."""
    form = DocumentDecisionForm(
        formdata=None,
        data={
            "valid_until": case.proposed_until,
            "days": [one.day.isoformat() for one in case.absence_days],
            "quotient_from": case.issued_on,
        },
    )
    form.prepare(case)
    return form


def _opened() -> list[int]:
    return session.get(OPENED, [])
