"""What a family reads of its money beside its bills: advances, refunds, what the bank refused (R46). In
cents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, or_, select

from domain.enums import PaymentMethod, PaymentState
from extensions import db
from models import Payment, Refund, Regie
from queries.invoices import BillPage

SHOWN = 50  # of the refunds and of the payments, the newest


@dataclass(frozen=True, slots=True)
class Returned:
    """A payment that the bank refused, or a refund; `reason` is what the service says of it."""

    regie: str
    method: PaymentMethod
    cents: int
    day: date
    reason: str


@dataclass(frozen=True, slots=True)
class Beside:
    """`advances`: cents paid in advance, by name of régie."""

    advances: tuple[tuple[str, int], ...]
    refunds: tuple[Returned, ...]
    bounced: tuple[Returned, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.advances or self.refunds or self.bounced)


_FREE = Payment.amount_cents - Payment.allocated_cents - Payment.refunded_cents
_OURS = Payment.household_id.in_(bindparam("households", expanding=True))
_IS_BOUNCED = Payment.state == PaymentState.BOUNCED
_PAYMENTS = (
    select(
        Regie.name,
        Payment.method,
        Payment.amount_cents,
        Payment.received_on,
        Payment.cancel_reason,
        Payment.state,
        _FREE,
    )
    .join(Regie, Regie.id == Payment.regie_id)
    .order_by(Payment.received_on.desc(), Payment.id.desc())
    .limit(SHOWN)
)
_BESIDE = _PAYMENTS.where(_OURS, or_(_IS_BOUNCED, (Payment.state == PaymentState.VALID) & (_FREE > 0)))
_BOUNCED_SINCE = _PAYMENTS.where(
    _IS_BOUNCED,
    Payment.household_id == bindparam("household_id"),
    Payment.regie_id == bindparam("regie_id"),
    Payment.received_on >= bindparam("day"),
)
_REFUNDS = (
    select(Regie.name, Refund.method, Refund.amount_cents, Refund.refunded_on, Refund.reason)
    .join(Payment, Payment.id == Refund.payment_id)
    .join(Regie, Regie.id == Payment.regie_id)
    .where(_OURS, Refund.cancelled_at.is_(None))
    .order_by(Refund.refunded_on.desc(), Refund.id.desc())
    .limit(SHOWN)
)


def beside(household_ids: Sequence[int]) -> Beside:
    """What the households have beside their bills, the newest first. Two statements."""
    ours = {"households": household_ids}
    advances: dict[str, int] = {}
    bounced = []
    for *row, state, free in db.session.execute(_BESIDE, ours):
        if state is PaymentState.BOUNCED:
            bounced.append(Returned(*row))
        else:
            advances[row[0]] = advances.get(row[0], 0) + free
    refunds = tuple(Returned(*row) for row in db.session.execute(_REFUNDS, ours))
    return Beside(tuple(advances.items()), refunds, tuple(bounced))


def bounced_since(page: BillPage) -> tuple[Returned, ...]:
    """What the bank refused of the household since an open bill was issued; nothing for one that is not. One
    statement at most."""
    if not page.bill.is_open:
        return ()
    of_the_bill = {
        "household_id": page.household_id,
        "regie_id": page.bill.regie_id,
        "day": page.bill.issue_day,
    }
    return tuple(Returned(*row[:5]) for row in db.session.execute(_BOUNCED_SINCE, of_the_bill))
