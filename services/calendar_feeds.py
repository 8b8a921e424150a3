"""The secret address of an adult's calendar (R25): made, replaced, taken back. Only its hash is kept."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.enums import Channel
from models import CalendarFeed, User
from services import audit, credentials
from services.transaction import write_transaction


def make(user_id: int, now: datetime) -> str:
    """A new address, whose secret is returned once; the former one serves no more."""
    token = credentials.new_token()
    with write_transaction() as session:
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
        _revoke(session, user_id, now)
        row = CalendarFeed(user_id=user_id, token_hash=credentials.token_hash(token), created_at=now)
        session.add(row)
        session.flush()
        _record(session, "calendar_feed.made", row.id, user_id, now)
    return token


def remove(user_id: int, now: datetime) -> None:
    """Take the address back: whoever reads it finds nothing any more."""
    with write_transaction() as session:
        for feed_id in _revoke(session, user_id, now):
            _record(session, "calendar_feed.removed", feed_id, user_id, now)


def _revoke(session: Session, user_id: int, now: datetime) -> list[int]:
    return list(
        session.scalars(
            update(CalendarFeed)
            .where(CalendarFeed.user_id == user_id, CalendarFeed.revoked_at.is_(None))
            .values(revoked_at=now)
            .returning(CalendarFeed.id)
        )
    )


def _record(session: Session, action: str, feed_id: int, user_id: int, now: datetime) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=user_id,
        channel=Channel.PORTAL,
        action=action,
        object_type="calendar_feed",
        object_id=feed_id,
    )
