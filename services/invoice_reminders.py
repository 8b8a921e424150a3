"""Reminders of bills that are not paid, in three levels (R44). The worker's turn, and their wording.

What is written to a household is decided and written in one transaction that holds its account: money that
comes meanwhile waits, or is seen. A worker stopped at any moment writes each level of a bill once.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import Channel, MailKind
from domain.errors import NotFound
from domain.invoice_reminders import DEFAULTS, Level, check, made_out, reached
from models import InvoiceReminder, ReminderLevel
from queries import invoice_reminders
from queries.invoice_reminders import DueBill
from services import audit, ledger, outbox
from services.accounts import Author
from services.transaction import write_transaction

EARLIEST_HOUR = time(8)  # in Paris: nobody is reminded of money at night


def remind(now: datetime) -> int:
    """Write the reminders that are due; how many bills were reminded of. None before eight in the morning.

    Twice on a day gives the same rows: a bill gets one reminder a day at the most.
    """
    here = paris_now(now)
    levels = tuple(one for one in invoice_reminders.levels() if one.is_active)
    if here.time() < EARLIEST_HOUR or not levels:
        return 0
    today = here.date()
    found = [
        one for one in invoice_reminders.unpaid(_due_until(levels, today)) if _reached(levels, one, today)
    ]
    households = [household_id for household_id, _ in groupby(found, lambda one: one.household_id)]
    return sum(_remind_household(household_id, levels, now) for household_id in households)


def save(level: Level, *, author: Author, now: datetime) -> bool:
    """Change when and how a level is written. False when nothing changed.

    Raises NotFound for another number, Refused `subject`, `text` or `days` for what cannot be.
    """
    if level.level not in DEFAULTS:
        raise NotFound
    with write_transaction() as session:
        known = {one.level: one for one in invoice_reminders.levels()}
        check(level, known.values())
        if known[level.level] == level:
            return False
        session.merge(ReminderLevel(**asdict(level)))
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="reminder_level.updated",
            object_type="reminder_level",
            object_id=level.level,
            before=asdict(known[level.level]),
            after=asdict(level),
        )
    return True


def _due_until(levels: Sequence[Level], today: date) -> date:
    """No bill due later has reached a level."""
    return today - timedelta(days=min(one.days for one in levels))


def _reached(levels: Sequence[Level], one: DueBill, today: date) -> int | None:
    return reached(levels, one.bill.issue_day, one.bill.due_day, one.last_level, one.last_day, today)


def _remind_household(household_id: int, levels: Sequence[Level], now: datetime) -> int:
    """How many bills were reminded of; none when nobody of the household reads mails."""
    today = paris_now(now).date()
    with write_transaction() as session:
        ledger.hold(session, household_id)
        bills = invoice_reminders.unpaid(_due_until(levels, today), household_id)
        return sum(_remind(session, one, levels, now, today) for one in bills)


def _remind(session: Session, one: DueBill, levels: Sequence[Level], now: datetime, today: date) -> bool:
    number = _reached(levels, one, today)
    if number is None:
        return False
    level = next(level for level in levels if level.level == number)
    letter = made_out(level, one.bill, today)
    is_told = outbox.queue_household(
        session,
        MailKind.INVOICE_REMINDER,
        one.household_id,
        now=now,
        letter=letter,
        invoice_id=one.invoice_id,
    )
    if not is_told:
        return False
    session.add(InvoiceReminder(invoice_id=one.invoice_id, level=number, sent_at=now))
    audit.record(
        session,
        at=now,
        actor_user_id=None,
        channel=Channel.SYSTEM,
        action="invoice_reminder.sent",
        object_type="invoice",
        object_id=one.invoice_id,
        household_id=one.household_id,
        after={"level": number, "left_cents": one.bill.left_cents},
    )
    return True
