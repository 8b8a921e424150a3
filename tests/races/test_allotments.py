"""An allotment against withdrawals and a second run: once, nobody overbooked, no place lost (R17)."""

from collections import Counter

import pytest
from sqlalchemy import select

from domain.enums import BookingState, MailKind
from domain.errors import Refused
from domain.workflow import PLACE_HOLDING_STATES
from models import Allotment, AllotmentRank, Booking, Opening, OutgoingMail
from services import allotments, booking_drafts, booking_requests
from services.accounts import Author
from tests.allotment_bench import AFTERWARDS, FIRST, SECOND, Holidays
from tests.races.test_places import all_at_once

pytestmark = pytest.mark.race

PLACES, FAMILIES, LEAVING = 3, 9, 4


def withdrawal(bench, booking):
    key = booking_drafts.start_cancelling(bench.author, booking.id, AFTERWARDS)
    author = bench.author
    return lambda: booking_requests.submit(author, key, "Claire", AFTERWARDS)


@pytest.mark.parametrize("places", [PLACES, FAMILIES - LEAVING])
def test_two_runs_and_withdrawals_at_once(world, clock, places):
    holidays = Holidays(world, places=places)
    benches = [holidays.home(f"F{number}") for number in range(FAMILIES)]
    for bench in benches:
        bench.ask(FIRST, SECOND)
    bookings = world.all(select(Booking).where(Booking.day == FIRST).order_by(Booking.id))
    clock.move_to(AFTERWARDS)
    with world.app.app_context():
        leaving = [withdrawal(*pair) for pair in zip(benches[:LEAVING], bookings, strict=False)]
    author, period_id = Author(holidays.agent.id), holidays.period.id
    runs = [
        lambda seed=seed: allotments.allot(
            period_id, seed, author=author, author_name="Agnès MARTIN", now=AFTERWARDS
        )
        for seed in ("un", "deux")
    ]
    outcomes = all_at_once(world.app, [*leaving, *runs])
    assert all(isinstance(one, str) for one in outcomes[:LEAVING]), outcomes
    assert Counter(type(one) for one in outcomes[LEAVING:]) == {int: 1, Refused: 1}, outcomes
    _assert_sound(world, places)


def _assert_sound(world, places):
    bookings = world.all(Booking)
    assert not [one for one in bookings if one.state is BookingState.REQUESTED]
    for opening in world.all(Opening):
        own = Counter(one.state for one in bookings if one.opening_id == opening.id)
        assert opening.booked == sum(own[state] for state in PLACE_HOLDING_STATES)
        assert opening.waiting == own[BookingState.WAITING]
        still_there = FAMILIES - own[BookingState.CANCELLED]
        assert opening.booked == min(places, still_there)
    ranks = Counter(one.booking_id for one in world.all(AllotmentRank))
    assert set(ranks.values()) == {1}
    assert len(world.all(Allotment)) == 1
    told = select(OutgoingMail).where(OutgoingMail.kind == MailKind.ALLOTMENT_RESULT)
    assert max(Counter(mail.household_id for mail in world.all(told)).values()) == 1
