"""What comes with time: ended sessions, dead secrets, old drafts, spent counters; documents that end."""

from datetime import datetime, timedelta

from sqlalchemy import delete

from models import ActivationToken, BookingDraft, EmailChange, ProvisionalPassword, Throttle, UserSession
from services import documents
from services.transaction import write_transaction

DRAFT_LIFE = timedelta(days=30)
THROTTLE_LIFE = timedelta(days=1)
SECRET_TRACE = timedelta(days=90)  # a dead link still says « déjà utilisé » or « expiré » that long


def clean(now: datetime) -> None:
    """Remove sessions past their end, secrets dead for three months, drafts untouched for a month and
    counters of tries older than a day; expire documents and announce those that end soon."""
    with write_transaction() as session:
        session.execute(delete(UserSession).where(UserSession.expires_at <= now))
        session.execute(delete(BookingDraft).where(BookingDraft.updated_at <= now - DRAFT_LIFE))
        for secret in (ActivationToken, ProvisionalPassword):
            session.execute(delete(secret).where(secret.expires_at <= now - SECRET_TRACE))
        # One whose mail never left has no end.
        session.execute(delete(EmailChange).where(EmailChange.created_at <= now - SECRET_TRACE))
        session.execute(delete(Throttle).where(Throttle.last_at <= now - THROTTLE_LIFE))
    documents.expire(now)
    documents.sweep(now)
