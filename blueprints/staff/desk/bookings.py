"""A booking request in the queue: the same case and the same decision as in « Demandes de réservation »."""

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.desk import blueprint
from blueprints.staff.desk.frame import Shown, address, next_case, page
from blueprints.staff.requests.forms import ACCEPT, REFUSE, DecisionForm
from blueprints.staff.requests.views import decide_ticked, said
from domain.errors import Refused, Stale
from domain.permissions import Permission
from queries import staff_requests
from queries.desk import CaseKey, CaseKind
from queries.staff_requests import Case


@blueprint.get("/reservations/<reference>")
@staff(Permission.REQUESTS_READ)
def booking(reference: str) -> Response:
    return page(shown(found(reference)))


@blueprint.post("/reservations/<reference>")
@staff(Permission.REQUESTS_DECIDE)
def decide_booking(reference: str) -> Response:
    case = found(reference)
    form = DecisionForm()
    form.require_lines_of(case)
    decision = request.form.get("decision")
    if form.validate() and decision in (ACCEPT, REFUSE):
        try:
            count = decide_ticked(form, accept=decision == ACCEPT)
        except Stale as stale:
            return page(shown(found(reference)), stale=stale.message, status=409)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return next_case(key_of(case), said(case, count, decision))
    return page(shown(case, form), status=422)


def found(reference: str, facility_id: int | None = None) -> Case:
    """The case of a request for the structure of the address. Raises NotFound."""
    wanted = facility_id or request.args.get("structure", type=row_number)
    return staff_requests.case_of(reference, current_user.facility_ids, now(), wanted)


def key_of(case: Case) -> CaseKey:
    """Its place in the queue."""
    return CaseKey(case.created_at, CaseKind.BOOKING.rank, case.request_id, case.facility_id)


def shown(case: Case, form: DecisionForm | None = None) -> Shown:
    """The case as the desk draws it; everything that can be accepted is ticked beforehand."""
    if form is None:
        form = DecisionForm(formdata=None)
        if request.args.get("cocher") != "aucune":
            form.tick_what_can_be_accepted(case)

    def case_address(reference: str, facility_id: int) -> str:
        return address(
            CaseKey(case.created_at, CaseKind.BOOKING.rank, case.request_id, facility_id), reference
        )

    return Shown(
        key_of(case),
        {"case": case, "form": form, "case_address": case_address},
    )
