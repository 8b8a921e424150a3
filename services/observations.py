"""An agent looks at the portal as one adult sees it: its begin and end are noted (R51)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import NotFound
from models import Guardian, HouseholdGuardian
from services import audit
from services.accounts import Author
from services.transaction import write_transaction


def start(household_id: int, guardian_id: int, *, author: Author, now: datetime) -> None:
    """Note that the agent begins to look. Raises NotFound for an adult without access, or of another file."""
    with write_transaction() as session:
        adult = select(Guardian.id).where(
            Guardian.id == guardian_id,
            Guardian.user_id.is_not(None),
            Guardian.merged_into_id.is_(None),
            HouseholdGuardian.guardian_id == Guardian.id,
            HouseholdGuardian.household_id == household_id,
        )
        if session.scalar(adult) is None:
            raise NotFound
        _note(session, "observation.started", guardian_id, author, now)


def end(guardian_id: int, *, author: Author, now: datetime) -> None:
    """Note that the agent looks no more."""
    with write_transaction() as session:
        _note(session, "observation.ended", guardian_id, author, now)


def _note(session: Session, action: str, guardian_id: int, author: Author, now: datetime) -> None:
    """One event for each household of the adult: the agent sees all of them."""
    homes = select(HouseholdGuardian.household_id).where(HouseholdGuardian.guardian_id == guardian_id)
    for household_id in session.scalars(homes.order_by(HouseholdGuardian.household_id)).all():
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action=action,
            object_type="observation",
            object_id=guardian_id,
            household_id=household_id,
        )
