"""Deposit slips: numbers without a gap, payments locked, none in two slips (R46)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from domain.enums import PaymentMethod, PaymentState
from domain.errors import NotFound, Refused, Stale
from extensions import db
from models import AuditEvent, DepositSlip, Payment
from queries import deposit_slips as slip_queries
from services import deposit_slips
from services.deposit_slips import Deposit
from services.transaction import write_transaction
from tests.services.test_payments import Desk


@pytest.fixture
def desk(world):
    return Desk(world)


def deposit(desk, *payments, key=None, **changes):
    given = {
        "regie_id": desk.regie.id,
        "method": PaymentMethod.CHEQUE,
        "payment_ids": set(payments),
        "deposited_on": desk.world.now.date(),
        "reference": "",
        "submission_key": key or f"slip {next(desk.keys)}",
    }
    with desk.app.app_context():
        return deposit_slips.deposit(Deposit(**given | changes), desk.agent, desk.world.now)


def slip(desk, slip_id):
    return next(one for one in desk.world.all(DepositSlip) if one.id == slip_id)


def test_a_slip_holds_its_payments_and_their_sum(desk):
    first, second, kept = desk.receive(1000), desk.receive(2050), desk.receive(700)
    made = slip(desk, deposit(desk, first, second, reference="DFT 12"))
    assert (made.number, made.year, made.total_cents, made.reference) == (1, 2027, 3050, "DFT 12")
    held = {payment.id: payment.deposit_slip_id for payment in desk.world.all(Payment)}
    assert held == {first: made.id, second: made.id, kept: None}
    event = next(one for one in desk.world.all(AuditEvent) if one.action == "deposit_slip.made")
    assert event.after["payment_ids"] == [first, second]


def test_numbers_follow_one_another_by_regie_and_year(desk):
    other = Desk(desk.world, desk.world.regie("Régie des sports"))
    other.keys = desk.keys
    made = [
        deposit(desk, desk.receive(100)),
        deposit(desk, desk.receive(100)),
        deposit(other, other.receive(100)),
        deposit(desk, desk.receive(100, received_on=date(2026, 12, 1)), deposited_on=date(2026, 12, 30)),
        deposit(desk, desk.receive(100)),
    ]
    found = [(slip(desk, one).year, slip(desk, one).number) for one in made]
    assert found == [(2027, 1), (2027, 2), (2027, 1), (2026, 1), (2027, 3)]


def test_one_form_sent_twice_is_one_slip(desk):
    payment = desk.receive(1000)
    assert deposit(desk, payment, key="one form") == deposit(desk, payment, key="one form")
    assert len(desk.world.all(DepositSlip)) == 1


def test_a_payment_is_deposited_once_and_only_with_its_like(desk):
    payment, cash = desk.receive(1000), desk.receive(500, method=PaymentMethod.CASH)
    gone = desk.receive(300)
    desk.cancel(gone)
    other = desk.world.regie("Régie des sports")
    deposit(desk, payment)
    for wrong in ({payment}, {cash}, {gone}, {999_999}):
        with pytest.raises(Stale):
            deposit(desk, *wrong)
    with pytest.raises(Stale):
        deposit(desk, cash, method=PaymentMethod.CASH, regie_id=other.id)
    assert len(desk.world.all(DepositSlip)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payment_ids": set()}, "no_payment"),
        ({"deposited_on": date(2027, 1, 13)}, "future"),
        ({"deposited_on": date(2027, 1, 11)}, "too_early"),
    ],
)
def test_what_cannot_be_is_refused(desk, changes, code):
    with pytest.raises(Refused) as refusal:
        deposit(desk, desk.receive(1000), **changes)
    assert refusal.value.code == code
    assert desk.world.all(DepositSlip) == []


def test_money_that_is_not_handed_over_has_no_slip(desk):
    payment = desk.receive(1000, method=PaymentMethod.TRANSFER)
    with pytest.raises(NotFound):
        deposit(desk, payment, method=PaymentMethod.TRANSFER)


def test_a_deposited_payment_is_not_cancelled_but_may_bounce(desk):
    bill, payment = desk.bill(1000), desk.receive(1000)
    deposit(desk, payment)
    with pytest.raises(Refused) as refusal:
        desk.cancel(payment)
    said = "Déposé avec le bordereau n°\u00a01\u00a0: signalez un rejet de la banque."
    assert (refusal.value.code, refusal.value.message) == ("deposited", said)
    assert desk.state(bill)[1] == 1000
    desk.bounce(payment)
    assert desk.payment(payment).state is PaymentState.BOUNCED
    assert desk.state(bill)[1] == 0
    assert slip(desk, desk.payment(payment).deposit_slip_id).total_cents == 1000


@pytest.mark.parametrize(
    "values",
    [
        {"state": PaymentState.CANCELLED, "allocated_cents": 0, "cancel_reason": "x"},
        {"deposit_slip_id": None},
    ],
)
def test_the_database_keeps_a_deposited_payment_in_its_slip(desk, values):
    payment = desk.receive(1000)
    deposit(desk, payment)
    if "state" in values:
        values = values | {"cancelled_at": desk.world.now}
    with pytest.raises(DBAPIError), desk.app.app_context(), write_transaction() as session:
        session.execute(update(Payment).where(Payment.id == payment).values(values))
    assert desk.payment(payment).state is PaymentState.VALID
    assert desk.payment(payment).deposit_slip_id is not None


def test_the_database_keeps_a_slip_as_it_is(desk):
    deposit(desk, desk.receive(1000))
    for statement in (update(DepositSlip).values(total_cents=1), db.delete(DepositSlip)):
        with pytest.raises(DBAPIError), desk.app.app_context(), write_transaction() as session:
            session.execute(statement)


def test_what_waits_is_told_with_its_age(desk):
    today = desk.world.now.date()
    desk.receive(1000, received_on=today - timedelta(days=9))
    desk.receive(500)
    deposit(desk, desk.receive(400))
    desk.receive(300, method=PaymentMethod.TRANSFER)
    with desk.app.app_context():
        (waiting,) = slip_queries.waiting()
    assert (waiting.payments, waiting.cents, waiting.days(today)) == (2, 1500, 9)
