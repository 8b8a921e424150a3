"""What a household has to do before it books, as things stand (R05, R06)."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select

from domain.booking_gates import Gate, certification_gate, consent_gate, document_gate
from domain.settings import TownSettings
from extensions import db
from models import Guardian
from queries import certifications, consents, documents


def guardian_of(user_id: int) -> int | None:
    """The adult of an account; None for an agent. One statement."""
    return db.session.scalar(select(Guardian.id).where(Guardian.user_id == user_id))


def gates(
    household_ids: Sequence[int], guardian_id: int | None, town: TownSettings, today: date
) -> tuple[Gate, ...]:
    """The reasons that hold a reservation of this adult back, by household. At most two statements."""
    found = []
    if town.certification_holds_bookings:
        found += [
            certification_gate(one.household_id, one.name)
            for one in certifications.standings(household_ids, today, town.certification_day)
            if one.is_due
        ]
    required = [one for one in consents.waiting_texts(guardian_id) if one.is_required]
    found += [consent_gate(home, one.text_id, one.name) for one in required for home in household_ids]
    return tuple(found)


def document_gates(household_id: int, pairs: Collection[tuple[int, int]], today: date) -> tuple[Gate, ...]:
    """The documents without which these (child, structure) are not booked (S75). At most three statements."""
    return tuple(
        document_gate(household_id, one.category_id, one.name, one.child_id, one.child)
        for one in documents.lacking(household_id, pairs, today)
    )
