"""Counters of tries, in a table: shared by all workers, kept over a restart (S24, security S05).

`domain.throttle` says how long to wait; here the counters are read and counted up in one
transaction, before anything is compared: a thousand tries at once do not slip through.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.throttle import (
    MESSAGES_BY_HOUSEHOLD,
    MESSAGES_BY_NETWORK,
    PROVISIONAL_BY_ACCOUNT,
    PROVISIONAL_BY_NETWORK,
    SIGN_IN_BY_NETWORK,
    UPLOADS_BY_HOUSEHOLD,
    UPLOADS_BY_NETWORK,
    Window,
    account_wait,
    window_wait,
)
from models import Throttle
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Tries:
    """The two counters of a try. Without `account_window` the account's delay grows with each failure."""

    account: str
    network: str
    network_window: Window
    account_window: Window | None = None


def sign_in_tries(address: str, network: str) -> Tries:
    """Counters of a password typed for an address, known or not."""
    return Tries(_account_key("sign-in", address), f"sign-in:network:{network}", SIGN_IN_BY_NETWORK)


def request_tries(address: str, network: str) -> Tries:
    """Counters of a mail asked for an address, known or not."""
    return Tries(
        _account_key("request", address),
        f"request:network:{network}",
        PROVISIONAL_BY_NETWORK,
        PROVISIONAL_BY_ACCOUNT,
    )


def upload_tries(household_id: int, network: str) -> Tries:
    """Counters of a document sent for a household."""
    return Tries(
        f"upload:household:{household_id}",
        f"upload:network:{network}",
        UPLOADS_BY_NETWORK,
        UPLOADS_BY_HOUSEHOLD,
    )


def message_tries(household_id: int, network: str) -> Tries:
    """Counters of a message that a household writes to the service."""
    return Tries(
        f"message:household:{household_id}",
        f"message:network:{network}",
        MESSAGES_BY_NETWORK,
        MESSAGES_BY_HOUSEHOLD,
    )


def _account_key(purpose: str, address: str) -> str:
    """An address typed by a stranger is nobody's business: only its hash is kept."""
    return f"{purpose}:account:{hashlib.sha256(address.encode()).hexdigest()[:32]}"


def admit(tries: Tries, now: datetime) -> bool:
    """Count one try in its own transaction; False, and nothing counted, when it comes too soon."""
    with write_transaction() as session:
        return admit_in(session, tries, now)


def admit_in(session: Session, tries: Tries, now: datetime) -> bool:
    """`admit` inside the caller's transaction."""
    # Always in this order: two tries cannot wait for each other.
    account = _locked(session, tries.account, now)
    network = _locked(session, tries.network, now)
    if _wait(account, tries.account_window, now) or _wait(network, tries.network_window, now):
        return False
    _count(account, tries.account_window, now)
    _count(network, tries.network_window, now)
    return True


def succeed_in(session: Session, tries: Tries) -> None:
    """The try was no failure: its account starts afresh, its network gets it back."""
    session.execute(delete(Throttle).where(Throttle.key == tries.account))
    _give_back(session, tries.network)


def pass_first_step_in(session: Session, tries: Tries) -> None:
    """The password was right and a code is still to come: the network gets its try back, the failures of the
    account stay, or whoever knows the password could try codes without end."""
    _give_back(session, tries.network)


def _give_back(session: Session, key: str) -> None:
    session.execute(
        update(Throttle).where(Throttle.key == key, Throttle.count > 0).values(count=Throttle.count - 1)
    )


def _locked(session: Session, key: str, now: datetime) -> Throttle:
    row = session.get(Throttle, key, with_for_update=True)
    if row is not None:
        return row
    row = Throttle(key=key, count=0, first_at=now, last_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # PostgreSQL: another try made the row at the same moment
        return session.get_one(Throttle, key, with_for_update=True)
    return row


def _wait(row: Throttle, window: Window | None, now: datetime) -> timedelta:
    if window is None:
        return account_wait(row.count, row.last_at if row.count else None, now)
    return window_wait(window, [row.first_at] * row.count, now)


def _count(row: Throttle, window: Window | None, now: datetime) -> None:
    if window is not None and now - row.first_at >= window.period:
        row.count, row.first_at = 0, now
    row.count, row.last_at = row.count + 1, now
