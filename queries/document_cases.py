"""Supporting documents as the service reads them: one case to decide, what a family sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from domain import documents as rules
from domain.calendar import paris_now
from domain.documents import Standing
from domain.enums import AbsenceKind, Channel, DocumentEffect, DocumentState
from domain.errors import NotFound
from extensions import db
from models import Child, Document, DocumentCategory, Household, StaffMember
from queries.documents import AbsenceDay, Category, absence_days, all_categories, standing


@dataclass(frozen=True, slots=True)
class DocumentCase:
    """A document before the agent who decides it. `proposed_until` is what the town's rule gives."""

    document_id: int
    category: Category
    household_id: int
    household: str
    number: int
    child_id: int | None
    owner: str
    state: DocumentState
    sender_name: str
    channel: Channel
    submitted_at: datetime
    due_at: datetime
    issued_on: date | None
    is_too_old: bool
    proposed_until: date | None
    valid_until: date | None
    absence_kind: AbsenceKind | None
    absence_days: tuple[AbsenceDay, ...]
    comment: str
    file_name: str
    file_key: str | None
    size_bytes: int
    page_count: int
    reason: str
    decided_at: datetime | None
    decided_by: str

    @property
    def is_open(self) -> bool:
        return self.state is DocumentState.SUBMITTED


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document with a file, in the family's file at the service."""

    document_id: int
    category: str
    is_medical: bool
    owner: str
    state: Standing
    submitted_at: datetime
    sender_name: str


def sent_by(household_id: int, today: date, effects: Collection[DocumentEffect]) -> tuple[SentDocument, ...]:
    """What the household sent and did not take back, of the categories with one of these effects, the newest
    first, the last twenty. One statement."""
    rows = db.session.execute(
        select(Document, DocumentCategory.name, DocumentCategory.is_medical, Child.first_name)
        .join(DocumentCategory, DocumentCategory.id == Document.category_id)
        .outerjoin(Child, Child.id == Document.child_id)
        .where(
            Document.household_id == household_id,
            Document.file_key.is_not(None),
            Document.state != DocumentState.WITHDRAWN,
            DocumentCategory.effect.in_(effects),
        )
        .order_by(Document.submitted_at.desc(), Document.id.desc())
        .limit(20)
    )
    return tuple(
        SentDocument(
            document.id, category, is_medical, child or "Le foyer", standing([document], today),
            document.submitted_at, document.sender_name,
        )
        for document, category, is_medical, child in rows
    )  # fmt: skip


def case(document_id: int, today: date) -> DocumentCase:
    """One document that came with a file, whatever its state; taken back, its file is gone.

    Raises NotFound. At most four statements.
    """
    row = db.session.execute(
        select(
            Document,
            Child.first_name,
            Child.last_name,
            Household.name,
            Household.number,
            StaffMember.first_name.label("staff_first_name"),
            StaffMember.last_name.label("staff_last_name"),
        )
        .join(Household, Household.id == Document.household_id)
        .outerjoin(Child, Child.id == Document.child_id)
        .outerjoin(StaffMember, StaffMember.user_id == Document.decided_by_user_id)
        .where(Document.id == document_id)
    ).one_or_none()
    if row is None or (row[0].file_key is None and row[0].state is not DocumentState.WITHDRAWN):
        raise NotFound
    document, first_name, last_name, household, number, *agent = row
    found = next(one for one in all_categories() if one.category_id == document.category_id)
    kept = db.session.get_one(DocumentCategory, document.category_id)
    written_on = document.issued_on or paris_now(document.submitted_at).date()
    return DocumentCase(
        document_id=document.id,
        category=found,
        household_id=document.household_id,
        household=household,
        number=number,
        child_id=document.child_id,
        owner=f"{first_name} {last_name}" if first_name else f"Famille {household}",
        state=document.state,
        sender_name=document.sender_name,
        channel=document.channel,
        submitted_at=document.submitted_at,
        due_at=document.due_at,
        issued_on=document.issued_on,
        is_too_old=rules.is_too_old(
            document.issued_on, found.max_age_months, paris_now(document.submitted_at).date()
        ),
        proposed_until=rules.valid_until(kept.validity, kept.validity_months, written_on),
        valid_until=document.valid_until,
        absence_kind=document.absence_kind,
        absence_days=absence_days(document),
        comment=document.comment,
        file_name=document.file_name,
        file_key=document.file_key,
        size_bytes=document.size_bytes,
        page_count=document.page_count,
        reason=document.reason,
        decided_at=document.decided_at,
        decided_by=" ".join(filter(None, agent)),
    )
