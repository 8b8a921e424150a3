"""Who pays more or less between two rulebooks, and by how much: « ce qui change pour qui ».

Both tariffs are tried on the same families, those that either of them tells apart; families for whom the same
thing changes are then said together: neighbouring quotients, numbers of children, formulas.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from domain.calendar import ONE_DAY
from domain.errors import BusinessError
from domain.rulebook.facts import Context
from domain.rulebook.price_effects import Amounts, Measure, effects
from domain.rulebook.price_grid import NO_EXTRA, extras_of, first_days, is_in_force, trials_of
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.totals import Total
from domain.rulebook.trace import Unanswered
from domain.rulebook.trials import Subject, Trials, Tried
from domain.rulebook.versions import Dated


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
    """The changes of one activity, or of one total over a period; `name` is its key in the file.

    `missing` names the facts without which some prices cannot be compared; with a `problem`, nothing was.
    """

    name: str
    label: str
    changes: tuple[PriceChange, ...]
    missing: tuple[str, ...]
    problem: str = ""

    @property
    def extent(self) -> Amounts | None:
        """From the greatest fall to the greatest rise; None when no price both was and is."""
        found = [one.difference for one in self.changes if one.difference is not None]
        if not found:
            return None
        return Amounts(min(one.low for one in found), max(one.high for one in found))


def price_changes(
    old: Rulebook, new: Rulebook, name: str, first: date | None = None, last: date | None = None,
    facts: Mapping[str, Any] | None = None,
) -> PriceComparison:  # fmt: skip
    """What changes in the prices of the activity `name`, which both rulebooks price.

    Between the days `first` and `last`, each day from which a dated version holds is compared; without these
    days, all of them. `facts` are settled beforehand.
    """
    sides = [(book, book.activities[name]) for book in (old, new)]
    asked = [set(extras_of(activity)) for _, activity in sides]
    pair = _Pair(name, sides[1][1].label, [(book, activity.tariff) for book, activity in sides])

    def trials(day: date | None, extras: tuple[str, ...]) -> Trials:
        return trials_of((old, new), name, day, facts or {}, extras, of_that_day=False)

    return pair.compared(first, last, trials, sorted(asked[0] & asked[1]))


def total_changes(
    old: Rulebook, new: Rulebook, first: date | None = None, last: date | None = None,
    facts: Mapping[str, Any] | None = None,
) -> list[PriceComparison]:  # fmt: skip
    """What changes in the totals over a period (caps, packages…) that both rulebooks have, by name.

    The value of a total is compared, for each number of presences that it tells apart; days as in
    `price_changes`. A total that does not apply has no value.
    """
    before = {_named(total): total for total in old.totals}
    found = []
    for total in new.totals:
        name = _named(total)
        if name in before:
            pair = _Pair(name, name, [(old, before[name]), (new, total)])
            found.append(pair.compared(first, last, lambda day, _, pair=pair: pair.totals(day, facts or {})))
    return found


def _named(total: Dated) -> str:
    return total.versions[0].rule.name


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same dated rule in two rulebooks."""

    name: str
    label: str
    sides: Sequence[tuple[Rulebook, Dated]]

    def compared(
        self, first: date | None, last: date | None,
        trials: Callable[[date | None, tuple[str, ...]], Trials], extras: Sequence[tuple[str, ...]] = (),
    ) -> PriceComparison:  # fmt: skip
        missing: dict[str, None] = {}
        found: list[tuple[date | None, list[PriceChange]]] = []
        try:
            for day in self._days(first, last):
                changes = self._on(day, trials, extras, missing)
                if not found or changes != found[-1][1]:
                    found.append((day, changes))
        except BusinessError as error:  # far too many kinds of families
            return PriceComparison(self.name, self.label, (), (), error.message)
        return PriceComparison(self.name, self.label, tuple(_with_dates(found)), tuple(missing))

    def _on(
        self, day: date | None, trials: Callable[[date | None, tuple[str, ...]], Trials],
        extras: Sequence[tuple[str, ...]], missing: dict[str, None],
    ) -> list[PriceChange]:  # fmt: skip
        if not all(is_in_force(rule, day) for _, rule in self.sides):
            return []
        return list(_changes(lambda more: trials(day, more), extras, missing))

    def _days(self, first: date | None, last: date | None) -> list[date | None]:
        """The day from which prices are compared, and each later one on which a version begins."""
        starts = sorted({day for book, rule in self.sides for day in first_days(rule, book)})
        if first is None:
            return starts or [None]
        later = [day for day in starts if first < day and (last is None or day <= last)]
        return [first, *later]

    def totals(self, day: date | None, facts: Mapping[str, Any]) -> Trials:
        subjects = [_total_subject(book, rule.on(day).rule) for book, rule in self.sides]
        return Trials(subjects, facts, day)


def _total_subject(book: Rulebook, total: Total) -> Subject:
    def compute(context: Context) -> Decimal:
        if not (total.when.holds(context) and total.of_group.holds(context)):
            raise Unanswered(f"{total.name} ne s’applique pas.")
        return total.rounding.round(total.value.evaluate(context))

    return Subject(book, total, compute)


def _changes(
    trials_with: Callable[[tuple[str, ...]], Trials], extras: Sequence[tuple[str, ...]],
    missing: dict[str, None],
) -> Iterator[PriceChange]:  # fmt: skip
    """The changes of one day; those that a late act only repeats are not said twice."""
    usual: dict[Any, Decimal | None] = {}
    for more in (NO_EXTRA, *extras):
        trials = trials_with(more)
        found = trials.run()
        missing.update((answer.missing, None) for one in found for answer in one.answers if answer.missing)
        if more == NO_EXTRA:
            usual = {_key(tried): _added(tried) for tried in found}
        else:
            found = [tried for tried in found if usual.get(_key(tried)) != _added(tried)]
        for line in effects(found, trials):
            one = line.effect
            yield PriceChange(
                None, more, line.facts, line.measure, one.old, one.new, one.difference, one.problem
            )


def _key(tried: Tried) -> frozenset[Any]:
    return frozenset(tried.facts.items())


def _added(tried: Tried) -> Decimal | None:
    old, new = (answer.amount for answer in tried.answers)
    return None if old is None or new is None else new - old


def _with_dates(found: Sequence[tuple[date | None, list[PriceChange]]]) -> Iterator[PriceChange]:
    """Each change from its day to the eve of the next that differs; without dates when nothing else comes."""
    ends = [None if day is None else day - ONE_DAY for day, _ in found[1:]]
    for (since, changes), until in zip(found, [*ends, None], strict=True):
        for one in changes:
            yield replace(one, since=since if len(found) > 1 else None, until=until)
