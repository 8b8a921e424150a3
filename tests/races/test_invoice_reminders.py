"""Several workers remind at once, and money comes meanwhile: one reminder, none for what is paid (R44)."""

import pytest

from domain.enums import InvoiceState
from models import Invoice, InvoiceReminder, OutgoingMail, QuotientWarning
from services import invoice_reminders, quotient_warnings
from tests.races.test_places import all_at_once
from tests.services.test_invoice_reminders import Debt, at, pay
from tests.services.test_quotient_warnings import MORNING, unproven

pytestmark = pytest.mark.race

TRIES = 4


def test_several_workers_write_one_reminder(world):
    debt = Debt(world)
    outcomes = all_at_once(world.app, [lambda: invoice_reminders.remind(at(8))] * TRIES)
    assert sum(outcomes) == 1, outcomes
    assert debt.levels() == [2]
    assert len(debt.mails()) == 1


def test_money_that_comes_meanwhile_is_seen_or_waits(world):
    debt = Debt(world)
    world.staff()
    outcomes = all_at_once(world.app, [lambda: pay(debt, 4550), lambda: invoice_reminders.remind(at(8))])
    assert outcomes[0] is None, outcomes
    assert world.one(Invoice).state is InvoiceState.SETTLED
    assert len(world.all(InvoiceReminder)) == len(debt.mails()) == outcomes[1]


def test_several_workers_write_one_warning(world):
    unproven(world)
    outcomes = all_at_once(world.app, [lambda: quotient_warnings.warn(MORNING)] * TRIES)
    assert sum(outcomes) == 1, outcomes
    assert len(world.all(QuotientWarning)) == len(world.all(OutgoingMail)) == 1
