"""The requests that families sent, as the service decides them: queue, one case, search (S108).

A case is the part of one request that concerns one facility. `facility_ids` are the facilities that the
agent answers for, None for all.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, true
from sqlalchemy.orm import aliased

from domain.capacity import places_left
from domain.enums import BookingState, Channel, LineAction, LineState, Residency
from domain.errors import NotFound
from domain.french import NBSP
from domain.people import age, fold
from domain.references import normalise_reference
from domain.workflow import ACTIVE_STATES, NOT_BY_HAND
from extensions import db
from models import (
    Activity,
    Booking,
    BookingRequest,
    BookingRequestLine,
    Child,
    ChildGroup,
    Enrolment,
    Facility,
    Household,
    Opening,
    PresenceType,
    StaffMember,
)
from queries.place_columns import IS_WISH, narrowest, waiting_rank

PAGE_SIZE = 30
LATE = timedelta(hours=48)
OPEN_STATES = (LineState.PENDING, LineState.WAITING)

Scope = Collection[int] | None


def age_text(since: datetime, now: datetime) -> str:
    """How long somebody has been waiting: « 12 min », « 52 h », « 5 j »."""
    minutes = int((now - since).total_seconds()) // 60
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    return f"{minutes // 60}{NBSP}h" if minutes < 72 * 60 else f"{minutes // (24 * 60)}{NBSP}j"


# --- Lists of cases ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case of a list; the numbers count its lines, in a queue those that wait only. `age` is in words."""

    request_id: int
    reference: str
    created_at: datetime
    household: str
    facility_id: int
    facility: str
    lines: int
    booked: int
    pending: int
    waiting: int
    accepted: int
    refused: int
    first_day: date
    last_day: date
    children: tuple[str, ...]
    age: str
    is_late: bool

    @property
    def cancelled(self) -> int:
        return self.lines - self.booked

    @property
    def states(self) -> tuple[tuple[LineState, int], ...]:
        """The states of the lines with their numbers, those that are there."""
        counts = (
            (LineState.PENDING, self.pending),
            (LineState.WAITING, self.waiting),
            (LineState.ACCEPTED, self.accepted),
            (LineState.REFUSED, self.refused),
        )
        return tuple((state, count) for state, count in counts if count)

    @property
    def order(self) -> tuple[bool, datetime, int, int]:
        """The place in the queue: what needs a decision first, then the waiting lists, the oldest first."""
        return (self.pending == 0, self.created_at, self.request_id, self.facility_id)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of cases; `number` from 1 to `pages`, `count` cases in all, `late` of them over 48 hours."""

    cases: tuple[CaseRow, ...]
    count: int
    late: int
    number: int
    pages: int


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


_HAS_PENDING = _count_if(BookingRequestLine.state == LineState.PENDING) > 0
_CASES = (
    select(
        BookingRequest.id,
        BookingRequest.reference,
        BookingRequest.created_at,
        Household.name,
        Facility.id.label("facility_id"),
        Facility.name.label("facility"),
        func.count().label("lines"),
        _count_if(BookingRequestLine.action == LineAction.BOOK).label("booked"),
        _count_if(BookingRequestLine.state == LineState.PENDING).label("pending"),
        _count_if(BookingRequestLine.state == LineState.WAITING).label("waiting"),
        _count_if(BookingRequestLine.state == LineState.ACCEPTED).label("accepted"),
        _count_if(BookingRequestLine.state == LineState.REFUSED).label("refused"),
        func.min(BookingRequestLine.day).label("first_day"),
        func.max(BookingRequestLine.day).label("last_day"),
    )
    .join(BookingRequest, BookingRequest.id == BookingRequestLine.request_id)
    .join(Household, Household.id == BookingRequest.household_id)
    .join(Facility, Facility.id == BookingRequestLine.facility_id)
    .group_by(BookingRequest.id, Household.id, Facility.id)
)
_CHILD_NAMES = (
    select(BookingRequestLine.request_id, BookingRequestLine.facility_id, Child.id, Child.first_name)
    .join(Child, Child.id == BookingRequestLine.child_id)
    .where(BookingRequestLine.request_id.in_(bindparam("requests", expanding=True)))
    .distinct()
    .order_by(Child.id)
)


def queue(facility_ids: Scope, now: datetime, *, facility_id: int | None = None, page: int = 1) -> Page:
    """The cases that wait for an answer: those to decide, then those of the waiting lists, the oldest
    first; `facility_id` keeps one facility. Three statements.
    """
    waiting = [BookingRequestLine.state.in_(OPEN_STATES), ~IS_WISH, _within(facility_ids, facility_id)]
    order = (_HAS_PENDING.desc(), BookingRequest.created_at, BookingRequest.id, Facility.id)
    return _page(_CASES.where(*waiting), order, now, page)


def search(
    text: str,
    facility_ids: Scope,
    now: datetime,
    *,
    facility_id: int | None = None,
    state: LineState | None = None,
    page: int = 1,
) -> Page:
    """Every case, decided or not, the newest first: by reference however it is typed, or by a name of the
    family; `state` keeps the cases with such a line. Three statements.
    """
    statement = _CASES.where(_matches(text), _within(facility_ids, facility_id))
    if state is not None:
        statement = statement.having(_count_if(BookingRequestLine.state == state) > 0)
    return _page(
        statement, (BookingRequest.created_at.desc(), BookingRequest.id.desc(), Facility.id), now, page
    )


def _within(facility_ids: Scope, facility_id: int | None) -> ColumnElement[bool]:
    if facility_id is not None and (facility_ids is None or facility_id in facility_ids):
        return BookingRequestLine.facility_id == facility_id
    return true() if facility_ids is None else BookingRequestLine.facility_id.in_(facility_ids)


def _matches(text: str) -> ColumnElement[bool]:
    text = text.strip()
    if not text:
        return true()
    words = fold(text).split() or [text]
    names = and_(*(Household.search_text.contains(word, autoescape=True) for word in words))
    return or_(BookingRequest.reference == normalise_reference(text), names)


def _page(statement: Select, order: Sequence[Any], now: datetime, page: int) -> Page:
    cases = statement.subquery()
    count, late = db.session.execute(
        select(func.count(), func.coalesce(_count_if(cases.c.created_at < now - LATE), 0)).select_from(cases)
    ).one()
    pages = max(1, ceil(count / PAGE_SIZE))
    number = min(max(page, 1), pages)
    rows = db.session.execute(
        statement.order_by(*order).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    ).all()
    children: dict[tuple[int, int], list[str]] = {}
    for request_id, facility_id, _, first_name in db.session.execute(
        _CHILD_NAMES, {"requests": [row.id for row in rows]}
    ):
        children.setdefault((request_id, facility_id), []).append(first_name)
    return Page(
        tuple(
            CaseRow(
                *row,
                children=tuple(children[row.id, row.facility_id]),
                age=age_text(row.created_at, now),
                is_late=now - row.created_at > LATE,
            )
            for row in rows
        ),
        count,
        late,
        number,
        pages,
    )


# --- One case ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One child on one day. `left` are the places nobody holds that suit the child, None without limit; the
    place of a pending booking is already held. `rank` is the place in the waiting list; `offered_until`: a
    place is offered to the family, which answers by itself. `former_presence` is what the child
    has now, when the request asks for something else. `siblings` are there on the same day.
    """

    line_id: int
    day: date
    child: str
    child_age: int
    group: str
    activity: str
    presence: str
    former_presence: str
    action: LineAction
    state: LineState
    price_cents: int | None
    left: int | None
    rank: int | None
    booking_state: BookingState | None
    offered_until: datetime | None
    closed_reason: str | None
    siblings: tuple[str, ...]
    reason: str
    decided_at: datetime | None
    decided_by: str
    is_wish: bool

    @property
    def is_open(self) -> bool:
        """True when somebody must answer by hand: not a wish, nor an offer that the family has."""
        return self.state in OPEN_STATES and self.booking_state not in NOT_BY_HAND

    @property
    def can_be_accepted(self) -> bool:
        """False for a child of the waiting list while there is no place."""
        return self.state is not LineState.WAITING or self.left is None or self.left > 0


