"""Absences of children from booked days (R23, S73): declared in one act, taken back, settled by their proof.

What can still be cancelled for free is cancelled, by the same request as from the wizard; the rest is an
absence, with what stays due by the règlement. A proof changes that once the service has decided on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import AbsenceKind, AbsenceState, BookingState, Channel, DocumentState, MailKind
from domain.errors import Refused
from domain.french import NBSP
from models import Absence, Booking, Child
from queries import absences as absence_queries
from queries.absences import AROUND, Becomes, BookedDay, Line
from services import audit, booking_life, booking_requests, outbox, places
from services.booking_drafts import Author, cancelling_draft
from services.booking_life import Actor
from services.missed_days import settle
from services.transaction import write_transaction

BACK = f"Absence retirée{NBSP}: l’enfant vient."


class Teller(NamedTuple):
    """Who declares: its account and households, its name, and by which channel."""

    user_id: int
    household_ids: Sequence[int]
    name: str
    channel: Channel = Channel.PORTAL

    @property
    def actor(self) -> Actor:
        return Actor(self.user_id, self.name, self.channel)


@dataclass(frozen=True, slots=True)
class Wish:
    """A child who will not come, from `first` to `last`; `kind` is what a proof would show, if anything."""

    child_id: int
    first: date
    last: date
    kind: AbsenceKind | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """How many bookings were cancelled, asked to be, or are absences now; `due_cents` stays due of these."""

    cancelled: int
    asked: int
    absent: int
    due_cents: int | None


def declare(teller: Teller, wish: Wish, now: datetime) -> Declared:
    """Declare the child absent; what was declared or cancelled before is left alone, so that a second tap
    changes nothing.

    Raises NotFound for somebody else's child, Refused `past`, `order`, `too_long`, `nothing_booked`.
    """
    with write_transaction() as session:
        plan = _locked_plan(session, teller, wish, now)
        if not plan.lines:
            raise Refused("nothing_booked", f"Rien n’est réservé ces jours-là{NBSP}: vérifiez les dates.")
        given_up = [one for one in plan.acts if one.becomes is not Becomes.ABSENT]
        for household_id in _households(given_up):
            _cancel(session, teller, [one for one in given_up if _of(one) == household_id], now)
        missed = [one for one in plan.acts if one.becomes is Becomes.ABSENT]
        for household_id in _households(missed):
            _declare(session, teller, wish, [one for one in missed if _of(one) == household_id], now)
        asked = sum(one.becomes is Becomes.ASKED for one in given_up)
        due = _due_of(session, [one.booked.booking_id for one in missed])
        return Declared(len(given_up) - asked, asked, len(missed), due)


def _locked_plan(session: Session, teller: Teller, wish: Wish, now: datetime) -> absence_queries.Plan:
    """What is to be done, read again once the days are held, with those of the absences around them."""
    around = and_(_is_missed(), Booking.day.between(wish.first - AROUND, wish.last + AROUND))
    places.lock(
        session,
        select(Booking.opening_id).where(
            Booking.child_id == wish.child_id,
            Booking.household_id.in_(teller.household_ids),
            or_(Booking.day.between(wish.first, wish.last), around),
        ),
    )
    return absence_queries.plan(teller.household_ids, wish.child_id, wish.first, wish.last, now)


def _is_missed() -> ColumnElement[bool]:
    """An absence of an accepted booking, whose bill may change with the absences around it."""
    return and_(
        Booking.state == BookingState.ACCEPTED,
        select(Absence.id).where(Absence.booking_id == Booking.id).exists(),
    )


def _of(line: Line) -> int:
    return line.booked.household_id


def _households(lines: Iterable[Line]) -> list[int]:
    return list(dict.fromkeys(map(_of, lines)))


def _cancel(session: Session, teller: Teller, lines: Sequence[Line], now: datetime) -> None:
    """One request that gives these days up, with its receipt."""
    bookings = [session.get_one(Booking, one.booked.booking_id) for one in lines]
    author = Author(teller.user_id, teller.household_ids, teller.channel)
    draft = cancelling_draft(session, author, bookings, now)
    booking_requests.submit_within(session, author, draft.key, teller.name, now)


def _declare(session: Session, teller: Teller, wish: Wish, lines: Sequence[Line], now: datetime) -> None:
    household_id = _of(lines[0])
    session.add_all(
        Absence(
            booking_id=one.booked.booking_id,
            kind=wish.kind,
            state=AbsenceState.DECLARED,
            author_name=teller.name,
            declared_at=now,
        )
        for one in lines
    )
    session.flush()
    days = [one.booked.day for one in lines]
    settle(session, wish.child_id, household_id, days, teller.actor, now)
    after = {"kind": wish.kind, "bookings": [one.booked.booking_id for one in lines]}
    _record(session, "absence.declared", wish.child_id, household_id, days, teller, now, after)
    _tell(session, wish.child_id, household_id, days, now)


def take_back(teller: Teller, child_id: int, day: date, now: datetime) -> int:
    """The child comes after all: its absences of the day go, while the day is not over. Returns how many.

    Raises NotFound for somebody else's child, Refused `past`, `has_proof` while a document was sent for it.
    """
    if day < paris_now(now).date():
        raise Refused("past", f"Ce jour est passé{NBSP}: contactez le service.")
    with write_transaction() as session:
        wish = Wish(child_id, day, day)
        absent = [
            one.booked for one in _locked_plan(session, teller, wish, now).lines if one.booked.is_absent
        ]
        if any(one.document_id is not None for one in absent):
            raise Refused(
                "has_proof",
                f"Un justificatif a été envoyé pour ce jour{NBSP}: retirez d’abord ce document, "
                "ou contactez le service.",
            )
        for household_id in dict.fromkeys(one.household_id for one in absent):
            own = [one for one in absent if one.household_id == household_id]
            _remove(session, own, teller.actor, now, BACK)
            after = {"bookings": [one.booking_id for one in own]}
            _record(session, "absence.taken_back", child_id, household_id, [day], teller, now, after)
        return len(absent)


def _remove(session: Session, absent: Sequence[BookedDay], actor: Actor, now: datetime, reason: str) -> None:
    ids = [one.booking_id for one in absent]
    session.execute(delete(Absence).where(Absence.booking_id.in_(ids)))
    for booking in session.scalars(select(Booking).where(Booking.id.in_(ids)).order_by(Booking.id)):
        booking.due_cents = None
        booking_life.note(session, booking, actor, now, reason)
    session.flush()
    first = absent[0]
    settle(session, first.child_id, first.household_id, [one.day for one in absent], actor, now)


# --- What the team saw -------------------------------------------------------------------------------------


def days_around(child_id: int, day: date) -> Select:
    """The openings whose absences may change with one of this day, for the caller to hold with its own."""
    around = Booking.day.between(day - AROUND, day + AROUND)
    return select(Booking.opening_id).where(Booking.child_id == child_id, _is_missed(), around)


def came(session: Session, booking: Booking, actor: Actor, now: datetime, reason: str) -> None:
    """The absence of a booking goes, if there is one: the day is due again as booked; `reason` stands in its
    history. Inside the caller's transaction, which holds the days around.

    Raises Refused `has_proof` while a document sent for it waits.
    """
    own = absence_queries.booked_days(booking.child_id, [booking.household_id], booking.day, booking.day)
    absent = [one for one in own if one.booking_id == booking.id and one.is_absent]
    if any(one.document_state is DocumentState.SUBMITTED for one in absent):
        raise Refused(
            "has_proof",
            f"La famille a envoyé un justificatif pour cette absence{NBSP}: répondez-lui d’abord dans "
            f"«{NBSP}À traiter{NBSP}», puis pointez l’enfant.",
        )
    if absent:
        _remove(session, absent, actor, now, reason)


# --- What stays due -----------------------------------------------------------------------------------------


def hold(session: Session, child_id: int, household_id: int) -> None:
    """Hold the missed days of a child before a proof changes what stays due of them: a closure of the same
    days gives them back before or after, never meanwhile."""
    session.flush()
    missed = (Booking.child_id == child_id, Booking.household_id == household_id, _is_missed())
    places.lock(session, select(Booking.opening_id).where(*missed))


def settle_document(session: Session, document_id: int, actor: Actor, now: datetime) -> None:
    """The same for every absence that a document is about."""
    session.flush()
    rows = session.execute(
        select(Booking.child_id, Booking.household_id, Booking.day)
        .join(Absence, Absence.booking_id == Booking.id)
        .where(Absence.document_id == document_id)
        .order_by(Booking.day)
    ).all()
    for child_id, household_id in dict.fromkeys(tuple(row[:2]) for row in rows):
        days = [row.day for row in rows if tuple(row[:2]) == (child_id, household_id)]
        settle(session, child_id, household_id, days, actor, now)


def _due_of(session: Session, booking_ids: Sequence[int]) -> int | None:
    """What these bookings cost together; None when one has no known price."""
    bookings = session.scalars(select(Booking).where(Booking.id.in_(booking_ids))).all()
    found = [one.price_cents if one.due_cents is None else one.due_cents for one in bookings]
    return None if None in found else sum(found)


# --- Mail and journal ---------------------------------------------------------------------------------------


def _tell(session: Session, child_id: int, household_id: int, days: Sequence[date], now: datetime) -> None:
    """One receipt for each adult of the household, as the absences stand once settled."""
    child = session.get_one(Child, child_id)
    told = [
        one
        for one in absence_queries.booked_days(child_id, [household_id], min(days), max(days))
        if one.is_absent
    ]
    context = {
        "first_name": child.first_name,
        "child_id": child_id,
        "category_id": absence_queries.proof_category(),
        "absences": told,
    }
    outbox.queue_for_households(session, MailKind.ABSENCE_RECEIPT, {household_id: context}, now)


def _record(
    session: Session,
    action: str,
    child_id: int,
    household_id: int,
    days: Sequence[date],
    teller: Teller,
    now: datetime,
    after: dict,
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=teller.user_id,
        channel=teller.channel,
        action=action,
        object_type="absence",
        object_id=child_id,
        household_id=household_id,
        after={**after, "child_id": child_id, "days": sorted({day.isoformat() for day in days})},
    )
