"""The history of a family's requests: what was asked, by whom, what became of it (S85)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil

from sqlalchemy import Row, bindparam, func, select

from domain.enums import Channel, LineAction, LineState
from extensions import db
from models import BookingRequest, BookingRequestLine, Child, Facility, PresenceType

PAGE_SIZE = 10

_HOUSEHOLDS = bindparam("households", expanding=True)
_COUNT = select(func.count()).select_from(BookingRequest).where(BookingRequest.household_id.in_(_HOUSEHOLDS))
_REQUESTS = (
    select(
        BookingRequest.id,
        BookingRequest.reference,
        BookingRequest.author_name,
        BookingRequest.channel,
        BookingRequest.created_at,
    )
    .where(BookingRequest.household_id.in_(_HOUSEHOLDS))
    .order_by(BookingRequest.created_at.desc(), BookingRequest.id.desc())
    .limit(bindparam("count"))
    .offset(bindparam("skipped"))
)
_LINES = (
    select(
        BookingRequestLine.request_id,
        BookingRequestLine.day,
        BookingRequestLine.action,
        BookingRequestLine.state,
        BookingRequestLine.reason,
        BookingRequestLine.decided_at,
        Child.first_name,
        Facility.name.label("facility"),
        PresenceType.name.label("presence"),
    )
    .join(Child, Child.id == BookingRequestLine.child_id)
    .join(Facility, Facility.id == BookingRequestLine.facility_id)
    .join(PresenceType, PresenceType.id == BookingRequestLine.presence_type_id)
    .where(BookingRequestLine.request_id.in_(bindparam("requests", expanding=True)))
    .order_by(BookingRequestLine.request_id, BookingRequestLine.id)
)


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a request that share everything but the day."""

    child: str
    facility: str
    presence: str
    action: LineAction
    state: LineState
    reason: str
    decided_at: datetime | None
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What was validated in one go, by `author`, through `channel`, at `created_at` (UTC)."""

    reference: str
    author: str
    channel: Channel
    created_at: datetime
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of requests, the newest first; `number` from 1 to `pages`."""

    requests: tuple[Request, ...]
    number: int
    pages: int


def requests(household_ids: Sequence[int], page: int) -> Page:
    """A page of the households' requests; a number off the list gives the nearest page. Three statements."""
    family = {"households": household_ids}
    pages = max(1, ceil(db.session.execute(_COUNT, family).scalar_one() / PAGE_SIZE))
    number = min(max(page, 1), pages)
    rows = db.session.execute(
        _REQUESTS, {**family, "count": PAGE_SIZE, "skipped": (number - 1) * PAGE_SIZE}
    ).all()
    return Page(_with_parts(rows), number, pages)


def _with_parts(rows: Sequence[Row]) -> tuple[Request, ...]:
    lines: dict[int, list[Row]] = {}
    for line in db.session.execute(_LINES, {"requests": [row.id for row in rows]}):
        lines.setdefault(line.request_id, []).append(line)
    return tuple(
        Request(row.reference, row.author_name, row.channel, row.created_at, parts(lines.get(row.id, ())))
        for row in rows
    )


def parts(lines: Iterable[Row]) -> tuple[Part, ...]:
    """Lines gathered by child, structure, presence and outcome, in the order in which they were asked."""
    days: dict[tuple, list[date]] = {}
    for line in lines:
        key = (line.first_name, line.facility, line.presence)
        outcome = (line.action, line.state, line.reason, line.decided_at)
        days.setdefault(key + outcome, []).append(line.day)
    return tuple(Part(*key, days=tuple(sorted(found))) for key, found in days.items())
