"""Refunds: only what no bill needs, each correction leaves a trace (R46)."""

import random
from collections import Counter
from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from domain.enums import InvoiceState, PaymentMethod, PaymentState
from domain.errors import NotFound, Refused, Stale
from models import AuditEvent, DepositSlip, Payment, Refund
from services import payments, refunds
from services.refunds import Giving
from services.transaction import write_transaction
from tests.services.test_deposit_slips import deposit
from tests.services.test_payments import Desk, assert_books_balance


@pytest.fixture
def desk(world):
    return Desk(world)


def refund(desk, payment_id, cents, key=None, **changes):
    given = {
        "payment_id": payment_id,
        "amount_cents": cents,
        "method": PaymentMethod.TRANSFER,
        "refunded_on": desk.world.now.date(),
        "reason": "Départ de la commune",
        "reference": "VIR 7",
        "submission_key": key or f"refund {next(desk.keys)}",
    }
    with desk.app.app_context():
        return refunds.refund(Giving(**given | changes), desk.agent, desk.world.now)


def cancel(desk, refund_id, reason="Virement revenu"):
    with desk.app.app_context():
        refunds.cancel(refund_id, reason, desk.agent, desk.world.now)


def spend(desk):
    with desk.app.app_context():
        return payments.spend(desk.household.id, desk.agent, desk.world.now)


def test_what_is_above_the_bills_is_given_back(desk):
    desk.bill(1000)
    payment = desk.receive(1500)
    refund(desk, payment, 300)
    refund(desk, payment, 200)
    assert desk.payment(payment).refunded_cents == 500
    assert [row.amount_cents for row in desk.world.all(Refund)] == [300, 200]
    with pytest.raises(Refused) as refusal:
        refund(desk, payment, 1)
    assert refusal.value.code == "amount"
    assert "refund.made" in {event.action for event in desk.world.all(AuditEvent)}
    assert_books_balance(desk.world)


def test_never_more_than_what_is_free(desk):
    desk.bill(1000)
    payment = desk.receive(1500)
    for cents in (501, 0, -5):
        with pytest.raises(Refused) as refusal:
            refund(desk, payment, cents)
        assert refusal.value.message == "Indiquez un montant jusqu’à 5,00\u00a0€, ce qui est d’avance."
    assert desk.world.all(Refund) == []


def test_what_is_given_back_pays_no_bill_any_more(desk):
    payment = desk.receive(500)
    refund(desk, payment, 400)
    bill = desk.bill(1000)
    assert spend(desk) == 100
    assert desk.state(bill) == (InvoiceState.PARTIAL, 100)


def test_bills_are_paid_before_anything_is_given_back(desk):
    late, chosen = desk.bill(700, 1), desk.bill(1000)
    payment = desk.receive(1500, invoice_ids={chosen})
    with pytest.raises(Refused) as refusal:
        refund(desk, payment, 100)
    assert refusal.value.code == "needed"
    assert spend(desk) == 500
    assert desk.state(late) == (InvoiceState.PARTIAL, 500)
    assert spend(desk) == 0
    assert [event.action for event in desk.world.all(AuditEvent)].count("advance.spent") == 1


def test_one_form_sent_twice_is_one_refund(desk):
    payment, other = desk.receive(1000), desk.receive(1000)
    assert refund(desk, payment, 100, key="one form") == refund(desk, payment, 100, key="one form")
    assert desk.payment(payment).refunded_cents == 100
    with pytest.raises(NotFound):
        refund(desk, other, 100, key="one form")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"refunded_on": date(2027, 1, 13)}, "day"),
        ({"refunded_on": date(2027, 1, 11)}, "day"),
        ({"reason": " "}, "no_reason"),
        ({"method": PaymentMethod.CESU}, "method"),
    ],
)
def test_what_cannot_be_is_refused(desk, changes, code):
    with pytest.raises(Refused) as refusal:
        refund(desk, desk.receive(1000), 100, **changes)
    assert refusal.value.code == code


