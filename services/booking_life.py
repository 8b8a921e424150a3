"""The life of a booking: the one place that changes its state (S99 to S101, R12, R17, R18).

Each step moves the counters of its day with it and adds one row to its history, in the transaction of the
caller, who holds the opening (`services.places.lock`) and serves the waiting list at the end
(`services.waiting_lists.serve`) when a place may have come free.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.enums import BookingState, Channel, LineState
from domain.french import NBSP
from domain.workflow import ACTIVE_STATES, PLACE_HOLDING_STATES, check_transition
from models import Booking, BookingEvent, BookingRequestLine, Guardian, PresenceType, StaffMember
from queries.rules import rule_set
from services import places, records
from services.places import Seat


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes a step, as the history names it, and by which channel; nobody for the portal itself."""

    user_id: int | None
    name: str
    channel: Channel


BOOKED_AGAIN = f"Jour réservé de nouveau{NBSP}: rien n’est plus dû de cette réservation."
THE_PORTAL = Actor(None, "", Channel.SYSTEM)


def agent(session: Session, user_id: int, channel: Channel = Channel.PORTAL) -> Actor:
    """A member of the staff, by its name."""
    row = session.execute(
        select(StaffMember.first_name, StaffMember.last_name).where(StaffMember.user_id == user_id)
    ).one_or_none()
    return Actor(user_id, f"{row.first_name} {row.last_name}" if row else "", channel)


def family_member(session: Session, user_id: int, channel: Channel = Channel.PORTAL) -> Actor:
    """An adult of a family, by its name."""
    row = session.execute(
        select(Guardian.first_name, Guardian.last_name).where(Guardian.user_id == user_id)
    ).one_or_none()
    return Actor(user_id, f"{row.first_name} {row.last_name}" if row else "", channel)


