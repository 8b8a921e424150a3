"""Health is read by an act: each reading is in the journal and the family sees it (S44, S115)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import Channel
from domain.errors import Refused
from models import StaffMember
from queries import medical
from queries.medical import Health
from services import audit
from services.transaction import write_transaction

READ = medical.READ


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads, and where: `place` is told to the family (« la fiche de l’enfant »)."""

    user_id: int
    place: str


def read(child_ids: Collection[int], reading: Reading, *, now: datetime) -> dict[int, Health]:
    """The health of children, by id, one event of the journal for each: what is shown and what is noted are
    one transaction. The caller has checked the right and the scope of the reader (S44, S115).
    """
    with write_transaction() as session:
        found = medical.health_of(child_ids)
        for child_id in sorted(child_ids):
            record(session, child_id, reading, now=now)
        return found


def check_right(session: Session, user_id: int) -> None:
    """Health is written and decided by who may read it, as the database says. Raises Refused."""
    right = select(StaffMember.can_read_medical).where(StaffMember.user_id == user_id)
    if not session.scalar(right):
        raise no_right()


def no_right() -> Refused:
    """What an agent without the right is told."""
    return Refused(
        "medical_right", "Les renseignements médicaux sont réservés aux agents qui ont le droit de les lire."
    )


def record(session: Session, child_id: int, reading: Reading, *, now: datetime) -> None:
    """One line of the register of a child, inside the caller's transaction."""
    audit.record(
        session,
        at=now,
        actor_user_id=reading.user_id,
        channel=Channel.PORTAL,
        action=READ,
        object_type="child",
        object_id=child_id,
        after={"place": reading.place},
    )
