"""Whether the brackets of a table leave a hole, or overlap: told when the file is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise, product
from typing import Any

from domain.french import format_clock
from domain.rulebook.facts import Fact, Interval, Kind, Test
from domain.rulebook.schema import Reader
from domain.rulebook.tables import MEASURED, Gap, Row, Table, order, said
from domain.rulebook.trace import in_words
from domain.rulebook.tree import BadNode, Node

_MOST_COMBINATIONS = 5000


def check_table(table: Table, node: Node, reader: Reader) -> None:
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
    where = f" pour {said(cell)}" if cell else ""
    if not rows:
        reader.faults.add(node.bad(f"aucune ligne{where}.").fault)
        return
    numbers = [name for name, fact in facts.items() if fact.kind in MEASURED]
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
    brackets = sorted((_on_steps(interval, measure.step) for interval in intervals), key=order)
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
    foreseen = any(row.tests[name].speaks_of_unknown for row in rows)
    if name == "quotient" and not foreseen and not reader.known("quotient"):
        reader.faults.warn(node, f"quotient inconnu{where} : ni ligne « inconnu », ni partie « quotient ».")


def _intervals(test: Test) -> Iterator[Interval]:
    """The stretches of numbers that a test accepts."""
    accepted = [Interval(value, True, value, True) for value in test.values]
    if test.interval is not None:
        accepted.append(test.interval)
    yield from _between(sorted(accepted, key=order)) if test.opposite else accepted


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
