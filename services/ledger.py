"""What issued bills owe: the only place that changes their state, what is received and what is credited
(R42, R46, S58, S59). Amounts in cents.

These functions work inside the caller's transaction, which holds the account of the household first: money of
one household and régie moves one act after the other, on both engines.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import InvoiceKind, InvoiceState, PaymentState
from domain.errors import NotFound, Refused, Stale
from domain.ledger import (
    ONLINE_METHODS,
    OPEN_STATES,
    RUNNING_ONLINE,
    SETTLED_STATES,
    Debt,
    allocate,
    state_of,
)
from models import Household, Invoice, OnlinePayment, OnlinePaymentBill, Payment, PaymentAllocation


def hold(session: Session, household_id: int) -> None:
    """Hold the account of a household until the end of the transaction. Raises NotFound."""
    held = select(Household.id).where(Household.id == household_id).with_for_update(key_share=True)
    if session.scalar(held) is None:
        raise NotFound


def left_cents(invoice: Invoice) -> int:
    """What is still to pay of an issued bill."""
    return invoice.total_cents - invoice.credited_cents - invoice.settled_cents


def free_cents(payment: Payment) -> int:
    """What a payment has left to pay bills with, or to give back."""
    return payment.amount_cents - payment.allocated_cents - payment.refunded_cents


def open_bills(session: Session, regie_id: int, household_id: int) -> list[Invoice]:
    """The bills of a held account that are not paid, the one due first before."""
    return list(
        session.scalars(
            select(Invoice)
            .where(
                Invoice.household_id == household_id,
                Invoice.regie_id == regie_id,
                Invoice.kind == InvoiceKind.INVOICE,
                Invoice.state.in_(OPEN_STATES),
            )
            .order_by(Invoice.due_day, Invoice.id)
        )
    )


def pay(session: Session, payment: Payment, bills: Sequence[Invoice]) -> int:
    """Allocate what a payment has left to these bills, in their order. Returns what stays unallocated."""
    left = free_cents(payment)
    shares, left = allocate(left, [Debt(bill.id, left_cents(bill)) for bill in bills])
    by_id = {bill.id: bill for bill in bills}
    known = {one.invoice_id: one for one in _allocations(session, payment.id)}
    for bill_id, cents in shares.items():
        if bill_id in known:
            known[bill_id].amount_cents += cents
        else:
            allocation = PaymentAllocation(payment_id=payment.id, invoice_id=bill_id, amount_cents=cents)
            session.add(allocation)
        payment.allocated_cents += cents
        by_id[bill_id].settled_cents += cents
        restate(session, by_id[bill_id], payment.received_on)
    return left


def take_back(session: Session, payment: Payment) -> None:
    """Take a payment off the bills that it paid: they are due again."""
    for allocation in _allocations(session, payment.id):
        bill = session.get_one(Invoice, allocation.invoice_id)
        bill.settled_cents -= allocation.amount_cents
        session.delete(allocation)
        restate(session, bill, payment.received_on)
    payment.allocated_cents = 0
    session.flush()


def spend_advances(session: Session, regie_id: int, household_id: int) -> None:
    """Pay the open bills of a held account with the money that it paid in advance, the oldest first."""
    bills = open_bills(session, regie_id, household_id)
    if not bills:
        return
    advances = session.scalars(
        select(Payment)
        .where(
            Payment.household_id == household_id,
            Payment.regie_id == regie_id,
            Payment.state == PaymentState.VALID,
            Payment.allocated_cents + Payment.refunded_cents < Payment.amount_cents,
        )
        .order_by(Payment.received_on, Payment.id)
    )
    for advance in advances:
        pay(session, advance, [bill for bill in bills if left_cents(bill) > 0])


def apply_credit(session: Session, invoice: Invoice, cents: int, day: date) -> None:
    """Take `cents` off a bill of a held account; what was already paid above the rest is an advance again.

    Raises Refused `too_much` when the bill is not that large any more.
    """
    if cents > invoice.total_cents - invoice.credited_cents:
        raise Refused("too_much", "L’avoir dépasse ce que la facture demande encore.")
    owed = invoice.total_cents - invoice.credited_cents - cents
    _free(session, invoice, invoice.settled_cents - owed)
    invoice.credited_cents += cents
    restate(session, invoice, day)


def _free(session: Session, invoice: Invoice, cents: int) -> None:
    """Give `cents` of a bill back to the payments that came last."""
    last_first = (
        select(PaymentAllocation)
        .where(PaymentAllocation.invoice_id == invoice.id)
        .order_by(PaymentAllocation.id.desc())
    )
    for allocation in session.scalars(last_first).all():
        share = min(max(cents, 0), allocation.amount_cents)
        if not share:
            return
        session.get_one(Payment, allocation.payment_id).allocated_cents -= share
        invoice.settled_cents -= share
        cents -= share
        if share == allocation.amount_cents:
            session.delete(allocation)
        else:
            allocation.amount_cents -= share


def _allocations(session: Session, payment_id: int) -> list[PaymentAllocation]:
    ours = select(PaymentAllocation).where(PaymentAllocation.payment_id == payment_id)
    return list(session.scalars(ours.order_by(PaymentAllocation.id)))


def restate(session: Session, invoice: Invoice, day: date) -> None:
    """The state of a bill of a held account that follows from the amounts, from what was paid online and what
    still is; `settled_on` is the day that settled it."""
    session.flush()
    is_online = (
        select(PaymentAllocation.id)
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.invoice_id == invoice.id, Payment.method.in_(ONLINE_METHODS))
    )
    is_paying = (
        select(OnlinePaymentBill.invoice_id)
        .join(OnlinePayment, OnlinePayment.id == OnlinePaymentBill.online_payment_id)
        .where(OnlinePaymentBill.invoice_id == invoice.id, OnlinePayment.state.in_(RUNNING_ONLINE))
    )
    invoice.state = state_of(
        invoice.total_cents,
        invoice.credited_cents,
        invoice.settled_cents,
        is_online=bool(session.scalar(select(is_online.exists()))),
        is_paying=bool(session.scalar(select(is_paying.exists()))),
        is_confirmed=invoice.confirmed_on is not None,
    )
    if invoice.state not in SETTLED_STATES:
        invoice.settled_on = invoice.confirmed_on = None
    elif invoice.settled_on is None:
        invoice.settled_on = day
    session.flush()


def confirm_online(session: Session, invoice: Invoice, day: date) -> None:
    """The Treasury has the money of a bill of a held account that was paid online (S58).

    Raises Stale when the bill is not in that state.
    """
    if invoice.state is not InvoiceState.PAID_ONLINE:
        raise Stale("Cette facture n’attend pas de confirmation. Rechargez la page.")
    invoice.confirmed_on = day
    restate(session, invoice, day)