@dataclass(frozen=True, slots=True)
class Part:
    """Another facility of the same request."""

    facility_id: int
    facility: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Case:
    request_id: int
    reference: str
    created_at: datetime
    author: str
    channel: Channel
    override_reason: str
    household_id: int
    household: str
    household_number: int
    residency: Residency
    age: str
    facility_id: int
    facility: str
    lines: tuple[Line, ...]
    others: tuple[Part, ...]

    @property
    def open_lines(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_open)

    @property
    def order(self) -> tuple[bool, datetime, int, int]:
        """See CaseRow.order."""
        has_pending = any(line.state is LineState.PENDING and line.is_open for line in self.lines)
        return (not has_pending, self.created_at, self.request_id, self.facility_id)


_REQUEST = (
    select(
        BookingRequest.id,
        BookingRequest.reference,
        BookingRequest.created_at,
        BookingRequest.author_name,
        BookingRequest.channel,
        BookingRequest.override_reason,
        Household.id.label("household_id"),
        Household.name,
        Household.number,
        Household.residency,
    )
    .join(Household, Household.id == BookingRequest.household_id)
    .where(BookingRequest.reference == bindparam("reference"))
)
_PARTS = (
    select(
        Facility.id,
        Facility.name,
        _count_if(BookingRequestLine.state.in_(OPEN_STATES) & ~IS_WISH).label("open"),
    )
    .join(BookingRequestLine, BookingRequestLine.facility_id == Facility.id)
    .where(BookingRequestLine.request_id == bindparam("request_id"))
    .group_by(Facility.id)
    .order_by(Facility.position, Facility.name)
)
_BOOKED_TYPE = aliased(PresenceType)
_LINES = (
    select(
        BookingRequestLine.id,
        BookingRequestLine.day,
        BookingRequestLine.child_id,
        BookingRequestLine.action,
        BookingRequestLine.state,
        BookingRequestLine.price_cents,
        BookingRequestLine.presence_type_id,
        BookingRequestLine.reason,
        BookingRequestLine.decided_at,
        Child.first_name,
        Child.birth_date,
        Activity.name.label("activity"),
        PresenceType.name.label("presence"),
        Opening.capacity,
        Opening.booked,
        Opening.closed_reason,
        Booking.presence_type_id.label("booked_type_id"),
        _BOOKED_TYPE.name.label("booked_presence"),
        waiting_rank().label("rank"),
        narrowest(Booking.group_id, PresenceType.parts).label("narrowest"),
        Booking.state.label("booking_state"),
        Booking.offer_expires_at,
        StaffMember.first_name.label("staff_first_name"),
        StaffMember.last_name.label("staff_last_name"),
        IS_WISH.label("is_wish"),
    )
    .join(Child, Child.id == BookingRequestLine.child_id)
    .join(Opening, Opening.id == BookingRequestLine.opening_id)
    .join(Activity, Activity.id == Opening.activity_id)
    .join(PresenceType, PresenceType.id == BookingRequestLine.presence_type_id)
    .outerjoin(Booking, Booking.id == BookingRequestLine.booking_id)
    .outerjoin(_BOOKED_TYPE, _BOOKED_TYPE.id == Booking.presence_type_id)
    .outerjoin(StaffMember, StaffMember.user_id == BookingRequestLine.decided_by_user_id)
    .where(
        BookingRequestLine.request_id == bindparam("request_id"),
        BookingRequestLine.facility_id == bindparam("facility_id"),
    )
    .order_by(BookingRequestLine.day, Child.birth_date, BookingRequestLine.id)
)
_SIBLINGS = (
    select(Booking.day, Booking.child_id, Child.first_name)
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Child, Child.id == Booking.child_id)
    .where(
        Booking.household_id == bindparam("household_id"),
        Activity.facility_id == bindparam("facility_id"),
        Booking.day.between(bindparam("first"), bindparam("last")),
        Booking.state.in_(ACTIVE_STATES),
    )
    .distinct()
    .order_by(Child.first_name)
)
_GROUPS = (
    select(
        Enrolment.child_id,
        func.coalesce(ChildGroup.name, Enrolment.group_name).label("group_name"),
        Enrolment.first_day,
        Enrolment.last_day,
    )
    .outerjoin(ChildGroup, ChildGroup.id == Enrolment.group_id)
    .where(
        Enrolment.facility_id == bindparam("facility_id"),
        Enrolment.child_id.in_(bindparam("children", expanding=True)),
    )
)


