"""What an erasure does, table by table (R54). One list serves the preview, which counts, and the erasure,
which acts, so that they cannot differ.

A row goes when nothing that must stay hangs on it; else it stays, emptied of what it holds of a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    String,
    cast,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from domain.enums import AccountStatus
from models import (
    Absence,
    ActivationToken,
    AllotmentRank,
    Attendance,
    AuditEvent,
    AuditSeal,
    Authorisation,
    AuthorisedPerson,
    BillingFinding,
    Booking,
    BookingDraft,
    BookingEvent,
    BookingReminder,
    BookingRequest,
    BookingRequestLine,
    CalendarFeed,
    Certification,
    ChangeLine,
    ChangeRequest,
    Child,
    ConsentAnswer,
    Conversation,
    ConversationReading,
    CustodyCalendar,
    CustodyException,
    CustodySwap,
    DefaultWeekDay,
    Document,
    DocumentPage,
    EmailChange,
    Enrolment,
    EnrolmentRequest,
    ErasureNotice,
    FormerAddress,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    LastSignIn,
    LineDispute,
    Mandate,
    MedicalRecord,
    Message,
    MessageFile,
    OfflineMark,
    OnlinePayment,
    OutgoingMail,
    ProvisionalPassword,
    QuotientFamilial,
    QuotientWarning,
    RecoveryCode,
    RuleFact,
    Schooling,
    SecondFactor,
    User,
    UserSession,
)
from queries.audit_chain import ERASURE
from queries.retention import Subjects

JOURNAL = "Détail des actes du journal"
NO_NAME = "Dossier effacé"
NOBODY = "effacé"


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of `table` for which `where` holds go, or take `values`. `name`: what they are, in French."""

    name: str
    table: Any
    where: ColumnElement[bool]
    values: Mapping[str, Any] | None = None

    def count(self, session: Session) -> int:
        return session.scalar(select(func.count()).select_from(self.table).where(self.where)) or 0

    def act(self, session: Session) -> int:
        statement = (
            delete(self.table) if self.values is None else update(self.table).values(dict(self.values))
        )
        options = {"synchronize_session": False}
        done: CursorResult = session.execute(statement.where(self.where), execution_options=options)
        return done.rowcount


def documents_of(found: Subjects) -> Select:
    return select(Document.id).where(
        or_(Document.household_id.in_(found.households), Document.child_id.in_(found.children))
    )


def conversations_of(found: Subjects) -> Select:
    return select(Conversation.id).where(Conversation.household_id.in_(found.households))


def of_documents(ids: Any) -> list[Step]:
    """The rows of these documents; their files go after, see `file_keys`."""
    return [
        Step("Quotients", QuotientFamilial, QuotientFamilial.document_id.in_(ids), {"document_id": None}),
        Step("Absences", Absence, Absence.document_id.in_(ids), {"document_id": None}),
        Step("Pages de documents", DocumentPage, DocumentPage.document_id.in_(ids)),
        Step("Documents", Document, Document.id.in_(ids)),
    ]


def of_conversations(ids: Any) -> list[Step]:
    messages = select(Message.id).where(Message.conversation_id.in_(ids))
    return [
        Step("Messages lus", ConversationReading, ConversationReading.conversation_id.in_(ids)),
        Step("Fichiers joints", MessageFile, MessageFile.message_id.in_(messages)),
        Step("Messages", Message, Message.conversation_id.in_(ids)),
        Step("Échanges", Conversation, Conversation.id.in_(ids)),
    ]


