"""What a day offers (S92, S100). Places are taken by pending and accepted bookings alike."""

from domain.enums import Availability


def places_left(capacity: int | None, booked: int, waiting: int = 0) -> int | None:
    """Places that a newcomer may take, never below zero; None without a limit.

    `booked` counts pending and accepted bookings. A place given back is owed to those who wait before anybody
    else, so each of the `waiting` takes one away.
    """
    if capacity is None:
        return None
    return max(0, capacity - booked - waiting)


def availability(
    capacity: int | None,
    booked: int,
    waiting: int,
    last_places_threshold: int,
    closed: bool,
    waiting_list_enabled: bool,
) -> Availability:
    """What the day offers to a newcomer; the last places begin at the threshold itself."""
    if closed:
        return Availability.CLOSED
    left = places_left(capacity, booked, waiting)
    if left is None:
        return Availability.AVAILABLE
    if left == 0:
        return Availability.WAITING_LIST if waiting_list_enabled else Availability.FULL
    return Availability.LAST_PLACES if left <= last_places_threshold else Availability.AVAILABLE
