"""The group whose places a child takes (R11): by its age when it is enrolled, then as the service decides.

When the group of a child changes, its bookings to come change with it: each takes a place of the new group
and gives that of the former one back, all of them or none, in the transaction of the caller.
"""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.errors import Refused
from domain.french import enumerate_fr, format_short_day, plural
from domain.people import age
from domain.workflow import ACTIVE_STATES, PLACE_HOLDING_STATES
from models import Activity, Booking, Child, ChildGroup, Enrolment, Opening
from queries.place_columns import covers
from services import booking_life, places, waiting_lists

_MOST_DAYS_NAMED = 5


def of_age(session: Session, facility_id: int, child_id: int, day: date) -> int | None:
    """The group of the facility for the age of the child on `day`; None without one, or with several."""
    years = age(session.get_one(Child, child_id).birth_date, day)
    found = session.scalars(
        select(ChildGroup.id).where(
            ChildGroup.facility_id == facility_id,
            ChildGroup.is_active,
            or_(ChildGroup.first_age.is_not(None), ChildGroup.last_age.is_not(None)),
            func.coalesce(ChildGroup.first_age, years) <= years,
            func.coalesce(ChildGroup.last_age, years) >= years,
        )
    ).all()
    return found[0] if len(found) == 1 else None


def check(session: Session, facility_id: int, group_id: int | None) -> None:
    """Raises Refused `wrong_group` for a group of another facility."""
    if (
        group_id is not None
        and session.scalar(select(ChildGroup.facility_id).where(ChildGroup.id == group_id)) != facility_id
    ):
        raise Refused(
            "wrong_group", "Ce groupe n’est pas de cette structure. Choisissez un de ses groupes, ou aucun."
        )


def hold(session: Session, child_id: int, facility_ids: Collection[int], now: datetime) -> None:
    """Hold the booked days to come of the child in these facilities, before the child itself: a family that
    validates holds its days first, and the other order would be a deadlock."""
    places.lock(session, _opening_ids(child_id, facility_ids, now))


def _opening_ids(child_id: int, facility_ids: Collection[int], now: datetime) -> Select[tuple[int]]:
    joined = select(Booking.opening_id).join(Activity, Activity.id == Booking.activity_id)
    return joined.where(*_to_come(child_id, now), Activity.facility_id.in_(facility_ids))


def _to_come(child_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    today = paris_now(now).date()
    return (Booking.child_id == child_id, Booking.day >= today, Booking.state.in_(ACTIVE_STATES))


def follow(session: Session, child_id: int, facility_id: int, now: datetime) -> None:
    """Bring the bookings to come of the child in the facility to the group of its enrolments.

    A child that waits joins the list of its new group at its own date. Raises Refused `group_full`, naming
    the days, when the new group has no place left.
    """
    held = places.lock(session, _opening_ids(child_id, (facility_id,), now))
    bookings = session.scalars(
        select(Booking)
        .where(*_to_come(child_id, now), Booking.opening_id.in_(held))
        .order_by(Booking.day, Booking.id)
        .execution_options(populate_existing=True)
    ).all()
    full, moved = [], set()
    for booking in bookings:
        enrolments, group_id = session.execute(_group_on_the_day(booking)).one()
        if not enrolments or group_id == booking.group_id:
            continue
        moved.add(booking.opening_id)
        former = booking_life.seat_of(session, booking)
        if booking.state in PLACE_HOLDING_STATES and not places.swap(
            session, former, former._replace(group_id=group_id)
        ):
            full.append(booking.day)
        booking.group_id = group_id
    if full:
        raise Refused("group_full", _full_words(full))
    session.flush()
    waiting_lists.serve(session, moved, now)


def _group_on_the_day(booking: Booking) -> Select[tuple[int, int | None]]:
    """How many enrolments cover the day, and their group as `queries.booking_days` reads it."""
    return (
        select(func.count(), func.min(Enrolment.group_id))
        .select_from(Enrolment)
        .join(Activity, Activity.facility_id == Enrolment.facility_id)
        .join(Opening, Opening.activity_id == Activity.id)
        .where(Opening.id == booking.opening_id, *covers(booking.child_id, Opening.day))
    )


def _full_words(days: list[date]) -> str:
    named = [format_short_day(day) for day in days[:_MOST_DAYS_NAMED]]
    if len(days) > _MOST_DAYS_NAMED:
        named.append(plural(len(days) - _MOST_DAYS_NAMED, "autre jour", "autres jours"))
    return (
        f"Le nouveau groupe est complet\u00a0: {enumerate_fr(named)}. Ajoutez d’abord des places à ce "
        "groupe, ou annulez ces réservations avec la famille."
    )
