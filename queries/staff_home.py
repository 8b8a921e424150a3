"""What waits on the staff's home page, beside the requests."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_, select

from domain.calendar import school_year
from domain.enums import MailState
from domain.first_steps import ActivityState
from extensions import db
from models import (
    Activity,
    Facility,
    Household,
    Opening,
    OutgoingMail,
    PresenceType,
    PublicHoliday,
    Regie,
    RulebookVersion,
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
class SetUp:
    """What the database says of a town that sets itself up; `has_calendar`: the public and school holidays of
    this school year are there."""

    has_calendar: bool
    facilities: int
    regies: int
    households: int
    has_rulebook: bool
    activities: tuple[ActivityState, ...]


def set_up(zone: str, today: date) -> SetUp:
    """Three statements."""
    first, last = school_year(today)
    calendar = and_(
        exists().where(PublicHoliday.day.between(first, last)),
        exists().where(
            SchoolHoliday.zone == zone, SchoolHoliday.first_day <= last, SchoolHoliday.last_day >= first
        ),
    )
    in_force = exists().where(
        RulebookVersion.is_draft.is_(False),
        RulebookVersion.valid_from <= today,
        or_(RulebookVersion.valid_to.is_(None), RulebookVersion.valid_to >= today),
    )
    row = db.session.execute(
        select(
            calendar,
            _count(Facility.id).where(Facility.is_active).scalar_subquery(),
            _count(Regie.id).scalar_subquery(),
            _count(Household.id).scalar_subquery(),
            in_force,
        )
    ).one()
    has_calendar, facilities, regies, households, has_rulebook = row
    activities = _activities(today)
    return SetUp(bool(has_calendar), facilities, regies, households, bool(has_rulebook), activities)


def _count(column: Any) -> Select:
    return select(func.count(column))


def _activities(today: date) -> tuple[ActivityState, ...]:
    """Those that families are offered, in their order."""
    ready = {name for name, rules in rulebooks.ruled().items() if rules.is_complete}
    rows = db.session.execute(
        select(
            Activity.name,
            Activity.rule_name,
            Activity.regie_id,
            exists().where(PresenceType.activity_id == Activity.id, PresenceType.is_active),
            exists().where(
                Opening.activity_id == Activity.id, Opening.day >= today, Opening.closed_reason.is_(None)
            ),
        )
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Activity.is_active, Facility.is_active)
        .order_by(Facility.position, Facility.name, Activity.position, Activity.id)
    )
    return tuple(
        ActivityState(name, bool(presences), bool(days), rule in ready, regie_id is not None)
        for name, rule, regie_id, presences, days in rows
    )
