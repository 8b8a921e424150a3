"""The limit of a service day (P1, P2): which days a delay counts, and every form a limit may take.

Limits are instants in UTC, computed on the Paris clock; of two readings in the night of a clock change the
later one holds. FOREVER and NEVER_EVER stand for no limit and no possibility.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from domain.calendar import ONE_DAY, add_months, paris_now
from domain.clock_time import FOREVER, NEVER_EVER, ClockTime
from domain.rulebook.clamping import clamped
from domain.rulebook.conditions import Condition
from domain.rulebook.days import Base, Compare, Days, count_back, walk
from domain.rulebook.facts import Context
from domain.rulebook.trace import Unanswered

_WEEK = timedelta(days=7)
_MIDNIGHT, _END_OF_DAY = ClockTime(0), ClockTime(24 * 60)
Place = tuple[date, ClockTime]


class Cutoff(Protocol):
    compare: Compare

    def limit(self, context: Context, open_days: Collection[date] | None) -> datetime:
        """The limit for the service day of `context`, in UTC."""


class OnDay:
    """A limit at a clock time of a day; each form says which in `place`."""

    __slots__ = ()

    def limit(self, context: Context, open_days: Collection[date] | None) -> datetime:
        day, time = self.place(context, open_days)
        return time.on(day)

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class DaysBefore(OnDay):
    path: str
    n: int
    days: Days
    time: ClockTime
    clear_days: bool
    compare: Compare

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        n = self.n + 1 if self.clear_days else self.n
        return count_back(context.service_day(self.path), n, self.days, context, open_days), self.time


@dataclass(frozen=True, slots=True)
class HoursBefore:
    """Hours before a clock time of the service day; days that do not count are skipped whole.

    True hours when every day counts. Else 24 hours are one counted day, and what is left is true hours.
    """

    path: str
    hours: int
    reference: ClockTime
    days: Days
    compare: Compare

    def limit(self, context: Context, open_days: Collection[date] | None) -> datetime:
        day = context.service_day(self.path)
        if self._counts_every_day():
            return self.reference.on(day) - timedelta(hours=self.hours)
        whole_days, hours = divmod(self.hours, 24)
        day = count_back(day, whole_days, self.days, context, open_days)
        moment, left = self.reference.on(day), timedelta(hours=hours)
        while left > (spent := moment - _MIDNIGHT.on(day)):
            left -= spent
            day = count_back(day, 1, self.days, context, open_days)
            moment = _END_OF_DAY.on(day)
        return moment - left

    def _counts_every_day(self) -> bool:
        return self.days == Days(Base.ALL, False, False)


@dataclass(frozen=True, slots=True)
class WeekdayEntry:
    weekdays: frozenset[int]
    day: int
    weeks_before: int
    time: ClockTime


@dataclass(frozen=True, slots=True)
class ByWeekday(OnDay):
    """Each service weekday has its own limit; a weekday left out has none and is refused."""

    path: str
    entries: tuple[WeekdayEntry, ...]
    compare: Compare

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        day = context.service_day(self.path)
        entry = next((entry for entry in self.entries if day.weekday() in entry.weekdays), None)
        if entry is None:
            raise Unanswered(f"{self.path} ne dit rien de ce jour de la semaine.")
        return _in_week(day, entry.day, entry.weeks_before, entry.time)


@dataclass(frozen=True, slots=True)
class InWeek(OnDay):
    """One limit for every service day of a week."""

    path: str
    day: int
    weeks_before: int
    time: ClockTime
    compare: Compare

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        return _in_week(context.service_day(self.path), self.day, self.weeks_before, self.time)


def _in_week(service_day: date, weekday: int, weeks_before: int, time: ClockTime) -> Place:
    monday = service_day - timedelta(days=service_day.weekday())
    return monday + timedelta(days=weekday) - weeks_before * _WEEK, time


@dataclass(frozen=True, slots=True)
class InMonth(OnDay):
    """One limit for every service day of a month; the day is clamped to the length of its month."""

    path: str
    day_of_month: int
    months_before: int
    time: ClockTime
    compare: Compare

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        service = context.service_day(self.path)
        month = add_months(service.year, service.month, -self.months_before)
        return clamped(*month, self.day_of_month), self.time


class Anchor(StrEnum):
    PERIOD = "debut_de_periode"
    HOLIDAY = "debut_des_vacances"
    NEXT_HOLIDAY = "debut_des_prochaines_vacances"
    MONTH = "debut_du_mois"
    WEEK = "debut_de_semaine"


@dataclass(frozen=True, slots=True)
class BeforePeriod(OnDay):
    """`n` days before the first day of what holds the service day: period, holiday, month, week."""

    path: str
    anchor: Anchor
    n: int
    days: Days
    time: ClockTime
    clear_days: bool
    compare: Compare

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        start = anchor_day(self.anchor, context, self.path)
        n = self.n + 1 if self.clear_days else self.n
        return count_back(start, n, self.days, context, open_days), self.time


def anchor_day(anchor: Anchor, context: Context, path: str) -> date:
    day, almanac = context.service_day(path), context.calendar
    if anchor is Anchor.MONTH:
        return day.replace(day=1)
    if anchor is Anchor.WEEK:
        return day - timedelta(days=day.weekday())
    if anchor is Anchor.PERIOD:
        name = almanac.period_of(day)
        found = None if name is None else almanac.periods[name].first_day
    elif anchor is Anchor.HOLIDAY:
        around = almanac.holiday_around(day)
        found = None if around is None else around[0]
    else:
        found = almanac.next_holiday_start(day)
    if found is None:
        raise Unanswered(f"{path} : le calendrier n’a pas de période ou de vacances pour ce jour.")
    return found


@dataclass(frozen=True, slots=True)
class TableDate:
    """An explicit limit; `month` (year, month) or `period` says for which service days."""

    month: tuple[int, int] | None
    period: str | None
    day: date
    time: ClockTime


@dataclass(frozen=True, slots=True)
class DateTable(OnDay):
    path: str
    dates: tuple[TableDate, ...]
    compare: Compare

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        day = context.service_day(self.path)
        for entry in self.dates:
            in_month = entry.month == (day.year, day.month)
            if in_month or (entry.period and day in context.calendar.periods[entry.period]):
                return entry.day, entry.time
        raise Unanswered(f"{self.path} n’a pas de date pour ce jour.")


@dataclass(frozen=True, slots=True)
class FixedMoment(OnDay):
    """One and the same limit, whatever the service day."""

    path: str
    day: date
    time: ClockTime
    compare: Compare

    def place(self, context: Context, open_days: Collection[date] | None) -> Place:
        return self.day, self.time


@dataclass(frozen=True, slots=True)
class Unlimited:
    """No limit, or (`never`) no possibility at all."""

    never: bool
    compare: Compare = Compare.UNTIL

    def limit(self, context: Context, open_days: Collection[date] | None) -> datetime:
        return NEVER_EVER if self.never else FOREVER


@dataclass(frozen=True, slots=True)
class Extreme:
    """The earliest, or the latest, of several limits; its comparison is that of the one chosen."""

    cutoffs: tuple[Cutoff, ...]
    latest: bool
    compare: Compare = Compare.UNTIL

    def limit(self, context: Context, open_days: Collection[date] | None) -> datetime:
        return self.chosen(context, open_days).limit(context, open_days)

    def chosen(self, context: Context, open_days: Collection[date] | None) -> Cutoff:
        pick = max if self.latest else min
        return pick(self.cutoffs, key=lambda cutoff: cutoff.limit(context, open_days))


@dataclass(frozen=True, slots=True)
class Override:
    when: Condition
    cutoff: Cutoff


class Closed(StrEnum):
    """What becomes of a limit that falls on a closed day."""

    KEEP = "garder"
    PREVIOUS = "jour_precedent"
    NEXT = "jour_suivant"


@dataclass(frozen=True, slots=True)
class Adapted:
    """A limit with exceptions (first that holds wins) and a way out when its day is closed."""

    cutoff: Cutoff
    overrides: tuple[Override, ...]
    closed: Closed
    open_set: Days | None
    compare: Compare = Compare.UNTIL

    def chosen(self, context: Context, open_days: Collection[date] | None) -> Cutoff:
        return next((one.cutoff for one in self.overrides if one.when.holds(context)), self.cutoff)

    def limit(self, context: Context, open_days: Collection[date] | None) -> datetime:
        """The limit of the first exception that holds, as it is written; else the limit, moved if closed."""
        chosen = self.chosen(context, open_days)
        limit = chosen.limit(context, open_days)
        stays = self.closed is Closed.KEEP or self.open_set is None or limit in (FOREVER, NEVER_EVER)
        if stays or chosen is not self.cutoff:
            return limit
        day, time = _place_of(chosen, limit, context, open_days)
        if not self.open_set.holds(day, context.calendar, open_days):
            way = -1 if self.closed is Closed.PREVIOUS else 1
            day = walk(day, way, self.open_set, context, open_days)
        return time.on(day)


def _place_of(cutoff: Cutoff, limit: datetime, context: Context, open_days: Collection[date] | None) -> Place:
    """The day to which a limit belongs: the one its form says, or, for an instant, the day that it ends."""
    while isinstance(cutoff, Extreme):
        cutoff = cutoff.chosen(context, open_days)
    if isinstance(cutoff, OnDay):
        return cutoff.place(context, open_days)
    local = paris_now(limit)
    day, minutes = local.date(), local.hour * 60 + local.minute
    return (day, ClockTime(minutes)) if minutes else (day - ONE_DAY, _END_OF_DAY)


def resolve(cutoff: Cutoff, context: Context, open_days: Collection[date] | None) -> tuple[datetime, Compare]:
    """The limit, and whether it is itself in time."""
    limit, chosen = cutoff.limit(context, open_days), cutoff
    while isinstance(chosen, Extreme | Adapted):
        chosen = chosen.chosen(context, open_days)
    return limit, chosen.compare
