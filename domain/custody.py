"""In which of two households a child lives on a day: garde alternée (R02).

The rule, day by day, the first that answers wins:

1. an exception that covers the day says where the child is, first and last day included;
2. the calendar in force that day, first and last day included; before the first one nobody knows (None);
3. in a school holiday of at least `SHORTEST_SHARED` days, the split of the calendar: `summer_split` for
   one of more than `LONGEST_ORDINARY` days, `holiday_split` for the others. Both are counted from the
   first to the last day of the holiday, included. HALVES: the first half, which has the odd day, is the
   even household's when the holiday begins in an even year, the odd household's in an odd year; the second
   half is the other's. FORTNIGHTS: stretches of fourteen days from the first day, the first one given like
   the first half, then turn about; the last may be short. WEEKS: the ordinary weeks go on;
4. else the ordinary weeks: the child changes house on `handover_weekday`. From that day of an even ISO week
   (week 1 holds the first Thursday of January) it lives in the even household for seven days; of an odd
   week, in the odd one. Week 53 and the week 1 that follows are both odd: the child stays fourteen days.

After a holiday the ordinary weeks answer again at once, whatever the weekday.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from domain.calendar import ONE_DAY, SchoolHoliday
from domain.enums import CustodySplit

SHORTEST_SHARED = 7  # days: a bridge is not shared
LONGEST_ORDINARY = 28  # days: what is longer is the summer
FORTNIGHT = 14


@dataclass(frozen=True, slots=True)
class Calendar:
    """A custody calendar, in force between two days, both included; `valid_to` None while no end is known."""

    valid_from: date
    valid_to: date | None
    even_household_id: int
    odd_household_id: int
    handover_weekday: int
    holiday_split: CustodySplit
    summer_split: CustodySplit

    def is_in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """Days, both included, that the child spends in one household whatever the calendar says."""

    household_id: int
    first_day: date
    last_day: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """Where the child lives on a day, and in a few words why."""

    household_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Stay:
    """Days in a row, both included, in one household for one reason."""

    household_id: int
    first_day: date
    last_day: date
    why: str


@dataclass(frozen=True, slots=True)
class Custody:
    """Everything that is known of one child. Calendars do not overlap, nor do exceptions."""

    calendars: Sequence[Calendar]
    exceptions: Sequence[Exceptional]
    holidays: Sequence[SchoolHoliday]

    def home(self, day: date) -> Home | None:
        """Where the child lives on `day`; None when no calendar and no exception covers it."""
        exception = next((one for one in self.exceptions if one.first_day <= day <= one.last_day), None)
        if exception is not None:
            return Home(exception.household_id, exception.reason or "jours à part")
        calendar = next((one for one in self.calendars if one.is_in_force(day)), None)
        if calendar is None:
            return None
        return self._shared_holiday(calendar, day) or _ordinary_week(calendar, day)

    def stays(self, first: date, last: date) -> tuple[Stay, ...]:
        """The days between two days, both included, gathered by household and reason; unknown days are left
        out."""
        days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        found = []
        for home, group in groupby(days, key=self.home):
            if home is not None:
                own = list(group)
                found.append(Stay(home.household_id, own[0], own[-1], home.why))
        return tuple(found)

    def _shared_holiday(self, calendar: Calendar, day: date) -> Home | None:
        holiday = next((one for one in self.holidays if one.first_day <= day <= one.last_day), None)
        if holiday is None:
            return None
        length = (holiday.last_day - holiday.first_day).days + 1
        split = calendar.summer_split if length > LONGEST_ORDINARY else calendar.holiday_split
        if length < SHORTEST_SHARED or split is CustodySplit.WEEKS:
            return None
        part_length = FORTNIGHT if split is CustodySplit.FORTNIGHTS else (length + 1) // 2
        part = (day - holiday.first_day).days // part_length
        is_even = (holiday.first_day.year + part) % 2 == 0
        word = "quinzaine" if split is CustodySplit.FORTNIGHTS else "moitié"
        return Home(_household(calendar, is_even), f"{holiday.label}, {part + 1}{_suffix(part)} {word}")


def after(calendars: Iterable[Calendar], valid_from: date) -> date | None:
    """The last day of a new calendar that begins on `valid_from`: the eve of the next one, None without
    one."""
    later = [one.valid_from for one in calendars if one.valid_from > valid_from]
    return min(later) - ONE_DAY if later else None


def _ordinary_week(calendar: Calendar, day: date) -> Home:
    handover = day - timedelta(days=(day.weekday() - calendar.handover_weekday) % 7)
    number = handover.isocalendar().week
    is_even = number % 2 == 0
    return Home(_household(calendar, is_even), f"semaine {number}, {'paire' if is_even else 'impaire'}")


def _household(calendar: Calendar, is_even: bool) -> int:
    return calendar.even_household_id if is_even else calendar.odd_household_id


def _suffix(part: int) -> str:
    return "re" if part == 0 else "e"
