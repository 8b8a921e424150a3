"""The outbox as the service reads it: what left, what is late, what came back. Never a secret (S118)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from domain.enums import MailKind, MailState
from extensions import db
from models import Household, OutgoingMail

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail of the outbox; `last_error` is the mail server's own words, empty when all went well."""

    id: int
    kind: MailKind
    state: MailState
    subject: str
    to_address: str
    household_id: int | None
    household_name: str | None
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime
    attempts: int
    last_error: str

    @property
    def is_late(self) -> bool:
        """A first attempt failed and another one is planned."""
        return self.state is MailState.QUEUED and bool(self.last_error)

    @property
    def can_be_retried(self) -> bool:
        return self.is_late or self.state is MailState.ABANDONED


@dataclass(frozen=True, slots=True)
class MailPage:
    """One page of a list, newest first; `page` counts from 1."""

    rows: Sequence[MailRow]
    page: int
    pages: int


_ROWS = select(
    OutgoingMail.id,
    OutgoingMail.kind,
    OutgoingMail.state,
    OutgoingMail.subject,
    OutgoingMail.to_address,
    OutgoingMail.household_id,
    Household.name,
    OutgoingMail.created_at,
    OutgoingMail.sent_at,
    OutgoingMail.next_attempt_at,
    OutgoingMail.attempts,
    OutgoingMail.last_error,
).outerjoin(Household, Household.id == OutgoingMail.household_id)


def _read(query: Select) -> list[MailRow]:
    newest_first = query.order_by(OutgoingMail.created_at.desc(), OutgoingMail.id.desc())
    return [MailRow(*row) for row in db.session.execute(newest_first)]


def counts_by_state() -> Mapping[MailState, int]:
    """How many mails stand in each state; a state without mail counts 0."""
    found = dict(
        db.session.execute(select(OutgoingMail.state, func.count()).group_by(OutgoingMail.state)).all()
    )
    return {state: found.get(state, 0) for state in MailState}


def mails(state: MailState | None, page: int, counts: Mapping[MailState, int]) -> MailPage:
    """The mails in `state`, or all of them. A page beyond the end is the last one."""
    total = sum(counts.values()) if state is None else counts[state]
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, page), pages)
    query = _ROWS if state is None else _ROWS.where(OutgoingMail.state == state)
    return MailPage(_read(query.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)), page, pages)


def mails_of_household(household_id: int, limit: int = 20) -> Sequence[MailRow]:
    """The last mails of a family file, with their states."""
    return _read(_ROWS.where(OutgoingMail.household_id == household_id).limit(limit))
