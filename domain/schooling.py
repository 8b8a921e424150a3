"""School years and levels: what a pupil does the year after (R04)."""

import re
from collections.abc import Mapping
from datetime import date

from domain import calendar
from domain.enums import SchoolLevel

_LADDER = (
    SchoolLevel.TPS,
    SchoolLevel.PS,
    SchoolLevel.MS,
    SchoolLevel.GS,
    SchoolLevel.CP,
    SchoolLevel.CE1,
    SchoolLevel.CE2,
    SchoolLevel.CM1,
    SchoolLevel.CM2,
)
_NEXT: Mapping[SchoolLevel, SchoolLevel | None] = {
    **dict(zip(_LADDER, (*_LADDER[1:], None), strict=True)),
    SchoolLevel.ULIS: SchoolLevel.ULIS,
}


def next_level(level: SchoolLevel, *, is_held_back: bool = False) -> SchoolLevel | None:
    """The level of the year after; None when the pupil leaves school for the collège. A pupil of an ULIS
    class stays in it, for as long as the service does not say otherwise."""
    return level if is_held_back else _NEXT[level]


def school_year_of(day: date) -> int:
    """2026 for a day from 1 September 2026 to 31 August 2027."""
    return calendar.school_year(day)[0].year


def school_year_days(year: int) -> tuple[date, date]:
    """First and last day of the school year 2026 (2026-2027), both included."""
    return date(year, 9, 1), date(year + 1, 8, 31)


def school_year_words(year: int) -> str:
    """« 2026-2027 »."""
    return f"{year}-{year + 1}"


def propose_class(level: SchoolLevel | None, classes: Mapping[int, str]) -> int | None:
    """The id of the one class of next year whose name holds the level as a word (« CE1-CE2 B »), out of names
    by id; None when none does, or several."""
    if level is None:
        return None
    found = [number for number, name in classes.items() if level.value in re.split(r"\W+", name.upper())]
    return found[0] if len(found) == 1 else None
