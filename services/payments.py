"""Money that the service receives by hand, and what the Treasury confirms (R46, S58, S111)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import InvoiceKind, InvoiceState, MailKind, PaymentMethod, PaymentState
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, format_euros
from domain.labels import label
from domain.ledger import AUTOMATIC_METHODS, BOUNCING_METHODS, ONLINE_METHODS, OPEN_STATES
from models import DepositSlip, Household, Invoice, Payment, Regie
from services import booking_life, ledger, outbox, records
from services.accounts import Author
from services.transaction import write_transaction

_IN_ITS_BATCH = "Un prélèvement se rejette dans son lot\u00a0: ouvrez «\u00a0Prélèvements\u00a0»."
LARGEST_CENTS = 10_000_000  # of one payment by hand: beyond, a comma was forgotten


@dataclass(frozen=True, slots=True)
class Received:
    """What an agent enters. `invoice_ids`: the bills that it pays, empty for the ones due first.
    `submission_key` comes with the form: sent twice, received once."""

    regie_id: int
    household_id: int
    method: PaymentMethod
    amount_cents: int
    received_on: date
    reference: str
    submission_key: str
    invoice_ids: Collection[int] = field(default_factory=frozenset)


def receive(received: Received, author: Author, now: datetime) -> int:
    """Enter a payment and allocate it; what is left over pays the next bill. Returns its id.

    Raises NotFound for an unknown household, régie or bill, Refused for an amount or a day that cannot be.
    """
    _check(received, paris_now(now).date())
    with write_transaction() as session:
        ledger.hold(session, received.household_id)
        sent = session.scalar(select(Payment).where(Payment.submission_key == received.submission_key))
        if sent is not None:
            return _same(sent, received)
        if session.get(Regie, received.regie_id) is None:
            raise NotFound
        bills = ledger.open_bills(session, received.regie_id, received.household_id)
        chosen = [bill for bill in bills if bill.id in received.invoice_ids]
        if received.invoice_ids and {bill.id for bill in chosen} != set(received.invoice_ids):
            raise Stale("Une des factures choisies n’est plus à payer. Rechargez la page et recommencez.")
        payment = Payment(
            regie_id=received.regie_id,
            household_id=received.household_id,
            method=received.method,
            state=PaymentState.VALID,
            amount_cents=received.amount_cents,
            allocated_cents=0,
            received_on=received.received_on,
            reference=received.reference,
            submission_key=received.submission_key,
            author_name=booking_life.agent(session, author.user_id).name,
            created_at=now,
        )
        session.add(payment)
        session.flush()
        ledger.pay(session, payment, chosen or bills)
        _record(session, "payment.received", payment, author, now)
        return payment.id


def cancel(payment_id: int, reason: str, author: Author, now: datetime) -> None:
    """Take back a payment entered by mistake: the bills that it paid are due again.

    Raises NotFound, Refused without a reason, for what was paid online, handed over or given back, Stale when
    it is over already.
    """
    if not reason.strip():
        raise Refused("no_reason", "Dites pourquoi ce règlement est annulé\u00a0: la famille le lira.")
    with write_transaction() as session:
        payment = held(session, payment_id)
        if payment.method in ONLINE_METHODS:
            raise Refused("online", "Un paiement en ligne ne s’annule pas\u00a0: remboursez-le.")
        if payment.method is PaymentMethod.DIRECT_DEBIT:
            raise Refused("debit", _IN_ITS_BATCH)
        if payment.deposit_slip_id is not None:
            raise _deposited(session, payment)
        _end(session, payment, PaymentState.CANCELLED, reason.strip(), author, now)
        _record(session, "payment.cancelled", payment, author, now)


def bounce(payment_id: int, reason: str, author: Author, now: datetime) -> None:
    """The bank refused a payment (cheque without funds, direct debit sent back): the bills that it paid are
    due again, and the family is told (R45, R46).

    Raises NotFound, Refused without a reason, for money that no bank can refuse or that was given back, Stale
    when it is over already.
    """
    if not reason.strip():
        raise Refused("no_reason", "Dites ce que la banque a répondu\u00a0: la famille le lira.")
    with write_transaction() as session:
        payment = held(session, payment_id)
        if payment.method is PaymentMethod.DIRECT_DEBIT:
            raise Refused("debit", _IN_ITS_BATCH)
        if payment.method not in BOUNCING_METHODS:
            said = f"«\u00a0{label(payment.method)}\u00a0» ne peut pas être rejeté par une banque."
            raise Refused("method", said)
        bounced(session, payment, reason.strip(), author, now)


def bounced(session: Session, payment: Payment, reason: str, author: Author, now: datetime) -> None:
    """Take a payment of a held account back because the bank refused it, and tell the family. Raises Refused
    for money that was given back, Stale when it is over already."""
    _end(session, payment, PaymentState.BOUNCED, reason, author, now)
    tell_bounced(
        session, payment.household_id, payment.method, payment.amount_cents, payment.received_on, reason, now
    )
    _record(session, "payment.bounced", payment, author, now)


def tell_bounced(
    session: Session,
    household_id: int,
    method: PaymentMethod,
    cents: int,
    day: date,
    reason: str,
    now: datetime,
) -> None:
    """The mail to a family whose money the bank refused; `day` is that of the payment."""
    outbox.queue_household(
        session,
        MailKind.PAYMENT_BOUNCED,
        household_id,
        now=now,
        method=method,
        amount_cents=cents,
        received_on=day,
        reason=reason,
    )


def held(session: Session, payment_id: int) -> Payment:
    """A payment, the account of its household being held. Raises NotFound."""
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise NotFound
    ledger.hold(session, payment.household_id)
    session.refresh(payment)
    return payment


def _deposited(session: Session, payment: Payment) -> Refused:
    """Why a payment of a slip is not taken back, and what is done instead."""
    slip = session.get_one(DepositSlip, payment.deposit_slip_id)
    instead = (
        "signalez un rejet de la banque"
        if payment.method in BOUNCING_METHODS
        else "faites un avoir ou remboursez ce qui est en trop"
    )
    return Refused("deposited", f"Déposé avec le bordereau n°{NBSP}{slip.number}{NBSP}: {instead}.")


def _end(
    session: Session, payment: Payment, state: PaymentState, reason: str, author: Author, now: datetime
) -> None:
    """Take a payment of a held account off its bills, for good; other advances pay them where they can."""
    if payment.state is not PaymentState.VALID:
        raise Stale(f"Ce règlement ne compte plus\u00a0: {label(payment.state).lower()}. Rechargez la page.")
    if payment.refunded_cents:
        said = "Une partie de ce règlement a été rendue à la famille. Annulez d’abord ce remboursement."
        raise Refused("refunded", said)
    ledger.take_back(session, payment)
    payment.state, payment.cancelled_at = state, now
    payment.cancelled_by_name = booking_life.agent(session, author.user_id).name
    payment.cancel_reason = reason
    session.flush()
    ledger.spend_advances(session, payment.regie_id, payment.household_id)


def spend(household_id: int, author: Author, now: datetime) -> int:
    """Pay the open bills of a household with the money that it paid in advance to their régies, the oldest
    first. Returns the cents that were spent; raises NotFound."""
    with write_transaction() as session:
        ledger.hold(session, household_id)
        allocated = select(func.coalesce(func.sum(Payment.allocated_cents), 0)).where(
            Payment.household_id == household_id
        )
        before = session.scalar(allocated)
        for regie_id in session.scalars(select(Regie.id).order_by(Regie.id)).all():
            ledger.spend_advances(session, regie_id, household_id)
        session.flush()
        spent = session.scalar(allocated) - before
        if spent:
            household, after = session.get_one(Household, household_id), {"cents": spent}
            records.tell(
                session, "advance.spent", household, household_id, author=author, now=now, after=after
            )
        return spent


def confirm(
    invoice_id: int, confirmed_on: date, submission_key: str, author: Author, now: datetime
) -> int | None:
    """The Treasury says that a bill is paid: what was left of it is settled on that day, or what was paid
    online is confirmed (S58, S111).

    Returns the id of the payment, None for a bill that was paid online. Raises NotFound, Refused for a day to
    come or before the bill, Stale when nothing is left to pay or to confirm.
    """
    with write_transaction() as session:
        invoice = session.get(Invoice, invoice_id)
        if invoice is None or invoice.kind is not InvoiceKind.INVOICE or invoice.number is None:
            raise NotFound
        ledger.hold(session, invoice.household_id)
        session.refresh(invoice)
        if confirmed_on < invoice.issue_day:
            raise Refused("too_early", "Le Trésor n’a pas pu confirmer cette facture avant son émission.")
        _refuse_future(confirmed_on, paris_now(now).date())
        if invoice.state is InvoiceState.PAID_ONLINE:
            return confirm_online(session, invoice, confirmed_on, author, now)
        if invoice.state not in OPEN_STATES:
            raise Stale("Cette facture n’est plus à payer. Rechargez la page.")
        left = ledger.left_cents(invoice)
        return by_treasury(session, invoice, left, confirmed_on, submission_key, author, now)


def by_treasury(
    session: Session,
    invoice: Invoice,
    cents: int,
    confirmed_on: date,
    submission_key: str,
    author: Author,
    now: datetime,
) -> int:
    """What the Treasury received of an open bill of a held account. Returns the id of the payment."""
    payment = _for_bill(session, invoice, PaymentMethod.TREASURY, cents, confirmed_on, author, now)
    payment.reference, payment.submission_key = "Confirmation du Trésor public", submission_key
    return _entered(session, payment, invoice, "invoice.confirmed", author, now)


def by_debit(
    session: Session,
    invoice: Invoice,
    cents: int,
    day: date,
    reference: str,
    author: Author,
    now: datetime,
) -> int:
    """What a direct debit collected for a bill of a held account; what the bill no longer needs is an advance
    (R46). `reference` is the debit's own, so that it enters once. Returns the id of the payment."""
    payment = _for_bill(session, invoice, PaymentMethod.DIRECT_DEBIT, cents, day, author, now)
    payment.reference = payment.submission_key = reference
    return _entered(session, payment, invoice, "payment.received", author, now)


