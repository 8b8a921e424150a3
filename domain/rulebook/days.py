"""Which days a delay counts (P1), and whether a limit is itself in time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.calendar import ONE_DAY, as_utc
from domain.rulebook.almanac import Almanac
from domain.rulebook.facts import Context
from domain.rulebook.trace import Unanswered

_HORIZON_DAYS = 1500


class Base(StrEnum):
    ALL = "tous"
    MON_FRI = "lundi_vendredi"
    MON_SAT = "lundi_samedi"
    SCHOOL = "ecole"
    OPEN = "ouverture"
    OFFICE = "mairie"


class Compare(StrEnum):
    """Whether the limit itself is in time; `MINUTE` keeps its whole minute (23:59:59 for 23:59)."""

    UNTIL = "incluse"
    BEFORE = "exclue"
    MINUTE = "minute_incluse"

    def in_time(self, now: datetime, limit: datetime) -> bool:
        now = as_utc(now)
        if self is Compare.BEFORE:
            return now < limit
        if self is Compare.MINUTE:
            now = now.replace(second=0, microsecond=0)
        return now <= limit


@dataclass(frozen=True, slots=True)
class Days:
    """The days that a delay counts; both booleans are mandatory."""

    base: Base
    minus_public_holidays: bool
    minus_school_holidays: bool
    weekdays: frozenset[int] | None = None
    extra_closed: frozenset[date] = frozenset()

    def holds(self, day: date, almanac: Almanac, open_days: Collection[date] | None) -> bool:
        return (
            self._in_base(day, almanac, open_days)
            and (self.weekdays is None or day.weekday() in self.weekdays)
            and not (self.minus_public_holidays and almanac.is_public_holiday(day))
            and not (self.minus_school_holidays and almanac.is_school_holiday(day))
            and day not in self.extra_closed
        )

    def _in_base(self, day: date, almanac: Almanac, open_days: Collection[date] | None) -> bool:
        match self.base:
            case Base.ALL:
                return True
            case Base.MON_FRI:
                return day.weekday() < 5
            case Base.MON_SAT:
                return day.weekday() < 6
            case Base.SCHOOL:
                return almanac.is_school_weekday(day)
            case Base.OFFICE:
                return almanac.is_office_open(day)
        if open_days is None:
            raise Unanswered("La règle compte les jours d’ouverture de l’activité, qui ne sont pas déclarés.")
        return day in open_days


def walk(day: date, n: int, days: Days, context: Context, open_days: Collection[date] | None = None) -> date:
    """The n-th day of `days` strictly after `day`, strictly before it when `n` is negative; `day` for 0.

    Raises Unanswered when the calendar does not hold enough of them.
    """
    way, left, current = (ONE_DAY if n > 0 else -ONE_DAY), abs(n), day
    for _ in range(_HORIZON_DAYS):
        if left == 0:
            return current
        current += way
        left -= days.holds(current, context.calendar, open_days)
    raise Unanswered(f"Le calendrier ne suffit pas à compter {abs(n)} jour(s) à partir du {day.isoformat()}.")


def count_back(day: date, n: int, days: Days, context: Context, open_days: Collection[date] | None) -> date:
    """The n-th day of `days` strictly before `day`, `day` itself for 0."""
    return walk(day, -n, days, context, open_days)
