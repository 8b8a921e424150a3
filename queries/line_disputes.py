"""The lines that families contest, as the service reads them (R43)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from domain.enums import DisputeState, InvoiceKind
from domain.errors import NotFound
from extensions import db
from models import Activity, Child, Household, Invoice, InvoiceLine, LineDispute


@dataclass(frozen=True, slots=True)
class Dispute:
    """A contested line with its arithmetic, what the family says and what the service answered."""

    dispute_id: int
    state: DisputeState
    message: str
    author_name: str
    created_at: datetime
    answer: str
    answered_by_name: str
    answered_at: datetime | None
    household_id: int
    household: str
    invoice_id: int
    reference: str
    label: str
    amount_cents: int
    explanation: tuple[str, ...]
    child: str
    activity: str
    line_id: int
    kind: InvoiceKind
    credited_cents: int  # of the line, by credit notes

    @property
    def is_open(self) -> bool:
        return self.state is DisputeState.OPEN

    @property
    def awaits_credit(self) -> bool:
        """True when the family is right and nothing was taken off the line yet."""
        is_right = self.state is DisputeState.ACCEPTED and self.kind is InvoiceKind.INVOICE
        return is_right and self.amount_cents != 0 and not self.credited_cents


ANSWERED_SHOWN = 50
_CORRECTION = aliased(InvoiceLine)
_CREDITED = (
    select(func.coalesce(-func.sum(_CORRECTION.amount_cents), 0))
    .where(_CORRECTION.corrects_line_id == InvoiceLine.id)
    .correlate(InvoiceLine)
    .scalar_subquery()
)
_DISPUTES = (
    select(
        LineDispute.id,
        LineDispute.state,
        LineDispute.message,
        LineDispute.author_name,
        LineDispute.created_at,
        LineDispute.answer,
        LineDispute.answered_by_name,
        LineDispute.answered_at,
        LineDispute.household_id,
        Household.name,
        Invoice.id.label("invoice_id"),
        Invoice.reference,
        InvoiceLine.label,
        InvoiceLine.amount_cents,
        InvoiceLine.explanation,
        func.coalesce(Child.first_name, ""),
        func.coalesce(Activity.name, ""),
        InvoiceLine.id.label("line_id"),
        Invoice.kind,
        _CREDITED,
    )
    .join(Household, Household.id == LineDispute.household_id)
    .join(InvoiceLine, InvoiceLine.id == LineDispute.line_id)
    .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    .outerjoin(Child, Child.id == InvoiceLine.child_id)
    .outerjoin(Activity, Activity.id == InvoiceLine.activity_id)
)
_OPEN = _DISPUTES.where(LineDispute.state == DisputeState.OPEN).order_by(LineDispute.id)
_ANSWERED = (
    _DISPUTES.where(LineDispute.state != DisputeState.OPEN)
    .order_by(LineDispute.answered_at.desc(), LineDispute.id.desc())
    .limit(ANSWERED_SHOWN)
)
_ONE = _DISPUTES.where(LineDispute.id == bindparam("dispute_id"))


def waiting() -> tuple[Dispute, ...]:
    """Those without an answer, the oldest first. One statement."""
    return _disputes(db.session.execute(_OPEN).all())


def answered() -> tuple[Dispute, ...]:
    """The last ones that were answered, the newest first. One statement."""
    return _disputes(db.session.execute(_ANSWERED).all())


def dispute(dispute_id: int) -> Dispute:
    """One statement. Raises NotFound."""
    found = _disputes(db.session.execute(_ONE, {"dispute_id": dispute_id}).all())
    if not found:
        raise NotFound
    return found[0]


def waiting_count() -> int:
    """One statement."""
    return db.session.scalar(
        select(func.count()).select_from(LineDispute).where(LineDispute.state == DisputeState.OPEN)
    )


def _disputes(rows: Sequence) -> tuple[Dispute, ...]:
    return tuple(Dispute(*row[:14], tuple(row.explanation), *row[15:]) for row in rows)
