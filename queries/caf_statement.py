"""What was booked and attended in a period, as the statement for the CAF and the MSA counts it (R49)."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select

from domain.caf_statement import (
    HOLIDAY_NATURES,
    OLDER,
    Brackets,
    Key,
    Nature,
    Slot,
    Statement,
    Stay,
    age_on,
    statement,
    written_brackets,
)
from domain.enums import AttendanceMark, BookingState
from domain.workflow import EXPECTED_STATES
from models import (
    Activity,
    Attendance,
    Booking,
    Child,
    Facility,
    Household,
    PresenceType,
    QuotientFamilial,
    RulebookVersion,
)
from queries.calendar import town_calendar
from queries.reading import among, read


@dataclass(frozen=True, slots=True)
class Asked:
    """Structures, a period (both days included), `in_holidays` None for every day, and brackets."""

    facility_ids: tuple[int, ...]
    first: date
    last: date
    in_holidays: bool | None
    brackets: Brackets


@dataclass(frozen=True, slots=True)
class Person:
    """A child of the statement."""

    first_name: str
    last_name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class Counted:
    """The statement, and who its children are."""

    statement: Statement
    slots: dict[int, Slot]
    children: dict[int, Person]


@dataclass(frozen=True, slots=True)
class Place:
    """A structure that may be chosen."""

    facility_id: int
    name: str


_SPAN = (bindparam("first"), bindparam("last"))
_BOOKED = (
    select(
        Booking.child_id,
        Booking.opening_id,
        Booking.household_id,
        Booking.day,
        Booking.presence_type_id,
        Booking.state,
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .where(
        Booking.day.between(*_SPAN),
        Booking.state.in_(EXPECTED_STATES),
        among(Activity.facility_id, "facilities"),
    )
)
_MARKED = (
    select(
        Attendance.child_id,
        Attendance.opening_id,
        Attendance.household_id,
        Attendance.day,
        Attendance.presence_type_id,
        Attendance.mark,
    )
    .join(Activity, Activity.id == Attendance.activity_id)
    .where(Attendance.day.between(*_SPAN), among(Activity.facility_id, "facilities"))
)
_SLOTS = (
    select(
        PresenceType.id,
        Activity.id,
        Activity.name,
        Facility.name,
        Activity.kind,
        Activity.is_declared,
        PresenceType.name,
        PresenceType.parts,
        PresenceType.ends_minute - PresenceType.starts_minute,
    )
    .join(Activity, Activity.id == PresenceType.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(among(Facility.id, "facilities"))
    .order_by(Facility.position, Facility.name, Activity.position, PresenceType.position)
)
_CHILDREN = select(Child.id, Child.first_name, Child.last_name, Child.birth_date)
_FUNDS = select(Household.id, Household.social_fund)
_QUOTIENTS = (
    select(
        QuotientFamilial.household_id,
        QuotientFamilial.valid_from,
        QuotientFamilial.valid_to,
        QuotientFamilial.value_hundredths,
    )
    .where(
        QuotientFamilial.valid_from <= bindparam("last"),
        (QuotientFamilial.valid_to.is_(None)) | (QuotientFamilial.valid_to >= bindparam("first")),
    )
    .order_by(QuotientFamilial.valid_from, QuotientFamilial.id)
)


class _Quotients:
    """The quotient of a household on a day: the last one that began, unless it has ended."""

    def __init__(self, span: dict[str, date]) -> None:
        self._rows = defaultdict(list)
        for household_id, *row in read(_QUOTIENTS, span):
            self._rows[household_id].append(tuple(row))

    def on(self, household_id: int, day: date) -> int | None:
        rows = self._rows.get(household_id, [])
        at = bisect_right(rows, day, key=lambda row: row[0]) - 1
        if at < 0 or (rows[at][1] is not None and rows[at][1] < day):
            return None
        return rows[at][2]


_PLACES = select(Facility.id, Facility.name).order_by(Facility.position, Facility.name)
_RULES = (
    select(RulebookVersion.tree)
    .where(RulebookVersion.valid_from <= bindparam("day"))
    .order_by(RulebookVersion.valid_from.desc())
    .limit(1)
)


def places(scope: Collection[int] | None) -> tuple[Place, ...]:
    """The structures of an agent, those of former days too: their hours were declared."""
    return tuple(Place(*row) for row in read(_PLACES, {}) if scope is None or row.id in scope)


def town_brackets(day: date) -> Brackets:
    """Those of the règlement that is in force on a day, or was last."""
    tree = read(_RULES, {"day": day}).scalar_one_or_none()
    return Brackets() if tree is None else written_brackets(tree)


def counted(asked: Asked, today: date) -> Counted:
    """The statement of the structures that were asked for. Ten statements, whatever the town."""
    span = {"first": asked.first, "last": asked.last}
    places = {"facilities": asked.facility_ids}
    slots = {slot_id: Slot(*row) for slot_id, *row in read(_SLOTS, places)}
    children = {child_id: Person(*row) for child_id, *row in read(_CHILDREN, {})}
    funds = dict(read(_FUNDS, {}).all())
    quotients = _Quotients(span)

    def name(stay: Stay, nature: Nature) -> Key:
        is_older = age_on(children[stay.child_id].birth_date, stay.day) >= OLDER
        bracket = asked.brackets.rank(quotients.on(stay.household_id, stay.day))
        return Key(nature, is_older, funds[stay.household_id], bracket)

    calendar = town_calendar(asked.first, asked.last)
    natures = None
    if asked.in_holidays is not None:
        natures = HOLIDAY_NATURES if asked.in_holidays else frozenset(Nature) - HOLIDAY_NATURES
    found = statement(_stays(span | places), slots, calendar, today, name, natures)
    return Counted(found, slots, children)


def _stays(wanted: dict[str, date | Collection[int]]) -> Iterator[Stay]:
    """What was booked joined to what was seen of the same child on the same opening."""
    seen = {(row.child_id, row.opening_id): row for row in read(_MARKED, wanted)}
    for child_id, opening_id, household_id, day, slot_id, state in read(_BOOKED, wanted):
        mark = seen.get((child_id, opening_id))
        if mark is not None and mark.presence_type_id == slot_id:
            del seen[child_id, opening_id]
        is_booked = state == BookingState.ACCEPTED
        is_present = None
        if mark is not None:
            is_present = mark.mark == AttendanceMark.PRESENT and mark.presence_type_id == slot_id
        yield Stay(child_id, household_id, day, slot_id, is_booked, not is_booked, is_present)
    for child_id, _, household_id, day, slot_id, mark in seen.values():
        if mark == AttendanceMark.PRESENT:
            yield Stay(child_id, household_id, day, slot_id, False, False, True)
