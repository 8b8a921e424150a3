"""Bookings follow the child: what becomes of them when a day passes to its other household (R02).

A future booking of a day that a calendar, an exception or a swap gives to the other household becomes that
household's, at its own price, with its place and its state: the child comes all the same. The former
household owes nothing for it any more. Both are told, neither learns anything of the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select, union
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.custody import Custody
from domain.day_list import list_days
from domain.enums import BookingState, LineAction, LineState, MailKind
from domain.workflow import ACTIVE_STATES
from models import (
    Absence,
    Activity,
    Booking,
    BookingDraftLine,
    BookingRequest,
    BookingRequestLine,
    Child,
    HouseholdChild,
    PresenceType,
)
from queries import custody as custody_queries
from queries.rules import Price, rule_set
from services import audit, booking_life, outbox, places
from services.booking_life import Actor
from services.references import new_reference

LEFT = "Jour passé à l’autre foyer de l’enfant."
CAME = "Jour repris de l’autre foyer de l’enfant."
_LINE_STATES = {
    BookingState.ACCEPTED: LineState.ACCEPTED,
    BookingState.PENDING: LineState.PENDING,
    BookingState.REQUESTED: LineState.PENDING,
    BookingState.WAITING: LineState.WAITING,
    BookingState.OFFERED: LineState.WAITING,
}


@dataclass(frozen=True, slots=True)
class Moves:
    """The days that came to each household and those that left each, in words for its mail."""

    came: dict[int, str]
    left: dict[int, str]

    def words(self, household_id: int) -> dict[str, str]:
        return {"came": self.came.get(household_id, ""), "left": self.left.get(household_id, "")}

    @property
    def household_ids(self) -> set[int]:
        return {*self.came, *self.left}


def hold(session: Session, child_id: int, now: datetime) -> None:
    """Hold the child and its coming days, booked or wished for, until the commit: where it lives is about to
    change.

    Openings come first, as in every act on bookings, so that a validation is over or has not begun; one of
    days of a shared child holds the child after them too (`share`), and is judged by the calendar that
    stands.
    """
    wished = select(BookingDraftLine.opening_id).where(
        BookingDraftLine.child_id == child_id, BookingDraftLine.day > paris_now(now).date()
    )
    places.lock(session, union(select(Booking.opening_id).where(*_coming(child_id, now)), wished))
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())


def share(session: Session, child_ids: Iterable[int]) -> None:
    """Let nobody change where these children live before the commit."""
    session.execute(
        select(Child.id).where(Child.id.in_(set(child_ids))).order_by(Child.id).with_for_update(read=True)
    )


def follow(
    session: Session,
    child_id: int,
    actor: Actor,
    now: datetime,
    authors: Mapping[int, Actor] | None = None,
) -> Moves:
    """Give each coming booking of the child to the household in which it now lives that day.

    `authors` names the adult to whom each household answers, the actor otherwise.

    The caller holds the child (`hold`) and has written its calendar. A day that nobody's calendar covers, and
    one of a household that reads the child's name alone, keep their household.
    """
    session.flush()
    bookings = session.scalars(
        select(Booking).where(*_coming(child_id, now)).order_by(Booking.day, Booking.id).with_for_update()
    ).all()
    if not bookings:
        return Moves({}, {})
    known = custody_queries.custody(child_id, bookings[0].day, bookings[-1].day)
    came: dict[int, list[Booking]] = {}
    left: dict[int, list[date]] = {}
    for household_id in _homes(session, child_id):
        own = [one for one in bookings if _has_moved_to(household_id, one, known)]
        for one in own:
            left.setdefault(one.household_id, []).append(one.day)
        if own:
            came[household_id] = own
    for household_id, own in came.items():
        _receive(session, household_id, own, actor, (authors or {}).get(household_id, actor), now)
    return Moves(
        {household_id: list_days({one.day for one in own}) for household_id, own in came.items()},
        {household_id: list_days(set(days)) for household_id, days in left.items()},
    )


def follow_and_tell(session: Session, child_id: int, actor: Actor, now: datetime) -> None:
    """The same, and a mail to each household whose bookings moved: the service changed the calendar."""
    moves = follow(session, child_id, actor, now)
    for household_id in sorted(moves.household_ids):
        tell(session, child_id, household_id, "calendar", now, **moves.words(household_id))


def tell(session: Session, child_id: int, household_id: int, step: str, now: datetime, **said: Any) -> None:
    """One mail about shared custody to each adult of a household who has an access. `said`: `gained` and
    `given` days of care, bookings that `came` and `left`, in words; `other`, who proposes swap `swap_id`."""
    child = session.get_one(Child, child_id)
    outbox.queue_household(
        session,
        MailKind.CUSTODY_SWAP,
        household_id,
        now=now,
        child_id=child_id,
        first_name=child.first_name,
        step=step,
        **dict.fromkeys(("gained", "given", "came", "left", "other", "swap_id")) | said,
    )


def _coming(child_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The bookings that can still follow the child: today's meal is cooked, an absence is its household's."""
    return (
        Booking.child_id == child_id,
        Booking.day > paris_now(now).date(),
        Booking.state.in_(ACTIVE_STATES),
        Booking.due_cents.is_(None),
        ~exists().where(Absence.booking_id == Booking.id),
    )


