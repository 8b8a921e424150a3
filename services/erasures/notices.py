"""A family is told that its file will be erased, once, long enough before (R54, RGPD article 12)."""

from datetime import datetime, timedelta

from sqlalchemy import select

from domain.calendar import paris_now
from domain.enums import Channel, MailKind
from domain.retention import Retained
from models import ErasureNotice, Household
from queries import retention as retention_queries
from services import audit, outbox
from services.transaction import write_transaction


def tell_families(now: datetime) -> int:
    """Write to each family that is due, or will be when the time of its notice is over, and was not told yet;
    how many. One that nobody can be written to, or whose account is not settled, is left out."""
    soon = retention_queries.soon_due(paris_now(now).date())
    to_tell = [one.household_id for one in soon if not one.owes and one.is_reachable and one.told_at is None]
    return sum(_tell(household_id, now) for household_id in to_tell)


def _tell(household_id: int, now: datetime) -> bool:
    """False when the family acted or was told since it was found."""
    today = paris_now(now).date()
    with write_transaction() as session:
        session.scalar(select(Household.id).where(Household.id == household_id).with_for_update())
        retention = retention_queries.retention()
        goes_on = today + timedelta(days=retention.notice_days)
        due = retention_queries.due_families(retention.before(Retained.FAMILY, goes_on), only=[household_id])
        if not due or due[0].owes or due[0].told_at is not None:
            return False
        recipients = outbox.queue_household(
            session,
            MailKind.ERASURE_NOTICE,
            household_id,
            now=now,
            last_day=due[0].last_day,
            goes_on=goes_on,
            accounting_years=retention.months[Retained.ACCOUNTING] // 12,
        )
        if not recipients:
            return False
        session.add(ErasureNotice(household_id=household_id, last_day=due[0].last_day, told_at=now))
        audit.record(
            session,
            at=now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="erasure.announced",
            object_type="household",
            object_id=household_id,
            household_id=household_id,
            after={"goes_on": goes_on.isoformat()},
        )
    return True
