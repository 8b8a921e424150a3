"""The owner of an account is told when it is opened in a browser where it never was (security S07)."""

from datetime import datetime

from sqlalchemy import select

from domain.enums import MailKind
from models import LastSignIn, User
from services import outbox
from services.accounts import household_of
from services.transaction import write_transaction


def note_sign_in(user_id: int, device: str, now: datetime, *, is_known: bool) -> None:
    """Note that an account was opened, and write to its owner when it was in an unknown browser.

    `device` as `domain.devices` names it; `is_known`: the account was open there before, or another mail
    tells of it. The first time is no news: no browser of the account is known yet.
    """
    with write_transaction() as session:
        session.get(User, user_id, with_for_update=True)
        last = session.get(LastSignIn, user_id)
        if last is None:
            session.add(LastSignIn(user_id=user_id, at=now))
            return
        last.at = now
        if is_known:
            return
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
