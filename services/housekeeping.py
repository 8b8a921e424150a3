"""What may be forgotten: ended sessions, old drafts, spent counters. Run by the worker every hour."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from models import BookingDraft, Throttle, UserSession
from services.transaction import write_transaction

DRAFT_LIFE = timedelta(days=30)
THROTTLE_LIFE = timedelta(days=1)


def clean(now: datetime) -> None:
    """Remove sessions past their end, drafts untouched for a month, counters of tries older than a day."""
    with write_transaction() as session:
        session.execute(delete(UserSession).where(UserSession.expires_at <= now))
        session.execute(delete(BookingDraft).where(BookingDraft.updated_at <= now - DRAFT_LIFE))
        session.execute(delete(Throttle).where(Throttle.last_at <= now - THROTTLE_LIFE))
