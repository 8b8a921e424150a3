"""What has been kept long enough in files that go on: health, papers, mails, contents of the journal, failed
payments, and the names in accounts older than the law asks (R54)."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, and_, func, null, or_, select

from domain.calendar import PARIS
from domain.enums import (
    ChangeState,
    ConversationState,
    DocumentState,
    FileSection,
    MailState,
    OnlineState,
    SubjectKind,
)
from domain.family_file import fields_of
from domain.retention import Retained, Retention
from models import (
    AuditEvent,
    ChangeLine,
    Child,
    Conversation,
    Document,
    DocumentCategory,
    DocumentPage,
    Enrolment,
    Invoice,
    InvoiceLine,
    Mandate,
    MedicalRecord,
    OnlinePayment,
    OutgoingMail,
    Payment,
    Refund,
    TreasuryImport,
    TreasuryImportLine,
)
from queries import medical
from services.erasures.steps import Step, of_conversations, of_documents

MEDICAL_FIELDS = tuple(one.name for one in fields_of(FileSection.CHILD_MEDICAL))
_OVER = (OnlineState.REFUSED, OnlineState.CANCELLED, OnlineState.EXPIRED)
_GONE = "Effacé"  # a reason that the database wants filled
ACCOUNTS = ("invoice", "invoice_line", "payment", "refund", "mandate")  # guarded, see `guards.erasing`


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of overdue data: its steps, the documents and conversations whose files go too."""

    kind: Retained
    steps: tuple[Step, ...]
    documents: Select
    conversations: Select


_NO_DOCUMENT = select(Document.id).where(Document.id < 0)
_NO_CONVERSATION = select(Conversation.id).where(Conversation.id < 0)


def sweeps(retention: Retention, today: date) -> list[Sweep]:
    """Everything but the families and the journal, which have turns of their own."""

    def day(kind: Retained) -> date:
        return retention.before(kind, today)

    health_documents = _health_documents(day(Retained.HEALTH))
    documents = _useless_documents(_instant(day(Retained.DOCUMENTS)), day(Retained.DOCUMENTS))
    conversations = select(Conversation.id).where(
        Conversation.state == ConversationState.CLOSED,
        Conversation.last_message_at < _instant(day(Retained.MESSAGES)),
    )
    return [
        Sweep(
            Retained.HEALTH,
            (*_health(day(Retained.HEALTH)), *of_documents(health_documents)),
            health_documents,
            _NO_CONVERSATION,
        ),
        Sweep(Retained.DOCUMENTS, tuple(_files(documents)), documents, _NO_CONVERSATION),
        Sweep(Retained.MESSAGES, tuple(of_conversations(conversations)), _NO_DOCUMENT, conversations),
        _alone(Retained.MAILS, _mails(_instant(day(Retained.MAILS)))),
        _alone(Retained.ONLINE, _failed_payments(_instant(day(Retained.ONLINE)))),
        _alone(Retained.ACCOUNTING, *_accounts(day(Retained.ACCOUNTING))),
    ]


def old_events(retention: Retention, today: date) -> Any:
    """The condition « an event whose content was kept long enough ». Who read a health stays told."""
    before = _instant(retention.before(Retained.JOURNAL, today))
    return and_(AuditEvent.at < before, AuditEvent.action != medical.READ)


def _alone(kind: Retained, *steps: Step) -> Sweep:
    return Sweep(kind, steps, _NO_DOCUMENT, _NO_CONVERSATION)


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _left(before: date) -> Select:
    """The children who were enrolled and are no longer since that day."""
    was = select(Enrolment.id).where(Enrolment.child_id == Child.id).exists()
    still = select(Enrolment.id).where(Enrolment.child_id == Child.id, Enrolment.last_day >= before).exists()
    return select(Child.id).where(was, ~still)


def _health(before: date) -> list[Step]:
    return [
        Step("Santé", MedicalRecord, MedicalRecord.child_id.in_(_left(before))),
        Step(
            "Précisions sur le régime",
            Child,
            Child.id.in_(_left(before)) & (Child.diet_note != ""),
            {"diet_note": ""},
        ),
        Step(
            "Modifications déclarées sur la santé",
            ChangeLine,
            and_(
                ChangeLine.subject_kind == SubjectKind.CHILD,
                ChangeLine.field.in_(MEDICAL_FIELDS),
                ChangeLine.subject_id.in_(_left(before)),
                ChangeLine.state != ChangeState.PENDING,
                or_(ChangeLine.wanted_value.is_not(None), ChangeLine.seen_value.is_not(None)),
            ),
            {"wanted_value": None, "seen_value": None, "reason": ""},
        ),
    ]


