"""A swap answered by several people at once is answered once, and its days move once (R02)."""

from collections import Counter
from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import CustodySplit, SwapState
from domain.errors import Stale
from models import Booking, CustodyException, CustodySwap
from queries.custody import fingerprint
from services import booking_requests, custody, custody_swaps
from services.accounts import Author
from services.custody import NewCalendar
from services.custody_swaps import Parent, Span
from tests.entangled import Entangled
from tests.races.test_places import all_at_once
from tests.services.test_custody_bookings import author, draft, touch
from tests.views.test_custody_swaps import EVEN


@pytest.fixture
def two(world) -> Entangled:
    family = Entangled(world)
    world.custody(family.leo, family.solignac, family.martin)
    family.book(family.solignac, family.leo, EVEN)
    return family


def parents(two):
    claire = Parent(two.claire.id, "Claire SOLIGNAC", [two.solignac.id])
    return claire, Parent(two.karim.id, "Karim MARTIN", [two.martin.id])


def proposed(two):
    claire, _ = parents(two)
    with two.world.app.app_context():
        return custody_swaps.propose(claire, two.leo.id, Span(EVEN, EVEN), None, "k" * 24, two.world.now)


def test_two_acceptances_at_once_are_one(two):
    swap_id, (_, karim) = proposed(two), parents(two)
    acts = [lambda: custody_swaps.accept(karim, swap_id, two.world.now)] * 4
    outcomes = all_at_once(two.world.app, acts)
    assert Counter(type(one) for one in outcomes) == {type(None): 1, Stale: 3}, outcomes
    assert len(two.world.all(CustodyException)) == 1
    assert two.world.one(Booking).household_id == two.martin.id


def test_an_acceptance_against_a_withdrawal(two):
    swap_id, (claire, karim) = proposed(two), parents(two)
    outcomes = all_at_once(
        two.world.app,
        [
            lambda: custody_swaps.accept(karim, swap_id, two.world.now),
            lambda: custody_swaps.withdraw(claire, swap_id, two.world.now),
        ],
    )
    assert Counter(type(one) for one in outcomes) == {type(None): 1, Stale: 1}, outcomes
    accepted = two.world.one(select(CustodySwap)).state is SwapState.ACCEPTED
    assert len(two.world.all(CustodyException)) == accepted
    assert two.world.one(Booking).household_id == (two.martin.id if accepted else two.solignac.id)


def test_a_validation_against_a_first_calendar_leaves_no_day_in_the_wrong_household(world):
    two, day = Entangled(world), date(2027, 2, 1)  # week 5 is odd: at the MARTIN
    key = draft(two)
    touch(two, key, day)
    agent = Author(world.staff().id)
    with world.app.app_context():
        seen = fingerprint(two.leo.id)
    new = NewCalendar(date(2027, 1, 13), two.solignac.id, 0, CustodySplit.WEEKS, CustodySplit.WEEKS)
    outcomes = all_at_once(
        world.app,
        [
            lambda: booking_requests.submit(author(two), key, "Claire SOLIGNAC", world.now),
            lambda: custody.set_calendar(
                two.solignac.id, two.leo.id, new, seen=seen, author=agent, now=world.now
            ),
        ],
    )
    assert not [one for one in outcomes if isinstance(one, BaseException)], outcomes
    assert {one.household_id for one in world.all(Booking)} <= {two.martin.id}


def test_one_sending_taken_twice_is_one_proposal(two):
    claire, _ = parents(two)
    acts = [
        lambda: custody_swaps.propose(claire, two.leo.id, Span(EVEN, EVEN), None, "k" * 24, two.world.now)
    ] * 3
    assert len(set(all_at_once(two.world.app, acts))) == 1
    assert two.world.one(CustodySwap).state is SwapState.PENDING
