"""Reminders of bills: once a level, to who owes at that very moment, whatever becomes of the worker (R44)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain.enums import AccountStatus, InvoiceState, MailKind, PaymentMethod
from domain.errors import NotFound, Refused
from domain.invoice_reminders import DEFAULTS, Level
from models import AuditEvent, InvoiceReminder, OutgoingMail, ReminderLevel
from queries import invoice_reminders as queries
from services import invoice_reminders, outbox, payments
from services.accounts import Author
from services.payments import Received
from tests import statements

DUE = date(2027, 2, 3)
JANUARY = date(2027, 1, 1)


def at(days, hour=9):
    """So many days after the due day, at that hour in Paris."""
    day = DUE + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def debt(world):
    """A family with one bill, due on `DUE`."""
    return Debt(world)


class Debt:
    def __init__(self, world):
        self.world, self.app = world, world.app
        self.household, self.regie = world.household(), world.regie()
        self.claire = world.parent(self.household)
        self.bill = self.owe()

    def owe(self, household=None, cents=4550, **columns):
        lines = [{"label": "Repas", "amount_cents": cents}]
        values = {"due_day": DUE} | columns
        return self.world.invoice(self.regie, household or self.household, JANUARY, lines, **values)

    def remind(self, now):
        with self.app.app_context():
            return invoice_reminders.remind(now)

    def mails(self):
        ours = select(OutgoingMail).where(OutgoingMail.kind == MailKind.INVOICE_REMINDER)
        return self.world.all(ours.order_by(OutgoingMail.id))

    def levels(self):
        return [one.level for one in self.world.all(select(InvoiceReminder).order_by(InvoiceReminder.level))]


def test_each_level_once_in_the_words_of_the_service(debt):
    assert debt.remind(at(-6)) == 0
    for days, level in ((-5, 1), (8, 2), (25, 3)):
        assert debt.remind(at(days)) == 1
        assert debt.remind(at(days, 10)) == 0
        assert debt.remind(at(days + 1)) == 0
        assert debt.levels()[-1] == level
    first, _, last = debt.mails()
    assert first.to_address == debt.claire.email
    assert first.subject.replace("\xa0", " ").startswith(
        "Votre facture de janvier 2027 est à régler avant le"
    )
    text = words_of(last.text)
    assert "RP-2027-000001 (janvier 2027, Régie périscolaire) a 25 jours de retard. Il reste 45,50 €" in text
    assert f"/factures/{debt.bill.id}" in text
    assert "45,50" in last.html
    events = debt.world.all(select(AuditEvent).where(AuditEvent.action == "invoice_reminder.sent"))
    assert [one.after["level"] for one in events] == [1, 2, 3]


def words_of(text):
    return text.replace("\xa0", " ").replace("\u202f", " ")


def test_nobody_is_reminded_before_eight(debt):
    assert debt.remind(at(8, 7)) == 0
    assert debt.remind(at(8, 8)) == 1


def test_a_stopped_worker_catches_up_with_the_highest_level_alone(debt):
    assert debt.remind(at(40)) == 1
    assert debt.levels() == [3]
    assert len(debt.mails()) == 1
    assert debt.remind(at(41)) == 0


@pytest.mark.parametrize("state", [InvoiceState.PAYING, InvoiceState.SETTLED, InvoiceState.CANCELLED])
def test_what_is_paid_or_being_paid_is_not_reminded(debt, state):
    other = debt.world.household("MARTIN")
    debt.world.parent(other, "Paul")
    debt.owe(other, state=state)
    assert debt.remind(at(8)) == 1
    assert {one.household_id for one in debt.mails()} == {debt.household.id}


def test_a_bill_paid_while_the_worker_ran_is_not_reminded(debt, monkeypatch):
    found = invoice_reminders.invoice_reminders.unpaid

    def paid_meanwhile(due_until, household_id=None):
        rows = found(due_until, household_id)
        if household_id is None:
            pay(debt, 4550)
        return rows

    monkeypatch.setattr(invoice_reminders.invoice_reminders, "unpaid", paid_meanwhile)
    assert debt.remind(at(8)) == 0
    assert debt.mails() == []


def pay(debt, cents):
    received = Received(
        debt.regie.id, debt.household.id, PaymentMethod.CASH, cents, debt.world.now.date(), "", f"k{cents}"
    )
    payments.receive(received, Author(debt.world.staff().id), debt.world.now)


def test_the_text_says_what_is_left(debt):
    with debt.app.app_context():
        pay(debt, 1050)
    debt.remind(at(8))
    assert "Il reste 35,00 €" in words_of(debt.mails()[0].text)


def test_a_worker_that_falls_writes_all_or_nothing(debt, monkeypatch):
    def fall(*_arguments, **_context):
        raise OSError("killed")

    real = outbox.queue_household
    monkeypatch.setattr(outbox, "queue_household", fall)
    with pytest.raises(OSError, match="killed"):
        debt.remind(at(8))
    assert (debt.levels(), debt.mails()) == ([], [])
    monkeypatch.setattr(outbox, "queue_household", real)
    assert debt.remind(at(8)) == 1


def test_a_household_that_reads_no_mail_is_not_said_to_be_reminded(debt):
    other = debt.world.household("MARTIN")
    debt.world.parent(other, "Paul", status=AccountStatus.SUSPENDED)
    debt.owe(other)
    assert debt.remind(at(8)) == 1
    assert {one.invoice_id for one in debt.world.all(InvoiceReminder)} == {debt.bill.id}


def test_the_words_of_a_level_are_kept_and_used(debt):
    author = Author(debt.world.staff().id)
    mine = Level(2, 3, "Rappel", "Bonjour {foyer},\n\nIl reste {reste}.")
    with debt.app.app_context():
        assert invoice_reminders.save(mine, author=author, now=debt.world.now)
        assert not invoice_reminders.save(mine, author=author, now=debt.world.now)
        with pytest.raises(Refused):
            invoice_reminders.save(Level(2, 3, "Rappel", "{nom}"), author=author, now=debt.world.now)
        with pytest.raises(NotFound):
            invoice_reminders.save(Level(4, 3, "Rappel", "Bonjour"), author=author, now=debt.world.now)
        assert queries.levels() == (DEFAULTS[1], mine, DEFAULTS[3])
    assert len(debt.world.all(ReminderLevel)) == 1
    debt.remind(at(3))
    assert debt.mails()[0].subject == "Rappel"
    assert "Bonjour SOLIGNAC,\n\nIl reste 45,50" in debt.mails()[0].text


def test_a_level_that_is_stopped_sends_nothing(debt):
    author = Author(debt.world.staff().id)
    with debt.app.app_context():
        for one in DEFAULTS.values():
            stopped = Level(one.level, one.days, one.subject, one.text, is_active=False)
            invoice_reminders.save(stopped, author=author, now=debt.world.now)
    assert debt.remind(at(8)) == 0


def test_what_is_read_does_not_grow_with_the_families(debt):
    for number in range(4):
        debt.owe(debt.world.household(f"FOYER {number}"))
    with debt.app.app_context(), statements.at_most(2):
        queries.levels()
        assert len(queries.unpaid(DUE)) == 5
