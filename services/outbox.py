"""The outbox: a mail is written with the act it announces and leaves after the commit (S07, S118).

`queue` and `queue_secret` add a row inside the caller's transaction; `deliver_due` is the worker's
turn. A mail that carries a secret has no body in its row: the secret is made when the mail leaves
and only its hash is kept, so neither the database, nor a backup, nor this outbox ever holds it, and
a mail that a broken server delayed for hours brings a secret that still lives (security 2.2).
"""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from adapters.mail import MailDelayed, MailRefused, MailTransport, build_message, named_address
from domain.enums import AccountStatus, Channel, MailKind, MailState
from domain.errors import NotFound, Refused
from domain.french import NBSP
from domain.people import normalise_email
from domain.settings import settings_from_rows
from extensions import db
from models import (
    ActivationToken,
    Announcement,
    EmailChange,
    Guardian,
    HouseholdGuardian,
    OutgoingMail,
    ProvisionalPassword,
    Setting,
    StaffMember,
    User,
)
from services import audit, credentials, mail_bodies, mail_server, opt_outs
from services.mail_bodies import Body, link, public_url
from services.transaction import write_transaction

ACTIVATION_LIFE = timedelta(days=7)
PROVISIONAL_LIFE = timedelta(minutes=60)
EMAIL_CHANGE_LIFE = timedelta(hours=24)
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
RETRY_WINDOW = timedelta(hours=72)
# While a worker holds a mail nobody else takes it; longer than any conversation with a mail server.
LEASE = timedelta(minutes=15)
# After so many failures in a row the server is down, not the addresses: leave the rest for later.
FAILURES_IN_A_ROW = 3

# The state that an account must have when a mail with a secret leaves.
SECRET_KINDS = {
    MailKind.ACTIVATION: AccountStatus.INVITED,
    MailKind.PROVISIONAL_PASSWORD: AccountStatus.ACTIVE,
    MailKind.EMAIL_CHANGE: AccountStatus.ACTIVE,
}
_SETTINGS = select(Setting.key, Setting.value)
# Stands for the secret while only the subject is written.
PLACEHOLDER = "…"
_ERROR_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one turn of the worker did, in numbers of mails."""

    sent: int
    bounced: int
    delayed: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A mail that nobody else can take now."""

    id: int
    kind: MailKind
    message_id: str
    to: str
    user_id: int | None
    announcement_id: int | None
    body: Body
    created_at: datetime
    attempts: int


def queue(
    session: Session,
    kind: MailKind,
    *,
    to: str,
    now: datetime,
    user_id: int | None = None,
    household_id: int | None = None,
    **context: Any,
) -> bool:
    """Write a mail without secret, in the transaction of the act it announces.

    `templates/mails/<kind>.txt` and `.html` are rendered now with `context`, `town` and
    `link(endpoint, **values)`, the words of the town around them (`services.mail_bodies`). Only an address
    that its owner proved gets mail (S13): False, and nothing written, for another one. Raises
    ValueError for a kind that carries a secret.
    """
    if kind in SECRET_KINDS:
        raise ValueError(f"{kind} carries a secret: use queue_secret.")
    reader = session.execute(
        select(func.coalesce(Guardian.first_name, StaffMember.first_name, ""))
        .select_from(User)
        .outerjoin(Guardian, Guardian.user_id == User.id)
        .outerjoin(StaffMember, StaffMember.user_id == User.id)
        .where(User.email == normalise_email(to), User.email_verified_at.is_not(None))
    ).first()
    if reader is None:
        return False
    body = mail_bodies.render(kind, mail_bodies.frame(session, kind), context).read_by(reader[0])
    session.add(_row(kind, to, now, user_id, household_id, body))
    return True


