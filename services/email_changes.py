"""A new sign-in address, proven by its owner before it replaces the former one (S38).

Asking needs the password; the link leaves for the new address, a notice for the old one, which keeps working
until the link is used. Both are told in the end.
"""

from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.enums import AccountStatus, Channel, MailKind
from domain.errors import Refused
from domain.french import NBSP
from extensions import db
from models import EmailChange, Guardian, ProvisionalPassword, User
from services import audit, credentials, outbox, reauthentication, sessions, throttling
from services.accounts import household_of, valid_address
from services.transaction import write_transaction

DEAD_LINK = "dead_link"


def ask(user_id: int, email: str, password: str, network: str, now: datetime) -> None:
    """Ask for another sign-in address: a link goes to `email`, a notice to the present address.

    A new request replaces the former. Raises Refused `email_invalid`, `email_same`, `email_used` (S05),
    `current` (wrong password) or `throttled`.
    """
    address = valid_address(email)
    if address == db.session.scalar(select(User.email).where(User.id == user_id)):
        raise Refused("email_same", f"C’est déjà votre adresse{NBSP}: indiquez la nouvelle.")
    owner = reauthentication.require_password(user_id, password, network, now)
    if not throttling.admit(throttling.request_tries(owner.email, network), now):
        raise reauthentication.throttled()
    with write_transaction() as session:
        session.get_one(User, user_id, with_for_update=True)  # two requests at once: one after the other
        throttling.succeed_in(session, owner.tries)
        _refuse_used(session, address, user_id)
        _forget(session, user_id)
        session.add(EmailChange(user_id=user_id, new_email=address, created_at=now))
        household_id = household_of(session, user_id)
        outbox.queue_secret(
            session, MailKind.EMAIL_CHANGE, to=address, user_id=user_id, household_id=household_id, now=now
        )
        _tell(session, MailKind.EMAIL_CHANGE_NOTICE, owner.email, user_id, address, now)
        _record(session, "email_change.asked", user_id, now, owner.email, address)


def cancel(user_id: int, now: datetime) -> None:
    """Give up a new address that is not proven yet; its link stops working. Does nothing without one."""
    with write_transaction() as session:
        if _forget(session, user_id):
            _record(session, "email_change.cancelled", user_id, now)


def confirm(token: str, now: datetime, keep_session_id: int | None = None) -> int:
    """Use the link: the new address signs in, other sessions of the account end, both addresses are told.

    `keep_session_id` is the session of the browser that confirms, kept when it is the same account's.
    Returns the id of the account. Raises Refused `dead_link`, or `email_used` when somebody took the address
    meanwhile.
    """
    with write_transaction() as session:
        change = session.execute(
            delete(EmailChange)
            .where(EmailChange.token_hash == credentials.token_hash(token), EmailChange.expires_at > now)
            .returning(EmailChange.user_id, EmailChange.new_email)
        ).one_or_none()
        if change is None:
            raise _dead_link()
        user_id, address = change
        user = session.get(User, user_id, with_for_update=True)
        if user is None or user.status is not AccountStatus.ACTIVE:
            raise _dead_link()
        _refuse_used(session, address, user_id)
        former = user.email
        _tell(session, MailKind.EMAIL_CHANGED, former, user_id, address, now)
        user.email, user.email_verified_at = address, now
        try:
            session.flush()
        except IntegrityError as error:  # PostgreSQL: somebody took the address at the same moment
            raise _used() from error
        session.execute(update(Guardian).where(Guardian.user_id == user_id).values(email=address))
        session.execute(delete(ProvisionalPassword).where(ProvisionalPassword.user_id == user_id))
        sessions.end_others(session, user_id, keep_session_id)
        _tell(session, MailKind.EMAIL_CHANGED, address, user_id, address, now)
        _record(session, "email_change.confirmed", user_id, now, former, address)
        return user_id


# --- Inside a transaction -----------------------------------------------------------------------------


def _forget(session: Session, user_id: int) -> bool:
    """Whether there was a request to forget."""
    return session.execute(delete(EmailChange).where(EmailChange.user_id == user_id)).rowcount == 1


def _refuse_used(session: Session, address: str, user_id: int) -> None:
    """The address of another account, or of another adult who has none yet (S05)."""
    account = select(User.id).where(User.email == address, User.id != user_id)
    adult = select(Guardian.id).where(
        Guardian.email == address,
        Guardian.merged_into_id.is_(None),
        or_(Guardian.user_id.is_(None), Guardian.user_id != user_id),
    )
    if session.scalar(account.limit(1)) is not None or session.scalar(adult.limit(1)) is not None:
        raise _used()


def _tell(session: Session, kind: MailKind, to: str, user_id: int, address: str, now: datetime) -> None:
    outbox.queue(
        session,
        kind,
        to=to,
        user_id=user_id,
        household_id=household_of(session, user_id),
        now=now,
        first_name=outbox.first_name(session, user_id),
        new_email=address,
        at=now,
    )


def _record(
    session: Session, action: str, user_id: int, now: datetime, before: str = "", after: str = ""
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=user_id,
        channel=Channel.PORTAL,
        action=action,
        object_type="user",
        object_id=user_id,
        household_id=household_of(session, user_id),
        before={"email": before} if before else None,
        after={"email": after} if after else None,
    )


def _used() -> Refused:
    return Refused(
        "email_used",
        f"Cette adresse ne peut pas servir ici{NBSP}: chaque personne a la sienne. "
        "Indiquez une autre adresse e-mail.",
    )


def _dead_link() -> Refused:
    return Refused(DEAD_LINK, "Ce lien a déjà servi ou n’est plus valable.")
