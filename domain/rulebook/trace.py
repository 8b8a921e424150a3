"""Why an answer is what it is: steps with the rule, its version, what it read and what it gave."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.errors import BusinessError
from domain.french import format_day, format_limit, format_number, spaced


class MissingFact(BusinessError):
    """A rule needs a fact that nobody gave; the answer names it instead of guessing."""

    def __init__(self, fact: str, path: str) -> None:
        super().__init__("missing_fact", spaced(f"Il manque le fait « {fact} », dont a besoin {path}."))
        self.fact = fact
        self.path = path


class Unanswered(BusinessError):
    """The règlement says nothing of this case; the message names the rule and the case."""

    def __init__(self, message: str) -> None:
        super().__init__("unanswered", spaced(message))


class UnknownQuotient(Unanswered):
    """Nobody knows the quotient, and the règlement says no price without one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `rule` is a path of the file, `version` the name of the dated rule (empty when undated),
    `bracket` the line of a table that a number chose, « tranche C (de 701 à 900) » (empty otherwise)."""

    rule: str
    version: str
    text: str
    inputs: tuple[tuple[str, Any], ...] = ()
    result: Any = None
    bracket: str = ""


@dataclass(slots=True)
class Trace:
    """The steps of one answer, in order."""

    steps: list[Step] = field(default_factory=list)
    version: str = ""

    def add(
        self,
        rule: str,
        text: str,
        inputs: dict[str, Any] | None = None,
        result: Any = None,
        bracket: str = "",
    ) -> None:
        step = Step(rule, self.version, spaced(text), tuple((inputs or {}).items()), result, bracket)
        self.steps.append(step)


def in_words(value: Any) -> str:
    """A value of a fact or of a result, for a French reader."""
    match value:
        case None:
            return "inconnu"
        case bool():
            return "oui" if value else "non"
        case Decimal() if value.is_infinite():
            return "au plus haut"
        case Decimal() | int():
            return format_number(value)
        case datetime():
            return format_limit(value)
        case date():
            return format_day(value, year=True)
        case list() | tuple():
            return ", ".join(in_words(one) for one in value)
    return str(value)
