"""Credit notes (avoirs): an issued bill never changes, a numbered note takes some of it back (R42)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.billing_run import reference
from domain.calendar import paris_now
from domain.enums import InvoiceKind, InvoiceLineKind, InvoiceState, MailKind
from domain.errors import NotFound, Refused, Stale
from domain.french import format_euros
from models import Invoice, InvoiceLine, Regie
from services import ledger, outbox, records
from services.accounts import Author
from services.billing import take_numbers
from services.transaction import write_transaction


def credit(invoice_id: int, cents: Mapping[int, int], reason: str, author: Author, now: datetime) -> int:
    """Take `cents` of each line (by its id) back from an issued bill. Returns the id of the credit note.

    A line of a discount is negative, and so is what is taken back of it. Raises NotFound, Refused without a
    reason or for more than what is left of a line, Stale when the bill is cancelled.
    """
    if not reason.strip():
        raise Refused("no_reason", "Dites pourquoi cet avoir est fait\u00a0: la famille le lira.")
    taken = {line_id: amount for line_id, amount in cents.items() if amount}
    if sum(taken.values()) <= 0:
        raise Refused("amount", "Indiquez ce qui est rendu sur une ligne au moins.")
    with write_transaction() as session:
        invoice = session.get(Invoice, invoice_id)
        if invoice is None or invoice.kind is not InvoiceKind.INVOICE or invoice.number is None:
            raise NotFound
        regie = records.get(session, Regie, invoice.regie_id)
        ledger.hold(session, invoice.household_id)
        session.refresh(invoice)
        if invoice.state is InvoiceState.CANCELLED:
            raise Stale("Cette facture est déjà annulée.")
        today = paris_now(now).date()
        note = Invoice(
            regie_id=regie.id,
            household_id=invoice.household_id,
            kind=InvoiceKind.CREDIT_NOTE,
            corrects_id=invoice.id,
            month=invoice.month,
            state=InvoiceState.DRAFT,
            recipient_name=invoice.recipient_name,
            recipient_address=invoice.recipient_address,
            total_cents=-sum(taken.values()),
            credited_cents=0,
            settled_cents=0,
            created_at=now,
        )
        session.add(note)
        session.flush()
        session.add_all(_lines(session, note.id, invoice, taken, reason.strip()))
        session.flush()
        number = take_numbers(session, regie.id, today.year, 1)
        note.year, note.number = today.year, number
        note.reference = reference(regie.code, today.year, number)
        note.issue_day, note.due_day = today, today + timedelta(days=regie.due_days)
        note.state, note.settled_on = InvoiceState.SETTLED, today
        session.flush()
        ledger.apply_credit(session, invoice, -note.total_cents, today)
        ledger.spend_advances(session, regie.id, invoice.household_id)
        mail = {"month": invoice.month, "due_day": note.due_day, "is_credit_note": True, "debit_day": None}
        outbox.queue_household(session, MailKind.INVOICE_ISSUED, invoice.household_id, now=now, **mail)
        after = {"reference": note.reference, "total_cents": note.total_cents, "reason": reason.strip()}
        records.tell(
            session, "credit_note.issued", note, invoice.household_id, author=author, now=now, after=after
        )
        return note.id


def _lines(
    session: Session, note_id: int, invoice: Invoice, taken: Mapping[int, int], reason: str
) -> list[InvoiceLine]:
    billed = {
        line.id: line
        for line in session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id))
    }
    corrected = session.execute(
        select(InvoiceLine.corrects_line_id, func.sum(InvoiceLine.amount_cents))
        .where(InvoiceLine.corrects_line_id.in_(billed))
        .group_by(InvoiceLine.corrects_line_id)
    )
    before = dict(corrected.all())
    lines = []
    for position, (line_id, amount) in enumerate(sorted(taken.items()), 1):
        line = billed.get(line_id)
        if line is None:
            raise NotFound
        left = line.amount_cents + int(before.get(line_id, 0))
        if not min(left, 0) <= amount <= max(left, 0):
            said = f"{line.label}\u00a0: au plus {format_euros(left)} peuvent être rendus."
            raise Refused("too_much", said)
        lines.append(
            InvoiceLine(
                invoice_id=note_id,
                position=position,
                kind=InvoiceLineKind.CORRECTION,
                child_id=line.child_id,
                activity_id=line.activity_id,
                booking_id=line.booking_id,
                day=line.day,
                label=line.label,
                amount_cents=-amount,
                explanation=[f"Avoir sur la facture {invoice.reference}.", f"Motif\u00a0: {reason}"],
                rulebook_version_id=line.rulebook_version_id,
                quotient_hundredths=line.quotient_hundredths,
                corrects_line_id=line.id,
            )
        )
    return lines
