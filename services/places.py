"""The places of an open day: taken, given back, waited for (S100, R11). The only writer of its counters.

Everything here runs inside the caller's transaction, which holds the openings first (`lock`): PostgreSQL then
lets one request at a time count a day, SQLite has one writer. A place is taken by one conditional update,
whole or not at all; the CHECK constraints of the counters stand behind it.
"""

from typing import NamedTuple

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from models import Opening, PlaceLimit


class Seat(NamedTuple):
    """What one child takes of a day: `parts` as `domain.capacity.DayPart` adds them, of its group if any."""

    opening_id: int
    group_id: int | None
    parts: int


def lock(session: Session, opening_ids: object) -> None:
    """Hold these openings until the commit, always in the same order. `opening_ids`: ids or a select of
    them."""
    session.execute(
        select(Opening.id).where(Opening.id.in_(opening_ids)).order_by(Opening.id).with_for_update()
    )


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


def give_back(session: Session, seat: Seat) -> None:
    given = session.execute(
        update(Opening)
        .where(Opening.id == seat.opening_id)
        .values(booked=Opening.booked - 1)
        .returning(Opening.has_limits)
    ).one()
    if given.has_limits:
        _count_limits(session, seat, -1)


def wait(session: Session, opening_id: int, change: int = 1) -> None:
    """One child more on the waiting list of the day, or one less (`change` -1)."""
    session.execute(update(Opening).where(Opening.id == opening_id).values(waiting=Opening.waiting + change))


def _count_limits(session: Session, seat: Seat, change: int) -> None:
    session.execute(update(PlaceLimit).where(*_narrowing(seat)).values(booked=PlaceLimit.booked + change))


def _narrowing(seat: Seat) -> tuple:
    """The limits that this seat counts in: of everybody or of its group, of the whole day or of its parts."""
    return (
        PlaceLimit.opening_id == seat.opening_id,
        or_(PlaceLimit.group_id.is_(None), PlaceLimit.group_id == seat.group_id),
        or_(PlaceLimit.part == 0, PlaceLimit.part.bitwise_and(seat.parts) != 0),
    )