def queue_service(
    session: Session,
    kind: MailKind,
    *,
    to: str,
    now: datetime,
    **context: Any,
) -> None:
    """Write a mail to the service itself: its address is a setting of the town or of a régie, which nobody
    signs in with. Nothing is written without an address, or for a kind that carries a secret (ValueError)."""
    if kind in SECRET_KINDS:
        raise ValueError(f"{kind} carries a secret: use queue_secret.")
    around = mail_bodies.frame(session, kind)
    if to or around.town.email:
        body = mail_bodies.render(kind, around, context).read_by("")
        session.add(_row(kind, to or around.town.email, now, None, None, body))


def queue_household(
    session: Session,
    kind: MailKind,
    household_id: int,
    *,
    now: datetime,
    only: int | None = None,
    **context: Any,
) -> bool:
    """The same mail to each adult of a household who has an access, like `queue`; to the adult of the account
    `only` alone, when it is one of them. False when nobody gets it."""
    adults = session.execute(
        select(User.id, User.email)
        .join(Guardian, Guardian.user_id == User.id)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .where(HouseholdGuardian.household_id == household_id, User.status == AccountStatus.ACTIVE)
        .order_by(HouseholdGuardian.position, Guardian.id)
    ).all()
    told = [
        queue(session, kind, to=adult.email, now=now, user_id=adult.id, household_id=household_id, **context)
        for adult in [one for one in adults if one.id == only] or adults
    ]
    return any(told)


def queue_for_households(
    session: Session, kind: MailKind, contexts: Mapping[int, Mapping[str, Any]], now: datetime
) -> None:
    """Write one mail a household, each with its own context, to every adult of it who has an access and whose
    address is proven; in statements that do not grow with the households."""
    if kind in SECRET_KINDS:
        raise ValueError(f"{kind} carries a secret: use queue_secret.")
    around = mail_bodies.frame(session, kind)
    said = {id(own): own for own in contexts.values()}  # the same words for many families are made once
    rendered = {key: mail_bodies.render(kind, around, dict(own)) for key, own in said.items()}
    bodies = {household_id: rendered[id(own)] for household_id, own in contexts.items()}
    adults = session.execute(
        select(HouseholdGuardian.household_id, User.id, User.email, Guardian.first_name)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .join(User, User.id == Guardian.user_id)
        .where(
            HouseholdGuardian.household_id.in_(bodies),
            User.status == AccountStatus.ACTIVE,
            User.email_verified_at.is_not(None),
        )
        .order_by(HouseholdGuardian.household_id, HouseholdGuardian.position, Guardian.id)
    )
    session.add_all(
        _row(kind, email, now, user_id, household_id, bodies[household_id].read_by(name))
        for household_id, user_id, email, name in adults
    )


def queue_secret(
    session: Session, kind: MailKind, *, to: str, user_id: int, now: datetime, household_id: int | None = None
) -> None:
    """Ask for a link or a provisional password: it is made when the mail leaves.

    A mail of this kind that still waits for this person serves: one is enough. Raises ValueError
    for a kind without secret.
    """
    if kind not in SECRET_KINDS:
        raise ValueError(f"{kind} carries no secret: use queue.")
    waiting = session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.user_id == user_id, OutgoingMail.kind == kind, _is_waiting())
        .values(to_address=to)
    )
    if waiting.rowcount:
        return
    subject = _secret_body(session, kind, user_id, PLACEHOLDER, now).subject
    session.add(_row(kind, to, now, user_id, household_id, Body(subject, "", "")))


def deliver_due(now: datetime, transport: MailTransport, limit: int = 20) -> Delivery:
    """Send the mails that are due, oldest first, at most `limit`.

    Each row is claimed by a conditional update, so two workers never send the same mail; the mail
    server is spoken to outside of any transaction. A worker killed between the server's yes and our
    mark makes one duplicate at the most, with the same Message-ID. A refusal for good is BOUNCED; a
    delay is tried again after 1 minute, then twice as long up to 1 hour, ABANDONED after 72 hours.
    """
    outcomes: Counter[MailState] = Counter()
    failures = 0
    for mail_id in _due(now, limit):
        mail = _claim(mail_id, now)
        if mail is None:
            continue
        outcome = _deliver(mail, now, transport)
        outcomes[outcome] += 1
        failures = 0 if outcome in (MailState.SENT, MailState.BOUNCED) else failures + 1
        if failures == FAILURES_IN_A_ROW:
            break
    return Delivery(
        sent=outcomes[MailState.SENT],
        bounced=outcomes[MailState.BOUNCED],
        delayed=outcomes[MailState.QUEUED],
        abandoned=outcomes[MailState.ABANDONED],
    )


