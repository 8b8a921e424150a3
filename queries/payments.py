"""What households owe and what was received of them, as the service reads it (R46, S58, S111). Cents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, bindparam, select

from domain.calendar import ONE_DAY, PARIS
from domain.enums import InvoiceKind, InvoiceState, OnlineMode, PaymentMethod, PaymentState
from domain.errors import NotFound
from domain.ledger import AUTOMATIC_METHODS, BOUNCING_METHODS, ISSUED_STATES, OPEN_STATES
from extensions import db
from models import DepositSlip, Household, Invoice, Payment, PaymentAllocation, Refund, Regie

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
    online_mode: OnlineMode
    debit_day: date | None  # announced, as long as it is expected

    @property
    def left_cents(self) -> int:
        if self.kind is InvoiceKind.CREDIT_NOTE:
            return 0
        return self.total_cents - self.credited_cents - self.settled_cents

    @property
    def is_open(self) -> bool:
        return self.kind is InvoiceKind.INVOICE and self.state in OPEN_STATES

    @property
    def may_be_paid_online(self) -> bool:
        """Open, in a régie that takes payments online, no payment of it still without an answer (S60), no
        direct debit expected (R46)."""
        awaits = self.is_paying or self.debit_day is not None
        return self.is_open and not awaits and self.online_mode is not OnlineMode.OFF

    @property
    def is_paying(self) -> bool:
        """An online payment of it has no answer yet."""
        return self.state is InvoiceState.PAYING


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
        return self.is_valid and self.method not in AUTOMATIC_METHODS and self.slip_id is None

    @property
    def may_bounce(self) -> bool:
        return self.is_valid and self.method in BOUNCING_METHODS

    @property
    def advance_cents(self) -> int:
        """What of it waits for the next bill."""
        return self.amount_cents - self.allocated_cents - self.refunded_cents if self.is_valid else 0


@dataclass(frozen=True, slots=True)
class Refunded:
    """Money given back; `regie` received it."""

    refund_id: int
    household_id: int
    household: str
    regie: str
    method: PaymentMethod
    amount_cents: int
    refunded_on: date
    reason: str
    reference: str
    author_name: str
    created_at: datetime
    cancelled_at: datetime | None
    cancelled_by_name: str
    cancel_reason: str

    @property
    def is_valid(self) -> bool:
        return self.cancelled_at is None


@dataclass(frozen=True, slots=True)
class Account:
    """The money of a household, the newest first."""

    household_id: int
    number: int
    name: str
    bills: tuple[Bill, ...]
    payments: tuple[Received, ...]
    refunds: tuple[Refunded, ...]

    @property
    def left_cents(self) -> int:
        return sum(bill.left_cents for bill in self.bills)

    @property
    def advance_cents(self) -> int:
        return sum(payment.advance_cents for payment in self.payments)

    @property
    def open_bills(self) -> tuple[Bill, ...]:
        return tuple(bill for bill in reversed(self.bills) if bill.is_open)

    @property
    def can_spend(self) -> bool:
        """True when money paid in advance to a régie could pay a bill of it."""
        return any(payment.advance_cents and payment.regie in self._owed for payment in self.payments)

    def may_be_refunded(self, payment: Received) -> bool:
        """True for an advance that no bill of its régie needs."""
        return bool(payment.advance_cents) and payment.regie not in self._owed

    @property
    def _owed(self) -> frozenset[str]:
        """The régies to which something is owed."""
        return frozenset(bill.regie for bill in self.bills if bill.is_open)


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


@dataclass(slots=True)
class MethodTotal:
    """What a day did to the money of a régie, by one means."""

    regie: str
    method: PaymentMethod
    payments: int = 0
    cents: int = 0
    refunded_cents: int = 0
    bounced_cents: int = 0


@dataclass(frozen=True, slots=True)
class DayReport:
    """The money of a day: received, given back, refused by the bank on that day whenever it was received.

    A mistake that was cancelled is shown and counts for nothing; what bounced later was received all the
    same.
    """

    day: date
    payments: tuple[Received, ...]
    refunds: tuple[Refunded, ...]
    bounced: tuple[Received, ...]

    @property
    def totals(self) -> list[MethodTotal]:
        """The sums of the rows, by régie and means."""
        found: dict[tuple[str, PaymentMethod], MethodTotal] = {}

        def of(row: Received | Refunded) -> MethodTotal:
            return found.setdefault((row.regie, row.method), MethodTotal(row.regie, row.method))

        for payment in self.payments:
            if payment.state is not PaymentState.CANCELLED:
                of(payment).payments += 1
                of(payment).cents += payment.amount_cents
        for refund in self.refunds:
            if refund.is_valid:
                of(refund).refunded_cents += refund.amount_cents
        for payment in self.bounced:
            of(payment).bounced_cents += payment.amount_cents
        order = list(PaymentMethod)
        return sorted(found.values(), key=lambda total: (total.regie, order.index(total.method)))

    @property
    def received_cents(self) -> int:
        return sum(total.cents for total in self.totals)

    @property
    def refunded_cents(self) -> int:
        return sum(total.refunded_cents for total in self.totals)

    @property
    def bounced_cents(self) -> int:
        return sum(total.bounced_cents for total in self.totals)

    @property
    def cents(self) -> int:
        """What the day brought."""
        return self.received_cents - self.refunded_cents - self.bounced_cents

    @property
    def is_empty(self) -> bool:
        return not (self.payments or self.refunds or self.bounced)


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
        Regie.online_mode,
        Invoice.debit_day,
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
_REFUNDS = (
    select(
        Refund.id,
        Payment.household_id,
        Household.name.label("household"),
        Regie.name.label("regie"),
        Refund.method,
        Refund.amount_cents,
        Refund.refunded_on,
        Refund.reason,
        Refund.reference,
        Refund.author_name,
        Refund.created_at,
        Refund.cancelled_at,
        Refund.cancelled_by_name,
        Refund.cancel_reason,
    )
    .join(Payment, Payment.id == Refund.payment_id)
    .join(Regie, Regie.id == Payment.regie_id)
    .join(Household, Household.id == Payment.household_id)
    .order_by(Refund.refunded_on.desc(), Refund.id.desc())
)
_REGIES = select(Regie.id, Regie.name).where(Regie.is_active).order_by(Regie.position, Regie.name)


def account(household_id: int) -> Account:
    """The bills, payments and refunds of a household. Five statements. Raises NotFound."""
    household = db.session.execute(_HOUSEHOLD, {"household_id": household_id}).one_or_none()
    if household is None:
        raise NotFound
    bills = db.session.execute(BILLS.where(Invoice.household_id == household_id))
    payments = db.session.execute(_PAYMENTS.where(Payment.household_id == household_id)).all()
    return Account(
        household_id,
        *household,
        tuple(Bill(*row) for row in bills),
        _received(payments),
        _refunded(Payment.household_id == household_id),
    )


def payment(payment_id: int) -> Received:
    """Two statements. Raises NotFound."""
    found = _received(db.session.execute(_PAYMENTS.where(Payment.id == payment_id)).all())
    if not found:
        raise NotFound
    return found[0]


def refund(refund_id: int) -> Refunded:
    """One statement. Raises NotFound."""
    found = _refunded(Refund.id == refund_id)
    if not found:
        raise NotFound
    return found[0]


def day_report(day: date) -> DayReport:
    """What was received, given back and refused by the bank on a day of Paris. Five statements at most."""
    payments = db.session.execute(_PAYMENTS.where(Payment.received_on == day)).all()
    first, last = (datetime.combine(one, time(), PARIS) for one in (day, day + ONE_DAY))
    bounced = db.session.execute(
        _PAYMENTS.where(
            Payment.state == PaymentState.BOUNCED, Payment.cancelled_at >= first, Payment.cancelled_at < last
        )
    ).all()
    return DayReport(day, _received(payments), _refunded(Refund.refunded_on == day), _received(bounced))


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


def _refunded(which: ColumnElement[bool]) -> tuple[Refunded, ...]:
    return tuple(Refunded(*row) for row in db.session.execute(_REFUNDS.where(which)))
