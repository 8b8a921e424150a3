"""Online payments: one as the family follows it, those that run, and all of them for the service (R45).
Cents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from domain.enums import OnlineMode, OnlineState, PaymentMethod, PaymentState
from domain.errors import NotFound
from domain.ledger import RUNNING_ONLINE
from domain.online_payments import PAGE_LIFE
from extensions import db
from models import Household, Invoice, OnlinePayment, OnlinePaymentBill, Payment, Regie
from queries.reading import read

LISTED = 200  # of the attempts that are over; those that wait for somebody are all shown


@dataclass(frozen=True, slots=True)
class PaidBill:
    """A bill of an attempt, and what the attempt means to pay of it."""

    invoice_id: int
    reference: str
    month: date
    cents: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to pay online; `received_on` and `payment_state` are those of the payment that it made."""

    online_id: int
    key: str
    household_id: int
    household: str
    regie: str
    regie_phone: str
    regie_email: str
    refdet: str
    operation: str | None
    mode: OnlineMode
    amount_cents: int
    state: OnlineState
    result_code: str
    authorisation: str
    problem: str
    answered_cents: str | None
    created_at: datetime
    next_check_at: datetime | None
    ended_at: datetime | None
    payment_id: int | None
    method: PaymentMethod | None
    payment_state: PaymentState | None
    received_on: date | None
    paid_cents: int | None
    bills: tuple[PaidBill, ...] = ()

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING_ONLINE

    @property
    def is_trial(self) -> bool:
        """No money moved."""
        return self.mode is not OnlineMode.PRODUCTION

    @property
    def has_bounced(self) -> bool:
        return self.payment_state is PaymentState.BOUNCED

    @property
    def heard_cents(self) -> int:
        """The amount that the service named, what was asked for when it named none that can be read."""
        said = self.answered_cents or ""
        return int(said) if said.isdecimal() and len(said) < 10 else self.amount_cents

    def page_is_open(self, now: datetime) -> bool:
        """The payment page may still be opened."""
        return self.state is OnlineState.PENDING and now < self.created_at + PAGE_LIFE


@dataclass(frozen=True, slots=True)
class Running:
    """An attempt without an answer, on the pages of the bills that it means to pay."""

    key: str
    state: OnlineState
    created_at: datetime
    next_check_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A régie without money (test, activation), or with payments that somebody must look at."""

    regie: str
    mode: OnlineMode
    to_check: int


_ATTEMPTS = (
    select(
        OnlinePayment.id,
        OnlinePayment.key,
        OnlinePayment.household_id,
        Household.name.label("household"),
        Regie.name.label("regie"),
        Regie.phone,
        Regie.email,
        OnlinePayment.refdet,
        OnlinePayment.operation,
        OnlinePayment.mode,
        OnlinePayment.amount_cents,
        OnlinePayment.state,
        OnlinePayment.result_code,
        OnlinePayment.authorisation,
        OnlinePayment.problem,
        OnlinePayment.answer["montant"].as_string(),
        OnlinePayment.created_at,
        OnlinePayment.next_check_at,
        OnlinePayment.ended_at,
        OnlinePayment.payment_id,
        Payment.method,
        Payment.state,
        Payment.received_on,
        Payment.amount_cents.label("paid"),
    )
    .join(Regie, Regie.id == OnlinePayment.regie_id)
    .join(Household, Household.id == OnlinePayment.household_id)
    .outerjoin(Payment, Payment.id == OnlinePayment.payment_id)
    .order_by(OnlinePayment.created_at.desc(), OnlinePayment.id.desc())
)
_BILLS = (
    select(
        OnlinePaymentBill.online_payment_id,
        Invoice.id,
        Invoice.reference,
        Invoice.month,
        OnlinePaymentBill.amount_cents,
    )
    .join(Invoice, Invoice.id == OnlinePaymentBill.invoice_id)
    .where(OnlinePaymentBill.online_payment_id.in_(bindparam("attempts", expanding=True)))
    .order_by(Invoice.due_day, Invoice.id)
)
_RUNNING = (
    select(
        OnlinePaymentBill.invoice_id,
        OnlinePayment.key,
        OnlinePayment.state,
        OnlinePayment.created_at,
        OnlinePayment.next_check_at,
    )
    .join(OnlinePayment, OnlinePayment.id == OnlinePaymentBill.online_payment_id)
    .where(OnlinePayment.household_id.in_(bindparam("households", expanding=True)))
    .where(OnlinePayment.state.in_(RUNNING_ONLINE))
)
_TO_CHECK = (
    select(func.count())
    .where(OnlinePayment.regie_id == Regie.id, OnlinePayment.state == OnlineState.TO_CHECK)
    .scalar_subquery()
)
_NOTICES = (
    select(Regie.name, Regie.online_mode, _TO_CHECK)
    .where(Regie.online_mode != OnlineMode.OFF, Regie.is_active)
    .order_by(Regie.position, Regie.name)
)


def attempt(key: str) -> Attempt:
    """The attempt of a secret address. Two statements. Raises NotFound."""
    return _one(_ATTEMPTS.where(OnlinePayment.key == key))


def attempt_of(online_id: int) -> Attempt:
    """Two statements. Raises NotFound."""
    return _one(_ATTEMPTS.where(OnlinePayment.id == online_id))


def waiting() -> tuple[Attempt, ...]:
    """Those without a result, what somebody must look at first. Two statements."""
    found = _with_bills(db.session.execute(_ATTEMPTS.where(OnlinePayment.state.in_(RUNNING_ONLINE))).all())
    return tuple(sorted(found, key=lambda one: one.state is not OnlineState.TO_CHECK))


def ended() -> tuple[Attempt, ...]:
    """Those that are over, the newest first, at most `LISTED`. Two statements."""
    over = _ATTEMPTS.where(OnlinePayment.state.not_in(RUNNING_ONLINE)).limit(LISTED)
    return _with_bills(db.session.execute(over).all())


def running(household_ids: Sequence[int]) -> dict[int, Running]:
    """By bill, the attempt without an answer that means to pay it. One statement."""
    rows = db.session.execute(_RUNNING, {"households": list(household_ids)})
    return {invoice_id: Running(*found) for invoice_id, *found in rows}


def notices() -> tuple[Notice, ...]:
    """The régies that take payments online and about which the service must know something. One statement."""
    found = (Notice(*row) for row in read(_NOTICES, {}))
    return tuple(one for one in found if one.to_check or one.mode is not OnlineMode.PRODUCTION)


def _one(statement: Any) -> Attempt:
    found = _with_bills(db.session.execute(statement).all())
    if not found:
        raise NotFound
    return found[0]


def _with_bills(rows: Sequence[Row]) -> tuple[Attempt, ...]:
    if not rows:
        return ()
    bills: dict[int, list[PaidBill]] = {}
    for online_id, *bill in db.session.execute(_BILLS, {"attempts": [row.id for row in rows]}):
        bills.setdefault(online_id, []).append(PaidBill(*bill))
    return tuple(Attempt(*row, tuple(bills.get(row.id, ()))) for row in rows)
