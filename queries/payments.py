"""What households owe and what was received of them, as the service reads it (R46, S58, S111). Cents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select

from domain.enums import InvoiceKind, InvoiceState, PaymentMethod, PaymentState
from domain.errors import NotFound
from domain.ledger import BOUNCING_METHODS, ISSUED_STATES, ONLINE_METHODS, OPEN_STATES
from extensions import db
from models import DepositSlip, Household, Invoice, Payment, PaymentAllocation, Regie

LATE_AFTER = (0, 30, 60, 90)  # days after the due day at which the columns of the outstanding list begin


@dataclass(frozen=True, slots=True)
class Bill:
    """An issued bill or credit note of a household."""

    invoice_id: int
    kind: InvoiceKind
    regie_id: int
    regie: str
    reference: str
    month: date
    issue_day: date
    due_day: date
    total_cents: int
    credited_cents: int
    settled_cents: int
    settled_on: date | None
    state: InvoiceState

    @property
    def left_cents(self) -> int:
        if self.kind is InvoiceKind.CREDIT_NOTE:
            return 0
        return self.total_cents - self.credited_cents - self.settled_cents

    @property
    def is_open(self) -> bool:
        return self.kind is InvoiceKind.INVOICE and self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class Received:
    """A payment; `bills` are the references that it pays, each with its cents."""

    payment_id: int
    household_id: int
    household: str
    regie: str
    method: PaymentMethod
    state: PaymentState
    amount_cents: int
    allocated_cents: int
    refunded_cents: int
    received_on: date
    reference: str
    author_name: str
    created_at: datetime
    slip_id: int | None
    slip_number: int | None
    cancelled_at: datetime | None
    cancelled_by_name: str
    cancel_reason: str
    bills: tuple[tuple[str, int], ...] = ()

    @property
    def is_valid(self) -> bool:
        return self.state is PaymentState.VALID

    @property
    def may_be_cancelled(self) -> bool:
        return self.is_valid and self.method not in ONLINE_METHODS and self.slip_id is None

    @property
    def may_bounce(self) -> bool:
        return self.is_valid and self.method in BOUNCING_METHODS

    @property
    def advance_cents(self) -> int:
        """What of it waits for the next bill."""
        return self.amount_cents - self.allocated_cents - self.refunded_cents if self.is_valid else 0


@dataclass(frozen=True, slots=True)
class Account:
    """The money of a household, the newest first."""

    household_id: int
    number: int
    name: str
    bills: tuple[Bill, ...]
    payments: tuple[Received, ...]

    @property
    def left_cents(self) -> int:
        return sum(bill.left_cents for bill in self.bills)

    @property
    def advance_cents(self) -> int:
        return sum(payment.advance_cents for payment in self.payments)

    @property
    def open_bills(self) -> tuple[Bill, ...]:
        return tuple(bill for bill in reversed(self.bills) if bill.is_open)


@dataclass(frozen=True, slots=True)
class Debtor:
    """A household with open bills: what it owes, by age; `ages[0]` is not due yet."""

    household_id: int
    name: str
    bills: int
    oldest_due: date
    ages: tuple[int, ...]

    @property
    def total_cents(self) -> int:
        return sum(self.ages)


@dataclass(frozen=True, slots=True)
class MethodTotal:
    regie: str
    method: PaymentMethod
    payments: int
    cents: int


@dataclass(frozen=True, slots=True)
class DayReport:
    """The money entered as received on a day, and its totals by régie and means."""

    day: date
    totals: tuple[MethodTotal, ...]
    payments: tuple[Received, ...]

    @property
    def cents(self) -> int:
        return sum(total.cents for total in self.totals)


_HOUSEHOLD = select(Household.number, Household.name).where(Household.id == bindparam("household_id"))
BILLS = (  # a `Bill` a row, those of everybody: the reader adds whose
    select(
        Invoice.id,
        Invoice.kind,
        Invoice.regie_id,
        Regie.name,
        Invoice.reference,
        Invoice.month,
        Invoice.issue_day,
        Invoice.due_day,
        Invoice.total_cents,
        Invoice.credited_cents,
        Invoice.settled_cents,
        Invoice.settled_on,
        Invoice.state,
    )
    .join(Regie, Regie.id == Invoice.regie_id)
    .where(Invoice.state.in_(ISSUED_STATES))
    .order_by(Invoice.issue_day.desc(), Invoice.id.desc())
)
_PAYMENTS = (
    select(
        Payment.id,
        Payment.household_id,
        Household.name.label("household"),
        Regie.name.label("regie"),
        Payment.method,
        Payment.state,
        Payment.amount_cents,
        Payment.allocated_cents,
        Payment.refunded_cents,
        Payment.received_on,
        Payment.reference,
        Payment.author_name,
        Payment.created_at,
        DepositSlip.id.label("slip_id"),
        DepositSlip.number,
        Payment.cancelled_at,
        Payment.cancelled_by_name,
        Payment.cancel_reason,
    )
    .join(Regie, Regie.id == Payment.regie_id)
    .join(Household, Household.id == Payment.household_id)
    .outerjoin(DepositSlip, DepositSlip.id == Payment.deposit_slip_id)
    .order_by(Payment.received_on.desc(), Payment.id.desc())
)
_PAID = (
    select(PaymentAllocation.payment_id, Invoice.reference, PaymentAllocation.amount_cents)
    .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
    .where(PaymentAllocation.payment_id.in_(bindparam("payments", expanding=True)))
    .order_by(PaymentAllocation.id)
)
_OPEN = (
    select(
        Household.id,
        Household.name,
        Invoice.due_day,
        (Invoice.total_cents - Invoice.credited_cents - Invoice.settled_cents).label("left"),
    )
    .join(Household, Household.id == Invoice.household_id)
    .where(Invoice.kind == InvoiceKind.INVOICE, Invoice.state.in_(OPEN_STATES))
    .order_by(Household.name, Household.id, Invoice.due_day)
)
_TOTALS = (
    select(Regie.name, Payment.method, func.count(), func.sum(Payment.amount_cents))
    .join(Regie, Regie.id == Payment.regie_id)
    .where(Payment.received_on == bindparam("day"), Payment.state == PaymentState.VALID)
    .group_by(Regie.name, Payment.method)
    .order_by(Regie.name, Payment.method)
)
_REGIES = select(Regie.id, Regie.name).where(Regie.is_active).order_by(Regie.position, Regie.name)


def account(household_id: int) -> Account:
    """The bills and payments of a household. Four statements. Raises NotFound."""
    household = db.session.execute(_HOUSEHOLD, {"household_id": household_id}).one_or_none()
    if household is None:
        raise NotFound
    bills = db.session.execute(BILLS.where(Invoice.household_id == household_id))
    payments = db.session.execute(_PAYMENTS.where(Payment.household_id == household_id)).all()
    return Account(household_id, *household, tuple(Bill(*row) for row in bills), _received(payments))


def payment(payment_id: int) -> Received:
    """Two statements. Raises NotFound."""
    found = _received(db.session.execute(_PAYMENTS.where(Payment.id == payment_id)).all())
    if not found:
        raise NotFound
    return found[0]


def day_report(day: date) -> DayReport:
    """Everything received on a day, cancelled payments shown and not counted. Three statements."""
    totals = tuple(MethodTotal(*row) for row in db.session.execute(_TOTALS, {"day": day}))
    payments = db.session.execute(_PAYMENTS.where(Payment.received_on == day)).all()
    return DayReport(day, totals, _received(payments))


def outstanding(today: date) -> list[Debtor]:
    """The households that owe something, by name, with the ages of their debts. One statement."""
    found: dict[int, list] = {}
    for row in db.session.execute(_OPEN):
        found.setdefault(row.id, []).append(row)
    return [
        Debtor(household_id, rows[0].name, len(rows), rows[0].due_day, _ages(rows, today))
        for household_id, rows in found.items()
    ]


def regies() -> Sequence[tuple[int, str]]:
    """The régies that collect money: (id, name). One statement."""
    return [tuple(row) for row in db.session.execute(_REGIES)]


def _ages(rows: Iterable, today: date) -> tuple[int, ...]:
    """Cents not due yet, then by how long they have been late."""
    ages = [0] * (len(LATE_AFTER) + 1)
    for row in rows:
        late = (today - row.due_day).days
        ages[sum(late > limit for limit in LATE_AFTER)] += row.left
    return tuple(ages)


def _received(rows: Sequence) -> tuple[Received, ...]:
    if not rows:
        return ()
    paid: dict[int, list[tuple[str, int]]] = {}
    for payment_id, reference, cents in db.session.execute(_PAID, {"payments": [row.id for row in rows]}):
        paid.setdefault(payment_id, []).append((reference, cents))
    return tuple(Received(*row, bills=tuple(paid.get(row.id, ()))) for row in rows)
