"""Who pays more or less between two rulebooks, and by how much: « ce qui change pour qui ».

Both tariffs are tried on the same families, those that either of them tells apart; families for whom the same
thing changes are then said together: neighbouring quotients, numbers of children, formulas.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

from domain.calendar import ONE_DAY
from domain.rulebook.facts import Interval
from domain.rulebook.price_grid import NO_EXTRA, extras_of, first_days, is_possible, trials_of
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.trials import Answer, Trials, Tried
from domain.rulebook.versions import Dated


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
class PriceChange:
    """The same change for some families, from the day `since` to the day `until`; None is open.

    `facts` gives, for each fact that matters, its words or the intervals of its numbers; `measure` the
    quotients. `old` and `new` are the prices of all these families, None when there is none, which `problem`
    then explains; `difference` is what each pays more, None without both. `extras` are the adjustments that a
    late act adds.
    """

    since: date | None
    extras: tuple[str, ...]
    facts: Mapping[str, tuple[Any, ...]]
    measure: Measure | None
    old: Amounts | None
    new: Amounts | None
    difference: Amounts | None
    problem: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PriceComparison:
    """The changes of one activity; `missing` names the facts without which some prices cannot be compared."""

    activity: str
    label: str
    changes: tuple[PriceChange, ...]
    missing: tuple[str, ...]


def price_changes(
    old: Rulebook, new: Rulebook, name: str, first: date | None = None, last: date | None = None,
    facts: Mapping[str, Any] | None = None,
) -> PriceComparison:  # fmt: skip
    """What changes in the prices of the activity `name`, which both rulebooks price.

    Between the days `first` and `last`, each day from which a dated version holds is compared; without these
    days, all of them. `facts` are settled beforehand. Raises BusinessError for too many kinds of families.
    """
    sides = [(old, old.activities[name]), (new, new.activities[name])]
    missing: dict[str, None] = {}
    found: list[tuple[date | None, list[PriceChange]]] = []
    for day in _days(sides, first, last):
        changes = list(_on(sides, day, facts or {}, missing))
        if not found or changes != found[-1][1]:
            found.append((day, changes))
    return PriceComparison(name, sides[1][1].label, tuple(_with_dates(found)), tuple(missing))


def _with_dates(found: Sequence[tuple[date | None, list[PriceChange]]]) -> Iterator[PriceChange]:
    """Each change from its day to the eve of the next that differs; without dates when nothing else comes."""
    ends = [None if day is None else day - ONE_DAY for day, _ in found[1:]]
    for (since, changes), until in zip(found, [*ends, None], strict=True):
        for one in changes:
            yield replace(one, since=since if len(found) > 1 else None, until=until)


def _days(
    sides: Sequence[tuple[Rulebook, Activity]], first: date | None, last: date | None
) -> list[date | None]:
    """The day from which prices are compared, and each later one on which a version begins."""
    starts = sorted({day for book, activity in sides for day in first_days(activity.tariff, book)})
    if first is None:
        return starts or [None]
    later = [day for day in starts if first < day and (last is None or day <= last)]
    return [first, *later]


def _on(
    sides: Sequence[tuple[Rulebook, Activity]], day: date | None, facts: Mapping[str, Any],
    missing: dict[str, None],
) -> Iterator[PriceChange]:  # fmt: skip
    """The changes of one day; those that a late act only repeats are not said twice."""
    if not all(_has_version(activity.tariff, day) for _, activity in sides):
        return
    asked = [set(extras_of(activity)) for _, activity in sides]
    usual: dict[Any, Any] = {}
    for extras in (NO_EXTRA, *sorted(asked[0] & asked[1])):
        trials = trials_of(list(sides), day, facts, extras, of_that_day=False)
        found = trials.run()
        missing.update((answer.missing, None) for one in found for answer in one.answers if answer.missing)
        if extras == NO_EXTRA:
            usual = {_key(tried.facts): _added(tried) for tried in found}
        else:
            found = [tried for tried in found if usual.get(_key(tried.facts)) != _added(tried)]
        for line in _merged(list(_lines(found, trials)), trials):
            one = line.effect
            yield PriceChange(
                None, extras, line.facts, line.measure, one.old, one.new, one.difference, one.problem
            )


def _has_version(tariff: Dated, day: date | None) -> bool:
    return not tariff.changes or (day is not None and any(one.holds(day) for one in tariff.versions))


def _key(facts: Mapping[str, Any]) -> frozenset[Any]:
    return frozenset(facts.items())


def _added(tried: Tried) -> Decimal | None:
    old, new = (answer.amount for answer in tried.answers)
    return None if old is None or new is None else new - old


# --- What changes, on each stretch of quotients


@dataclass(frozen=True, slots=True)
class _Effect:
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

    def with_(self, other: "_Effect") -> "_Effect":
        """Both effects as one."""
        sides = (self.old, other.old), (self.new, other.new), (self.difference, other.difference)
        return _Effect(*(_both(one, another) for one, another in sides), self.problem)


_NO_DIFFERENCE = Amounts(Decimal(0), Decimal(0))
_NOTHING = _Effect(None, None)


def _both(one: Amounts | None, other: Amounts | None) -> Amounts | None:
    if one is None or other is None:
        return None
    return Amounts(min(one.low, other.low), max(one.high, other.high))


@dataclass(frozen=True, slots=True)
class _Line:
    """An effect, for one value of each fact (later for several) and a measure."""

    facts: Mapping[str, tuple[Any, ...]]
    measure: Measure | None
    effect: _Effect


def _effect(answers: Sequence[tuple[Answer, ...]]) -> _Effect:
    """Both sides over the tries of one stretch; a price that a missing fact hides is not compared."""
    if any(one.missing for pair in answers for one in pair):
        return _NOTHING
    olds, news = ([one.amount for one in side] for side in zip(*answers, strict=True))
    problem = next((one.problem for pair in answers for one in pair if one.problem), "")
    added = [new - old for old, new in zip(olds, news, strict=True) if old is not None and new is not None]
    return _Effect(_amounts(olds), _amounts(news), _amounts(added), problem)


def _amounts(values: Sequence[Decimal | None]) -> Amounts | None:
    known = [value for value in values if value is not None]
    return Amounts(min(known), max(known)) if known else None


def _lines(found: Sequence[Tried], trials: Trials) -> Iterator[_Line]:
    """The changes of each kind of family, neighbouring quotients together."""
    kinds: dict[tuple[str, frozenset[Any]], list[Tried]] = {}
    for tried in found:
        axis = next((name for name in tried.facts if trials.is_axis(name) and name not in trials.known), "")
        rest = {name: value for name, value in tried.facts.items() if name != axis}
        kinds.setdefault((axis, _key(rest)), []).append(tried)
    for (axis, _), alike in kinds.items():
        facts = {name: (value,) for name, value in alike[0].facts.items() if name != axis}
        if axis:
            answers = {one.facts[axis]: one.answers for one in alike}
            yield from (_Line(facts, measure, effect) for measure, effect in _runs(axis, answers, trials))
        elif (effect := _effect([alike[0].answers])).is_change:
            yield _Line(facts, None, effect)


_Piece = tuple[Interval, _Effect]
_UNTRIED = [(Answer(None), Answer(None))]


def _runs(
    axis: str, answers: Mapping[Any, tuple[Answer, ...]], trials: Trials
) -> Iterator[tuple[Measure, _Effect]]:
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


def _merged(lines: list[_Line], trials: Trials) -> Iterator[_Line]:
    """Lines that differ by one fact only become one; a fact of which every value is there says nothing."""
    names = list(dict.fromkeys(name for line in lines for name in line.facts))
    for name in reversed(names):
        lines = list(_merged_on(name, lines, trials))
    for line in lines:
        possible = _possible(line.facts)
        if possible is not None:
            facts = {name: _stretched(name, values, trials) for name, values in possible.items()}
            yield replace(line, facts=facts, measure=_said(line.measure))


def _merged_on(name: str, lines: Iterable[_Line], trials: Trials) -> Iterator[_Line]:
    groups: dict[Any, list[_Line]] = {}
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
        effect = reduce(_Effect.with_, (line.effect for line in alike))
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
    ends = (None, None) if is_open else (everything[0], everything[-1])
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
