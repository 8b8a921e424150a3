"""Answers already calculated: two questions that agree on every fact that was read have the same answer.

`Context.reads` is what an answer depends on; a memo holds nothing else. What it cannot be sure of is
calculated.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from domain.rulebook.facts import DAY, MOMENT, Context

_NOT_GIVEN = object()
_QUOTIENT = "quotient"


@dataclass(slots=True)
class KnownPrice:
    """A price in euros, its arithmetic once somebody asked for it, and what a line of a bill writes of it:
    its cents, and the quotient that it read in hundredths."""

    amount: Decimal
    sentences: tuple[str, ...] | None = None
    written: tuple[int, int | None] | None = None


@dataclass(slots=True)
class Memo:
    """Answers by what tells two questions apart, then by the facts that were read."""

    _found: dict[Hashable, dict[frozenset[str], dict[tuple[Any, ...], Any]]] = field(default_factory=dict)

    def find(self, question: Hashable, context: Context) -> Any:
        """The answer for the same facts, None without one; the context then has read them too."""
        for reads, answers in self._found.get(question, {}).items():
            answer = answers.get(_values(reads, context))
            if answer is not None:
                context.reads |= reads
                return answer
        return None

    def keep(self, question: Hashable, context: Context, answer: Any) -> None:
        """Remember what was just calculated."""
        reads = frozenset(context.reads)
        self._found.setdefault(question, {}).setdefault(reads, {})[_values(reads, context)] = answer


def _values(reads: frozenset[str], context: Context) -> tuple[Any, ...]:
    special = {DAY: context.day, MOMENT: context.now}
    return tuple(special[name] if name in special else context.given.get(name, _NOT_GIVEN) for name in reads)


def reads_only_facts(context: Context) -> bool:
    """A quotient that was deduced comes from its history, which is read apart from the facts."""
    return _QUOTIENT not in context.reads or _QUOTIENT in context.given


def is_untold(context: Context) -> bool:
    """Whether nothing was said yet that the arithmetic tells: lines of tables, adjustments."""
    return not any(step.bracket or "[" in step.rule for step in context.trace.steps)
