"""A limit in French: « jusqu’au jeudi 14 janvier, 10 h », « avant le … » when that moment is too late."""

from datetime import date, datetime
from functools import lru_cache

from domain.calendar import ONE_DAY, paris_now
from domain.clock_time import FOREVER, NEVER_EVER
from domain.french import format_day, format_limit
from domain.rulebook.days import Compare


def said_limit(limit: datetime, compare: Compare) -> str:
    """« jusqu’au jeudi 14 janvier, 10 h », « sans limite », « jamais »."""
    if limit == FOREVER:
        return "sans limite"
    return "jamais" if limit == NEVER_EVER else until_words(limit, compare is Compare.BEFORE)


@lru_cache(maxsize=4096)  # an agenda says the same few limits again and again, always given in UTC
def until_words(limit: datetime, strictly: bool) -> str:
    """« jusqu’au … », « avant le … » when `strictly`, « jusqu’au jeudi 14 janvier inclus » at midnight."""
    last_day = _day_ended_by(limit)
    if last_day is not None:
        return f"jusqu’au {format_day(last_day)} inclus"
    return f"{'avant le' if strictly else 'jusqu’au'} {format_limit(limit)}"


def since_words(limit: datetime) -> str:
    """« jeudi 14 janvier, 10 h », « vendredi 15 janvier » at the midnight that begins it."""
    last_day = _day_ended_by(limit)
    return format_limit(limit) if last_day is None else format_day(last_day + ONE_DAY)


def _day_ended_by(limit: datetime) -> date | None:
    """The day that ends at `limit`; None when it is not midnight in Paris."""
    local = paris_now(limit)
    return local.date() - ONE_DAY if (local.hour, local.minute) == (0, 0) else None
