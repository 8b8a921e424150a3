"""The booked days that a proof of absence is offered."""

from datetime import date

from domain.calendar import paris_now
from queries import documents
from tests.factories import World


def test_today_and_the_days_to_come_stand_before_the_past(world: World):
    days = [date(2027, 1, day) for day in (7, 11, 12, 14)]
    canteen, household = world.canteen(days), world.household()
    child = world.child(household)
    for opening in canteen.openings:
        world.booking(household, child, opening, canteen.meal)
    with world.app.app_context():
        offered = documents.booked_days(child.id, household.id, paris_now(world.now).date())
    assert [one.day.day for one in offered] == [12, 14, 11, 7]