def case_of(reference: str, facility_ids: Scope, now: datetime, facility_id: int | None = None) -> Case:
    """The part of a request that concerns `facility_id`, by default the first facility with something to
    decide. Five statements. Raises NotFound for what is not there or not this agent's.
    """
    found = db.session.execute(_REQUEST, {"reference": normalise_reference(reference)}).one_or_none()
    if found is None:
        raise NotFound
    parts = [
        Part(row.id, row.name, row.open > 0)
        for row in db.session.execute(_PARTS, {"request_id": found.id})
        if facility_ids is None or row.id in facility_ids
    ]
    part = _chosen(parts, facility_id)
    rows = db.session.execute(_LINES, {"request_id": found.id, "facility_id": part.facility_id}).all()
    about = {"household_id": found.household_id, "facility_id": part.facility_id}
    about |= {"first": rows[0].day, "last": rows[-1].day}
    present = db.session.execute(_SIBLINGS, about).all()
    children = {"facility_id": part.facility_id, "children": {row.child_id for row in rows}}
    groups = db.session.execute(_GROUPS, children).all()
    return Case(
        *found,
        age=age_text(found.created_at, now),
        facility_id=part.facility_id,
        facility=part.facility,
        lines=tuple(_line(row, present, groups) for row in rows),
        others=tuple(one for one in parts if one is not part),
    )


