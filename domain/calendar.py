"""Days, weeks, months and school years of a town.

Instants are aware datetimes; the wall clock is Europe/Paris (S119).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import BusinessError

PARIS = ZoneInfo("Europe/Paris")
ONE_DAY = timedelta(days=1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
WORKING_WEEK = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)
FOUR_DAY_SCHOOL_WEEK = frozenset({MONDAY, TUESDAY, THURSDAY, FRIDAY})
_DATE_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class SchoolHoliday:
    """A school holiday: its first and its last day without school."""

    first_day: date
    last_day: date
    label: str


@dataclass(frozen=True, slots=True)
class TownCalendar:
    """What the calendar of one town says of a day (R10).

    `public_holidays` maps a day to its label, `office_closed` holds the days on which the town hall is closed
    beyond week-ends, `school_weekdays` the weekdays (0 = Monday) with school in an ordinary week.
    """

    public_holidays: Mapping[date, str]
    school_holidays: tuple[SchoolHoliday, ...]
    office_closed: frozenset[date] = frozenset()
    school_weekdays: frozenset[int] = FOUR_DAY_SCHOOL_WEEK
    _school_holiday_labels: dict[date, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A deadline asks this question for every day it steps over: one look-up, not a scan of the periods.
        labels = {day: period.label for period in self.school_holidays for day in _days_of(period)}
        object.__setattr__(self, "_school_holiday_labels", labels)

    def public_holiday(self, day: date) -> str | None:
        """Label of the public holiday, or None."""
        return self.public_holidays.get(day)

    def school_holiday(self, day: date) -> str | None:
        """Label of the school holiday, or None."""
        return self._school_holiday_labels.get(day)

    def is_school_day(self, day: date, weekdays: frozenset[int] | None = None) -> bool:
        """True on a school weekday that is neither a public holiday nor in a school holiday."""
        if day.weekday() not in (self.school_weekdays if weekdays is None else weekdays):
            return False
        return self.public_holiday(day) is None and self.school_holiday(day) is None


def _days_of(period: SchoolHoliday) -> Iterable[date]:
    return (
        period.first_day + timedelta(days=offset)
        for offset in range((period.last_day - period.first_day).days + 1)
    )


def paris_now(moment: datetime) -> datetime:
    """The same instant on the Paris wall clock.

    Two such values must not be compared: Python compares their wall clocks, which is wrong in the hour of
    October that exists twice. Compare `as_utc` values.
    """
    return _aware(moment).astimezone(PARIS)


def midday(day: date) -> datetime:
    """The instant of a day known without its hour: noon in Paris."""
    return datetime.combine(day, time(12), PARIS)


def as_utc(moment: datetime) -> datetime:
    """The same instant in UTC, the only form in which instants are compared."""
    return _aware(moment).astimezone(UTC)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an aware datetime is needed")
    return moment


def month_weeks(year: int, month: int) -> tuple[tuple[date, ...], ...]:
    """The weeks, Monday to Sunday, that hold a day of the month (S78), its neighbours included."""
    first = date(year, month, 1)
    monday = first - timedelta(days=first.weekday())
    next_year, next_month = add_months(year, month, 1)
    weeks = []
    while monday < date(next_year, next_month, 1):
        weeks.append(tuple(monday + timedelta(days=offset) for offset in range(7)))
        monday += timedelta(days=7)
    return tuple(weeks)


def open_weekdays(dates: Iterable[date]) -> tuple[int, ...]:
    """Weekdays that get a column: Monday to Friday, and a week-end day when one of `dates` falls on it."""
    return tuple(sorted({*WORKING_WEEK, *(day.weekday() for day in dates)}))


def school_year(day: date) -> tuple[date, date]:
    """First and last day of the school year around `day`: 1 September to 31 August."""
    start = day.year if day.month >= 9 else day.year - 1
    return date(start, 9, 1), date(start + 1, 8, 31)


def week_days(day: date) -> tuple[date, ...]:
    """The seven days of the week of a day, from Monday."""
    monday = day - day.weekday() * ONE_DAY
    return tuple(monday + number * ONE_DAY for number in range(7))


def add_months(year: int, month: int, count: int) -> tuple[int, int]:
    """(year, month) `count` months later, or earlier when negative."""
    years, index = divmod(month - 1 + count, 12)
    return year + years, index + 1


def month_slug(year: int, month: int) -> str:
    """« 2027-02 », the form that addresses carry (S84)."""
    return f"{year:04d}-{month:02d}"


def parse_day(text: str) -> date | None:
    """« 15/03/2027 », « 2027-03-15 », as spreadsheets write them; None for what is no day."""
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
    return None


def parse_month(text: str) -> tuple[int, int]:
    """(2027, 2) from « 2027-02 »; a BusinessError with code `bad_month` for anything else."""
    match = _MONTH.fullmatch(text)
    if match:
        year, month = int(match[1]), int(match[2])
        if _FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12:
            return year, month
    raise BusinessError(
        "bad_month",
        "Ce mois n’existe pas. Choisissez un mois du calendrier, par exemple 2027-02.",
    )
