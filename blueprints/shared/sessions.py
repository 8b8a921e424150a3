"""The signed cookie holds an opaque session token; the table of sessions decides if it is alive.

Idle time is kept in the cookie (a page read by GET writes nothing in the database): a session
that was not used for `FAMILY_IDLE` or `STAFF_IDLE` is not accepted any more (security S14).
"""

from datetime import UTC, datetime, timedelta

from flask import current_app, session
from flask_login import current_user, login_user

from blueprints.shared.network import device, network
from blueprints.shared.time import now
from domain.permissions import Permission
from extensions import login_manager
from queries import accounts
from services.credentials import token_hash
from services.second_factor import Asker

SEEN = "seen"
OBSERVED = "observed"  # the adult whose portal an agent looks at, in the signed cookie
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
    return _observed(user) or user


def _observed(user: accounts.SignedInUser) -> accounts.SignedInUser | None:
    """The adult whose portal this agent looks at, as long as the agent may (R51); None for everybody else."""
    guardian_id = session.get(OBSERVED)
    if guardian_id is None or not user.may(Permission.FAMILY_VIEW):
        return None
    return accounts.observed_adult(guardian_id, user)


def observe(guardian_id: int) -> None:
    """From the next request on, this browser shows the portal of an adult, read only."""
    session[OBSERVED] = guardian_id


def stop_observing() -> None:
    session.pop(OBSERVED, None)


def asker() -> Asker:
    """Who asks something about the second factor, in this session."""
    user = current_user
    return Asker(user.user_id, user.session_id, user.session_kind, user.token, network(), device())


def start(token: str) -> None:
    """Put a fresh session token in the cookie; whatever the cookie held before is gone (no fixation)."""
    session.clear()
    session[SEEN] = int(now().timestamp())
    user = accounts.signed_in_user(token, token_hash(token), now())
    if user is None:
        raise RuntimeError("A session was started with a token that the table does not know.")
    login_user(user)
