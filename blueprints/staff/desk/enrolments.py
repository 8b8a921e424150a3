"""An enrolment request in the queue: what the règlement says beside the child, accepted or refused (R17)."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import author
from blueprints.staff.desk import blueprint
from blueprints.staff.desk.forms import EnrolmentDecisionForm
from blueprints.staff.desk.frame import Shown, kept, next_case, page
from blueprints.staff.requests.forms import ACCEPT, REFUSE
from domain.errors import Refused, Stale
from domain.french import NBSP
from domain.permissions import Permission
from queries import enrolment_cases
from queries.desk import CaseKey, CaseKind
from queries.enrolment_cases import Case
from services import enrolments


@blueprint.get("/inscriptions/<reference>")
@staff(Permission.ENROLMENTS_DECIDE)
def enrolment(reference: str) -> Response:
    return page(shown(found(reference)))


@blueprint.post("/inscriptions/<reference>")
@staff(Permission.ENROLMENTS_DECIDE)
def decide_enrolment(reference: str) -> Response:
    case = found(reference)
    form = EnrolmentDecisionForm()
    form.offer(case)
    decision = request.form.get("decision")
    act = {"facility_ids": current_user.facility_ids, "author": author(), "now": now()}
    if decision in (ACCEPT, REFUSE) and form.validate():
        try:
            if decision == ACCEPT:
                enrolments.accept(reference, form.terms(), **act)
            else:
                enrolments.refuse(reference, form.reason.data or "", **act)
        except Stale as stale:
            return page(shown(found(reference)), stale=stale.message, status=409)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            word = "inscription acceptée" if decision == ACCEPT else "inscription refusée"
            return next_case(
                key_of(case), f"{case.child}, {case.activity}{NBSP}: {word}. La famille est prévenue."
            )
    return page(shown(case, form), status=422)


def found(reference: str) -> Case:
    """The case, for an agent of its structure. Raises NotFound."""
    return enrolment_cases.case(
        reference, current_user.facility_ids, now(), reads_medical=current_user.may(Permission.MEDICAL_READ)
    )


def key_of(case: Case) -> CaseKey:
    """Its place in the queue."""
    return CaseKey(case.created_at, CaseKind.ENROLMENT.rank, case.request_id)


def shown(case: Case, form: EnrolmentDecisionForm | None = None) -> Shown:
    """The case as the desk draws it, with the days asked for and the group of the child's age."""
    if form is None:
        form = EnrolmentDecisionForm(
            formdata=None,
            data={
                "first_day": case.first_day,
                "last_day": case.last_day,
                "group_id": case.proposed_group_id or 0,
            },
        )
        form.offer(case)
    address = url_for("staff_desk.decide_enrolment", reference=case.reference, **kept())
    return Shown(key_of(case), {"case": case, "form": form, "address": address})
