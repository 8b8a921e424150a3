"""The calendar that a rulebook counts on, and the facts that any day carries by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.calendar import ONE_DAY, TownCalendar, paris_now
from domain.errors import RuleError
from domain.french import WEEKDAYS, format_day
from domain.rulebook.facts import Context, Fact, Kind
from domain.rulebook.trace import Unanswered

_HORIZON_DAYS = 400


@dataclass(frozen=True, slots=True)
class Period:
    """A named stretch of days, both included."""

    first_day: date
    last_day: date

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class Almanac:
    """The town's calendar, the weekdays on which its office opens, and its named periods.

    `school_zone` (A, B, C) and `holiday_variant` (metropole…) say where its holidays come from; they are
    empty when the file lists them. `known` holds the first and the last day on which school holidays are
    official; None when the file, or the town, says them all. `school_added` and `school_removed` are the days
    on which there is school, or none, against the ordinary week and the holidays.
    """

    town: TownCalendar
    office_weekdays: frozenset[int] | None = None
    periods: Mapping[str, Period] = field(default_factory=dict)
    school_zone: str = ""
    holiday_variant: str = ""
    known: tuple[date, date] | None = None
    school_added: frozenset[date] = frozenset()
    school_removed: frozenset[date] = frozenset()

    def is_public_holiday(self, day: date) -> bool:
        return self.town.public_holiday(day) is not None

    def is_school_holiday(self, day: date) -> bool:
        self._require_known(day)
        if day in self.school_added:
            return False
        return day in self.school_removed or self.town.school_holiday(day) is not None

    def is_school_day(self, day: date) -> bool:
        if not self.is_school_weekday(day) or self.is_public_holiday(day):
            return False
        return not self.is_school_holiday(day)

    def is_school_weekday(self, day: date) -> bool:
        """A day of the school week, holidays or not."""
        if day in self.school_removed:
            return False
        return day in self.school_added or day.weekday() in self.town.school_weekdays

    def _require_known(self, day: date) -> None:
        if self.known is not None and not self.known[0] <= day <= self.known[1]:
            first, last = (format_day(one, year=True) for one in self.known)
            raise Unanswered(
                f"Les vacances scolaires officielles sont connues du {first} au {last} ; pour le "
                f"{format_day(day, year=True)}, écrivez-les dans « vacances »."
            )

    def is_office_open(self, day: date) -> bool:
        if self.office_weekdays is None:
            raise RuleError(
                "office_unknown", "la règle compte les jours d’ouverture de la mairie, non déclarés."
            )
        return (
            day.weekday() in self.office_weekdays
            and day not in self.town.office_closed
            and not self.is_public_holiday(day)
        )

    def period_of(self, day: date) -> str | None:
        """The name of the first declared period that holds `day`."""
        return next((name for name, period in self.periods.items() if day in period), None)

    def holiday_around(self, day: date) -> tuple[date, date] | None:
        """First and last day of the school holiday that holds `day`."""
        for holiday in self.town.school_holidays:
            if holiday.first_day <= day <= holiday.last_day:
                return holiday.first_day, holiday.last_day
        return None

    def next_holiday_start(self, day: date) -> date | None:
        """First day of the first school holiday that begins after `day`."""
        starts = [holiday.first_day for holiday in self.town.school_holidays if holiday.first_day > day]
        return min(starts, default=None)

    def previous_school_day(self, day: date) -> date | None:
        return self._school_day(day, -ONE_DAY)

    def next_school_day(self, day: date) -> date | None:
        return self._school_day(day, ONE_DAY)

    def _school_day(self, day: date, step: timedelta) -> date | None:
        for _ in range(_HORIZON_DAYS):
            day += step
            if self.is_school_day(day):
                return day
        return None

    def holiday_between(self, early: date | None, late: date | None) -> bool:
        """True when a school holiday has a day strictly between two days."""
        if early is None or late is None:
            return False
        days = ((early + timedelta(days=offset)) for offset in range(1, (late - early).days))
        return any(self.town.school_holiday(day) is not None for day in days)


def _week_day(day: date, weekday: int) -> date:
    return day + timedelta(days=weekday - day.weekday())


def _is_first_after_holidays(almanac: Almanac, day: date) -> bool:
    return almanac.is_school_day(day) and almanac.holiday_between(almanac.previous_school_day(day), day)


def _is_last_before_holidays(almanac: Almanac, day: date) -> bool:
    return almanac.is_school_day(day) and almanac.holiday_between(day, almanac.next_school_day(day))


_OF_A_DAY: Mapping[str, tuple[Fact, Callable[[Almanac, date], Any]]] = {
    "date": (Fact(Kind.DATE), lambda almanac, day: day),
    "jour": (Fact(Kind.CHOICE, WEEKDAYS), lambda almanac, day: WEEKDAYS[day.weekday()]),
    "mois": (Fact(Kind.NUMBER, whole=True, least=1), lambda almanac, day: Decimal(day.month)),
    "jour_du_mois": (Fact(Kind.NUMBER, whole=True, least=1), lambda almanac, day: Decimal(day.day)),
    "annee": (Fact(Kind.NUMBER, whole=True, least=None), lambda almanac, day: Decimal(day.year)),
    "ferie": (Fact(Kind.YES_NO), Almanac.is_public_holiday),
    "vacances": (Fact(Kind.YES_NO), Almanac.is_school_holiday),
    "jour_d_ecole": (Fact(Kind.YES_NO), Almanac.is_school_day),
    "retour_de_vacances": (Fact(Kind.YES_NO), _is_first_after_holidays),
    "veille_de_vacances": (Fact(Kind.YES_NO), _is_last_before_holidays),
    "semaine_paire": (Fact(Kind.YES_NO), lambda almanac, day: day.isocalendar().week % 2 == 0),
    "ferie_dans_la_semaine": (
        Fact(Kind.YES_NO),
        lambda almanac, day: any(almanac.is_public_holiday(_week_day(day, number)) for number in range(7)),
    ),
    "periode": (Fact(Kind.TEXT, may_be_none=True), Almanac.period_of),
    **{
        f"{word}_ferie": (
            Fact(Kind.YES_NO),
            lambda almanac, day, number=number: almanac.is_public_holiday(_week_day(day, number)),
        )
        for number, word in enumerate(WEEKDAYS)
    },
}


DAY_FACTS = frozenset(_OF_A_DAY)


def _days_ahead(context: Context) -> Decimal:
    return Decimal(
        (context.service_day("jours_d_avance") - paris_now(context.moment("jours_d_avance")).date()).days
    )


BUILT_IN: Mapping[str, Fact] = {
    **{name: fact for name, (fact, _) in _OF_A_DAY.items()},
    "jours_d_avance": Fact(Kind.NUMBER, whole=True),
    "action": Fact(Kind.CHOICE, ("reserver", "modifier", "annuler")),
    "canal": Fact(Kind.TEXT),
}


def _of_day(name: str) -> Callable[[Context], Any]:
    compute = _OF_A_DAY[name][1]
    return lambda context: compute(context.calendar, context.service_day(f"le fait {name}"))


DEDUCED: Mapping[str, Callable[[Context], Any]] = {
    **{name: _of_day(name) for name in _OF_A_DAY},
    "jours_d_avance": _days_ahead,
}
