"""What a day offers (S92, S100)."""

import pytest

from domain.capacity import availability, places_left
from domain.enums import Availability


@pytest.mark.parametrize(
    ("capacity", "booked", "waiting", "left"),
    [
        (None, 500, 0, None),
        (10, 0, 0, 10),
        (10, 9, 0, 1),
        (10, 10, 0, 0),
        (10, 12, 0, 0),
        (10, 9, 1, 0),
        (0, 0, 0, 0),
    ],
)
def test_places_left_never_go_below_zero_and_are_owed_to_those_who_wait(capacity, booked, waiting, left):
    assert places_left(capacity, booked, waiting) == left


@pytest.mark.parametrize(
    ("capacity", "booked", "waiting", "offered"),
    [
        (None, 500, 0, Availability.AVAILABLE),
        (10, 6, 0, Availability.AVAILABLE),
        (10, 7, 0, Availability.LAST_PLACES),
        (10, 9, 0, Availability.LAST_PLACES),
        (10, 10, 0, Availability.FULL),
        (10, 12, 0, Availability.FULL),
        (0, 0, 0, Availability.FULL),
    ],
)
def test_what_a_day_offers(capacity, booked, waiting, offered):
    assert availability(capacity, booked, waiting, 3, closed=False, waiting_list_enabled=False) is offered


def test_a_full_day_with_a_waiting_list_and_a_place_given_back_while_others_wait():
    full = availability(10, 10, 0, 3, closed=False, waiting_list_enabled=True)
    given_back = availability(10, 9, 2, 3, closed=False, waiting_list_enabled=True)
    assert full is given_back is Availability.WAITING_LIST


def test_closed_wins_over_everything():
    assert availability(None, 0, 0, 3, closed=True, waiting_list_enabled=True) is Availability.CLOSED


def test_nobody_waits_unless_told():
    assert places_left(10, 9) == 1
