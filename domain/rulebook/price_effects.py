"""Families for whom the same changes, said together: neighbouring quotients, numbers of children, words.

A price that changes by the same amount is the same change, whatever it was; on a slope, what is added goes
from one amount to another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import Any

from domain.rulebook.bounds import CHILDREN
from domain.rulebook.facts import Interval
from domain.rulebook.price_grid import is_possible
from domain.rulebook.trials import Answer, Trials, Tried


@dataclass(frozen=True, slots=True)
class Amounts:
    """Euros: one amount, or all of those from `low` to `high`."""

    low: Decimal
    high: Decimal

    @property
    def is_one(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Measure:
    """The values of a fact measured to the cent that a change is about: an interval, `unknown`, or both."""

    name: str
    interval: Interval | None
    unknown: bool

    @property
    def is_everything(self) -> bool:
        return self.unknown and self.interval is not None and self.interval == Interval()


@dataclass(frozen=True, slots=True)
class Effect:
    """Both prices on a stretch, what is added at its ends, and why one of the prices lacks."""

    old: Amounts | None
    new: Amounts | None
    difference: Amounts | None = None
    problem: str = ""

    @property
    def is_change(self) -> bool:
        if self.difference is None:
            return (self.old is None) is not (self.new is None)
        return self.difference != _NO_DIFFERENCE

    @property
    def slopes(self) -> bool:
        return self.difference is not None and not self.difference.is_one

    @property
    def kind(self) -> Any:
        """What two effects have in common when they are said together: the same added everywhere."""
        return self.difference if self.difference is not None and self.difference.is_one else self

    def with_(self, other: "Effect") -> "Effect":
        """Both effects as one."""
        sides = (self.old, other.old), (self.new, other.new), (self.difference, other.difference)
        return Effect(*(_both(one, another) for one, another in sides), self.problem)


_NO_DIFFERENCE = Amounts(Decimal(0), Decimal(0))
_NOTHING = Effect(None, None)


def _both(one: Amounts | None, other: Amounts | None) -> Amounts | None:
    if one is None or other is None:
        return None
    return Amounts(min(one.low, other.low), max(one.high, other.high))


@dataclass(frozen=True, slots=True)
class Line:
    """An effect, for one value of each fact (later for several) and a measure."""

    facts: Mapping[str, tuple[Any, ...]]
    measure: Measure | None
    effect: Effect


def effects(found: Sequence[Tried], trials: Trials) -> list[Line]:
    """What changes from the first subject of `trials` to the second, in as few lines as possible."""
    return list(_merged(list(_lines(found, trials)), trials))


def _effect(answers: Sequence[tuple[Answer, ...]]) -> Effect:
    """Both sides over the tries of one stretch; a price that a missing fact hides is not compared."""
    if any(one.missing for pair in answers for one in pair):
        return _NOTHING
    olds, news = ([one.amount for one in side] for side in zip(*answers, strict=True))
    problem = next((one.problem for pair in answers for one in pair if one.problem), "")
    added = [new - old for old, new in zip(olds, news, strict=True) if old is not None and new is not None]
    return Effect(_amounts(olds), _amounts(news), _amounts(added), problem)


def _amounts(values: Sequence[Decimal | None]) -> Amounts | None:
    known = [value for value in values if value is not None]
    return Amounts(min(known), max(known)) if known else None


def _lines(found: Sequence[Tried], trials: Trials) -> Iterator[Line]:
    """The changes of each kind of family, neighbouring quotients together."""
    kinds: dict[tuple[str, frozenset[Any]], list[Tried]] = {}
    for tried in found:
        axis = next((name for name in tried.facts if trials.is_axis(name) and name not in trials.known), "")
        rest = _other_facts(tried, axis, trials)
        kinds.setdefault((axis, frozenset(rest.items())), []).append(tried)
    for (axis, _), alike in kinds.items():
        facts = {name: (value,) for name, value in _other_facts(alike[0], axis, trials).items()}
        if axis:
            answers = {one.facts[axis]: one.answers for one in alike}
            yield from (Line(facts, measure, effect) for measure, effect in _runs(axis, answers, trials))
        elif (effect := _effect([alike[0].answers])).is_change:
            yield Line(facts, None, effect)


def _other_facts(tried: Tried, axis: str, trials: Trials) -> Mapping[str, Any]:
    """The facts of a family that a rule looks at, in the order in which they were asked."""
    return {name: value for name, value in tried.facts.items() if name != axis and trials.reads(name)}


_Piece = tuple[Interval, Effect]
_UNTRIED = [(Answer(None), Answer(None))]


def _runs(
    axis: str, answers: Mapping[Any, tuple[Answer, ...]], trials: Trials
) -> Iterator[tuple[Measure, Effect]]:
    """The stretches on which something changes, those that change alike made one; unknown last."""
    pieces: list[_Piece] = []
    for stretch in trials.stretches(axis):
        tried = [answers[value] for value in stretch.tries if value in answers]
        pieces.append((stretch.interval, _effect(tried or _UNTRIED)))
    runs = _grouped(pieces)
    unknown = _effect([answers[None]] if None in answers else _UNTRIED)
    goes_on = bool(runs) and runs[-1][0].high is None and runs[-1][1].kind == unknown.kind
    for interval, effect in runs[:-1] if goes_on else runs:
        yield Measure(axis, interval, False), effect
    if goes_on:
        yield Measure(axis, runs[-1][0], True), runs[-1][1].with_(unknown)
    elif unknown.is_change:
        yield Measure(axis, None, True), unknown


def _grouped(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Neighbours that change alike become one; a bound belongs to the slope that it ends or begins."""
    runs: list[_Piece] = []
    alone = False  # the last run is a bound that nothing has joined yet
    for index, (interval, effect) in enumerate(pieces):
        if not effect.is_change:
            continue
        following = pieces[index + 1][1] if index + 1 < len(pieces) else _NOTHING
        is_bound = interval.low is not None and interval.low == interval.high
        joins = (
            bool(runs)
            and runs[-1][0].high == interval.low
            and (
                runs[-1][1].kind == effect.kind
                or (is_bound and runs[-1][1].slopes and following.kind != effect.kind)
                or (alone and effect.slopes)
            )
        )
        if joins:
            last, before = runs.pop()
            interval = Interval(last.low, last.low_in, interval.high, interval.high_in)
            effect = before.with_(effect)
        alone = is_bound and not joins
        runs.append((interval, effect))
    return runs


