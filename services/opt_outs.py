"""Who refuses announcements: by the link of a mail, signed in or not, or on « Mon compte » (R52).

The link holds a signed number of the account: it opens nothing else, and refusing is all that it can do.
"""

from datetime import datetime

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import AccountKind, Channel
from domain.errors import NotFound
from extensions import db
from models import User
from services import audit
from services.transaction import write_transaction


def token(user_id: int) -> str:
    """What stands for the account in the link of its announcements."""
    return _serializer().dumps(user_id)


def has_refused(token_text: str) -> bool:
    """What the owner of the link chose. Raises NotFound for a link that is not ours."""
    row = db.session.execute(
        select(User.announcements_refused_at).where(User.id == _user_of(token_text))
    ).one_or_none()
    if row is None:
        raise NotFound
    return row.announcements_refused_at is not None


def refuse(token_text: str, now: datetime) -> None:
    """By the link of a mail; once or twice is the same. Raises NotFound for a link that is not ours."""
    user_id = _user_of(token_text)
    with write_transaction() as session:
        _choose(session, user_id, None, wants=False, now=now)


def choose(user_id: int, wants: bool, now: datetime) -> None:
    """By the adult itself, signed in."""
    with write_transaction() as session:
        _choose(session, user_id, user_id, wants=wants, now=now)


def _choose(session: Session, user_id: int, actor: int | None, *, wants: bool, now: datetime) -> None:
    user = session.get(User, user_id, with_for_update=True)
    if user is None or user.kind is not AccountKind.FAMILY:
        raise NotFound
    if wants is (user.announcements_refused_at is None):
        return
    user.announcements_refused_at = None if wants else now
    audit.record(
        session,
        at=now,
        actor_user_id=actor,
        channel=Channel.PORTAL,
        action="announcements.accepted" if wants else "announcements.refused",
        object_type="user_account",
        object_id=user_id,
    )


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="announcements")


def _user_of(token_text: str) -> int:
    try:
        found = _serializer().loads(token_text)
    except BadSignature as error:
        raise NotFound from error
    if not isinstance(found, int):
        raise NotFound
    return found
