"""People who are in the files already, found by name so that nobody is written twice (R01, R02).

Only what tells two people of one name apart: the birth date of a child, the files of an adult; never an
address, a telephone number or an e-mail.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, Select, and_, select

from domain.errors import NotFound
from domain.french import NBSP
from domain.people import fold
from extensions import db
from models import Child, Guardian, Household, HouseholdChild, HouseholdGuardian

MOST = 20


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """`files` are the households that the person belongs to: « SOLIGNAC n° 1001 »."""

    person_id: int
    first_name: str
    last_name: str
    birth_date: date | None
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


_ADULTS = (
    select(
        Guardian.id, Guardian.first_name, Guardian.last_name, Guardian.birth_date,
        Household.id.label("file_id"), Household.name, Household.number,
    )
    .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
    .join(Household, Household.id == HouseholdGuardian.household_id)
    .where(Guardian.merged_into_id.is_(None))
    .order_by(Guardian.last_name, Guardian.first_name, Guardian.id, Household.number)
)  # fmt: skip
_CHILDREN = (
    select(
        Child.id, Child.first_name, Child.last_name, Child.birth_date, Household.id.label("file_id"),
        Household.name, Household.number,
    )
    .join(HouseholdChild, HouseholdChild.child_id == Child.id)
    .join(Household, Household.id == HouseholdChild.household_id)
    .where(Child.merged_into_id.is_(None))
    .order_by(Child.last_name, Child.first_name, Child.id, Household.number)
)  # fmt: skip


def adults(text: str, *, without: int) -> tuple[KnownPerson, ...]:
    """The adults whose names hold every word, accents and case forgiven, but those of one household. One
    statement, none without a word."""
    return _found(_ADULTS, text, without)


def children(text: str, *, without: int) -> tuple[KnownPerson, ...]:
    """The same for children."""
    return _found(_CHILDREN, text, without)


def adult(guardian_id: int) -> KnownPerson:
    """Raises NotFound."""
    return _one(_ADULTS.where(Guardian.id == guardian_id))


def child(child_id: int) -> KnownPerson:
    """Raises NotFound."""
    return _one(_CHILDREN.where(Child.id == child_id))


def _found(statement: Select, text: str, without: int) -> tuple[KnownPerson, ...]:
    words = fold(text).split()
    if not words:
        return ()
    wanted = and_(*(Household.search_text.contains(word, autoescape=True) for word in words))
    rows = db.session.execute(statement.where(wanted)).all()
    inside = {row.id for row in rows if row.file_id == without}
    people = _people(row for row in rows if row.id not in inside)
    return tuple(one for one in people if _holds(one, words))[:MOST]


def _holds(person: KnownPerson, words: Iterable[str]) -> bool:
    name = fold(person.name)
    return all(word in name for word in words)


def _people(rows: Iterable[Row]) -> list[KnownPerson]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    return [
        KnownPerson(*own[0][:4], tuple(f"{row.name} n°{NBSP}{row.number}" for row in own))
        for own in found.values()
    ]


def _one(statement: Select) -> KnownPerson:
    found = _people(db.session.execute(statement))
    if not found:
        raise NotFound
    return found[0]
