"""Reminders before the limit, to households that usually book a week and have not (R24). The worker's turn.

One mail a household and week, to its adults with an access who want it. A reminder and its mails are written
in one transaction: a worker stopped at any moment sends each of them once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.enums import AccountStatus, Channel, MailKind
from domain.errors import NotFound
from models import BookingReminder, Guardian, HouseholdGuardian, User
from queries import booking_reminders, town
from queries.booking_reminders import DueReminder
from services import audit, outbox
from services.transaction import write_transaction

A_TIME = 10  # households a transaction: families that book at the same moment do not wait for all of them


def remind(now: datetime) -> int:
    """Write the reminders that are due; how many households were reminded. None while the town wants none."""
    hours = town.settings().reminder_lead_hours
    if not hours:
        return 0
    found = booking_reminders.due(now, hours)
    return sum(_remind_some(found[place : place + A_TIME], now) for place in range(0, len(found), A_TIME))


def choose(user_id: int, wants_reminders: bool, now: datetime) -> None:
    """Whether this adult wants reminders. Raises NotFound for an account without a file."""
    with write_transaction() as session:
        row = session.scalar(select(Guardian).where(Guardian.user_id == user_id).with_for_update())
        if row is None:
            raise NotFound
        if row.wants_reminders == wants_reminders:
            return
        before, row.wants_reminders = row.wants_reminders, wants_reminders
        audit.record(
            session,
            at=now,
            actor_user_id=user_id,
            channel=Channel.PORTAL,
            action="guardian.reminders_chosen",
            object_type="guardian",
            object_id=row.id,
            before={"wants_reminders": before},
            after={"wants_reminders": wants_reminders},
        )


def _remind_some(some: Sequence[DueReminder], now: datetime) -> int:
    with write_transaction() as session:
        return sum(_remind(session, one, now) for one in some)


def _remind(session: Session, one: DueReminder, now: datetime) -> bool:
    """False when nobody of the household wants it, or when another worker was faster."""
    adults = session.execute(
        select(User.id, User.email)
        .join(Guardian, Guardian.user_id == User.id)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .where(
            HouseholdGuardian.household_id == one.household_id,
            User.status == AccountStatus.ACTIVE,
            Guardian.wants_reminders,
        )
        .order_by(HouseholdGuardian.position, Guardian.id)
    ).all()
    rows = [BookingReminder(**key, sent_at=now) for key in _keys(one)]
    if not adults or not _is_first(session, rows):
        return False
    for adult in adults:
        outbox.queue(
            session,
            MailKind.BOOKING_REMINDER,
            to=adult.email,
            now=now,
            user_id=adult.id,
            household_id=one.household_id,
            week=one.week,
            places=one.places,
        )
    audit.record(
        session,
        at=now,
        actor_user_id=None,
        channel=Channel.SYSTEM,
        action="booking_reminder.sent",
        object_type="booking_reminder",
        object_id=one.household_id,
        household_id=one.household_id,
        after={"week": one.week.isoformat(), "facilities": [place.facility_id for place in one.places]},
    )
    return True


def _keys(one: DueReminder) -> list[dict[str, Any]]:
    return [
        {"household_id": one.household_id, "facility_id": place.facility_id, "week": one.week}
        for place in one.places
    ]


def _is_first(session: Session, rows: Sequence[BookingReminder]) -> bool:
    try:
        with session.begin_nested():
            session.add_all(rows)
    except IntegrityError:
        return False
    return True
