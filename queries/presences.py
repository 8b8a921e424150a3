"""When a child was there, as the team of each activity marked it: the certificate of presence (R44)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import bindparam, select

from domain.enums import AttendanceMark
from domain.errors import NotFound
from domain.french import NBSP, format_clock, plural
from models import Activity, Attendance, Facility, PresenceType
from queries.family import ChildCard, children_of
from queries.reading import read


@dataclass(frozen=True, slots=True)
class PresentDay:
    """A marked presence; minutes of the clock in Paris, None where the team noted no hour."""

    day: date
    activity: str
    facility: str
    presence: str
    arrived_minute: int | None
    left_minute: int | None

    @property
    def minutes(self) -> int | None:
        """How long the child was there, where both hours are known."""
        if self.arrived_minute is None or self.left_minute is None:
            return None
        return self.left_minute - self.arrived_minute

    @property
    def hours(self) -> str:
        """« de 8 h 30 à 17 h », what is known of it, empty for nothing."""
        arrived, left = (
            None if minute is None else format_clock(*divmod(minute, 60))
            for minute in (self.arrived_minute, self.left_minute)
        )
        if arrived and left:
            return f"de {arrived} à {left}"
        return f"arrivée à {arrived}" if arrived else f"départ à {left}" if left else ""


@dataclass(frozen=True, slots=True)
class Presences:
    """The presences of a child from one day to another, both included, in their order."""

    child: ChildCard
    first: date
    last: date
    present: tuple[PresentDay, ...]

    @property
    def days(self) -> int:
        return len({one.day for one in self.present})

    @property
    def minutes(self) -> int:
        """The hours that were noted."""
        return sum(one.minutes or 0 for one in self.present)

    @property
    def hours_note(self) -> str:
        """What the sum of the hours leaves out; empty when it leaves nothing out."""
        lacking = sum(one.minutes is None for one in self.present)
        if lacking and not self.minutes:
            return "Les heures de ces présences n’ont pas été notées."
        counted = plural(lacking, "présence notée", "présences notées")
        return f"{counted} sans les deux heures{NBSP}: hors du total des heures." if lacking else ""

    @property
    def months(self) -> tuple[tuple[date, tuple[PresentDay, ...]], ...]:
        """By month, named by its first day."""
        months = groupby(self.present, key=lambda one: one.day.replace(day=1))
        return tuple((month, tuple(found)) for month, found in months)


_PRESENT = (
    select(
        Attendance.day,
        Activity.name,
        Facility.name,
        PresenceType.name,
        Attendance.arrived_minute,
        Attendance.left_minute,
    )
    .join(Activity, Activity.id == Attendance.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .join(PresenceType, PresenceType.id == Attendance.presence_type_id)
    .where(
        Attendance.child_id == bindparam("child"),
        Attendance.household_id.in_(bindparam("households", expanding=True)),
        Attendance.mark == AttendanceMark.PRESENT,
        Attendance.day.between(bindparam("first"), bindparam("last")),
    )
    .order_by(Attendance.day, Activity.position, Attendance.id)
)


def presences(child_id: int, household_ids: Sequence[int], first: date, last: date) -> Presences:
    """What was marked of a child on the days of these households: those of its other home are not theirs to
    prove. Two statements. Raises NotFound for a child whose file they may not read."""
    child = next((card for card in children_of(household_ids) if card.child_id == child_id), None)
    if child is None:
        raise NotFound
    chosen = {"child": child_id, "households": household_ids, "first": first, "last": last}
    return Presences(child, first, last, tuple(PresentDay(*row) for row in read(_PRESENT, chosen)))
