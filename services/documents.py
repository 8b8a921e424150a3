"""Supporting documents: sent by a family or at the counter, decided by the service (S62 to S74, S116).

A file is made harmless and stored before its row is written; when the row cannot be, the file goes. The
`upload_key` of the form makes a sending that was cut, repeated or doubled one document.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapters.document_files import SafeDocument
from domain import documents as rules
from domain.calendar import paris_now
from domain.enums import (
    AbsenceKind,
    AbsenceState,
    BookingState,
    Channel,
    DocumentEffect,
    DocumentState,
    MailKind,
)
from domain.errors import NotFound, Refused, Stale
from domain.family_file import due_at
from domain.french import NBSP
from extensions import db
from models import (
    Absence,
    Booking,
    Child,
    Document,
    DocumentCategory,
    DocumentPage,
    Household,
    HouseholdChild,
    MessageFile,
)
from services import (
    absences,
    audit,
    booking_life,
    document_store,
    households,
    medical_readings,
    missed_days,
    outbox,
    records,
    throttling,
)
from services.accounts import Author
from services.booking_life import Actor
from services.safe_files import Upload, made_safe
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Sending:
    """One document as a form describes it. `absence_days` are booked days of the child (S69)."""

    category_id: int
    household_id: int
    child_id: int | None
    upload_key: str
    files: tuple[Upload, ...]
    issued_on: date | None = None
    is_private: bool = False
    absence_kind: AbsenceKind | None = None
    absence_days: tuple[date, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the agent adds. `quotient_hundredths` and `quotient_from` for a proof of income (S65),
    `justified_days` for a proof of absence (S73).
    """

    valid_until: date | None = None
    quotient_hundredths: int | None = None
    quotient_from: date | None = None
    justified_days: tuple[date, ...] = ()


# --- Sending ------------------------------------------------------------------------------------------------


def submit(sending: Sending, *, author: Author, author_name: str, network: str, now: datetime) -> int:
    """Make the files harmless, keep them sealed, write the document. Returns its id.

    The same `upload_key` from the same household gives the document that it made before, whatever was cut or
    repeated. Raises NotFound for a category or a child that is not the household's, Refused for what the
    family can mend (the code names the field or the fault), `disk_full`, `antivirus`; nothing is kept then.
    """
    known = _already_sent(db.session(), sending)
    if known is not None:
        return known
    _check(db.session(), sending, now)
    if not throttling.admit(throttling.upload_tries(sending.household_id, network), now):
        raise Refused(
            "too_often", f"Vous avez envoyé beaucoup de fichiers depuis une heure{NBSP}: réessayez plus tard."
        )
    db.session.rollback()  # nothing is held open while the files are read
    safe = made_safe([upload.content for upload in sending.files])
    keys = document_store.save_all([safe.pdf, safe.thumbnail, *safe.pages])
    try:
        with write_transaction() as session:
            # One sending of a household at a time: what waits for a day, and the quota, are read in turn. Its
            # bookings are still written meanwhile: waiting here for who holds their days would be a deadlock.
            session.get(Household, sending.household_id, with_for_update={"key_share": True})
            _check(session, sending, now)
            document = _write(session, sending, safe, keys, author, author_name, now)
            return document.id
    except BaseException as error:
        document_store.delete_all(keys)
        known = _already_sent(db.session(), sending) if isinstance(error, IntegrityError) else None
        if known is None:
            raise
        return known


def _already_sent(session: Session, sending: Sending) -> int | None:
    row = session.execute(
        select(Document.id, Document.household_id).where(Document.upload_key == sending.upload_key)
    ).one_or_none()
    if row is None:
        return None
    if row.household_id != sending.household_id:
        raise NotFound
    return row.id


