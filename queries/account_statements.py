"""The statement of account of a household: bills, credit notes, payments and refunds, by régie (S54, R46).

The last balance is what the ledger says: what is left of the bills, less what was paid in advance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, bindparam, select

from domain.account_statement import Entry, Year, years
from domain.calendar import paris_now
from domain.enums import InvoiceKind, PaymentMethod, PaymentState
from domain.french import NBSP, month_title
from domain.labels import label
from domain.ledger import ISSUED_STATES
from domain.rulebook.wording.text import small
from models import Invoice, Payment, Refund, Regie
from queries.billing_sources import recipients
from queries.reading import read


@dataclass(frozen=True, slots=True)
class RegieAccount:
    """What a household and a régie gave and owe each other, year by year, the oldest first."""

    regie: str
    years: tuple[Year, ...]

    @property
    def balance_cents(self) -> int:
        return self.years[-1].after_cents


@dataclass(frozen=True, slots=True)
class Statement:
    """The accounts of a household; none while nothing was billed or received."""

    household_id: int
    recipient_name: str
    recipient_address: str
    accounts: tuple[RegieAccount, ...]

    @property
    def balance_cents(self) -> int:
        return sum(account.balance_cents for account in self.accounts)


_HOUSEHOLDS = bindparam("households", expanding=True)
_BILLS = (
    select(
        Invoice.household_id,
        Invoice.regie_id,
        Invoice.id,
        Invoice.kind,
        Invoice.reference,
        Invoice.month,
        Invoice.issue_day,
        Invoice.total_cents,
    )
    .where(Invoice.household_id.in_(_HOUSEHOLDS), Invoice.state.in_(ISSUED_STATES))
    .order_by(Invoice.id)
)
_PAYMENTS = (
    select(
        Payment.household_id,
        Payment.regie_id,
        Payment.method,
        Payment.state,
        Payment.amount_cents,
        Payment.received_on,
        Payment.reference,
        Payment.cancelled_at,
        Payment.cancel_reason,
    )
    .where(Payment.household_id.in_(_HOUSEHOLDS))
    .order_by(Payment.id)
)
_REFUNDS = (
    select(
        Payment.household_id,
        Payment.regie_id,
        Refund.method,
        Refund.amount_cents,
        Refund.refunded_on,
        Refund.reason,
        Refund.cancelled_at,
        Refund.cancel_reason,
    )
    .join(Payment, Payment.id == Refund.payment_id)
    .where(Payment.household_id.in_(_HOUSEHOLDS))
    .order_by(Refund.id)
)
_REGIES = select(Regie.id, Regie.name).order_by(Regie.position, Regie.name)
# On one day: what is billed, what takes it back, what came in, what went out, what was taken back.
_BILL, _CREDIT, _RECEIVED, _GIVEN, _TAKEN_BACK = range(5)


def statements(household_ids: Sequence[int]) -> tuple[Statement, ...]:
    """One for each household, in the order that is given. Six statements."""
    chosen = {"households": household_ids}
    found: dict[tuple[int, int], list[Entry]] = {}
    for row in read(_BILLS, chosen):
        found.setdefault((row.household_id, row.regie_id), []).append(_billed(row))
    for row in read(_PAYMENTS, chosen):
        found.setdefault((row.household_id, row.regie_id), []).extend(_received(row))
    for row in read(_REFUNDS, chosen):
        found.setdefault((row.household_id, row.regie_id), []).extend(_given_back(row))
    names, regies = recipients(household_ids), read(_REGIES, {}).all()
    return tuple(
        Statement(
            household_id,
            *names[household_id],
            tuple(
                RegieAccount(name, years(found[household_id, regie_id]))
                for regie_id, name in regies
                if (household_id, regie_id) in found
            ),
        )
        for household_id in household_ids
    )


def _billed(row: Row) -> Entry:
    month = month_title(row.month.year, row.month.month).lower()
    rank = _CREDIT if row.kind is InvoiceKind.CREDIT_NOTE else _BILL
    return Entry(row.issue_day, rank, f"{label(row.kind)} de {month}", row.total_cents, row.reference, row.id)


def _received(row: Row) -> Iterator[Entry]:
    """A payment; one that was taken back stays, with the day on which it was."""
    words = "" if row.method is PaymentMethod.TREASURY else row.reference
    yield Entry(row.received_on, _RECEIVED, _paid(row.method), -row.amount_cents, words)
    if row.state is not PaymentState.VALID:
        said = "rejeté par la banque" if row.state is PaymentState.BOUNCED else "annulé"
        day = max(paris_now(row.cancelled_at).date(), row.received_on)
        yield Entry(day, _TAKEN_BACK, f"{_paid(row.method)} {said}", row.amount_cents, row.cancel_reason)


def _given_back(row: Row) -> Iterator[Entry]:
    words = f"Remboursement{NBSP}: {small(label(row.method))}"
    yield Entry(row.refunded_on, _GIVEN, words, row.amount_cents, row.reason)
    if row.cancelled_at is not None:
        day = max(paris_now(row.cancelled_at).date(), row.refunded_on)
        yield Entry(day, _TAKEN_BACK, "Remboursement annulé", -row.amount_cents, row.cancel_reason)


def _paid(method: PaymentMethod) -> str:
    return f"Règlement{NBSP}: {small(label(method))}"
