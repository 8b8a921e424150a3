"""Two agents take the same file at once, or one while money comes in at the desk (R47)."""

import pytest

from domain.enums import InvoiceState, PaymentMethod
from models import Payment, TreasuryImport
from services import payments, treasury_imports
from services.payments import Received
from tests.races.test_places import all_at_once
from tests.services.test_payments import assert_books_balance
from tests.services.test_treasury_imports import HEAD, Post

pytestmark = pytest.mark.race

TRIES = 4


@pytest.fixture
def post(world):
    return Post(world)


def take(post, key):
    return lambda: treasury_imports.apply(key, "x.csv", author=post.agent, now=post.world.now)


def test_one_file_is_taken_once(post):
    bill = post.bill(4320)
    key = post.keep(HEAD + post.line(bill, "20"))
    outcomes = all_at_once(post.app, [take(post, key)] * TRIES)
    assert set(outcomes) == {post.world.one(TreasuryImport).id}, outcomes
    assert post.state(bill) == (InvoiceState.PARTIAL, 2000)


def test_a_bill_paid_at_the_desk_meanwhile_is_paid_once(post):
    bills = [post.bill(1000, months) for months in range(3)]
    key = post.keep(HEAD + "".join(post.line(bill, "10") for bill in bills))
    received = Received(
        post.regie.id, post.household.id, PaymentMethod.CASH, 3000, post.today, "", "one form"
    )

    def receive():
        return payments.receive(received, post.agent, post.world.now)

    outcomes = all_at_once(post.app, [take(post, key), receive])
    assert all(isinstance(one, int) for one in outcomes), outcomes
    assert {post.state(bill) for bill in bills} == {(InvoiceState.SETTLED, 1000)}
    assert sum(one.allocated_cents for one in post.world.all(Payment)) == 3000
    assert_books_balance(post.world)
