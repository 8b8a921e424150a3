"""A swap answered by several people at once is answered once, and its days move once (R02)."""

from collections import Counter

import pytest
from sqlalchemy import select

from domain.enums import SwapState
from domain.errors import Stale
from models import Booking, CustodyException, CustodySwap
from services import custody_swaps
from services.custody_swaps import Parent, Span
from tests.entangled import Entangled
from tests.races.test_places import all_at_once
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


def test_one_sending_taken_twice_is_one_proposal(two):
    claire, _ = parents(two)
    acts = [
        lambda: custody_swaps.propose(claire, two.leo.id, Span(EVEN, EVEN), None, "k" * 24, two.world.now)
    ] * 3
    assert len(set(all_at_once(two.world.app, acts))) == 1
    assert two.world.one(CustodySwap).state is SwapState.PENDING
