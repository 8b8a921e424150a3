"""The draft: what it keeps, what it refuses, and that it books nothing (S89 to S93, S97, S102, S104)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.enums import BookingState, LineAction, ValidationMode
from domain.errors import NotFound, Refused, Stale
from models import Booking, BookingDraft, BookingDraftLine
from services import booking_drafts
from services.booking_drafts import Author, Wanted
from tests.booking_bench import FEBRUARY, MONDAY, THURSDAY, TUESDAY, Bench


@pytest.fixture
def bench(world):
    return Bench(world)


def test_a_touched_day_is_a_wish_and_books_nothing(bench):
    key = bench.start()
    touched = bench.touch(key, MONDAY)
    line = bench.world.one(BookingDraftLine)
    assert (line.child_id, line.day, line.action) == (bench.leo.id, MONDAY, LineAction.BOOK)
    assert touched.day.wish is LineAction.BOOK
    assert [day.day for day in touched.wishes] == [MONDAY]
    assert bench.world.all(Booking) == []
    assert bench.counts(MONDAY) == (0, 0)


def test_the_same_wanted_state_twice_is_one_wish(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, MONDAY)
    assert len(bench.world.all(BookingDraftLine)) == 1
    bench.touch(key, MONDAY, Wanted.UNBOOK)
    assert bench.touch(key, MONDAY, Wanted.UNBOOK).wishes == []
    assert bench.world.all(BookingDraftLine) == []


def test_a_draft_remembers_where_the_parent_was(bench):
    key = bench.start()
    bench.touch(key, date(2027, 3, 1))
    draft = bench.world.one(BookingDraft)
    assert (draft.month, draft.presence_type_id) == (date(2027, 3, 1), bench.meal_id)


def test_a_booked_day_offers_cancelling_and_its_undoing(bench):
    booking = bench.world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal)
    key = bench.start()
    assert bench.touch(key, MONDAY, Wanted.CANCEL).day.wish is LineAction.CANCEL
    assert bench.world.one(BookingDraftLine).action is LineAction.CANCEL
    assert bench.touch(key, MONDAY, Wanted.UNCANCEL).day.wish is None
    assert bench.world.one(Booking).id == booking.id
    with pytest.raises(Refused, match="déjà réservé"):
        bench.touch(key, MONDAY, Wanted.BOOK)


def test_what_is_not_booked_cannot_be_cancelled(bench):
    with pytest.raises(Refused, match="n’est plus active"):
        bench.touch(bench.start(), MONDAY, Wanted.CANCEL)


def test_a_wish_changes_its_presence_type_by_touching_it_again(bench):
    snack = bench.world.presence_type(bench.canteen.activity, "Repas sans viande")
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, MONDAY, Wanted.BOOK, snack.id)
    assert bench.world.one(BookingDraftLine).presence_type_id == snack.id


@pytest.mark.parametrize(
    ("day", "code"),
    [(date(2027, 1, 11), "past"), (date(2027, 1, 12), "too_late"), (date(2027, 2, 3), "closed")],
)
def test_a_day_that_cannot_be_had_is_refused_with_the_rule(bench, day, code):
    with pytest.raises(Refused) as refusal:
        bench.touch(bench.start(), day)
    assert refusal.value.code == code
    assert bench.world.all(BookingDraftLine) == []


def test_too_late_names_the_limit_and_the_contact(bench):
    with pytest.raises(Refused) as refusal:
        bench.touch(bench.start(), date(2027, 1, 12))
    assert "réservable jusqu’au lundi 11 janvier, 18 h" in refusal.value.message.replace("\xa0", " ")
    assert "05 65 11 22 33" in refusal.value.message


@pytest.mark.parametrize(
    ("monday", "last_moment"),
    [
        (date(2026, 10, 26), datetime(2026, 10, 25, 17, 0, tzinfo=UTC)),  # 18 h in winter time, that very day
        (date(2027, 3, 29), datetime(2027, 3, 28, 16, 0, tzinfo=UTC)),  # 18 h in summer time, that very day
    ],
)
def test_the_eve_at_18_h_is_right_on_both_clock_changes(world, clock, monday, last_moment):
    """S119: the day before the service is the Sunday when the clocks change."""
    bench = Bench(world, days=[monday])
    clock.move_to(last_moment)
    key = bench.start(month=monday.replace(day=1))
    bench.touch(key, monday)
    clock.advance(seconds=1)
    with pytest.raises(Refused) as refusal:
        bench.touch(key, monday)
    assert refusal.value.code == "too_late"
    assert "dimanche" in refusal.value.message


def test_closed_and_full_days_say_why(world):
    bench = Bench(world, capacity=1)
    other = world.child(world.household("MARTY"), "Zoé")
    world.booking(bench.home, other, bench.opening(MONDAY), bench.canteen.meal)
    with pytest.raises(Refused) as full:
        bench.touch(bench.start(), MONDAY)
    assert full.value.code == "full"
    strike = world.openings(
        bench.canteen.activity, bench.canteen.period, [date(2027, 2, 3)], closed_reason="grève"
    )
    with pytest.raises(Refused, match="grève"):
        bench.touch(bench.start(), strike[0].day)


def test_a_day_that_became_a_public_holiday_is_not_booked_any_more(world):
    bench = Bench(world)
    world.public_holiday(MONDAY, "Lundi de Pentecôte")
    with pytest.raises(Refused, match=r"Férié ce jour-là \(Lundi de Pentecôte\)"):
        bench.touch(bench.start(), MONDAY)


def test_a_booking_of_a_day_that_became_a_public_holiday_can_be_given_up(world):
    bench = Bench(world)
    world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal)
    world.public_holiday(MONDAY, "Lundi de Pentecôte")
    key = bench.start()
    bench.touch(key, MONDAY, Wanted.CANCEL)
    assert [line.action for line in world.all(BookingDraftLine)] == [LineAction.CANCEL]


def test_a_period_that_is_not_open_says_when(world):
    bench = Bench(world)
    bench.start()
    camp = world.period(
        bench.canteen.facility,
        date(2027, 4, 12),
        date(2027, 4, 16),
        opens_at=world.now + timedelta(days=20),
    )
    world.openings(bench.canteen.activity, camp, [date(2027, 4, 12)])
    with pytest.raises(Refused, match="ouvrent le lundi 1er") as refusal:
        bench.touch(bench.start(), date(2027, 4, 12))
    assert refusal.value.code == "not_open_yet"


def test_a_draft_is_one_persons(bench):
    key = bench.start()
    other_home = bench.world.household("MARTY")
    stranger = Author(bench.world.parent(other_home, "Ana").id, (other_home.id,))
    spouse = Author(bench.world.parent(bench.home, "Paul").id, (bench.home.id,))
    for author in (stranger, spouse):
        with bench.app.app_context(), pytest.raises(NotFound):
            booking_drafts.set_day(author, key, MONDAY, Wanted.BOOK, bench.meal_id, bench.world.now)
        with bench.app.app_context(), pytest.raises(NotFound):
            booking_drafts.discard(author, key, bench.world.now)


def test_somebody_elses_child_is_not_found(bench):
    zoe = bench.world.child(bench.world.household("MARTY"), "Zoé")
    bench.world.enrol(zoe, bench.canteen.facility)
    with bench.app.app_context(), pytest.raises(NotFound):
        booking_drafts.start(bench.author, zoe.id, FEBRUARY, bench.world.now)
    key = bench.start()
    with bench.app.app_context(), pytest.raises(NotFound):
        booking_drafts.choose_child(bench.author, key, zoe.id, bench.world.now)


def test_a_forged_place_or_presence_type_is_refused(bench):
    elsewhere = bench.world.canteen([MONDAY], name="ALSH Saint-Géry")
    key = bench.start()
    with bench.app.app_context(), pytest.raises(Refused, match="dans la liste"):
        booking_drafts.choose_place(bench.author, key, elsewhere.facility.id, FEBRUARY, bench.world.now)
    with pytest.raises(NotFound):
        bench.touch(key, MONDAY, Wanted.BOOK, elsewhere.meal.id)


def test_one_draft_holds_several_children_of_one_household(bench):
    marie = bench.other_child()
    key = bench.start()
    bench.touch(key, MONDAY)
    with bench.app.app_context():
        booking_drafts.choose_child(bench.author, key, marie.id, bench.world.now)
    bench.touch(key, TUESDAY)
    assert {line.child_id for line in bench.world.all(BookingDraftLine)} == {bench.leo.id, marie.id}


def test_a_child_of_another_household_needs_another_request(bench):
    second_home = bench.world.household("MARTY")
    tom = bench.world.child(second_home, "Tom")
    bench.world.enrol(tom, bench.canteen.facility)
    author = Author(bench.claire.id, (bench.home.id, second_home.id))
    key = bench.start()
    bench.touch(key, MONDAY)
    with bench.app.app_context(), pytest.raises(Refused, match="autre foyer"):
        booking_drafts.choose_child(author, key, tom.id, bench.world.now)
    empty = bench.start()
    with bench.app.app_context():
        booking_drafts.choose_child(author, empty, tom.id, bench.world.now)
    moved = next(draft for draft in bench.world.all(BookingDraft) if draft.key == empty)
    assert (moved.household_id, moved.facility_id) == (second_home.id, bench.canteen.facility.id)


def test_removing_and_resuming_a_line(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, date(2027, 3, 4))
    first, _ = bench.world.all(BookingDraftLine)
    with bench.app.app_context():
        booking_drafts.remove_line(bench.author, key, first.id, bench.world.now)
        booking_drafts.resume(bench.author, key, bench.leo.id, bench.canteen.facility.id, bench.world.now)
        with pytest.raises(NotFound):
            booking_drafts.resume(bench.author, key, bench.leo.id, 999, bench.world.now)
    assert bench.world.one(BookingDraftLine).day == date(2027, 3, 4)
    assert bench.world.one(BookingDraft).month == date(2027, 3, 1)


def test_a_validated_draft_does_not_move_any_more(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.submit(key)
    with pytest.raises(Stale):
        bench.touch(key, TUESDAY)
    with bench.app.app_context(), pytest.raises(Stale):
        booking_drafts.discard(bench.author, key, bench.world.now)


def test_cancelling_from_the_agenda_opens_a_draft_with_that_line(bench):
    booking = bench.world.booking(bench.home, bench.leo, bench.opening(THURSDAY), bench.canteen.meal)
    with bench.app.app_context():
        key = booking_drafts.start_cancelling(bench.author, booking.id, bench.world.now)
    line = bench.world.one(BookingDraftLine)
    assert (line.day, line.action) == (THURSDAY, LineAction.CANCEL)
    bench.submit(key)
    assert bench.world.one(Booking).state is BookingState.CANCELLED
    with bench.app.app_context(), pytest.raises(Refused, match="plus active"):
        booking_drafts.start_cancelling(bench.author, booking.id, bench.world.now)


def test_another_households_booking_cannot_be_cancelled(bench):
    other = bench.world.household("MARTY")
    zoe = bench.world.child(other, "Zoé")
    booking = bench.world.booking(other, zoe, bench.opening(MONDAY), bench.canteen.meal)
    with bench.app.app_context(), pytest.raises(NotFound):
        booking_drafts.start_cancelling(bench.author, booking.id, bench.world.now)


def test_a_child_of_two_households_is_booked_once_and_only_its_own_household_cancels(bench):
    other = bench.world.household("MARTY")
    bench.world.booking(other, bench.leo, bench.opening(MONDAY), bench.canteen.meal)
    key = bench.start()
    for wanted in (Wanted.BOOK, Wanted.CANCEL):
        with pytest.raises(Refused, match="autre foyer"):
            bench.touch(key, MONDAY, wanted)


def test_the_planning_answers_for_a_facility_that_validates_by_hand(world):
    bench = Bench(world, validation_mode=ValidationMode.MANUAL)
    touched = bench.touch(bench.start(), MONDAY)
    assert touched.day.mode is ValidationMode.MANUAL
