"""The first steps of the wizard: the draft that carries it, the child, the place, the month (S89 to S91)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Row, ScalarSelect, bindparam, exists, extract, func, or_, select

from domain.booking_window import BookingWindow
from domain.calendar import add_months
from domain.enums import BookingState, Channel
from domain.errors import NotFound
from extensions import UtcDateTime, db
from models import (
    Activity,
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingPeriod,
    BookingRequest,
    Child,
    Enrolment,
    Facility,
    Household,
    HouseholdChild,
    Opening,
    PresenceType,
)
from queries.custody import household_on
from queries.reading import read

_NOW = bindparam("now", type_=UtcDateTime)
_TODAY = bindparam("today")
_PERIOD_IS_OPEN = (BookingPeriod.opens_at <= _NOW) & or_(
    BookingPeriod.closes_at.is_(None),
    BookingPeriod.closes_at > _NOW,
    BookingPeriod.allotted_at.is_not(None),
)

# --- The draft ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """The wizard of one parent, or of an agent for a family, as it stands; `reference` once it was validated.

    `has_child` and `has_place` are false when a step is not done, or not right any more.
    """

    id: int
    key: str
    household_id: int
    household: str
    household_number: int
    child_id: int | None
    first_name: str | None
    facility_id: int | None
    facility: str | None
    month: date | None
    presence_type_id: int | None
    reference: str | None
    channel: Channel
    override_reason: str
    has_child: bool
    has_place: bool
    has_lines: bool


_HAS_CHILD = exists().where(
    HouseholdChild.child_id == BookingDraft.child_id,
    HouseholdChild.household_id == BookingDraft.household_id,
    HouseholdChild.is_restricted.is_(False),
)
_HAS_PLACE = exists().where(
    BookingDraft.month.is_not(None),
    Facility.is_active,
    Enrolment.child_id == BookingDraft.child_id,
    Enrolment.facility_id == BookingDraft.facility_id,
    Enrolment.last_day >= _TODAY,
    BookingPeriod.facility_id == Enrolment.facility_id,
    or_(BookingDraft.channel != Channel.PORTAL, _PERIOD_IS_OPEN),
    BookingPeriod.last_day >= _TODAY,
)
_DRAFT_COLUMNS = (
    BookingDraft.id,
    BookingDraft.key,
    BookingDraft.household_id,
    Household.name,
    Household.number,
    BookingDraft.child_id,
    Child.first_name,
    BookingDraft.facility_id,
    Facility.name,
    BookingDraft.month,
    BookingDraft.presence_type_id,
    BookingRequest.reference,
    BookingDraft.channel,
    BookingDraft.override_reason,
    _HAS_CHILD,
    _HAS_PLACE.correlate(BookingDraft, Facility),
    exists().where(BookingDraftLine.draft_id == BookingDraft.id),
)
_DRAFTS = (
    select(*_DRAFT_COLUMNS)
    .select_from(BookingDraft)
    .join(Household, Household.id == BookingDraft.household_id)
    .outerjoin(Child, Child.id == BookingDraft.child_id)
    .outerjoin(Facility, Facility.id == BookingDraft.facility_id)
    .outerjoin(BookingRequest, BookingRequest.draft_id == BookingDraft.id)
    .where(BookingDraft.user_id == bindparam("user_id"))
)
_DRAFT = _DRAFTS.where(BookingDraft.key == bindparam("key"))
_UNFINISHED = (
    _DRAFTS.where(
        BookingDraft.submitted_at.is_(None),
        BookingDraft.household_id.in_(bindparam("households", expanding=True)),
        exists().where(BookingDraftLine.draft_id == BookingDraft.id),
    )
    .order_by(BookingDraft.updated_at.desc())
    .limit(1)
)


def draft(user_id: int, household_ids: Sequence[int], key: str, now: datetime, today: date) -> Draft:
    """The draft of this address. Raises NotFound for another person's. One statement."""
    row = read(_DRAFT, {"user_id": user_id, "key": key, "now": now, "today": today}).first()
    if row is None or row.household_id not in household_ids:
        raise NotFound
    return Draft(*row)


