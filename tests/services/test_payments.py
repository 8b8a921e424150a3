"""Money received by hand: the oldest bill first, nothing lost, nothing paid twice (R46, S58, S59, S111)."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.enums import InvoiceState, MailKind, PaymentMethod, PaymentState
from domain.errors import NotFound, Refused, Stale
from domain.ledger import Debt, allocate
from extensions import db
from models import AuditEvent, Invoice, OutgoingMail, Payment, PaymentAllocation
from services import ledger, payments
from services.accounts import Author
from services.payments import Received
from services.transaction import write_transaction

JANUARY = date(2027, 1, 1)


class Desk:
    """A household with bills, and the agent who receives its money."""

    def __init__(self, world, regie=None):
        self.world, self.app = world, world.app
        self.household, self.regie = world.household(), regie or world.regie()
        self.agent = Author(world.staff().id)
        self.keys = iter(range(1000))

    def bill(self, cents, months_ago=0, **columns):
        month = JANUARY - timedelta(days=31 * months_ago)
        lines = [{"label": "Repas", "amount_cents": cents}]
        bill = self.world.invoice(self.regie, self.household, month, lines, **columns)
        return bill.id

    def receive(self, cents, key=None, **changes):
        given = {
            "regie_id": self.regie.id,
            "household_id": self.household.id,
            "method": PaymentMethod.CHEQUE,
            "amount_cents": cents,
            "received_on": self.world.now.date(),
            "reference": "1234567",
            "submission_key": key or f"form {next(self.keys)}",
        }
        with self.app.app_context():
            return payments.receive(Received(**given | changes), self.agent, self.world.now)

    def cancel(self, payment_id, reason="Chèque sans provision"):
        with self.app.app_context():
            payments.cancel(payment_id, reason, self.agent, self.world.now)

    def bounce(self, payment_id, reason="Provision insuffisante"):
        with self.app.app_context():
            payments.bounce(payment_id, reason, self.agent, self.world.now)

    def confirm(self, invoice_id, day=None, key="confirmed"):
        with self.app.app_context():
            day = day or self.world.now.date()
            return payments.confirm(invoice_id, day, key, self.agent, self.world.now)

    def credit(self, invoice_id, cents):
        with self.app.app_context(), write_transaction() as session:
            ledger.hold(session, self.household.id)
            ledger.apply_credit(session, session.get_one(Invoice, invoice_id), cents, self.world.now.date())

    def state(self, invoice_id):
        bill = self.world.one(select(Invoice).where(Invoice.id == invoice_id))
        return bill.state, bill.settled_cents

    def payment(self, payment_id):
        return self.world.one(select(Payment).where(Payment.id == payment_id))


@pytest.fixture
def desk(world):
    return Desk(world)


def assert_books_balance(world):
    """Allocations are what bills and payments say of them; nothing is paid above what is owed."""
    with world.app.app_context():
        paid = dict(allocated_by(PaymentAllocation.invoice_id))
        spent = dict(allocated_by(PaymentAllocation.payment_id))
    for bill in world.all(Invoice):
        assert bill.settled_cents == paid.get(bill.id, 0)
        assert 0 <= bill.settled_cents <= bill.total_cents - bill.credited_cents
        full = bill.settled_cents == bill.total_cents - bill.credited_cents
        assert full == (bill.state in (InvoiceState.SETTLED, InvoiceState.CANCELLED))
    for payment in world.all(Payment):
        assert payment.allocated_cents == spent.get(payment.id, 0)
        assert payment.state is PaymentState.VALID or payment.allocated_cents == 0


def allocated_by(column):
    """Rows (id, cents) of what is allocated, by bill or by payment."""
    total = func.sum(PaymentAllocation.amount_cents)
    return db.session.execute(select(column, total).group_by(column)).all()


def test_a_payment_pays_the_bill_due_first(desk):
    old, new = desk.bill(1000, 1, due_day=date(2027, 1, 15)), desk.bill(2000, due_day=date(2027, 2, 15))
    desk.receive(1500)
    assert desk.state(old) == (InvoiceState.SETTLED, 1000)
    assert desk.state(new) == (InvoiceState.PARTIAL, 500)
    assert_books_balance(desk.world)


def test_a_payment_may_pay_chosen_bills(desk):
    old, new = desk.bill(1000, 1), desk.bill(2000)
    desk.receive(2000, invoice_ids={new})
    assert desk.state(old) == (InvoiceState.UNSETTLED, 0)
    assert desk.state(new) == (InvoiceState.SETTLED, 2000)


def test_what_is_left_over_pays_the_next_bill(desk):
    desk.bill(1000)
    payment_id = desk.receive(1500)
    assert desk.payment(payment_id).allocated_cents == 1000
    later = desk.bill(800)
    with desk.app.app_context(), write_transaction() as session:
        ledger.hold(session, desk.household.id)
        ledger.spend_advances(session, desk.regie.id, desk.household.id)
    assert desk.state(later) == (InvoiceState.PARTIAL, 500)
    assert_books_balance(desk.world)


def test_one_form_sent_twice_is_one_payment(desk):
    bill = desk.bill(1000)
    assert desk.receive(1000, key="one form") == desk.receive(1000, key="one form")
    assert desk.state(bill) == (InvoiceState.SETTLED, 1000)
    assert len(desk.world.all(Payment)) == 1


def test_the_form_of_another_household_is_unknown(desk):
    desk.receive(1000, key="one form")
    other = desk.world.household("MARTY")
    with pytest.raises(NotFound):
        desk.receive(1000, key="one form", household_id=other.id)


def test_a_payment_of_one_household_never_pays_the_bill_of_another(desk):
    other = Desk(desk.world, desk.regie)
    theirs = other.bill(1000)
    with pytest.raises(Stale):
        desk.receive(1000, invoice_ids={theirs})
    desk.receive(1000)
    assert desk.state(theirs) == (InvoiceState.UNSETTLED, 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_cents": 0}, "amount"),
        ({"amount_cents": 10_000_001}, "amount"),
        ({"received_on": date(2027, 1, 13)}, "future"),
    ],
)
def test_what_cannot_be_is_refused(desk, changes, code):
    with pytest.raises(Refused) as refusal:
        desk.receive(changes.pop("amount_cents", 100), **changes)
    assert refusal.value.code == code
    assert desk.world.all(Payment) == []


def test_a_cancelled_payment_opens_the_debt_again(desk):
    bill = desk.bill(1000)
    payment_id = desk.receive(1000)
    desk.cancel(payment_id)
    assert desk.state(bill) == (InvoiceState.UNSETTLED, 0)
    payment = desk.payment(payment_id)
    assert (payment.state, payment.cancel_reason) == (PaymentState.CANCELLED, "Chèque sans provision")
    with pytest.raises(Stale):
        desk.cancel(payment_id)
    actions = {event.action for event in desk.world.all(AuditEvent)}
    assert {"payment.received", "payment.cancelled"} <= actions
    assert_books_balance(desk.world)


def test_cancelling_needs_a_reason(desk):
    payment_id = desk.receive(1000)
    with pytest.raises(Refused):
        desk.cancel(payment_id, " ")


def test_a_payment_that_the_bank_refuses_opens_the_debt_and_the_family_is_told(desk):
    bill = desk.bill(1000)
    desk.world.parent(desk.household)
    payment_id = desk.receive(1000)
    desk.bounce(payment_id)
    assert desk.state(bill) == (InvoiceState.UNSETTLED, 0)
    payment = desk.payment(payment_id)
    assert (payment.state, payment.cancel_reason) == (PaymentState.BOUNCED, "Provision insuffisante")
    mail = desk.world.one(select(OutgoingMail).where(OutgoingMail.kind == MailKind.PAYMENT_BOUNCED))
    assert "Provision insuffisante" in mail.text
    assert "de nouveau à régler" in mail.text
    for again in (desk.bounce, desk.cancel):
        with pytest.raises(Stale):
            again(payment_id)
    assert "payment.bounced" in {event.action for event in desk.world.all(AuditEvent)}
    assert_books_balance(desk.world)


@pytest.mark.parametrize(
    ("method", "act", "code"),
    [
        (PaymentMethod.CASH, "bounce", "method"),
        (PaymentMethod.ONLINE_CARD, "cancel", "online"),
        (PaymentMethod.ONLINE_DEBIT, "cancel", "online"),
    ],
)
def test_money_ends_as_its_means_allow(desk, method, act, code):
    payment = desk.world.payment(desk.regie, desk.household, 1000, method=method)
    with pytest.raises(Refused) as refusal:
        getattr(desk, act)(payment.id)
    assert refusal.value.code == code
    assert desk.payment(payment.id).state is PaymentState.VALID


def test_what_was_given_back_cannot_end(desk):
    payment = desk.world.payment(desk.regie, desk.household, 1000, refunded_cents=400)
    for act in (desk.bounce, desk.cancel):
        with pytest.raises(Refused) as refusal:
            act(payment.id)
        assert refusal.value.code == "refunded"


def test_nobody_enters_an_online_payment_by_hand(desk):
    with pytest.raises(Refused):
        desk.receive(1000, method=PaymentMethod.ONLINE_CARD)


def test_the_treasury_settles_what_is_left(desk):
    bill = desk.bill(1000)
    desk.receive(400)
    desk.confirm(bill)
    assert desk.state(bill) == (InvoiceState.SETTLED, 1000)
    assert desk.world.one(select(Invoice)).settled_on == desk.world.now.date()
    with pytest.raises(Stale):
        desk.confirm(bill, key="again")


def test_the_treasury_confirms_neither_before_the_bill_nor_in_the_future(desk):
    bill = desk.bill(1000)
    for day in (date(2027, 1, 11), date(2027, 1, 13)):
        with pytest.raises(Refused):
            desk.confirm(bill, day)
    assert desk.state(bill) == (InvoiceState.UNSETTLED, 0)


def test_a_credit_frees_what_was_paid_above_the_rest(desk):
    bill = desk.bill(1000)
    payment_id = desk.receive(1000)
    desk.credit(bill, 300)
    assert desk.state(bill) == (InvoiceState.SETTLED, 700)
    assert desk.payment(payment_id).allocated_cents == 700
    desk.credit(bill, 700)
    assert desk.state(bill) == (InvoiceState.CANCELLED, 0)
    with pytest.raises(Refused):
        desk.credit(bill, 1)
    assert_books_balance(desk.world)


def test_any_order_of_acts_keeps_the_books(desk):
    """Random payments, cancellings, credits: what is paid, owed and left always adds up."""
    rng = random.Random(20270112)  # noqa: S311  acts, not secrets
    bills = [desk.bill(rng.randint(1, 5000), months) for months in range(4)]
    made = []
    for _ in range(60):
        act = rng.random()
        if act < 0.5:
            made.append(desk.receive(rng.randint(1, 4000)))
        elif act < 0.75 and made:
            desk.cancel(made.pop(rng.randrange(len(made))))
        else:
            bill = desk.world.one(select(Invoice).where(Invoice.id == rng.choice(bills)))
            room = bill.total_cents - bill.credited_cents
            if room:
                desk.credit(bill.id, rng.randint(1, room))
        assert_books_balance(desk.world)
    assert {state for state, _ in map(desk.state, bills)} > {InvoiceState.SETTLED}


@given(st.integers(0, 10_000), st.lists(st.integers(0, 5_000), max_size=6))
def test_an_allocation_gives_all_it_can_and_no_more(amount, owed):
    debts = [Debt(number, cents) for number, cents in enumerate(owed)]
    shares, left = allocate(amount, debts)
    assert sum(shares.values()) + left == amount
    assert left == max(0, amount - sum(owed))
    assert all(0 < cents <= owed[number] for number, cents in shares.items())
    paid = [shares.get(debt.invoice_id, 0) == debt.left_cents for debt in debts]
    assert all(paid[: len(shares) - 1]) or not shares
