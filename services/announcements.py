"""The same mail to the families of a structure, a group or a day (R52).

One statement writes a row of the outbox for each adult, whatever their number: the request does not wait, and
the worker makes each mail when it leaves, after the mails that somebody waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, func, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import MailKind, MailState
from domain.errors import NotFound, Refused
from domain.french import NBSP
from extensions import db
from models import Announcement, OutgoingMail
from queries import announcements as announcement_queries
from queries.announcements import Audience, Scope, TargetKind
from services import audit, booking_life, outbox
from services.accounts import Author
from services.transaction import write_transaction

LONGEST = 5000
SUBJECT_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Announcing:
    """An announcement as a form describes it; `is_service` goes to those who refuse announcements too."""

    subject: str
    text: str
    audience: Audience
    is_service: bool
    submission_key: str


def send(announcing: Announcing, *, facility_ids: Scope, author: Author, now: datetime) -> int:
    """Write the mails; returns the id of the announcement, that of the first sending when it is repeated.

    Each adult gets one mail, however many children or households. Raises NotFound for a target out of the
    sight of the agent, Refused `text`, `subject`, or `target` when nobody would read it.
    """
    _check(announcing, facility_ids)
    known = _already_sent(announcing.submission_key)
    if known is not None:
        return known
    try:
        with write_transaction() as session:
            return _write(session, announcing, author, now)
    except IntegrityError:
        known = _already_sent(announcing.submission_key)
        if known is None:
            raise
        return known


def _check(announcing: Announcing, facility_ids: Scope) -> None:
    target = announcing.audience.target
    if facility_ids is not None and target.facility_id not in facility_ids:
        raise NotFound
    if target.kind is TargetKind.TOWN and facility_ids is not None:
        raise NotFound
    if not announcing.subject.strip():
        raise Refused("subject", "Indiquez l’objet du mail.")
    if not announcing.text.strip():
        raise Refused("text", "Écrivez le texte du mail.")
    if len(announcing.text) > LONGEST:
        raise Refused("text", f"Raccourcissez le texte{NBSP}: {LONGEST} caractères au plus.")


def _already_sent(key: str) -> int | None:
    return db.session.scalar(select(Announcement.id).where(Announcement.submission_key == key))


def _write(session: Session, announcing: Announcing, author: Author, now: datetime) -> int:
    today = paris_now(now).date()
    found = announcement_queries.reach(announcing.audience, announcing.is_service, today)
    if not found.mails:
        raise Refused("target", "Aucune famille ne recevrait ce mail. Choisissez d’autres destinataires.")
    actor = booking_life.agent(session, author.user_id, author.channel)
    row = Announcement(
        subject=" ".join(announcing.subject.split())[:SUBJECT_LENGTH],
        text=announcing.text.strip(),
        audience=announcing.audience.words[:300],
        is_service=announcing.is_service,
        recipients=found.reached,
        author_name=actor.name,
        sent_at=now,
        submission_key=announcing.submission_key,
    )
    session.add(row)
    session.flush()
    _queue(session, row, announcing, now)
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action="announcement.sent",
        object_type="announcement",
        object_id=row.id,
        after={
            "subject": row.subject,
            "audience": row.audience,
            "is_service": row.is_service,
            "households": found.reached,
            "mails": found.mails,
        },
    )
    return row.id


def _queue(session: Session, row: Announcement, announcing: Announcing, now: datetime) -> None:
    """One row for each adult, in one statement; the household that it is filed under is the first of his."""
    one = announcement_queries.people(announcing.audience, paris_now(now).date()).subquery()
    own = {
        "message_id": literal(f"<announcement-{row.id}-{outbox.new_mark()}-")
        + cast(one.c.user_id, String)
        + literal(f"@{outbox.mail_domain()}>"),
        "to_address": one.c.email,
        "user_id": one.c.user_id,
        "household_id": func.min(one.c.household_id),
    }
    same: Mapping[str, Any] = {
        "announcement_id": row.id,
        "kind": MailKind.ANNOUNCEMENT,
        "state": MailState.QUEUED,
        "subject": row.subject,
        "text": "",
        "html": "",
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
        "last_error": "",
    }
    table = OutgoingMail.__table__
    values = own | {name: literal(value, table.c[name].type) for name, value in same.items()}
    chosen = select(*values.values()).group_by(one.c.user_id, one.c.email)
    if not announcing.is_service:
        chosen = chosen.where(one.c.refused_at.is_(None))
    session.execute(insert(OutgoingMail).from_select(list(values), chosen, include_defaults=False))
