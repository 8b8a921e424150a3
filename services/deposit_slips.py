"""Deposit slips (bordereaux de versement): payments of one régie and one means handed over together, and
locked (R46)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import PaymentMethod, PaymentState
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, format_day
from domain.ledger import DEPOSIT_METHODS
from models import DepositSlip, Household, Payment, Regie
from services import booking_life, records
from services.accounts import Author
from services.transaction import write_transaction


@dataclass(frozen=True, slots=True)
class Deposit:
    """What an agent hands over. `reference` is that of the Treasury or the bank, if it gave one.
    `submission_key` comes with the form: sent twice, one slip."""

    regie_id: int
    method: PaymentMethod
    payment_ids: Collection[int]
    deposited_on: date
    reference: str
    submission_key: str


def deposit(made: Deposit, author: Author, now: datetime) -> int:
    """Put the payments in the next slip of the régie and year, which locks them. Returns the id of the slip.

    Raises NotFound for an unknown régie or means, Refused without a payment or for a day that cannot be,
    Stale when a payment was cancelled or deposited meanwhile.
    """
    if made.method not in DEPOSIT_METHODS:
        raise NotFound
    if not made.payment_ids:
        raise Refused("no_payment", "Cochez au moins un règlement à déposer.")
    if made.deposited_on > paris_now(now).date():
        raise Refused("future", "Ce jour n’est pas encore passé. Indiquez le jour du dépôt.")
    with write_transaction() as session:
        regie = records.get(session, Regie, made.regie_id)
        sent = session.scalar(select(DepositSlip).where(DepositSlip.submission_key == made.submission_key))
        if sent is not None:
            return sent.id
        payments = _hold(session, made)
        latest = max(payment.received_on for payment in payments)
        if made.deposited_on < latest:
            said = f"Un de ces règlements est arrivé après{NBSP}: le {format_day(latest, year=True)}."
            raise Refused("too_early", f"{said} Corrigez le jour du dépôt ou décochez-le.")
        slip = DepositSlip(
            regie_id=regie.id,
            year=made.deposited_on.year,
            number=_next_number(session, regie.id, made.deposited_on.year),
            method=made.method,
            total_cents=sum(payment.amount_cents for payment in payments),
            deposited_on=made.deposited_on,
            reference=made.reference,
            submission_key=made.submission_key,
            author_name=booking_life.agent(session, author.user_id).name,
            created_at=now,
        )
        session.add(slip)
        session.flush()
        _lock(session, slip.id, made.payment_ids)
        after = {
            "year": slip.year,
            "number": slip.number,
            "method": slip.method,
            "total_cents": slip.total_cents,
            "deposited_on": slip.deposited_on,
            "payment_ids": sorted(made.payment_ids),
        }
        records.tell(session, "deposit_slip.made", slip, None, author=author, now=now, after=after)
        return slip.id


def _hold(session: Session, made: Deposit) -> Sequence[Payment]:
    """The payments, the accounts that they belong to being held in the order of everybody."""
    ours = select(Payment.household_id).where(Payment.id.in_(made.payment_ids))
    accounts = select(Household.id).where(Household.id.in_(ours)).order_by(Household.id)
    session.execute(accounts.with_for_update(key_share=True)).all()
    payments = session.scalars(
        select(Payment).where(
            Payment.id.in_(made.payment_ids),
            Payment.regie_id == made.regie_id,
            Payment.method == made.method,
            Payment.state == PaymentState.VALID,
            Payment.deposit_slip_id.is_(None),
        )
    ).all()
    if len(payments) != len(set(made.payment_ids)):
        raise Stale("Un de ces règlements vient d’être annulé ou déposé. Rechargez la page et recommencez.")
    return payments


def _next_number(session: Session, regie_id: int, year: int) -> int:
    """The number after the last one of a régie that the transaction holds: slips never go, so no gap."""
    last = select(func.max(DepositSlip.number)).where(
        DepositSlip.regie_id == regie_id, DepositSlip.year == year
    )
    return (session.scalar(last) or 0) + 1


def _lock(session: Session, slip_id: int, payment_ids: Collection[int]) -> None:
    session.execute(
        update(Payment)
        .where(Payment.id.in_(payment_ids))
        .values(deposit_slip_id=slip_id)
        .execution_options(synchronize_session=False)
    )