def _chosen(parts: Sequence[Part], facility_id: int | None) -> Part:
    wanted = [part for part in parts if facility_id in (None, part.facility_id)]
    if not wanted:
        raise NotFound
    return next((part for part in wanted if part.is_open), wanted[0])


def _line(row: Any, present: Iterable[Any], groups: Iterable[Any]) -> Line:
    is_switch = row.action is LineAction.BOOK and row.booked_type_id not in (None, row.presence_type_id)
    return Line(
        line_id=row.id,
        day=row.day,
        child=row.first_name,
        child_age=age(row.birth_date, row.day),
        group=next(
            (
                one.group_name
                for one in groups
                if one.child_id == row.child_id and one.first_day <= row.day <= one.last_day
            ),
            "",
        ),
        activity=row.activity,
        presence=row.presence,
        former_presence=row.booked_presence if is_switch else "",
        action=row.action,
        state=row.state,
        price_cents=row.price_cents,
        left=places_left(row.capacity, row.booked, row.narrowest),
        rank=row.rank,
        booking_state=row.booking_state,
        offered_until=row.offer_expires_at,
        closed_reason=row.closed_reason,
        siblings=tuple(
            one.first_name for one in present if one.day == row.day and one.child_id != row.child_id
        ),
        reason=row.reason,
        decided_at=row.decided_at,
        decided_by=f"{row.staff_first_name} {row.staff_last_name}" if row.staff_last_name else "",
        is_wish=row.is_wish,
    )


# --- What waits, for the staff's home ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FacilityQueue:
    """`cases` wait for a decision since `age` at most; `in_line` are children's days on a waiting list."""

    facility_id: int
    facility: str
    cases: int
    in_line: int
    age: str
    is_late: bool


_PENDING_REQUEST = case((BookingRequestLine.state == LineState.PENDING, BookingRequestLine.request_id))
_PENDING_SINCE = case((BookingRequestLine.state == LineState.PENDING, BookingRequest.created_at))


def queues_by_facility(facility_ids: Scope, now: datetime) -> tuple[FacilityQueue, ...]:
    """The facilities in which somebody waits, those with the oldest request first. One statement."""
    oldest = func.min(_PENDING_SINCE, type_=BookingRequest.created_at.type)
    rows = db.session.execute(
        select(
            Facility.id,
            Facility.name,
            func.count(_PENDING_REQUEST.distinct()).label("cases"),
            _count_if(BookingRequestLine.state == LineState.WAITING).label("in_line"),
            oldest.label("oldest"),
        )
        .join(BookingRequestLine, BookingRequestLine.facility_id == Facility.id)
        .join(BookingRequest, BookingRequest.id == BookingRequestLine.request_id)
        .where(BookingRequestLine.state.in_(OPEN_STATES), ~IS_WISH, _within(facility_ids, None))
        .group_by(Facility.id)
        .order_by(oldest.is_(None), oldest, Facility.name)
    )
    return tuple(
        FacilityQueue(
            *row[:4],
            age=age_text(row.oldest, now) if row.oldest else "",
            is_late=row.oldest is not None and now - row.oldest > LATE,
        )
        for row in rows
    )
