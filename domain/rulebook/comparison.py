"""Two versions of a règlement side by side: what changes in its text, and « ce qui change pour qui ».

The text is compared rule by rule, and sentence by sentence as families read it; the prices on every kind of
family that either tariff tells apart; the limits on the service days that the caller gives. What other rules
change (absences, enrolment, quotients…) is not worked out for whom: they are named with their sentences.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.rulebook.limit_changes import LimitChange, limit_changes
from domain.rulebook.needs import facts_read
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
        return not any(self.tells(part) for part in _WORKED_OUT)

    def tells(self, part: str) -> bool:
        """True when what differs in this part of the activity is worked out here, at least for some."""
        match part:
            case "tarif":
                changed = self.prices is not None and (self.prices.changes or self.prices.missing)
                return bool(changed or self.problem)
            case "delais":
                return bool(self.limits)
            case "ouverture":
                return bool(self.opened or self.closed)
        return part == "nom"


@dataclass(frozen=True, slots=True)
class OtherRules:
    """A part of the file whose rules differ and that no price, limit or day of a comparison tells.

    `part` is its key; `activity` the label of the activity, empty for what activities share.
    """

    part: str
    activity: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs; `added` and `removed` are the labels of the activities of one version only.

    `totals` are the caps and packages over a period that both versions have; `other_rules` what differs and
    is not worked out for whom, in the order of the file.
    """

    rules: tuple[RuleChange, ...]
    texts: tuple[TextChange, ...]
    activities: tuple[ActivityComparison, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    totals: tuple[PriceComparison, ...]
    other_rules: tuple[OtherRules, ...]


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
    rules = tuple(rule_changes(old.root, new.root))
    activities = tuple(_activity(old.book, new.book, name, days, given[name], facts) for name in common)
    totals = tuple(total_changes(old.book, new.book, *_ends(days), facts))
    return Comparison(
        rules,
        tuple(text_changes(old.book, new.book, words)),
        activities,
        _only_in(new.book, old.book),
        _only_in(old.book, new.book),
        totals,
        _other_rules(rules, activities, totals, _read_elsewhere(old.book) | _read_elsewhere(new.book)),
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


# --- What is not worked out

_PATH = re.compile(r"\[\d+\]\.?|\.")
_WORKED_OUT = ("tarif", "delais", "ouverture")
_SAID_APART = ("activites", "reglement")
_NAMED = ("faits", "montants", "conditions", "dates")


def _other_rules(
    rules: Iterable[RuleChange], activities: Iterable[ActivityComparison],
    totals: Iterable[PriceComparison], read_elsewhere: Collection[str],
) -> tuple[OtherRules, ...]:  # fmt: skip
    """The parts of the rules that differ, without those that the activities and the totals tell."""
    by_name = {one.name: one for one in activities}
    total = any(one.changes for one in totals)
    told = total or not all(one.is_same for one in by_name.values())
    found: dict[OtherRules, None] = {}
    for change in rules:
        part, name, inner = (*_PATH.split(change.path), "", "")[:3]
        if part == "activites" and name in by_name and inner:
            if not by_name[name].tells(inner):
                found[OtherRules(inner, by_name[name].label)] = None
        elif part == "cumuls":
            found |= {} if total else {OtherRules(part, ""): None}
        elif part not in _SAID_APART and not (told and part in _NAMED and name not in read_elsewhere):
            found[OtherRules(part, "")] = None
    return tuple(found)


def _read_elsewhere(book: Rulebook) -> set[str]:
    """The names that rules read whose effect is not worked out."""
    rules = [(one.absences, one.enrolment, one.counts) for one in book.activities.values()]
    return facts_read((rules, book.billing, book.quotient), book)
