"""The planning of all the children (S77 to S87)."""

from datetime import date

import pytest

from domain.enums import ActivityKind, BookingState, LineAction, LineState
from tests.factories import weekdays

JANUARY = weekdays(date(2027, 1, 4), date(2027, 1, 29))


@pytest.fixture
def family(world):
    return Family(world)


class Family:
    """Marie and Léo at one school with a canteen open in January 2027."""

    def __init__(self, world):
        self.world = world
        self.household = world.household()
        self.parent = world.parent(self.household)
        self.marie = world.child(self.household, "Marie", birth_date=date(2017, 3, 2))
        self.leo = world.child(self.household, "Léo")
        self.canteen = world.canteen(JANUARY)
        for child in (self.marie, self.leo):
            world.enrol(child, self.canteen.facility)

    def opening(self, day):
        return next(opening for opening in self.canteen.openings if opening.day == day)

    def book(self, child, day, state=BookingState.ACCEPTED):
        return self.world.booking(self.household, child, self.opening(day), self.canteen.meal, state)


def cell(client, day):
    return client.page.find("time", datetime=day.isoformat()).find_parent("td")


def words(tag):
    return " ".join(tag.get_text(" ").split())


def test_all_the_children_stand_on_one_month(client, family):
    family.book(family.marie, date(2027, 1, 14))
    family.book(family.leo, date(2027, 1, 14))
    client.sign_in(family.parent)
    client.get("/planning")
    assert client.page.h2.get_text() == "Janvier 2027"
    assert "Marie : Repas enfant, acceptée" in words(cell(client, date(2027, 1, 14)))
    assert "Léo : Repas enfant, acceptée" in words(cell(client, date(2027, 1, 14)))
