"""What a day offers (S92, S100, R11). Places are held by pending and accepted bookings and by open offers."""

from collections.abc import Mapping
from enum import IntFlag

from domain.enums import Availability


class DayPart(IntFlag):
    """The parts of a day that have places of their own: a full day takes one in each (R11)."""

    MORNING = 1
    MEAL = 2
    AFTERNOON = 4


PART_NAMES = {DayPart.MORNING: "matin", DayPart.MEAL: "repas", DayPart.AFTERNOON: "après-midi"}
FULL_DAY = DayPart.MORNING | DayPart.MEAL | DayPart.AFTERNOON


def limit_name(key: tuple[int | None, int], group_names: Mapping[int, str]) -> str:
    """« 3-5 ans », « après-midi », « 3-5 ans, repas »: what a limit (group, part) counts."""
    group_id, part = key
    names = [] if group_id is None else [group_names[group_id]]
    return ", ".join(names + ([PART_NAMES[DayPart(part)]] if part else []))


def places_left(capacity: int | None, booked: int, narrowest: int | None = None) -> int | None:
    """Places that a newcomer may take, never below zero; None without a limit.

    `booked` counts the bookings that hold a place. A place that comes free is offered at once to who waits
    for it, so that a free place is nobody's. `narrowest`: the places left in the fullest of the child's
    group and of the parts of the day that it comes for, None when nothing narrows the day.
    """
    whole = None if capacity is None else capacity - booked
    known = [left for left in (whole, narrowest) if left is not None]
    return max(0, min(known)) if known else None


def availability(
    left: int | None,
    waiting: int,
    last_places_threshold: int,
    closed: bool,
    waiting_list_enabled: bool,
    waiting_places: int | None = None,
) -> Availability:
    """What the day offers to a newcomer who finds `left` places; the last places begin at the threshold.

    `waiting_places` is the longest waiting list that the activity keeps, None without limit.
    """
    if closed:
        return Availability.CLOSED
    if left is None:
        return Availability.AVAILABLE
    if left == 0:
        may_wait = waiting_list_enabled and (waiting_places is None or waiting < waiting_places)
        return Availability.WAITING_LIST if may_wait else Availability.FULL
    return Availability.LAST_PLACES if left <= last_places_threshold else Availability.AVAILABLE