def _check(session: Session, sending: Sending, now: datetime) -> None:
    category = session.get(DocumentCategory, sending.category_id)
    unfit = households.REFUSED_OWNER[sending.child_id is not None]
    if category is None or not category.is_active or category.owner is unfit:
        raise NotFound
    if sending.child_id is not None and not session.scalar(
        select(HouseholdChild.child_id).where(
            HouseholdChild.child_id == sending.child_id,
            HouseholdChild.household_id == sending.household_id,
            HouseholdChild.is_restricted.is_(False),
        )
    ):
        raise NotFound
    if sending.issued_on is not None and sending.issued_on > paris_now(now).date():
        raise Refused("issued_on", "Indiquez la date écrite sur le document. Elle ne peut pas être à venir.")
    _check_files(session, sending)
    if category.effect is DocumentEffect.ABSENCE:
        _check_absence(session, sending)


def _check_files(session: Session, sending: Sending) -> None:
    sizes = [len(upload.content) for upload in sending.files]
    if not sizes:
        raise Refused("no_file", "Choisissez le fichier, ou prenez le document en photo.")
    if len(sizes) > rules.FILES_AT_ONCE:
        raise Refused(
            "too_many_files", f"Envoyez {rules.FILES_AT_ONCE} fichiers au plus pour un même document."
        )
    if max(sizes) > rules.FILE_BYTES or sum(sizes) > rules.SENDING_BYTES:
        raise Refused(
            "file_too_big",
            f"Un fichier ne peut dépasser 12{NBSP}Mo, ni l’ensemble 24{NBSP}Mo{NBSP}: "
            "prenez le document en photo, ou envoyez moins de pages.",
        )
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(Document.size_bytes), 0)).where(
            Document.household_id == sending.household_id, Document.file_key.is_not(None)
        )
    ).one()
    if count >= rules.HOUSEHOLD_FILES or total >= rules.HOUSEHOLD_BYTES:
        raise Refused(
            "quota",
            f"Votre dossier contient déjà beaucoup de documents{NBSP}: "
            "contactez le service, ou apportez celui-ci au guichet.",
        )


