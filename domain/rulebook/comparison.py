"""Two versions of a règlement side by side: what changes in its text, and « ce qui change pour qui ».

The text is compared rule by rule, and sentence by sentence as families read it; the prices on every kind of
family that either tariff tells apart; the limits on the service days that the caller gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.rulebook.limit_changes import LimitChange, limit_changes
from domain.rulebook.price_changes import PriceComparison, price_changes, total_changes
from domain.rulebook.rule_changes import RuleChange, rule_changes
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.text_changes import TextChange, text_changes
from domain.rulebook.tree import Node


@dataclass(frozen=True, slots=True)
class Side:
    """A version of a règlement: the tree of its text and the rulebook read from it."""

    root: Node
    book: Rulebook


@dataclass(frozen=True, slots=True)
class ActivityComparison:
    """What changes for one activity that both versions have.

    `prices` is None when one of them has no tariff; `problem` then says so, or why prices were not compared.
    `opened` and `closed` are the days that only the new version, or only the old one, has.
    """

    name: str
    label: str
    prices: PriceComparison | None
    problem: str
    limits: tuple[LimitChange, ...]
    opened: tuple[date, ...]
    closed: tuple[date, ...]

    @property
    def is_same(self) -> bool:
        changed = self.prices is not None and (self.prices.changes or self.prices.missing)
        return not (changed or self.problem or self.limits or self.opened or self.closed)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs; `added` and `removed` are the labels of the activities of one version only.

    `totals` are the caps and packages over a period that both versions have.
    """

    rules: tuple[RuleChange, ...]
    texts: tuple[TextChange, ...]
    activities: tuple[ActivityComparison, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    totals: tuple[PriceComparison, ...]


def compare(
    old: Side, new: Side, days: Iterable[date], *, service_days: Mapping[str, Iterable[date]] | None = None,
    facts: Mapping[str, Any] | None = None, words: Mapping[str, str] | None = None,
) -> Comparison:  # fmt: skip
    """The comparison over `days` (all of them, in order): prices in force, limits of the open ones.

    `service_days` gives, by activity, every day on which it really takes place, instead of those of the
    files: only those among `days` are compared, the earlier ones count in the delays. `facts` are settled
    beforehand; `words` names facts and values better than the file does.
    """
    days = tuple(days)
    given = {
        name: None if service_days is None else service_days.get(name, ()) for name in new.book.activities
    }
    common = [name for name in new.book.activities if name in old.book.activities]
    return Comparison(
        tuple(rule_changes(old.root, new.root)),
        tuple(text_changes(old.book, new.book, words)),
        tuple(_activity(old.book, new.book, name, days, given[name], facts) for name in common),
        _only_in(new.book, old.book),
        _only_in(old.book, new.book),
        tuple(total_changes(old.book, new.book, *_ends(days), facts)),
    )


def _ends(days: tuple[date, ...]) -> tuple[date | None, date | None]:
    return (days[0], days[-1]) if days else (None, None)


def _only_in(book: Rulebook, other: Rulebook) -> tuple[str, ...]:
    return tuple(one.label for name, one in book.activities.items() if name not in other.activities)


def _activity(
    old: Rulebook, new: Rulebook, name: str, days: tuple[date, ...], given: Iterable[date] | None,
    facts: Mapping[str, Any] | None,
) -> ActivityComparison:  # fmt: skip
    prices, problem = _prices(old, new, name, days, facts)
    before, now = (_open(book, name, days) for book in (old, new))
    opened = None if given is None else frozenset(given)
    both = [day for day in days if (day in before & now if opened is None else day in opened)]
    limits = limit_changes(old, new, name, both, facts=facts, open_days=opened)
    return ActivityComparison(
        name,
        new.activities[name].label,
        prices,
        problem,
        tuple(limits),
        tuple(sorted(now - before)) if given is None else (),
        tuple(sorted(before - now)) if given is None else (),
    )


def _open(book: Rulebook, name: str, days: tuple[date, ...]) -> set[date]:
    opening = book.activities[name].opening
    return {day for day in days if opening is None or day in opening}


def _prices(
    old: Rulebook, new: Rulebook, name: str, days: tuple[date, ...], facts: Mapping[str, Any] | None
) -> tuple[PriceComparison | None, str]:
    """The comparison of the prices, or why there is none."""
    priced = [book.activities[name].tariff is not None for book in (old, new)]
    if not all(priced):
        words = {
            (False, False): "",
            (True, False): "Le tarif est retiré.",
            (False, True): "Le tarif est nouveau.",
        }
        return None, words[priced[0], priced[1]]
    found = price_changes(old, new, name, *_ends(days), facts)
    return found, found.problem
