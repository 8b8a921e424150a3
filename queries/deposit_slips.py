"""Deposit slips, and the money that waits to be handed over (R46). Amounts in cents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select

from domain.enums import PaymentMethod, PaymentState
from domain.errors import NotFound
from domain.ledger import DEPOSIT_METHODS
from extensions import db
from models import DepositSlip, Household, Payment, Regie

SHOWN_SLIPS = 100  # the newest


@dataclass(frozen=True, slots=True)
class Waiting:
    """The payments of a régie and a means that no slip holds yet."""

    regie_id: int
    regie: str
    method: PaymentMethod
    payments: int
    cents: int
    oldest: date

    def days(self, today: date) -> int:
        """How long the oldest has waited."""
        return (today - self.oldest).days


@dataclass(frozen=True, slots=True)
class Item:
    """A payment to deposit, or deposited; what the bank refused later stays in its slip."""

    payment_id: int
    household_id: int
    household: str
    received_on: date
    reference: str
    amount_cents: int
    state: PaymentState

    @property
    def is_bounced(self) -> bool:
        return self.state is PaymentState.BOUNCED


@dataclass(frozen=True, slots=True)
class Slip:
    """`payments` counts those of the slip."""

    slip_id: int
    regie: str
    year: int
    number: int
    method: PaymentMethod
    total_cents: int
    deposited_on: date
    reference: str
    author_name: str
    created_at: datetime
    payments: int


_FREE = (
    Payment.deposit_slip_id.is_(None),
    Payment.state == PaymentState.VALID,
    Payment.method.in_(DEPOSIT_METHODS),
)
_WAITING = (
    select(
        Regie.id,
        Regie.name,
        Payment.method,
        func.count(),
        func.sum(Payment.amount_cents),
        func.min(Payment.received_on),
    )
    .join(Regie, Regie.id == Payment.regie_id)
    .where(*_FREE)
    .group_by(Regie.id, Regie.name, Regie.position, Payment.method)
    .order_by(Regie.position, Regie.name, Payment.method)
)
_ITEMS = (
    select(
        Payment.id,
        Payment.household_id,
        Household.name,
        Payment.received_on,
        Payment.reference,
        Payment.amount_cents,
        Payment.state,
    )
    .join(Household, Household.id == Payment.household_id)
    .order_by(Payment.received_on, Payment.id)
)
_TO_DEPOSIT = _ITEMS.where(
    *_FREE, Payment.regie_id == bindparam("regie_id"), Payment.method == bindparam("method")
)
_COUNT = (
    select(func.count()).where(Payment.deposit_slip_id == DepositSlip.id).correlate(DepositSlip)
).scalar_subquery()
_SLIPS = (
    select(
        DepositSlip.id,
        Regie.name,
        DepositSlip.year,
        DepositSlip.number,
        DepositSlip.method,
        DepositSlip.total_cents,
        DepositSlip.deposited_on,
        DepositSlip.reference,
        DepositSlip.author_name,
        DepositSlip.created_at,
        _COUNT,
    )
    .join(Regie, Regie.id == DepositSlip.regie_id)
    .order_by(DepositSlip.deposited_on.desc(), DepositSlip.id.desc())
)


def waiting() -> list[Waiting]:
    """What waits to be deposited, by régie and means. One statement."""
    return [Waiting(*row) for row in db.session.execute(_WAITING)]


def to_deposit(regie_id: int, method: PaymentMethod) -> Sequence[Item]:
    """The payments that a new slip may hold, the oldest first. One statement."""
    ours = {"regie_id": regie_id, "method": method}
    return [Item(*row) for row in db.session.execute(_TO_DEPOSIT, ours)]


def slips() -> Sequence[Slip]:
    """The newest slips. One statement."""
    return [Slip(*row) for row in db.session.execute(_SLIPS.limit(SHOWN_SLIPS))]


def slip(slip_id: int) -> tuple[Slip, Sequence[Item]]:
    """A slip and its payments, the oldest first. Two statements. Raises NotFound."""
    found = db.session.execute(_SLIPS.where(DepositSlip.id == slip_id)).one_or_none()
    if found is None:
        raise NotFound
    rows = db.session.execute(_ITEMS.where(Payment.deposit_slip_id == slip_id))
    return Slip(*found), [Item(*row) for row in rows]


def regie_name(regie_id: int) -> str:
    """One statement. Raises NotFound."""
    name = db.session.scalar(select(Regie.name).where(Regie.id == regie_id))
    if name is None:
        raise NotFound
    return name
