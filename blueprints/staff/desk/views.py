"""The queue, with its first case beside it on a wide screen."""

from werkzeug.wrappers import Response

from blueprints.shared.guards import staff
from blueprints.staff.desk import blueprint, bookings, changes, documents, enrolments, messages
from blueprints.staff.desk.frame import Shown, page, queue
from domain.permissions import Permission
from queries.desk import CaseKind, CaseRow


@blueprint.get("")
@staff(Permission.REQUESTS_READ)
def index() -> Response:
    found = queue()
    return page(_shown(found.cases[0]) if found.cases else None, found, on_case=False)


def _shown(row: CaseRow) -> Shown:
    if row.key.kind is CaseKind.CHANGE:
        return changes.shown(changes.found(row.reference))
    if row.key.kind is CaseKind.DOCUMENT:
        return documents.shown(documents.found(row.key.id))
    if row.key.kind is CaseKind.ENROLMENT:
        return enrolments.shown(enrolments.found(row.reference))
    if row.key.kind is CaseKind.MESSAGE:
        return messages.shown(messages.found(row.reference))
    return bookings.shown(bookings.found(row.reference, row.key.facility_id))