def _homes(session: Session, child_id: int) -> Sequence[int]:
    return session.scalars(
        select(HouseholdChild.household_id)
        .where(HouseholdChild.child_id == child_id, HouseholdChild.is_restricted.is_(False))
        .order_by(HouseholdChild.household_id)
    ).all()


def _has_moved_to(household_id: int, booking: Booking, known: Custody) -> bool:
    home = known.home(booking.day)
    return home is not None and home.household_id == household_id != booking.household_id


def _receive(
    session: Session,
    household_id: int,
    bookings: Sequence[Booking],
    actor: Actor,
    author: Actor,
    now: datetime,
) -> None:
    """Make the bookings this household's, at its price, and write a request that it can read."""
    rules = rule_set(
        {one.activity_id for one in bookings},
        {one.presence_type_id for one in bookings},
        household_id,
        bookings[0].day,
        bookings[-1].day,
    )
    request = BookingRequest(
        reference=new_reference(session, BookingRequest),
        household_id=household_id,
        author_user_id=author.user_id,
        author_name=author.name,
        channel=author.channel,
        created_at=now,
    )
    session.add(request)
    session.flush()
    for booking in bookings:
        price = rules.price(booking.presence_type_id, booking.day, booking.child_id, now)
        _record(session, booking, household_id, price, actor, now)
        booking_life.change_home(session, booking, household_id, price.cents, actor, now, LEFT)
        session.add(_line(session, request, booking, price, now))
    session.flush()


def _line(
    session: Session, request: BookingRequest, booking: Booking, price: Price, now: datetime
) -> BookingRequestLine:
    state = _LINE_STATES[booking.state]
    return BookingRequestLine(
        request_id=request.id,
        booking_id=booking.id,
        child_id=booking.child_id,
        facility_id=session.get_one(Activity, booking.activity_id).facility_id,
        opening_id=booking.opening_id,
        presence_type_id=booking.presence_type_id,
        day=booking.day,
        action=LineAction.BOOK,
        state=state,
        price_cents=price.cents,
        explanation=list(price.explanation),
        reason=CAME,
        decided_at=now if state is LineState.ACCEPTED else None,
    )


def _record(
    session: Session, booking: Booking, household_id: int, price: Price, actor: Actor, now: datetime
) -> None:
    """In the journal of both households, each with its own price alone."""
    presence = session.get_one(PresenceType, booking.presence_type_id).name
    day = {"day": booking.day.isoformat(), "presence": presence}
    for action, owner_id, cents in (
        ("booking.left_home", booking.household_id, booking.price_cents),
        ("booking.came_home", household_id, price.cents),
    ):
        audit.record(
            session,
            at=now,
            actor_user_id=actor.user_id,
            channel=actor.channel,
            action=action,
            object_type="booking",
            object_id=booking.id,
            household_id=owner_id,
            after=day | {"price_cents": cents},
        )
