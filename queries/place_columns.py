"""What statements say of places: the rank on a waiting list, the room left where groups or parts narrow a
day."""

from sqlalchemy import ColumnElement, and_, case, func, null, or_, select
from sqlalchemy.orm import aliased

from domain.enums import BookingState
from models import Booking, Opening, PlaceLimit

_LAST = 2_147_483_647  # those without an order come after those that an allotment ordered


def waiting_rank() -> ColumnElement[int]:
    """The rank, from 1, of a waiting `Booking` among those of its day and group; null for another one."""
    earlier = aliased(Booking)
    order, mine = func.coalesce(earlier.waiting_order, _LAST), func.coalesce(Booking.waiting_order, _LAST)
    count = (
        select(func.count())
        .where(
            earlier.opening_id == Booking.opening_id,
            earlier.state == BookingState.WAITING,
            earlier.group_id.is_not_distinct_from(Booking.group_id),
            or_(order < mine, and_(order == mine, earlier.id <= Booking.id)),
        )
        .correlate(Booking)
        .scalar_subquery()
    )
    return case((Booking.state == BookingState.WAITING, count), else_=null())


def waiting_in_group(group_id: ColumnElement[int | None]) -> ColumnElement[int]:
    """How many wait on `Opening` for the places that a child of this group could take."""
    waiting = aliased(Booking)
    count = (
        select(func.count())
        .where(
            waiting.opening_id == Opening.id,
            waiting.state == BookingState.WAITING,
            waiting.group_id.is_not_distinct_from(group_id),
        )
        .correlate_except(waiting)
        .scalar_subquery()
    )
    return case((Opening.has_limits, count), else_=Opening.waiting)


def narrowest(group_id: ColumnElement[int | None], parts: ColumnElement[int]) -> ColumnElement[int | None]:
    """The places left in the fullest limit of `Opening` that such a child counts in; null without any."""
    fewest = (
        select(func.min(PlaceLimit.capacity - PlaceLimit.booked))
        .where(
            PlaceLimit.opening_id == Opening.id,
            or_(PlaceLimit.group_id.is_(None), PlaceLimit.group_id == group_id),
            or_(PlaceLimit.part == 0, PlaceLimit.part.bitwise_and(parts) != 0),
        )
        .correlate_except(PlaceLimit)
        .scalar_subquery()
    )
    return case((Opening.has_limits, fewest), else_=null())


WAITING_ORDER = (func.coalesce(Booking.waiting_order, _LAST), Booking.id)
