"""An agent who opens a family's document leaves a trace, as for health (S74, S115)."""

from dataclasses import dataclass
from datetime import datetime

from domain.enums import Channel
from services import audit, medical_readings
from services.transaction import write_transaction

READ = "document.read"


@dataclass(frozen=True, slots=True)
class Opened:
    """The document that is opened. `health_of`: the child whose health it tells, None for any other paper."""

    document_id: int
    household_id: int
    health_of: int | None = None


def note(opened: Opened, user_id: int, *, now: datetime) -> None:
    """Write the reading of a document; on health, in the register that the family sees too.

    The caller has checked the right.
    """
    with write_transaction() as session:
        audit.record(
            session,
            at=now,
            actor_user_id=user_id,
            channel=Channel.PORTAL,
            action=READ,
            object_type="document",
            object_id=opened.document_id,
            household_id=opened.household_id,
        )
        if opened.health_of is not None:
            reading = medical_readings.Reading(user_id, "un document transmis")
            medical_readings.record(session, opened.health_of, reading, now=now)
