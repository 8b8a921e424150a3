"""Life of bookings and of request lines; what a wish becomes (S99, S101, S106)."""

from itertools import product

import pytest

from domain.enums import Availability, BookingState, LineAction, LineState, Outcome, ValidationMode
from domain.errors import Refused
from domain.workflow import (
    ACTIVE_STATES,
    BOOKING_TRANSITIONS,
    CLOSED,
    FULL,
    NOT_ACTIVE,
    PLACE_HOLDING_STATES,
    TOO_LATE,
    booking_may_become,
    booking_outcome,
    check_transition,
)

FREE, ON_REQUEST, REFUSE = Outcome.FREE, Outcome.ON_REQUEST, Outcome.REFUSE
AUTOMATIC, MANUAL = ValidationMode.AUTOMATIC, ValidationMode.MANUAL


@pytest.mark.parametrize(
    ("rule", "mode", "offered", "outcome"),
    [
        (FREE, AUTOMATIC, Availability.AVAILABLE, LineState.ACCEPTED),
        (FREE, AUTOMATIC, Availability.LAST_PLACES, LineState.ACCEPTED),
        (FREE, MANUAL, Availability.AVAILABLE, LineState.PENDING),
        (ON_REQUEST, AUTOMATIC, Availability.AVAILABLE, LineState.PENDING),
        (ON_REQUEST, MANUAL, Availability.LAST_PLACES, LineState.PENDING),
        (FREE, AUTOMATIC, Availability.WAITING_LIST, LineState.WAITING),
        (FREE, MANUAL, Availability.WAITING_LIST, LineState.WAITING),
        (FREE, AUTOMATIC, Availability.FULL, FULL),
        (ON_REQUEST, MANUAL, Availability.FULL, FULL),
        (FREE, AUTOMATIC, Availability.CLOSED, CLOSED),
        (REFUSE, AUTOMATIC, Availability.AVAILABLE, TOO_LATE),
        (REFUSE, MANUAL, Availability.WAITING_LIST, TOO_LATE),
    ],
)
def test_what_a_booking_wish_becomes(rule, mode, offered, outcome):
    assert booking_outcome(rule, mode, offered, LineAction.BOOK) == outcome


@pytest.mark.parametrize(
    ("rule", "mode", "current", "outcome"),
    [
        (FREE, AUTOMATIC, BookingState.ACCEPTED, LineState.ACCEPTED),
        (FREE, MANUAL, BookingState.ACCEPTED, LineState.PENDING),
        (FREE, MANUAL, BookingState.PENDING, LineState.ACCEPTED),
        (FREE, MANUAL, BookingState.WAITING, LineState.ACCEPTED),
        (ON_REQUEST, AUTOMATIC, BookingState.ACCEPTED, LineState.PENDING),
        (ON_REQUEST, AUTOMATIC, BookingState.PENDING, LineState.PENDING),
        (REFUSE, AUTOMATIC, BookingState.ACCEPTED, TOO_LATE),
        (REFUSE, AUTOMATIC, BookingState.PENDING, TOO_LATE),
        (REFUSE, AUTOMATIC, BookingState.WAITING, LineState.ACCEPTED),
        (REFUSE, MANUAL, BookingState.OFFERED, LineState.ACCEPTED),
        (ON_REQUEST, MANUAL, BookingState.REQUESTED, LineState.ACCEPTED),
        (FREE, AUTOMATIC, BookingState.REFUSED, NOT_ACTIVE),
        (FREE, AUTOMATIC, BookingState.CANCELLED, NOT_ACTIVE),
        (FREE, AUTOMATIC, None, NOT_ACTIVE),
    ],
)
@pytest.mark.parametrize("offered", [Availability.AVAILABLE, Availability.FULL, Availability.CLOSED])
def test_cancelling_obeys_mode_and_deadline_whatever_the_places(rule, mode, current, outcome, offered):
    assert booking_outcome(rule, mode, offered, LineAction.CANCEL, current) == outcome


def test_every_state_has_its_row():
    assert set(BOOKING_TRANSITIONS) == set(BookingState)


def test_what_may_follow_what():
    allowed = {
        (before.value, after.value)
        for before, after in product(BookingState, repeat=2)
        if booking_may_become(before, after)
    }
    assert allowed == {
        ("pending", "accepted"),
        ("pending", "waiting"),
        ("pending", "refused"),
        ("pending", "cancelled"),
        ("requested", "accepted"),
        ("requested", "pending"),
        ("requested", "waiting"),
        ("requested", "refused"),
        ("requested", "cancelled"),
        ("offered", "accepted"),
        ("offered", "pending"),
        ("offered", "refused"),
        ("offered", "cancelled"),
        ("waiting", "offered"),
        ("waiting", "accepted"),
        ("waiting", "pending"),
        ("waiting", "refused"),
        ("waiting", "cancelled"),
        ("accepted", "cancelled"),
    }


@pytest.mark.parametrize(("state", "following"), list(product(BookingState, repeat=2)))
def test_a_step_that_is_not_allowed_is_refused(state, following):
    if booking_may_become(state, following):
        check_transition(state, following)
        return
    with pytest.raises(Refused) as refusal:
        check_transition(state, following)
    assert refusal.value.code == "bad_transition"


def test_active_bookings_and_those_that_hold_a_place():
    assert set(BookingState) - {BookingState.REFUSED, BookingState.CANCELLED} == ACTIVE_STATES
    assert {BookingState.PENDING, BookingState.ACCEPTED, BookingState.OFFERED} == PLACE_HOLDING_STATES


def test_refusals_are_told_apart_by_their_code():
    assert [refusal.code for refusal in (TOO_LATE, CLOSED, FULL, NOT_ACTIVE)] == [
        "too_late",
        "closed",
        "full",
        "not_active",
    ]
