"""Lines of issued bills that ask for more than their day owes now: the proof of an absence came (S73, R42).

An issued bill never changes: each of these is for a credit note, which the service makes in one tap. Marks do
not change once the month is issued.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from domain.enums import AttendanceMark, InvoiceKind, InvoiceLineKind, InvoiceState
from extensions import db
from models import Absence, Attendance, Booking, Child, Household, Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class LateChange:
    """A line that was billed at more than its day owes now; `over_cents` is what is too much."""

    line_id: int
    invoice_id: int
    reference: str
    household: str
    child: str
    day: date
    label: str
    over_cents: int


@dataclass(frozen=True, slots=True)
class LateBill:
    """A bill with its lines to correct, the oldest day first."""

    invoice_id: int
    reference: str
    household: str
    lines: tuple[LateChange, ...]

    @property
    def over_cents(self) -> int:
        return sum(line.over_cents for line in self.lines)


def late_bills() -> tuple[LateBill, ...]:
    """The bills to correct, that of the oldest day first. One statement."""
    lines: dict[int, list[LateChange]] = {}
    for one in late_changes():
        lines.setdefault(one.invoice_id, []).append(one)
    return tuple(
        LateBill(invoice_id, own[0].reference, own[0].household, tuple(own))
        for invoice_id, own in lines.items()
    )


def late_changes(invoice_id: int | None = None) -> tuple[LateChange, ...]:
    """The lines to correct, of one bill or of all of them, the oldest day first. One statement.

    What the family was told to owe of an absence is compared with the line and its credit notes; a day on
    which the child came has its price and is left alone.
    """
    correction, note = aliased(InvoiceLine), aliased(Invoice)
    credited = (
        select(func.coalesce(func.sum(correction.amount_cents), 0))
        .join(note, note.id == correction.invoice_id)
        .where(correction.corrects_line_id == InvoiceLine.id, note.state != InvoiceState.DRAFT)
        .scalar_subquery()
    )
    over = InvoiceLine.amount_cents + credited - Booking.due_cents
    query = (
        select(
            InvoiceLine.id,
            Invoice.id,
            Invoice.reference,
            Household.name,
            Child.first_name,
            InvoiceLine.day,
            InvoiceLine.label,
            over.label("over"),
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .join(Household, Household.id == Invoice.household_id)
        .join(Booking, Booking.id == InvoiceLine.booking_id)
        .join(Child, Child.id == Booking.child_id)
        .join(Absence, Absence.booking_id == Booking.id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .where(
            Invoice.kind == InvoiceKind.INVOICE,
            Invoice.number.is_not(None),
            Invoice.state != InvoiceState.CANCELLED,
            or_(InvoiceLine.kind == InvoiceLineKind.ABSENCE, Attendance.mark == AttendanceMark.ABSENT),
            InvoiceLine.amount_cents > 0,
            Booking.due_cents.is_not(None),
            over > 0,
        )
        .order_by(InvoiceLine.day, InvoiceLine.id)
    )
    if invoice_id is not None:
        query = query.where(Invoice.id == invoice_id)
    return tuple(LateChange(*row) for row in db.session.execute(query))
