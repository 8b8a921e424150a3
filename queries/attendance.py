"""Attendance (R30): the list of an activity on a day with what the team saw, and the days still to be marked.
No health here: a word says that a sheet exists, « Consignes du jour » gives it to who may read it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, func, select

from domain.calendar import add_months, paris_now
from domain.enums import AttendanceMark, BookingState, RunState
from domain.errors import NotFound
from domain.french import format_clock
from domain.offline_marks import microseconds
from domain.people import fold
from domain.workflow import EXPECTED_STATES
from extensions import db
from models import (
    Absence,
    Activity,
    Attendance,
    BillingRun,
    Booking,
    Child,
    Enrolment,
    Facility,
    Opening,
    PresenceType,
)
from queries.child_files import ChildFile, child_files
from queries.day_sheets import groups_of
from queries.known_people import children
from queries.reading import read

Scope = Collection[int] | None
MOST_CANDIDATES = 60


@dataclass(frozen=True, slots=True)
class DayActivity:
    """An activity open on a day: the children of accepted bookings, and those of them without a mark."""

    activity_id: int
    activity: str
    facility_id: int
    facility: str
    expected: int
    unmarked: int


@dataclass(frozen=True, slots=True)
class UnmarkedDay:
    """A past day of an activity with bookings that nobody marked: the month cannot be billed (R42)."""

    day: date
    activity_id: int
    activity: str
    facility: str
    children: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Children of a list: `expected` by an accepted booking, and what was seen of all."""

    expected: int
    present: int
    absent: int
    unmarked: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A child of the list. `is_pending`: the service has not answered its request; `is_told`: its family
    said that it does not come; `mark` and `marked_at` are None until it is marked."""

    child_id: int
    first_name: str
    last_name: str
    group: str
    presence: str
    is_expected: bool
    is_pending: bool
    is_told: bool
    mark: AttendanceMark | None
    marked_at: datetime | None
    arrived_minute: int | None
    left_minute: int | None
    note: str
    diet: str
    has_health: bool
    collectors: tuple[str, ...]

    @property
    def stamp(self) -> str:
        """What the list says of the child, for a phone that marks it without a network: « present:1768… »."""
        return "" if self.mark is None else f"{self.mark}:{microseconds(self.marked_at)}"

    @property
    def hours(self) -> str:
        """« 8 h 05 – 16 h 30 », « arrivée 8 h 05 »; empty when nothing is known."""
        arrived, left = clock_words(self.arrived_minute), clock_words(self.left_minute)
        if arrived and left:
            return f"{arrived} – {left}"
        if arrived:
            return f"arrivée {arrived}"
        return f"départ {left}" if left else ""


@dataclass(frozen=True, slots=True)
class Group:
    """Children of one class."""

    name: str
    children: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class AttendanceSheet:
    """The list of an activity on a day; `groups` by class then name, those who wait for an answer and those
    whom nobody expected under their own titles at the end. `is_open`: it can be marked, neither to come nor
    billed."""

    activity_id: int
    activity: str
    facility_id: int
    facility: str
    day: date
    is_open: bool
    is_billed: bool
    counts: Counts
    groups: tuple[Group, ...]

    @property
    def children(self) -> tuple[Seen, ...]:
        return tuple(one for group in self.groups for one in group.children)


def clock_words(minute: int | None) -> str:
    return "" if minute is None else format_clock(*divmod(minute, 60))


# --- The days -----------------------------------------------------------------------------------------------

_MARKED = (
    exists()
    .where(Attendance.opening_id == Booking.opening_id, Attendance.child_id == Booking.child_id)
    .correlate(Booking)
)
_DAY = (
    select(
        Activity.id,
        Activity.name,
        Facility.id,
        Facility.name,
        func.count(Booking.id),
        func.coalesce(func.sum(case((and_(Booking.id.is_not(None), ~_MARKED), 1), else_=0)), 0),
    )
    .join(Opening, Opening.activity_id == Activity.id)
    .join(Facility, Facility.id == Activity.facility_id)
    .outerjoin(Booking, and_(Booking.opening_id == Opening.id, Booking.state == BookingState.ACCEPTED))
    .where(Opening.day == bindparam("day"))
    .group_by(Activity.id, Facility.id)
    .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
)
_UNMARKED = (
    select(Booking.day, Activity.id, Activity.name, Facility.name, func.count())
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(
        Booking.day.between(bindparam("first"), bindparam("last")),
        Booking.state == BookingState.ACCEPTED,
        ~_MARKED,
    )
    .group_by(Booking.day, Activity.id, Facility.id)
    .order_by(Booking.day, Facility.position, Facility.name, Activity.position, Activity.name)
)


def activities(day: date, scope: Scope) -> tuple[DayActivity, ...]:
    """The activities open on a day in the structures of an agent. One statement."""
    rows = db.session.execute(within(_DAY, scope), {"day": day})
    return tuple(DayActivity(*row) for row in rows)


def left_to_mark(day: date, scope: Scope) -> int:
    """How many children of the day have no mark yet. One statement."""
    return sum(one.unmarked for one in activities(day, scope))


def unmarked(
    month: date, today: date, *, scope: Scope = None, regie_id: int | None = None
) -> tuple[UnmarkedDay, ...]:
    """The days of a month before today on which an accepted booking has no mark, of one régie or of all. One
    statement."""
    first = month.replace(day=1)
    end = date(*add_months(first.year, first.month, 1), 1) - timedelta(days=1)
    statement = within(_UNMARKED, scope)
    if regie_id is not None:
        statement = statement.where(Activity.regie_id == regie_id)
    span = {"first": first, "last": min(end, today - timedelta(days=1))}
    return tuple(UnmarkedDay(*row) for row in db.session.execute(statement, span))


def within(statement: Any, scope: Scope) -> Any:
    """Of the structures of an agent alone; the statement reads Activity."""
    return statement if scope is None else statement.where(Activity.facility_id.in_(scope))


# --- The list of a day --------------------------------------------------------------------------------------

_PLACE = (
    select(
        Activity.id,
        Activity.name,
        Facility.id,
        Facility.name,
        Opening.id,
        exists()
        .where(
            BillingRun.regie_id == Activity.regie_id,
            BillingRun.month == bindparam("month"),
            BillingRun.state == RunState.ISSUED,
        )
        .correlate(Activity),
    )
    .join(Facility, Facility.id == Activity.facility_id)
    .join(Opening, Opening.activity_id == Activity.id)
    .where(Activity.id == bindparam("activity_id"), Opening.day == bindparam("day"))
)
_SEEN = (
    Attendance.mark,
    Attendance.marked_at,
    Attendance.arrived_minute,
    Attendance.left_minute,
    Attendance.note,
)
_BOOKED = (
    select(
        Booking.child_id,
        Child.first_name,
        Child.last_name,
        PresenceType.name.label("presence"),
        Booking.state,
        exists()
        .where(Absence.booking_id == Booking.id, ~Absence.is_observed)
        .correlate(Booking)
        .label("told"),
        *_SEEN,
    )
    .join(Child, Child.id == Booking.child_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .outerjoin(
        Attendance,
        and_(Attendance.opening_id == Booking.opening_id, Attendance.child_id == Booking.child_id),
    )
    .where(Booking.opening_id == bindparam("opening_id"), Booking.state.in_(EXPECTED_STATES))
)
_UNEXPECTED = (
    select(
        Attendance.child_id,
        Child.first_name,
        Child.last_name,
        PresenceType.name.label("presence"),
        *_SEEN,
    )
    .join(Child, Child.id == Attendance.child_id)
    .join(PresenceType, PresenceType.id == Attendance.presence_type_id)
    .where(
        Attendance.opening_id == bindparam("opening_id"),
        ~exists()
        .where(
            Booking.opening_id == Attendance.opening_id,
            Booking.child_id == Attendance.child_id,
            Booking.state.in_(EXPECTED_STATES),
        )
        .correlate(Attendance),
    )
)


def sheet(
    activity_id: int, day: date, *, scope: Scope, now: datetime, child_id: int | None = None
) -> AttendanceSheet:
    """The list of an activity on a day; `child_id` keeps one child, whose place in the counts stays. Eleven
    statements. Raises NotFound: out of sight, closed that day, or no such child on the list.
    """
    place = _place(activity_id, day, scope)
    opening = {"opening_id": place[4]}
    booked = read(_BOOKED, opening).all()
    others = read(_UNEXPECTED, opening).all()
    rows = [row for row in (*booked, *others) if child_id in (None, row.child_id)]
    if child_id is not None and not rows:
        raise NotFound
    groups = groups_of(place[2], day)
    files = child_files({row.child_id: [(place[2], place[3])] for row in rows}, day, now)
    seen = [_seen(row, groups, files[row.child_id]) for row in rows]
    is_open = day <= paris_now(now).date() and not place[5]
    return AttendanceSheet(*place[:4], day, is_open, bool(place[5]), _counts(booked, others), _groups(seen))


def _place(activity_id: int, day: date, scope: Scope) -> Any:
    wanted = {"activity_id": activity_id, "day": day, "month": day.replace(day=1)}
    row = read(_PLACE, wanted).one_or_none()
    if row is None or (scope is not None and row[2] not in scope):
        raise NotFound
    return row


def _counts(booked: Sequence[Any], others: Sequence[Any]) -> Counts:
    marks = [row.mark for row in (*booked, *others)]
    accepted = [row for row in booked if row.state is BookingState.ACCEPTED]
    return Counts(
        len(accepted),
        marks.count(AttendanceMark.PRESENT),
        marks.count(AttendanceMark.ABSENT),
        sum(row.mark is None for row in accepted),
    )


def _seen(row: Any, groups: Mapping[int, str], file: ChildFile) -> Seen:
    state = getattr(row, "state", None)
    return Seen(
        row.child_id,
        row.first_name,
        row.last_name,
        groups.get(row.child_id) or (file.schooled.group if file.schooled else ""),
        row.presence,
        state is not None,
        state is BookingState.PENDING,
        bool(getattr(row, "told", False)),
        row.mark,
        row.marked_at,
        row.arrived_minute,
        row.left_minute,
        row.note or "",
        file.diet.declared_words if file.diet.is_declared else file.diet.words,
        file.has_health or file.health_declared,
        tuple(
            f"{line.person.first_name} {line.person.last_name}" for line in file.people if line.may_collect
        ),
    )


WAITING, UNEXPECTED = "Demandes en attente de réponse", "Enfants non prévus"


def _groups(seen: Iterable[Seen]) -> tuple[Group, ...]:
    def title(one: Seen) -> tuple[int, str]:
        if not one.is_expected:
            return 2, UNEXPECTED
        return (1, WAITING) if one.is_pending else (0, one.group or "Sans classe")

    ordered = sorted(
        seen, key=lambda one: (*title(one), fold(one.last_name), fold(one.first_name), one.child_id)
    )
    return tuple(Group(key[1], tuple(own)) for key, own in groupby(ordered, key=title))


# --- An unexpected child ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A child who may be added; `detail` tells namesakes apart."""

    child_id: int
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Addition:
    """What the page of an unexpected child offers: where, the presences, the children."""

    activity_id: int
    activity: str
    facility: str
    day: date
    presences: tuple[tuple[int, str], ...]
    candidates: tuple[Candidate, ...]


