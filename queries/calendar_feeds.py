"""What an adult's calendar reads at its secret address: the days of its households' bookings (R25)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select

from domain.enums import AccountKind, AccountStatus, BookingState
from domain.workflow import ACTIVE_STATES
from models import Activity, Booking, CalendarFeed, Child, Guardian, HouseholdChild, HouseholdGuardian, User
from queries.reading import read

BEFORE, AFTER = timedelta(days=31), timedelta(days=400)
_OWNER = (
    select(CalendarFeed.created_at, HouseholdGuardian.household_id)
    .join(User, User.id == CalendarFeed.user_id)
    .outerjoin(Guardian, Guardian.user_id == User.id)
    .outerjoin(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
    .where(
        CalendarFeed.token_hash == bindparam("token_hash"),
        CalendarFeed.revoked_at.is_(None),
        User.status == AccountStatus.ACTIVE,
        User.kind == AccountKind.FAMILY,
    )
)
_DAYS = (
    select(
        Booking.opening_id,
        Booking.child_id,
        Booking.day,
        Child.first_name,
        Activity.name.label("activity"),
        Booking.state,
        Booking.updated_at,
    )
    .join(Child, Child.id == Booking.child_id)
    .join(Activity, Activity.id == Booking.activity_id)
    .join(
        HouseholdChild,
        (HouseholdChild.child_id == Booking.child_id) & (HouseholdChild.household_id == Booking.household_id),
    )
    .where(
        Booking.household_id.in_(bindparam("households", expanding=True)),
        HouseholdChild.is_restricted.is_(False),
        Booking.day.between(bindparam("first"), bindparam("last")),
        Booking.state.in_(ACTIVE_STATES),
    )
    .order_by(Booking.day, Activity.position, Booking.id)
)
_CHOICES = (
    select(CalendarFeed.created_at, Guardian.wants_reminders, User.announcements_refused_at)
    .select_from(Guardian)
    .join(User, User.id == Guardian.user_id)
    .outerjoin(CalendarFeed, (CalendarFeed.user_id == Guardian.user_id) & CalendarFeed.revoked_at.is_(None))
    .where(Guardian.user_id == bindparam("user_id"))
)


@dataclass(frozen=True, slots=True)
class FeedDay:
    """One booked day: what a calendar on a kitchen wall may say. `is_sure` is false until it is accepted."""

    opening_id: int
    child_id: int
    day: date
    first_name: str
    activity: str
    is_sure: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """`changed_at`: when anything of it last changed for sure."""

    days: tuple[FeedDay, ...]
    changed_at: datetime


def feed(token_hash: str, today: date) -> Feed | None:
    """The bookings around `today` of the households of whoever holds this address; None when nobody with an
    open access does. Two statements."""
    owner = read(_OWNER, {"token_hash": token_hash}).all()
    if not owner:
        return None
    households = sorted({row.household_id for row in owner if row.household_id is not None})
    days = _days(households, today)
    return Feed(days, max([owner[0].created_at, *(day.changed_at for day in days)]))


def _days(household_ids: Sequence[int], today: date) -> tuple[FeedDay, ...]:
    span = {"households": household_ids, "first": today - BEFORE, "last": today + AFTER}
    return tuple(
        FeedDay(*row[:5], row.state is BookingState.ACCEPTED, row.updated_at) for row in read(_DAYS, span)
    )


@dataclass(frozen=True, slots=True)
class Choices:
    """What an adult chose: when the address in force of its calendar was made (None without one), and
    whether it wants reminders; since when it refuses announcements (None: it gets them)."""

    feed_made_at: datetime | None
    wants_reminders: bool
    announcements_refused_at: datetime | None


def choices(user_id: int) -> Choices:
    """The choices of an adult with a file. One statement."""
    return Choices(*read(_CHOICES, {"user_id": user_id}).one())
