"""Reminders of bills: the three levels, the bills that wait for one, those that were written (R44)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Select, bindparam, func, select

from domain.calendar import paris_now
from domain.enums import InvoiceKind, InvoiceState
from domain.invoice_reminders import DEFAULTS, Level, ReminderBill
from domain.ledger import ISSUED_STATES, OPEN_STATES
from models import Household, Invoice, InvoiceReminder, Regie, ReminderLevel
from queries.reading import read

# An online payment without its answer is nothing to remind of.
REMINDED_STATES = OPEN_STATES - {InvoiceState.PAYING}


class Sent(NamedTuple):
    """A reminder that was written."""

    level: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class DueBill:
    """A bill that may be reminded of; `last_level` is 0 and `last_day` None when it never was."""

    household_id: int
    invoice_id: int
    bill: ReminderBill
    last_level: int
    last_day: date | None


_LEVELS = select(
    ReminderLevel.level,
    ReminderLevel.days,
    ReminderLevel.subject,
    ReminderLevel.text,
    ReminderLevel.is_active,
)
_LAST = (
    select(
        InvoiceReminder.invoice_id,
        func.max(InvoiceReminder.level).label("level"),
        func.max(InvoiceReminder.sent_at).label("sent_at"),
    )
    .group_by(InvoiceReminder.invoice_id)
    .subquery()
)
_BILLS = (
    select(
        Invoice.household_id,
        Invoice.id,
        _LAST.c.level,
        _LAST.c.sent_at,
        Household.name,
        Invoice.reference,
        Invoice.month,
        (Invoice.total_cents - Invoice.credited_cents - Invoice.settled_cents).label("left_cents"),
        Invoice.issue_day,
        Invoice.due_day,
        Regie.name.label("regie"),
    )
    .join(Household, Household.id == Invoice.household_id)
    .join(Regie, Regie.id == Invoice.regie_id)
    .outerjoin(_LAST, _LAST.c.invoice_id == Invoice.id)
    .where(Invoice.kind == InvoiceKind.INVOICE)
)
_UNPAID = _BILLS.where(
    Invoice.state.in_(REMINDED_STATES),
    Invoice.debit_day.is_(None),  # the direct debit that was announced pays it
    Invoice.due_day <= bindparam("due_until"),
).order_by(Invoice.household_id, Invoice.due_day, Invoice.id)
_UNPAID_OF_ONE = _UNPAID.where(Invoice.household_id == bindparam("household"))
_NEWEST = (
    _BILLS.where(Invoice.state.in_(ISSUED_STATES), Invoice.total_cents > 0)
    .order_by(Invoice.issue_day.desc(), Invoice.id.desc())
    .limit(1)
)
_SENT = (
    select(InvoiceReminder.level, InvoiceReminder.sent_at)
    .where(InvoiceReminder.invoice_id == bindparam("invoice"))
    .order_by(InvoiceReminder.level)
)
_LAST_BY_HOUSEHOLD = (
    select(Invoice.household_id, InvoiceReminder.level, InvoiceReminder.sent_at)
    .join(InvoiceReminder, InvoiceReminder.invoice_id == Invoice.id)
    .where(Invoice.kind == InvoiceKind.INVOICE, Invoice.state.in_(OPEN_STATES))
    .order_by(InvoiceReminder.level, InvoiceReminder.sent_at)
)


def levels() -> tuple[Level, ...]:
    """The three levels as the service worded them, or as the portal proposes them. One statement."""
    known = {row.level: Level(*row) for row in read(_LEVELS, {})}
    return tuple(known.get(number, proposed) for number, proposed in DEFAULTS.items())


def unpaid(due_until: date, household_id: int | None = None) -> list[DueBill]:
    """The bills that are not paid and due on `due_until` at the latest, of everybody or of one household, by
    household. One statement."""
    if household_id is None:
        return _bills(_UNPAID, {"due_until": due_until})
    return _bills(_UNPAID_OF_ONE, {"due_until": due_until, "household": household_id})


def newest_bill() -> ReminderBill | None:
    """A real bill to show a text with: the last one issued, None before the first. One statement."""
    found = _bills(_NEWEST, {})
    return found[0].bill if found else None


def sent(invoice_id: int) -> tuple[Sent, ...]:
    """The reminders of a bill. One statement."""
    return tuple(Sent(*row) for row in read(_SENT, {"invoice": invoice_id}))


def last_sent() -> Mapping[int, Sent]:
    """By household, the highest level that was written for a bill that is still open. One statement."""
    return {household_id: Sent(*last) for household_id, *last in read(_LAST_BY_HOUSEHOLD, {})}


def _bills(statement: Select, asked: Mapping[str, object]) -> list[DueBill]:
    return [
        DueBill(
            household_id,
            invoice_id,
            ReminderBill(*bill),
            level or 0,
            None if sent_at is None else paris_now(sent_at).date(),
        )
        for household_id, invoice_id, level, sent_at, *bill in read(statement, asked)
    ]
