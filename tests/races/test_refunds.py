"""Two agents give the same advance back at once: it goes once (R46)."""

import pytest

from domain.enums import PaymentMethod
from domain.errors import Refused
from models import Payment, Refund
from services import refunds
from services.refunds import Giving
from tests.races.test_places import all_at_once
from tests.services.test_payments import Desk

pytestmark = pytest.mark.race

TRIES = 4


def test_an_advance_is_given_back_once(world):
    desk = Desk(world)
    payment, today = desk.receive(1000), world.now.date()

    def give(key):
        given = Giving(payment, 1000, PaymentMethod.CASH, today, "Départ", "", key)
        return lambda: refunds.refund(given, desk.agent, world.now)

    outcomes = all_at_once(desk.app, [give(f"refund {one}") for one in range(TRIES)])
    assert sum(isinstance(one, int) for one in outcomes) == 1, outcomes
    assert sum(isinstance(one, Refused) for one in outcomes) == TRIES - 1, outcomes
    assert len(world.all(Refund)) == 1
    assert world.one(Payment).refunded_cents == 1000
