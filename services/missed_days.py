"""What stays due of days on which a child did not come, inside the transaction of another act (R23, R30)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import AbsenceState, AttendanceMark, BookingState
from models import Absence, Attendance, Booking
from queries import absences as absence_queries
from queries.absences import AROUND
from services import booking_life
from services.booking_life import Actor


def observe(session: Session, booking: Booking, actor: Actor, now: datetime) -> None:
    """The child of an accepted booking did not come and nobody told: an absence, with what the règlement
    leaves due of it. Inside the caller's transaction, which holds the days around."""
    session.add(
        Absence(
            booking_id=booking.id,
            state=AbsenceState.DECLARED,
            is_observed=True,
            author_name=actor.name,
            declared_at=now,
        )
    )
    settle(session, booking.child_id, booking.household_id, [booking.day], actor, now)


def observe_marked(session: Session, booking: Booking, actor: Actor, now: datetime) -> None:
    """The same for a booking that is accepted after its child was marked absent."""
    marked = select(Attendance.mark).where(
        Attendance.opening_id == booking.opening_id, Attendance.child_id == booking.child_id
    )
    told = select(Absence.id).where(Absence.booking_id == booking.id)
    if session.scalar(marked) is AttendanceMark.ABSENT and session.scalar(told) is None:
        observe(session, booking, actor, now)


def settle(
    session: Session,
    child_id: int,
    household_id: int,
    days: Sequence[date],
    actor: Actor,
    now: datetime,
) -> None:
    """Work out again what stays due of the absences around these days, as their proofs stand; inside the
    caller's transaction, which holds them. What changes for a booking is added to its history."""
    session.flush()
    own = absence_queries.booked_days(child_id, [household_id], min(days) - AROUND, max(days) + AROUND)
    absent = {one.booking_id: one for one in own if one.is_absent and one.state is BookingState.ACCEPTED}
    if not absent:
        return
    rules = absence_queries.rules_of(own, household_id)
    stretches = absence_queries.stretches_of(own, absent)
    rows = select(Absence, Booking).join(Booking, Booking.id == Absence.booking_id)
    for absence, booking in session.execute(rows.where(Booking.id.in_(absent)).order_by(Booking.id)).all():
        found = absence_queries.explained(absent[booking.id], stretches[booking.id], rules)
        explanation = list(found.explanation)
        booking.due_cents = None if found.cents == booking.price_cents else found.cents
        if explanation != absence.explanation:
            absence.explanation = explanation
            booking_life.note(session, booking, actor, now, " ".join(["Absence.", *explanation]))
    session.flush()
