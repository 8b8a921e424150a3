"""The facts that the portal knows by itself, under the names that docs/reglement-format.md fixes.

A fact that the file does not declare, or declares with other values, is not given: a rule that reads it then
says that it is missing. What the service states of a family or of a child comes before what is deduced here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.enums import Residency, SchoolLevel
from domain.rulebook.almanac import BUILT_IN
from domain.rulebook.facts import Fact, Kind, value_of
from domain.rulebook.needs import facts_to_give
from domain.rulebook.quotients import QuotientEntry
from domain.rulebook.rule_names import rule_name
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.schema import Reader
from domain.rulebook.tree import Faults, Node
from domain.rulebook.wording.french_names import readable
from domain.schooling import school_year_of

AGE, RESIDENCE = "age", "residence"
SCHOOL, LEVEL, SIBLING = "ecole", "niveau", "fratrie"
NURSERY = (SchoolLevel.TPS, SchoolLevel.PS, SchoolLevel.MS, SchoolLevel.GS)
RESIDENCES = {Residency.RESIDENT: "commune", Residency.NON_RESIDENT: "hors_commune"}


@dataclass(frozen=True, slots=True)
class StatedFact:
    """A fact as the service typed it, of the household (no child) or of one child; days included."""

    child_id: int | None
    name: str
    value: str
    valid_from: date
    valid_to: date | None

    def holds(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class SchoolPlace:
    """Where a child goes to school in one school year (2026 is 2026-2027)."""

    child_id: int
    school_year: int
    school: str
    level: SchoolLevel


@dataclass(frozen=True, slots=True)
class Placed:
    """A child is enrolled in a structure, days included."""

    child_id: int
    facility_id: int
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Family:
    """What the portal knows of a household; `births` gives the birth date of each child."""

    residency: Residency
    births: Mapping[int, date]
    quotients: tuple[QuotientEntry, ...] = ()
    stated: tuple[StatedFact, ...] = ()
    schools: tuple[SchoolPlace, ...] = ()
    placed: tuple[Placed, ...] = ()


def facts_of(
    book: Rulebook,
    family: Family,
    child_id: int | None,
    day: date,
    formula: str = "",
    facility_id: int | None = None,
) -> dict[str, Any]:
    """The facts of one child (or of the household alone) on a day, each of the type that the file declares.

    `formula` is the word of the presence type, `facility_id` the structure of the activity that is asked.
    """
    known = _deduced(family, child_id, day) | ({"formule": formula} if formula else {})
    if not _FROM_THE_FILE.isdisjoint(book.facts):  # most règlements read none of them
        known |= _schooled(book, family, child_id, day)
        if facility_id is not None:
            known[SIBLING] = _has_sibling_there(family, child_id, day, facility_id)
    fitting = {
        name: value for name, value in known.items() if name in book.facts and _fits(book.facts[name], value)
    }
    return {**fitting, "quotients": family.quotients, **dict(_stated(book, family, child_id, day))}


def _deduced(family: Family, child_id: int | None, day: date) -> dict[str, Any]:
    facts: dict[str, Any] = {
        RESIDENCE: RESIDENCES[family.residency],
        "enfants": Decimal(len(family.births)),
        "etat": "present",
        "canal": "portail",
    }
    if child_id in family.births:
        birth = family.births[child_id]
        facts["naissance"] = birth
        eldest_first = sorted(family.births, key=lambda one: (family.births[one], one))
        facts["rang"] = Decimal(1 + eldest_first.index(child_id))
        facts[AGE] = Decimal(day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day)))
        facts["enfant"] = str(child_id)
    return facts


_FROM_THE_FILE = frozenset({SCHOOL, LEVEL, SIBLING})


def _schooled(book: Rulebook, family: Family, child_id: int | None, day: date) -> dict[str, str]:
    """School and level of the school year of the day, as the file writes them: « ecole_zola » among words
    and « École Zola » in a text; « cp », else « maternelle » or « elementaire »."""
    year = school_year_of(day)
    place = next((one for one in family.schools if (one.child_id, one.school_year) == (child_id, year)), None)
    if place is None:
        return {}
    level = rule_name(place.level.value)
    if LEVEL in book.facts and level not in book.facts[LEVEL].values:
        level = "maternelle" if place.level in NURSERY else "elementaire"
    is_text = SCHOOL in book.facts and book.facts[SCHOOL].kind is Kind.TEXT
    return {SCHOOL: place.school if is_text else rule_name(place.school), LEVEL: level}


def _has_sibling_there(family: Family, child_id: int | None, day: date, facility_id: int) -> bool:
    """Another child of the household is enrolled in the structure on that day."""
    return any(
        one.child_id != child_id and one.facility_id == facility_id and one.first_day <= day <= one.last_day
        for one in family.placed
    )


def _fits(fact: Fact, value: Any) -> bool:
    match fact.kind:
        case Kind.YES_NO:
            return isinstance(value, bool)
        case Kind.CHOICE:
            return value in fact.values
        case Kind.NUMBER:
            return isinstance(value, Decimal)
        case Kind.DATE:
            return isinstance(value, date)
    return fact.kind is Kind.TEXT and isinstance(value, str)


def _stated(book: Rulebook, family: Family, child_id: int | None, day: date) -> Iterator[tuple[str, Any]]:
    """The household's first, then the child's own."""
    for one in sorted(family.stated, key=lambda one: (one.child_id is not None, one.valid_from)):
        if one.child_id in (None, child_id) and one.name in book.facts and one.holds(day):
            value = read_value(book.facts[one.name], one.value)
            if value is not _UNREADABLE:
                yield one.name, value


_UNREADABLE = object()


def read_value(fact: Fact, text: str) -> Any:
    """The value that a typed text means; `_UNREADABLE` when the fact does not take it (any more)."""
    reader = Reader(Faults())
    value = reader.read(lambda node, reader: value_of(fact, node, reader), Node(text, 0, ""))
    return _UNREADABLE if reader.faults.errors else value


def fault_of(fact: Fact, text: str) -> str:
    """Why a text is no value of the fact, in French; empty when it is one."""
    reader = Reader(Faults())
    reader.read(lambda node, reader: value_of(fact, node, reader), Node(text, 0, ""))
    return reader.faults.errors[0].message if reader.faults.errors else ""


# --- What the service states --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatableFact:
    """A fact that only the service can tell, as the file declares it."""

    name: str
    label: str
    fact: Fact


# What the portal gives by itself, one value of each; « formule » is the presence type that is booked.
_GIVEN = {
    RESIDENCE: "commune",
    "enfants": Decimal(1),
    "rang": Decimal(1),
    AGE: Decimal(6),
    "naissance": date(2020, 1, 1),
    SIBLING: True,
}
_LEVEL_WORDS = frozenset({rule_name(level.value) for level in SchoolLevel} | {"maternelle", "elementaire"})
_OF_AN_ACT = frozenset(
    {"formule", "etat", "enfant", "activite", "parent", "quotient", "quotients", "canal", "action"}
)


def fact_label(book: Rulebook, name: str) -> str:
    """What a fact is called: « agent de la commune »."""
    fact = book.facts.get(name)
    return (fact.label if fact else "") or readable(name)


def statable_facts(book: Rulebook) -> tuple[StatableFact, ...]:
    """The facts that limits, prices and enrolments read and that nobody else gives, in the file's order.

    A clock time is of a presence (when the child left): it is never asked of a family.
    """
    read: set[str] = set()
    for activity in book.activities.values():
        read |= facts_to_give((activity.ladders, activity.tariff, activity.enrolment), book)
    return tuple(
        StatableFact(name, fact_label(book, name), fact)
        for name, fact in book.facts.items()
        if name in read and _is_of_the_family(name, fact)
    )


def _is_of_the_family(name: str, fact: Fact) -> bool:
    if name in _OF_AN_ACT or name in BUILT_IN or fact.kind is Kind.CLOCK:
        return False
    if name == LEVEL and fact.kind is Kind.CHOICE:
        return not _LEVEL_WORDS.issuperset(fact.values)
    return name not in _GIVEN or not _fits(fact, _GIVEN[name])


def value_in_words(fact: Fact, text: str) -> str:
    """A typed value as people read it."""
    return readable(text) if fact.kind is Kind.CHOICE else text
