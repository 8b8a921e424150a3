"""A declared change in the queue: field by field, accepted or refused with a reason (S35, S37).

Health is opened by an act that the journal keeps, also to decide it (S44).
"""

from dataclasses import dataclass

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.staff.acts import author
from blueprints.staff.desk import blueprint
from blueprints.staff.desk.forms import ChangeDecisionForm
from blueprints.staff.desk.frame import Shown, kept, next_case, page
from domain.errors import Refused, Stale
from domain.french import NBSP, plural
from domain.permissions import Permission
from queries import change_cases, change_files
from queries.change_cases import Case
from queries.change_files import Head
from queries.desk import CaseKey, CaseKind, change_title
from services import change_requests, medical_readings
from services.change_requests import Decided
from services.medical_readings import Reading

PLACE = "une modification à contrôler"


@dataclass(frozen=True, slots=True)
class Found:
    """A change: what may be told of it, then its lines; `case` is None while its health stays closed."""

    head: Head
    case: Case | None


@blueprint.get("/modifications/<reference>")
@staff(Permission.CHANGES_DECIDE)
def change(reference: str) -> Response:
    return page(shown(found(reference)))


@blueprint.post("/modifications/<reference>/sante")
@staff(Permission.MEDICAL_READ)
def change_health(reference: str) -> Response:
    """« Afficher »: the health of a change, noted in the journal as a reading (S44, S115)."""
    return page(shown(opened(reference)))


@blueprint.post("/modifications/<reference>")
@staff(Permission.CHANGES_DECIDE)
def decide_change(reference: str) -> Response:
    head = change_files.head(reference)
    form = ChangeDecisionForm()
    answer_of = form.answers(change_files.line_ids(head.request_id))
    if form.validate():
        try:
            decided = change_requests.decide(
                head.request_id,
                answer_of.decisions,
                answer_of.reasons,
                current=answer_of.current,
                author=author(),
                now=now(),
                may_read_medical=current_user.may(Permission.MEDICAL_READ),
            )
        except Stale as stale:
            return page(shown(opened(reference)), stale=stale.message, status=409)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return next_case(key_of(head), _said(head, decided))
    return page(shown(opened(reference), form), status=422)


def found(reference: str) -> Found:
    """The change, its health closed. Raises NotFound."""
    head = change_files.head(reference)
    return Found(head, None if head.is_health else _case(head))


def opened(reference: str) -> Found:
    """The change with its lines; health, for who has the right, as a reading that the journal keeps."""
    head = change_files.head(reference)
    if head.is_health:
        if not current_user.may(Permission.MEDICAL_READ):
            return Found(head, None)
        medical_readings.read([head.child_id], Reading(current_user.user_id, PLACE), now=now())
    return Found(head, _case(head))


def _case(head: Head) -> Case:
    return change_cases.case(head.request_id, may_read_medical=current_user.may(Permission.MEDICAL_READ))


def key_of(head: Head) -> CaseKey:
    """Its place in the queue."""
    return CaseKey(head.created_at, CaseKind.CHANGE.rank, head.request_id)


def shown(change: Found, form: ChangeDecisionForm | None = None) -> Shown:
    """The case as the desk draws it."""
    head, reads_medical = change.head, current_user.may(Permission.MEDICAL_READ)
    return Shown(
        key_of(head),
        {
            "head": head,
            "case": change.case,
            "form": form or ChangeDecisionForm(formdata=None),
            "title": change_title(head.section, head.person, reads_medical=reads_medical),
            "warning": _warning(head, change.case),
            "papers": change_files.papers(head),
            "changed": change_files.last_changes(head, change.case) if change.case else {},
            "address": url_for("staff_desk.decide_change", reference=head.reference, **kept()),
        },
    )


def _warning(head: Head, case: Case | None) -> str:
    """What an address changes to the price of the family; empty when nothing does."""
    if case is None:
        return ""
    wanted = {line.field: line.wanted for line in case.lines if line.is_pending}
    return change_files.residency_warning(
        head.residency, town().address, wanted.get("postcode"), wanted.get("city")
    )


def _said(head: Head, decided: Decided) -> str:
    parts = []
    if decided.accepted:
        parts.append(plural(decided.accepted, "champ accepté", "champs acceptés"))
    if decided.refused:
        parts.append(plural(decided.refused, "champ refusé", "champs refusés"))
    return f"{head.household}{NBSP}: {', '.join(parts)}. La famille est prévenue."
