"""Many parents at once: places, drafts and answers hold and a control shows what the guard is worth.

Every contender is a thread with its own connection; a barrier lets them go together.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.enums import BookingState, LineState, ValidationMode
from domain.errors import BusinessError, Refused, Stale
from domain.workflow import PLACE_HOLDING_STATES
from extensions import db
from models import Booking, BookingDraft, BookingDraftLine, BookingRequest, Opening, OutgoingMail
from queries import booking_days
from services import booking_drafts, booking_requests, places
from services.booking_drafts import Author, Wanted
from services.transaction import write_transaction
from tests.booking_bench import FEBRUARY, MONDAY, SCHOOL_DAYS, THURSDAY, Bench

pytestmark = pytest.mark.race

PLACES = 3
CONTENDERS = PLACES + 5


def all_at_once(app, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run every act in its own thread and connection; what it returned or raised, in order."""
    outcomes: list[Any] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            with app.app_context():
                barrier.wait(timeout=30)
                outcomes[place] = act()
        except Exception as error:
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def families(world, count: int = CONTENDERS, **facility: Any) -> list[Bench]:
    """As many families, each with its own child, who all want the same Monday."""
    first = Bench(world, capacity=PLACES, **facility)
    others = [first.neighbour(f"FAMILLE {number}", f"Enfant {number}") for number in range(1, count)]
    return [first, *others]


def drafts(benches: Sequence[Bench], *days: date) -> list[str]:
    keys = []
    for bench in benches:
        keys.append(bench.start())
        for day in days or (MONDAY,):
            bench.touch(keys[-1], day)
    return keys


def submit(bench: Bench, key: str) -> Callable[[], str]:
    author, now = bench.author, bench.world.now
    return lambda: booking_requests.submit(author, key, "Claire", now)


def assert_counters_equal_rows(bench: Bench) -> None:
    """The counters of every opening are the number of its bookings."""
    bookings = bench.world.all(Booking)
    for opening in bench.world.all(Opening):
        own = Counter(booking.state for booking in bookings if booking.opening_id == opening.id)
        assert opening.booked == sum(own[state] for state in PLACE_HOLDING_STATES)
        assert opening.waiting == own[BookingState.WAITING]


@pytest.mark.parametrize("mode", ValidationMode)
def test_as_many_validations_as_places_are_accepted(world, mode):
    benches = families(world, validation_mode=mode)
    acts = [submit(bench, key) for bench, key in zip(benches, drafts(benches), strict=True)]
    outcomes = all_at_once(world.app, acts)
    assert all(isinstance(one, str) for one in outcomes), outcomes
    states = Counter(benches[0].states())
    held = LineState.ACCEPTED if mode is ValidationMode.AUTOMATIC else LineState.PENDING
    assert states == {held: PLACES, LineState.REFUSED: CONTENDERS - PLACES}
    assert benches[0].counts(MONDAY) == (PLACES, 0)
    assert_counters_equal_rows(benches[0])


def test_the_others_wait_when_there_is_a_list(world):
    benches = families(world)
    with world.app.app_context(), write_transaction() as session:
        session.merge(benches[0].canteen.activity).has_waiting_list = True
    acts = [submit(bench, key) for bench, key in zip(benches, drafts(benches), strict=True)]
    outcomes = all_at_once(world.app, acts)
    assert all(isinstance(one, str) for one in outcomes), outcomes
    states = Counter(benches[0].states())
    assert states == {LineState.ACCEPTED: PLACES, LineState.WAITING: CONTENDERS - PLACES}
    assert_counters_equal_rows(benches[0])


def test_requests_of_many_days_never_wait_for_each_other(world):
    """The same days in another order of touching: locks are taken in one order, nobody is stuck."""
    benches = families(world, count=6)
    days = SCHOOL_DAYS[10:22]
    keys = [drafts([bench], *(days[place:] + days[:place]))[0] for place, bench in enumerate(benches)]
    outcomes = all_at_once(world.app, [submit(bench, key) for bench, key in zip(benches, keys, strict=True)])
    assert all(isinstance(one, str) for one in outcomes), outcomes
    accepted = [booking for booking in world.all(Booking) if booking.state is BookingState.ACCEPTED]
    assert Counter(booking.day for booking in accepted) == dict.fromkeys(days, PLACES)
    assert_counters_equal_rows(benches[0])


def test_without_the_guard_the_day_is_overbooked(world, monkeypatch):
    """The control: facts read before, no lock, a write that trusts them; the same race sells too much."""
    benches = families(world)
    keys = drafts(benches)
    read_before: dict[int, list] = {}
    everybody_has_read = threading.Barrier(CONTENDERS)

    def trusting(session, opening_ids: Collection[int]) -> set[int]:
        booked = read_before[threading.get_ident()][0].booked
        session.execute(update(Opening).where(Opening.id.in_(opening_ids)).values(booked=booked + 1))
        return set(opening_ids) if booked < PLACES else set()

    real = booking_days.wishes
    monkeypatch.setattr(places, "lock", lambda *_: [])
    monkeypatch.setattr(places, "take_free", trusting)
    monkeypatch.setattr(booking_days, "wishes", lambda *_: read_before[threading.get_ident()])
    ids = {draft.key: draft.id for draft in world.all(BookingDraft)}

    def careless(bench: Bench, key: str) -> Callable[[], str]:
        act = submit(bench, key)

        def run() -> str:
            read_before[threading.get_ident()] = real(ids[key])
            db.session.rollback()
            everybody_has_read.wait(timeout=30)
            return act()

        return run

    all_at_once(world.app, [careless(bench, key) for bench, key in zip(benches, keys, strict=True)])
    accepted = [booking for booking in world.all(Booking) if booking.state is BookingState.ACCEPTED]
    assert len(accepted) > PLACES


