"""What a family and the service write to each other (R52): begin, answer, close, hand over, mark as read.

A text rests sealed and never leaves by mail: the notice says that a message waits. The `submission_key` of
the form makes a sending that was cut, repeated or doubled one message.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import documents as file_rules
from domain.enums import ConversationState, MailKind
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from extensions import db
from models import Conversation, ConversationReading, Facility, Household, Message, MessageFile
from services import audit, booking_life, document_store, outbox, references, throttling
from services.accounts import Author
from services.booking_life import Actor
from services.safe_files import Upload, made_safe
from services.transaction import write_transaction

LONGEST = 5000  # characters of one message
SUBJECT_LENGTH = 160
FILES_AT_ONCE = 3
Scope = Collection[int] | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as a form sends it."""

    text: str
    submission_key: str
    files: tuple[Upload, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What a new conversation is about; `facility_id` is None for the service as a whole."""

    household_id: int
    facility_id: int | None
    words: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file made harmless and stored, whose row is not written yet."""

    key: str
    name: str
    size: int


# --- Writing ------------------------------------------------------------------------------------------------


def begin_as_family(
    subject: Subject,
    letter: Letter,
    *,
    household_ids: Collection[int],
    author: Author,
    network: str,
    now: datetime,
) -> str:
    """An adult of one of these households writes to the service. Returns the reference of the conversation.

    Raises NotFound for a household or a structure that is not offered, Refused for what can be mended.
    """
    if subject.household_id not in household_ids:
        raise NotFound
    known = _already_sent(letter, household_ids)
    if known is not None:
        return known
    _check(subject.words, letter)
    _check_pace(subject.household_id, letter, network, now)

    def write(session: Session, kept: Sequence[_Kept]) -> str:
        actor = booking_life.family_member(session, author.user_id, author.channel)
        conversation = _new(session, subject, now)
        _add(session, conversation, letter, kept, actor, now, from_family=True)
        _record(session, "conversation.opened", conversation, actor, now, after={"files": len(kept)})
        _tell_service(session, conversation, now)
        return conversation.reference

    return _written(letter, household_ids, write)


def answer_as_family(
    reference: str,
    letter: Letter,
    *,
    household_ids: Collection[int],
    author: Author,
    network: str,
    now: datetime,
) -> None:
    """An adult of the household writes on; a conversation that was closed is open again.

    Raises NotFound for somebody else's, Refused for what can be mended.
    """
    if _already_sent(letter, household_ids) is not None:
        return
    found = db.session.scalar(
        select(Conversation.household_id).where(
            Conversation.reference == reference, Conversation.household_id.in_(household_ids)
        )
    )
    if found is None:
        raise NotFound
    _check(None, letter)
    _check_pace(found, letter, network, now)

    def write(session: Session, kept: Sequence[_Kept]) -> str:
        conversation = _of_family(session, reference, household_ids)
        actor = booking_life.family_member(session, author.user_id, author.channel)
        was_waiting = conversation.waits_since is not None
        _add(session, conversation, letter, kept, actor, now, from_family=True)
        _record(session, "conversation.answered", conversation, actor, now, after={"files": len(kept)})
        if not was_waiting:
            _tell_service(session, conversation, now)
        return reference

    _written(letter, household_ids, write)


def begin_as_service(
    subject: Subject, letter: Letter, *, facility_ids: Scope, author: Author, now: datetime
) -> str:
    """An agent writes first to a household that it may see. Returns the reference.

    `facility_ids` are the structures of the agent, None for all: one who is limited speaks for one of them.
    Raises NotFound for another structure, Refused for what can be mended.
    """
    _check_scope(subject.facility_id, facility_ids)
    known = _already_sent(letter, None)
    if known is not None:
        return known
    _check(subject.words, letter)

    def write(session: Session, kept: Sequence[_Kept]) -> str:
        actor = booking_life.agent(session, author.user_id, author.channel)
        conversation = _new(session, subject, now)
        _add(session, conversation, letter, kept, actor, now, from_family=False)
        _record(session, "conversation.opened", conversation, actor, now, after={"files": len(kept)})
        _tell_family(session, conversation, now)
        return conversation.reference

    return _written(letter, None, write)


def answer_as_service(
    reference: str,
    letter: Letter,
    *,
    closes: bool,
    facility_ids: Scope,
    author: Author,
    now: datetime,
) -> None:
    """An agent answers; with `closes` nothing more is expected from anybody.

    Raises NotFound for a structure that the agent does not see, Refused for what can be mended.
    """
    if _already_sent(letter, None) is not None:
        return
    _check(None, letter)

    def write(session: Session, kept: Sequence[_Kept]) -> str:
        conversation = _of_service(session, reference, facility_ids)
        actor = booking_life.agent(session, author.user_id, author.channel)
        _add(session, conversation, letter, kept, actor, now, from_family=False)
        _record(session, "conversation.answered", conversation, actor, now, after={"files": len(kept)})
        if closes:
            conversation.state = ConversationState.CLOSED
            _record(session, "conversation.closed", conversation, actor, now)
        _tell_family(session, conversation, now)
        return reference

    _written(letter, None, write)


def close(reference: str, *, facility_ids: Scope, author: Author, now: datetime) -> None:
    """Nothing more is expected: the conversation leaves « À traiter ». Whoever writes opens it again.

    Raises NotFound, Stale when it is closed already.
    """
    with write_transaction() as session:
        conversation = _of_service(session, reference, facility_ids)
        if conversation.state is ConversationState.CLOSED:
            raise Stale("Cet échange est déjà terminé.")
        conversation.state, conversation.waits_since = ConversationState.CLOSED, None
        actor = booking_life.agent(session, author.user_id, author.channel)
        _record(session, "conversation.closed", conversation, actor, now)


def hand_over(
    reference: str, facility_id: int | None, *, facility_ids: Scope, author: Author, now: datetime
) -> None:
    """Give the conversation to another structure, or to the service (None), which is told by mail.

    Raises NotFound for an unknown structure, Refused `same` when it is there already.
    """
    with write_transaction() as session:
        conversation = _of_service(session, reference, facility_ids)
        former = conversation.facility_id
        if facility_id == former:
            raise Refused("same", f"L’échange y est déjà{NBSP}: choisissez une autre structure.")
        if facility_id is not None and not _is_offered(session, facility_id):
            raise NotFound
        conversation.facility_id = facility_id
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="conversation.handed_over",
            object_type="conversation",
            object_id=conversation.id,
            household_id=conversation.household_id,
            before={"facility_id": former},
            after={"facility_id": facility_id},
        )
        if conversation.waits_since is not None:
            _tell_service(session, conversation, now)


