"""The calendar of a made-up town in each school zone, typed from the published texts and counted by hand.

School holidays: arrêtés of 7 December 2022 (2023-2024 to 2025-2026) and 21 July 2026 (2026-2027). Public
holidays of metropolitan France, with the Sunday of Easter by Butcher's rule.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

FIRST_DAY, LAST_DAY = date(2023, 9, 4), date(2027, 7, 2)  # the service days: four school years
_KNOWN = (date(2023, 5, 22), date(2027, 9, 10))
WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

# First and last day without school.
_EVERYWHERE = """
2023-07-08 2023-09-03  2023-10-21 2023-11-05  2023-12-23 2024-01-07  2024-05-09 2024-05-12
2024-07-06 2024-09-01  2024-10-19 2024-11-03  2024-12-21 2025-01-05  2025-05-29 2025-06-01
2025-07-05 2025-08-31  2025-10-18 2025-11-02  2025-12-20 2026-01-04  2026-05-14 2026-05-17
2026-07-04 2026-08-31  2026-10-17 2026-11-01  2026-12-19 2027-01-03  2027-05-06 2027-05-09
2027-07-03 2027-09-01
"""
_BY_ZONE = {
    "zone_a": """
2024-02-17 2024-03-03  2024-04-13 2024-04-28  2025-02-22 2025-03-09  2025-04-19 2025-05-04
2026-02-07 2026-02-22  2026-04-04 2026-04-19  2027-02-13 2027-02-28  2027-04-10 2027-04-25
""",
    "zone_b": """
2024-02-24 2024-03-10  2024-04-20 2024-05-05  2025-02-08 2025-02-23  2025-04-05 2025-04-21
2026-02-14 2026-03-01  2026-04-11 2026-04-26  2027-02-20 2027-03-07  2027-04-17 2027-05-02
""",
    "zone_c": """
2024-02-10 2024-02-25  2024-04-06 2024-04-21  2025-02-15 2025-03-02  2025-04-12 2025-04-27
2026-02-21 2026-03-08  2026-04-18 2026-05-03  2027-02-06 2027-02-21  2027-04-03 2027-04-18
""",
}
ZONES = tuple(_BY_ZONE)


def days(first: date, last: date) -> list[date]:
    """Every day from one to the other, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def easter(year: int) -> date:
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * j) // 433
    month = (h + j - 7 * m + 90) // 25
    return date(year, month, (h + j - 7 * m + 33 * month + 19) % 32)


def public_holidays(year: int) -> set[date]:
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    moving = {easter(year) + timedelta(days=offset) for offset in (1, 39, 50)}
    return {date(year, month, day) for month, day in fixed} | moving


@dataclass(frozen=True)
class Town:
    """`section` is its calendar as a rulebook writes it; the rest is what the oracle reads."""

    zone: str

    school_weekdays = ("lundi", "mardi", "jeudi", "vendredi")
    office_weekdays = ("lundi", "mardi", "mercredi", "vendredi", "samedi")
    office_closed = (date(2024, 5, 10), date(2025, 12, 26), date(2026, 7, 13))
    open_weekdays = ("lundi", "mercredi", "vendredi")
    added_days = (date(2024, 3, 2), date(2026, 11, 14))
    closed_days = (date(2025, 6, 6),)
    periods = {
        "automne": (date(2024, 10, 21), date(2024, 10, 31)),
        "hiver": (date(2025, 2, 24), date(2025, 3, 7)),
        "ete": (date(2026, 7, 6), date(2026, 7, 31)),
    }

    @property
    def section(self) -> dict:
        return {
            "jours_d_ecole": list(self.school_weekdays),
            "jours_feries": "metropole",
            "vacances": self.zone,
            "mairie_ouverte": list(self.office_weekdays),
            "mairie_fermee": [day.isoformat() for day in self.office_closed],
            "periodes": {
                name: {"du": first.isoformat(), "au": last.isoformat()}
                for name, (first, last) in self.periods.items()
            },
        }

    @property
    def opening(self) -> dict:
        return {
            "jours": list(self.open_weekdays), "ecole": "oui", "vacances": "non", "feries": "non",
            "fermetures": [day.isoformat() for day in self.closed_days],
            "ouvertures": [day.isoformat() for day in self.added_days],
        }  # fmt: skip

    @cached_property
    def every_day(self) -> list[date]:
        return days(*_KNOWN)

    @cached_property
    def ferie(self) -> set[date]:
        return set().union(*(public_holidays(year) for year in range(2023, 2028)))

    @cached_property
    def breaks(self) -> list[tuple[date, date]]:
        bounds = [date.fromisoformat(word) for word in (_EVERYWHERE + _BY_ZONE[self.zone]).split()]
        return sorted(zip(bounds[::2], bounds[1::2], strict=True))

    @cached_property
    def vacances(self) -> set[date]:
        return {day for first, last in self.breaks for day in days(first, last)}

    @cached_property
    def jour_d_ecole(self) -> set[date]:
        ordinary = {day for day in self.every_day if word_of(day) in self.school_weekdays}
        return ordinary - self.ferie - self.vacances

    @cached_property
    def mairie(self) -> set[date]:
        ordinary = {day for day in self.every_day if word_of(day) in self.office_weekdays}
        return ordinary - self.ferie - set(self.office_closed)

    @cached_property
    def ouverture(self) -> set[date]:
        ordinary = {day for day in self.every_day if word_of(day) in self.open_weekdays}
        return ((ordinary - self.ferie - self.vacances) | set(self.added_days)) - set(self.closed_days)

    @cached_property
    def retour_de_vacances(self) -> set[date]:
        """The school days with a day of holidays since the school day before."""
        return self._beside_a_break(after=True)

    @cached_property
    def veille_de_vacances(self) -> set[date]:
        return self._beside_a_break(after=False)

    def _beside_a_break(self, after: bool) -> set[date]:
        school = sorted(self.jour_d_ecole)
        pairs = zip(school, school[1:], strict=False)
        return {
            late if after else early
            for early, late in pairs
            if any(day in self.vacances for day in days(early, late)[1:-1])
        }


def word_of(day: date) -> str:
    return WEEK[day.weekday()]


def number_of(word: str) -> int:
    return WEEK.index(word)
