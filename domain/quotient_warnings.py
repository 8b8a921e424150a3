"""How often a family is told that its quotient is not proven, before it pays the price without one (R41)."""

from datetime import date
from typing import NamedTuple

from domain.calendar import school_year
from domain.french import format_day

MOST = 3  # warnings of a school year


class Warned(NamedTuple):
    """The warnings that a household got in a school year, and the day of the last one."""

    sent: int = 0
    last_day: date | None = None

    @property
    def is_enough(self) -> bool:
        return self.sent >= MOST

    @property
    def words(self) -> str:
        """« après 3 rappels », « rappel 2 sur 3 envoyé le mardi 12 janvier », « aucun rappel envoyé »."""
        if self.is_enough:
            return f"après {self.sent} rappels"
        if self.last_day is None:
            return "aucun rappel envoyé"
        return f"rappel {self.sent} sur {MOST} envoyé le {format_day(self.last_day)}"


NEVER = Warned()


def season_of(day: date) -> date:
    """The first day of the school year around `day`."""
    return school_year(day)[0]


def is_due(warned: Warned, every: int, today: date) -> bool:
    """Whether one more warning is to be written today, `every` days after the last one."""
    if warned.is_enough:
        return False
    return warned.last_day is None or (today - warned.last_day).days >= every
