"""What has been kept long enough (R54): which families, and whose rows are theirs alone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from domain import retention as rules
from domain.calendar import paris_now
from domain.enums import AccountStatus, InvoiceState
from domain.retention import Retained, Retention
from extensions import db
from models import (
    AuditEvent,
    Booking,
    Child,
    Enrolment,
    ErasureNotice,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Invoice,
    LastSignIn,
    Payment,
    Setting,
    User,
)

# Money that is not over: a family that owes, or that is owed, is no past one.
_OPEN_BILLS = (InvoiceState.UNSETTLED, InvoiceState.PARTIAL, InvoiceState.PAYING)


@dataclass(frozen=True, slots=True)
class DueFamily:
    """A family whose file has been kept long enough. `last_day`: of its last activity, in Paris.

    `owes`: its account is not settled, so that it stays. `is_reachable`: an adult has an access and a proven
    address. `told_at`: when they were told of this erasure.
    """

    household_id: int
    number: int
    name: str
    last_day: date
    owes: bool
    is_reachable: bool
    told_at: datetime | None

    def goes_from(self, notice_days: int) -> date | None:
        """The first day on which it may go, in Paris; None while it is to be told first."""
        if self.told_at is None:
            return None if self.is_reachable else self.last_day
        return paris_now(self.told_at).date() + timedelta(days=notice_days)

    def may_go(self, notice_days: int, today: date) -> bool:
        """Whether it goes now: its account is settled, and it was told long enough ago or nobody can be."""
        first = self.goes_from(notice_days)
        return not self.owes and first is not None and first <= today


@dataclass(frozen=True, slots=True)
class Subjects:
    """Households to erase, their duplicates, and the people who live in no other household."""

    households: tuple[int, ...]
    guardians: tuple[int, ...]
    children: tuple[int, ...]
    users: tuple[int, ...]
    names: tuple[str, ...]  # of the erased adults, as signatures have them


def retention() -> Retention:
    """The durations in force. One statement."""
    query = select(Setting.key, Setting.value).where(Setting.key.startswith(rules.PREFIX))
    return rules.from_rows(dict(db.session.execute(query).all()))


def due_families(before: date, only: Collection[int] | None = None) -> list[DueFamily]:
    """Families without any activity since that day, the oldest first. Two statements at most.

    A booking, an enrolment, an act of somebody on the file or a sign-in of one of its adults is activity.
    """
    booked = select(func.max(Booking.day)).where(Booking.household_id == Household.id).scalar_subquery()
    acted = (
        select(func.max(AuditEvent.at))
        .where(AuditEvent.household_id == Household.id, AuditEvent.actor_user_id.is_not(None))
        .scalar_subquery()
    )
    adults = (
        select(HouseholdGuardian.household_id)
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .where(HouseholdGuardian.household_id == Household.id)
    )
    opened = (
        adults.with_only_columns(func.max(LastSignIn.at))
        .join(LastSignIn, LastSignIn.user_id == Guardian.user_id)
        .scalar_subquery()
    )
    reachable = (
        adults.join(User, User.id == Guardian.user_id)
        .where(User.status == AccountStatus.ACTIVE, User.email_verified_at.is_not(None))
        .exists()
    )
    enrolled = (
        select(func.max(Enrolment.last_day))
        .join(HouseholdChild, HouseholdChild.child_id == Enrolment.child_id)
        .where(HouseholdChild.household_id == Household.id)
        .scalar_subquery()
    )
    owed = (
        select(func.count())
        .where(Invoice.household_id == Household.id, Invoice.state.in_(_OPEN_BILLS))
        .scalar_subquery()
    )
    advance = (
        select(func.count())
        .where(
            Payment.household_id == Household.id,
            Payment.state == "valid",
            Payment.allocated_cents + Payment.refunded_cents < Payment.amount_cents,
        )
        .scalar_subquery()
    )
    query = select(
        Household.id, Household.number, Household.name, Household.created_at,
        booked.label("booked"), acted.label("acted"), enrolled.label("enrolled"),
        opened.label("opened"), (owed + advance).label("open"), reachable.label("reachable"),
    ).where(Household.merged_into_id.is_(None), Household.erased_at.is_(None))  # fmt: skip
    if only is not None:
        query = query.where(Household.id.in_(only))
    found = []
    for row in db.session.execute(query):
        instants = [paris_now(one).date() for one in (row.created_at, row.acted, row.opened) if one]
        last = max([*instants, *(day for day in (row.booked, row.enrolled) if day)])
        if last < before:
            found.append(
                DueFamily(row.id, row.number, row.name, last, bool(row.open), bool(row.reachable), None)
            )
    told = _told(one.household_id for one in found)
    found = [replace(one, told_at=told.get((one.household_id, one.last_day))) for one in found]
    return sorted(found, key=lambda one: (one.last_day, one.number))


def _told(household_ids: Iterable[int]) -> dict[tuple[int, date], datetime]:
    """When each was told, by the end of the activity that it was told about."""
    ids = list(household_ids)
    if not ids:
        return {}
    rows = db.session.execute(
        select(ErasureNotice.household_id, ErasureNotice.last_day, ErasureNotice.told_at).where(
            ErasureNotice.household_id.in_(ids)
        )
    )
    return {(row.household_id, row.last_day): row.told_at for row in rows}


def due(today: date) -> list[DueFamily]:
    """The families whose file has been kept long enough, under the durations in force. Three statements."""
    return due_families(retention().before(Retained.FAMILY, today))


def soon_due(today: date) -> list[DueFamily]:
    """The same, with those that will be once the time to tell them is over. Three statements."""
    known = retention()
    return due_families(known.before(Retained.FAMILY, today + timedelta(days=known.notice_days)))


def subjects(household_ids: Iterable[int]) -> Subjects:
    """Who goes with these households. Six statements, more for duplicates of duplicates."""
    homes = _with_duplicates(Household, household_ids)
    guardians = _with_duplicates(Guardian, _alone(HouseholdGuardian.guardian_id, HouseholdGuardian, homes))
    children = _with_duplicates(Child, _alone(HouseholdChild.child_id, HouseholdChild, homes))
    rows = db.session.execute(
        select(Guardian.user_id, Guardian.first_name, Guardian.last_name).where(Guardian.id.in_(guardians))
    ).all()
    return Subjects(
        homes,
        guardians,
        children,
        tuple(row.user_id for row in rows if row.user_id is not None),
        tuple({f"{row.first_name} {row.last_name}".strip() for row in rows} - {""}),
    )


def _with_duplicates(table, ids: Iterable[int]) -> tuple[int, ...]:
    """These and what was merged into them."""
    found, new = set(), set(ids)
    while new:
        found |= new
        new = set(db.session.scalars(select(table.id).where(table.merged_into_id.in_(new)))) - found
    return tuple(sorted(found))


def _alone(person, link, homes: Collection[int]):
    """The people of these households who are in no other one that lives."""
    other = aliased(link)
    column = getattr(other, person.key)
    elsewhere = (
        select(column)
        .join(Household, Household.id == other.household_id)
        .where(column == person, other.household_id.not_in(homes), Household.erased_at.is_(None))
    )
    return db.session.scalars(
        select(person).where(link.household_id.in_(homes), ~elsewhere.exists()).distinct()
    ).all()


def journal_of(found: Subjects):
    """The condition « this event of the journal is about them »."""
    return or_(
        AuditEvent.household_id.in_(found.households),
        (AuditEvent.object_type == "household") & AuditEvent.object_id.in_(found.households),
        (AuditEvent.object_type == "guardian") & AuditEvent.object_id.in_(found.guardians),
        (AuditEvent.object_type == "child") & AuditEvent.object_id.in_(found.children),
        AuditEvent.object_type.in_(("user", "user_account")) & AuditEvent.object_id.in_(found.users),
    )
