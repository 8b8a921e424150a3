"""To whom a mail about a household goes: each of its adults who has an access."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Guardian, HouseholdGuardian, User


def adults_of(session: Session, household_ids: Iterable[int]) -> Mapping[int, list[tuple[int, str]]]:
    """(account, address) of the adults of each household, in the order of the file. One statement."""
    found: dict[int, list[tuple[int, str]]] = {}
    for household_id, user_id, email in session.execute(
        select(HouseholdGuardian.household_id, User.id, User.email)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .join(User, User.id == Guardian.user_id)
        .where(HouseholdGuardian.household_id.in_(set(household_ids)))
        .order_by(HouseholdGuardian.household_id, HouseholdGuardian.position, Guardian.id)
    ):
        found.setdefault(household_id, []).append((user_id, email))
    return found
