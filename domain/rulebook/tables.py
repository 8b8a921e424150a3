"""Tables over named facts (P4): a row a line, brackets whose bounds say if they belong, no silent hole.

A quotient that falls between two brackets follows the declared policy; a case without a row is a fault of the
file, never a zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from itertools import pairwise, product
from string import ascii_uppercase
from typing import Any

from domain.french import enumerate_fr, format_clock, quoted
from domain.rulebook import schema
from domain.rulebook.facts import Context, Fact, Interval, Kind, Test, number_bracket, read_test
from domain.rulebook.schema import Reader, Spec, hint, require_whole
from domain.rulebook.trace import Unanswered, in_words
from domain.rulebook.tree import BadNode, Node

SHIFT = "_decalage"
_MOST_COMBINATIONS = 5000
_MEASURED = (Kind.NUMBER, Kind.CLOCK)


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
        return all(test.accepts(values[name]) for name, test in self.tests.items() if name in values)


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
        said = f"{_said(values)} : {in_words(result)}"
        context.trace.add(row.path, said, values, result, self._bracket(row, values))
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
        """« tranche C (de 701 à 900) », the line that a number chose; numbers take over after Z."""
        for name, test in row.tests.items():
            if test.interval is not None and isinstance(values[name], Decimal):
                rank = list(self._brackets(name, values)).index(row)
                letter = ascii_uppercase[rank] if rank < len(ascii_uppercase) else str(rank + 1)
                return f"tranche {letter} ({number_bracket(test.interval)})"
        return ""

    def _row(self, values: Mapping[str, Any]) -> Row:
        found = [row for row in self.rows if row.fits(values)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Unanswered(f"{self.path} : deux lignes valent pour {_said(values)}.")
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
        raise Unanswered(f"{self.path} n’a pas de ligne pour {_said(values)}.")

    def _brackets(self, name: str, values: Mapping[str, Any]) -> Iterator[Row]:
        """The rows that differ only by their bracket of `name`, in order."""
        rows = (
            row
            for row in self.rows
            if row.tests[name].interval is not None
            and row.fits({other: value for other, value in values.items() if other != name})
        )
        return iter(sorted(rows, key=lambda row: _order(row.tests[name].interval)))

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


def _order(interval: Interval) -> tuple[bool, Any, bool]:
    return interval.low is not None, 0 if interval.low is None else interval.low, not interval.low_in


def _said(values: Mapping[str, Any]) -> str:
    return enumerate_fr([f"{name} = {in_words(value)}" for name, value in values.items()])


# --- Reading


def table_reader(value_spec: Spec) -> Spec:
    """The spec of a table whose cells are read by `value_spec`."""

    def read(node: Node, reader: Reader) -> Table:
        given = _known_keys(node, reader)
        dimensions = reader.read(schema.one_or_many(schema.reference("fait", "le fait")), given["selon"])
        column = given.get("colonnes")
        column_name = None if column is None else reader.read(_choice_fact, column)
        require_whole(node, reader, dimensions, column_name)
        gap = _read_gap(node, reader, dimensions)
        rows = [
            reader.read(_row_spec(dimensions, column_name, value_spec), row)
            for row in given["lignes"].items()
        ]
        require_whole(node, reader, *rows)
        table = Table(node.path, _easiest_first(dimensions, reader), column_name, gap, tuple(rows))
        _check(table, node, reader)
        return table

    return read


def _easiest_first(dimensions: tuple[str, ...], reader: Reader) -> tuple[str, ...]:
    """The words before the numbers: a row for « tous » then spares a family its quotient."""
    return tuple(sorted(dimensions, key=lambda name: reader.known("fait")[name].kind in _MEASURED))


def _known_keys(node: Node, reader: Reader) -> Mapping[str, Node]:
    given = node.mapping()
    known = ("selon", "colonnes", "trous", "lignes")
    for word, child in given.items():
        if word not in known:
            reader.faults.add(
                child.bad(f"clé inconnue {quoted(word)} ; clés possibles : {', '.join(known)}.").fault
            )
    for word, meaning in (("selon", "les faits que la table croise"), ("lignes", "les lignes de la table")):
        if word not in given:
            raise node.bad(f"il manque {quoted(word)} : {meaning}.")
    return given


def _choice_fact(node: Node, reader: Reader) -> str:
    name = schema.reference("fait", "le fait")(node, reader)
    if reader.known("fait")[name].kind is not Kind.CHOICE:
        raise node.bad("les colonnes suivent un fait à valeurs énumérées.")
    return name


def _read_gap(node: Node, reader: Reader, dimensions: tuple[str, ...]) -> Gap:
    """Mandatory as soon as a dimension is a number."""
    given = node.mapping()
    if "trous" in given:
        return schema.choice({gap.value: gap for gap in Gap})(given["trous"], reader)
    if any(reader.known("fait")[name].kind in _MEASURED for name in dimensions):
        raise node.bad(
            "il manque « trous » : ce que devient une valeur entre deux tranches "
            "(refuser, tranche_superieure ou tranche_inferieure)."
        )
    return Gap.REFUSE


def _row_spec(dimensions: tuple[str, ...], column: str | None, value_spec: Spec) -> Spec:
    def read(node: Node, reader: Reader) -> Row:
        given = node.mapping()
        for word, child in given.items():
            if word not in (*dimensions, "valeur"):
                keys = ", ".join((*dimensions, "valeur"))
                said = f"clé inconnue {quoted(word)} ; clés possibles : {keys}.{hint(word, child)}"
                reader.faults.add(child.bad(said).fault)
        missing = [word for word in (*dimensions, "valeur") if word not in given]
        if missing:
            raise node.bad(f"il manque {enumerate_fr([quoted(word) for word in missing])} sur cette ligne.")
        tests = {name: reader.read(_test_spec(name), given[name]) for name in dimensions}
        values = reader.read(_cells_spec(column, value_spec), given["valeur"])
        require_whole(node, reader, values, *tests.values())
        return Row(node.path, tests, values)

    return read


def _test_spec(name: str) -> Spec:
    return lambda node, reader: read_test(reader.known("fait")[name], node, reader)


def _cells_spec(column: str | None, value_spec: Spec) -> Spec:
    def read(node: Node, reader: Reader) -> Mapping[str | None, Any]:
        if column is None:
            return {None: value_spec(node, reader)}
        words = reader.known("fait")[column].values
        cells = {}
        for word, child in node.mapping().items():
            if word not in words:
                raise child.bad(f"{quoted(word)} n’est pas une valeur de {column} : {', '.join(words)}.")
            if child.value is not None:
                cells[word] = reader.read(value_spec, child)
        missing = [word for word in words if not node.has(word)]
        if missing:
            raise node.bad(f"il manque {enumerate_fr(missing)} (écrivez null si rien n’est prévu).")
        require_whole(node, reader, *cells.values())
        return cells

    return read


# --- Holes and overlaps


def _check(table: Table, node: Node, reader: Reader) -> None:
    """Every combination of the enumerated facts has rows; brackets leave no hole and do not overlap."""
    facts = {name: reader.known("fait")[name] for name in table.dimensions}
    listed = [name for name, fact in facts.items() if fact.kind in (Kind.CHOICE, Kind.YES_NO)]
    combinations = product(*(_all_values(facts[name]) for name in listed))
    for index, combination in enumerate(combinations):
        if index >= _MOST_COMBINATIONS:
            raise node.bad("cette table croise trop de valeurs.")
        _check_cell(table, dict(zip(listed, combination, strict=True)), facts, node, reader)


def _all_values(fact: Fact) -> tuple[Any, ...]:
    return fact.values if fact.kind is Kind.CHOICE else (True, False)


def _check_cell(
    table: Table, cell: Mapping[str, Any], facts: Mapping[str, Fact], node: Node, reader: Reader
) -> None:
    rows = [row for row in table.rows if all(row.tests[name].accepts(value) for name, value in cell.items())]
    where = f" pour {_said(cell)}" if cell else ""
    if not rows:
        reader.faults.add(node.bad(f"aucune ligne{where}.").fault)
        return
    numbers = [name for name, fact in facts.items() if fact.kind in _MEASURED]
    if len(cell) == len(facts) and len(rows) > 1:
        reader.faults.add(node.bad(f"{len(rows)} lignes valent à la fois{where}.").fault)
    if len(numbers) == 1:
        measure = _measure(numbers[0], facts[numbers[0]], reader)
        for fault in _bracket_faults(rows, measure, table.gap, where, node, reader):
            reader.faults.add(fault.fault)


@dataclass(frozen=True, slots=True)
class _Measure:
    """A fact measured by brackets: the step between its values (None: any) and its lowest one (None: any)."""

    name: str
    step: Decimal | None
    least: int | None
    is_clock: bool = False

    def said(self, value: Decimal) -> str:
        return format_clock(*divmod(int(value), 60)) if self.is_clock else in_words(value)


def _measure(name: str, fact: Fact, reader: Reader) -> _Measure:
    whole = fact.whole or fact.kind is Kind.CLOCK  # clock times are minutes
    step = Decimal(1) if whole else reader.known("pas").get(name)
    return _Measure(name, step, fact.least, fact.kind is Kind.CLOCK)


def _bracket_faults(
    rows: list[Row], measure: _Measure, gap: Gap, where: str, node: Node, reader: Reader
) -> Iterator[BadNode]:
    name = measure.name
    if any(row.tests[name].anything for row in rows):
        if len(rows) > 1:
            yield node.bad(f"plusieurs lignes valent pour tout {name}{where}.")
        return
    intervals = (interval for row in rows for interval in _intervals(row.tests[name]))
    brackets = sorted((_on_steps(interval, measure.step) for interval in intervals), key=_order)
    if not brackets:
        return
    low = brackets[0].low
    if low is not None and measure.least is not None and Decimal(measure.least) not in brackets[0]:
        yield node.bad(f"{name} sous {measure.said(low)}{where} : aucune ligne.")
    if brackets[-1].high is not None:
        highest = measure.said(brackets[-1].high)
        reader.faults.warn(node, f"{name} au-delà de {highest}{where} : aucune ligne.")
    for early, late in pairwise(brackets):
        yield from _seam(early, late, measure, gap, where, node, reader)
    said = any(row.tests[name].speaks_of_unknown for row in rows)
    if name == "quotient" and not said and not reader.known("quotient"):
        reader.faults.warn(node, f"quotient inconnu{where} : ni ligne « inconnu », ni partie « quotient ».")


def _intervals(test: Test) -> Iterator[Interval]:
    """The stretches of numbers that a test accepts."""
    accepted = [Interval(value, True, value, True) for value in test.values]
    if test.interval is not None:
        accepted.append(test.interval)
    yield from _between(sorted(accepted, key=_order)) if test.opposite else accepted


def _between(intervals: list[Interval]) -> Iterator[Interval]:
    """What these stretches, in order, leave out."""
    low, low_in = None, True
    for one in intervals:
        if one.low is not None:
            yield Interval(low, low_in, one.low, not one.low_in)
        low, low_in = one.high, not one.high_in
        if low is None:
            return
    yield Interval(low, low_in, None, True)


def _seam(
    low: Interval, high: Interval, measure: _Measure, gap: Gap, where: str, node: Node, reader: Reader
) -> Iterator[BadNode]:
    """The hole or the overlap where two neighbouring brackets meet."""
    name = measure.name
    if low.high is None or high.low is None or high.low < low.high:
        yield node.bad(f"deux tranches de {name} se chevauchent{where} ({low} ; {high}).")
    elif high.low == low.high and low.high_in and high.low_in:
        yield node.bad(f"{name} = {measure.said(low.high)} est dans deux tranches{where}.")
    elif _leaves_hole(low, high, measure.step):
        hole = f"entre {measure.said(low.high)} et {measure.said(high.low)}"
        if high.low == low.high:
            hole = f"= {measure.said(low.high)}"
        if gap is Gap.REFUSE:
            yield node.bad(
                f"{name} {hole}{where} n’a pas de ligne ; ajoutez-la, ou remplacez « trous: refuser » par "
                "tranche_superieure ou tranche_inferieure."
            )
        else:
            reader.faults.warn(node, f"{name} {hole}{where} : laissé ouvert, la {gap.value} s’applique.")


def _leaves_hole(low: Interval, high: Interval, step: Decimal | None) -> bool:
    """Whether a possible value stands after `low` and before `high`, which do not overlap."""
    if step is None:
        return high.low > low.high or not (low.high_in or high.low_in)
    return high.low > low.high + step


def _on_steps(interval: Interval, step: Decimal | None) -> Interval:
    """The same values with bounds that belong to it, when only the multiples of `step` are possible."""
    if step is None:
        return interval
    low, high = interval.low, interval.high
    if low is not None:
        low = (low / step).to_integral_value(ROUND_CEILING) * step
        low += step if low == interval.low and not interval.low_in else 0
    if high is not None:
        high = (high / step).to_integral_value(ROUND_FLOOR) * step
        high -= step if high == interval.high and not interval.high_in else 0
    return Interval(low, True, high, True)
