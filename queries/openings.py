"""The open days of an activity: month by month, one by one, and what a pattern would open (S107)."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select

from domain.calendar import ONE_DAY, TownCalendar, add_months, month_slug, school_year
from domain.capacity import DayPart, limit_name
from domain.errors import NotFound, Refused
from domain.openings import OpeningPattern, SchoolTime, opening_days
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import (
    Activity,
    Booking,
    BookingPeriod,
    Child,
    ChildGroup,
    Facility,
    Guardian,
    Household,
    HouseholdGuardian,
    Opening,
    PlaceLimit,
    PresenceType,
)
from queries import calendar


@dataclass(frozen=True, slots=True)
class LimitRow:
    """The places of a group or of a part of the day (R11); `capacity` None where it has none of its own."""

    group_id: int | None
    part: int
    name: str
    capacity: int | None
    booked: int

    @property
    def is_full(self) -> bool:
        return self.capacity is not None and self.booked >= self.capacity


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """A day: places taken by pending and accepted bookings, children waiting, why it is closed."""

    id: int
    day: date
    capacity: int | None
    booked: int
    waiting: int
    closed_reason: str | None
    holiday: str | None
    limits: tuple[LimitRow, ...]

    @property
    def full(self) -> tuple[str, ...]:
        """The groups and parts of the day that have no place left."""
        return tuple(limit.name for limit in self.limits if limit.is_full)


@dataclass(frozen=True, slots=True)
class OpeningsMonth:
    """The open days of a month; `previous` and `following` are month slugs."""

    first_day: date
    rows: tuple[OpeningRow, ...]
    previous: str
    following: str
    booked: int
    waiting: int


@dataclass(frozen=True, slots=True)
class OpeningSheet:
    id: int
    activity_id: int
    activity_name: str
    facility_name: str
    day: date
    capacity: int | None
    booked: int
    waiting: int
    closed_reason: str | None


@dataclass(frozen=True, slots=True)
class ExpectedFamily:
    """A family with children booked or waiting on a day; `adults` are (name, phones) of those to call."""

    household_id: int
    name: str
    children: tuple[str, ...]
    adults: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class OpeningsPreview:
    """What a pattern gives over a period: every day of it, and those not open yet."""

    days: tuple[date, ...]
    new_days: tuple[date, ...]
    months: tuple[tuple[date, int], ...]

    @property
    def kept(self) -> int:
        return len(self.days) - len(self.new_days)


def month(activity_id: int, year: int, number: int) -> OpeningsMonth:
    """The open days of an activity in a month, the closed ones included."""
    first = date(year, number, 1)
    last = date(*add_months(year, number, 1), 1) - timedelta(days=1)
    known = calendar.town_calendar(first, last)
    limits = _limits(Opening.activity_id == activity_id, Opening.day.between(first, last))
    rows = tuple(
        OpeningRow(
            row.id,
            row.day,
            row.capacity,
            row.booked,
            row.waiting,
            row.closed_reason,
            known.public_holiday(row.day) or known.school_holiday(row.day),
            tuple(limits.get(row.id, ())),
        )
        for row in db.session.scalars(
            select(Opening)
            .where(Opening.activity_id == activity_id, Opening.day.between(first, last))
            .order_by(Opening.day)
        )
    )
    return OpeningsMonth(
        first,
        rows,
        month_slug(*add_months(year, number, -1)),
        month_slug(*add_months(year, number, 1)),
        sum(row.booked for row in rows),
        sum(row.waiting for row in rows),
    )


def _limits(*chosen: ColumnElement[bool]) -> dict[int, list[LimitRow]]:
    """The limits of these openings, by opening: the groups in their order, then the parts of the day."""
    rows = db.session.execute(
        select(
            PlaceLimit.opening_id,
            PlaceLimit.group_id,
            PlaceLimit.part,
            ChildGroup.name,
            PlaceLimit.capacity,
            PlaceLimit.booked,
        )
        .join(Opening, Opening.id == PlaceLimit.opening_id)
        .outerjoin(ChildGroup, ChildGroup.id == PlaceLimit.group_id)
        .where(*chosen)
        .order_by(PlaceLimit.group_id.is_(None), ChildGroup.position, ChildGroup.name, PlaceLimit.part)
    )
    found: dict[int, list[LimitRow]] = {}
    for opening_id, group_id, part, group, capacity, booked in rows:
        name = limit_name((group_id, part), {group_id: group})
        found.setdefault(opening_id, []).append(LimitRow(group_id, part, name, capacity, booked))
    return found


def limits_to_set(activity_id: int, opening_id: int | None, today: date) -> tuple[LimitRow, ...]:
    """What may have places of its own in an activity: each group of the facility, each part of the day when
    the presence types differ by it; with the places of `opening_id`, else of the next open day."""
    known = _limits(Opening.id == (opening_id or _next_opening(activity_id, today))).values()
    current = {(one.group_id, one.part): one for rows in known for one in rows}
    groups = db.session.execute(
        select(ChildGroup.id, ChildGroup.name)
        .join(Activity, Activity.facility_id == ChildGroup.facility_id)
        .where(Activity.id == activity_id, ChildGroup.is_active)
        .order_by(ChildGroup.position, ChildGroup.name)
    ).all()
    names = {row.id: row.name for row in groups}
    parts = db.session.scalars(
        select(PresenceType.parts).where(PresenceType.activity_id == activity_id, PresenceType.is_active)
    ).all()
    keys = [(row.id, 0) for row in groups]
    if len(set(parts)) > 1:
        keys += [(None, int(part)) for part in DayPart if any(part & one for one in parts)]
    others = [key for key in current if key not in keys]
    return tuple(
        current.get(key) or LimitRow(*key, limit_name(key, names), None, 0) for key in [*keys, *others]
    )


def _next_opening(activity_id: int, today: date) -> ColumnElement[int | None]:
    return (
        select(Opening.id)
        .where(Opening.activity_id == activity_id, Opening.day >= today)
        .order_by(Opening.day)
        .limit(1)
        .scalar_subquery()
    )


def nearest_month(activity_id: int, today: date) -> date:
    """First day of the month to show: that of the next open day, else of the last one, else of today."""
    following, last = db.session.execute(
        select(
            func.min(Opening.day).filter(Opening.day >= today),
            func.max(Opening.day),
        ).where(Opening.activity_id == activity_id)
    ).one()
    return (following or last or today).replace(day=1)


def opening(opening_id: int) -> OpeningSheet:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            Opening.id,
            Opening.activity_id,
            Activity.name.label("activity_name"),
            Facility.name.label("facility_name"),
            Opening.day,
            Opening.capacity,
            Opening.booked,
            Opening.waiting,
            Opening.closed_reason,
        )
        .join(Activity, Activity.id == Opening.activity_id)
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Opening.id == opening_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return OpeningSheet(*row)


def expected_families(opening_id: int) -> tuple[ExpectedFamily, ...]:
    """Whom to call before a day closes, by name. Two statements."""
    children: dict[tuple[str, int], list[str]] = {}
    for name, household_id, child in db.session.execute(
        select(Household.name, Household.id, Child.first_name)
        .select_from(Booking)
        .join(Household, Household.id == Booking.household_id)
        .join(Child, Child.id == Booking.child_id)
        .where(Booking.opening_id == opening_id, Booking.state.in_(ACTIVE_STATES))
        .order_by(Household.name, Household.id, Child.first_name, Child.id)
    ):
        children.setdefault((name, household_id), []).append(child)
    adults = _adults_to_call([household_id for _, household_id in children])
    return tuple(
        ExpectedFamily(household_id, name, tuple(firsts), tuple(adults.get(household_id, ())))
        for (name, household_id), firsts in children.items()
    )


def _adults_to_call(household_ids: list[int]) -> dict[int, list[tuple[str, tuple[str, ...]]]]:
    found: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
    for household_id, first_name, last_name, *phones in db.session.execute(
        select(
            HouseholdGuardian.household_id,
            Guardian.first_name,
            Guardian.last_name,
            Guardian.mobile_phone,
            Guardian.home_phone,
            Guardian.work_phone,
        )
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(HouseholdGuardian.household_id.in_(household_ids))
        .order_by(HouseholdGuardian.position, Guardian.id)
    ):
        known = tuple(phone for phone in phones if phone)
        found.setdefault(household_id, []).append((f"{first_name} {last_name}", known))
    return found


def preview(activity_id: int, period_id: int, pattern: OpeningPattern) -> OpeningsPreview:
    """The days that a pattern gives over a booking period.

    Raises NotFound for an unknown period, Refused `calendar_empty` when the pattern follows holidays and the
    calendar holds none of a school year of the period: all its days would open, holidays too.
    """
    period = db.session.get(BookingPeriod, period_id)
    if period is None:
        raise NotFound
    known = calendar.town_calendar(school_year(period.first_day)[0], school_year(period.last_day)[1])
    _refuse_empty_calendar(pattern, period, known)
    found = opening_days(pattern, period.first_day, period.last_day, known)
    open_already = set(db.session.scalars(select(Opening.day).where(Opening.activity_id == activity_id)))
    new_days = tuple(day for day in found if day not in open_already)
    months: dict[date, int] = {}
    for day in new_days:
        months[day.replace(day=1)] = months.get(day.replace(day=1), 0) + 1
    return OpeningsPreview(tuple(found), new_days, tuple(months.items()))


def _refuse_empty_calendar(pattern: OpeningPattern, period: BookingPeriod, known: TownCalendar) -> None:
    first, last = school_year(period.first_day)
    while first <= period.last_day:
        missing = []
        if pattern.skip_public_holidays and not any(first <= day <= last for day in known.public_holidays):
            missing.append("aucun jour férié")
        if pattern.school_time is not SchoolTime.ALWAYS and not any(
            one.first_day <= last and first <= one.last_day for one in known.school_holidays
        ):
            missing.append("aucunes vacances scolaires")
        if missing:
            raise Refused(
                "calendar_empty",
                f"Le calendrier n’est pas rempli\u00a0: il ne contient {' ni '.join(missing)} pour l’année "
                f"scolaire {first.year}-{last.year}. Remplissez-le d’abord, pour ne pas ouvrir ces jours-là.",
            )
        first, last = school_year(last + ONE_DAY)
