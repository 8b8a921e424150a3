"""Sessions of signed-in browsers: opened with a secret, ended by deleting the row (security 2.3)."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from domain.enums import AccountKind, SessionKind
from models import UserSession
from services import credentials
from services.transaction import write_transaction

# The longest life of a session, however busy it is (security S14).
ABSOLUTE_LIFE = {AccountKind.FAMILY: timedelta(hours=24), AccountKind.STAFF: timedelta(hours=10)}
RESTRICTED_LIFE = timedelta(minutes=10)


def open_session(
    session: Session, user_id: int, account: AccountKind, now: datetime, kind: SessionKind = SessionKind.FULL
) -> str:
    """Add a session in the caller's transaction; returns its secret, of which only the hash is kept."""
    token = credentials.new_token()
    life = ABSOLUTE_LIFE[account] if kind is SessionKind.FULL else RESTRICTED_LIFE
    session.add(
        UserSession(
            token_hash=credentials.token_hash(token),
            user_id=user_id,
            kind=kind,
            created_at=now,
            expires_at=now + life,
        )
    )
    return token


def end_all(session: Session, user_id: int) -> None:
    """End every session of an account, in the caller's transaction."""
    session.execute(delete(UserSession).where(UserSession.user_id == user_id))


def end_others(session: Session, user_id: int, kept_id: int | None) -> None:
    """End the sessions of an account but the one of this browser, in the caller's transaction."""
    session.execute(
        delete(UserSession).where(UserSession.user_id == user_id, UserSession.id.is_distinct_from(kept_id))
    )


def sign_out(session_id: int) -> None:
    """End one session: its cookie, even copied, opens nothing any more (S25)."""
    with write_transaction() as session:
        session.execute(delete(UserSession).where(UserSession.id == session_id))
