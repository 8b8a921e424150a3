"""The periods that a town reports on: a month, a quarter, a calendar year."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from domain.calendar import ONE_DAY, add_months
from domain.french import month_title

_SLUG = re.compile(r"(20[0-9]{2})(?:-(?:T([1-4])|(0[1-9]|1[0-2])))?")
_ORDINALS = ("1er", "2e", "3e", "4e")


@dataclass(frozen=True, slots=True)
class ReportingPeriod:
    """Both days are included; `slug` is its name in addresses: « 2026 », « 2026-T4 », « 2026-11 »."""

    slug: str
    name: str
    first: date
    last: date


def read_period(slug: str) -> ReportingPeriod | None:
    """None for what names no period."""
    match = _SLUG.fullmatch(slug)
    if match is None:
        return None
    year = int(match[1])
    if match[2]:
        number = int(match[2])
        return _months(slug, f"{_ORDINALS[number - 1]} trimestre {year}", year, 3 * number - 2, 3)
    if match[3]:
        return _months(slug, month_title(year, int(match[3])), year, int(match[3]), 1)
    return _months(slug, f"Année {year}", year, 1, 12)


def _months(slug: str, name: str, year: int, month: int, count: int) -> ReportingPeriod:
    end = date(*add_months(year, month, count), 1)
    return ReportingPeriod(slug, name, date(year, month, 1), end - ONE_DAY)


def offered_periods(today: date) -> dict[str, tuple[ReportingPeriod, ...]]:
    """What may be chosen, the latest first, up to the end of next year: months and quarters of three years,
    years of five."""
    years = range(today.year + 1, today.year - 4, -1)
    slugs = {
        "Mois": [f"{year}-{month:02d}" for year in years[:3] for month in range(12, 0, -1)],
        "Trimestres": [f"{year}-T{number}" for year in years[:3] for number in (4, 3, 2, 1)],
        "Années": [str(year) for year in years],
    }
    return {kind: tuple(_known(named)) for kind, named in slugs.items()}


def _known(slugs: Iterable[str]) -> Iterator[ReportingPeriod]:
    for slug in slugs:
        period = read_period(slug)
        if period is not None:
            yield period
