"""Conversations between families and the service, as both sides read them (R52)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

from domain.enums import ConversationState
from domain.errors import NotFound
from extensions import db
from models import (
    Conversation,
    ConversationReading,
    Facility,
    Guardian,
    Household,
    Message,
    MessageFile,
)

PAGE_SIZE = 30
Scope = Collection[int] | None


class Standing(StrEnum):
    """What the list of the service is limited to; the value stands in addresses."""

    WAITING = "attente"
    OPEN = "en-cours"
    CLOSED = "terminees"
    ALL = "toutes"


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """One line of a list; `facility` is empty for the service. `is_unread`: the service wrote what the reader
    has not read, for the service what no adult of the household has."""

    conversation_id: int
    reference: str
    household_id: int
    household: str
    facility_id: int | None
    facility: str
    subject: str
    state: ConversationState
    last_message_at: datetime
    waits_since: datetime | None
    is_unread: bool

    @property
    def is_open(self) -> bool:
        return self.state is ConversationState.OPEN


@dataclass(frozen=True, slots=True)
class JoinedFile:
    file_id: int
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    message_id: int
    is_from_family: bool
    author: str
    text: str
    sent_at: datetime
    files: tuple[JoinedFile, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation with its messages, the oldest first. `read_by`, for the service alone: the adults who
    have read what it wrote last."""

    line: ConversationLine
    messages: tuple[ThreadMessage, ...]
    read_by: tuple[str, ...] = ()

    @property
    def last_id(self) -> int:
        """Of the newest message: what was on screen."""
        return self.messages[-1].message_id if self.messages else 0


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of a list; `number` counts from 1."""

    lines: tuple[ConversationLine, ...]
    number: int
    pages: int


def unread_by(user_id: Any) -> ColumnElement[bool]:
    """The condition « the service wrote in this conversation what the account has not read »."""
    return _newer_than(
        select(ConversationReading.message_id).where(
            ConversationReading.conversation_id == Conversation.id, ConversationReading.user_id == user_id
        )
    )


def _newer_than(read_up_to: Select) -> ColumnElement[bool]:
    """The service wrote after the message that `read_up_to` gives."""
    return exists().where(
        Message.conversation_id == Conversation.id,
        Message.is_from_family.is_(False),
        Message.id > func.coalesce(read_up_to.correlate_except(ConversationReading).scalar_subquery(), 0),
    )


_UNREAD_BY_ALL = _newer_than(
    select(func.max(ConversationReading.message_id)).where(
        ConversationReading.conversation_id == Conversation.id
    )
)
_LINES = (
    select(
        Conversation.id,
        Conversation.reference,
        Conversation.household_id,
        Household.name,
        Conversation.facility_id,
        func.coalesce(Facility.name, ""),
        Conversation.subject,
        Conversation.state,
        Conversation.last_message_at,
        Conversation.waits_since,
    )
    .join(Household, Household.id == Conversation.household_id)
    .outerjoin(Facility, Facility.id == Conversation.facility_id)
)
_SERVICE_LINES = _LINES.add_columns(_UNREAD_BY_ALL)
_NEWEST_FIRST = (Conversation.last_message_at.desc(), Conversation.id.desc())
_STANDINGS: Mapping[Standing, tuple[ColumnElement[bool], ...]] = {
    Standing.WAITING: (Conversation.waits_since.is_not(None),),
    Standing.OPEN: (Conversation.state == ConversationState.OPEN,),
    Standing.CLOSED: (Conversation.state == ConversationState.CLOSED,),
    Standing.ALL: (),
}


def of_family(household_ids: Collection[int], user_id: int, page: int) -> ConversationPage:
    """The conversations of these households: what this account has not read first. Two statements."""
    is_unread = unread_by(user_id)
    own = _LINES.add_columns(is_unread).where(Conversation.household_id.in_(household_ids))
    return _page(own, page, is_unread.desc(), *_NEWEST_FIRST)


def family_thread(reference: str, household_ids: Collection[int], user_id: int) -> Thread:
    """One conversation of these households, as this account reads it. Three statements. Raises NotFound."""
    own = _LINES.add_columns(unread_by(user_id)).where(Conversation.household_id.in_(household_ids))
    return _thread(own, reference)


def of_service(facility_ids: Scope, standing: Standing, page: int) -> ConversationPage:
    """Those that an agent of these structures sees (None: all), the oldest waiting first. Two statements."""
    seen = _SERVICE_LINES.where(*_within(facility_ids), *_STANDINGS[standing])
    return _page(seen, page, Conversation.waits_since.is_(None), Conversation.waits_since, *_NEWEST_FIRST)


def of_household(household_id: int, facility_ids: Scope, limit: int = 5) -> tuple[ConversationLine, ...]:
    """The last ones of a family file, within the sight of the agent. One statement."""
    mine = _SERVICE_LINES.where(Conversation.household_id == household_id, *_within(facility_ids))
    return tuple(
        ConversationLine(*row) for row in db.session.execute(mine.order_by(*_NEWEST_FIRST).limit(limit))
    )


def service_thread(reference: str, facility_ids: Scope) -> Thread:
    """One conversation within the sight of an agent, with who has read it. At most four statements. Raises
    NotFound."""
    found = _thread(_SERVICE_LINES.where(*_within(facility_ids)), reference)
    return replace(found, read_by=_readers_of(found))


def _readers_of(thread: Thread) -> tuple[str, ...]:
    """The adults who have read the newest message of the service; nobody when it wrote none."""
    written = [one.message_id for one in thread.messages if not one.is_from_family]
    if not written:
        return ()
    rows = db.session.execute(
        select(Guardian.first_name, Guardian.last_name)
        .join(ConversationReading, ConversationReading.user_id == Guardian.user_id)
        .where(
            ConversationReading.conversation_id == thread.line.conversation_id,
            ConversationReading.message_id >= written[-1],
        )
        .order_by(ConversationReading.read_at, Guardian.id)
    )
    return tuple(f"{row.first_name} {row.last_name}" for row in rows)


def file_key(thread: Thread, file_id: int) -> tuple[str, str]:
    """(key in the store, name) of a file joined to a message of this thread. Raises NotFound."""
    row = db.session.execute(
        select(MessageFile.file_key, MessageFile.file_name)
        .join(Message, Message.id == MessageFile.message_id)
        .where(MessageFile.id == file_id, Message.conversation_id == thread.line.conversation_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row.file_key, row.file_name


def _within(facility_ids: Scope) -> tuple[ColumnElement[bool], ...]:
    """One who is limited to structures does not read what was written to the whole service."""
    return () if facility_ids is None else (Conversation.facility_id.in_(facility_ids),)


def _page(found: Select, page: int, *order: Any) -> ConversationPage:
    total = db.session.scalar(select(func.count()).select_from(found.subquery()))
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, page), pages)
    rows = db.session.execute(found.order_by(*order).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE))
    return ConversationPage(tuple(ConversationLine(*row) for row in rows), number, pages)


def _thread(found: Select, reference: str) -> Thread:
    row = db.session.execute(found.where(Conversation.reference == reference)).one_or_none()
    if row is None:
        raise NotFound
    line = ConversationLine(*row)
    mine = Message.conversation_id == line.conversation_id
    files: dict[int, list[JoinedFile]] = {}
    joined = select(MessageFile.message_id, MessageFile.id, MessageFile.file_name, MessageFile.size_bytes)
    for message_id, *columns in db.session.execute(
        joined.join(Message, Message.id == MessageFile.message_id).where(mine).order_by(MessageFile.id)
    ):
        files.setdefault(message_id, []).append(JoinedFile(*columns))
    messages = db.session.execute(
        select(Message.id, Message.is_from_family, Message.author_name, Message.text, Message.sent_at)
        .where(mine)
        .order_by(Message.id)
    )
    return Thread(line, tuple(ThreadMessage(*one, tuple(files.get(one.id, ()))) for one in messages))
