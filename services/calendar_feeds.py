"""The secret address of an adult's calendar (R25): made, replaced, taken back. Only its hash is kept."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from adapters.ics_feed import AllDay, write_calendar
from domain.calendar import paris_now
from domain.enums import Channel
from domain.french import NBSP
from models import CalendarFeed, User
from queries import calendar_feeds, town
from queries.calendar_feeds import FeedDay
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


@dataclass(frozen=True, slots=True)
class Written:
    """A calendar as programs read it, and when anything of it last changed for sure."""

    content: bytes
    changed_at: datetime


def written(token_hash: str, now: datetime) -> Written | None:
    """First name, activity and day of each booking; None for an address that nobody holds (any more). Three
    statements."""
    found = calendar_feeds.feed(token_hash, paris_now(now).date())
    if found is None:
        return None
    content = write_calendar(town.settings().portal_name, map(_event, found.days))
    return Written(content, found.changed_at)


def _event(one: FeedDay) -> AllDay:
    host = current_app.config["PUBLIC_URL"].partition("//")[2]
    return AllDay(
        f"{one.opening_id}-{one.child_id}@{host}",
        one.day,
        f"{one.first_name}{NBSP}: {one.activity}" + ("" if one.is_sure else " (à confirmer)"),
        one.is_sure,
        one.changed_at,
    )


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
