"""Freed places, offers, groups and parts of the day under many at once (R11, R18): nothing sold twice,
nothing left unsold while somebody waits."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.capacity import DayPart
from domain.enums import BookingState, Channel, LineState
from domain.errors import Refused, Stale
from models import Activity, Booking, Opening, PlaceLimit
from services import booking_requests, openings, places, waiting_lists
from services.accounts import Author
from services.booking_drafts import Wanted
from services.booking_life import Actor
from services.openings import Stretch
from services.places import LimitKey
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, Bench
from tests.books import assert_books_balance
from tests.races.test_places import all_at_once, drafts, families, submit

pytestmark = pytest.mark.race

ACCEPTED, OFFERED, WAITING = BookingState.ACCEPTED, BookingState.OFFERED, BookingState.WAITING
ONLY_MONDAY = Stretch(MONDAY, MONDAY)


def with_list(world, count: int) -> list[Bench]:
    """As many families as wanted; the activity keeps a waiting list."""
    benches = families(world, count)
    with world.app.app_context(), write_transaction() as session:
        session.execute(update(Activity).values(has_waiting_list=True))
    return benches


def limit(bench: Bench, limits: dict[LimitKey, int], capacity: int | None = None) -> Any:
    world = bench.world
    author = Author(world.staff().id)
    return openings.set_capacity(
        bench.canteen.activity.id, ONLY_MONDAY, capacity, limits, author=author, now=world.now
    )


def states(benches: list[Bench]) -> list[BookingState]:
    bookings = {one.child_id: one.state for one in benches[0].world.all(select(Booking).order_by(Booking.id))}
    return [bookings[bench.leo.id] for bench in benches]


def for_parts(world, benches: list[Bench]) -> list[str]:
    """Drafts of Monday: half of the families want the whole day, half the afternoon, which has two places."""
    activity = benches[0].canteen.activity
    afternoon = world.presence_type(activity, "Après-midi", parts=int(DayPart.AFTERNOON))
    with world.app.app_context():
        limit(benches[0], {LimitKey(None, int(DayPart.AFTERNOON)): 2})
    keys = []
    for place, bench in enumerate(benches):
        keys.append(bench.start())
        bench.touch(keys[-1], MONDAY, type_id=afternoon.id if place % 2 else None)
    return keys


def test_a_part_of_the_day_is_given_as_often_as_it_has_places(world):
    benches = with_list(world, 6)
    keys = for_parts(world, benches)
    outcomes = all_at_once(world.app, [submit(bench, key) for bench, key in zip(benches, keys, strict=True)])
    assert all(isinstance(one, str) for one in outcomes), outcomes
    assert sorted(states(benches)) == [ACCEPTED] * 2 + [WAITING] * 4
    assert world.one(PlaceLimit).booked == 2
    assert_books_balance(world)


def test_without_the_guard_a_part_of_the_day_is_given_too_often(world, monkeypatch):
    """The control: a guard that looks at the whole day alone."""
    benches = with_list(world, 6)
    keys = for_parts(world, benches)

    def blind(session, seat):
        of_the_day = update(Opening).where(Opening.id == seat.opening_id)
        session.execute(of_the_day.values(booked=Opening.booked + 1))
        return True

    monkeypatch.setattr(places, "take", blind)
    all_at_once(world.app, [submit(bench, key) for bench, key in zip(benches, keys, strict=True)])
    assert states(benches).count(ACCEPTED) > 2 or world.one(PlaceLimit).booked != 2


def test_places_given_back_go_to_who_waits_whoever_comes_meanwhile(world):
    """Three leave, three wait, three come: those who wait are offered the places, the newcomers wait."""
    benches = with_list(world, 9)
    holders, waiting, newcomers = benches[:3], benches[3:6], benches[6:]
    for bench in (*holders, *waiting):
        bench.ask(MONDAY)
    leaving = []
    for bench in holders:
        leaving.append(bench.start())
        bench.touch(leaving[-1], MONDAY, Wanted.CANCEL)
    everybody = [*zip(holders, leaving, strict=True), *zip(newcomers, drafts(newcomers), strict=True)]
    outcomes = all_at_once(world.app, [submit(bench, key) for bench, key in everybody])
    assert all(isinstance(one, str) for one in outcomes), outcomes
    assert states(waiting) == [OFFERED] * 3
    assert states(newcomers) == [WAITING] * 3
    assert benches[0].counts(MONDAY) == (3, 3)
    assert_books_balance(world)


def test_an_offer_is_answered_once_by_two_parents_and_the_worker(world):
    benches = with_list(world, 5)
    for bench in benches:
        bench.ask(MONDAY)
    benches[0].ask(MONDAY, wanted=Wanted.CANCEL)
    first, second = benches[3], benches[4]
    booking_id, home, now = first.booking.id, [first.home.id], world.now
    actor = Actor(first.claire.id, "Claire", Channel.PORTAL)
    too_late = now + timedelta(hours=24)
    outcomes = all_at_once(
        world.app,
        [
            lambda: waiting_lists.accept(booking_id, home, actor, now),
            lambda: waiting_lists.accept(booking_id, home, actor, now),
            lambda: waiting_lists.give_up(booking_id, home, actor, now + timedelta(minutes=1)),
            lambda: waiting_lists.expire(too_late),
        ],
    )
    answered = [one for one in outcomes[:3] if not isinstance(one, Exception)]
    assert len(answered) + outcomes[3] == 1, outcomes
    assert all(isinstance(one, Stale) for one in outcomes[:3] if isinstance(one, Exception)), outcomes
    was_taken = ACCEPTED in outcomes[:2]
    assert states([second]) == [WAITING if was_taken else OFFERED]
    assert benches[0].counts(MONDAY)[0] == 3
    assert_books_balance(world)


def test_fewer_places_and_new_bookings_at_once_never_overbook(world):
    """The service lowers a group to one place while its families book: refused, or they wait."""
    benches = families(world, 4)
    key = LimitKey(None, int(DayPart.MEAL))
    with world.app.app_context():
        limit(benches[0], {key: 3})
    agent = Author(world.staff().id)

    def lower():
        return openings.set_capacity(
            benches[0].canteen.activity.id, ONLY_MONDAY, None, {key: 1}, author=agent, now=world.now
        )

    acts = [submit(bench, draft) for bench, draft in zip(benches, drafts(benches), strict=True)]
    outcomes = all_at_once(world.app, [*acts, lower])
    assert all(isinstance(one, str) for one in outcomes[:-1]), outcomes
    row = world.one(PlaceLimit)
    accepted = [line for line in benches[0].lines() if line.state is LineState.ACCEPTED]
    assert len(accepted) == row.booked <= row.capacity
    assert row.capacity == (3 if isinstance(outcomes[-1], Refused) else 1)
    assert_books_balance(world)


def test_an_agent_and_an_offer_do_not_give_one_place_twice(world):
    """A place comes free while an agent accepts somebody of the list by hand."""
    benches = with_list(world, 5)
    for bench in benches:
        bench.ask(MONDAY)
    leaving = benches[0].start()
    benches[0].touch(leaving, MONDAY, Wanted.CANCEL)
    last = benches[4]
    line_id = next(line.id for line in last.lines() if line.child_id == last.leo.id)
    agent = world.staff().id

    def by_hand():
        return booking_requests.decide_lines(
            [line_id], accept=True, reason="", actor_user_id=agent, facility_ids=None, now=world.now
        )

    all_at_once(world.app, [submit(benches[0], leaving), by_hand])
    assert states(benches[3:]) == [OFFERED, WAITING]
    assert benches[0].counts(MONDAY) == (3, 1)
    assert_books_balance(world)
