"""The count of a kitchen (R32, S117): the same as the bookings every day of a year, kept at each step."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, pairwise

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from domain.calendar import add_months
from domain.enums import AbsenceState, AttendanceMark, BookingState, SchoolLevel
from domain.meal_counts import Portion
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import (
    Absence,
    Attendance,
    AuditEvent,
    Booking,
    Child,
    MealCount,
    MealCountLine,
    SchoolClass,
    Schooling,
)
from queries import meal_counts as queries
from queries import planning
from services import meal_counts
from services.transaction import write_transaction
from tests import statements
from tests.factories import weekdays
from tests.school_family import SchoolFamily

THURSDAY = date(2027, 1, 14)
FIRST, LAST = date(2026, 9, 1), date(2027, 7, 5)


@pytest.fixture
def family(world):
    return SchoolFamily(world)


def take(app, now: datetime) -> int:
    with app.app_context():
        return meal_counts.take_due(now)


def absence(world, booking: Booking) -> Absence:
    return world.add(
        Absence(
            booking_id=booking.id, state=AbsenceState.DECLARED, author_name="Claire", declared_at=world.now
        )
    )


def kept(world) -> dict[str, int]:
    """Meals by the step that took them, of the only day that has counts."""
    totals = select(MealCount.step_name, func.coalesce(func.sum(MealCountLine.meals), 0)).outerjoin(
        MealCountLine, MealCountLine.count_id == MealCount.id
    )
    with world.app.app_context():
        return dict(db.session.execute(totals.group_by(MealCount.id, MealCount.step_name)).all())


def test_every_day_of_a_year_the_list_is_the_agenda(world, app):
    """S117, R32: the list of the kitchen, the rows counted by hand, and the planning of the family."""
    days = weekdays(FIRST, LAST, range(5))
    canteen = world.canteen(days)
    half = world.presence_type(canteen.activity, "Sans repas", parts=1)
    household = world.household()
    children = [
        world.child(household, f"Enfant {number}", diet=("", "Sans porc", "Végétarien")[number % 3])
        for number in range(6)
    ]
    room = world.add(SchoolClass(facility_id=canteen.facility.id, school_year=2026, name="CP"))
    for child in children[:4]:
        world.enrol(child, canteen.facility, group_name="CE1")
    world.add(
        *(
            Schooling(
                child_id=child.id,
                school_year=2026,
                facility_id=canteen.facility.id,
                level=SchoolLevel.CP,
                class_id=room.id,
            )
            for child in children
        )
    )
    states = cycle([*BookingState, BookingState.ACCEPTED, BookingState.ACCEPTED, BookingState.PENDING])
    fates = cycle((False, False, False, True, False))
    presences = cycle([canteen.meal.id, canteen.meal.id, half.id, canteen.meal.id])
    rows = []
    for opening in canteen.openings:
        for child in children:
            state = next(states)
            rows.append(
                {
                    "household_id": household.id,
                    "child_id": child.id,
                    "opening_id": opening.id,
                    "activity_id": canteen.activity.id,
                    "presence_type_id": next(presences),
                    "day": opening.day,
                    "state": state,
                    "offer_expires_at": world.now if state is BookingState.OFFERED else None,
                    "created_at": world.now,
                    "updated_at": world.now,
                }
            )
    with app.app_context(), write_transaction() as session:
        session.execute(insert(Booking), rows)
    booked = world.all(select(Booking).order_by(Booking.id))
    away = {one.id for one in booked if next(fates) and one.state in ACTIVE_STATES}
    world.add(
        *(
            Absence(booking_id=one, state=AbsenceState.DECLARED, author_name="Claire", declared_at=world.now)
            for one in away
        )
    )
    room_of = {child.id: "CE1" if child in children[:4] else "CP" for child in children}
    diets = {child.id: child.diet for child in children}
    by_hand: dict[date, Counter[Portion]] = {day: Counter() for day in days}
    for one in booked:
        comes = one.state in (BookingState.ACCEPTED, BookingState.PENDING) and one.id not in away
        if comes and one.presence_type_id == canteen.meal.id:
            by_hand[one.day][Portion(canteen.activity.id, room_of[one.child_id], diets[one.child_id])] += 1

    months = [date(*add_months(2026, 9, number), 1) for number in range(12)]
    seen: set[date] = set()
    for first, following in pairwise(months):
        last = following - timedelta(days=1)
        with app.app_context(), statements.at_most(1):
            listed = queries.counted([canteen.activity.id], first, last)
        with app.app_context():
            agenda = planning.read([household.id], first, last, "C").entries
        for day in (day for day in days if first <= day <= last):
            seen.add(day)
            assert listed.get(day, {}) == by_hand[day], day
            told = [
                entry
                for entry in agenda.get(day, [])
                if entry.state in ("accepted", "pending") and entry.presence == "Repas enfant"
            ]
            assert sum(by_hand[day].values()) == len(told), day
    assert seen == set(days)
    assert len(seen) == 220


def test_a_step_takes_the_count_once_and_a_later_change_leaves_it(world, app, family):
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 2, 9 * 60)
    booking = family.book(family.leo, THURSDAY)
    before = datetime(2027, 1, 12, 7, 59, tzinfo=UTC)  # 8 h 59 in Paris, two days before Thursday

    take(app, before)
    assert (THURSDAY,) not in [(one.day,) for one in world.all(MealCount)]
    assert take(app, before + timedelta(minutes=1)) == 1
    assert take(app, before + timedelta(minutes=2)) == 0
    absence(world, booking)
    family.book(family.marie, THURSDAY)

    assert take(app, before + timedelta(hours=2)) == 0
    (count,) = world.all(select(MealCount).where(MealCount.day == THURSDAY))
    (line,) = world.all(select(MealCountLine).where(MealCountLine.count_id == count.id))
    assert (line.meals, line.class_name, line.diet) == (1, "CE2", "")
    assert count.taken_at == before + timedelta(minutes=1)
    (event, *_) = world.all(select(AuditEvent).where(AuditEvent.action == "meal_count.taken").order_by("id"))
    assert event.actor_user_id is None


@pytest.mark.parametrize("verb", [update(MealCountLine).values(meals=9), text("DELETE FROM meal_count")])
def test_a_count_is_never_changed(world, app, family, verb):
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 2)
    family.book(family.leo, THURSDAY)
    take(app, world.now)
    with app.app_context(), pytest.raises(DatabaseError, match="append-only"), write_transaction() as session:
        session.execute(verb)


def test_a_worker_that_was_stopped_takes_what_it_missed_and_says_when(world, app, family):
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 3)
    world.step(kitchen, 0, 9 * 60, name="Le matin")
    family.book(family.leo, THURSDAY)
    late = datetime(2027, 1, 14, 13, 0, tzinfo=UTC)

    take(app, late)
    with app.app_context():
        sheet = queries.kitchen(kitchen.id, None)
        (day,) = queries.kitchen_days(sheet, [THURSDAY], late)

    assert [(one.name, one.taken_at, one.is_late, one.meals) for one in day.steps] == [
        ("J-3", late, True, 1),
        ("Le matin", late, True, 1),
    ]
    assert not [one for one in world.all(MealCount) if one.day < THURSDAY]  # what is over stays as it was


@pytest.mark.parametrize(
    ("day", "before"),
    [(date(2027, 3, 28), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)), (date(2027, 3, 29), None)],
)
def test_the_hour_is_that_of_the_clock_on_the_night_of_the_change(world, app, day, before):
    """At 3 h 30 on 28 March 2027 the clock was already an hour ahead: 1 h 30 UTC."""
    canteen = world.canteen([date(2027, 3, 28), date(2027, 3, 29)])
    kitchen = world.kitchen("Cuisine centrale", canteen.activity)
    world.step(kitchen, (day - date(2027, 3, 28)).days, 3 * 60 + 30)
    moment = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)

    take(app, before or moment - timedelta(minutes=1))
    assert day not in {one.day for one in world.all(MealCount)}
    take(app, moment)
    assert day in {one.day for one in world.all(MealCount)}


def test_two_workers_at_once_take_one_count(world, app, family, monkeypatch):
    """The second decides before the first has written, and finds it once it holds the kitchen."""
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 2)
    family.book(family.leo, THURSDAY)
    hold = meal_counts._take
    turns = []

    def slow(*args):
        if not turns:
            turns.append("first")
            assert take(app, world.now) == 2
        return hold(*args)

    monkeypatch.setattr(meal_counts, "_take", slow)

    assert take(app, world.now) == 0
    assert len(world.all(MealCount)) == len(world.all(select(MealCount.day).distinct()))


def test_differences_are_told_by_diet(world, app, family):
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 2)
    leo = family.book(family.leo, THURSDAY)
    with app.app_context(), write_transaction() as session:
        session.get_one(Child, family.leo.id).diet = "Sans porc"
    take(app, world.now)
    absence(world, leo)
    family.book(family.marie, THURSDAY)
    nino = world.child(family.household, "Nino")
    family.book(nino, THURSDAY)

    with app.app_context():
        sheet = queries.kitchen(kitchen.id, None)
        with statements.at_most(3):
            (day,) = queries.kitchen_days(sheet, [THURSDAY], world.now)

    assert day.steps[0].since == "+2 ordinaires, −1 sans porc"
    assert day.sites[0].since == "+2 ordinaires, −1 sans porc"
    assert [(row.name, row.total) for row in day.sites[0].rows] == [("CE2", 1), ("", 1)]


def unexpected(world, agent, household, child, opening, presence, **columns) -> Attendance:
    """A mark of the team without a booking."""
    values = {"mark": AttendanceMark.PRESENT, "author_name": "Agnès MARTIN", "marked_at": world.now}
    return world.add(
        Attendance(
            child_id=child.id,
            household_id=household.id,
            opening_id=opening.id,
            activity_id=opening.activity_id,
            day=opening.day,
            presence_type_id=presence.id,
            author_user_id=agent.id,
            **values | columns,
        )
    )


def test_who_eats_is_the_bookings_and_each_unexpected_child_once(world, app):
    """R32: on each day each child has one fate; who eats is counted by hand, and the bookings stay apart."""
    days = weekdays(FIRST, date(2026, 10, 2), range(5))
    canteen = world.canteen(days)
    half = world.presence_type(canteen.activity, "Sans repas", parts=1)
    household, agent = world.household(), world.staff()
    children = [world.child(household, f"Enfant {number}") for number in range(5)]
    fates = cycle(
        [
            # booked, away, marked, mark, with the meal → counted as booked, as unexpected
            (None, False, True, AttendanceMark.PRESENT, True, 0, 1),
            (None, False, True, AttendanceMark.PRESENT, False, 0, 0),
            (None, False, True, AttendanceMark.ABSENT, True, 0, 0),
            (None, False, False, None, True, 0, 0),
            (BookingState.CANCELLED, False, True, AttendanceMark.PRESENT, True, 0, 1),
            (BookingState.ACCEPTED, False, True, AttendanceMark.PRESENT, True, 1, 0),  # booked afterwards
            (BookingState.ACCEPTED, True, True, AttendanceMark.PRESENT, True, 0, 1),
            (BookingState.ACCEPTED, False, False, None, True, 1, 0),
        ]
    )
    wanted: dict[date, list[int]] = {day: [0, 0] for day in days}
    for opening in canteen.openings:
        for child in children:
            state, is_away, is_marked, mark, eats, booked, came = next(fates)
            presence = canteen.meal if eats else half
            if state is not None:
                booking = world.booking(household, child, opening, presence, state=state)
                if is_away:
                    absence(world, booking)
            if is_marked:
                unexpected(world, agent, household, child, opening, presence, mark=mark)
            wanted[opening.day][0] += booked
            wanted[opening.day][1] += came
    with app.app_context():
        found = queries.eaten([canteen.activity.id], days[0], days[-1])
        booked = queries.counted([canteen.activity.id], days[0], days[-1])
    seen = {day: [sum(part.values()) for part in found.get(day, ({}, {}))] for day in days}
    assert seen == wanted
    assert {day: one.booked for day, one in found.items() if one.booked} == booked
    assert sum(came for _, came in wanted.values()) > 30


def test_an_unexpected_child_eats_and_no_count_that_was_taken_moves(world, app, family):
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 2)
    family.book(family.leo, THURSDAY)
    take(app, world.now)
    before = kept(world)
    opening = next(one for one in family.canteen.openings if one.day == THURSDAY)
    unexpected(world, world.staff(), family.household, family.marie, opening, family.canteen.meal)

    with app.app_context():
        sheet = queries.kitchen(kitchen.id, None)
        (day,) = queries.kitchen_days(sheet, [THURSDAY], world.now)
        (then,) = queries.kitchen_days(sheet, [THURSDAY], world.now, day.steps[0].step_id)
    assert (day.total, day.unexpected, day.sites[0].unexpected) == (2, 1, 1)
    assert day.steps[0].since == day.sites[0].since == "+1\u00a0non prévu"
    assert (then.total, then.unexpected, then.sites[0].total, then.sites[0].since) == (
        1,
        0,
        1,
        "+1\u00a0non prévu",
    )
    take(app, world.now)
    assert kept(world) == before


def test_days_that_do_not_open_are_not_counted(world, app, family):
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 7)
    take(app, world.now)
    assert {one.day for one in world.all(MealCount)} == set(weekdays(date(2027, 1, 12), date(2027, 1, 19)))
    assert set(kept(world).values()) == {0}
