"""Several days in one short French sentence, for recaps, receipts and mails."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from domain.french import (
    NBSP,
    enumerate_fr,
    format_short_day,
    month_name,
    plural,
    weekday_name,
    weekday_short,
)

MOST_NAMED = 8


def list_days(days: Iterable[date]) -> str:
    """« lun. 1er, jeu. 4 et lun. 8 février »; beyond 8 days « 40 jours, les lundis et jeudis, du … au … »."""
    ordered = sorted(set(days))
    return _summary(ordered) if len(ordered) > MOST_NAMED else name_days(ordered)


def name_days(days: Iterable[date]) -> str:
    """Every day by its name, the month said once: « lun. 1er et jeu. 4 février, lun. 1er mars »."""
    months = groupby(sorted(set(days)), key=lambda day: (day.year, day.month))
    return ", ".join(
        f"{enumerate_fr([_weekday_and_number(day) for day in found])}{NBSP}{month_name(month)}"
        for (_, month), found in months
    )


def number_days(days: Iterable[date]) -> str:
    """Every day by its number, the month said once: « 1er, 4 et 8 février, 1er mars »."""
    months = groupby(sorted(set(days)), key=lambda day: (day.year, day.month))
    return ", ".join(
        f"{enumerate_fr([_number(day) for day in found])}{NBSP}{month_name(month)}"
        for (_, month), found in months
    )


def _number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


def _weekday_and_number(day: date) -> str:
    return f"{weekday_short(day.weekday())}{NBSP}{_number(day)}"


def _summary(ordered: list[date]) -> str:
    weekdays = enumerate_fr(
        [f"{weekday_name(number)}s" for number in sorted({day.weekday() for day in ordered})]
    )
    first, last = format_short_day(ordered[0]), format_short_day(ordered[-1])
    return f"{plural(len(ordered), 'jour', 'jours')}, les {weekdays}, du {first} au {last}"
