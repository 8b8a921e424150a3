"""Signing in, and the provisional password of who forgot theirs (S20 to S25, security 2.1 to 2.3).

Nothing here tells whether an address has an account: the answers, the hashing work and the writes
are the same, and an account that waits for its activation, is suspended or does not exist refuses
alike. The hint for who did not activate yet (S12) is therefore part of the one neutral refusal,
shown to everybody.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from domain.enums import AccountKind, AccountStatus, Channel, MailKind, SessionKind
from domain.passwords import normalise_provisional
from domain.people import normalise_email
from extensions import db
from models import ProvisionalPassword, User
from services import audit, credentials, outbox, sessions, throttling
from services.transaction import write_transaction

WRONG_TRIES = 5
# The mail that lets in whoever forgot the password, by the state of the account.
_WAYS_IN = {
    AccountStatus.INVITED: MailKind.ACTIVATION,
    AccountStatus.ACTIVE: MailKind.PROVISIONAL_PASSWORD,
}


class Outcome(Enum):
    WELCOME = "welcome"
    CODE_AWAITED = "code_awaited"
    CHOOSE_PASSWORD = "choose_password"  # noqa: S105  a name, not a secret
    REFUSED = "refused"
    THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class SignIn:
    """`token` is the secret of the new session, None when there is none."""

    outcome: Outcome
    token: str | None = None


@dataclass(frozen=True, slots=True)
class _Account:
    """What a try is compared with; an account that may not sign in looks like one that does not exist."""

    user_id: int | None = None
    kind: AccountKind = AccountKind.FAMILY
    password_hash: str | None = None
    code_id: int | None = None
    code_hash: str | None = None


def sign_in(email: str, password: str, network: str, now: datetime, device: str = "") -> SignIn:
    """Open a session for an e-mail and its password, or a restricted one for its provisional password.

    The password alone opens a session that waits for a code where there is a second factor, or must be one.
    Case and outer spaces of the e-mail do not count (S20). `network` as given by `domain.throttle`.
    Tries are counted before they are compared, so a thousand at once do not get through.
    """
    address = normalise_email(email)
    tries = throttling.sign_in_tries(address, network)
    if not throttling.admit(tries, now):
        return SignIn(Outcome.THROTTLED)
    account = _account(address, now)
    if credentials.matches(account.password_hash, password):
        return _welcome(account, password, tries, now, device)
    # Whether a second comparison is made depends on what was typed, never on the account.
    code = normalise_provisional(password)
    if code is not None:
        if credentials.matches(account.code_hash, code):
            return _use_code(account, tries, now, device)
        _count_wrong_code(account)
    return SignIn(Outcome.REFUSED)


def request_provisional_password(email: str, network: str, now: datetime) -> None:
    """Ask for a mail that lets its owner in: provisional password, or activation link if not activated yet.

    Says nothing of what it did, changes nothing of the account: the present password still works.
    Beyond three requests an hour for an address or ten for a network, nothing is sent.
    """
    address = normalise_email(email)
    with write_transaction() as session:
        if not throttling.admit_in(session, throttling.request_tries(address, network), now):
            return
        user = session.execute(select(User.id, User.status).where(User.email == address)).one_or_none()
        if user is None:
            return
        kind = _WAYS_IN.get(user.status)
        if kind is not None:
            outbox.queue_secret(session, kind, to=address, user_id=user.id, now=now)


def _account(address: str, now: datetime) -> _Account:
    row = db.session.execute(
        select(
            User.id, User.kind, User.password_hash, ProvisionalPassword.id, ProvisionalPassword.password_hash
        )
        .outerjoin(
            ProvisionalPassword,
            (ProvisionalPassword.user_id == User.id)
            & ProvisionalPassword.used_at.is_(None)
            & (ProvisionalPassword.expires_at > now)
            & (ProvisionalPassword.wrong_tries < WRONG_TRIES),
        )
        .where(User.email == address, User.status == AccountStatus.ACTIVE)
    ).one_or_none()
    db.session.rollback()  # no transaction stays open while the hash is computed
    return _Account(*row) if row else _Account()


def _welcome(account: _Account, password: str, tries: throttling.Tries, now: datetime, device: str) -> SignIn:
    new_hash = _renewed_hash(account, password)
    with write_transaction() as session:
        # Suspended or changed while the hash was computed: the password that was right is not any more.
        user = session.scalar(
            select(User)
            .where(
                User.id == account.user_id,
                User.status == AccountStatus.ACTIVE,
                User.password_hash == account.password_hash,
            )
            .with_for_update()
        )
        if user is None:
            return SignIn(Outcome.REFUSED)
        if new_hash != user.password_hash:
            user.password_hash = new_hash
            _record_renewal(session, account.user_id, now)
        session.execute(delete(ProvisionalPassword).where(ProvisionalPassword.user_id == account.user_id))
        kind = sessions.kind_after_password(session, account.user_id, account.kind)
        is_full = kind is SessionKind.FULL
        (throttling.succeed_in if is_full else throttling.pass_first_step_in)(session, tries)
        token = sessions.open_session(session, account.user_id, account.kind, now, kind, device)
        return SignIn(Outcome.WELCOME if is_full else Outcome.CODE_AWAITED, token)


def _renewed_hash(account: _Account, password: str) -> str:
    """The stored hash, made anew when the parameters have been raised since (security S03)."""
    if credentials.is_outdated(account.password_hash):
        return credentials.hash_secret(password)
    return account.password_hash


def _record_renewal(session: Session, user_id: int, now: datetime) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=user_id,
        channel=Channel.PORTAL,
        action="password.hash_renewed",
        object_type="user",
        object_id=user_id,
    )


def _use_code(account: _Account, tries: throttling.Tries, now: datetime, device: str) -> SignIn:
    """One use: the row count of one update decides between parallel tries."""
    with write_transaction() as session:
        used = session.execute(
            update(ProvisionalPassword)
            .where(
                ProvisionalPassword.id == account.code_id,
                ProvisionalPassword.used_at.is_(None),
                ProvisionalPassword.expires_at > now,
                ProvisionalPassword.wrong_tries < WRONG_TRIES,
                ProvisionalPassword.user_id.in_(select(User.id).where(User.status == AccountStatus.ACTIVE)),
            )
            .values(used_at=now)
        )
        if used.rowcount != 1:
            return SignIn(Outcome.REFUSED)
        throttling.succeed_in(session, tries)
        restricted = SessionKind.RESTRICTED
        token = sessions.open_session(session, account.user_id, account.kind, now, restricted, device)
        return SignIn(Outcome.CHOOSE_PASSWORD, token)


def _count_wrong_code(account: _Account) -> None:
    if account.code_id is None:
        return
    with write_transaction() as session:
        session.execute(
            update(ProvisionalPassword)
            .where(ProvisionalPassword.id == account.code_id)
            .values(wrong_tries=ProvisionalPassword.wrong_tries + 1)
        )
