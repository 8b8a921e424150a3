"""The owner of an account is told when it is opened in a browser where it never was (security S07)."""

from datetime import datetime

from sqlalchemy import select

from domain.enums import MailKind
from models import User
from services import outbox
from services.accounts import household_of
from services.transaction import write_transaction


def tell(user_id: int, device: str, now: datetime) -> None:
    """Write the mail. `device` as `domain.devices` names it."""
    with write_transaction() as session:
        outbox.queue(
            session,
            MailKind.NEW_DEVICE,
            to=session.scalars(select(User.email).where(User.id == user_id)).one(),
            user_id=user_id,
            household_id=household_of(session, user_id),
            now=now,
            first_name=outbox.first_name(session, user_id),
            device=device,
            opened_at=now,
        )
