"""« Consignes du jour »: the children expected in a structure on a day, and what those who look after them
must know: class, diet, who may fetch them, what their parents allow (S45 to S48, S52). No health here.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, false, func, literal, select

from domain.enums import AttendanceMark, BookingState
from domain.errors import NotFound
from domain.people import fold
from domain.workflow import EXPECTED_STATES
from models import (
    Absence,
    Activity,
    Attendance,
    Booking,
    Child,
    ChildGroup,
    Enrolment,
    Facility,
    Opening,
    PresenceType,
)
from queries.child_files import ChildFile, child_files
from queries.reading import read

ORDINARY = "Ordinaire"

Scope = Collection[int] | None


@dataclass(frozen=True, slots=True)
class Presence:
    """What a child does that day; `is_pending` while the service has not validated it, `is_absent` once its
    family said that it will not come."""

    activity_id: int
    activity: str
    presence: str
    is_pending: bool
    is_absent: bool


@dataclass(frozen=True, slots=True)
class ExpectedChild:
    child_id: int
    first_name: str
    last_name: str
    group: str
    household_id: int
    presences: tuple[Presence, ...]
    file: ChildFile


@dataclass(frozen=True, slots=True)
class DietCount:
    """`accepted` children have this diet; the families of `declared` ask it, not controlled yet (S45)."""

    diet: str
    accepted: int
    declared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActivityCount:
    """An activity of the day: how many children come, how many are absent, and the list for the kitchen."""

    activity_id: int
    name: str
    children: int
    absent: int
    diets: tuple[DietCount, ...]


@dataclass(frozen=True, slots=True)
class DaySheet:
    """`children` by class, then name; `activities` of the day in their order, whatever is chosen."""

    facility_id: int
    facility: str
    day: date
    activities: tuple[ActivityCount, ...]
    children: tuple[ExpectedChild, ...]

    @property
    def expected(self) -> int:
        """How many come to something, those who are absent from everything left out."""
        return sum(not all(one.is_absent for one in child.presences) for child in self.children)


_FACILITY = select(Facility.id, Facility.name).where(Facility.id == bindparam("facility_id"))
_BOOKED = (
    select(
        Booking.child_id,
        Child.first_name,
        Child.last_name,
        Booking.activity_id,
        Activity.name.label("activity"),
        PresenceType.name.label("presence"),
        Booking.state,
        exists().where(Absence.booking_id == Booking.id).correlate(Booking).label("is_absent"),
        Booking.household_id,
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .join(Child, Child.id == Booking.child_id)
    .where(
        Activity.facility_id == bindparam("facility_id"),
        Booking.day == bindparam("day"),
        Booking.state.in_(EXPECTED_STATES),
    )
    .order_by(Activity.position, Activity.name, Booking.id)
)
# The class stands with the enrolment in the whole structure: it comes last.
_GROUPS = (
    select(Enrolment.child_id, func.coalesce(ChildGroup.name, Enrolment.group_name).label("group_name"))
    .outerjoin(ChildGroup, ChildGroup.id == Enrolment.group_id)
    .where(
        Enrolment.facility_id == bindparam("facility_id"),
        Enrolment.first_day <= bindparam("day"),
        Enrolment.last_day >= bindparam("day"),
    )
    .order_by(Enrolment.activity_id.is_(None))
)


# Children whom nobody expected and whom the team marked present.
_UNEXPECTED = (
    select(
        Attendance.child_id,
        Child.first_name,
        Child.last_name,
        Attendance.activity_id,
        Activity.name.label("activity"),
        literal("non prévu").label("presence"),
        literal(BookingState.ACCEPTED, Booking.state.type).label("state"),
        false().label("is_absent"),
        Attendance.household_id,
    )
    .join(Activity, Activity.id == Attendance.activity_id)
    .join(Child, Child.id == Attendance.child_id)
    .where(
        Activity.facility_id == bindparam("facility_id"),
        Attendance.day == bindparam("day"),
        Attendance.mark == AttendanceMark.PRESENT,
        ~exists()
        .where(
            Booking.opening_id == Attendance.opening_id,
            Booking.child_id == Attendance.child_id,
            Booking.state.in_(EXPECTED_STATES),
        )
        .correlate(Attendance),
    )
    .order_by(Activity.position, Activity.name, Attendance.id)
)


def facility_of(facility_id: int, scope: Scope) -> tuple[int, str]:
    """(id, name) of a structure that this agent may look at. One statement. Raises NotFound."""
    row = read(_FACILITY, {"facility_id": facility_id}).one_or_none()
    if row is None or (scope is not None and row.id not in scope):
        raise NotFound
    return row.id, row.name


def groups_of(facility_id: int, day: date) -> dict[int, str]:
    """The class of each child enrolled in a structure, empty where none is known. One statement."""
    params = {"facility_id": facility_id, "day": day}
    return {row.child_id: row.group_name for row in read(_GROUPS, params)}


def day_sheet(
    facility_id: int,
    day: date,
    *,
    scope: Scope,
    now: datetime,
    activity_id: int | None = None,
    is_emergency: bool = False,
) -> DaySheet:
    """The sheet of a structure on a day; `activity_id` keeps the children of one activity. `is_emergency`:
    those who are there, the unexpected with them and without those who stay away. Ten statements, eleven
    then. Raises NotFound for a structure out of sight.
    """
    place = facility_of(facility_id, scope)
    params = {"facility_id": facility_id, "day": day}
    rows = read(_BOOKED, params).all()
    if is_emergency:
        rows = [row for row in (*rows, *read(_UNEXPECTED, params)) if not row.is_absent]
    groups = groups_of(facility_id, day)
    files = child_files({row.child_id: [place] for row in rows}, day, now)
    own: dict[int, list[Any]] = {child_id: [] for child_id in files}
    for row in rows:
        own[row.child_id].append(row)
    presence = cache(_presence)  # most children of a day do the same
    children = [
        _child(own[child_id], presence, groups.get(child_id), files[child_id])
        for child_id in {row.child_id for row in rows if activity_id in (None, row.activity_id)}
    ]
    children.sort(key=lambda one: (one.group, fold(one.last_name), fold(one.first_name), one.child_id))
    return DaySheet(*place, day, tuple(_activities(rows, files)), tuple(children))


@dataclass(frozen=True, slots=True)
class FacilityDay:
    """A structure open on a day; `activities` as (name, children who come), `absent` in all of them."""

    facility_id: int
    facility: str
    activities: tuple[tuple[str, int], ...]
    absent: int


_AWAY = exists().where(Absence.booking_id == Booking.id).correlate(Booking)
_OPEN = (
    select(
        Facility.id,
        Facility.name.label("facility"),
        Activity.name.label("activity"),
        func.count(Booking.id).label("children"),
        func.coalesce(func.sum(case((and_(Booking.id.is_not(None), _AWAY), 1), else_=0)), 0).label("absent"),
    )
    .select_from(Opening)
    .join(Activity, Activity.id == Opening.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .outerjoin(Booking, and_(Booking.opening_id == Opening.id, Booking.state.in_(EXPECTED_STATES)))
    .where(Opening.day == bindparam("day"))
    .group_by(Activity.id, Facility.id)
    .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
)


def facilities_of_day(day: date, scope: Scope) -> tuple[FacilityDay, ...]:
    """The structures in sight with an activity that day, in their order. One statement."""
    found: dict[int, list[Any]] = {}
    for row in read(_OPEN, {"day": day}):
        if scope is None or row.id in scope:
            found.setdefault(row.id, []).append(row)
    return tuple(
        FacilityDay(
            facility_id,
            rows[0].facility,
            tuple((row.activity, row.children - row.absent) for row in rows),
            sum(row.absent for row in rows),
        )
        for facility_id, rows in found.items()
    )


def _child(
    mine: Sequence[Any], presence: Callable[..., Presence], group: str | None, file: ChildFile
) -> ExpectedChild:
    """A child by its bookings of the day."""
    child_id, first_name, last_name = mine[0][:3]
    return ExpectedChild(
        child_id,
        first_name,
        last_name,
        group or (file.schooled.group if file.schooled else ""),
        mine[0].household_id,
        tuple([presence(*row[3:8]) for row in mine]),
        file,
    )


def _presence(
    activity_id: int, activity: str, presence: str, state: BookingState, is_absent: bool
) -> Presence:
    return Presence(activity_id, activity, presence, state is BookingState.PENDING, is_absent)


def _activities(rows: Iterable[Any], files: dict[int, ChildFile]) -> Iterable[ActivityCount]:
    by_activity: dict[int, list[Any]] = {}
    for row in rows:
        by_activity.setdefault(row.activity_id, []).append(row)
    for activity_id, mine in by_activity.items():
        come = [row for row in mine if not row.is_absent]
        diets = tuple(_diets(come, files))
        yield ActivityCount(activity_id, mine[0].activity, len(come), len(mine) - len(come), diets)


def _diets(rows: Sequence[Any], files: dict[int, ChildFile]) -> Iterable[DietCount]:
    """The accepted diets, the ordinary one first; a diet that is only declared counts nobody yet."""
    diets = [files[row.child_id].diet for row in rows]
    accepted = Counter([diet.name or ORDINARY for diet in diets])
    declared: dict[str, list[str]] = {}
    for row, diet in zip(rows, diets, strict=True):
        if diet.is_declared:
            asked = diet.name if diet.declared_name is None else diet.declared_name
            declared.setdefault(asked or ORDINARY, []).append(f"{row.first_name} {row.last_name}")
    for name in sorted({*accepted, *declared}, key=lambda one: (one != ORDINARY, fold(one))):
        yield DietCount(name, accepted[name], tuple(declared.get(name, ())))
