"""What a rule needs, read in the rule itself: the facts it may look at, and where its answer may change.

A walk over the rule's own pieces, through every name it reads (deduced facts, amounts, conditions, dates), so
that nothing has to be computed, or guessed, to know what a family will be asked.
"""

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.rulebook.almanac import DEDUCED
from domain.rulebook.billing import Billing
from domain.rulebook.conditions import Condition
from domain.rulebook.enrolment import Enrolment, Window
from domain.rulebook.facts import Kind, Test
from domain.rulebook.formulas import Formula
from domain.rulebook.ladders import ANY_CHANNEL, Ladder
from domain.rulebook.named import DateRule
from domain.rulebook.parts import parts
from domain.rulebook.quantities import Slices, Slots
from domain.rulebook.quotients import Custody
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.tables import Row, Table
from domain.rulebook.values import Curve, Rate

NOTHING: frozenset[str] = frozenset()


def facts_read(rule: Any, book: Rulebook, stop: Collection[str] = NOTHING) -> set[str]:
    """Every fact that `rule` (a tariff, ladders, a whole activity…) may read, computed names included.

    The names of `stop` are noted and not looked into.
    """
    return set(read_in_order(rule, book, stop))


def facts_to_give(rule: Any, book: Rulebook) -> set[str]:
    """The facts that somebody must give: neither computed by the rulebook nor carried by the day."""
    return {name for name in facts_read(rule, book) if name not in book.named and name not in DEDUCED}


def read_in_order(rule: Any, book: Rulebook, stop: Collection[str] = NOTHING) -> list[str]:
    """The names of `facts_read`, those nearest to the rule first."""
    found: dict[str, None] = {}
    for part in every_part(rule, book, stop):
        found.update(dict.fromkeys(_names_in(part)))
    if "quotient" in found and book.quotient is not None and book.quotient.custody is Custody.OWN:
        found["parent"] = None
    return list(found)


def every_part(rule: Any, book: Rulebook, stop: Collection[str] = NOTHING) -> Iterator[Any]:
    """The pieces of a rule, then those of each name that it reads, once each, outwards in."""
    waiting, met = deque([rule]), set(stop)
    while waiting:
        for part in parts(waiting.popleft()):
            yield part
            for name in _names_in(part):
                if name in book.named and name not in met:
                    met.add(name)
                    waiting.append(book.named[name])


def _names_in(part: Any) -> tuple[str, ...]:
    """What this one piece reads, without its own pieces."""
    match part:
        case Formula():
            return part.names
        case Condition():
            return tuple(name for name, _ in part.tests)
        case Table():
            return part.dimensions if part.column is None else (*part.dimensions, part.column)
        case Curve() | Rate():
            return (part.fact,)
        case DateRule():
            return (part.since,)
        case Enrolment():
            return part.conditions
        case Ladder() | Window() if ANY_CHANNEL not in part.channels:
            return ("canal",)
        case Billing(payer=str(payer)):
            return (payer,)
    return ()


# --- Where an answer may change


@dataclass(frozen=True, slots=True)
class Marks:
    """How a rule looks at one fact.

    `bounds` are the numbers or the days it is compared with, in order, and `words` the texts; `unknown` when
    a rule foresees that it is unknown; `slopes` when it is computed with, so that the answer may change
    between two bounds.
    """

    bounds: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()
    unknown: bool = False
    slopes: bool = False


def marks_of(name: str, rule: Any, book: Rulebook, stop: Collection[str] = NOTHING) -> Marks:
    """The marks that `rule` and all it reads put on the fact `name`."""
    tests: list[Test] = []
    bounds: set[Any] = set()
    slopes = False
    for part in every_part(rule, book, stop):
        tests += _tests_of(name, part)
        bounds.update(_marked(name, part, book))
        slopes = slopes or _computes_with(name, part)
    values = [value for test in tests for value in test.values]
    bounds.update(value for value in values if isinstance(value, Decimal | date))
    for test in tests:
        if test.interval is not None:
            bounds.update(bound for bound in (test.interval.low, test.interval.high) if bound is not None)
    words = dict.fromkeys(value for value in values if isinstance(value, str))
    return Marks(tuple(sorted(bounds)), tuple(words), any(test.unknown for test in tests), slopes)


def _tests_of(name: str, part: Any) -> list[Test]:
    match part:
        case Condition():
            return [test for fact, test in part.tests if fact == name]
        case Row() if name in part.tests:
            return [part.tests[name]]
    return []


def _marked(name: str, part: Any, book: Rulebook) -> Iterator[Decimal]:
    """The numbers that a curve, slots or slices of time put on the fact; slices start at no written hour."""
    match part:
        case Curve(fact=fact) if fact == name:
            yield from (x for x, _ in part.points)
        case Slots() if _is_only(name, part.start) or _is_only(name, part.end):
            for slot in part.slots:
                yield Decimal(slot.start.minutes)
                yield Decimal(slot.end.minutes)
        case Slices() if _is_only(name, part.minutes) and not is_clock(name, book):
            yield Decimal(part.size)


def is_clock(name: str, book: Rulebook) -> bool:
    """True for a time of the day."""
    fact = book.facts.get(name)
    return fact is not None and fact.kind is Kind.CLOCK


def _is_only(name: str, value: Any) -> bool:
    return isinstance(value, Formula) and value.names == (name,)


def _computes_with(name: str, part: Any) -> bool:
    match part:
        case Curve() | Rate():
            return part.fact == name
        case Formula():
            return name in part.names
    return False
