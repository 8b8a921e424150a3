"""From a presence to units (P7): slices of time begun or completed, and slots with their own price.

Clock times are facts of type « heure », kept in minutes since midnight.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

from domain.clock_time import ClockTime
from domain.errors import RuleError
from domain.rulebook import schema
from domain.rulebook.facts import Context
from domain.rulebook.schema import Key, Record
from domain.rulebook.trace import Unanswered, in_words
from domain.rulebook.values import Value, add_form, placed, read_value


class Counted(StrEnum):
    STARTED = "commencees"
    COMPLETED = "completes"


@dataclass(frozen=True, slots=True)
class Slices:
    """How many slices of `size` minutes a duration holds; a remainder up to `tolerance` is forgiven."""

    path: str
    minutes: Value
    size: int
    counted: Counted
    tolerance: int

    def evaluate(self, context: Context) -> Decimal:
        minutes = max(self.minutes.evaluate(context), Decimal(0))
        if self.counted is Counted.STARTED:
            count = ((minutes - self.tolerance) / self.size).to_integral_value(ROUND_CEILING)
        else:
            count = ((minutes + self.tolerance) / self.size).to_integral_value(ROUND_FLOOR)
        count = count if count > 0 else Decimal(0)
        context.trace.add(
            self.path,
            f"{in_words(minutes)} min, tranches de {self.size} min {self.counted.value} : {in_words(count)}",
            {"minutes": minutes},
            count,
        )
        return count


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of the day with its own value; touched by a presence that overlaps it."""

    start: ClockTime
    end: ClockTime
    value: Value


@dataclass(frozen=True, slots=True)
class Slots:
    """The sum of the values of the slots touched between two clock times."""

    path: str
    start: Value
    end: Value
    slots: tuple[Slot, ...]

    def evaluate(self, context: Context) -> Decimal:
        start, end = self.start.evaluate(context), self.end.evaluate(context)
        if end < start:
            raise Unanswered(f"{self.path} : le départ vient avant l’arrivée.")
        total = Decimal(0)
        for slot in self.slots:
            if start < slot.end.minutes and end > slot.start.minutes:
                value = slot.value.evaluate(context)
                context.trace.add(
                    self.path, f"créneau {slot.start}-{slot.end} : {in_words(value)}", {}, value
                )
                total += value
        return total


def _make_slot(**fields: object) -> Slot:
    slot = Slot(**fields)
    if slot.end.minutes <= slot.start.minutes:
        raise RuleError("bad_slot", "ce créneau finit avant de commencer.")
    return slot


_SLICES = placed(
    Slices,
    Key("minutes", "minutes", read_value, "la durée en minutes, par exemple depart - arrivee"),
    Key("de", "size", schema.integer(1, 1440), "la durée d’une tranche, en minutes"),
    Key(
        "compte", "counted", schema.choice({c.value: c for c in Counted}),
        "une tranche est-elle due dès qu’elle commence (commencees) ou une fois finie (completes)",
    ),
    Key("tolerance", "tolerance", schema.integer(0, 240), "les minutes pardonnées (0 s’il n’y en a pas)"),
)  # fmt: skip
_SLOT = Record(
    _make_slot,
    Key("de", "start", schema.clock, "le début du créneau"),
    Key("a", "end", schema.clock, "la fin du créneau"),
    Key("valeur", "value", read_value, "la valeur du créneau"),
)
_SLOTS = placed(
    Slots,
    Key("arrivee", "start", read_value, "l’heure d’arrivée (un fait de type heure)"),
    Key("depart", "end", read_value, "l’heure de départ (un fait de type heure)"),
    Key("liste", "slots", schema.list_of(_SLOT, least=1), "les créneaux"),
)

add_form("tranches", _SLICES)
add_form("creneaux", _SLOTS)
