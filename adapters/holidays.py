"""Public and school holidays of France, from the `holidays` library (R10).

Used once, to fill a town's calendar with rows that staff then edit: the planning is never computed
from the library. It weighs, so it is imported by the functions that need it.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from domain.enums import HolidayVariant, SchoolZone
from domain.errors import Refused

# The library's school holidays follow published arrêtés in between (the last one of 21 July 2026);
# after that it goes on with plausible dates that nobody decided.
FIRST_SCHOOL_YEAR = 2017
LAST_SCHOOL_YEAR_END = 2028

_ZONES = {SchoolZone.A: "Zone A", SchoolZone.B: "Zone B", SchoolZone.C: "Zone C"}
_ONE_DAY = timedelta(days=1)

Period = tuple[date, date, str]


def typographic(label: str) -> str:
    """A label with the apostrophe that French typography wants."""
    return label.replace("'", "’")


def public_holidays(variant: HolidayVariant, years: Iterable[int]) -> list[tuple[date, str]]:
    """(day, French label) of each public holiday of calendar `years`, in order.

    Good Friday in Alsace-Moselle only holds where a mixed temple stands: staff remove it elsewhere.
    """
    import holidays

    subdivision = None if variant is HolidayVariant.METROPOLE else variant.value
    days = holidays.country_holidays("FR", subdiv=subdivision, years=years, language="fr")
    return [(day, typographic(label)) for day, label in sorted(days.items())]


def school_holidays(zone: SchoolZone, first_year: int, last_year: int) -> list[Period]:
    """(first day, last day, French label) of each school holiday of zone A, B or C, in order.

    From September of `first_year` to August of `last_year`: (2025, 2028) is three school years.
    Both days are without school. The summer of the last published school year is cut on 31 August,
    because no text says yet when classes begin again.

    Raises Refused, with a sentence for staff, for another zone (import an ICS file) and for years
    without a published calendar; ValueError when the years are not in order.
    """
    if first_year >= last_year:
        raise ValueError(f"A school year begins before it ends: {first_year}-{last_year}")
    if zone not in _ZONES:
        raise Refused(
            "school_zone_unknown",
            "Les vacances de cette zone ne sont pas fournies\u00a0: "
            "importez le fichier ICS de l’Éducation nationale.",
        )
    if first_year < FIRST_SCHOOL_YEAR or last_year > LAST_SCHOOL_YEAR_END:
        raise Refused(
            "school_holidays_unpublished",
            f"Les vacances scolaires sont fixées de septembre {FIRST_SCHOOL_YEAR} "
            f"à août {LAST_SCHOOL_YEAR_END}. Au-delà, importez le fichier ICS de l’Éducation nationale "
            "ou saisissez les dates.",
        )
    start, end = date(first_year, 9, 1), date(last_year, 8, 31)
    return [
        (first_day, end if last_year == LAST_SCHOOL_YEAR_END and last_day > end else last_day, label)
        for first_day, last_day, label in _periods(_ZONES[zone], range(first_year, last_year + 1))
        if start <= first_day <= end
    ]


def _periods(subdivision: str, years: Iterable[int]) -> list[Period]:
    """The library's days, one entry a day, joined into periods."""
    import holidays

    days = holidays.country_holidays(
        "FR", subdiv=subdivision, years=years, categories="school", language="fr"
    )
    periods: list[Period] = []
    for day, name in sorted(days.items()):
        label = typographic(name)
        if periods and periods[-1][2] == label and periods[-1][1] + _ONE_DAY == day:
            periods[-1] = (periods[-1][0], day, label)
        else:
            periods.append((day, day, label))
    return periods
