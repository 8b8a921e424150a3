"""A hundred children marked on a phone: one tap each, in less than three minutes of taps (R30)."""

import time
from datetime import date

from playwright.sync_api import expect

from domain.enums import AttendanceMark, BookingState, StaffRole
from models import Attendance, Booking, Child, HouseholdChild
from tests.factories import Canteen, World

DAY = date(2027, 1, 12)
CHILDREN, ABSENT_EVERY = 100, 10
LONGEST_SECONDS = 180


def full_canteen(world: World) -> Canteen:
    """A hundred children who are expected on the day, written at once."""
    canteen, home = world.canteen([DAY]), world.household()
    children = [
        Child(first_name=f"Enfant{number:03}", last_name="TEST", birth_date=date(2018, 1, 1))
        for number in range(CHILDREN)
    ]
    world.add(*children)
    world.add(*(HouseholdChild(household_id=home.id, child_id=one.id) for one in children))
    opening = canteen.openings[0]
    world.add(
        *(
            Booking(
                household_id=home.id,
                child_id=one.id,
                opening_id=opening.id,
                activity_id=opening.activity_id,
                presence_type_id=canteen.meal.id,
                day=DAY,
                state=BookingState.ACCEPTED,
                price_cents=320,
                created_at=world.now,
                updated_at=world.now,
            )
            for one in children
        )
    )
    return canteen


def test_a_hundred_children_in_a_hundred_taps(visit, world, record_property):
    canteen = full_canteen(world)
    page = visit(world.staff(StaffRole.ADMINISTRATOR))
    page.goto(f"/gestion/pointage/{canteen.activity.id}/{DAY.isoformat()}")
    rows = page.locator("li[id^=enfant-]")
    expect(rows).to_have_count(CHILDREN)
    began, taps = time.monotonic(), 0
    for number, row in enumerate([f"#{one}" for one in rows.evaluate_all("all => all.map(one => one.id)")]):
        word = "Absent" if number % ABSENT_EVERY == 0 else "Présent"
        page.locator(row).get_by_role("button", name=word).tap()
        taps += 1
    expect(page.locator("button.mark[aria-pressed=true]")).to_have_count(CHILDREN, timeout=60_000)
    seconds = time.monotonic() - began
    marks = [one.mark for one in world.all(Attendance)]
    assert marks.count(AttendanceMark.ABSENT) == CHILDREN // ABSENT_EVERY
    assert len(marks) == taps == CHILDREN
    record_property("seconds", seconds)
    print(f"{taps} taps, {seconds:.0f} s (at most {LONGEST_SECONDS})")  # noqa: T201 - the figure is asked for
    assert seconds < LONGEST_SECONDS
