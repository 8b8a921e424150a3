"""The signed cookie holds an opaque session token; the table of sessions decides if it is alive.

Idle time is kept in the cookie (a page read by GET writes nothing in the database): a session
that was not used for `FAMILY_IDLE` or `STAFF_IDLE` is not accepted any more (security S14).
"""

from datetime import UTC, datetime, timedelta

from flask import current_app, session
from flask_login import login_user

from blueprints.shared.time import now
from extensions import login_manager
from queries import accounts
from services.credentials import token_hash

SEEN = "seen"
REFRESH = timedelta(minutes=5)


def _last_seen() -> datetime | None:
    stamp = session.get(SEEN)
    return datetime.fromtimestamp(stamp, UTC) if isinstance(stamp, int) else None


@login_manager.user_loader
def load_user(token: str) -> accounts.SignedInUser | None:
    user = accounts.signed_in_user(token, token_hash(token), now())
    seen = _last_seen()
    if user is None or seen is None:
        return None
    idle = current_app.config["STAFF_IDLE" if user.is_staff else "FAMILY_IDLE"]
    if now() - seen > idle:
        return None
    if now() - seen > REFRESH:
        session[SEEN] = int(now().timestamp())
    return user


def start(token: str) -> None:
    """Put a fresh session token in the cookie; whatever the cookie held before is gone (no fixation)."""
    session.clear()
    session[SEEN] = int(now().timestamp())
    user = accounts.signed_in_user(token, token_hash(token), now())
    if user is None:
        raise RuntimeError("A session was started with a token that the table does not know.")
    login_user(user)
