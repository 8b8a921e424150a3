"""The values at which a rule is tried: each bound, a cent below and above it, and the words of a choice.

Between two bounds a rule gives one price, or a slope; a `Stretch` is tried at both its ends.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any

from domain.calendar import ONE_DAY
from domain.errors import BusinessError
from domain.rulebook.facts import Context, Fact, Interval, Kind
from domain.rulebook.formulas import Formula
from domain.rulebook.needs import Marks, every_part, facts_to_give
from domain.rulebook.quantities import Slices
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.trace import Trace
from domain.rulebook.values import Rate

CENT = Decimal("0.01")
CHILDREN = ("enfants", "rang")
_MOST_CHILDREN = 4
_SAMPLES = tuple(Decimal(number) for number in (0, 500, 1000, 1500, 2000))
_BEYOND = Decimal(500)
_NATURAL: Mapping[str, tuple[int, int | None]] = {
    "mois": (1, 12), "jour_du_mois": (1, 31), "enfants": (1, None), "rang": (1, None), "nombre": (1, None),
}  # fmt: skip
_LAST_MINUTE = 24 * 60
ANOTHER = "autre"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values between which no rule looks, and those at which it is tried: one for a bound, else its ends."""

    interval: Interval
    tries: tuple[Decimal, ...]


def stretches(marks: Marks) -> tuple[Stretch, ...]:
    """All quotients from 0, cut at the bounds; the last one is tried further when the price slopes."""
    bounds = [bound for bound in marks.bounds if isinstance(bound, Decimal) and bound >= 0]
    if not bounds:
        return (Stretch(Interval(), _SAMPLES),) if marks.slopes else ()
    found = [_stretch(Interval(None, True, bounds[0], False), Decimal(0), bounds[0] - CENT)]
    for low, high in pairwise([*bounds, None]):
        found.append(Stretch(Interval(low, True, low, True), (low,)))
        if high is not None:
            found.append(_stretch(Interval(low, False, high, False), low + CENT, high - CENT))
    last = bounds[-1]
    far = (last + CENT, last + _BEYOND) if marks.slopes else (last + CENT,)
    return (*(one for one in found if one.tries), Stretch(Interval(last, False), far))


def _stretch(interval: Interval, first: Decimal, last: Decimal) -> Stretch:
    """Tried at its first and last cent; nowhere when no cent lies between its bounds."""
    return Stretch(interval, tuple(dict.fromkeys((first, last))) if first <= last else ())


def values_to_try(name: str, fact: Fact, marks: Marks) -> tuple[Any, ...]:
    """What a fact other than a quotient may be, as far as rules tell cases apart; nothing when endless."""
    match fact.kind:
        case Kind.CHOICE:
            found: Iterable[Any] = fact.values
        case Kind.YES_NO:
            found = (True, False)
        case Kind.NUMBER:
            found = _numbers(name, marks)
        case Kind.CLOCK:
            found = (minute for minute in _around(marks.bounds, Decimal(1)) if 0 <= minute <= _LAST_MINUTE)
        case Kind.DATE:
            found = _around(marks.bounds, ONE_DAY)
        case Kind.TEXT:
            found = (*marks.words, ANOTHER) if marks.words else ()
    values = tuple(found)
    return (*values, None) if marks.unknown and values else values


def _numbers(name: str, marks: Marks) -> Iterator[Decimal]:
    least, most = _NATURAL.get(name, (0, None))
    whole = all(bound == int(bound) for bound in marks.bounds)
    found = set(_around(marks.bounds, Decimal(1) if whole else CENT))
    if name in CHILDREN:
        found |= {Decimal(number) for number in range(1, _MOST_CHILDREN + 1)}
    return (number for number in sorted(found) if number >= least and (most is None or number <= most))


def _around(bounds: Sequence[Any], step: Any) -> list[Any]:
    return sorted({value for bound in bounds for value in (bound - step, bound, bound + step)})


