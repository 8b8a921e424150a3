"""Past days of the demonstration are marked, but two bookings of the month that somebody forgot (R30)."""

from datetime import datetime

from sqlalchemy import exists, select

from domain.calendar import paris_now
from domain.enums import AttendanceMark, BookingState
from models import Absence, Attendance, Booking
from services import audit, booking_life, records
from services.transaction import write_transaction

_FORGOTTEN = 2


def mark_the_past(agent_id: int, now: datetime) -> None:
    """Everybody came, but those whose family told; the two newest bookings stay to be marked."""
    with write_transaction() as session:
        actor = booking_life.agent(session, agent_id)
        told = exists().where(Absence.booking_id == Booking.id).correlate(Booking)
        past = (
            select(Booking, told)
            .where(Booking.state == BookingState.ACCEPTED, Booking.day < paris_now(now).date())
            .order_by(Booking.day.desc(), Booking.id.desc())
            .offset(_FORGOTTEN)
        )
        rows = [
            Attendance(
                child_id=booking.child_id,
                household_id=booking.household_id,
                opening_id=booking.opening_id,
                activity_id=booking.activity_id,
                day=booking.day,
                presence_type_id=booking.presence_type_id,
                booking_id=booking.id,
                mark=AttendanceMark.ABSENT if is_absent else AttendanceMark.PRESENT,
                note="",
                author_user_id=agent_id,
                author_name=actor.name,
                marked_at=now,
            )
            for booking, is_absent in session.execute(past)
        ]
        records.write_all(session, rows)
        audit.record(
            session,
            at=now,
            actor_user_id=agent_id,
            channel=actor.channel,
            action="attendance.rest_marked",
            object_type="attendance",
            object_id=agent_id,
            after={"count": len(rows)},
        )
