"""Two agents deposit at once: no payment in two slips, numbers in a row (R46)."""

import pytest
from sqlalchemy import func, select

from domain.enums import PaymentMethod
from domain.errors import Stale
from extensions import db
from models import DepositSlip, Payment
from services import deposit_slips, payments
from services.deposit_slips import Deposit
from tests.races.test_places import all_at_once
from tests.services.test_payments import Desk

pytestmark = pytest.mark.race

TRIES = 4


@pytest.fixture
def desk(world):
    return Desk(world)


def deposit(desk, paid, key):
    made = Deposit(desk.regie.id, PaymentMethod.CHEQUE, paid, desk.world.now.date(), "", key)
    return lambda: deposit_slips.deposit(made, desk.agent, desk.world.now)


def test_the_same_payments_are_deposited_once(desk):
    paid = {desk.receive(1000) for _ in range(3)}
    outcomes = all_at_once(desk.app, [deposit(desk, paid, f"slip {one}") for one in range(TRIES)])
    assert sum(isinstance(one, int) for one in outcomes) == 1, outcomes
    assert sum(isinstance(one, Stale) for one in outcomes) == TRIES - 1, outcomes
    assert desk.world.one(DepositSlip).total_cents == 3000


def test_slips_made_at_once_have_numbers_in_a_row(desk):
    acts = [deposit(desk, {desk.receive(1000)}, f"slip {one}") for one in range(TRIES)]
    outcomes = all_at_once(desk.app, acts)
    assert all(isinstance(one, int) for one in outcomes), outcomes
    assert sorted(slip.number for slip in desk.world.all(DepositSlip)) == [1, 2, 3, 4]


def test_a_payment_is_cancelled_or_deposited_never_both(desk):
    """Everything is of one household, and advances move: the acts hold the account one after the other."""
    kept, contested = desk.receive(1000), desk.receive(500)

    def cancel():
        return payments.cancel(contested, "Erreur", desk.agent, desk.world.now)

    outcomes = all_at_once(desk.app, [deposit(desk, {kept, contested}, "slip"), cancel])
    slips, found = desk.world.all(DepositSlip), desk.payment(contested)
    assert (found.deposit_slip_id is not None) == (len(slips) == 1) == (found.cancelled_at is None), outcomes


def test_numbers_read_without_the_lock_are_given_twice(desk):
    """The control: those who only look before they write all find the same number, and the same payments."""
    desk.receive(1000)

    def careless():
        free = select(func.count()).select_from(Payment).where(Payment.deposit_slip_id.is_(None))
        last = select(func.max(DepositSlip.number))
        return (db.session.scalar(last) or 0) + 1, db.session.scalar(free)

    assert set(all_at_once(desk.app, [careless] * TRIES)) == {(1, 1)}