# --- Bounds that are not written: the minute at which a slice of time begins


def slice_bounds(name: str, rule: Any, book: Rulebook, day: date | None) -> set[Decimal]:
    """The last minute before each of the first slices of time, counted from the clock time `name` alone."""
    return {
        minute
        for part in every_part(rule, book)
        if isinstance(part, Slices) and facts_to_give(part.minutes, book) == {name}
        for minute in _turns(name, part, book.context({}, day=day))
    }


def _turns(name: str, slices: Slices, context: Context) -> Iterator[Decimal]:
    counted = _at(slices, name, context)
    try:
        counts = [(Decimal(minute), counted(Decimal(minute))) for minute in range(_LAST_MINUTE + 1)]
    except BusinessError:
        return
    for (minute, count), (_, then) in pairwise(counts):
        if count != then and min(count, then) < _FIRST_SLICES:
            yield minute


_FIRST_SLICES = 4  # an hour by quarters


# --- Bounds that are not written: where a slope meets its floor or its ceiling


def meeting_points(name: str, rule: Any, book: Rulebook, context: Context, marks: Marks) -> set[Decimal]:
    """Where two slopes over the fact `name` cross for the facts of `context`, to the cent below.

    Rates meet their floor and their ceiling, formulas the terms of their `min` and `max`; a term may itself
    bend at one of the `marks`, or where two others meet.
    """
    rivals = [[_at(value, name, context) for value in pair] for pair in _rivals(rule, book)]
    ends = [bound for bound in marks.bounds if isinstance(bound, Decimal)]
    found: set[Decimal] = set()
    for _ in range(_MOST_BENDS):
        cuts = sorted({Decimal(0), *ends, *found, _FAR})
        met = {point for pair in rivals for point in _crossings(*pair, cuts)} - found
        if not met:
            break
        found |= met
    return {point.quantize(CENT, ROUND_FLOOR) for point in found}


_MOST_BENDS = 5
_FAR = Decimal(1_000_000)
_STRAIGHT = Decimal("1e-12")


def _rivals(rule: Any, book: Rulebook) -> Iterator[tuple[Any, Any]]:
    """The pairs of values of which the smaller or the greater is taken."""
    for part in every_part(rule, book):
        match part:
            case Rate():
                bare = replace(part, floor=None, ceiling=None)
                yield from ((bare, limit) for limit in (part.floor, part.ceiling) if limit is not None)
            case Formula():
                yield from _compared_terms(part)


def _compared_terms(formula: Formula) -> Iterator[tuple[Formula, Formula]]:
    for call in ast.walk(formula.tree):
        match call:
            case ast.Call(func=ast.Name(id="min" | "max"), args=[one, other]):
                yield _term(formula, one), _term(formula, other)


def _term(formula: Formula, tree: ast.expr) -> Formula:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return replace(formula, tree=tree, names=tuple(name for name in formula.names if name in names))


def _at(value: Any, name: str, context: Context) -> Callable[[Decimal], Decimal]:
    def compute(x: Decimal) -> Decimal:
        quiet = replace(context.with_facts(**{name: x}), trace=Trace())
        return value.evaluate(quiet)

    return compute


def _crossings(
    one: Callable[[Decimal], Decimal], other: Callable[[Decimal], Decimal], cuts: Sequence[Decimal]
) -> Iterator[Decimal]:
    """Where two lines cross between two cuts; nothing where they are not straight or cannot be computed."""
    for low, high in pairwise(cuts):
        step = (high - low) / 4
        try:
            near, middle, far = (one(x) - other(x) for x in (low + step, low + 2 * step, high - step))
        except BusinessError:
            continue
        slope = (middle - near) / step
        if slope and abs((far - middle) - (middle - near)) <= _STRAIGHT * max(1, abs(far)):
            point = low + step - near / slope
            if low < point < high:
                yield point
