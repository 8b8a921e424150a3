"""Times of the Paris clock as limits write them, and the two limits that are no moment at all."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from domain.calendar import PARIS
from domain.errors import RuleError

FOREVER = datetime.max.replace(tzinfo=UTC)
NEVER_EVER = datetime.min.replace(tzinfo=UTC)
MINUTES_A_DAY = 24 * 60
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of the Paris clock in minutes since midnight; 1440 (24:00) is the end of the day."""

    minutes: int

    @classmethod
    def parse(cls, text: str) -> "ClockTime":
        """From « 08:30 »; RuleError `bad_time` otherwise."""
        match = _CLOCK.fullmatch(text)
        if match:
            hours, minutes = int(match[1]), int(match[2])
            if minutes < 60 and hours * 60 + minutes <= MINUTES_A_DAY:
                return cls(hours * 60 + minutes)
        raise RuleError("bad_time", "une heure entre 00:00 et 24:00 est attendue, par exemple 08:30.")

    def __str__(self) -> str:
        return f"{self.minutes // 60:02d}:{self.minutes % 60:02d}"

    def on(self, day: date) -> datetime:
        """The instant, in UTC; of two readings on the night of a clock change, the later one, and one hour
        later for the hour that does not exist: a doubt always serves the family."""
        return _instant(day, self.minutes)


@lru_cache(maxsize=4096)  # an agenda asks for the same few limits for every child, activity and action
def _instant(day: date, minutes: int) -> datetime:
    days, minutes = divmod(minutes, MINUTES_A_DAY)
    day += timedelta(days=days)
    local = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=PARIS)
    return max(local.astimezone(UTC), local.replace(fold=1).astimezone(UTC))
