"""What the accountant takes away of a régie: issued bills, late debts, the journal (R47). Cents."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from domain.accounting import AccountBill, AccountLine, Codes, Debtor, JournalEntry
from domain.calendar import ONE_DAY, midday, paris_now
from domain.enums import InvoiceKind, InvoiceState, PaymentState
from domain.errors import NotFound
from domain.ledger import ISSUED_STATES, OPEN_STATES
from extensions import UtcDateTime
from models import (
    Activity,
    Child,
    DepositSlip,
    Guardian,
    Household,
    HouseholdGuardian,
    Invoice,
    InvoiceLine,
    Payment,
    PaymentAllocation,
    Refund,
    Regie,
)
from queries.reading import read

_REGIE, _SPAN = bindparam("regie"), (bindparam("first"), bindparam("last"))
_CODES = select(
    Regie.id,
    Regie.name,
    Regie.treasury_post,
    Regie.collectivity_code,
    Regie.budget_code,
    Regie.accounting_article,
).where(Regie.id == _REGIE)
_CORRECTED = aliased(Invoice)
_BILLS = (
    select(
        Invoice.household_id,
        Invoice.id,
        Invoice.kind,
        Invoice.state,
        Invoice.year,
        Invoice.number,
        Invoice.reference,
        func.coalesce(_CORRECTED.reference, ""),
        Invoice.month,
        Invoice.issue_day,
        Invoice.due_day,
        Invoice.recipient_name,
        Invoice.total_cents,
        Invoice.credited_cents,
        Invoice.settled_cents,
    )
    .outerjoin(_CORRECTED, _CORRECTED.id == Invoice.corrects_id)
    .where(Invoice.regie_id == _REGIE)
)
_IS_ISSUED = and_(Invoice.state.in_(ISSUED_STATES), Invoice.issue_day.between(*_SPAN))
_IS_LATE = and_(
    Invoice.kind == InvoiceKind.INVOICE,
    Invoice.state.in_(OPEN_STATES - {InvoiceState.PAYING}),
    Invoice.due_day < bindparam("today"),
)


def _with_families(chosen: Any) -> tuple[Select, Select, Select]:
    """The bills that `chosen` keeps, their households, the adults of these."""
    ours = select(Invoice.household_id).where(Invoice.regie_id == _REGIE, chosen)
    return (
        _BILLS.where(chosen).order_by(Invoice.year, Invoice.number),
        select(
            Household.id,
            Household.number,
            Household.name,
            Household.address,
            Household.address_extra,
            Household.postcode,
            Household.city,
        ).where(Household.id.in_(ours)),
        select(
            HouseholdGuardian.household_id,
            Guardian.first_name,
            Guardian.last_name,
            HouseholdGuardian.relationship,
        )
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(HouseholdGuardian.household_id.in_(ours), HouseholdGuardian.is_legal_guardian)
        .order_by(HouseholdGuardian.household_id, HouseholdGuardian.position.desc(), Guardian.id.desc()),
    )


_ISSUED, _LATE = _with_families(_IS_ISSUED), _with_families(_IS_LATE)
_LINES = (
    select(
        InvoiceLine.invoice_id,
        InvoiceLine.position,
        func.coalesce(Child.first_name, ""),
        InvoiceLine.activity_id,
        func.coalesce(Activity.name, ""),
        func.coalesce(Activity.product_code, ""),
        InvoiceLine.day,
        InvoiceLine.label,
        InvoiceLine.amount_cents,
    )
    .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    .outerjoin(Child, Child.id == InvoiceLine.child_id)
    .outerjoin(Activity, Activity.id == InvoiceLine.activity_id)
    .where(Invoice.regie_id == _REGIE, _IS_ISSUED)
    .order_by(InvoiceLine.invoice_id, InvoiceLine.position)
)
_MOMENTS = (bindparam("since", type_=UtcDateTime), bindparam("until", type_=UtcDateTime))
_PAYMENTS = (
    select(
        Payment.id,
        Payment.received_on,
        Household.name,
        Payment.method,
        Payment.reference,
        Payment.amount_cents,
        Payment.state,
        Payment.cancelled_at,
    )
    .join(Household, Household.id == Payment.household_id)
    .where(
        Payment.regie_id == _REGIE,
        Payment.received_on.between(*_SPAN) | Payment.cancelled_at.between(*_MOMENTS),
    )
)
_PAID = (
    select(PaymentAllocation.payment_id, Invoice.reference)
    .join(Payment, Payment.id == PaymentAllocation.payment_id)
    .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
    .where(Payment.regie_id == _REGIE, Payment.received_on.between(*_SPAN))
    .order_by(PaymentAllocation.id)
)
_REFUNDS = (
    select(
        Refund.refunded_on,
        Household.name,
        Refund.method,
        Refund.reference,
        Refund.amount_cents,
        Refund.cancelled_at,
    )
    .join(Payment, Payment.id == Refund.payment_id)
    .join(Household, Household.id == Payment.household_id)
    .where(
        Payment.regie_id == _REGIE,
        Refund.refunded_on.between(*_SPAN) | Refund.cancelled_at.between(*_MOMENTS),
    )
)
_SLIPS = select(
    DepositSlip.deposited_on,
    DepositSlip.method,
    DepositSlip.year,
    DepositSlip.number,
    DepositSlip.reference,
    DepositSlip.total_cents,
).where(DepositSlip.regie_id == _REGIE, DepositSlip.deposited_on.between(*_SPAN))


def codes(regie_id: int) -> Codes:
    """How the accountant names a régie. One statement. Raises NotFound."""
    row = read(_CODES, {"regie": regie_id}).one_or_none()
    if row is None:
        raise NotFound
    return Codes(*row)


def issued(regie_id: int, first: date, last: date) -> tuple[AccountBill, ...]:
    """Everything that a régie issued between two days (both included), by number, with its lines. Four
    statements."""
    asked = {"regie": regie_id, "first": first, "last": last}
    lines: dict[int, list[AccountLine]] = {}
    for row in read(_LINES, asked):
        lines.setdefault(row.invoice_id, []).append(AccountLine(*row))
    return _bills(_ISSUED, asked, lines)


def late(regie_id: int, today: date) -> tuple[AccountBill, ...]:
    """The bills of a régie that are not paid after their due day, without their lines; one whose online
    payment still runs is left out. Three statements."""
    return _bills(_LATE, {"regie": regie_id, "today": today}, {})


def journal(regie_id: int, first: date, last: date) -> tuple[JournalEntry, ...]:
    """The money of a régie between two days (both included), in the order of the days. A payment that was
    taken back is an entry on the day of each. Four statements."""
    asked = {"regie": regie_id, "first": first, "last": last, **_moments(first, last)}
    entries = [*_payments(asked), *_refunds(asked), *_slips(asked)]
    return tuple(sorted((one for one in entries if first <= one.day <= last), key=lambda one: one.day))


def _moments(first: date, last: date) -> Mapping[str, datetime]:
    """Wide enough for both ends of the days; the exact day is looked at after."""
    return {"since": midday(first - ONE_DAY), "until": midday(last + ONE_DAY)}


def _payments(asked: Mapping[str, Any]) -> Iterable[JournalEntry]:
    paid: dict[int, list[str]] = {}
    for payment_id, reference in read(_PAID, asked):
        paid.setdefault(payment_id, []).append(reference)
    for payment_id, day, household, method, reference, cents, state, back_at in read(_PAYMENTS, asked):
        bills = ", ".join(paid.get(payment_id, ()))
        yield JournalEntry(day, "Règlement", household, method, reference, bills, received_cents=cents)
        if back_at is not None:
            what = "Règlement refusé par la banque" if state is PaymentState.BOUNCED else "Règlement annulé"
            back_on = paris_now(back_at).date()
            yield JournalEntry(back_on, what, household, method, reference, "", received_cents=-cents)


def _refunds(asked: Mapping[str, Any]) -> Iterable[JournalEntry]:
    for day, household, method, reference, cents, back_at in read(_REFUNDS, asked):
        yield JournalEntry(day, "Remboursement", household, method, reference, "", refunded_cents=cents)
        if back_at is not None:
            back_on = paris_now(back_at).date()
            yield JournalEntry(
                back_on, "Remboursement annulé", household, method, reference, "", refunded_cents=-cents
            )


def _slips(asked: Mapping[str, Any]) -> Iterable[JournalEntry]:
    for day, method, year, number, reference, cents in read(_SLIPS, asked):
        what = f"Bordereau {year}-{number}"
        yield JournalEntry(day, what, "", method, reference, "", deposited_cents=cents)


def _bills(
    statements: tuple[Select, Select, Select],
    asked: Mapping[str, Any],
    lines: Mapping[int, list[AccountLine]],
) -> tuple[AccountBill, ...]:
    bills, households, adults = (read(one, asked).all() for one in statements)
    first_adult = {household_id: adult for household_id, *adult in adults}
    debtors = {
        household_id: Debtor(
            household_id,
            number,
            name,
            *first_adult.get(household_id, ("", "", "")),
            "\n".join(line for line in (address, extra) if line),
            postcode,
            town,
        )
        for household_id, number, name, address, extra, postcode, town in households
    }
    return tuple(
        AccountBill(*row, debtors[household_id], tuple(lines.get(row[0], ()))) for household_id, *row in bills
    )
