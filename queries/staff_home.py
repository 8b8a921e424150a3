"""What waits on the staff's home page, beside the requests."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, case, exists, func, select

from domain.calendar import school_year
from domain.enums import MailState
from extensions import db
from models import (
    Activity,
    Facility,
    Household,
    Opening,
    OutgoingMail,
    PresenceType,
    PublicHoliday,
    SchoolHoliday,
)
from queries import rulebooks

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


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What a town must have before families can book: whether each is there."""

    calendar: bool
    facility: bool
    activity: bool
    household: bool

    @property
    def all_done(self) -> bool:
        return self.calendar and self.facility and self.activity and self.household


def first_steps(zone: str, today: date) -> FirstSteps:
    """`calendar`: public and school holidays (of `zone`) of this school year; `activity`: one with both
    limits, a price and a day. Two statements."""
    first, last = school_year(today)
    calendar = and_(
        exists().where(PublicHoliday.day.between(first, last)),
        exists().where(
            SchoolHoliday.zone == zone, SchoolHoliday.first_day <= last, SchoolHoliday.last_day >= first
        ),
    )
    ready = [name for name, rules in rulebooks.ruled().items() if rules.is_complete]
    activity = exists().where(
        Activity.is_active,
        Activity.rule_name.in_(ready),
        exists().where(PresenceType.activity_id == Activity.id),
        exists().where(Opening.activity_id == Activity.id),
    )
    facility, household = exists().where(Facility.is_active), exists(select(Household.id))
    row = db.session.execute(select(calendar, facility, activity, household)).one()
    return FirstSteps(*(bool(value) for value in row))
