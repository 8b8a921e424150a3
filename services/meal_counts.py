"""The worker takes the count of each kitchen at each step of production, once, and never changes it (R32).

The kitchen is held first, so that of two workers the second finds the counts of the first. A worker that was
stopped takes what it missed for the days that are not over, and the count says when it was taken.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import Channel
from domain.meal_counts import step_moment
from models import Kitchen, MealCount, MealCountLine
from queries import meal_counts
from queries.meal_counts import KitchenSheet, Step
from services import audit, records
from services.transaction import write_transaction


class _Due(NamedTuple):
    step: Step
    day: date


def take_due(now: datetime) -> int:
    """Take the counts whose hour has come, from today on; how many were taken."""
    today = paris_now(now).date()
    return sum(
        _take_for(sheet, today, now)
        for sheet in meal_counts.kitchens(None)
        if sheet.is_active and sheet.activities and any(one.is_active for one in sheet.steps)
    )


def _take_for(sheet: KitchenSheet, today: date, now: datetime) -> int:
    steps = [one for one in sheet.steps if one.is_active]
    served = [one.activity_id for one in sheet.activities]
    last = today + timedelta(days=max(one.days_before for one in steps))
    days = meal_counts.open_days(served, today, last)
    due = [
        _Due(one, day)
        for day in days
        for one in steps
        if step_moment(day, one.days_before, one.minute) <= now
    ]
    due = _not_taken(sheet.kitchen_id, due) if due else []
    return _take(sheet.kitchen_id, served, due, now) if due else 0


def _take(kitchen_id: int, served: Collection[int], due: Sequence[_Due], now: datetime) -> int:
    with write_transaction() as session:
        records.get(session, Kitchen, kitchen_id)
        due = _not_taken(kitchen_id, due)  # another worker may have been faster
        if due:
            _write(session, kitchen_id, served, due, now)
        return len(due)


def _not_taken(kitchen_id: int, due: Sequence[_Due]) -> list[_Due]:
    days = [one.day for one in due]
    taken = meal_counts.taken_steps(kitchen_id, min(days), max(days))
    return [one for one in due if (one.step.step_id, one.day) not in taken]


def _write(
    session: Session, kitchen_id: int, served: Collection[int], due: Sequence[_Due], now: datetime
) -> None:
    days = [one.day for one in due]
    booked = meal_counts.counted(served, min(days), max(days))
    rows = [
        MealCount(
            kitchen_id=kitchen_id,
            step_id=one.step.step_id,
            step_name=one.step.name,
            day=one.day,
            taken_at=now,
        )
        for one in due
    ]
    session.add_all(rows)
    session.flush()
    lines = [
        MealCountLine(count_id=row.id, **portion._asdict(), meals=meals)
        for row in rows
        for portion, meals in booked.get(row.day, {}).items()
    ]
    records.write_all(session, lines)
    audit.record(
        session,
        at=now,
        actor_user_id=None,
        channel=Channel.SYSTEM,
        action="meal_count.taken",
        object_type="kitchen",
        object_id=kitchen_id,
        after={
            "counts": [
                {
                    "step": row.step_name,
                    "day": row.day.isoformat(),
                    "meals": sum(booked.get(row.day, {}).values()),
                }
                for row in rows
            ]
        },
    )
