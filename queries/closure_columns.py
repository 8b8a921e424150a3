"""What statements say of closures (R12): a day may be closed to the children of one class alone."""

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from domain.enums import BookingState
from models import Absence, Activity, Booking, BookingEvent, Closure, Opening, Schooling


def closed_to_the_class(child_id: ColumnElement[int]) -> ColumnElement[str | None]:
    """Why `Opening` of `Activity` is closed to this child by its class; null when it is not."""
    return (
        select(func.min(Closure.reason))
        .join(Schooling, Schooling.class_id == Closure.class_id)
        .where(
            Schooling.child_id == child_id,
            Closure.facility_id == Activity.facility_id,
            or_(Closure.activity_id.is_(None), Closure.activity_id == Activity.id),
            Closure.first_day <= Opening.day,
            Closure.last_day >= Opening.day,
            Closure.lifted_at.is_(None),
        )
        .correlate_except(Closure, Schooling)
        .scalar_subquery()
    )


def no_longer_due() -> ColumnElement[int]:
    """The cents that a closure took off `Booking`: nothing for what was not accepted yet, nor for an absence,
    of which a part may have been given back before."""
    former = aliased(BookingEvent)
    state_before = (
        select(former.state)
        .where(former.booking_id == Booking.id, former.closure_id.is_(None))
        .order_by(former.id.desc())
        .limit(1)
        .correlate(Booking)
        .scalar_subquery()
    )
    was_due = func.coalesce(state_before, BookingState.ACCEPTED.value) == BookingState.ACCEPTED.value
    was_absent = exists().where(Absence.booking_id == Booking.id).correlate(Booking)
    saved = func.coalesce(Booking.price_cents, 0) - func.coalesce(Booking.due_cents, 0)
    return case((was_due & ~was_absent, saved), else_=0)
