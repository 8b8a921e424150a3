"""The days of a bill that cost the same for the same reasons, told once (R43, S55, S56). Cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, Protocol, TypeVar

from domain.day_list import number_days
from domain.enums import InvoiceLineKind
from domain.french import NBSP, format_day, format_euros


class BillLine(Protocol):
    """What is read of a line; `day` is None for what is of no day."""

    @property
    def kind(self) -> InvoiceLineKind: ...
    @property
    def label(self) -> str: ...
    @property
    def amount_cents(self) -> int: ...
    @property
    def explanation(self) -> tuple[str, ...]: ...
    @property
    def day(self) -> date | None: ...


Told = TypeVar("Told", bound=BillLine)


@dataclass(frozen=True, slots=True)
class Alike(Generic[Told]):
    """Lines that differ by their day alone, in their order; one that is like no other stands alone.

    `label` and `explanation` are those of each line, without the day where there are several.
    """

    label: str
    explanation: tuple[str, ...]
    lines: tuple[Told, ...]

    @property
    def total_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines)

    @property
    def counted(self) -> str:
        """« Cantine, repas : 14 × 3,20 € », the label alone for one line."""
        if len(self.lines) == 1:
            return self.label
        return f"{self.label}{NBSP}: {len(self.lines)}{NBSP}×{NBSP}{format_euros(self.lines[0].amount_cents)}"

    @property
    def days(self) -> str:
        """« 4, 5 et 7 janvier », empty for one line, whose label names it, and for lines without a day."""
        return number_days(line.day for line in self.lines if line.day) if len(self.lines) > 1 else ""


def alike(lines: Iterable[Told]) -> tuple[Alike[Told], ...]:
    """The lines by what they say when their day is left out, in the order of the first of each; every line is
    in one group."""
    found: dict[tuple, list[Told]] = {}
    for line in lines:
        key = (line.kind, line.amount_cents, _undated(line.label, line), _explained(line))
        found.setdefault(key, []).append(line)
    return tuple(_group(label, said, tuple(group)) for (_, _, label, said), group in found.items())


def common_reasons(groups: Iterable[Alike]) -> tuple[str, ...]:
    """The sentences that explain every group of several that has an explanation, in their order."""
    explained = [group.explanation for group in groups if group.explanation]
    if len(explained) < 2:
        return ()
    return tuple(said for said in explained[0] if all(said in other for other in explained[1:]))


def _group(label: str, explanation: tuple[str, ...], lines: tuple[Told, ...]) -> Alike[Told]:
    if len(lines) == 1:
        return Alike(lines[0].label, tuple(lines[0].explanation), lines)
    return Alike(label, explanation, lines)


def _explained(line: BillLine) -> tuple[str, ...]:
    return tuple(_undated(sentence, line) for sentence in line.explanation)


def _undated(text: str, line: BillLine) -> str:
    """« Repas du mardi 12 janvier, tranche C » is « Repas, tranche C »."""
    if line.day is None:
        return text
    day = format_day(line.day)
    return text.replace(f" du {day}", "").replace(f", {day}", "")
