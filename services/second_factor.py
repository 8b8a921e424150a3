"""The second factor of an account: the codes of an application, and codes on paper (R50, security S06).

Compulsory for the agents of a town, offered to parents. A code of the application works once, one step of
thirty seconds early or late; ten recovery codes work once each, of which only the hashes are kept. Every act
that changes how one signs in is in the journal and told by mail.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime

import pyotp
from flask import current_app
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from domain.enums import AccountKind, MailKind, SessionKind
from domain.errors import NotFound, Refused
from domain.french import NBSP
from domain.passwords import normalise_provisional
from exports.qr_code import Drawing, drawing
from extensions import db
from models import RecoveryCode, SecondFactor, User
from services import audit, credentials, outbox, reauthentication, sessions, throttling
from services.accounts import Author, household_of
from services.transaction import write_transaction

STEP_SECONDS = 30
DRIFT = 1  # steps that the clock of a telephone may be early or late
RECOVERY_CODES = 10
SECRET_BYTES = 20
WRONG_CODE = "code"
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the account, the session with its own secret, the network and the browser."""

    user_id: int
    session_id: int
    session_kind: SessionKind
    token: str
    network: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an application needs: the secret by groups of four to type it, its address and its QR code."""

    typed: str
    address: str
    code: Drawing


@dataclass(frozen=True, slots=True)
class Entered:
    """A full session: its secret, and the recovery codes, new ones to be shown once or how many are left."""

    token: str
    codes: tuple[str, ...] = ()
    left: int = 0


# --- Taking one -----------------------------------------------------------------------------------


def offer(token: str, email: str, portal_name: str) -> Offer:
    """What this browser is offered to install; writes nothing, the same as long as the session lasts."""
    secret = _offered_secret(token)
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=portal_name)
    typed = " ".join(secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP))
    return Offer(typed, address, drawing(address))


def confirm(asker: Asker, code: str, password: str | None, now: datetime) -> Entered:
    """Put the offered secret in use, once a first code proves that the application holds it.

    It replaces a former one, with new recovery codes; every session of the account ends but a new full one.
    From a full session the password is asked again; after the password alone, only who has no factor may.
    Raises Refused `current`, `throttled`, `code`, `session_ended`.
    """
    secret = _offered_secret(asker.token)
    if asker.session_kind is SessionKind.FULL:
        owner = reauthentication.require_password(asker.user_id, password or "", asker.network, now)
    else:
        owner = _owner(asker)
    with write_transaction() as session:
        step = _step_of(secret, code, now)
        if step is None:
            raise _wrong_code()
        sessions.take(session, asker.session_id, asker.user_id, asker.session_kind, now)
        former = session.get(SecondFactor, asker.user_id, with_for_update=True)
        if former is not None and asker.session_kind is not SessionKind.FULL:
            raise Refused("session_ended", f"Cet accès a déjà un code de sécurité{NBSP}: connectez-vous.")
        session.merge(SecondFactor(user_id=asker.user_id, secret=secret, last_step=step, confirmed_at=now))
        codes = _new_codes(session, asker.user_id)
        _tell(session, asker.user_id, "second_factor.set", Author(asker.user_id), now)
        return Entered(_enter(session, asker, owner, now, ends_others=True), codes, len(codes))


def renew_codes(asker: Asker, password: str, now: datetime) -> tuple[str, ...]:
    """Ten new recovery codes, the former die. Raises Refused `current`, `throttled`, `no_factor`."""
    owner = reauthentication.require_password(asker.user_id, password, asker.network, now)
    with write_transaction() as session:
        _require_factor(session, asker.user_id)
        throttling.succeed_in(session, owner.tries)
        codes = _new_codes(session, asker.user_id)
        _tell(session, asker.user_id, "second_factor.codes_renewed", Author(asker.user_id), now)
        return codes


def remove(asker: Asker, password: str, now: datetime) -> Entered:
    """Sign in with the password alone again; the other sessions end.

    Raises Refused `current`, `throttled`, `no_factor`, `session_ended`, `compulsory` for an agent of a town.
    """
    owner = reauthentication.require_password(asker.user_id, password, asker.network, now)
    if owner.kind is AccountKind.STAFF and current_app.config["STAFF_NEED_CODES"]:
        raise Refused("compulsory", "Le code de sécurité est obligatoire pour les agents.")
    with write_transaction() as session:
        _require_factor(session, asker.user_id)
        sessions.take(session, asker.session_id, asker.user_id, asker.session_kind, now)
        _forget(session, asker.user_id)
        _tell(session, asker.user_id, "second_factor.removed", Author(asker.user_id), now)
        return Entered(_enter(session, asker, owner, now, ends_others=True))


def reset(user_id: int, *, author: Author, now: datetime) -> None:
    """The service frees somebody who lost the telephone and the recovery codes; the sessions end, the next
    sign-in takes a new factor where one is compulsory.

    Raises Refused `no_factor`, or `own_factor` for one's own; NotFound for an unknown account.
    """
    with write_transaction() as session:
        if session.get(User, user_id, with_for_update=True) is None:
            raise NotFound
        if user_id == author.user_id:
            raise Refused(
                "own_factor", f"Changez votre propre code de sécurité dans «{NBSP}Mon compte{NBSP}»."
            )
        _require_factor(session, user_id)
        _forget(session, user_id)
        sessions.end_all(session, user_id)
        _tell(session, user_id, "second_factor.reset", author, now)


# --- Giving a code --------------------------------------------------------------------------------


def answer(asker: Asker, code: str, now: datetime) -> Entered:
    """Go on after the password with a code of the application (security S06).

    Counted like a password, with it. Raises Refused `code` (wrong, or used already), `throttled`,
    `session_ended`.
    """
    owner = _counted(asker, now)
    with write_transaction() as session:
        factor = session.get(SecondFactor, asker.user_id, with_for_update=True)
        step = _step_of(factor.secret, code, now) if factor else None
        if factor is None or step is None or step <= factor.last_step:
            raise _wrong_code()
        factor.last_step = step
        sessions.take(session, asker.session_id, asker.user_id, SessionKind.CODE_AWAITED, now)
        return Entered(_enter(session, asker, owner, now))


def answer_on_paper(asker: Asker, code: str, now: datetime) -> Entered:
    """The same with a recovery code, which dies; its owner is told. `left` are those that still work.

    Raises Refused `code`, `throttled`, `session_ended`.
    """
    owner = _counted(asker, now)
    meant = normalise_provisional(code) or ""
    with write_transaction() as session:
        used = session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == asker.user_id,
                RecoveryCode.code_hash == credentials.token_hash(meant),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now)
        )
        if used.rowcount != 1:
            raise Refused(
                WRONG_CODE,
                f"Ce code de secours n’est pas le bon, ou il a déjà servi{NBSP}: essayez-en un autre.",
            )
        sessions.take(session, asker.session_id, asker.user_id, SessionKind.CODE_AWAITED, now)
        _tell(session, asker.user_id, "second_factor.recovery_code_used", Author(asker.user_id), now)
        left = session.scalar(
            select(func.count()).where(RecoveryCode.user_id == asker.user_id, RecoveryCode.used_at.is_(None))
        )
        return Entered(_enter(session, asker, owner, now), left=left or 0)


# --- Inside ---------------------------------------------------------------------------------------


def _offered_secret(token: str) -> str:
    """As random as the secret of the session that it is made from, unknown to who reads the cookie alone."""
    digest = hmac.digest(
        current_app.config["SECRET_KEY"].encode(), b"second factor:" + token.encode(), "sha256"
    )
    return base64.b32encode(digest[:SECRET_BYTES]).decode()


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of time whose code was typed, spaces aside; None for a wrong one."""
    typed = "".join(code.split()).encode()
    codes, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    steps = range(present - DRIFT, present + DRIFT + 1)
    found = [step for step in steps if hmac.compare_digest(codes.generate_otp(step).encode(), typed)]
    return max(found, default=None)