def _check_absence(session: Session, sending: Sending) -> None:
    if sending.absence_kind is None:
        raise Refused("absence_kind", "Choisissez la nature du justificatif.")
    if not sending.absence_days:
        raise Refused("absence_days", "Cochez au moins un jour d’absence.")
    booked = set(session.scalars(select(Booking.day).where(*_booked(sending))))
    if not booked.issuperset(sending.absence_days):
        raise Refused(
            "absence_days", f"Un de ces jours n’est plus réservé{NBSP}: vérifiez les jours, puis envoyez."
        )
    waiting = (
        select(Absence.id)
        .join(Booking, Booking.id == Absence.booking_id)
        .join(Document, Document.id == Absence.document_id)
        .where(
            *_booked(sending),
            Document.state == DocumentState.SUBMITTED,
            Document.upload_key.is_distinct_from(sending.upload_key),
        )
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise Refused(
            "absence_days",
            f"Un justificatif attend déjà une réponse pour un de ces jours{NBSP}: "
            "décochez ce jour, ou retirez d’abord l’autre document.",
        )


def _booked(sending: Sending) -> tuple:
    return (
        Booking.child_id == sending.child_id,
        Booking.household_id == sending.household_id,
        Booking.state == BookingState.ACCEPTED,
        Booking.day.in_(sending.absence_days),
    )


def _write(
    session: Session,
    sending: Sending,
    safe: SafeDocument,
    keys: Sequence[str],
    author: Author,
    author_name: str,
    now: datetime,
) -> Document:
    file_key, *page_keys = keys
    document = Document(
        category_id=sending.category_id,
        household_id=sending.household_id,
        child_id=sending.child_id,
        state=DocumentState.SUBMITTED,
        is_private=sending.is_private,
        sender_user_id=author.user_id,
        sender_name=author_name,
        channel=author.channel,
        submitted_at=now,
        due_at=due_at(now),
        upload_key=sending.upload_key,
        issued_on=sending.issued_on,
        absence_kind=sending.absence_kind,
        comment=sending.comment,
        file_key=file_key,
        file_name=rules.shown_name(sending.files[0].name),
        size_bytes=len(safe.pdf) + len(safe.thumbnail) + sum(len(page) for page in safe.pages),
        page_count=len(safe.pages),
        sha256=hashlib.sha256(safe.pdf).hexdigest(),
    )
    session.add(document)
    session.flush()
    session.add_all(
        DocumentPage(document_id=document.id, number=number, file_key=key)
        for number, key in enumerate(page_keys)
    )
    _link_absences(session, sending, document, author_name, now)
    _settle_absences(session, document, Actor(author.user_id, author_name, author.channel), now)
    after = {"category_id": sending.category_id, "child_id": sending.child_id, "pages": len(safe.pages)}
    _record(session, "document.submitted", document, author, now, after=after)
    return document


def _link_absences(
    session: Session, sending: Sending, document: Document, author_name: str, now: datetime
) -> None:
    if document.absence_kind is None:
        return
    known = {
        absence.booking_id: absence
        for absence in session.scalars(
            select(Absence).join(Booking, Booking.id == Absence.booking_id).where(*_booked(sending))
        )
    }
    for booking_id in session.scalars(select(Booking.id).where(*_booked(sending))):
        absence = known.get(booking_id)
        if absence is None:
            absence = Absence(booking_id=booking_id, author_name=author_name, declared_at=now)
            session.add(absence)
        elif absence.state is AbsenceState.JUSTIFIED:
            continue
        absence.kind, absence.state = document.absence_kind, AbsenceState.DECLARED
        absence.document_id = document.id


def _settle_absences(session: Session, document: Document, actor: Actor, now: datetime) -> None:
    """What stays due of the days that it justifies follows the règlement (S73)."""
    if document.absence_kind is not None:
        absences.hold(session, document.child_id, document.household_id)
        absences.settle_document(session, document.id, actor, now)


def withdraw(document_id: int, household_ids: Collection[int], *, author: Author, now: datetime) -> None:
    """Take back a document that nobody has decided: its files go, its trace stays. Raises NotFound, Stale."""
    with write_transaction() as session:
        document = session.get(Document, document_id, with_for_update=True)
        if document is None or document.household_id not in household_ids or document.file_key is None:
            raise NotFound
        _settle(session, document, DocumentState.WITHDRAWN, author, now)
        _unlink_absences(session, document, booking_life.family_member(session, author.user_id), now)
        _record(session, "document.withdrawn", document, author, now, after={"state": document.state})
        keys = _without_files(session, document)
    document_store.delete_all(keys)


def _unlink_absences(session: Session, document: Document, actor: Actor, now: datetime) -> None:
    """An absence that was declared before its proof stays, without it; one that came with it goes. What is
    due of a day that was closed or given up meanwhile stays as it is."""
    if document.absence_kind is None:
        return
    absences.hold(session, document.child_id, document.household_id)
    rows = session.execute(
        select(Absence, Booking)
        .join(Booking, Booking.id == Absence.booking_id)
        .where(Absence.document_id == document.id)
        .order_by(Booking.day)
    ).all()
    for absence, booking in rows:
        if absence.declared_at < document.submitted_at:
            absence.document_id, absence.state = None, AbsenceState.DECLARED
            continue
        if booking.state is BookingState.ACCEPTED:
            booking.due_cents = None
            booking_life.note(session, booking, actor, now, absences.BACK)
        session.delete(absence)
    if rows:
        days = [booking.day for _, booking in rows]
        missed_days.settle(session, document.child_id, document.household_id, days, actor, now)


def _without_files(session: Session, document: Document) -> list[str]:
    """Empty the rows of a document; returns the keys of the files, to be removed once this is committed."""
    pages = session.scalars(select(DocumentPage).where(DocumentPage.document_id == document.id)).all()
    keys = [key for key in (document.file_key, *(page.file_key for page in pages)) if key is not None]
    for page in pages:
        session.delete(page)
    document.file_key, document.size_bytes, document.page_count, document.sha256 = None, 0, 0, ""
    return keys


# --- Deciding -----------------------------------------------------------------------------------------------


def accept(document_id: int, acceptance: Acceptance, *, author: Author, now: datetime) -> None:
    """Accept a waiting document, with its effect on the file and a mail to its sender.

    Raises NotFound, Stale when a colleague has decided or the family took it back, Refused `quotient`,
    `quotient_from`, `valid_until`, `justified_days`, `medical_right`.
    """
    with write_transaction() as session:
        document, category = _waiting(session, document_id, author)
        if acceptance.valid_until is not None and acceptance.valid_until < paris_now(now).date():
            raise Refused("valid_until", "Indiquez une fin de validité à venir, ou laissez la case vide.")
        _settle(session, document, DocumentState.ACCEPTED, author, now)
        document.valid_until = acceptance.valid_until
        if category.effect is DocumentEffect.QUOTIENT:
            _open_quotient(session, document, category, acceptance, author, now)
        if category.effect is DocumentEffect.ABSENCE:
            _justify(session, document, acceptance.justified_days)
            _settle_absences(session, document, booking_life.agent(session, author.user_id), now)
        after = {"state": document.state, "valid_until": document.valid_until}
        _record(session, "document.accepted", document, author, now, after=after)
        _announce(session, MailKind.DOCUMENT_DECISION, document, category, now)


def refuse(document_id: int, reason: str, *, author: Author, now: datetime) -> None:
    """Refuse a waiting document; the family reads why.

    Raises NotFound, Stale, Refused `reason_missing`, `medical_right`.
    """
    reason = reason.strip()
    if not reason:
        raise Refused("reason_missing", f"Indiquez le motif du refus{NBSP}: la famille le lira.")
    with write_transaction() as session:
        document, category = _waiting(session, document_id, author)
        _settle(session, document, DocumentState.REFUSED, author, now)
        document.reason = reason
        if category.effect is DocumentEffect.ABSENCE:
            _justify(session, document, ())
            _settle_absences(session, document, booking_life.agent(session, author.user_id), now)
        _record(session, "document.refused", document, author, now, after={"state": document.state})
        _announce(session, MailKind.DOCUMENT_DECISION, document, category, now)


def _waiting(session: Session, document_id: int, author: Author) -> tuple[Document, DocumentCategory]:
    """The document for an agent who may decide it: health needs its right. One that the family took back is
    there, to be told so. Raises NotFound, Refused `medical_right`."""
    document = session.get(Document, document_id, with_for_update=True)
    if document is None or (document.file_key is None and document.state is not DocumentState.WITHDRAWN):
        raise NotFound
    category = session.get_one(DocumentCategory, document.category_id)
    if category.is_medical:
        medical_readings.check_right(session, author.user_id)
    return document, category


def _settle(
    session: Session, document: Document, state: DocumentState, author: Author, now: datetime
) -> None:
    """Only one of two people decides: the other finds the document no longer waiting."""
    settled = session.execute(
        update(Document)
        .where(Document.id == document.id, Document.state == DocumentState.SUBMITTED)
        .values(state=state, decided_at=now, decided_by_user_id=author.user_id)
    )
    if settled.rowcount != 1:
        raise Stale("Ce document a déjà reçu une réponse, ou la famille l’a retiré. Voici où il en est.")
    session.refresh(document)


def _open_quotient(
    session: Session,
    document: Document,
    category: DocumentCategory,
    acceptance: Acceptance,
    author: Author,
    now: datetime,
) -> None:
    if acceptance.quotient_hundredths is None:
        raise Refused("quotient", "Indiquez le quotient familial écrit sur l’attestation.")
    if acceptance.quotient_from is None:
        raise Refused("quotient_from", "Indiquez à partir de quel jour ce quotient s’applique.")
    households.open_quotient(
        session,
        document.household_id,
        households.Quotient(
            acceptance.quotient_hundredths,
            acceptance.quotient_from,
            category.name[: households.SOURCE_LENGTH],
            acceptance.valid_until,
        ),
        author,
        now,
        document_id=document.id,
    )


def _justify(session: Session, document: Document, days: Collection[date]) -> None:
    """The chosen days are justified, the others that the document was sent for are not (S73)."""
    rows = session.execute(
        select(Absence, Booking.day)
        .join(Booking, Booking.id == Absence.booking_id)
        .where(Absence.document_id == document.id)
    ).all()
    if not {day for _, day in rows}.issuperset(days):
        raise Refused("justified_days", "Cochez des jours pour lesquels ce document a été envoyé.")
    for absence, day in rows:
        absence.state = AbsenceState.JUSTIFIED if day in days else AbsenceState.UNJUSTIFIED


# --- The end of a validity ----------------------------------------------------------------------------------


def expire(now: datetime) -> None:
    """What is over is expired; what ends within thirty days is announced once, unless replaced already."""
    today = paris_now(now).date()
    with write_transaction() as session:
        over = session.scalars(
            select(Document).where(Document.state == DocumentState.ACCEPTED, Document.valid_until < today)
        )
        for document in over:
            document.state = DocumentState.EXPIRED
            _record(session, "document.expired", document, None, now, after={"state": document.state})
        ending = session.execute(
            select(Document, DocumentCategory)
            .join(DocumentCategory, DocumentCategory.id == Document.category_id)
            .where(
                Document.state == DocumentState.ACCEPTED,
                Document.valid_until >= today,
                Document.valid_until <= today + rules.REMINDER,
                Document.reminded_on.is_(None),
                DocumentCategory.is_active,
                DocumentCategory.is_required,
            )
            .order_by(Document.id)
        ).all()
        for document, category in ending:
            document.reminded_on = today
            is_told = not _is_replaced(session, document) and _is_readable(session, document)
            _record(session, "document.end_seen", document, None, now, after={"is_told": is_told})
            if is_told:
                _announce(session, MailKind.DOCUMENT_EXPIRY, document, category, now)


def _is_readable(session: Session, document: Document) -> bool:
    """Nothing more is told to a household that reads of the child its name alone (security 1.3)."""
    if document.child_id is None:
        return True
    link = session.get(HouseholdChild, (document.household_id, document.child_id))
    return link is not None and not link.is_restricted


def _is_replaced(session: Session, document: Document) -> bool:
    """Another one of the same owner waits, or serves longer."""
    same_owner = (
        Document.household_id == document.household_id
        if document.child_id is None
        else Document.child_id == document.child_id
    )
    others = session.scalars(
        select(Document).where(
            Document.category_id == document.category_id,
            same_owner,
            Document.id != document.id,
            Document.state.in_((DocumentState.SUBMITTED, DocumentState.ACCEPTED)),
        )
    )
    return any(
        other.state is DocumentState.SUBMITTED
        or other.valid_until is None
        or other.valid_until > document.valid_until
        for other in others
    )


def sweep(now: datetime) -> None:
    """Remove stored files whose row was never written: the server stopped in between.

    A folder that holds no file of this database belongs to another one, or to a database that was lost:
    everything stays there.
    """
    known = set(db.session.scalars(select(Document.file_key).where(Document.file_key.is_not(None))))
    known |= set(db.session.scalars(select(DocumentPage.file_key)))
    known |= set(db.session.scalars(select(MessageFile.file_key)))
    files = document_store.store().files
    if files.holds_any(known):
        files.sweep(known.__contains__, now - rules.SENDING_TIME)


# --- What every act shares ----------------------------------------------------------------------------------


def _announce(
    session: Session, kind: MailKind, document: Document, category: DocumentCategory, now: datetime
) -> None:
    """To who sent it, else to every adult of the household who signs in. Of health, nothing but the act."""
    child = session.get(Child, document.child_id) if document.child_id is not None else None
    household = session.get_one(Household, document.household_id)
    outbox.queue_household(
        session,
        kind,
        document.household_id,
        now=now,
        only=document.sender_user_id,
        category=category.name,
        owner=child.first_name if child else f"la famille {household.name}",
        document=document,
        reason="" if category.is_medical else document.reason,
    )


def _record(
    session: Session, action: str, document: Document, author: Author | None, now: datetime, *, after: dict
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id if author else None,
        channel=author.channel if author else Channel.SYSTEM,
        action=action,
        object_type="document",
        object_id=document.id,
        household_id=document.household_id,
        after=records.plain(after),
    )