def of_families(found: Subjects, now: datetime) -> list[Step]:
    """Everything that the database holds of these families, accounting apart, in an order that foreign keys
    allow. A child who also lives elsewhere keeps its own sheet."""
    homes, adults, children, users = found.households, found.guardians, found.children, found.users
    bookings = select(Booking.id).where(Booking.household_id.in_(homes))
    requests = select(BookingRequest.id).where(BookingRequest.household_id.in_(homes))
    changes = select(ChangeRequest.id).where(
        or_(
            ChangeRequest.household_id.in_(homes),
            ChangeRequest.child_id.in_(children),
            ChangeRequest.guardian_id.in_(adults),
        )
    )
    swaps = select(CustodySwap.id).where(
        or_(
            CustodySwap.household_id.in_(homes),
            CustodySwap.to_household_id.in_(homes),
            CustodySwap.child_id.in_(children),
        )
    )
    return [
        *of_documents(documents_of(found)),
        *of_conversations(conversations_of(found)),
        Step("Santé", MedicalRecord, MedicalRecord.child_id.in_(children)),
        Step("Personnes autorisées", AuthorisedPerson, AuthorisedPerson.child_id.in_(children)),
        Step("Autorisations", Authorisation, Authorisation.child_id.in_(children)),
        Step(
            "Signatures d’autorisations",
            Authorisation,
            Authorisation.author_name.in_(found.names)
            & Authorisation.child_id.in_(
                select(HouseholdChild.child_id).where(HouseholdChild.household_id.in_(homes))
            ),
            {"author_name": ""},
        ),
        Step("Modifications déclarées", ChangeLine, ChangeLine.request_id.in_(changes)),
        Step("Demandes de modification", ChangeRequest, ChangeRequest.id.in_(changes)),
        Step("Lignes de demandes", BookingRequestLine, BookingRequestLine.request_id.in_(requests)),
        Step("Demandes de réservation", BookingRequest, BookingRequest.id.in_(requests)),
        Step("Demandes commencées", BookingDraft, BookingDraft.household_id.in_(homes)),
        Step(
            "Demandes d’inscription",
            EnrolmentRequest,
            or_(EnrolmentRequest.household_id.in_(homes), EnrolmentRequest.child_id.in_(children)),
        ),
        Step("Inscriptions", Enrolment, Enrolment.child_id.in_(children)),
        Step("Scolarités", Schooling, Schooling.child_id.in_(children)),
        Step(
            "Jours de garde à part",
            CustodyException,
            or_(
                CustodyException.household_id.in_(homes),
                CustodyException.child_id.in_(children),
                CustodyException.swap_id.in_(swaps),
            ),
        ),
        Step("Échanges de garde", CustodySwap, CustodySwap.id.in_(swaps)),
        Step(
            "Calendriers de garde",
            CustodyCalendar,
            or_(
                CustodyCalendar.child_id.in_(children),
                CustodyCalendar.even_household_id.in_(homes),
                CustodyCalendar.odd_household_id.in_(homes),
            ),
        ),
        Step("Réponses aux textes à accepter", ConsentAnswer, ConsentAnswer.guardian_id.in_(adults)),
        Step("Confirmations du dossier", Certification, Certification.household_id.in_(homes)),
        Step("Quotients", QuotientFamilial, QuotientFamilial.household_id.in_(homes)),
        Step(
            "Informations pour le règlement",
            RuleFact,
            or_(RuleFact.household_id.in_(homes), RuleFact.child_id.in_(children)),
        ),
        Step("Anciennes adresses", FormerAddress, FormerAddress.household_id.in_(homes)),
        Step("Semaines types", DefaultWeekDay, DefaultWeekDay.household_id.in_(homes)),
        Step("Rappels", BookingReminder, BookingReminder.household_id.in_(homes)),
        Step("Annonces d’effacement", ErasureNotice, ErasureNotice.household_id.in_(homes)),
        Step("Rappels de quotient", QuotientWarning, QuotientWarning.household_id.in_(homes)),
        Step(
            "Absences",
            Absence,
            Absence.booking_id.in_(bookings),
            {"author_name": "", "explanation": [], "document_id": None},
        ),
        Step("Pointages hors ligne", OfflineMark, OfflineMark.child_id.in_(children)),
        Step("Présences notées", Attendance, Attendance.household_id.in_(homes), {"note": ""}),
        Step(
            "Étapes de réservations",
            BookingEvent,
            or_(BookingEvent.household_id.in_(homes), BookingEvent.booking_id.in_(bookings)),
            {"actor_name": "", "reason": ""},
        ),
        Step(
            "Rangs d’attribution",
            AllotmentRank,
            AllotmentRank.booking_id.in_(bookings),
            {"reason": ""},
        ),
        Step(
            "Contestations de factures",
            LineDispute,
            LineDispute.household_id.in_(homes),
            {"author_name": "", "message": "", "answer": ""},
        ),
        Step("Remarques de facturation", BillingFinding, BillingFinding.household_id.in_(homes)),
        Step(
            "Paiements en ligne",
            OnlinePayment,
            OnlinePayment.household_id.in_(homes),
            {"email": "", "problem": "", "answer": null()},
        ),
        Step(
            "Mandats de prélèvement",
            Mandate,
            or_(Mandate.household_id.in_(homes), Mandate.guardian_id.in_(adults)),
            {"iban": None, "iban_end": "", "holder_name": "", "author_name": "", "end_reason": ""},
        ),
        Step(
            "Mails",
            OutgoingMail,
            or_(OutgoingMail.household_id.in_(homes), OutgoingMail.user_id.in_(users)),
        ),
        *(
            Step("Accès au portail", table, table.user_id.in_(users))
            for table in (
                UserSession, ActivationToken, ProvisionalPassword, EmailChange, SecondFactor, RecoveryCode,
                CalendarFeed, LastSignIn, ConversationReading,
            )
        ),
        Step("Liens entre adultes et foyer", HouseholdGuardian, HouseholdGuardian.household_id.in_(homes)),
        Step("Liens entre enfants et foyer", HouseholdChild, HouseholdChild.household_id.in_(homes)),
        Step(
            "Comptes",
            User,
            User.id.in_(users),
            {
                "email": literal("efface-") + cast(User.id, String) + literal("@portail.invalid"),
                "status": AccountStatus.CLOSED,
                "email_verified_at": None,
                "password_hash": None,
            },
        ),
        Step(
            "Adultes",
            Guardian,
            Guardian.id.in_(adults),
            {
                "first_name": "", "last_name": NOBODY, "email": "", "mobile_phone": "", "home_phone": "",
                "work_phone": "", "workplace": "", "birth_name": "", "birth_date": None, "profession": "",
                "iban": None, "iban_holder": "", "user_id": None, "erased_at": now,
            },
        ),
        Step(
            "Enfants",
            Child,
            Child.id.in_(children),
            {
                "first_name": "", "last_name": NOBODY, "birth_place": "", "diet": "", "diet_note": "",
                "sex": None, "erased_at": now,
            },
        ),
        Step(
            "Foyers",
            Household,
            Household.id.in_(homes),
            {
                "name": NO_NAME, "address": "", "address_extra": "", "postcode": "", "city": "",
                "family_situation": "", "address_since": None, "social_fund": None, "beneficiary_number": "",
                "import_key": None, "search_text": "", "erased_at": now,
            },
        ),
    ]  # fmt: skip


