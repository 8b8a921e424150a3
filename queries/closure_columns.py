"""What statements say of closures (R12): a day may be closed to the children of one class alone."""

from sqlalchemy import ColumnElement, func, or_, select

from models import Activity, BookingEvent, Closure, Opening, Schooling


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


# The cents that a closure took off the booking of its `BookingEvent`.
NO_LONGER_DUE = func.coalesce(BookingEvent.credit_cents, 0)
