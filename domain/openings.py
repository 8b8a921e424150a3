"""On which days of a stretch an activity opens, from a pattern of weekdays (S107)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.calendar import ONE_DAY, TownCalendar


class SchoolTime(StrEnum):
    """How a pattern follows the school holidays. Asked once, never stored."""

    ALWAYS = "always"
    OUTSIDE = "outside"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class OpeningPattern:
    """The weekdays (0 = Monday) on which an activity opens, and how it follows the calendar."""

    weekdays: frozenset[int]
    skip_public_holidays: bool
    school_time: SchoolTime

    def holds(self, day: date, calendar: TownCalendar) -> bool:
        if day.weekday() not in self.weekdays:
            return False
        if self.skip_public_holidays and calendar.public_holiday(day) is not None:
            return False
        if self.school_time is SchoolTime.ALWAYS:
            return True
        return (calendar.school_holiday(day) is not None) == (self.school_time is SchoolTime.ONLY)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    while first <= last:
        yield first
        first += ONE_DAY


def opening_days(pattern: OpeningPattern, first: date, last: date, calendar: TownCalendar) -> list[date]:
    """The days of the pattern from `first` to `last`, both included; `calendar` must cover them."""
    return [day for day in days_between(first, last) if pattern.holds(day, calendar)]
