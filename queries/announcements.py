"""Announcements: to whom one may be sent, whom it would reach, what became of its mails (R52)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from domain.calendar import school_year
from domain.enums import AccountStatus, BookingState, MailState
from domain.errors import NotFound
from domain.french import format_day
from extensions import db
from models import (
    Activity,
    Announcement,
    Booking,
    ChildGroup,
    Enrolment,
    Facility,
    Guardian,
    HouseholdChild,
    HouseholdGuardian,
    OutgoingMail,
    SchoolClass,
    Schooling,
    User,
)

PAGE_SIZE = 30
EXPECTED = (BookingState.ACCEPTED, BookingState.PENDING)
Scope = Collection[int] | None


class TargetKind(StrEnum):
    """Whose families; the value stands in forms."""

    TOWN = "commune"
    FACILITY = "structure"
    ACTIVITY = "activite"
    GROUP = "groupe"
    CLASS = "classe"


@dataclass(frozen=True, slots=True)
class Target:
    """Families that may be written to, as a list offers them; `facility_id` is 0 for the whole town."""

    kind: TargetKind
    id: int
    facility_id: int
    facility: str
    name: str

    @property
    def value(self) -> str:
        return f"{self.kind.value}-{self.id}"

    @property
    def words(self) -> str:
        """« École Zola, Cantine »."""
        return ", ".join(filter(None, (self.facility, self.name)))


@dataclass(frozen=True, slots=True)
class Audience:
    """The families of a target; with a day, those of a child who is booked there on that day."""

    target: Target
    day: date | None = None

    @property
    def words(self) -> str:
        if self.day is None:
            return self.target.words
        return f"{self.target.words}, enfants réservés le {format_day(self.day, year=True)}"


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an announcement would reach: families in all, those that get a mail, mails, adults who refuse."""

    households: int
    reached: int
    mails: int
    refusing: int

    @property
    def unreached(self) -> int:
        return self.households - self.reached


@dataclass(frozen=True, slots=True)
class AnnouncementLine:
    """One announcement and how many of its mails stand in each state."""

    id: int
    subject: str
    text: str
    audience: str
    is_service: bool
    recipients: int
    author: str
    sent_at: datetime
    mails: Mapping[MailState, int]

    @property
    def total(self) -> int:
        return sum(self.mails.values())

    @property
    def waiting(self) -> int:
        return self.mails[MailState.QUEUED]


@dataclass(frozen=True, slots=True)
class AnnouncementPage:
    """One page of a list, the newest first; `number` counts from 1."""

    lines: tuple[AnnouncementLine, ...]
    number: int
    pages: int


# --- Whom ---------------------------------------------------------------------------------------------------


def targets(facility_ids: Scope, today: date) -> tuple[Target, ...]:
    """What an agent of these structures (None: all) may write to, structure by structure. One statement."""
    year = school_year(today)[0].year
    own = [Facility.is_active]
    if facility_ids is not None:
        own.append(Facility.id.in_(facility_ids))
    parts = [
        _offered(TargetKind.FACILITY, Facility.id, cast(literal(""), String)).where(*own),
        _offered(TargetKind.ACTIVITY, Activity.id, Activity.name)
        .join(Activity, Activity.facility_id == Facility.id)
        .where(*own, Activity.is_active),
        _offered(TargetKind.GROUP, ChildGroup.id, ChildGroup.name)
        .join(ChildGroup, ChildGroup.facility_id == Facility.id)
        .where(*own, ChildGroup.is_active),
        _offered(TargetKind.CLASS, SchoolClass.id, SchoolClass.name)
        .join(SchoolClass, SchoolClass.facility_id == Facility.id)
        .where(*own, SchoolClass.school_year == year),
    ]
    rows = db.session.execute(union_all(*parts)).all()
    kinds = list(TargetKind)
    rows.sort(key=lambda row: (row.position, row.facility, kinds.index(TargetKind(row.kind)), row.name))
    whole = [Target(TargetKind.TOWN, 0, 0, "", "Toutes les familles")] if facility_ids is None else []
    found = [Target(TargetKind(row.kind), row.id, row.facility_id, row.facility, row.name) for row in rows]
    return (*whole, *found)


def _offered(kind: TargetKind, identifier: Any, name: Any) -> Select:
    return select(
        literal(kind.value).label("kind"),
        identifier.label("id"),
        Facility.id.label("facility_id"),
        Facility.name.label("facility"),
        cast(name, String).label("name"),
        Facility.position,
    ).select_from(Facility)


