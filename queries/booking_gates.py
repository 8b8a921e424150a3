"""What a household has to do before it books, as things stand (R05, R06)."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select

from domain.booking_gates import Gate, certification_gate, consent_gate, document_gate
from domain.settings import TownSettings
from extensions import db
from models import Guardian, HouseholdGuardian
from queries import certifications, consents, documents


def adults_behind(user_id: int, household_ids: Sequence[int]) -> tuple[int, ...]:
    """The adult of an account; for an agent, the adults of the households that it acts for. One statement,
    two for an agent."""
    own = db.session.scalar(select(Guardian.id).where(Guardian.user_id == user_id))
    return adults_of(household_ids) if own is None else (own,)


def adults_of(household_ids: Sequence[int]) -> tuple[int, ...]:
    """The adults of some households. One statement."""
    found = select(HouseholdGuardian.guardian_id).where(HouseholdGuardian.household_id.in_(household_ids))
    return tuple(db.session.scalars(found.distinct()))


def gates(
    household_ids: Sequence[int], guardian_ids: Sequence[int], town: TownSettings, today: date
) -> tuple[Gate, ...]:
    """The reasons that hold a reservation back, by household: of the texts, those that none of these adults
    accepted. At most two statements."""
    found = []
    if town.certification_holds_bookings:
        found += [
            certification_gate(one.household_id, one.name)
            for one in certifications.standings(household_ids, today, town.certification_day)
            if one.is_due
        ]
    required = [one for one in consents.texts_waiting_for_all(guardian_ids) if one.is_required]
    found += [consent_gate(home, one.text_id, one.name) for one in required for home in household_ids]
    return tuple(found)


def document_gates(household_id: int, pairs: Collection[tuple[int, int]], today: date) -> tuple[Gate, ...]:
    """The documents without which these (child, structure) are not booked (S75). At most three statements."""
    return tuple(
        document_gate(household_id, one.category_id, one.name, one.child_id, one.child)
        for one in documents.lacking(household_id, pairs, today)
    )