def test_a_refund_taken_back_pays_the_open_bills(desk):
    payment = desk.receive(1000)
    made = refund(desk, payment, 1000)
    bill = desk.bill(600)
    cancel(desk, made)
    assert desk.state(bill) == (InvoiceState.SETTLED, 600)
    assert desk.payment(payment).refunded_cents == 0
    (row,) = desk.world.all(Refund)
    assert (row.cancel_reason, row.cancelled_at) == ("Virement revenu", desk.world.now)
    with pytest.raises(Stale):
        cancel(desk, made)
    with pytest.raises(Refused):
        cancel(desk, made, " ")
    assert_books_balance(desk.world)


def test_a_payment_that_was_given_back_ends_only_without_its_refund(desk):
    payment = desk.receive(1000)
    made = refund(desk, payment, 400)
    for act in (desk.cancel, desk.bounce):
        with pytest.raises(Refused) as refusal:
            act(payment)
        assert refusal.value.code == "refunded"
    cancel(desk, made)
    desk.bounce(payment)
    with pytest.raises(Stale):
        refund(desk, payment, 100)


@pytest.mark.parametrize("values", [{"amount_cents": 1}, {"reason": "x"}, {"payment_id": 2}, None])
def test_the_database_keeps_a_refund_as_it_is(desk, values):
    payment = desk.receive(1000)
    desk.receive(1000)
    refund(desk, payment, 400)
    statement = delete(Refund) if values is None else update(Refund).values(values)
    with pytest.raises(DBAPIError), desk.app.app_context(), write_transaction() as session:
        session.execute(statement)


def test_a_cancelled_refund_stays_cancelled(desk):
    made = refund(desk, desk.receive(1000), 400)
    cancel(desk, made)
    with pytest.raises(DBAPIError), desk.app.app_context(), write_transaction() as session:
        session.execute(update(Refund).values(cancelled_at=None, cancel_reason=""))


def test_any_order_of_acts_keeps_the_books(desk):
    """Payments, slips, refunds, rejections, mistakes, credit notes and the Treasury, in any order: what came
    in is what pays bills, what was given back and what is free; no act but its own moves a slip."""
    rng = random.Random(20270113)  # noqa: S311  acts, not secrets
    bills = [desk.bill(rng.randint(500, 4000), months) for months in range(4)]
    acts = {
        "receive": lambda: desk.receive(rng.randint(1, 4000)),
        "deposit": lambda: deposit(desk, *rng.sample(free_cheques(desk), 1)),
        "refund": lambda: refund(desk, any_of(desk, Payment), rng.randint(1, 800)),
        "undo": lambda: cancel(desk, any_of(desk, Refund)),
        "bounce": lambda: desk.bounce(any_of(desk, Payment)),
        "cancel": lambda: desk.cancel(any_of(desk, Payment)),
        "spend": lambda: spend(desk),
        "confirm": lambda: desk.confirm(rng.choice(bills), key=f"treasury {next(desk.keys)}"),
        "credit": lambda: desk.credit(rng.choice(bills), rng.randint(1, 900)),
        "bill": lambda: bills.append(desk.bill(rng.randint(100, 900))),
    }

    def any_of(desk, table):
        return rng.choice([row.id for row in desk.world.all(table)])

    done = Counter()
    for _ in range(150):
        name = rng.choice(["receive", *acts])
        try:
            acts[name]()
        except (Refused, Stale, IndexError, ValueError):
            continue
        done[name] += 1
        assert_money_adds_up(desk.world)
    assert set(done) == set(acts), done


def free_cheques(desk):
    """The payments that a slip may hold."""
    return [
        one.id
        for one in desk.world.all(Payment)
        if one.deposit_slip_id is None
        and one.state is PaymentState.VALID
        and one.method is PaymentMethod.CHEQUE
    ]


def assert_money_adds_up(world):
    """The books balance; refunds are those of their payment; slips hold the sum that they say."""
    assert_books_balance(world)
    payments = world.all(Payment)
    given = Counter()
    for row in world.all(Refund):
        given[row.payment_id] += row.amount_cents if row.cancelled_at is None else 0
    for payment in payments:
        assert payment.refunded_cents == given[payment.id]
        assert payment.allocated_cents + payment.refunded_cents <= payment.amount_cents
        assert payment.deposit_slip_id is None or payment.state is not PaymentState.CANCELLED
    for slip in world.all(DepositSlip):
        held = sum(one.amount_cents for one in payments if one.deposit_slip_id == slip.id)
        assert held == slip.total_cents
