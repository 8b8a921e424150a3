"""References of requests, which families read aloud (S103)."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.references import REFERENCE_BYTES, make_reference
from models import BookingRequest, ChangeRequest, Conversation, EnrolmentRequest, Mandate

Referenced = (
    type[BookingRequest] | type[ChangeRequest] | type[EnrolmentRequest] | type[Conversation] | type[Mandate]
)


def new_reference(session: Session, table: Referenced) -> str:
    """A reference that no row of the table has; its unique key stands behind it."""
    while True:
        reference = make_reference(secrets.token_bytes(REFERENCE_BYTES))
        if session.scalar(select(table.id).where(table.reference == reference)) is None:
            return reference