def mark_read(
    reference: str, last_seen: int, *, household_ids: Collection[int], author: Author, now: datetime
) -> bool:
    """The account has read up to the message `last_seen`; False when something newer waits, or nothing did.

    Raises NotFound for somebody else's conversation.
    """
    with write_transaction() as session:
        conversation = _of_family(session, reference, household_ids)
        newest, by_service = _newest(session, conversation)
        reading = session.get(ConversationReading, (conversation.id, author.user_id))
        if newest > last_seen or by_service <= (reading.message_id if reading else 0):
            return False
        _note_reading(session, conversation, author.user_id, newest, now)
        actor = booking_life.family_member(session, author.user_id, author.channel)
        _record(session, "conversation.read", conversation, actor, now)
        return True


# --- Checks -------------------------------------------------------------------------------------------------


def _already_sent(letter: Letter, household_ids: Scope) -> str | None:
    """The reference of the conversation that this sending wrote in. NotFound for another household's."""
    row = db.session.execute(
        select(Conversation.reference, Conversation.household_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.submission_key == letter.submission_key)
    ).one_or_none()
    if row is not None and household_ids is not None and row.household_id not in household_ids:
        raise NotFound
    return row.reference if row else None


def _check(subject: str | None, letter: Letter) -> None:
    if subject is not None and not subject.strip():
        raise Refused("subject", "Indiquez l’objet du message, en quelques mots.")
    if not letter.text.strip():
        raise Refused("text", "Écrivez votre message.")
    if len(letter.text) > LONGEST:
        raise Refused("text", f"Raccourcissez le message{NBSP}: {LONGEST} caractères au plus.")
    sizes = [len(upload.content) for upload in letter.files]
    if len(sizes) > FILES_AT_ONCE:
        raise Refused("files", f"Joignez {FILES_AT_ONCE} fichiers au plus à un même message.")
    if sizes and (max(sizes) > file_rules.FILE_BYTES or sum(sizes) > file_rules.SENDING_BYTES):
        raise Refused(
            "files",
            f"Un fichier ne peut dépasser 12{NBSP}Mo, ni l’ensemble 24{NBSP}Mo{NBSP}: "
            "prenez le document en photo, ou envoyez moins de pages.",
        )


def _check_pace(household_id: int, letter: Letter, network: str, now: datetime) -> None:
    """A household writes and joins what people write and join, not what a robot would."""
    if letter.files:
        total = db.session.scalar(
            select(func.coalesce(func.sum(MessageFile.size_bytes), 0))
            .join(Message, Message.id == MessageFile.message_id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Conversation.household_id == household_id, Message.is_from_family)
        )
        if total >= file_rules.HOUSEHOLD_BYTES:
            raise Refused(
                "files",
                f"Vos échanges contiennent déjà beaucoup de fichiers{NBSP}: écrivez sans pièce jointe, "
                "ou apportez le document au guichet.",
            )
    if not throttling.admit(throttling.message_tries(household_id, network), now):
        raise Refused(
            "text", f"Vous avez envoyé beaucoup de messages depuis une heure{NBSP}: réessayez plus tard."
        )


def _check_scope(facility_id: int | None, facility_ids: Scope) -> None:
    if facility_ids is not None and facility_id not in facility_ids:
        raise NotFound


def _is_offered(session: Session, facility_id: int) -> bool:
    return bool(session.scalar(select(Facility.is_active).where(Facility.id == facility_id)))


def _of_family(session: Session, reference: str, household_ids: Collection[int]) -> Conversation:
    found = _held(session, reference)
    if found is None or found.household_id not in household_ids:
        raise NotFound
    return found