def begin(
    session: Session, bookings: Iterable[Booking], actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Write new bookings in their first state; the caller has taken their places, or counted them waiting.

    They know their ids afterwards and stay outside of the session. A few statements, whatever their number.
    """
    new = list(bookings)
    records.write_all(session, new)
    wanted = (
        Booking.child_id.in_({one.child_id for one in new}),
        or_(Booking.state.in_(ACTIVE_STATES), Booking.due_cents > 0),
    )
    ids, former = {}, set()
    for part in places.some_at_a_time(sorted({one.opening_id for one in new})):
        found = select(Booking.child_id, Booking.opening_id, Booking.state, Booking.id)
        for child_id, opening_id, state, booking_id in session.execute(
            found.where(Booking.opening_id.in_(part), *wanted)
        ):
            if state in ACTIVE_STATES:
                ids[child_id, opening_id] = booking_id
            else:
                former.add((child_id, opening_id))
    for one in new:
        one.id = ids[one.child_id, one.opening_id]
    steps = [_step(one, one.state, actor, now, reason) for one in new]
    if steps:
        session.execute(insert(BookingEvent), steps)
    for one in new:
        if one.state is BookingState.ACCEPTED and (one.child_id, one.opening_id) in former:
            _comes_after_all(session, one, actor, now)


def move(
    session: Session,
    booking: Booking,
    following: BookingState,
    actor: Actor,
    now: datetime,
    reason: str = "",
    *,
    closure_id: int | None = None,
    offer_expires_at: datetime | None = None,
) -> bool:
    """Bring a booking to its next state; False, and nothing changed, when that needs a place and none is
    free.

    A booking that ends takes with it what was still asked about it. Raises Refused `bad_transition`.
    """
    check_transition(booking.state, following)
    if not _move_counters(session, booking, following):
        return False
    booking.offer_expires_at = offer_expires_at
    _enter(session, booking, following, _event(booking, following, actor, now, reason, closure_id))
    if following is BookingState.ACCEPTED:
        _comes_after_all(session, booking, actor, now)
    return True


def replace(
    session: Session, former: Booking, following: Booking, actor: Actor, now: datetime, reason: str = ""
) -> bool:
    """End an accepted booking, of which nothing stays due, for a new one of the same day and child.

    False, and nothing changed, when a group or a part of the day that it takes besides is full.
    """
    check_transition(former.state, BookingState.CANCELLED)
    if not places.swap(session, seat_of(session, former), seat_of(session, following)):
        return False
    former.due_cents = 0
    ended = BookingState.CANCELLED
    _enter(session, former, ended, _event(former, ended, actor, now, reason))
    begin(session, [following], actor, now, reason)
    return True


def change_home(
    session: Session,
    booking: Booking,
    household_id: int,
    price_cents: int | None,
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    """Give an active booking to the other household of its child: its state and its place stay (R02).

    What the former household asked about it is withdrawn with the reason.
    """
    booking.household_id, booking.price_cents, booking.updated_at = household_id, price_cents, now
    session.add(_event(booking, booking.state, actor, now, reason))
    session.flush()
    session.execute(
        update(BookingRequestLine)
        .where(
            BookingRequestLine.booking_id == booking.id,
            BookingRequestLine.state.in_([LineState.PENDING, LineState.WAITING, LineState.ACCEPTED]),
        )
        .values(state=LineState.WITHDRAWN, reason=reason, decided_at=now)
    )


def cancel_all(
    session: Session,
    bookings: Sequence[Booking],
    actor: Actor,
    now: datetime,
    reason: str,
    closure_id: int | None = None,
    credits: Mapping[int, int] | None = None,
) -> None:
    """Cancel many active bookings at once: what `move` does to each, in statements that do not grow with
    their number. `credits`: what a closure takes off the bill, in cents, by booking. Raises Refused
    `bad_transition`, and nothing is changed.
    """
    for booking in bookings:
        check_transition(booking.state, BookingState.CANCELLED)
    for seat, count in Counter(_seats(session, bookings)).items():
        places.give_back(session, seat, count)
    waiting = Counter(one.opening_id for one in bookings if one.state is BookingState.WAITING)
    for opening_id, count in waiting.items():
        places.wait(session, opening_id, -count)
    for booking in bookings:
        booking.state, booking.updated_at, booking.offer_expires_at = BookingState.CANCELLED, now, None
    session.flush()
    steps = [
        _step(one, one.state, actor, now, reason, closure_id)
        | {"credit_cents": None if credits is None else credits[one.id]}
        for one in bookings
    ]
    if steps:
        session.execute(insert(BookingEvent), steps)
    _withdraw_open_lines(session, [one.id for one in bookings], now)


def _seats(session: Session, bookings: Iterable[Booking]) -> Iterator[Seat]:
    """The seats that these bookings hold. One statement."""
    parts = dict(session.execute(select(PresenceType.id, PresenceType.parts)).all())
    for one in bookings:
        if one.state in PLACE_HOLDING_STATES:
            yield Seat(one.opening_id, one.group_id, parts[one.presence_type_id])


def note(session: Session, booking: Booking, actor: Actor, now: datetime, reason: str) -> None:
    """Add to the history what changes about a booking that stays in its state: an absence, its proof."""
    session.add(_event(booking, booking.state, actor, now, reason))


def _comes_after_all(session: Session, booking: Booking, actor: Actor, now: datetime) -> None:
    """The child comes on a day that was given up: the household does not owe it twice.

    What a closure left due of the former booking is due no more. What a late cancelling left due stays, as
    the règlement says, unless booking the day again is a modification to it: nothing was cancelled then.
    """
    left_due = select(Booking).where(
        Booking.opening_id == booking.opening_id,
        Booking.child_id == booking.child_id,
        Booking.household_id == booking.household_id,
        Booking.state == BookingState.CANCELLED,
        Booking.due_cents > 0,
    )
    for former in session.scalars(left_due.order_by(Booking.id)).all():
        closed = exists().where(BookingEvent.booking_id == former.id, BookingEvent.closure_id.is_not(None))
        if session.scalar(select(closed)) or _is_modification(former, now):
            former.due_cents = 0
            session.add(_event(former, former.state, actor, now, BOOKED_AGAIN))
    session.flush()


def _is_modification(former: Booking, now: datetime) -> bool:
    rules = rule_set(
        [former.activity_id], [former.presence_type_id], former.household_id, former.day, former.day
    )
    return rules.rebooking_is_change(former.activity_id, now)


def seat_of(session: Session, booking: Booking) -> Seat:
    parts = session.get_one(PresenceType, booking.presence_type_id).parts
    return Seat(booking.opening_id, booking.group_id, parts)


def _move_counters(session: Session, booking: Booking, following: BookingState) -> bool:
    held, holds = booking.state in PLACE_HOLDING_STATES, following in PLACE_HOLDING_STATES
    if holds and not held and not places.take(session, seat_of(session, booking)):
        return False
    if held and not holds:
        places.give_back(session, seat_of(session, booking))
    change = (following is BookingState.WAITING) - (booking.state is BookingState.WAITING)
    if change:
        places.wait(session, booking.opening_id, change)
    return True


def _enter(session: Session, booking: Booking, state: BookingState, event: BookingEvent) -> None:
    booking.state, booking.updated_at = state, event.at
    session.add(event)
    session.flush()
    if state not in ACTIVE_STATES:
        _withdraw_open_lines(session, [booking.id], event.at)


def _event(
    booking: Booking,
    state: BookingState,
    actor: Actor,
    now: datetime,
    reason: str = "",
    closure_id: int | None = None,
) -> BookingEvent:
    return BookingEvent(**_step(booking, state, actor, now, reason, closure_id))


def _step(
    booking: Booking,
    state: BookingState,
    actor: Actor,
    now: datetime,
    reason: str,
    closure_id: int | None = None,
) -> dict[str, Any]:
    """The columns of an event."""
    return {
        "booking_id": booking.id,
        "household_id": booking.household_id,
        "at": now,
        "state": state,
        "actor_user_id": actor.user_id,
        "actor_name": actor.name,
        "channel": actor.channel,
        "reason": reason,
        "closure_id": closure_id,
    }


def _withdraw_open_lines(session: Session, booking_ids: Sequence[int], now: datetime) -> None:
    for part in places.some_at_a_time(booking_ids):
        session.execute(
            update(BookingRequestLine)
            .where(
                BookingRequestLine.booking_id.in_(part),
                BookingRequestLine.state.in_([LineState.PENDING, LineState.WAITING]),
            )
            .values(state=LineState.WITHDRAWN, decided_at=now)
        )
