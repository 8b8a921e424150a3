"""Structures and their openings, below the pages: what is refused, and what two agents do at once."""

from datetime import UTC, date, datetime

import pytest

from domain.enums import ActivityKind, BookingState, FacilityKind
from domain.errors import NotFound, Refused
from models import AuditEvent, BookingPeriod, Opening
from services import facilities, openings
from services.accounts import Author
from services.facilities import ActivityData, FacilityData, PeriodData
from services.openings import Stretch
from tests.factories import weekdays

DAYS = weekdays(date(2027, 1, 18), date(2027, 1, 22))
WEEK = Stretch(date(2027, 1, 18), date(2027, 1, 22))


@pytest.fixture
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def act(world, clock):
    return {"author": Author(world.staff().id), "now": clock.now()}


@pytest.fixture
def canteen(world):
    return world.canteen(DAYS, capacity=5)


def period(**values):
    days = {"first_day": date(2027, 1, 1), "last_day": date(2027, 2, 1)}
    return PeriodData("Hiver", **days | {"opens_at": datetime(2026, 12, 1, tzinfo=UTC)} | values)


def test_a_name_already_taken_leaves_no_trace(world, context, act):
    school = world.facility()

    with pytest.raises(Refused, match="porte déjà ce nom") as refusal:
        facilities.update_facility(
            world.facility("Autre").id, FacilityData(school.name, FacilityKind.SCHOOL), **act
        )

    assert refusal.value.code == "name_taken"
    assert world.all(AuditEvent) == []


def test_the_same_activity_name_serves_in_two_facilities(world, context, act):
    first, second = world.facility("École A"), world.facility("École B")
    for place in (first, second):
        facilities.create_activity(place.id, ActivityData("Cantine", ActivityKind.MEAL), **act)

    with pytest.raises(Refused, match="porte déjà ce nom"):
        facilities.create_activity(first.id, ActivityData("Cantine", ActivityKind.MEAL), **act)


def test_a_saving_without_change_is_not_journalled(world, context, act, canteen):
    facilities.update_period(
        canteen.period.id,
        PeriodData(canteen.period.name, DAYS[0], DAYS[-1], canteen.period.opens_at),
        **act,
    )

    assert world.all(AuditEvent) == []


def test_bookings_cannot_close_before_they_open(world, context, act):
    with pytest.raises(Refused, match="avant leur ouverture"):
        facilities.create_period(
            world.facility().id, period(closes_at=datetime(2026, 12, 1, tzinfo=UTC)), **act
        )


def test_a_period_with_openings_is_kept(world, context, act, canteen):
    with pytest.raises(Refused, match="4\u00a0jours d’ouverture"):
        facilities.delete_period(canteen.period.id, **act)

    assert world.one(BookingPeriod)


# --- Openings -----------------------------------------------------------------------------------


def test_the_period_of_another_facility_opens_nothing(world, context, act, canteen):
    other = world.period(world.facility("Autre"), DAYS[0], DAYS[-1])

    with pytest.raises(NotFound):
        openings.open_days(canteen.activity.id, other.id, DAYS, 10, **act)


def test_a_day_outside_of_its_period_is_refused(world, context, act, canteen):
    with pytest.raises(Refused, match="hors de la période"):
        openings.open_days(canteen.activity.id, canteen.period.id, [date(2027, 6, 1)], 10, **act)


def test_no_limit_is_always_large_enough(world, context, act, canteen):
    made = openings.set_capacity(canteen.activity.id, WEEK, None, **act)

    assert made.days == 4
    assert {one.capacity for one in world.all(Opening)} == {None}


def test_new_places_are_offered_to_the_children_who_wait(world, context, act, canteen):
    household = world.household()
    for name in ("Léo", "Mia", "Tom"):
        child = world.child(household, name)
        world.enrol(child, canteen.facility)
        world.booking(household, child, canteen.openings[1], canteen.meal, BookingState.WAITING)

    made = openings.set_capacity(canteen.activity.id, WEEK, 2, **act)

    assert (made.offered, made.waiting) == (2, 1)


def test_one_overfull_day_keeps_every_day_as_it_was(world, context, act, canteen):
    household = world.household()
    for name in ("Léo", "Mia", "Tom"):
        world.booking(household, world.child(household, name), canteen.openings[2], canteen.meal)

    with pytest.raises(Refused) as refusal:
        openings.set_capacity(canteen.activity.id, WEEK, 2, **act)

    assert refusal.value.code == "below_booked"
    assert "jeu. 21\u00a0janv. (3\u00a0places prises)" in refusal.value.message
    assert {one.capacity for one in world.all(Opening)} == {5}


def test_a_stretch_without_opening_says_so(world, context, act, canteen):
    with pytest.raises(Refused, match="Aucune ouverture entre ces deux jours"):
        openings.set_capacity(canteen.activity.id, Stretch(date(2027, 3, 1), date(2027, 3, 5)), 3, **act)


def test_an_open_day_is_not_reopened(world, context, act, canteen):
    with pytest.raises(Refused, match="déjà ouvert"):
        openings.reopen_day(canteen.openings[0].id, **act)


def test_a_cancelled_booking_keeps_its_day(world, context, act, canteen):
    household = world.household()
    world.booking(
        household, world.child(household), canteen.openings[0], canteen.meal, BookingState.CANCELLED
    )

    made = openings.withdraw_days(canteen.activity.id, WEEK, **act)

    assert (made.removed, made.kept) == (3, 1)
