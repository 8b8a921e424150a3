"""Waiting lists that run themselves (R18): a place that comes free is offered at once, for a time, to the
next.

An offer holds its place, so that a newcomer never takes what somebody waits for: after each transaction
nobody waits on a day that could have a place. `serve` runs inside the transaction that freed the place;
`expire` and `tidy` are the worker's turns: offers without answer end, and the next child is offered the
place; nobody waits for a day that can no longer be booked.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import BookingState, LineAction, LineState, MailKind, Outcome, ValidationMode
from domain.errors import NotFound, Stale
from domain.french import NBSP
from domain.rulebook.decisions import Decision
from extensions import db
from models import (
    Activity,
    Booking,
    BookingRequestLine,
    Child,
    Facility,
    HouseholdChild,
    Opening,
    PresenceType,
)
from queries.place_columns import IS_ENROLLED
from queries.rules import rule_set
from services import audit, booking_life, outbox, places
from services.booking_life import THE_PORTAL, Actor
from services.transaction import write_transaction

LOST = f"Proposition restée sans réponse{NBSP}: la place est passée à l’enfant suivant."
GIVEN_UP = "Place proposée, laissée par la famille."
TOO_LATE = "Aucune place ne s’est libérée à temps."
_ENROLLED = (
    select(Activity.id).where(Activity.id == Booking.activity_id, IS_ENROLLED).correlate(Booking).exists()
)
NOT_ENROLLED = "L’enfant n’est plus inscrit ce jour-là."


def serve(session: Session, opening_ids: Iterable[int], now: datetime) -> int:
    """Offer the free places of these openings, which the caller holds, to those who wait, in their order;
    returns how many.

    An offer lives for the `offer_hours` of the activity, never beyond the moment until which the rules let
    the day be booked; nothing is offered once they refuse it, nor on a day that is closed or over.
    """
    session.flush()
    waited_for = session.execute(
        select(Opening, Activity)
        .join(Activity, Activity.id == Opening.activity_id)
        .where(
            Opening.id.in_(set(opening_ids)),
            Opening.waiting > 0,
            Opening.closed_reason.is_(None),
            Opening.day >= paris_now(now).date(),
        )
        .order_by(Opening.id)
        .execution_options(populate_existing=True)
    ).all()
    return sum(_offer_places(session, opening.id, activity, now) for opening, activity in waited_for)


def _offer_places(session: Session, opening_id: int, activity: Activity, now: datetime) -> int:
    """Each child in turn: an offer changes who still finds a place."""
    seen: set[int] = set()
    offered = 0
    candidates = places.who_could_come(session, opening_id)
    while candidates:
        booking = candidates.pop(0)
        seen.add(booking.id)
        expires_at = _offered_until(booking, activity, now)
        if expires_at is None:
            continue
        booking_life.move(
            session, booking, BookingState.OFFERED, THE_PORTAL, now, offer_expires_at=expires_at
        )
        _tell(session, MailKind.PLACE_OFFER, booking, now)
        _record(session, "booking.offered", booking, THE_PORTAL, now)
        offered += 1
        candidates = [one for one in places.who_could_come(session, opening_id) if one.id not in seen]
    return offered


def _offered_until(booking: Booking, activity: Activity, now: datetime) -> datetime | None:
    """Until when the place is held for the child; None when the rules no longer let the day be booked."""
    decision = _decision(booking, now)
    if decision.outcome is Outcome.REFUSE:
        return None
    end = now + timedelta(hours=activity.offer_hours)
    return end if decision.until is None else min(end, decision.until)


def _decision(booking: Booking, now: datetime) -> Decision:
    rules = rule_set(
        [booking.activity_id], [booking.presence_type_id], booking.household_id, booking.day, booking.day
    )
    return rules.decide(booking.activity_id, LineAction.BOOK, booking.day, now, booking.child_id)


# --- The answer of the family -------------------------------------------------------------------------------


def accept(booking_id: int, household_ids: Iterable[int], actor: Actor, now: datetime) -> BookingState:
    """Take the place that is offered: accepted, or pending where the structure validates each booking.

    Raises NotFound for another household's booking and for a child of whom it reads the name alone, Stale
    when it is not offered any more or the child not enrolled any more.
    """
    with write_transaction() as session:
        booking = _offered(session, booking_id, household_ids, now)
        link = session.get(HouseholdChild, (booking.household_id, booking.child_id))
        if link is None or link.is_restricted:
            raise NotFound
        if not _is_enrolled(session, booking):
            raise Stale(NOT_ENROLLED)
        mode = session.scalar(
            select(Facility.validation_mode)
            .join(Activity, Activity.facility_id == Facility.id)
            .where(Activity.id == booking.activity_id)
        )
        automatic = mode is ValidationMode.AUTOMATIC
        following = BookingState.ACCEPTED if automatic else BookingState.PENDING
        booking_life.move(session, booking, following, actor, now)
        _answer_line(session, booking, LineState.ACCEPTED if automatic else LineState.PENDING, "", now)
        _record(session, "booking.offer_accepted", booking, actor, now)
        return following


def give_up(booking_id: int, household_ids: Iterable[int], actor: Actor, now: datetime) -> None:
    """Leave the offered place to the next one. Raises NotFound for another household's booking, Stale like
    `accept`."""
    with write_transaction() as session:
        booking = _offered(session, booking_id, household_ids, now)
        _answer_line(session, booking, LineState.WITHDRAWN, GIVEN_UP, now)
        booking_life.move(session, booking, BookingState.CANCELLED, actor, now, GIVEN_UP)
        _record(session, "booking.offer_given_up", booking, actor, now)
        serve(session, [booking.opening_id], now)


def expire(now: datetime) -> int:
    """End the offers without answer and those to children who are not enrolled any more, offer their places
    to the next; how many ended. The worker's turn."""
    over = (Booking.state == BookingState.OFFERED, or_(Booking.offer_expires_at <= now, ~_ENROLLED))
    if db.session.scalar(select(Booking.id).where(*over).limit(1)) is None:
        return 0
    with write_transaction() as session:
        held = places.lock(session, select(Booking.opening_id).where(*over))
        mine = (*over, Booking.opening_id.in_(held))
        ended = session.scalars(select(Booking).where(*mine).order_by(Booking.id)).all()
        for booking in ended:
            reason = LOST if booking.offer_expires_at <= now else NOT_ENROLLED
            _end(session, booking, "booking.offer_expired", reason, now)
        serve(session, held, now)
        return len(ended)


