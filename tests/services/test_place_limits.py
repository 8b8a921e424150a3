"""Places of groups and of parts of the day (R11): counted, narrowed, served, and moved with a child."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.capacity import DayPart
from domain.enums import Availability, BookingState
from domain.errors import NotFound, Refused
from models import Activity, Booking, Enrolment, PlaceLimit
from services import facilities, households, openings
from services.accounts import Author
from services.booking_drafts import Wanted
from services.facilities import GroupData, PresenceTypeData
from services.households import Placement
from services.openings import Stretch
from services.places import LimitKey
from services.transaction import write_transaction
from tests import statements
from tests.booking_bench import MONDAY, TUESDAY, Bench

ACCEPTED, OFFERED, WAITING = BookingState.ACCEPTED, BookingState.OFFERED, BookingState.WAITING
MORNING, AFTERNOON = DayPart.MORNING, DayPart.AFTERNOON
ONLY_MONDAY = Stretch(MONDAY, MONDAY)
YEAR = (date(2026, 9, 1), date(2027, 8, 31))


class Centre:
    """A leisure centre with the little and the big ones; full days, mornings and afternoons."""

    def __init__(self, world):
        self.first = Bench(world)
        self.world, self.canteen = world, self.first.canteen
        self.small = world.group(self.canteen.facility, "Petits", first_age=3, last_age=5)
        self.big = world.group(self.canteen.facility, "Grands", first_age=6, last_age=11)
        self.morning = world.presence_type(self.canteen.activity, "Matin", parts=int(MORNING))
        self.afternoon = world.presence_type(self.canteen.activity, "Après-midi", parts=int(AFTERNOON))
        self.act = {"author": Author(world.staff().id), "now": world.now}
        self.place(self.first, self.small)
        self.change(Activity, has_waiting_list=True)

    def run(self, act, *values, **named):
        with self.world.app.app_context():
            return act(*values, **named, **self.act)

    def change(self, table, **columns):
        with self.world.app.app_context(), write_transaction() as session:
            for row in session.scalars(select(table)):
                for name, value in columns.items():
                    setattr(row, name, value)

    def place(self, family, group):
        with self.world.app.app_context(), write_transaction() as session:
            rows = select(Enrolment).where(Enrolment.child_id == family.leo.id)
            session.scalars(rows).one().group_id = group and group.id

    def family(self, name, group):
        family = self.first.neighbour(name, name.title())
        self.place(family, group)
        return family

    def limit(self, limits, capacity=None, stretch=ONLY_MONDAY):
        return self.run(openings.set_capacity, self.canteen.activity.id, stretch, capacity, limits)

    def booked(self):
        """By (group, part), what the limits count."""
        return {
            LimitKey(row.group_id, row.part): row.booked
            for row in self.world.all(select(PlaceLimit).order_by(PlaceLimit.id))
        }

    def move(self, family, group):
        (row,) = self.world.all(select(Enrolment).where(Enrolment.child_id == family.leo.id))
        former = households.read(Placement, row)
        wanted = Placement(row.facility_id, *YEAR, group_id=group.id)
        seen = households.fingerprint(former)
        return self.run(households.update_enrolment, family.home.id, row.id, wanted, seen=seen)


@pytest.fixture
def centre(world):
    return Centre(world)


def test_a_group_is_full_before_the_day_and_the_other_group_still_comes(centre):
    small, big = LimitKey(centre.small.id, 0), LimitKey(centre.big.id, 0)
    centre.limit({small: 1, big: 1}, capacity=5)
    late, other = centre.family("MARTY", centre.small), centre.family("VIDAL", centre.big)
    for family in (centre.first, late, other):
        family.ask(MONDAY)
    assert [one.booking.state for one in (centre.first, late, other)] == [ACCEPTED, WAITING, ACCEPTED]
    assert centre.booked() == {small: 1, big: 1}
    assert centre.first.counts(MONDAY) == (2, 1)


def test_a_full_day_takes_a_place_in_each_part_and_a_morning_in_one(centre):
    keys = LimitKey(None, MORNING), LimitKey(None, AFTERNOON)
    centre.limit(dict.fromkeys(keys, 1))
    afternoon, full_day = centre.family("MARTY", None), centre.family("VIDAL", None)
    centre.first.ask(MONDAY, type_id=centre.morning.id)
    full_day.ask(MONDAY)
    afternoon.ask(MONDAY, type_id=centre.afternoon.id)
    assert [one.booking.state for one in (centre.first, full_day, afternoon)] == [ACCEPTED, WAITING, ACCEPTED]
    assert list(centre.booked().values()) == [1, 1]


def test_a_freed_place_is_offered_to_the_first_whom_it_suits(centre):
    small, big = LimitKey(centre.small.id, 0), LimitKey(centre.big.id, 0)
    centre.limit({small: 1, big: 1})
    other = centre.family("VIDAL", centre.big)
    waits_big, waits_small = centre.family("DURAND", centre.big), centre.family("MARTY", centre.small)
    for family in (centre.first, other, waits_big, waits_small):
        family.ask(MONDAY)
    centre.first.ask(MONDAY, wanted=Wanted.CANCEL)
    assert [one.booking.state for one in (waits_big, waits_small)] == [WAITING, OFFERED]
    assert centre.booked() == {small: 1, big: 1}


def test_going_from_a_full_day_to_a_morning_frees_the_afternoon_for_who_waits(centre):
    key = LimitKey(None, AFTERNOON)
    centre.limit({key: 1})
    waits = centre.family("MARTY", None)
    centre.first.ask(MONDAY)
    waits.ask(MONDAY, type_id=centre.afternoon.id)
    centre.first.ask(MONDAY, type_id=centre.morning.id)
    assert (centre.first.booking.state, waits.booking.state) == (ACCEPTED, OFFERED)
    assert centre.booked() == {key: 1}
    centre.first.ask(MONDAY, type_id=centre.canteen.meal.id)  # the afternoon is somebody else's now
    kept = [one for one in centre.world.all(Booking) if one.child_id == centre.first.leo.id]
    assert [one.presence_type_id for one in kept if one.state is ACCEPTED] == [centre.morning.id]
    assert centre.booked() == {key: 1}


def test_the_rank_is_that_of_the_group(centre):
    centre.limit({LimitKey(centre.small.id, 0): 1, LimitKey(centre.big.id, 0): 1})
    families = [centre.family(name, centre.big) for name in ("A", "B", "C")]
    second_small = centre.family("D", centre.small)
    for family in (centre.first, *families, second_small):
        family.ask(MONDAY)
    reasons = [line.reason for line in centre.first.lines() if line.reason]
    assert [reason.split("\u00a0: ")[1].split(" ")[0] for reason in reasons] == ["1er", "2e", "1er"]


def test_limits_given_later_count_what_is_booked_and_name_the_days_that_overflow(centre):
    for family in (centre.first, centre.family("MARTY", centre.small)):
        family.ask(MONDAY, TUESDAY)
    key = LimitKey(centre.small.id, 0)
    with pytest.raises(Refused) as refusal:
        centre.limit({key: 1}, stretch=Stretch(MONDAY, TUESDAY))
    assert refusal.value.code == "below_limit"
    assert "lun. 1er\u00a0févr., Petits (2\u00a0places prises)" in refusal.value.message
    assert centre.booked() == {}
    centre.limit({key: 2})
    assert centre.booked() == {key: 2}
    assert centre.first.opening(MONDAY).has_limits
    centre.limit({})
    assert centre.booked() == {}
    assert not centre.first.opening(MONDAY).has_limits


def test_more_places_for_a_group_are_offered_to_those_of_the_group(centre):
    small, big = LimitKey(centre.small.id, 0), LimitKey(centre.big.id, 0)
    centre.limit({small: 1, big: 0})
    waits_small, waits_big = centre.family("MARTY", centre.small), centre.family("VIDAL", centre.big)
    for family in (centre.first, waits_small, waits_big):
        family.ask(MONDAY)
    assert centre.limit({small: 5, big: 0}).offered == 1
    assert (waits_small.booking.state, waits_big.booking.state) == (OFFERED, WAITING)


def test_the_group_of_another_facility_is_not_found(centre):
    other = centre.world.group(centre.world.facility("Ailleurs"), "Moyens")
    with pytest.raises(NotFound):
        centre.limit({LimitKey(other.id, 0): 3})


def test_a_child_is_enrolled_in_the_group_of_its_age(centre):
    child = centre.world.child(centre.first.home, "Mia", birth_date=date(2022, 3, 2))
    placement = Placement(centre.canteen.facility.id, *YEAR)
    centre.run(households.add_enrolment, centre.first.home.id, child.id, placement)
    row = centre.world.one(select(Enrolment).where(Enrolment.child_id == child.id))
    assert row.group_id == centre.small.id


def test_bookings_to_come_follow_the_child_to_its_new_group(centre):
    small, big = LimitKey(centre.small.id, 0), LimitKey(centre.big.id, 0)
    centre.limit({small: 1, big: 1})
    waits = centre.family("MARTY", centre.small)
    centre.first.ask(MONDAY)
    waits.ask(MONDAY)
    centre.move(centre.first, centre.big)
    assert centre.first.booking.group_id == centre.big.id
    assert waits.booking.state is OFFERED
    assert centre.booked() == {small: 1, big: 1}
    assert centre.first.counts(MONDAY) == (2, 0)


def test_the_days_are_held_before_the_child(centre):
    """As in every act on bookings: a family that validates holds its days, then the child it shares."""
    centre.first.ask(MONDAY)
    with statements.recorded() as sent:
        centre.move(centre.first, centre.big)
    days = next(place for place, one in enumerate(sent) if "FROM opening" in one)
    child = next(place for place, one in enumerate(sent) if "FROM child " in one)
    assert days < child, statements.shown(sent)


def test_a_full_group_takes_nobody_and_everything_stays(centre):
    small, big = LimitKey(centre.small.id, 0), LimitKey(centre.big.id, 0)
    centre.limit({small: 1, big: 0})
    centre.first.ask(MONDAY)
    with pytest.raises(Refused) as refusal:
        centre.move(centre.first, centre.big)
    assert refusal.value.code == "group_full"
    assert "lun. 1er\u00a0févr." in refusal.value.message
    assert centre.first.booking.group_id == centre.small.id
    assert centre.booked() == {small: 1, big: 0}


def test_the_parts_of_a_presence_type_stay_while_places_are_counted_with_them(centre):
    data = PresenceTypeData("Matin", "Matin", parts=int(AFTERNOON))
    centre.limit({LimitKey(None, MORNING): 3})
    centre.first.ask(MONDAY, type_id=centre.morning.id)
    with pytest.raises(Refused, match="se comptent"):
        centre.run(facilities.update_presence_type, centre.morning.id, data)
    centre.limit({})
    centre.run(facilities.update_presence_type, centre.morning.id, data)


def test_the_ages_of_a_group_are_in_order_and_its_name_its_own(centre):
    facility_id = centre.canteen.facility.id
    with pytest.raises(Refused, match="âge maximal"):
        centre.run(facilities.create_group, facility_id, GroupData("Moyens", 8, 6))
    with pytest.raises(Refused, match="déjà ce nom"):
        centre.run(facilities.create_group, facility_id, GroupData("Petits", 3, 5))


def test_what_a_family_sees_before_it_asks_is_what_it_gets(centre):
    centre.limit({LimitKey(centre.small.id, 0): 0})
    key = centre.first.start()
    day = centre.first.touch(key, MONDAY).day
    assert (day.places_left, day.availability) == (0, Availability.WAITING_LIST)
    centre.first.submit(key)
    assert centre.first.booking.state is WAITING
