"""What a day offers (S92, S100, R11)."""

import pytest

from domain.capacity import FULL_DAY, DayPart, availability, places_left
from domain.enums import Availability


@pytest.mark.parametrize(
    ("capacity", "booked", "narrowest", "left"),
    [
        (None, 500, None, None),
        (10, 0, None, 10),
        (10, 9, None, 1),
        (10, 10, None, 0),
        (10, 12, None, 0),
        (10, 4, 2, 2),
        (10, 9, 2, 1),
        (10, 4, 0, 0),
        (None, 500, 3, 3),
        (0, 0, None, 0),
    ],
)
def test_places_left_are_those_of_the_fullest_limit_and_never_below_zero(capacity, booked, narrowest, left):
    assert places_left(capacity, booked, narrowest) == left


@pytest.mark.parametrize(
    ("left", "offered"),
    [
        (None, Availability.AVAILABLE),
        (4, Availability.AVAILABLE),
        (3, Availability.LAST_PLACES),
        (1, Availability.LAST_PLACES),
        (0, Availability.FULL),
    ],
)
def test_what_a_day_offers(left, offered):
    assert availability(left, 0, 3, closed=False, waiting_list_enabled=False) is offered


@pytest.mark.parametrize(
    ("waiting", "longest", "offered"),
    [
        (0, None, Availability.WAITING_LIST),
        (40, None, Availability.WAITING_LIST),
        (4, 5, Availability.WAITING_LIST),
        (5, 5, Availability.FULL),
        (6, 5, Availability.FULL),
    ],
)
def test_a_full_day_keeps_a_list_as_long_as_the_town_wants(waiting, longest, offered):
    found = availability(0, waiting, 3, closed=False, waiting_list_enabled=True, waiting_places=longest)
    assert found is offered


def test_closed_wins_over_everything():
    assert availability(None, 0, 3, closed=True, waiting_list_enabled=True) is Availability.CLOSED


def test_a_full_day_takes_every_part():
    assert FULL_DAY == sum(DayPart) == 7