def tidy(now: datetime) -> int:
    """End the waiting for days that can no longer be booked and that of children who are not enrolled any
    more, telling each family once, and offer the free places of days on which somebody waits all the same
    (another règlement, a town brought up to date); returns how many waits ended. The worker's turn, now and
    then."""
    ended = _waits_to_end(now)
    with_places = select(Opening.id).where(
        Opening.waiting > 0, or_(Opening.capacity.is_(None), Opening.booked < Opening.capacity)
    )
    if not ended and db.session.scalar(with_places.limit(1)) is None:
        return 0
    with write_transaction() as session:
        waiting = (Booking.id.in_(ended), Booking.state == BookingState.WAITING)
        held = places.lock(session, with_places.union(select(Booking.opening_id).where(*waiting)))
        for booking in session.scalars(select(Booking).where(*waiting).order_by(Booking.id)).all():
            _end(session, booking, "booking.wait_ended", ended[booking.id], now)
        serve(session, held, now)
        return len(ended)


def _waits_to_end(now: datetime) -> dict[int, str]:
    """The bookings that wait in vain, and why."""
    waiting = db.session.execute(
        select(Booking.id, IS_ENROLLED.label("is_enrolled"))
        .join(Activity, Activity.id == Booking.activity_id)
        .where(Booking.state == BookingState.WAITING)
        .order_by(Booking.day)
    ).all()
    found = {row.id: NOT_ENROLLED for row in waiting if not row.is_enrolled}
    return found | {row.id: TOO_LATE for row in waiting if row.is_enrolled and _is_over(row.id, now)}


def _is_over(booking_id: int, now: datetime) -> bool:
    booking = db.session.get_one(Booking, booking_id)
    return booking.day < paris_now(now).date() or _decision(booking, now).outcome is Outcome.REFUSE


def _end(session: Session, booking: Booking, action: str, reason: str, now: datetime) -> None:
    _answer_line(session, booking, LineState.REFUSED, reason, now)
    booking_life.move(session, booking, BookingState.REFUSED, THE_PORTAL, now, reason)
    _tell(session, MailKind.PLACE_LOST, booking, now, reason)
    _record(session, action, booking, THE_PORTAL, now)


def _offered(session: Session, booking_id: int, household_ids: Iterable[int], now: datetime) -> Booking:
    """The offered booking, its day held."""
    places.lock(session, select(Booking.opening_id).where(Booking.id == booking_id))
    booking = session.get(Booking, booking_id)
    if booking is None or booking.household_id not in set(household_ids):
        raise NotFound
    if booking.state is not BookingState.OFFERED or booking.offer_expires_at <= now:
        raise Stale("Cette place n’est plus proposée. Voici la situation actuelle.")
    return booking


def _is_enrolled(session: Session, booking: Booking) -> bool:
    mine = select(IS_ENROLLED).select_from(Booking).join(Activity, Activity.id == Booking.activity_id)
    return bool(session.scalar(mine.where(Booking.id == booking.id)))


def _answer_line(session: Session, booking: Booking, state: LineState, reason: str, now: datetime) -> None:
    """What the line of the request that waited becomes."""
    line = session.scalar(
        select(BookingRequestLine).where(
            BookingRequestLine.booking_id == booking.id,
            BookingRequestLine.state == LineState.WAITING,
            BookingRequestLine.action == LineAction.BOOK,
        )
    )
    if line is not None:
        line.state, line.reason = state, reason
        line.decided_at = None if state is LineState.PENDING else now
        session.flush()


# --- Mails and journal --------------------------------------------------------------------------------------


def _tell(session: Session, kind: MailKind, booking: Booking, now: datetime, reason: str = "") -> None:
    """One mail to each adult of the household who has an access."""
    child = session.get_one(Child, booking.child_id)
    activity = session.get_one(Activity, booking.activity_id)
    presence = session.get_one(PresenceType, booking.presence_type_id)
    outbox.queue_household(
        session,
        kind,
        booking.household_id,
        now=now,
        first_name=child.first_name,
        activity=activity.name,
        presence=presence.name,
        day=booking.day,
        booking_id=booking.id,
        expires_at=booking.offer_expires_at,
        reason=reason,
    )


def _record(session: Session, action: str, booking: Booking, actor: Actor, now: datetime) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=actor.user_id,
        channel=actor.channel,
        action=action,
        object_type="booking",
        object_id=booking.id,
        household_id=booking.household_id,
        after={"day": booking.day.isoformat(), "child_id": booking.child_id, "state": booking.state.value},
    )