def people(audience: Audience, today: date) -> Select:
    """(household_id, user_id, email, refused_at): the adults with a proven address of the families of an
    audience, once for each household of theirs."""
    return (
        select(
            HouseholdGuardian.household_id,
            User.id.label("user_id"),
            User.email,
            User.announcements_refused_at.label("refused_at"),
        )
        .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
        .join(User, User.id == Guardian.user_id)
        .where(
            HouseholdGuardian.household_id.in_(_households(audience, today)),
            User.status == AccountStatus.ACTIVE,
            User.email_verified_at.is_not(None),
        )
    )


def reach(audience: Audience, is_service: bool, today: date) -> Reach:
    """Whom the announcement would reach now. Two statements."""
    households = select(func.count()).select_from(_households(audience, today).subquery())
    one = people(audience, today).subquery()
    is_told = one.c.refused_at.is_(None) if not is_service else one.c.user_id.is_not(None)
    told = db.session.execute(
        select(
            func.count(func.distinct(case((is_told, one.c.household_id)))),
            func.count(func.distinct(case((is_told, one.c.user_id)))),
            func.count(func.distinct(case((one.c.refused_at.is_not(None), one.c.user_id)))),
        )
    ).one()
    return Reach(db.session.scalar(households), *told)


def _households(audience: Audience, today: date) -> Select:
    """The households that read the whole of a child of the audience."""
    if audience.day is not None:
        return _booked(audience, audience.day, today)
    return (
        select(HouseholdChild.household_id)
        .where(HouseholdChild.child_id.in_(_children(audience.target, today)), _reads_all())
        .distinct()
    )


def _booked(audience: Audience, day: date, today: date) -> Select:
    target = audience.target
    within = [Booking.day == day, Booking.state.in_(EXPECTED), _reads_all()]
    if target.kind is TargetKind.ACTIVITY:
        within.append(Booking.activity_id == target.id)
    elif target.kind is not TargetKind.TOWN:
        within.append(
            Booking.activity_id.in_(select(Activity.id).where(Activity.facility_id == target.facility_id))
        )
    if target.kind in (TargetKind.GROUP, TargetKind.CLASS):
        within.append(Booking.child_id.in_(_children(target, today)))
    link = and_(
        HouseholdChild.household_id == Booking.household_id, HouseholdChild.child_id == Booking.child_id
    )
    return select(Booking.household_id).join(HouseholdChild, link).where(*within).distinct()


def _children(target: Target, today: date) -> Select:
    if target.kind is TargetKind.CLASS:
        return select(Schooling.child_id).where(Schooling.class_id == target.id)
    enrolled = select(Enrolment.child_id).where(Enrolment.last_day >= today)
    match target.kind:
        case TargetKind.FACILITY:
            return enrolled.where(Enrolment.facility_id == target.facility_id)
        case TargetKind.GROUP:
            return enrolled.where(Enrolment.group_id == target.id)
        case TargetKind.ACTIVITY:
            whole = or_(Enrolment.activity_id.is_(None), Enrolment.activity_id == target.id)
            return enrolled.where(Enrolment.facility_id == target.facility_id, whole)
    return enrolled


def _reads_all() -> Any:
    return HouseholdChild.is_restricted.is_(False)


# --- What became of them ------------------------------------------------------------------------------------


def sent(page: int) -> AnnouncementPage:
    """The announcements sent, the newest first. Three statements."""
    total = db.session.scalar(select(func.count()).select_from(Announcement))
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, page), pages)
    newest = select(Announcement).order_by(Announcement.sent_at.desc(), Announcement.id.desc())
    rows = db.session.scalars(newest.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    states = _states([row.id for row in rows])
    return AnnouncementPage(tuple(_line(row, states) for row in rows), number, pages)


def announcement(announcement_id: int) -> AnnouncementLine:
    """Two statements. Raises NotFound."""
    row = db.session.get(Announcement, announcement_id)
    if row is None:
        raise NotFound
    return _line(row, _states([row.id]))


def _states(ids: Collection[int]) -> dict[int, dict[MailState, int]]:
    counted = (
        select(OutgoingMail.announcement_id, OutgoingMail.state, func.count())
        .where(OutgoingMail.announcement_id.in_(ids))
        .group_by(OutgoingMail.announcement_id, OutgoingMail.state)
    )
    found: dict[int, dict[MailState, int]] = {one: dict.fromkeys(MailState, 0) for one in ids}
    for announcement_id, state, number in db.session.execute(counted):
        found[announcement_id][state] = number
    return found


def _line(row: Announcement, states: Mapping[int, Mapping[MailState, int]]) -> AnnouncementLine:
    return AnnouncementLine(
        row.id, row.subject, row.text, row.audience, row.is_service, row.recipients, row.author_name,
        row.sent_at, states[row.id],
    )  # fmt: skip