def _health_documents(before: date) -> Select:
    return (
        select(Document.id)
        .join(DocumentCategory, DocumentCategory.id == Document.category_id)
        .where(DocumentCategory.is_medical, Document.child_id.in_(_left(before)))
    )


def _useless_documents(instant: datetime, before: date) -> Select:
    decided = and_(
        Document.state.in_((DocumentState.REFUSED, DocumentState.WITHDRAWN)),
        func.coalesce(Document.decided_at, Document.submitted_at) < instant,
    )
    ended = and_(
        Document.state.in_((DocumentState.ACCEPTED, DocumentState.EXPIRED)), Document.valid_until < before
    )
    return select(Document.id).where(Document.file_key.is_not(None), or_(decided, ended))


def _files(documents: Select) -> list[Step]:
    return [
        Step("Pages de documents", DocumentPage, DocumentPage.document_id.in_(documents)),
        Step(
            "Fichiers de documents",
            Document,
            Document.id.in_(documents),
            {
                "file_key": None,
                "file_name": "",
                "page_count": 0,
                "size_bytes": 0,
                "sha256": "",
                "comment": "",
            },
        ),
    ]


def _mails(instant: datetime) -> Step:
    return Step(
        "Textes de mails",
        OutgoingMail,
        and_(
            OutgoingMail.state != MailState.QUEUED,
            OutgoingMail.created_at < instant,
            or_(OutgoingMail.text != "", OutgoingMail.html != ""),
        ),
        {"text": "", "html": ""},
    )


def _failed_payments(instant: datetime) -> Step:
    return Step(
        "Tentatives de paiement",
        OnlinePayment,
        and_(OnlinePayment.state.in_(_OVER), OnlinePayment.created_at < instant, OnlinePayment.email != ""),
        {"email": "", "problem": "", "answer": null()},
    )


def _accounts(before: date) -> list[Step]:
    """Names and words of old bills and payments; amounts and numbers stay."""
    old_bills = select(Invoice.id).where(Invoice.issue_day < before)
    old_payments = select(Payment.id).where(Payment.received_on < before)
    imports = select(TreasuryImport.id).where(TreasuryImport.created_at < _instant(before))
    return [
        Step(
            "Lignes de factures",
            InvoiceLine,
            and_(InvoiceLine.invoice_id.in_(old_bills), InvoiceLine.label != ""),
            {"label": "", "explanation": []},
        ),
        Step(
            "Destinataires de factures",
            Invoice,
            and_(
                Invoice.id.in_(old_bills), or_(Invoice.recipient_name != "", Invoice.recipient_address != "")
            ),
            {"recipient_name": "", "recipient_address": ""},
        ),
        Step(
            "Paiements",
            Payment,
            and_(Payment.id.in_(old_payments), or_(Payment.reference != "", Payment.cancel_reason != "")),
            {"reference": "", "cancel_reason": ""},
        ),
        Step(
            "Remboursements",
            Refund,
            and_(Refund.payment_id.in_(old_payments), Refund.refunded_on < before, Refund.reason != _GONE),
            {"reason": _GONE, "reference": ""},
        ),
        Step(
            "Motifs de remboursements annulés",
            Refund,
            and_(
                Refund.refunded_on < before, Refund.cancelled_at.is_not(None), Refund.cancel_reason != _GONE
            ),
            {"cancel_reason": _GONE},
        ),
        Step(
            "Mandats de prélèvement",
            Mandate,
            and_(
                Mandate.ended_at < _instant(before),
                func.coalesce(Mandate.last_used_on, Mandate.signed_on) < before,
                Mandate.holder_name != "",
            ),
            {"iban": None, "iban_end": "", "holder_name": "", "author_name": "", "end_reason": ""},
        ),
        Step(
            "Lignes du Trésor public",
            TreasuryImportLine,
            and_(TreasuryImportLine.import_id.in_(imports), TreasuryImportLine.content != ""),
            {"content": "", "reason": ""},
        ),
    ]
