"""Refunds: only what no bill needs, each correction leaves a trace (R46)."""

from datetime import date

import pytest

from domain.enums import InvoiceState, PaymentMethod
from domain.errors import NotFound, Refused, Stale
from models import AuditEvent, Refund
from services import payments, refunds
from services.refunds import Giving
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
