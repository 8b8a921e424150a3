"""What goes wrong without anybody noticing: mails that do not leave, payments that nobody settles (R53)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select

from domain.enums import MailState, OnlineState
from extensions import db
from models import OnlinePayment, OutgoingMail

MAIL_LATE = timedelta(hours=1)
PAYMENT_LATE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Troubles:
    """`late_mails`: refused by the mail server for an hour or more, and tried again. `payments_to_check`: an
    agent must decide. `payments_unanswered`: the payment service has said nothing for a day."""

    late_mails: int
    payments_to_check: int
    payments_unanswered: int


def troubles(now: datetime) -> Troubles:
    """Two statements."""
    late = db.session.scalar(
        select(func.count(OutgoingMail.id)).where(
            OutgoingMail.state == MailState.QUEUED,
            OutgoingMail.last_error != "",
            OutgoingMail.created_at < now - MAIL_LATE,
        )
    )
    unanswered = and_(
        OnlinePayment.state == OnlineState.PENDING, OnlinePayment.created_at < now - PAYMENT_LATE
    )
    counts = db.session.execute(
        select(
            func.coalesce(func.sum(case((OnlinePayment.state == OnlineState.TO_CHECK, 1), else_=0)), 0),
            func.coalesce(func.sum(case((unanswered, 1), else_=0)), 0),
        ).where(OnlinePayment.state.in_((OnlineState.TO_CHECK, OnlineState.PENDING)))
    ).one()
    return Troubles(late or 0, *counts)
