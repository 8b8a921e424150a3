"""Sessions of signed-in browsers: opened with a secret, ended by deleting the row (security 2.3).

A full session of an account that has a second factor, or must have one, is only ever opened behind it.
"""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.enums import AccountKind, SessionKind
from domain.errors import NotFound, Refused
from domain.french import NBSP
from models import SecondFactor, UserSession
from services import credentials
from services.transaction import write_transaction

# The longest life of a session, however busy it is (security S14).
ABSOLUTE_LIFE = {AccountKind.FAMILY: timedelta(hours=24), AccountKind.STAFF: timedelta(hours=10)}
RESTRICTED_LIFE = timedelta(minutes=10)
# Long enough to install an application on a telephone, for who has no second factor yet.
CODE_LIFE = timedelta(minutes=30)
_LIVES = {SessionKind.RESTRICTED: RESTRICTED_LIFE, SessionKind.CODE_AWAITED: CODE_LIFE}


def open_session(
    session: Session,
    user_id: int,
    account: AccountKind,
    now: datetime,
    kind: SessionKind = SessionKind.FULL,
    device: str = "",
) -> str:
    """Add a session in the caller's transaction; returns its secret, of which only the hash is kept.

    `device` as `domain.devices` names it, for its owner to recognise it.
    """
    token = credentials.new_token()
    life = _LIVES.get(kind, ABSOLUTE_LIFE[account])
    session.add(
        UserSession(
            token_hash=credentials.token_hash(token),
            user_id=user_id,
            kind=kind,
            device=device,
            created_at=now,
            expires_at=now + life,
        )
    )
    return token


def kind_after_password(session: Session, user_id: int, account: AccountKind) -> SessionKind:
    """The session that a right password opens by itself: a full one, or one that waits for a code where the
    account has a second factor or must take one (security S06, G17)."""
    is_compulsory = account is AccountKind.STAFF and current_app.config["STAFF_NEED_CODES"]
    has_factor = session.scalar(select(SecondFactor.user_id).where(SecondFactor.user_id == user_id))
    return SessionKind.CODE_AWAITED if is_compulsory or has_factor else SessionKind.FULL


def end_all(session: Session, user_id: int) -> None:
    """End every session of an account, in the caller's transaction."""
    session.execute(delete(UserSession).where(UserSession.user_id == user_id))


def end_others(session: Session, user_id: int, kept_id: int | None) -> None:
    """End the sessions of an account but the one of this browser, in the caller's transaction."""
    session.execute(
        delete(UserSession).where(UserSession.user_id == user_id, UserSession.id.is_distinct_from(kept_id))
    )


def take(session: Session, session_id: int, user_id: int, kind: SessionKind, now: datetime) -> None:
    """End the session that asks, before another replaces it (security S13), in the caller's transaction.

    It must still live: a double click or a stolen cookie comes too late. Raises Refused `session_ended`.
    """
    ended = session.execute(
        delete(UserSession).where(
            UserSession.id == session_id,
            UserSession.user_id == user_id,
            UserSession.kind == kind,
            UserSession.expires_at > now,
        )
    )
    if ended.rowcount != 1:
        raise Refused("session_ended", f"Vous n’êtes plus connecté{NBSP}: connectez-vous de nouveau.")


def end_own(user_id: int, session_id: int) -> None:
    """The owner ends one of the sessions of the account. Raises NotFound for another account's."""
    with write_transaction() as session:
        ended = session.execute(
            delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id)
        )
        if ended.rowcount != 1:
            raise NotFound


def end_own_others(user_id: int, kept_id: int) -> None:
    """The owner ends every session of the account but the one of this browser."""
    with write_transaction() as session:
        end_others(session, user_id, kept_id)


def sign_out(session_id: int) -> None:
    """End one session: its cookie, even copied, opens nothing any more (S25)."""
    with write_transaction() as session:
        session.execute(delete(UserSession).where(UserSession.id == session_id))
