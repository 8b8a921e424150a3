"""The frame of « À traiter »: the queue on the left, one case on the right, the next one after a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.time import now, today
from domain.permissions import Permission
from queries import desk, households
from queries.desk import CaseKey, CaseKind, CaseRow, Filters, Page, Viewer

PERMISSIONS: Mapping[CaseKind, Permission] = {
    CaseKind.CHANGE: Permission.CHANGES_DECIDE,
    CaseKind.DOCUMENT: Permission.DOCUMENTS_DECIDE,
    CaseKind.BOOKING: Permission.REQUESTS_DECIDE,
    CaseKind.ENROLMENT: Permission.ENROLMENTS_DECIDE,
    CaseKind.MESSAGE: Permission.MESSAGES_ANSWER,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The case beside the queue: its place, what its template needs."""

    key: CaseKey
    context: Mapping[str, Any]


def viewer() -> Viewer:
    """The signed-in agent, as the queue sees it (S108)."""
    kinds = frozenset(kind for kind, permission in PERMISSIONS.items() if current_user.may(permission))
    return Viewer(current_user.facility_ids, kinds, current_user.may(Permission.MEDICAL_READ))


def filters() -> Filters:
    """What the address limits the queue to."""
    wanted = request.args.get("genre", "")
    kind = CaseKind(wanted) if wanted in list(CaseKind) else None
    return Filters(kind, request.args.get("etablissement", type=row_number))


def kept() -> dict[str, Any]:
    """The filters, for the addresses of the same queue."""
    chosen = filters()
    return {"genre": chosen.kind, "etablissement": chosen.facility_id}


def address_of(row: CaseRow) -> str:
    return address(row.key, row.reference)


def address(key: CaseKey, reference: str) -> str:
    """The address of a case, the filters of the queue kept."""
    if key.kind is CaseKind.DOCUMENT:
        return url_for("staff_desk.document", document_id=key.id, **kept())
    if key.kind is CaseKind.CHANGE:
        return url_for("staff_desk.change", reference=reference, **kept())
    if key.kind is CaseKind.ENROLMENT:
        return url_for("staff_desk.enrolment", reference=reference, **kept())
    if key.kind is CaseKind.MESSAGE:
        return url_for("staff_desk.message", reference=reference, **kept())
    return url_for("staff_desk.booking", reference=reference, structure=key.facility_id, **kept())


def queue(around: CaseKey | None = None) -> Page:
    """The page of the queue that was asked for, or the one on which a case stands."""
    number = request.args.get("page", 1, type=row_number)
    return desk.queue(viewer(), now(), today(), filters(), page=number, around=around)


def page(
    shown: Shown | None,
    found: Page | None = None,
    *,
    on_case: bool = True,
    status: int = 200,
    stale: str | None = None,
) -> Response:
    """The whole desk; a phone shows alone the case that was asked for (`on_case`)."""
    return answer(
        "staff/desk/desk.html",
        status=status,
        queue=found or queue(shown.key if shown else None),
        shown=shown,
        on_case=on_case,
        stale=stale,
        kinds=[kind for kind in CaseKind if current_user.may(PERMISSIONS[kind])],
        filters=filters(),
        facilities=households.facilities(current_user.facility_ids),
        address_of=address_of,
        kept=kept(),
        **(shown.context if shown else {}),
    )


def next_case(key: CaseKey, message: str) -> Response:
    """303 to the same case while something waits in it, else to the next of the queue (S110)."""
    following = desk.following(viewer(), today(), filters(), key)
    if following is None:
        return done(url_for("staff_desk.index", **kept()), message)
    return done(address(following, desk.reference_of(following)), message)
