"""The town's holidays as staff edit them, and the openings that they concern (R10)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from domain import calendar as days
from domain.calendar import TownCalendar
from domain.enums import SchoolZone
from domain.errors import NotFound
from extensions import db
from models import Activity, Facility, Opening, PublicHoliday, SchoolHoliday
from queries import town


@dataclass(frozen=True, slots=True)
class HolidayRow:
    """A public holiday (one day) or a stretch of school holidays, both days included."""

    id: int
    first_day: date
    last_day: date
    label: str


@dataclass(frozen=True, slots=True)
class SchoolYearHolidays:
    """What the calendar says from 1 September `first_year` to 31 August of the next year."""

    first_year: int
    public: tuple[HolidayRow, ...]
    school: tuple[HolidayRow, ...]


@dataclass(frozen=True, slots=True)
class HolidayOpening:
    """A day still open that is a public holiday."""

    opening_id: int
    day: date
    label: str
    facility: str
    activity: str
    booked: int


@dataclass(frozen=True, slots=True)
class HolidayOpenings:
    """How many days of an activity are open during one school holiday, and how many children are booked."""

    activity_id: int
    first_day: date
    label: str
    facility: str
    activity: str
    days: int
    booked: int


def town_calendar(first: date, last: date) -> TownCalendar:
    """The town's calendar from `first` to `last`, in its school zone. Three statements."""
    public = db.session.execute(
        select(PublicHoliday.day, PublicHoliday.label).where(PublicHoliday.day.between(first, last))
    ).all()
    school = db.session.execute(
        select(SchoolHoliday.first_day, SchoolHoliday.last_day, SchoolHoliday.label).where(
            SchoolHoliday.zone == town.settings().school_zone,
            SchoolHoliday.first_day <= last,
            SchoolHoliday.last_day >= first,
        )
    ).all()
    return TownCalendar(
        {row.day: row.label for row in public},
        tuple(days.SchoolHoliday(row.first_day, row.last_day, row.label) for row in school),
    )


def school_years(first_year: int, last_year: int) -> tuple[SchoolYearHolidays, ...]:
    """Every holiday of the town's zone, by school year, from `first_year` to `last_year`; years beyond that
    range are added when a row falls there."""
    public = [
        HolidayRow(row.id, row.day, row.day, row.label)
        for row in db.session.scalars(select(PublicHoliday).order_by(PublicHoliday.day))
    ]
    school = [
        HolidayRow(row.id, row.first_day, row.last_day, row.label)
        for row in db.session.scalars(
            select(SchoolHoliday)
            .where(SchoolHoliday.zone == town.settings().school_zone)
            .order_by(SchoolHoliday.first_day)
        )
    ]
    starts = {_start_year(row) for row in [*public, *school]} | set(range(first_year, last_year))
    return tuple(
        SchoolYearHolidays(year, _of_year(public, year), _of_year(school, year)) for year in sorted(starts)
    )


def _start_year(row: HolidayRow) -> int:
    return days.school_year(row.first_day)[0].year


def _of_year(rows: Iterable[HolidayRow], year: int) -> tuple[HolidayRow, ...]:
    return tuple(row for row in rows if _start_year(row) == year)


def public_holiday(holiday_id: int) -> HolidayRow:
    """Raises NotFound."""
    row = db.session.get(PublicHoliday, holiday_id)
    if row is None:
        raise NotFound
    return HolidayRow(row.id, row.day, row.day, row.label)


def school_holiday(holiday_id: int) -> HolidayRow:
    """Raises NotFound."""
    row = db.session.get(SchoolHoliday, holiday_id)
    if row is None:
        raise NotFound
    return HolidayRow(row.id, row.first_day, row.last_day, row.label)


def overlapping(zone: SchoolZone, periods: Iterable[tuple[date, date, str]]) -> list[bool]:
    """For each (first day, last day, label), whether the town already has holidays on one of its days."""
    known = db.session.execute(
        select(SchoolHoliday.first_day, SchoolHoliday.last_day).where(SchoolHoliday.zone == zone)
    ).all()
    return [
        any(row.first_day <= last and first <= row.last_day for row in known) for first, last, _ in periods
    ]


def openings_on_public_holidays(today: date) -> tuple[HolidayOpening, ...]:
    """Days from `today` on that are open although they are public holidays, in order."""
    rows = db.session.execute(
        select(
            Opening.id,
            Opening.day,
            PublicHoliday.label,
            Facility.name.label("facility"),
            Activity.name.label("activity"),
            Opening.booked,
        )
        .join(PublicHoliday, PublicHoliday.day == Opening.day)
        .join(Activity, Activity.id == Opening.activity_id)
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Opening.day >= today, Opening.closed_reason.is_(None))
        .order_by(Opening.day, Facility.position, Activity.position, Opening.id)
    )
    return tuple(HolidayOpening(*row) for row in rows)


def openings_in_school_holidays(today: date) -> tuple[HolidayOpenings, ...]:
    """Activities open from `today` on during school holidays, holiday by holiday."""
    rows = db.session.execute(
        select(
            Activity.id,
            SchoolHoliday.first_day,
            SchoolHoliday.label,
            Facility.name.label("facility"),
            Activity.name.label("activity"),
            func.count(Opening.id),
            func.sum(Opening.booked),
        )
        .join(Opening, Opening.activity_id == Activity.id)
        .join(Facility, Facility.id == Activity.facility_id)
        .join(SchoolHoliday, Opening.day.between(SchoolHoliday.first_day, SchoolHoliday.last_day))
        .where(
            SchoolHoliday.zone == town.settings().school_zone,
            Opening.day >= today,
            Opening.closed_reason.is_(None),
        )
        .group_by(
            Activity.id,
            SchoolHoliday.first_day,
            SchoolHoliday.label,
            Facility.name,
            Facility.position,
            Activity.name,
            Activity.position,
        )
        .order_by(SchoolHoliday.first_day, Facility.position, Activity.position)
    )
    return tuple(HolidayOpenings(*row) for row in rows)
