"""What statements say of places: whose the day may be, the rank on a waiting list, the room left where groups
or parts narrow a day."""

from datetime import date

from sqlalchemy import ColumnElement, and_, case, exists, func, null, or_, select
from sqlalchemy.orm import aliased

from domain.enums import BookingState
from models import Activity, Booking, BookingRequestLine, Enrolment, Opening, PlaceLimit

_LAST = 2_147_483_647  # those without an order come after those that an allotment ordered


def covers(child_id: ColumnElement[int] | int, day: ColumnElement[date]) -> tuple[ColumnElement[bool], ...]:
    """What makes an `Enrolment` one of the child in `Activity` on that day."""
    return (
        Enrolment.child_id == child_id,
        Enrolment.facility_id == Activity.facility_id,
        or_(Enrolment.activity_id.is_(None), Enrolment.activity_id == Activity.id),
        Enrolment.first_day <= day,
        Enrolment.last_day >= day,
    )


# The child of `Booking` is enrolled in its `Activity` on its day.
IS_ENROLLED = exists().where(*covers(Booking.child_id, Booking.day)).correlate(Booking, Activity)


def waiting_rank() -> ColumnElement[int]:
    """The rank, from 1, of a waiting `Booking` in its list; null for another one.

    A day has one list; where groups have places of their own, each group has its list.
    """
    earlier = aliased(Booking)
    order, mine = func.coalesce(earlier.waiting_order, _LAST), func.coalesce(Booking.waiting_order, _LAST)
    count = (
        select(func.count())
        .where(
            earlier.opening_id == Booking.opening_id,
            earlier.state == BookingState.WAITING,
            _same_list(earlier, Booking.opening_id, Booking.group_id),
            or_(order < mine, and_(order == mine, earlier.id <= Booking.id)),
        )
        .correlate(Booking)
        .scalar_subquery()
    )
    return case((Booking.state == BookingState.WAITING, count), else_=null())


def _same_list(
    waiting: type[Booking], opening_id: ColumnElement[int], group_id: ColumnElement[int | None]
) -> ColumnElement[bool]:
    has_groups = exists().where(PlaceLimit.opening_id == opening_id, PlaceLimit.group_id.is_not(None))
    return or_(waiting.group_id.is_not_distinct_from(group_id), ~has_groups.correlate_except(PlaceLimit))


def waiting_in_group(group_id: ColumnElement[int | None]) -> ColumnElement[int]:
    """How many wait on `Opening` for the places that a child of this group could take."""
    waiting = aliased(Booking)
    count = (
        select(func.count())
        .where(
            waiting.opening_id == Opening.id,
            waiting.state == BookingState.WAITING,
            _same_list(waiting, Opening.id, group_id),
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
            *counts_in(group_id, parts),
        )
        .correlate_except(PlaceLimit)
        .scalar_subquery()
    )
    return case((Opening.has_limits, fewest), else_=null())


def counts_in(
    group_id: ColumnElement[int | None] | int | None, parts: ColumnElement[int] | int
) -> tuple[ColumnElement[bool], ...]:
    """What makes a `PlaceLimit` one that such a child takes a place of."""
    return (
        or_(PlaceLimit.group_id.is_(None), PlaceLimit.group_id == group_id),
        or_(PlaceLimit.part == 0, PlaceLimit.part.bitwise_and(parts) != 0),
    )


WAITING_ORDER = (func.coalesce(Booking.waiting_order, _LAST), Booking.id)

_WISHED = aliased(Booking)
# A line of a request whose booking waits for an allotment: nobody decides it by hand (R17).
IS_WISH = (
    exists()
    .where(_WISHED.id == BookingRequestLine.booking_id, _WISHED.state == BookingState.REQUESTED)
    .correlate(BookingRequestLine)
)