def test_through_http(world):
    benches = families(world)
    keys = drafts(benches)
    posts = []
    for bench, key in zip(benches, keys, strict=True):
        client = world.app.test_client()
        client.sign_in(bench.claire)
        client.get(f"/reservations/{key}/recapitulatif")
        token = client.page.select_one("form.recap input")["value"]
        address = f"/reservations/{key}/valider"
        posts.append(lambda client=client, address=address, token=token: client.post(
            address, data={"csrf_token": token}
        ).status_code)  # fmt: skip
    assert all_at_once(world.app, posts) == [303] * CONTENDERS
    assert Counter(benches[0].states())[LineState.ACCEPTED] == PLACES
    assert_counters_equal_rows(benches[0])


def test_one_draft_validated_many_times_at_once_is_one_request(world):
    bench = Bench(world)
    key = drafts([bench], MONDAY, THURSDAY)[0]
    references = all_at_once(world.app, [submit(bench, key)] * 6)
    assert references == [world.one(BookingRequest).reference] * 6
    assert len(bench.lines()) == 2
    assert len(world.all(Booking)) == 2
    assert len(world.all(OutgoingMail)) == 1


def test_two_drafts_of_one_child_book_a_day_once(world):
    bench = Bench(world)
    keys = [drafts([bench])[0] for _ in range(4)]
    outcomes = all_at_once(world.app, [submit(bench, key) for key in keys])
    assert all(isinstance(one, str) for one in outcomes), outcomes
    assert Counter(bench.states()) == {LineState.ACCEPTED: 1, LineState.WITHDRAWN: 3}
    assert_counters_equal_rows(bench)


def test_fast_thumbs_lose_no_day_and_double_none(world):
    bench = Bench(world)
    key = bench.start()
    days = [MONDAY, MONDAY, MONDAY, *SCHOOL_DAYS[20:25]]
    author, meal_id, now = bench.author, bench.meal_id, world.now
    acts = [
        lambda day=day: booking_drafts.set_day(author, key, day, Wanted.BOOK, meal_id, now) for day in days
    ]
    outcomes = all_at_once(world.app, acts)
    assert not [one for one in outcomes if isinstance(one, BaseException)], outcomes
    assert sorted(line.day for line in world.all(BookingDraftLine)) == sorted(set(days))


def test_booking_and_cancelling_at_once_keep_the_counters(world):
    benches = families(world)
    for bench, key in zip(benches[:PLACES], drafts(benches[:PLACES]), strict=True):
        bench.submit(key)
    with world.app.app_context():
        leaving = [
            booking_drafts.start_cancelling(Author(bench.claire.id, (bench.home.id,)), booking.id, world.now)
            for bench, booking in zip(benches, world.all(select(Booking).order_by(Booking.id)), strict=False)
        ]
        coming = []
        for bench in benches[PLACES:]:
            key = booking_drafts.start(bench.author, bench.leo.id, FEBRUARY, world.now)
            facility_id = bench.canteen.facility.id
            booking_drafts.choose_place(bench.author, key, facility_id, FEBRUARY, world.now)
            coming.append(key)
    ids = {draft.key: draft.id for draft in world.all(BookingDraft)}
    opening = benches[0].opening(MONDAY)
    for bench, key in zip(benches[PLACES:], coming, strict=True):
        world.add(
            BookingDraftLine(
                draft_id=ids[key],
                child_id=bench.leo.id,
                opening_id=opening.id,
                presence_type_id=bench.meal_id,
                day=MONDAY,
                action="book",
            )
        )
    acts = [submit(bench, key) for bench, key in zip(benches, [*leaving, *coming], strict=True)]
    outcomes = all_at_once(world.app, acts)
    assert all(isinstance(one, str) for one in outcomes), outcomes
    assert benches[0].opening(MONDAY).booked <= PLACES
    assert_counters_equal_rows(benches[0])


def test_two_agents_answer_one_line_once(world):
    bench = Bench(world, validation_mode=ValidationMode.MANUAL)
    bench.ask(MONDAY)
    agents = [world.staff().id for _ in range(4)]
    (line,) = bench.lines()

    def answer(agent: int) -> Callable[[], int]:
        return lambda: booking_requests.decide_lines(
            [line.id],
            accept=agent % 2 == 0,
            reason="Effectif atteint.",
            actor_user_id=agent,
            facility_ids=None,
            now=world.now,
        )

    outcomes = all_at_once(world.app, [answer(agent) for agent in agents])
    assert Counter(type(one) for one in outcomes) == {int: 1, Stale: 3}, outcomes
    assert_counters_equal_rows(bench)


def test_two_agents_give_the_last_place_once(world):
    benches = families(world, count=PLACES + 2)
    with world.app.app_context(), write_transaction() as session:
        session.merge(benches[0].canteen.activity).has_waiting_list = True
        session.get_one(Opening, benches[0].opening(MONDAY).id).capacity = 0
    for bench, key in zip(benches, drafts(benches), strict=True):
        bench.submit(key)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Opening, benches[0].opening(MONDAY).id).capacity = 1
    agent = world.staff().id

    def accept(line_id: int) -> Callable[[], int]:
        return lambda: booking_requests.decide_lines(
            [line_id], accept=True, reason="", actor_user_id=agent, facility_ids=None, now=world.now
        )

    outcomes = all_at_once(world.app, [accept(line.id) for line in benches[0].lines()])
    assert Counter(type(one) for one in outcomes) == {int: 1, Refused: PLACES + 1}, outcomes
    assert all(isinstance(one, int | BusinessError) for one in outcomes)
    assert benches[0].counts(MONDAY) == (1, PLACES + 1)
    assert_counters_equal_rows(benches[0])