def _wrong_code() -> Refused:
    return Refused(
        WRONG_CODE,
        f"Ce code n’est pas le bon, ou il a déjà servi{NBSP}: attendez que l’application en montre un autre.",
    )


def _owner(asker: Asker) -> reauthentication.Owner:
    account = db.session.execute(select(User.email, User.kind).where(User.id == asker.user_id)).one()
    tries = throttling.sign_in_tries(account.email, asker.network)
    return reauthentication.Owner(asker.user_id, account.email, account.kind, tries)


def _counted(asker: Asker, now: datetime) -> reauthentication.Owner:
    """Who gives a code; the try is counted before the code is compared."""
    owner = _owner(asker)
    if not throttling.admit(owner.tries, now):
        raise reauthentication.throttled()
    return owner


def _enter(
    session: Session, asker: Asker, owner: reauthentication.Owner, now: datetime, *, ends_others: bool = False
) -> str:
    """The full session that replaces the one that asked, which was taken."""
    throttling.succeed_in(session, owner.tries)
    if ends_others:
        sessions.end_all(session, asker.user_id)
    return sessions.open_session(session, asker.user_id, owner.kind, now, device=asker.device)


def _require_factor(session: Session, user_id: int) -> None:
    if session.get(SecondFactor, user_id, with_for_update=True) is None:
        raise Refused("no_factor", "Cet accès n’a pas de code de sécurité.")


def _forget(session: Session, user_id: int) -> None:
    for table in (RecoveryCode, SecondFactor):
        session.execute(delete(table).where(table.user_id == user_id))


def _new_codes(session: Session, user_id: int) -> tuple[str, ...]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = tuple(credentials.new_code() for _ in range(RECOVERY_CODES))
    session.add_all(RecoveryCode(user_id=user_id, code_hash=credentials.token_hash(code)) for code in codes)
    return codes


def _tell(session: Session, user_id: int, action: str, author: Author, now: datetime) -> None:
    """The journal, and the owner by mail: a change by somebody else must not pass unseen (security S08)."""
    household_id = household_of(session, user_id)
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type="user",
        object_id=user_id,
        household_id=household_id,
    )
    outbox.queue(
        session,
        MailKind.SECOND_FACTOR_CHANGED,
        to=session.scalars(select(User.email).where(User.id == user_id)).one(),
        user_id=user_id,
        household_id=household_id,
        now=now,
        first_name=outbox.first_name(session, user_id),
        change=action.partition(".")[2],
        changed_at=now,
    )