# --- Families for whom the same changes


def _merged(lines: list[Line], trials: Trials) -> Iterator[Line]:
    """Lines that differ by one fact only become one; a fact of which every value is there says nothing."""
    names = list(dict.fromkeys(name for line in lines for name in line.facts))
    for name in reversed(names):
        lines = list(_merged_on(name, lines, trials))
    for line in lines:
        possible = _possible(line.facts)
        if possible is not None:
            facts = {name: _stretched(name, values, trials) for name, values in possible.items()}
            yield replace(line, facts=facts, measure=_said(line.measure))


def _merged_on(name: str, lines: Iterable[Line], trials: Trials) -> Iterator[Line]:
    groups: dict[Any, list[Line]] = {}
    for index, line in enumerate(lines):
        rest = frozenset(item for item in line.facts.items() if item[0] != name)
        key = (rest, line.measure, line.effect.kind) if name in line.facts else index
        groups.setdefault(key, []).append(line)
    for alike in groups.values():
        if name not in alike[0].facts:
            yield alike[0]
            continue
        values = tuple(value for line in alike for value in line.facts[name])
        everything = trials.values(name)
        facts = {**alike[0].facts, name: values}
        if len(everything) > 1 and set(everything) == set(values):
            del facts[name]
        effect = reduce(Effect.with_, (line.effect for line in alike))
        yield replace(alike[0], facts=facts, effect=effect)


def _possible(facts: Mapping[str, tuple[Any, ...]]) -> Mapping[str, tuple[Any, ...]] | None:
    """Without the ranks that these families have no child of; None when nobody is left."""
    if "rang" not in facts or "enfants" not in facts:
        return facts
    most = {"enfants": max(facts["enfants"])}
    ranks = tuple(rank for rank in facts["rang"] if is_possible({**most, "rang": rank}))
    return {**facts, "rang": ranks} if ranks else None


def _said(measure: Measure | None) -> Measure | None:
    """Nothing to say of a change that is the same whatever the quotient."""
    return None if measure is not None and measure.is_everything else measure


def _stretched(name: str, values: tuple[Any, ...], trials: Trials) -> tuple[Any, ...]:
    """Neighbouring numbers as intervals, without end where the rule looks no further."""
    everything = [trials.known[name]] if name in trials.known else trials.values(name)
    everything = [value for value in everything if value is not None]
    if not everything or isinstance(everything[0], bool | str):
        return values
    marks = trials.marks(name)
    is_open = marks.bounds and not marks.slopes and name not in trials.known
    least = everything[0] if name in CHILDREN or not is_open else None  # nobody has less than one child
    ends = (least, None if is_open else everything[-1])
    runs: list[list[int]] = []
    for place in sorted(everything.index(value) for value in values if value is not None):
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    found = tuple(
        Interval(
            ends[0] if run[0] == 0 else everything[run[0]], True,
            ends[1] if run[-1] == len(everything) - 1 else everything[run[-1]], True,
        )
        for run in runs
    )  # fmt: skip
    return (*found, None) if None in values else found
