"""What changed for a day since the kitchen took its last count: booked, cancelled, absent (R30, R32).

An activity without a count looks back to the first minute of the day in Paris.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from domain.clock_time import ClockTime
from domain.enums import BookingState
from domain.workflow import EXPECTED_STATES
from models import Absence, Activity, Booking, BookingEvent, Child, MealCount
from queries.reading import read


class Happened(StrEnum):
    """What became of a child's day."""

    BOOKED = "réservé"
    CANCELLED = "annulé"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class LateEvent:
    """`at` is when it happened, `since` the count that did not know it (None: the morning itself)."""

    at: datetime
    child: str
    activity: str
    happened: Happened
    since: datetime | None


_COUNTED_AT = (
    select(func.max(MealCount.taken_at))
    .where(MealCount.kitchen_id == Activity.kitchen_id, MealCount.day == bindparam("day"))
    .correlate(Activity)
    .scalar_subquery()
)
_SINCE = func.coalesce(_COUNTED_AT, bindparam("midnight", type_=BookingEvent.at.type))
_CHANGED_AT = (
    select(func.max(BookingEvent.at))
    .where(BookingEvent.booking_id == Booking.id)
    .correlate(Booking)
    .scalar_subquery()
)
_STATE_BEFORE = (
    select(BookingEvent.state)
    .where(BookingEvent.booking_id == Booking.id, BookingEvent.at <= _SINCE)
    .order_by(BookingEvent.at.desc(), BookingEvent.id.desc())
    .limit(1)
    .correlate(Booking, Activity)
    .scalar_subquery()
)
_EVENTS = (
    select(
        Child.first_name,
        Child.last_name,
        Activity.name.label("activity"),
        Booking.state,
        Booking.created_at,
        Absence.declared_at,
        _COUNTED_AT.label("counted_at"),
        _SINCE.label("since"),
        _CHANGED_AT.label("changed_at"),
        _STATE_BEFORE.label("state_before"),
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Child, Child.id == Booking.child_id)
    .outerjoin(Absence, (Absence.booking_id == Booking.id) & ~Absence.is_observed)
    .where(
        Activity.facility_id == bindparam("facility_id"),
        Booking.day == bindparam("day"),
        or_(_CHANGED_AT > _SINCE, Booking.created_at > _SINCE, Absence.declared_at > _SINCE),
    )
)


def late_events(facility_id: int, day: date) -> tuple[LateEvent, ...]:
    """The last first. The caller has checked that the structure is in sight. One statement."""
    params = {"facility_id": facility_id, "day": day, "midnight": ClockTime(0).on(day)}
    found = [event for row in read(_EVENTS, params) for event in _events(row)]
    return tuple(sorted(found, key=lambda one: (one.at, one.child, one.activity), reverse=True))


def _events(row: Any) -> Iterator[LateEvent]:
    """What the count did not know of a booking: it came, it went, or the child stays away."""
    was = row.created_at <= row.since and row.state_before in (None, *EXPECTED_STATES)
    expected = row.state in EXPECTED_STATES
    at = row.changed_at or row.created_at
    if expected and not was:
        yield _event(row, at, Happened.BOOKED)
    elif was and not expected and row.state is BookingState.CANCELLED:
        yield _event(row, at, Happened.CANCELLED)
    if expected and row.declared_at is not None and row.declared_at > row.since:
        yield _event(row, row.declared_at, Happened.ABSENT)


def _event(row: Any, at: datetime, happened: Happened) -> LateEvent:
    return LateEvent(at, f"{row.last_name} {row.first_name}", row.activity, happened, row.counted_at)
