"""Tables over named facts (P4): a row a line, brackets whose bounds say if they belong, no silent hole.

A quotient that falls between two brackets follows the declared policy; a case without a row is a fault of the
file, never a zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.french import enumerate_fr
from domain.rulebook.facts import Context, Interval, Kind, Test, bracket_name
from domain.rulebook.trace import Unanswered, in_words

SHIFT = "_decalage"
MEASURED = (Kind.NUMBER, Kind.CLOCK)


class Gap(StrEnum):
    """What becomes of a number that falls between two brackets."""

    REFUSE = "refuser"
    UP = "tranche_superieure"
    DOWN = "tranche_inferieure"


@dataclass(frozen=True, slots=True)
class Row:
    """What each dimension must be, and the value (one, or one a column)."""

    path: str
    tests: Mapping[str, Test]
    values: Mapping[str | None, Any]

    def fits(self, values: Mapping[str, Any]) -> bool:
        for name, value in values.items():  # noqa: SIM110  a generator costs a tenth of a bill
            if not self.tests[name].accepts(value):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Table:
    path: str
    dimensions: tuple[str, ...]
    column: str | None
    gap: Gap
    rows: tuple[Row, ...]

    def evaluate(self, context: Context) -> Decimal:
        """The value of the only row that fits; Unanswered when the table has none for these facts."""
        values = self._values(context)
        row = self._shifted(self._row(values), values, context.given.get(SHIFT) or {})
        column = context.fact(self.column, self.path) if self.column else None
        if column not in row.values:
            raise Unanswered(f"{row.path} n’a pas de valeur pour {self.column} = {in_words(column)}.")
        result = row.values[column].evaluate(context)
        if self.column:
            values[self.column] = column
        told = f"{said(values)} : {in_words(result)}"
        context.trace.add(row.path, told, values, result, self._bracket(row, values))
        return result

    def _values(self, context: Context) -> dict[str, Any]:
        """The facts that choose the row; one that no row left asks about (« tous ») is not read."""
        values: dict[str, Any] = {}
        rows = list(self.rows)
        for name in self.dimensions:
            if not rows or not all(row.tests[name].anything for row in rows):
                values[name] = context.fact(name, self.path)
                rows = [row for row in rows if row.tests[name].accepts(values[name])]
        return values

    def _bracket(self, row: Row, values: Mapping[str, Any]) -> str:
        """« tranche C (de 701 à moins de 901) », the line that a number chose."""
        for name, test in row.tests.items():
            if test.interval is not None and isinstance(values[name], Decimal):
                rank = list(self._brackets(name, values)).index(row)
                return bracket_name(rank, test.interval)
        return ""

    def _row(self, values: Mapping[str, Any]) -> Row:
        found = [row for row in self.rows if row.fits(values)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Unanswered(f"{self.path} : deux lignes valent pour {said(values)}.")
        return self._neighbour(values)

    def _neighbour(self, values: Mapping[str, Any]) -> Row:
        """The bracket that the policy gives to a number in a gap."""
        for name, value in values.items():
            rows = list(self._brackets(name, values)) if isinstance(value, Decimal) else []
            if rows and value.is_infinite():  # an unknown quotient at the top, over a bounded last bracket
                return rows[-1]
            if rows and self.gap is not Gap.REFUSE:
                above = [row for row in rows if _low(row, name) is not None and _low(row, name) >= value]
                below = [row for row in rows if _high(row, name) is not None and _high(row, name) <= value]
                if above and below:
                    return above[0] if self.gap is Gap.UP else below[-1]
        raise Unanswered(f"{self.path} n’a pas de ligne pour {said(values)}.")

    def _brackets(self, name: str, values: Mapping[str, Any]) -> Iterator[Row]:
        """The rows that differ only by their bracket of `name`, in order."""
        others = {other: value for other, value in values.items() if other != name and other != self.column}
        rows = (row for row in self.rows if row.tests[name].interval is not None and row.fits(others))
        return iter(sorted(rows, key=lambda row: order(row.tests[name].interval)))

    def _shifted(self, row: Row, values: Mapping[str, Any], shifts: Mapping[str, int]) -> Row:
        for name, by in shifts.items():
            if name in values and row.tests[name].interval is not None:
                rows = list(self._brackets(name, values))
                row = rows[min(max(rows.index(row) + by, 0), len(rows) - 1)]
        return row


def _low(row: Row, name: str) -> Any:
    interval = row.tests[name].interval
    return None if interval is None else interval.low


def _high(row: Row, name: str) -> Any:
    interval = row.tests[name].interval
    return None if interval is None else interval.high


def order(interval: Interval) -> tuple[bool, Any, bool]:
    return interval.low is not None, 0 if interval.low is None else interval.low, not interval.low_in


def said(values: Mapping[str, Any]) -> str:
    return enumerate_fr([f"{name} = {in_words(value)}" for name, value in values.items()])
