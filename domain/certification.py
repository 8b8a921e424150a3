"""« Je confirme que tout est exact »: asked again each year, from a day of the town's choice (R05).

A file that the service opened with the family since that day was true then: it is asked
for from the next one on.
"""

import re
from dataclasses import dataclass
from datetime import date

from domain.calendar import ONE_DAY
from domain.errors import Refused

_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})")
_ORDINARY_YEAR = 2027


@dataclass(frozen=True, slots=True)
class AnnualDay:
    """A day of every year: 1 September."""

    day: int
    month: int

    def __str__(self) -> str:
        return f"{self.day:02d}/{self.month:02d}"


def annual_day(text: str) -> AnnualDay:
    """« 01/09 » or « 1/9 ». Raises Refused `bad_day` for a day that some years do not have."""
    match = _DAY.fullmatch(text.strip())
    try:
        found = date(_ORDINARY_YEAR, int(match[2]), int(match[1])) if match else None
    except ValueError:
        found = None
    if found is None:
        raise Refused("bad_day", "Indiquez un jour et un mois de chaque année, par exemple 01/09.")
    return AnnualDay(found.day, found.month)


def season(today: date, asked_from: AnnualDay) -> tuple[date, date]:
    """The year of certification that holds a day: its first and its last day."""
    begins = date(today.year, asked_from.month, asked_from.day)
    year = today.year if begins <= today else today.year - 1
    following = date(year + 1, asked_from.month, asked_from.day)
    return date(year, asked_from.month, asked_from.day), following - ONE_DAY


def is_due(opened_on: date, certified_until: date | None, today: date, asked_from: AnnualDay) -> bool:
    """Whether the family has to confirm its file now. `certified_until`: last day of the last one."""
    if certified_until is not None and certified_until >= today:
        return False
    return opened_on < season(today, asked_from)[0]
