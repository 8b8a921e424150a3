"""The days on which an activity takes place."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.french import weekday_name
from domain.rulebook import schema
from domain.rulebook.almanac import Almanac
from domain.rulebook.schema import Key, Record


@dataclass(frozen=True, slots=True)
class OpenDays:
    """The days on which an activity takes place; every question about its days asks this."""

    weekdays: frozenset[int]
    in_term: bool
    in_holidays: bool
    on_public_holidays: bool
    periods: tuple[str, ...]
    closed: frozenset[date]
    added: frozenset[date]
    almanac: Almanac

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and not self.why_closed(day)

    def why_closed(self, day: date) -> str:
        """Why there is nothing on that day, in French; empty when it is open."""
        if day in self.closed:
            return "fermeture"
        if day in self.added:
            return ""
        if day.weekday() not in self.weekdays:
            return f"pas le {weekday_name(day.weekday())}"
        if not self._in_periods(day):
            return "hors de ses périodes"
        if self.almanac.is_public_holiday(day) and not self.on_public_holidays:
            return "jour férié"
        if self.almanac.is_school_holiday(day):
            return "" if self.in_holidays else "vacances scolaires"
        return "" if self.in_term else "hors vacances scolaires"

    def _in_periods(self, day: date) -> bool:
        return not self.periods or any(day in self.almanac.periods[name] for name in self.periods)


_no_days = schema.list_of(schema.day)


def opening_spec(almanac: Almanac) -> Record:
    """The spec of the days of an activity, on the calendar of the rulebook."""

    def make(**fields: Any) -> OpenDays:
        sets = {name: frozenset(fields.pop(name)) for name in ("weekdays", "closed", "added")}
        return OpenDays(**fields, **sets, almanac=almanac)

    return Record(
        make,
        Key("jours", "weekdays", schema.list_of(schema.weekday, least=1), "les jours de la semaine"),
        Key("ecole", "in_term", schema.yes_no, "ouverte pendant l’école (oui ou non)"),
        Key("vacances", "in_holidays", schema.yes_no, "ouverte pendant les vacances (oui ou non)"),
        Key("feries", "on_public_holidays", schema.yes_no, "ouverte les jours fériés (oui ou non)"),
        Key(
            "periodes", "periods", schema.list_of(schema.reference("periode", "la période")),
            "seulement pendant ces périodes", (),
        ),
        Key("fermetures", "closed", _no_days, "les dates fermées en plus", ()),
        Key("ouvertures", "added", _no_days, "les dates ouvertes en plus", ()),
    )  # fmt: skip