def retry(mail_id: int, *, actor_user_id: int, now: datetime) -> None:
    """Send a late or abandoned mail at the next turn, with a new retry window; written in the journal.

    Raises NotFound for an unknown mail, Refused `not_waiting` when it left meanwhile, was refused for good or
    is being sent now.
    """
    with write_transaction() as session:
        household = session.execute(
            update(OutgoingMail)
            .where(OutgoingMail.id == mail_id, or_(OutgoingMail.state == MailState.ABANDONED, _is_waiting()))
            .values(state=MailState.QUEUED, next_attempt_at=now, attempts=0)
            .returning(OutgoingMail.household_id)
        ).one_or_none()
        if household is None:
            if session.get(OutgoingMail, mail_id) is None:
                raise NotFound
            raise Refused(
                "not_waiting", f"Ce mail n’attend plus{NBSP}: il est parti ou a été refusé entre-temps."
            )
        audit.record(
            session,
            at=now,
            actor_user_id=actor_user_id,
            channel=Channel.PORTAL,
            action="mail.retried",
            object_type="outgoing_mail",
            object_id=mail_id,
            household_id=household.household_id,
        )


# --- Writing ------------------------------------------------------------------------------------


def _row(
    kind: MailKind, to: str, now: datetime, user_id: int | None, household_id: int | None, body: Body
) -> OutgoingMail:
    return OutgoingMail(
        kind=kind,
        message_id=f"<{new_mark()}@{mail_domain()}>",
        to_address=to,
        user_id=user_id,
        household_id=household_id,
        subject=body.subject,
        text=body.text,
        html=body.html,
        created_at=now,
        next_attempt_at=now,
    )


def new_mark() -> str:
    """What no other mail has in its Message-ID."""
    return uuid.uuid4().hex


def mail_domain() -> str:
    """The right side of a Message-ID."""
    return urlsplit(public_url()).hostname or "portail"


def _secret_body(session: Session, kind: MailKind, user_id: int, secret: str, asked_at: datetime) -> Body:
    name = first_name(session, user_id)
    context = {"first_name": name, "secret": secret, "asked_at": asked_at}
    return mail_bodies.render(kind, mail_bodies.frame(session, kind), context).read_by(name)


def first_name(session: Session, user_id: int) -> str:
    """How a mail greets the owner of an account."""
    family = session.scalar(select(Guardian.first_name).where(Guardian.user_id == user_id))
    return (
        family or session.scalar(select(StaffMember.first_name).where(StaffMember.user_id == user_id)) or ""
    )


# --- Sending ------------------------------------------------------------------------------------


def _is_waiting() -> ColumnElement[bool]:
    """Queued and in nobody's hands: a claimed row has one attempt more and no error yet."""
    tried = or_(OutgoingMail.attempts == 0, OutgoingMail.last_error != "")
    return (OutgoingMail.state == MailState.QUEUED) & tried


def _is_time(now: datetime) -> ColumnElement[bool]:
    """Its hour has come, or is further than any pause: the clock was set back since."""
    at = OutgoingMail.next_attempt_at
    return or_(at <= now, at > now + LONGEST_RETRY)