def _of_service(session: Session, reference: str, facility_ids: Scope) -> Conversation:
    found = _held(session, reference)
    if found is None:
        raise NotFound
    _check_scope(found.facility_id, facility_ids)
    return found


def _held(session: Session, reference: str) -> Conversation | None:
    return session.scalars(
        select(Conversation).where(Conversation.reference == reference).with_for_update()
    ).one_or_none()


# --- Rows ---------------------------------------------------------------------------------------------------


def _written(letter: Letter, household_ids: Scope, write: Callable[[Session, Sequence[_Kept]], str]) -> str:
    """Run `write` with the files stored; when it fails they go, and the sending that was faster counts."""
    db.session.rollback()  # nothing is held open while the files are read
    kept = _stored(letter.files)
    try:
        with write_transaction() as session:
            return write(session, kept)
    except BaseException as error:
        document_store.delete_all(one.key for one in kept)
        known = _already_sent(letter, household_ids) if isinstance(error, IntegrityError) else None
        if known is None:
            raise
        return known


def _stored(files: Sequence[Upload]) -> list[_Kept]:
    """Each file is one harmless PDF. Raises Refused; nothing is kept then."""
    safe = [made_safe([upload.content]).pdf for upload in files]
    keys = document_store.save_all(safe)
    return [
        _Kept(key, file_rules.shown_name(upload.name), len(content))
        for key, upload, content in zip(keys, files, safe, strict=True)
    ]


def _new(session: Session, subject: Subject, now: datetime) -> Conversation:
    if subject.facility_id is not None and not _is_offered(session, subject.facility_id):
        raise NotFound
    conversation = Conversation(
        reference=references.new_reference(session, Conversation),
        household_id=subject.household_id,
        facility_id=subject.facility_id,
        subject=" ".join(subject.words.split())[:SUBJECT_LENGTH],
        state=ConversationState.OPEN,
        created_at=now,
        last_message_at=now,
    )
    session.add(conversation)
    session.flush()
    return conversation


def _add(
    session: Session,
    conversation: Conversation,
    letter: Letter,
    kept: Sequence[_Kept],
    actor: Actor,
    now: datetime,
    *,
    from_family: bool,
) -> None:
    message = Message(
        conversation_id=conversation.id,
        is_from_family=from_family,
        author_user_id=actor.user_id,
        author_name=actor.name,
        text=letter.text.strip(),
        sent_at=now,
        submission_key=letter.submission_key,
    )
    session.add(message)
    session.flush()
    session.add_all(
        MessageFile(message_id=message.id, file_key=one.key, file_name=one.name, size_bytes=one.size)
        for one in kept
    )
    conversation.state, conversation.last_message_at = ConversationState.OPEN, now
    if from_family:
        conversation.waits_since = conversation.waits_since or now
        _note_reading(session, conversation, actor.user_id, message.id, now)
    else:
        conversation.waits_since = None


def _newest(session: Session, conversation: Conversation) -> tuple[int, int]:
    """The ids of the newest message and of the newest one of the service; 0 when there is none."""
    by_service = func.max(case((Message.is_from_family.is_(False), Message.id), else_=0))
    row = session.execute(
        select(func.coalesce(func.max(Message.id), 0), func.coalesce(by_service, 0)).where(
            Message.conversation_id == conversation.id
        )
    ).one()
    return row[0], row[1]


def _note_reading(
    session: Session, conversation: Conversation, user_id: int, message_id: int, now: datetime
) -> None:
    """The conversation is held by the caller: one reading an account, which only goes forward."""
    reading = session.get(ConversationReading, (conversation.id, user_id))
    if reading is None:
        session.add(
            ConversationReading(
                conversation_id=conversation.id, user_id=user_id, message_id=message_id, read_at=now
            )
        )
    else:
        reading.message_id, reading.read_at = message_id, now


def _tell_family(session: Session, conversation: Conversation, now: datetime) -> None:
    """Every adult of the household who signs in."""
    outbox.queue_household(
        session,
        MailKind.MESSAGE_RECEIVED,
        conversation.household_id,
        now=now,
        reference=conversation.reference,
    )


def _tell_service(session: Session, conversation: Conversation, now: datetime) -> None:
    """Once while it waits, at the address of the structure, else of the service."""
    facility = (
        session.get(Facility, conversation.facility_id) if conversation.facility_id is not None else None
    )
    outbox.queue_service(
        session,
        MailKind.SERVICE_MESSAGE,
        to=facility.email if facility else "",
        now=now,
        household=session.get_one(Household, conversation.household_id).name,
        facility=facility.name if facility else "",
        reference=conversation.reference,
    )


def _record(
    session: Session,
    action: str,
    conversation: Conversation,
    actor: Actor,
    now: datetime,
    after: dict | None = None,
) -> None:
    """The words themselves stay out of the journal."""
    audit.record(
        session,
        at=now,
        actor_user_id=actor.user_id,
        channel=actor.channel,
        action=action,
        object_type="conversation",
        object_id=conversation.id,
        household_id=conversation.household_id,
        after={"reference": conversation.reference, **(after or {})},
    )