def unfinished_draft(user_id: int, household_ids: Sequence[int], now: datetime, today: date) -> Draft | None:
    """The last draft with days for these households that this person did not validate, None without one. One
    statement."""
    wanted = {"user_id": user_id, "households": household_ids, "now": now, "today": today}
    row = read(_UNFINISHED, wanted).first()
    return None if row is None else Draft(*row)


_HOUSEHOLD_OF_CHILD = select(HouseholdChild.household_id).where(
    HouseholdChild.child_id == bindparam("child_id"),
    HouseholdChild.household_id.in_(bindparam("households", expanding=True)),
    HouseholdChild.is_restricted.is_(False),
)


def household_of(child_id: int, household_ids: Sequence[int], day: date | None = None) -> int:
    """The household, among these, in which the child lives on `day`; the first that holds it where no
    calendar tells them apart. Raises NotFound for somebody else's child."""
    found = set(db.session.scalars(_HOUSEHOLD_OF_CHILD, {"child_id": child_id, "households": household_ids}))
    if not found:
        raise NotFound
    if day is not None and len(found) > 1:
        home = household_on(child_id, [day])[day]
        if home in found:
            return home
    return next(household_id for household_id in household_ids if household_id in found)


def cents_of_month(household_id: ColumnElement[int]) -> ScalarSelect[int]:
    """What the accepted bookings of a household cost from the day `since`, up to `before` left out (R22)."""
    cents = func.sum(func.coalesce(Booking.due_cents, Booking.price_cents))
    return (
        select(func.coalesce(cents, 0))
        .where(
            Booking.state == BookingState.ACCEPTED,
            Booking.household_id == household_id,
            Booking.day >= bindparam("since"),
            Booking.day < bindparam("before"),
        )
        .correlate_except(Booking)
        .scalar_subquery()
    )


def month_of(day: date) -> dict[str, object]:
    """The month of a day as `cents_of_month` wants it."""
    return {"since": day.replace(day=1), "before": date(*add_months(day.year, day.month, 1), 1)}


_BOOKED_CENTS = select(cents_of_month(bindparam("booker")))


def booked_cents(household_id: int, month: date) -> int:
    """What the accepted bookings of a household cost in a month so far (R22). One statement."""
    return read(_BOOKED_CENTS, month_of(month) | {"booker": household_id}).scalar_one()


_FIRST_NAMES = (
    select(Child.id, Child.first_name)
    .join(HouseholdChild, HouseholdChild.child_id == Child.id)
    .where(
        HouseholdChild.household_id == bindparam("household_id"),
        HouseholdChild.is_restricted.is_(False),
        Child.id.in_(bindparam("children", expanding=True)),
    )
)


def first_names(child_ids: Sequence[int], household_id: int) -> dict[int, str]:
    """The first names of children of one household. Raises NotFound when one is not of the household."""
    wanted = {"household_id": household_id, "children": list(child_ids)}
    names = dict(map(tuple, read(_FIRST_NAMES, wanted)))
    if set(child_ids) - set(names):
        raise NotFound
    return names


_ACTIVE_TYPES = (
    select(PresenceType.id)
    .join(Activity, Activity.id == PresenceType.activity_id)
    .where(Activity.facility_id == bindparam("facility_id"), Activity.is_active, PresenceType.is_active)
)


def active_type_ids(facility_id: int) -> set[int]:
    """The presence types that can be booked in a facility."""
    return set(db.session.scalars(_ACTIVE_TYPES, {"facility_id": facility_id}))