def _due(now: datetime, limit: int) -> list[int]:
    """What somebody waits for goes before announcements: a password does not queue behind two thousand."""
    return list(
        db.session.scalars(
            select(OutgoingMail.id)
            .where(OutgoingMail.state == MailState.QUEUED, _is_time(now))
            .order_by(
                OutgoingMail.announcement_id.is_not(None), OutgoingMail.next_attempt_at, OutgoingMail.id
            )
            .limit(limit)
        )
    )


def _claim(mail_id: int, now: datetime) -> _Claimed | None:
    """Take a due mail; None when another worker was faster."""
    with write_transaction() as session:
        row = session.execute(
            update(OutgoingMail)
            .where(
                OutgoingMail.id == mail_id,
                OutgoingMail.state == MailState.QUEUED,
                _is_time(now),
            )
            .values(next_attempt_at=now + LEASE, attempts=OutgoingMail.attempts + 1, last_error="")
            .returning(
                OutgoingMail.kind,
                OutgoingMail.message_id,
                OutgoingMail.to_address,
                OutgoingMail.user_id,
                OutgoingMail.announcement_id,
                OutgoingMail.subject,
                OutgoingMail.text,
                OutgoingMail.html,
                OutgoingMail.created_at,
                OutgoingMail.attempts,
            )
        ).one_or_none()
    if row is None:
        return None
    kind, message_id, to, user_id, announcement_id, subject, text, html, created_at, attempts = row
    body = Body(subject, text, html)
    return _Claimed(mail_id, kind, message_id, to, user_id, announcement_id, body, created_at, attempts)


def _deliver(mail: _Claimed, now: datetime, transport: MailTransport) -> MailState:
    """Send a claimed mail and note what became of it."""
    unsubscribe = ""
    if mail.kind in SECRET_KINDS:
        body = _with_secret(mail, now)
        if body is None:
            return _note(mail, MailState.ABANDONED, now, "L’accès ou la demande a changé avant l’envoi.")
    elif mail.announcement_id is not None:
        body, unsubscribe = _announced(mail, mail.announcement_id)
        if body is None:
            return _note(mail, MailState.ABANDONED, now, "La personne ne veut plus recevoir d’annonces.")
    else:
        body = mail.body
    rows = dict(db.session.execute(_SETTINGS).all())
    town, sender = settings_from_rows(rows), mail_server.in_force(rows).server.sender
    db.session.rollback()  # nothing is held open while the mail server takes its time
    try:
        transport.send(
            build_message(
                named_address(" ".join(f"{town.name} – {town.portal_name}".split()), sender),
                town.email,
                mail.to,
                body.subject,
                body.text,
                body.html,
                mail.message_id,
                unsubscribe,
            )
        )
    except MailDelayed as error:
        wait = _wait_after(mail.attempts)
        if wait is None:
            return _note(mail, MailState.ABANDONED, now, str(error))
        return _note(mail, MailState.QUEUED, now + wait, str(error))
    except MailRefused as error:
        return _note(mail, MailState.BOUNCED, now, str(error))
    except ValueError:
        return _note(
            mail, MailState.BOUNCED, now, f"Adresse impossible{NBSP}: corrigez l’adresse, puis renvoyez."
        )
    return _note(mail, MailState.SENT, now)


def _wait_after(attempts: int) -> timedelta | None:
    """How long to wait after a failed attempt, None when the retry window is over."""
    spent = timedelta(0)
    for attempt in range(1, attempts):
        spent += _wait(attempt)
    return _wait(attempts) if spent < RETRY_WINDOW else None


def _wait(attempt: int) -> timedelta:
    return min(FIRST_RETRY * 2 ** min(attempt - 1, 10), LONGEST_RETRY)


def _note(mail: _Claimed, state: MailState, at: datetime, error: str = "") -> MailState:
    """Write the outcome. `at` is the next attempt of a queued mail, the instant of the end of another."""
    with write_transaction() as session:
        session.execute(
            update(OutgoingMail)
            .where(OutgoingMail.id == mail.id)
            .values(
                state=state,
                next_attempt_at=at,
                sent_at=at if state is MailState.SENT else None,
                last_error=error[:_ERROR_LENGTH],
            )
        )
    return state