def _for_bill(
    session: Session,
    invoice: Invoice,
    method: PaymentMethod,
    cents: int,
    day: date,
    author: Author,
    now: datetime,
) -> Payment:
    return Payment(
        regie_id=invoice.regie_id,
        household_id=invoice.household_id,
        method=method,
        state=PaymentState.VALID,
        amount_cents=cents,
        allocated_cents=0,
        refunded_cents=0,
        received_on=day,
        author_name=booking_life.agent(session, author.user_id).name,
        created_at=now,
    )


def _entered(
    session: Session, payment: Payment, invoice: Invoice, action: str, author: Author, now: datetime
) -> int:
    session.add(payment)
    session.flush()
    ledger.pay(session, payment, [invoice])
    _record(session, action, payment, author, now)
    return payment.id


def confirm_online(
    session: Session, invoice: Invoice, confirmed_on: date, author: Author, now: datetime
) -> None:
    """The Treasury has what was paid online of a bill of a held account: it is settled. Raises Stale."""
    ledger.confirm_online(session, invoice, confirmed_on)
    after = {"confirmed_on": confirmed_on, "state": invoice.state}
    records.tell(
        session, "invoice.confirmed", invoice, invoice.household_id, author=author, now=now, after=after
    )


def _check(received: Received, today: date) -> None:
    if received.method in AUTOMATIC_METHODS:
        said = "Un paiement en ligne ou un prélèvement s’enregistre seul. Choisissez un autre moyen."
        raise Refused("method", said)
    if received.amount_cents <= 0:
        raise Refused("amount", "Indiquez un montant supérieur à zéro.")
    if received.amount_cents > LARGEST_CENTS:
        most = format_euros(LARGEST_CENTS)
        raise Refused("amount", f"Un règlement ne dépasse pas {most}. Vérifiez la virgule.")
    _refuse_future(received.received_on, today)


def _refuse_future(day: date, today: date) -> None:
    if day > today:
        raise Refused("future", "Ce jour n’est pas encore passé. Indiquez le jour de l’encaissement.")


def _same(sent: Payment, received: Received) -> int:
    """The payment that this form already made. Raises NotFound for the form of another household."""
    if sent.household_id != received.household_id:
        raise NotFound
    return sent.id


def _record(session: Session, action: str, payment: Payment, author: Author, now: datetime) -> None:
    after = {
        "amount_cents": payment.amount_cents,
        "allocated_cents": payment.allocated_cents,
        "method": payment.method,
        "state": payment.state,
        "received_on": payment.received_on,
    }
    records.tell(session, action, payment, payment.household_id, author=author, now=now, after=after)
