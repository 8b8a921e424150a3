"""The accepted bookings of a month with their prices: what a bill of that month will hold (R22)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Row, and_, bindparam, select

from domain.calendar import add_months
from domain.enums import BookingState, LineAction, LineState
from extensions import db
from models import Activity, Booking, BookingRequestLine, Facility, PresenceType
from queries.family import ChildCard, every_child_of

_SERVICES = (
    select(
        Booking.child_id,
        Booking.id,
        Booking.day,
        Booking.price_cents,
        Facility.name.label("facility"),
        Activity.name.label("activity"),
        PresenceType.name.label("presence"),
        BookingRequestLine.explanation,
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .outerjoin(
        BookingRequestLine,
        and_(
            BookingRequestLine.booking_id == Booking.id,
            BookingRequestLine.action == LineAction.BOOK,
            BookingRequestLine.state == LineState.ACCEPTED,
        ),
    )
    .where(
        Booking.household_id.in_(bindparam("households", expanding=True)),
        Booking.day.between(bindparam("first"), bindparam("last")),
        Booking.state == BookingState.ACCEPTED,
    )
    .order_by(Facility.name, Activity.position, Activity.id, Booking.day, Booking.id)
)


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """The days of one presence at one price; `unit_cents` is None while no tariff is published."""

    facility: str
    activity: str
    presence: str
    unit_cents: int | None
    explanation: tuple[str, ...]
    days: tuple[date, ...]

    @property
    def total_cents(self) -> int | None:
        return None if self.unit_cents is None else self.unit_cents * len(self.days)


@dataclass(frozen=True, slots=True)
class ChildServices:
    child: ChildCard
    lines: tuple[ServiceLine, ...]

    @property
    def total_cents(self) -> int:
        return sum(line.total_cents or 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class MonthServices:
    """A month, first day; children without an accepted booking are left out."""

    month: date
    children: tuple[ChildServices, ...]

    @property
    def total_cents(self) -> int:
        return sum(one.total_cents for one in self.children)

    @property
    def has_unpriced_lines(self) -> bool:
        return any(line.unit_cents is None for one in self.children for line in one.lines)


def month_services(household_ids: Sequence[int], year: int, number: int) -> MonthServices:
    """What the households booked and was accepted in a month. Two statements."""
    first = date(year, number, 1)
    last = date(*add_months(year, number, 1), 1) - timedelta(days=1)
    children = every_child_of(household_ids)
    rows = db.session.execute(_SERVICES, {"households": household_ids, "first": first, "last": last}).all()
    found = (
        ChildServices(child, _lines(row for row in rows if row.child_id == child.child_id))
        for child in children
    )
    return MonthServices(first, tuple(one for one in found if one.lines))


def _lines(rows: Iterable[Row]) -> tuple[ServiceLine, ...]:
    """Bookings gathered by presence and price; a booking counts once, however many lines tell of it."""
    days: dict[tuple, list[date]] = {}
    for row in {row.id: row for row in rows}.values():
        key = (row.facility, row.activity, row.presence, row.price_cents, tuple(row.explanation or ()))
        days.setdefault(key, []).append(row.day)
    return tuple(ServiceLine(*key, days=tuple(found)) for key, found in days.items())
