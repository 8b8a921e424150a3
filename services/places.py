"""The places of an open day: taken, given back, waited for (S100, R11). The only writer of its counters.

Everything here runs inside the caller's transaction, which holds the openings first (`lock`): PostgreSQL then
lets one request at a time count a day, SQLite has one writer. A place is taken by one conditional update,
whole or not at all; the CHECK constraints of the counters stand behind it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, SelectBase, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.enums import BookingState
from domain.workflow import PLACE_HOLDING_STATES
from models import Activity, Booking, HouseholdChild, Opening, PlaceLimit, PresenceType
from queries.place_columns import IS_ENROLLED, WAITING_ORDER, counts_in

_AT_ONCE = 500


class Seat(NamedTuple):
    """What one child takes of a day: `parts` as `domain.capacity.DayPart` adds them, of its group if any."""

    opening_id: int
    group_id: int | None
    parts: int


class LimitKey(NamedTuple):
    """What a limit counts: a group (None for every child), a part of the day (0 for the whole day)."""

    group_id: int | None
    part: int


class Overfull(NamedTuple):
    """A limit in which more places are taken than wanted."""

    opening_id: int
    key: LimitKey
    booked: int


def some_at_a_time(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The ids in parts that one statement takes on every engine."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


def lock(session: Session, opening_ids: Collection[int] | SelectBase) -> list[int]:
    """Hold these openings until the commit, always in the same order; returns their ids. `opening_ids`: ids
    or a select of them."""
    held = select(Opening.id).where(Opening.id.in_(opening_ids)).order_by(Opening.id).with_for_update()
    return list(session.scalars(held))


def take(session: Session, seat: Seat) -> bool:
    """Take the seat; False, and nothing changed, when the day, the group or a part of the day is full."""
    full_limit = exists().where(*_narrowing(seat), PlaceLimit.booked >= PlaceLimit.capacity)
    taken = session.execute(
        update(Opening)
        .where(
            Opening.id == seat.opening_id,
            or_(Opening.capacity.is_(None), Opening.booked < Opening.capacity),
            or_(Opening.has_limits.is_(False), ~full_limit),
        )
        .values(booked=Opening.booked + 1)
        .returning(Opening.has_limits)
    ).one_or_none()
    if taken is not None and taken.has_limits:
        _count_limits(session, seat, 1)
    return taken is not None


def take_free(session: Session, opening_ids: Collection[int]) -> set[int]:
    """Take one place on each of these days that no limit narrows; the days on which there was one. One
    statement. Days with limits are left alone: `take` counts them."""
    taken = session.scalars(
        update(Opening)
        .where(
            Opening.id.in_(opening_ids),
            Opening.has_limits.is_(False),
            or_(Opening.capacity.is_(None), Opening.booked < Opening.capacity),
        )
        .values(booked=Opening.booked + 1)
        .returning(Opening.id)
    )
    return set(taken)


def give_back(session: Session, seat: Seat, count: int = 1) -> None:
    """As many such seats come free."""
    given = session.execute(
        update(Opening)
        .where(Opening.id == seat.opening_id)
        .values(booked=Opening.booked - count)
        .returning(Opening.has_limits)
    ).one()
    if given.has_limits:
        _count_limits(session, seat, -count)


def swap(session: Session, held: Seat, wanted: Seat) -> bool:
    """Give a seat back for another one of the same day; False, and nothing changed, when that one is
    full."""
    give_back(session, held)
    if take(session, wanted):
        return True
    if not take(session, held):
        raise RuntimeError("A place given back was not there any more: the opening was not held.")
    return False


def who_could_come(session: Session, opening_id: int) -> list[Booking]:
    """The waiting bookings of a day that find a place now, each taken alone, in the order of the list; not
    those of a child who is not enrolled that day, nor of a household that reads of it its name alone."""
    seat = (PlaceLimit.opening_id == Booking.opening_id, *counts_in(Booking.group_id, PresenceType.parts))
    full_limit = exists().where(*seat, PlaceLimit.booked >= PlaceLimit.capacity)
    restricted = exists().where(
        HouseholdChild.household_id == Booking.household_id,
        HouseholdChild.child_id == Booking.child_id,
        HouseholdChild.is_restricted,
    )
    return list(
        session.scalars(
            select(Booking)
            .join(Opening, Opening.id == Booking.opening_id)
            .join(Activity, Activity.id == Booking.activity_id)
            .join(PresenceType, PresenceType.id == Booking.presence_type_id)
            .where(
                Booking.opening_id == opening_id,
                Booking.state == BookingState.WAITING,
                IS_ENROLLED,
                ~restricted,
                or_(Opening.capacity.is_(None), Opening.booked < Opening.capacity),
                or_(Opening.has_limits.is_(False), ~full_limit),
            )
            .order_by(*WAITING_ORDER)
        )
    )


def wait(session: Session, opening_id: int, change: int = 1) -> None:
    """One child more on the waiting list of the day, or one less (`change` -1)."""
    session.execute(update(Opening).where(Opening.id == opening_id).values(waiting=Opening.waiting + change))


def set_limits(
    session: Session, opening_ids: Collection[int], capacities: Mapping[LimitKey, int]
) -> list[Overfull]:
    """Give these openings, which the caller holds, other limits than they had, counted from the bookings.

    Returns the limits in which more places are taken than they have; nothing was written then.
    """
    booked = _booked_by_limit(session, opening_ids, capacities)
    overfull = [
        Overfull(opening_id, key, count)
        for (opening_id, key), count in booked.items()
        if count > capacities[key]
    ]
    if overfull:
        return overfull
    session.execute(delete(PlaceLimit).where(PlaceLimit.opening_id.in_(opening_ids)))
    rows = [
        {"opening_id": opening_id, **key._asdict(), "capacity": places, "booked": booked[opening_id, key]}
        for opening_id in opening_ids
        for key, places in capacities.items()
    ]
    if rows:
        session.execute(insert(PlaceLimit), rows)
    session.execute(update(Opening).where(Opening.id.in_(opening_ids)).values(has_limits=bool(capacities)))
    return []


def _booked_by_limit(
    session: Session, opening_ids: Collection[int], keys: Iterable[LimitKey]
) -> Counter[tuple[int, LimitKey]]:
    keys = tuple(keys)
    counted: Counter[tuple[int, LimitKey]] = Counter()
    for row in session.execute(
        select(Booking.opening_id, Booking.group_id, PresenceType.parts, func.count().label("count"))
        .join(PresenceType, PresenceType.id == Booking.presence_type_id)
        .where(Booking.opening_id.in_(opening_ids), Booking.state.in_(PLACE_HOLDING_STATES))
        .group_by(Booking.opening_id, Booking.group_id, PresenceType.parts)
    ):
        for key in keys:
            if key.group_id in (None, row.group_id) and (not key.part or key.part & row.parts):
                counted[row.opening_id, key] += row.count
    return counted


def _count_limits(session: Session, seat: Seat, change: int) -> None:
    session.execute(update(PlaceLimit).where(*_narrowing(seat)).values(booked=PlaceLimit.booked + change))


def _narrowing(seat: Seat) -> tuple[ColumnElement[bool], ...]:
    """The limits that this seat counts in: of everybody or of its group, of the whole day or of its parts."""
    return (PlaceLimit.opening_id == seat.opening_id, *counts_in(seat.group_id, seat.parts))
