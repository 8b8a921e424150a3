"""Money that no bill needs, given back to the family (R46)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import PaymentMethod, PaymentState
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, format_day, format_euros
from domain.ledger import REFUND_METHODS
from models import Payment, Refund
from services import booking_life, ledger, payments, records
from services.accounts import Author
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Giving:
    """What an agent gives back of a payment. `submission_key` comes with the form: sent twice, given once."""

    payment_id: int
    amount_cents: int
    method: PaymentMethod
    refunded_on: date
    reason: str
    reference: str
    submission_key: str


def refund(given: Giving, author: Author, now: datetime) -> int:
    """Give back a part of a payment that pays nothing. Returns the id of the refund.

    Raises NotFound for an unknown payment, Refused for more than what is free, while a bill of the régie is
    open or for a day that cannot be, Stale for a payment that does not count any more.
    """
    if not given.reason.strip():
        raise Refused("no_reason", f"Dites pourquoi cette somme est rendue{NBSP}: la famille le lira.")
    if given.method not in REFUND_METHODS:
        raise Refused("method", "Choisissez comment la somme est rendue.")
    with write_transaction() as session:
        payment = payments.held(session, given.payment_id)
        sent = session.scalar(select(Refund).where(Refund.submission_key == given.submission_key))
        if sent is not None:
            return _same(sent, given)
        _check(session, payment, given, paris_now(now).date())
        row = Refund(
            payment_id=payment.id,
            amount_cents=given.amount_cents,
            method=given.method,
            refunded_on=given.refunded_on,
            reason=given.reason.strip(),
            reference=given.reference,
            submission_key=given.submission_key,
            author_name=booking_life.agent(session, author.user_id).name,
            created_at=now,
        )
        payment.refunded_cents += given.amount_cents
        session.add(row)
        session.flush()
        _record(session, "refund.made", row, payment, author, now)
        return row.id


def cancel(refund_id: int, reason: str, author: Author, now: datetime) -> None:
    """A refund that was a mistake: its money pays the open bills, or waits for the next one.

    Raises NotFound, Refused without a reason, Stale when it is cancelled already.
    """
    if not reason.strip():
        raise Refused("no_reason", f"Dites pourquoi ce remboursement est annulé{NBSP}: la famille le lira.")
    with write_transaction() as session:
        found = session.get(Refund, refund_id)
        if found is None:
            raise NotFound
        payment = payments.held(session, found.payment_id)
        session.refresh(found)
        if found.cancelled_at is not None:
            raise Stale("Ce remboursement est déjà annulé. Rechargez la page.")
        name = booking_life.agent(session, author.user_id).name
        payment.refunded_cents -= found.amount_cents
        found.cancelled_at, found.cancelled_by_name, found.cancel_reason = now, name, reason.strip()
        session.flush()
        ledger.spend_advances(session, payment.regie_id, payment.household_id)
        _record(session, "refund.cancelled", found, payment, author, now)


def _check(session: Session, payment: Payment, given: Giving, today: date) -> None:
    if payment.state is not PaymentState.VALID:
        raise Stale("Ce règlement ne compte plus. Rechargez la page.")
    if given.refunded_on > today:
        raise Refused("day", "Ce jour n’est pas encore passé. Indiquez le jour où la somme est rendue.")
    if given.refunded_on < payment.received_on:
        received = format_day(payment.received_on, year=True)
        raise Refused("day", f"Cette somme n’a été reçue que le {received}. Indiquez un jour qui suit.")
    if ledger.open_bills(session, payment.regie_id, payment.household_id):
        raise Refused(
            "needed", "Ce foyer a encore des factures à régler. Payez-les d’abord avec ce qui est d’avance."
        )
    free = ledger.free_cents(payment)
    if not 0 < given.amount_cents <= free:
        raise Refused("amount", f"Indiquez un montant jusqu’à {format_euros(free)}, ce qui est d’avance.")


def _same(sent: Refund, given: Giving) -> int:
    """The refund that this form already made. Raises NotFound for the form of another payment."""
    if sent.payment_id != given.payment_id:
        raise NotFound
    return sent.id


def _record(
    session: Session, action: str, row: Refund, payment: Payment, author: Author, now: datetime
) -> None:
    after = {
        "payment_id": payment.id,
        "amount_cents": row.amount_cents,
        "method": row.method,
        "refunded_on": row.refunded_on,
    }
    records.tell(session, action, row, payment.household_id, author=author, now=now, after=after)