def _announced(mail: _Claimed, announcement_id: int) -> tuple[Body | None, str]:
    """The body of an announcement and the address that refuses the next ones; no body for who refused
    meanwhile. An announcement of the service itself cannot be refused: it has no such address."""
    session = db.session()
    row = session.get_one(Announcement, announcement_id)
    refused = session.scalar(select(User.announcements_refused_at).where(User.id == mail.user_id))
    if refused is not None and not row.is_service:
        return None, ""
    address = "" if row.is_service else opt_out_link(mail.user_id or 0)
    context = announcement_context(row.subject, row.text, address)
    body = mail_bodies.render(mail.kind, mail_bodies.frame(session, mail.kind), context)
    return body.read_by(first_name(session, mail.user_id or 0)), address


def announcement_context(subject: str, text: str, unsubscribe: str) -> dict[str, Any]:
    """What the templates of an announcement know; `unsubscribe` is empty for one that cannot be refused."""
    return {"subject": subject, "words": text, "unsubscribe": unsubscribe}


def opt_out_link(user_id: int) -> str:
    """The address that refuses announcements for this account, without signing in."""
    return link("public.refuse_announcements", token=opt_outs.token(user_id))


def _with_secret(mail: _Claimed, now: datetime) -> Body | None:
    """Make the secret of a mail that leaves now, keep its hash; None when it has become pointless."""
    if mail.user_id is None:
        return None
    secret, store = _new_secret(mail, mail.user_id, now)
    with write_transaction() as session:
        status = session.scalar(select(User.status).where(User.id == mail.user_id))
        if status is not SECRET_KINDS[mail.kind] or not store(session):
            return None
        return _secret_body(session, mail.kind, mail.user_id, secret, mail.created_at)


def _new_secret(mail: _Claimed, user_id: int, now: datetime) -> tuple[str, Callable[[Session], bool]]:
    """A fresh secret and how to keep its hash: False when nothing waits for it. Life is counted from now,
    the sending."""
    if mail.kind is MailKind.PROVISIONAL_PASSWORD:
        code = credentials.new_code()
        code_hash = credentials.hash_secret(code)
        return code, lambda session: _store_code(session, user_id, code_hash, now)
    token = credentials.new_token()
    kept = credentials.token_hash(token)
    if mail.kind is MailKind.EMAIL_CHANGE:
        return token, lambda session: _store_email_token(session, user_id, mail.to, kept, now)
    return token, lambda session: _store_token(session, user_id, kept, now)


def _store_email_token(session: Session, user_id: int, address: str, token_hash: str, now: datetime) -> bool:
    """The request may have been given up, or made again for another address, while its mail waited."""
    stored = session.execute(
        update(EmailChange)
        .where(EmailChange.user_id == user_id, EmailChange.new_email == address)
        .values(token_hash=token_hash, expires_at=now + EMAIL_CHANGE_LIFE)
    )
    return stored.rowcount == 1


def _store_token(session: Session, user_id: int, token_hash: str, now: datetime) -> bool:
    """Former links stay known, to be told « expiré », until the account is activated."""
    session.execute(
        update(ActivationToken)
        .where(ActivationToken.user_id == user_id, ActivationToken.expires_at > now)
        .values(expires_at=now)
    )
    session.add(
        ActivationToken(
            user_id=user_id, token_hash=token_hash, created_at=now, expires_at=now + ACTIVATION_LIFE
        )
    )
    return True


def _store_code(session: Session, user_id: int, code_hash: str, now: datetime) -> bool:
    """The newest code replaces the former."""
    session.execute(delete(ProvisionalPassword).where(ProvisionalPassword.user_id == user_id))
    session.add(
        ProvisionalPassword(
            user_id=user_id, password_hash=code_hash, sent_at=now, expires_at=now + PROVISIONAL_LIFE
        )
    )
    return True
