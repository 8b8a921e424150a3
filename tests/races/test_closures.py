"""Closures that compete with others and with families: each booking ends, is credited and told once (R12)."""

from collections import Counter
from datetime import date
from threading import Event

import pytest
from sqlalchemy import select

from domain.enums import BookingState, LineState, MailKind
from models import Booking, BookingEvent, OutgoingMail
from queries.closures import Wish
from services import closures, openings
from services.accounts import Author
from services.closures import Closed
from tests.booking_bench import MONDAY, TUESDAY
from tests.races.test_places import all_at_once, assert_counters_equal_rows, drafts, families, submit

pytestmark = pytest.mark.race

WEDNESDAY = date(2027, 2, 3)


def close(bench, agent, first, last, reason):
    wish = Wish(bench.canteen.facility.id, None, None, first, last)
    return lambda: closures.close(wish, reason, scope=None, author=agent, now=bench.world.now)


def test_two_closures_at_once_end_and_credit_each_booking_once(world):
    benches = families(world, count=3)
    for bench in benches:
        bench.ask(MONDAY)
        bench.ask(TUESDAY)
    agent = Author(world.staff().id)
    acts = [
        close(benches[0], agent, MONDAY, TUESDAY, "Grève"),
        close(benches[0], agent, TUESDAY, TUESDAY, "Neige"),
        close(benches[0], agent, MONDAY, TUESDAY, "Grève"),
    ]
    outcomes = all_at_once(world.app, acts)
    assert all(isinstance(one, Closed) for one in outcomes), outcomes
    assert sum(one.bookings for one in outcomes) == 6
    assert sum(one.credit_cents for one in outcomes) == 6 * 320
    ended = world.all(select(BookingEvent).where(BookingEvent.closure_id.is_not(None)))
    assert Counter(one.booking_id for one in ended) == dict.fromkeys(
        (one.id for one in world.all(Booking)), 1
    )
    told = world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.CLOSURE))
    assert len(told) == sum(one.households for one in outcomes)
    assert_counters_equal_rows(benches[0])


def test_a_day_opened_while_its_facility_is_closed_is_born_closed(world, monkeypatch):
    """The opening waits with its new day, unseen, for as long as a closure that does not wait would need."""
    bench, agent = families(world, count=1)[0], Author(world.staff().id)
    opened, closed = Event(), Event()
    close_new_days = closures.close_new_days

    def slowly(*arguments):
        close_new_days(*arguments)
        opened.set()
        closed.wait(1)

    monkeypatch.setattr(closures, "close_new_days", slowly)

    def act():
        assert opened.wait(5)
        made = close(bench, agent, MONDAY, WEDNESDAY, "Grève")()
        closed.set()
        return made

    def open_wednesday():
        activity_id, period_id = bench.canteen.activity.id, bench.canteen.period.id
        return openings.open_days(activity_id, period_id, [WEDNESDAY], None, author=agent, now=world.now)

    outcomes = all_at_once(world.app, [open_wednesday, act])
    assert not [one for one in outcomes if isinstance(one, BaseException)], outcomes
    assert bench.opening(WEDNESDAY).closed_reason == "Grève"


def test_a_closure_and_validations_at_once_leave_nobody_booked(world):
    """Whoever is first, no child is expected on the closed day."""
    benches = families(world, count=3)
    keys = drafts(benches)
    agent = Author(world.staff().id)
    acts = [submit(bench, key) for bench, key in zip(benches, keys, strict=True)]
    outcomes = all_at_once(world.app, [*acts, close(benches[0], agent, MONDAY, MONDAY, "Grève")])
    assert not [one for one in outcomes if isinstance(one, BaseException)], outcomes
    assert {one.state for one in world.all(Booking)} <= {BookingState.CANCELLED}
    assert set(benches[0].states()) <= {LineState.ACCEPTED, LineState.REFUSED}
    assert benches[0].counts(MONDAY) == (0, 0)
    assert_counters_equal_rows(benches[0])