# --- Step 2: establishments and months ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a facility. `note` says when it opens or closed; `months` are those one may choose now,
    `last_open_day` the last day on which something opens."""

    name: str
    first_day: date
    last_day: date
    note: str
    months: tuple[date, ...]
    last_open_day: date


@dataclass(frozen=True, slots=True)
class Place:
    """A facility in which the child is enrolled, with its periods to come."""

    facility_id: int
    name: str
    periods: tuple[Period, ...]

    @property
    def months(self) -> tuple[date, ...]:
        return tuple(sorted({month for period in self.periods for month in period.months}))

    def periods_of(self, month: date) -> tuple[str, ...]:
        """The periods that one may book in a month; none when the place has a single one for all months."""
        names = {period.name for period in self.periods if period.months}
        return tuple(period.name for period in self.periods if len(names) > 1 and month in period.months)


_YEAR, _MONTH = extract("year", Opening.day), extract("month", Opening.day)
_EVERY_PLACE = (
    select(
        Enrolment.child_id,
        Facility.id,
        Facility.name,
        BookingPeriod.id.label("period_id"),
        BookingPeriod.name.label("period"),
        BookingPeriod.first_day,
        BookingPeriod.last_day,
        BookingPeriod.opens_at,
        BookingPeriod.closes_at,
        BookingPeriod.places_mode,
        BookingPeriod.allotted_at,
        _YEAR.label("year"),
        _MONTH.label("month"),
        func.max(Opening.day).label("last_open_day"),
    )
    .select_from(Enrolment)
    .join(Facility, Facility.id == Enrolment.facility_id)
    .join(BookingPeriod, BookingPeriod.facility_id == Facility.id)
    .join(Opening, Opening.period_id == BookingPeriod.id)
    .join(Activity, Activity.id == Opening.activity_id)
    .where(
        Facility.is_active,
        Activity.is_active,
        Opening.day >= _TODAY,
        Opening.day.between(Enrolment.first_day, Enrolment.last_day),
    )
    .group_by(
        Enrolment.child_id,
        Facility.id,
        Facility.name,
        Facility.position,
        BookingPeriod.id,
        BookingPeriod.name,
        BookingPeriod.first_day,
        BookingPeriod.last_day,
        BookingPeriod.opens_at,
        BookingPeriod.closes_at,
        BookingPeriod.places_mode,
        BookingPeriod.allotted_at,
        _YEAR,
        _MONTH,
    )
    .order_by(
        Facility.position,
        Facility.name,
        Facility.id,
        BookingPeriod.first_day,
        BookingPeriod.id,
        _YEAR,
        _MONTH,
    )
)


_PLACES = _EVERY_PLACE.where(Enrolment.child_id == bindparam("child_id"))
_HOUSEHOLD_PLACES = _EVERY_PLACE.where(
    exists().where(
        HouseholdChild.child_id == Enrolment.child_id,
        HouseholdChild.household_id == bindparam("household_id"),
        HouseholdChild.is_restricted.is_(False),
    )
)


def places(child_id: int, now: datetime, today: date, channel: Channel = Channel.PORTAL) -> tuple[Place, ...]:
    """Where the child may be booked and when; a facility without a day to come is left out. One statement.

    An agent (`channel` is not the portal) may choose the months of a period that is not open (S116).
    """
    return _places(read(_PLACES, {"child_id": child_id, "today": today}), now, channel)


def places_of_household(
    household_id: int, now: datetime, today: date, channel: Channel = Channel.PORTAL
) -> dict[int, tuple[Place, ...]]:
    """The same for every child of a household that has a place. One statement."""
    rows: dict[int, list[Row]] = {}
    for row in read(_HOUSEHOLD_PLACES, {"household_id": household_id, "today": today}):
        rows.setdefault(row.child_id, []).append(row)
    return {child_id: _places(own, now, channel) for child_id, own in rows.items()}


def _places(rows: Iterable[Row], now: datetime, channel: Channel) -> tuple[Place, ...]:
    periods: dict[tuple[int, str], dict[int, list]] = {}
    for row in rows:
        periods.setdefault((row.id, row.name), {}).setdefault(row.period_id, []).append(row)
    return tuple(
        Place(facility_id, name, tuple(_period(rows, now, channel) for rows in found.values()))
        for (facility_id, name), found in periods.items()
    )


def only_choice(offered: Sequence[Place], wished: date | None) -> tuple[int, date] | None:
    """(facility, month) when one establishment alone can be booked: the wished month, else its first one."""
    bookable = [place for place in offered if place.months]
    if len(bookable) != 1:
        return None
    (place,) = bookable
    return place.facility_id, wished if wished in place.months else place.months[0]


def _period(rows: Sequence, now: datetime, channel: Channel) -> Period:
    first = rows[0]
    window = BookingWindow(first.opens_at, first.closes_at, first.places_mode, first.allotted_at)
    is_offered = window.is_open(now) or channel is not Channel.PORTAL
    days = (date(int(row.year), int(row.month), 1) for row in rows)
    months = tuple(days) if is_offered else ()
    last_open_day = max(row.last_open_day for row in rows)
    return Period(first.period, first.first_day, first.last_day, window.note(now), months, last_open_day)