_PRESENCES = (
    select(PresenceType.id, PresenceType.name)
    .where(PresenceType.activity_id == bindparam("activity_id"), PresenceType.is_active)
    .order_by(PresenceType.position, PresenceType.name)
)
_ENROLLED = (
    select(Child.id, Child.first_name, Child.last_name, Child.birth_date)
    .where(
        Child.merged_into_id.is_(None),
        exists()
        .where(
            Enrolment.child_id == Child.id,
            Enrolment.facility_id == bindparam("facility_id"),
            Enrolment.first_day <= bindparam("day"),
            Enrolment.last_day >= bindparam("day"),
        )
        .correlate(Child),
        ~exists()
        .where(
            Booking.opening_id == bindparam("opening_id"),
            Booking.child_id == Child.id,
            Booking.state.in_(EXPECTED_STATES),
        )
        .correlate(Child),
        ~exists()
        .where(Attendance.opening_id == bindparam("opening_id"), Attendance.child_id == Child.id)
        .correlate(Child),
    )
    .order_by(Child.last_name, Child.first_name, Child.id)
)


def addition(activity_id: int, day: date, text: str, *, scope: Scope) -> Addition:
    """The children enrolled in the structure who are not on the list, those whose names hold every word of
    `text` when there is one; with it, an agent of no structure in particular finds every child of the town.
    Four statements at most. Raises NotFound.
    """
    place = _place(activity_id, day, scope)
    presences = db.session.execute(_PRESENCES, {"activity_id": activity_id}).all()
    enrolled = db.session.execute(
        _ENROLLED, {"facility_id": place[2], "day": day, "opening_id": place[4]}
    ).all()
    words = fold(text).split()
    found = {
        row.id: Candidate(row.id, f"{row.last_name} {row.first_name}", f"{row.birth_date:%d/%m/%Y}")
        for row in enrolled
        if all(word in fold(f"{row.first_name} {row.last_name}") for word in words)
    }
    if words and scope is None:
        for one in children(text, without=0):
            found.setdefault(
                one.person_id,
                Candidate(one.person_id, f"{one.last_name} {one.first_name}", ", ".join(one.files)),
            )
    candidates = tuple(found.values())[:MOST_CANDIDATES]
    return Addition(
        place[0], place[1], place[3], day, tuple((row.id, row.name) for row in presences), candidates
    )
