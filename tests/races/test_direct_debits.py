"""Two agents prepare batches at once: a bill is in one of them, numbers in a row (R46)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import InvoiceState
from domain.errors import Stale
from extensions import db
from models import Debit, DebitBatch, Invoice
from services import direct_debits
from services.direct_debits import Preparing
from tests.races.test_places import all_at_once
from tests.services.test_direct_debits import DAY, Bank

pytestmark = pytest.mark.race

TRIES = 4


@pytest.fixture
def bank(world):
    return Bank(world)


def test_a_bill_is_in_one_batch(bank):
    bill = bank.bill(1000)

    def prepare(number):
        asked = Preparing(bank.regie.id, DAY, {bill}, f"batch {number}")
        return lambda: direct_debits.prepare(asked, bank.agent, bank.world.now)

    outcomes = all_at_once(bank.app, [prepare(number) for number in range(TRIES)])
    assert sum(isinstance(one, int) for one in outcomes) == 1, outcomes
    assert sum(isinstance(one, Stale) for one in outcomes) == TRIES - 1, outcomes
    assert len(bank.world.all(Debit)) == 1


def test_files_taken_at_once_have_numbers_in_a_row(bank):
    batches = [bank.prepare(bank.bill(1000)) for _ in range(TRIES)]

    def take(batch):
        return lambda: direct_debits.take_file(batch, bank.agent, bank.world.now).name

    outcomes = all_at_once(bank.app, [take(batch) for batch in batches])
    assert all(isinstance(one, str) for one in outcomes), outcomes
    assert sorted(one.number for one in bank.world.all(DebitBatch)) == [1, 2, 3, 4]


def test_a_batch_is_settled_once(bank):
    bill = bank.bill(1000)
    batch = bank.prepare(bill, day=date(2027, 1, 27))
    bank.take(batch)
    late = bank.world.now.replace(day=28)

    def settle():
        direct_debits.settle(batch, date(2027, 1, 27), bank.agent, late)
        return "settled"

    outcomes = all_at_once(bank.app, [settle] * TRIES)
    assert outcomes.count("settled") == 1, outcomes
    assert bank.state(bill) == (InvoiceState.SETTLED, 1000)


def test_bills_read_without_the_lock_are_taken_twice(bank):
    """The control: those who only look before they write all find the same bill free."""
    bank.bill(1000)

    def careless():
        taken = select(Debit.invoice_id)
        return tuple(db.session.scalars(select(Invoice.id).where(Invoice.id.not_in(taken))))

    found = all_at_once(bank.app, [careless] * TRIES)
    assert len(set(found)) == 1
    assert found[0]