def sealed_events(where: ColumnElement[bool]) -> Select:
    """The events whose content is still there; the acts that erase keep theirs, which the chain counts on."""
    return (
        select(AuditEvent.id)
        .join(AuditSeal, AuditSeal.event_id == AuditEvent.id)
        .where(where, AuditSeal.salt.is_not(None), ~AuditEvent.action.startswith(ERASURE))
    )


def journal_contents(event_ids: Sequence[int]) -> list[Step]:
    """Their content and its salt go together: the seals still hold."""
    return [
        Step(
            "Détail des actes", AuditEvent, AuditEvent.id.in_(event_ids), {"before": null(), "after": null()}
        ),
        Step(JOURNAL, AuditSeal, AuditSeal.event_id.in_(event_ids), {"salt": None}),
    ]


def file_keys(session: Session, document_ids: Any, conversation_ids: Any) -> list[str]:
    """The stored files of these documents and conversations. Three statements."""
    messages = select(Message.id).where(Message.conversation_id.in_(conversation_ids))
    return [
        key
        for query in (
            select(Document.file_key).where(Document.id.in_(document_ids)),
            select(DocumentPage.file_key).where(DocumentPage.document_id.in_(document_ids)),
            select(MessageFile.file_key).where(MessageFile.message_id.in_(messages)),
        )
        for key in session.scalars(query)
        if key is not None
    ]
