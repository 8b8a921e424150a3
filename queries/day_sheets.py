"""« Consignes du jour »: the children expected in a structure on a day, and what those who look after them
must know: class, diet, who may fetch them, what their parents allow (S45 to S48, S52). No health here.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select

from domain.enums import BookingState
from domain.errors import NotFound
from domain.people import fold
from domain.workflow import PLACE_HOLDING_STATES
from extensions import db
from models import Absence, Activity, Booking, Child, ChildGroup, Enrolment, Facility, PresenceType
from queries.child_files import ChildFile, child_files

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
        Booking.state,
        Booking.activity_id,
        Activity.name.label("activity"),
        PresenceType.name.label("presence"),
        Child.first_name,
        Child.last_name,
        exists().where(Absence.booking_id == Booking.id).correlate(Booking).label("is_absent"),
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .join(Child, Child.id == Booking.child_id)
    .where(
        Activity.facility_id == bindparam("facility_id"),
        Booking.day == bindparam("day"),
        Booking.state.in_(PLACE_HOLDING_STATES - {BookingState.OFFERED}),
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


def facility_of(facility_id: int, scope: Scope) -> tuple[int, str]:
    """(id, name) of a structure that this agent may look at. One statement. Raises NotFound."""
    row = db.session.execute(_FACILITY, {"facility_id": facility_id}).one_or_none()
    if row is None or (scope is not None and row.id not in scope):
        raise NotFound
    return row.id, row.name


def day_sheet(
    facility_id: int, day: date, *, scope: Scope, now: datetime, activity_id: int | None = None
) -> DaySheet:
    """The sheet of a structure on a day; `activity_id` keeps the children of one activity. Ten statements.
    Raises NotFound for a structure out of sight.
    """
    place = facility_of(facility_id, scope)
    params = {"facility_id": facility_id, "day": day}
    rows = db.session.execute(_BOOKED, params).all()
    groups = {row.child_id: row.group_name for row in db.session.execute(_GROUPS, params)}
    files = child_files({row.child_id: [place] for row in rows}, day, now)
    wanted = {row.child_id for row in rows if activity_id in (None, row.activity_id)}
    own: dict[int, list[Any]] = {child_id: [] for child_id in files}
    for row in rows:
        own[row.child_id].append(row)
    children = [_child(own[child_id], groups, files[child_id]) for child_id in wanted]
    return DaySheet(
        *place,
        day,
        tuple(_activities(rows, files)),
        tuple(
            sorted(
                children,
                key=lambda one: (one.group, fold(one.last_name), fold(one.first_name), one.child_id),
            )
        ),
    )


def _child(mine: Sequence[Any], groups: Mapping[int, str], file: ChildFile) -> ExpectedChild:
    """A child by its bookings of the day."""
    child_id = mine[0].child_id
    group = file.schooled.group if file.schooled else ""
    return ExpectedChild(
        child_id,
        mine[0].first_name,
        mine[0].last_name,
        groups.get(child_id) or group,
        tuple(
            Presence(
                row.activity_id,
                row.activity,
                row.presence,
                row.state is BookingState.PENDING,
                row.is_absent,
            )
            for row in mine
        ),
        file,
    )


def _activities(rows: Iterable[Any], files: dict[int, ChildFile]) -> Iterable[ActivityCount]:
    by_activity: dict[int, list[Any]] = {}
    for row in rows:
        by_activity.setdefault(row.activity_id, []).append(row)
    for activity_id, mine in by_activity.items():
        come = [row for row in mine if not row.is_absent]
        diets = tuple(_diets(come, files))
        yield ActivityCount(activity_id, mine[0].activity, len(come), len(mine) - len(come), diets)


def _diets(rows: Iterable[Any], files: dict[int, ChildFile]) -> Iterable[DietCount]:
    """The accepted diets, the ordinary one first; a diet that is only declared counts nobody yet."""
    rows = list(rows)
    accepted = Counter(files[row.child_id].diet.name or ORDINARY for row in rows)
    declared: dict[str, list[str]] = {}
    for row in rows:
        diet = files[row.child_id].diet
        if diet.is_declared:
            asked = diet.name if diet.declared_name is None else diet.declared_name
            declared.setdefault(asked or ORDINARY, []).append(f"{row.first_name} {row.last_name}")
    for name in sorted({*accepted, *declared}, key=lambda one: (one != ORDINARY, fold(one))):
        yield DietCount(name, accepted[name], tuple(declared.get(name, ())))
