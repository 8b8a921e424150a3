"""What the search of people reads of a household (R03): the names of everybody in it, folded, each once.

Merged people and their files are left out: their names lead to the file that was kept.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.people import fold
from models import AuthorisedPerson, Child, Guardian, Household, HouseholdChild, HouseholdGuardian

LENGTH = 2000


def rewrite(session: Session, household_ids: Iterable[int]) -> None:
    """Rewrite the names of these households, their own first. Inside the caller's transaction."""
    session.flush()
    ids = list(household_ids)
    names: dict[int, list[str]] = defaultdict(list)
    for query in (_adults(ids), _children(ids), _authorised(ids)):
        for household_id, *words in session.execute(query):
            names[household_id] += words
    for household in session.scalars(select(Household).where(Household.id.in_(ids))):
        text = fold(" ".join([household.name, *names[household.id]]))
        household.search_text = " ".join(dict.fromkeys(text.split()))[:LENGTH]


def of_child(session: Session, child_id: int) -> None:
    """The same for every household of a child: somebody who may fetch it came, changed or went."""
    households = select(HouseholdChild.household_id).where(HouseholdChild.child_id == child_id)
    rewrite(session, session.scalars(households))


def _adults(ids: list[int]):
    return (
        select(HouseholdGuardian.household_id, Guardian.last_name, Guardian.first_name, Guardian.birth_name)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(HouseholdGuardian.household_id.in_(ids), Guardian.merged_into_id.is_(None))
        .order_by(HouseholdGuardian.position)
    )


def _children(ids: list[int]):
    return (
        select(HouseholdChild.household_id, Child.last_name, Child.first_name)
        .join(Child, Child.id == HouseholdChild.child_id)
        .where(HouseholdChild.household_id.in_(ids), Child.merged_into_id.is_(None))
        .order_by(Child.id)
    )


def _authorised(ids: list[int]):
    """A household from which a child is hidden finds nobody by who fetches it."""
    return (
        select(HouseholdChild.household_id, AuthorisedPerson.last_name, AuthorisedPerson.first_name)
        .join(AuthorisedPerson, AuthorisedPerson.child_id == HouseholdChild.child_id)
        .where(HouseholdChild.household_id.in_(ids), HouseholdChild.is_restricted.is_(False))
        .order_by(AuthorisedPerson.id)
    )
