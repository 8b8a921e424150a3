"""Computed names that are tried directly, in place of the facts that they come from.

« Provenance » has two values, whatever a parent's home and job; « quotient communal » has bounds, while the
incomes that make it have none. A name stands in only when nothing else reads the facts behind it.
"""

from collections.abc import Collection
from typing import Any

from domain.rulebook.almanac import DEDUCED
from domain.rulebook.bounds import CHILDREN
from domain.rulebook.facts import Kind
from domain.rulebook.named import DeducedFact, NamedAmount, NamedCondition
from domain.rulebook.needs import every_part, facts_read, marks_of, read_in_order
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.values import Curve, Rate

QUOTIENT = "quotient"
_MEASURES = (Kind.NUMBER, Kind.CLOCK, Kind.DATE, Kind.TEXT)


def stand_ins(rule: Any, book: Rulebook, settled: Collection[str]) -> frozenset[str]:
    """The names of `rule` to try directly; none that a fact already `settled` would compute."""
    chosen: set[str] = set()
    for name in read_in_order(rule, book):
        if (
            name in book.named
            and name not in settled
            and name in facts_read(rule, book, stop=chosen)
            and _can_stand_in(name, rule, book, chosen, settled)
        ):
            chosen.add(name)
    return frozenset(chosen)


def _can_stand_in(
    name: str, rule: Any, book: Rulebook, chosen: Collection[str], settled: Collection[str]
) -> bool:
    inner = facts_read(book.named[name], book)
    behind = {fact for fact in inner if fact not in book.named}
    if inner & set(settled) or inner & facts_read(rule, book, stop={*chosen, name}):
        return False
    rules = [version.rule for version in book.named[name].versions.versions]
    if all(isinstance(one, DeducedFact | NamedCondition) for one in rules):
        return not any(_is_compared(fact, name, book) for fact in inner)
    if all(isinstance(one, NamedAmount) for one in rules):
        return is_measured(name, rule, book) and any(_is_endless(fact, rule, book) for fact in behind)
    return False


def is_measured(name: str, rule: Any, book: Rulebook) -> bool:
    """True when the rule compares the name with bounds, or multiplies it by a rate."""
    return bool(marks_of(name, rule, book).bounds) or is_rated(name, rule, book)


def is_rated(name: str, rule: Any, book: Rulebook) -> bool:
    return any(isinstance(part, Curve | Rate) and part.fact == name for part in every_part(rule, book))


def _is_compared(fact: str, name: str, book: Rulebook) -> bool:
    """A number with bounds: a family recognises itself in the number, not in the word deduced from it."""
    if fact in DEDUCED or book.facts[fact].kind is not Kind.NUMBER:
        return False
    return is_measured(fact, book.named[name], book)


def _is_endless(fact: str, rule: Any, book: Rulebook) -> bool:
    """Nothing says at which values to try it."""
    if fact in (QUOTIENT, *CHILDREN) or fact in DEDUCED or book.facts[fact].kind not in _MEASURES:
        return False
    marks = marks_of(fact, rule, book)
    return not marks.bounds and not marks.words and not is_rated(fact, rule, book)
