"""Which backups are kept (R55): every one of the last days, then one a week, then one a month.

The source is reference security 3.8: a mistake is often seen weeks after it was made.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta

DAYS, WEEKS, MONTHS = 7, 5, 12
ASIDE, ASIDE_DAYS = 3, 90  # copies put aside before an update or a restore


def kept(days: Collection[date], today: date) -> frozenset[date]:
    """The days of which the backup stays. The last one of all stays whatever its age."""
    if not days:
        return frozenset()
    recent = {day for day in days if (today - day).days < DAYS}
    weekly = _last_of({day for day in days if (today - day) < timedelta(weeks=WEEKS)}, _week)
    monthly = _last_of({day for day in days if _months_between(day, today) < MONTHS}, _month)
    return frozenset(recent | weekly | monthly | {max(days)})


def kept_aside(moments: Collection[datetime], now: datetime) -> frozenset[datetime]:
    """Of what was put aside before an update or a restore, what stays: all of the last days, then the last
    three until they are three months old, for what families had erased must not outlive the backups."""
    recent = {moment for moment in moments if now - moment < timedelta(days=DAYS)}
    last = sorted(moments)[-ASIDE:]
    return frozenset(recent | {one for one in last if now - one < timedelta(days=ASIDE_DAYS)})


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _months_between(day: date, today: date) -> int:
    return (today.year - day.year) * 12 + today.month - day.month


def _last_of(days: Collection[date], stretch) -> set[date]:
    """The last day of each stretch of time."""
    last: dict[tuple[int, int], date] = {}
    for day in sorted(days):
        last[stretch(day)] = day
    return set(last.values())
