"""What waits on the staff's home page, beside the requests."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select

from domain.enums import MailState
from extensions import db
from models import OutgoingMail

RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class MailTroubles:
    """Mails that failed once and will be tried again, and those of the last 30 days that never arrived."""

    late: int
    lost: int


def mail_troubles(now: datetime) -> MailTroubles:
    """One statement."""
    late = and_(OutgoingMail.state == MailState.QUEUED, OutgoingMail.last_error != "")
    lost = and_(
        OutgoingMail.state.in_((MailState.BOUNCED, MailState.ABANDONED)),
        OutgoingMail.created_at > now - RECENT,
    )
    row = db.session.execute(
        select(
            func.coalesce(func.sum(case((late, 1), else_=0)), 0),
            func.coalesce(func.sum(case((lost, 1), else_=0)), 0),
        )
    ).one()
    return MailTroubles(*row)
