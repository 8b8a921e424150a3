"""What the journal and the mails say of a change: never a health value, an IBAN (security 2.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import ChangeState, FileSection, MailKind
from domain.family_file import HIDDEN, PERSON_FIELD, field_of, person_from_text, value_in_words
from models import ChangeLine, ChangeRequest, Guardian, User
from queries import change_names
from services import audit, outbox
from services.accounts import Author
from services.change_requests.subjects import Subject, is_sealed


@dataclass(frozen=True, slots=True)
class MailLine:
    """One field of the answer; `value` and `reason` are empty for what a mail must not say."""

    label: str
    value: str
    is_accepted: bool
    reason: str
    is_sealed: bool


def journal_value(subject: Subject, field: str, value: str | None) -> str | None:
    """The value as the journal may hold it."""
    if value is None:
        return None
    if is_sealed(subject, field):
        return HIDDEN
    return person_from_text(value).words if change_names.is_person(field) else value


def record(
    session: Session,
    action: str,
    subject: Subject,
    *,
    household_id: int,
    author: Author,
    now: datetime,
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
) -> None:
    """One event of the journal, filed under the household, about the household, the adult or the child."""
    owner, owner_id = subject.owner
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type=owner,
        object_id=owner_id,
        household_id=household_id,
        before=before,
        after=after,
    )


def announce(session: Session, request: ChangeRequest, lines: Sequence[ChangeLine], now: datetime) -> None:
    """Mail the answer to who declared it (S35)."""
    email = session.scalar(select(User.email).where(User.id == request.author_user_id))
    names = change_names.authorisation_names([line.field for line in lines])
    outbox.queue(
        session,
        MailKind.CHANGE_DECISION,
        to=email,
        now=now,
        user_id=request.author_user_id,
        household_id=request.household_id,
        reference=request.reference,
        declared_at=request.created_at,
        section=request.section,
        child_name=change_names.child_name(request.child_id),
        lines=[_mail_line(line, names) for line in lines],
        page=_page(session, request),
    )


def _mail_line(line: ChangeLine, names: Mapping[str, str]) -> MailLine:
    known = field_of(line.subject_kind, line.field)
    is_sealed = known is not None and known.is_sealed
    return MailLine(
        change_names.label(line.subject_kind, line.field, names),
        _mail_value(line),
        line.state is ChangeState.ACCEPTED,
        "" if is_sealed else line.reason,
        is_sealed,
    )


def _mail_value(line: ChangeLine) -> str:
    known = field_of(line.subject_kind, line.field)
    if known is not None:
        return "" if known.is_sealed else value_in_words(known, line.wanted_value)
    if not change_names.is_person(line.field):
        return (line.wanted_value or "").capitalize()
    text = line.wanted_value or (line.seen_value if line.field == PERSON_FIELD else None)
    return person_from_text(text).words if text else ""


def _page(session: Session, request: ChangeRequest) -> tuple[str, dict[str, int]]:
    """The page of the portal that shows the answer: (endpoint, its values)."""
    if request.child_id is not None:
        return "children.sheet", {"child_id": request.child_id}
    own = session.scalar(
        select(Guardian.id).where(
            Guardian.id == request.guardian_id, Guardian.user_id == request.author_user_id
        )
    )
    if own is not None and request.section is not FileSection.HOUSEHOLD_ADDRESS:
        return "household.account", {}
    return "household.index", {}
