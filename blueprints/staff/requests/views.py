"""The queue of requests: read a case, decide it, the next one comes (S108)."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.requests import blueprint
from blueprints.staff.requests.forms import ACCEPT, REFUSE, DecisionForm
from domain.enums import LineState
from domain.errors import Refused, Stale
from domain.french import plural
from domain.permissions import Permission
from queries import households, staff_requests
from queries.staff_requests import Case, Page
from services import booking_requests

LONGEST_SEARCH = 100


@blueprint.get("")
@staff(Permission.REQUESTS_READ)
def index() -> Response:
    """The queue; on a wide screen its first case stands beside it."""
    found = _queue()
    first = found.cases[0] if found.cases else None
    return _desk(found, _case(first.reference, first.facility_id) if first else None, on_case=False)


@blueprint.get("/toutes")
@staff(Permission.REQUESTS_READ)
def search() -> Response:
    """Every request, decided or not."""
    text = request.args.get("q", "")[:LONGEST_SEARCH].strip()
    wanted = request.args.get("etat", "")
    state = LineState(wanted) if wanted in list(LineState) else None
    found = staff_requests.search(
        text, current_user.facility_ids, now(), facility_id=_filter(), state=state, page=_page_number()
    )
    filters = {"q": text, "etat": state, "etablissement": _filter()}
    return answer(
        "staff/requests/search.html",
        found=found,
        text=text,
        state=state,
        states=list(LineState),
        chosen=_filter(),
        facilities=households.facilities(current_user.facility_ids),
        filters={name: value for name, value in filters.items() if value},
    )


@blueprint.get("/<reference>")
@staff(Permission.REQUESTS_READ)
def show(reference: str) -> Response:
    return _desk(_queue(), _case(reference, _facility()), on_case=True)


@blueprint.post("/<reference>")
@staff(Permission.REQUESTS_DECIDE)
def decide(reference: str) -> Response:
    case = _case(reference, _facility())
    form = DecisionForm()
    form.require_lines_of(case)
    decision = request.form.get("decision")
    if form.validate() and decision in (ACCEPT, REFUSE):
        try:
            count = decide_ticked(form, accept=decision == ACCEPT)
        except Stale as stale:
            return _desk(
                _queue(), _case(reference, _facility()), on_case=True, stale=stale.message, status=409
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return done(_following(case), said(case, count, decision))
    return _desk(_queue(), case, form=form, on_case=True, status=422)


def decide_ticked(form: DecisionForm, *, accept: bool) -> int:
    """Answer the ticked lines; returns how many. Raises what `booking_requests.decide_lines` raises."""
    return booking_requests.decide_lines(
        form.lines.data,
        accept=accept,
        reason=form.reason.data,
        actor_user_id=current_user.user_id,
        facility_ids=current_user.facility_ids,
        now=now(),
    )


def said(case: Case, count: int, decision: str) -> str:
    """What the agent reads once the lines are answered."""
    words = (
        ("ligne acceptée", "lignes acceptées") if decision == ACCEPT else ("ligne refusée", "lignes refusées")
    )
    return (
        f"{case.household}, demande {case.reference}\u00a0: {plural(count, *words)}. La famille est prévenue."
    )


def _following(case: Case) -> str:
    """The same case while something waits in it, else the next of the queue, else the end of the queue."""
    waiting = staff_requests.queue(current_user.facility_ids, now(), facility_id=_filter()).cases
    same = [
        one for one in waiting if (one.request_id, one.facility_id) == (case.request_id, case.facility_id)
    ]
    later = [one for one in waiting if one.order > case.order]
    for one in (*same, *later, *waiting):
        return case_address(one.reference, one.facility_id)
    return url_for("staff_requests.index", etablissement=_filter())


def case_address(reference: str, facility_id: int) -> str:
    """The address of a case, the filter of the queue kept."""
    return url_for("staff_requests.show", reference=reference, structure=facility_id, etablissement=_filter())


def _page_number() -> int:
    return request.args.get("page", 1, type=row_number)


def _filter() -> int | None:
    """The facility that the queue is limited to."""
    return request.args.get("etablissement", type=row_number)


def _facility() -> int | None:
    """The facility of the case."""
    return request.args.get("structure", type=row_number)


def _queue() -> Page:
    return staff_requests.queue(current_user.facility_ids, now(), facility_id=_filter(), page=_page_number())


def _case(reference: str, facility_id: int | None) -> Case:
    return staff_requests.case_of(reference, current_user.facility_ids, now(), facility_id)


def _fresh_form(case: Case) -> DecisionForm:
    """The form as it is first shown, whatever was sent."""
    form = DecisionForm(formdata=None)
    if request.args.get("cocher") != "aucune":
        form.tick_what_can_be_accepted(case)
    return form


def _desk(
    found: Page,
    case: Case | None,
    *,
    on_case: bool,
    form: DecisionForm | None = None,
    stale: str | None = None,
    status: int = 200,
) -> Response:
    """The queue on the left, the case on the right; a phone shows the one that was asked for."""
    return answer(
        "staff/requests/desk.html",
        status=status,
        queue=found,
        case=case,
        form=form or (_fresh_form(case) if case else None),
        on_case=on_case,
        stale=stale,
        case_address=case_address,
        chosen=_filter(),
        facilities=households.facilities(current_user.facility_ids),
    )
