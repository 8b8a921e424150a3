"""Enrolment requests as families read them: what can be asked for a child, what is missing, what became of it
(R17, S91).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, Select, and_, bindparam, or_, select

from domain.calendar import ONE_DAY, paris_now, school_year
from domain.enums import (
    ActivityKind,
    Channel,
    DocumentOwner,
    DocumentState,
    EnrolmentState,
    ValidationMode,
)
from domain.errors import NotFound
from domain.french import NBSP
from domain.people import age, fold
from domain.rulebook.admissions import Admission, Supplied, in_words
from extensions import db
from models import (
    Activity,
    Child,
    ChildGroup,
    Document,
    DocumentCategory,
    Enrolment,
    EnrolmentRequest,
    Facility,
)
from queries.reading import read
from queries.rules import RuleSet, rule_set

SUMMER = (6, 7, 8)  # from June on, families think of the next school year


@dataclass(frozen=True, slots=True)
class Offered:
    """An activity that a family may ask for."""

    activity_id: int
    name: str
    kind: ActivityKind
    facility_id: int
    facility: str
    phone: str
    mode: ValidationMode


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A paper that the file lacks, with the category under which it is sent; None: brought to the service."""

    sentence: str
    category_id: int | None
    is_households: bool


@dataclass(frozen=True, slots=True)
class Check:
    """What the règlement says of one wish, and what happens once it is sent."""

    offered: Offered
    first_day: date
    last_day: date
    admission: Admission
    papers: tuple[PaperLine, ...]
    rules: tuple[str, ...]

    @property
    def to_check(self) -> str:
        return in_words(self.admission.to_check)

    @property
    def follows(self) -> str:
        """What happens next, in one sentence."""
        if self.offered.mode is ValidationMode.AUTOMATIC and self.admission.is_complete:
            return f"Tout est réuni{NBSP}: l’inscription est enregistrée dès l’envoi."
        return f"Le service répond sous 48{NBSP}h, par mail et sur le portail."


@dataclass(frozen=True, slots=True)
class Choice:
    """An activity for one child: what the règlement says today, or why there is nothing to ask."""

    offered: Offered
    admission: Admission
    is_enrolled: bool
    pending: str

    @property
    def may_ask(self) -> bool:
        return not (self.is_enrolled or self.pending)


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as its family reads it."""

    reference: str
    child_id: int
    child: str
    activity: str
    facility: str
    phone: str
    first_day: date
    last_day: date
    state: EnrolmentState
    unmet: tuple[str, ...]
    reason: str
    author: str
    channel: Channel
    created_at: datetime
    due_at: datetime
    decided_at: datetime | None

    @property
    def is_pending(self) -> bool:
        return self.state is EnrolmentState.PENDING


# --- What can be asked --------------------------------------------------------------------------------------

_OFFERED = (
    select(
        Activity.id,
        Activity.name,
        Activity.kind,
        Facility.id,
        Facility.name,
        Facility.phone,
        Facility.validation_mode,
    )
    .join(Facility, Facility.id == Activity.facility_id)
    .where(Activity.is_active, Facility.is_active)
    .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
)
_ONE_OFFERED = _OFFERED.where(Activity.id == bindparam("activity_id"))
_ENROLLED = select(Enrolment.facility_id, Enrolment.activity_id).where(
    Enrolment.child_id == bindparam("child_id"),
    Enrolment.first_day <= bindparam("last"),
    Enrolment.last_day >= bindparam("first"),
)
_PENDING = select(EnrolmentRequest.activity_id, EnrolmentRequest.reference).where(
    EnrolmentRequest.child_id == bindparam("child_id"), EnrolmentRequest.state == EnrolmentState.PENDING
)
_SUPPLIED = (
    select(DocumentCategory.name, Document.issued_on, Document.valid_until, Document.state)
    .join(DocumentCategory, DocumentCategory.id == Document.category_id)
    .where(
        or_(
            and_(Document.child_id.is_(None), Document.household_id == bindparam("household_id")),
            and_(
                Document.child_id == bindparam("child_id"),
                or_(Document.household_id == bindparam("household_id"), Document.is_private.is_(False)),
            ),
        ),
        or_(
            Document.state == DocumentState.SUBMITTED,
            and_(
                Document.state == DocumentState.ACCEPTED,
                or_(Document.valid_until.is_(None), Document.valid_until >= bindparam("today")),
            ),
        ),
    )
)
_CATEGORIES = select(DocumentCategory.id, DocumentCategory.name, DocumentCategory.owner).where(
    DocumentCategory.is_active
)


def default_days(today: date) -> tuple[date, date]:
    """What is left of the school year; from June on, the next one."""
    first, last = school_year(today)
    if today.month in SUMMER:
        first, last = school_year(last + ONE_DAY)
    return max(first, today), last


def choices(household_id: int, child_id: int, now: datetime) -> tuple[Choice, ...]:
    """Every activity of the active structures, for one child of the household. Five statements."""
    today = paris_now(now).date()
    first, last = default_days(today)
    offered = [Offered(*row) for row in db.session.execute(_OFFERED)]
    enrolled = {tuple(row) for row in read(_ENROLLED, {"child_id": child_id, "first": first, "last": last})}
    pending = dict(map(tuple, read(_PENDING, {"child_id": child_id})))
    rules = rules_of([one.activity_id for one in offered], household_id, first, last)
    given = supplied(household_id, child_id, today)
    return tuple(
        Choice(
            one,
            rules.admission(one.activity_id, child_id, first, now, given),
            not enrolled.isdisjoint({(one.facility_id, None), (one.facility_id, one.activity_id)}),
            pending.get(one.activity_id, ""),
        )
        for one in offered
    )


def offered(activity_id: int) -> Offered:
    """Raises NotFound for an activity that families may not ask for. One statement."""
    row = db.session.execute(_ONE_OFFERED, {"activity_id": activity_id}).one_or_none()
    if row is None:
        raise NotFound
    return Offered(*row)


def check(
    household_id: int, child_id: int, asked: Offered, days: tuple[date, date] | None, now: datetime
) -> Check:
    """What the règlement says of enrolling the child between two days (None: those it proposes). At most
    three statements."""
    today = paris_now(now).date()
    first, last = default_days(today)
    rules = rules_of([asked.activity_id], household_id, first, last)
    first, last = days or rules.next_period(asked.activity_id, today, now) or (first, last)
    given = supplied(household_id, child_id, today)
    found = rules.admission(asked.activity_id, child_id, first, now, given)
    sentences = rules.enrolment_sentences(asked.activity_id, first, now)
    return Check(asked, first, last, found, tuple(_papers(found)), sentences)


def admission(
    household_id: int,
    child_id: int,
    activity_id: int,
    first_day: date,
    now: datetime,
    channel: Channel = Channel.PORTAL,
) -> Admission:
    """The answer of the règlement to one wish. Two statements."""
    rules = rules_of([activity_id], household_id, first_day, first_day)
    given = supplied(household_id, child_id, paris_now(now).date())
    return rules.admission(activity_id, child_id, first_day, now, given, channel)


def rules_of(activity_ids: Collection[int], household_id: int, first: date, last: date) -> RuleSet:
    """The règlement for these activities and one household. One statement."""
    return rule_set(activity_ids, [], household_id, first, last)


def supplied(household_id: int, child_id: int, today: date) -> tuple[Supplied, ...]:
    """The documents that count for an enrolment: accepted and not over, or sent and not checked. One
    statement."""
    rows = read(_SUPPLIED, {"household_id": household_id, "child_id": child_id, "today": today})
    return tuple(
        Supplied(name, issued, until, state is DocumentState.ACCEPTED) for name, issued, until, state in rows
    )


def _papers(found: Admission) -> Iterator[PaperLine]:
    """The papers that lack, each with its category. One statement when one lacks."""
    if not found.papers:
        return
    categories = {fold(name): (row_id, owner) for row_id, name, owner in read(_CATEGORIES, {})}
    for paper in found.papers:
        known = next((categories[fold(name)] for name in paper.names if fold(name) in categories), None)
        if known is None:
            yield PaperLine(f"{paper.sentence} Apportez-la au service.", None, False)
        else:
            yield PaperLine(paper.sentence, known[0], known[1] is DocumentOwner.HOUSEHOLD)


def left_to_see(found: Admission) -> Iterator[str]:
    """The sentences that a request keeps for the service."""
    yield from (paper.sentence for paper in found.papers)
    if found.to_check:
        yield in_words(found.to_check)
    if not found.is_ruled:
        yield f"Le règlement n’a pas de condition pour cette activité{NBSP}: le service décide."


# --- Groups -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a structure, with the ages that it takes (both included, None: no bound)."""

    group_id: int
    name: str
    first_age: int | None
    last_age: int | None

    def takes(self, years: int) -> bool:
        return (self.first_age is None or self.first_age <= years) and (
            self.last_age is None or years <= self.last_age
        )


_GROUPS = (
    select(ChildGroup.id, ChildGroup.name, ChildGroup.first_age, ChildGroup.last_age)
    .where(ChildGroup.facility_id == bindparam("facility_id"), ChildGroup.is_active)
    .order_by(ChildGroup.position, ChildGroup.name)
)


def groups(facility_id: int) -> tuple[Group, ...]:
    """The groups of a structure, in its order. One statement."""
    return tuple(Group(*row) for row in read(_GROUPS, {"facility_id": facility_id}))


def group_of(facility_id: int, birth_date: date, day: date) -> int | None:
    """The first group that takes the child's age on that day; None without one. One statement."""
    years = age(birth_date, day)
    return next((one.group_id for one in groups(facility_id) if one.takes(years)), None)


# --- What was asked -----------------------------------------------------------------------------------------

_REQUESTS = (
    select(
        EnrolmentRequest.reference,
        EnrolmentRequest.child_id,
        Child.first_name,
        Activity.name,
        Facility.name,
        Facility.phone,
        EnrolmentRequest.first_day,
        EnrolmentRequest.last_day,
        EnrolmentRequest.state,
        EnrolmentRequest.unmet,
        EnrolmentRequest.reason,
        EnrolmentRequest.author_name,
        EnrolmentRequest.channel,
        EnrolmentRequest.created_at,
        EnrolmentRequest.due_at,
        EnrolmentRequest.decided_at,
    )
    .join(Child, Child.id == EnrolmentRequest.child_id)
    .join(Activity, Activity.id == EnrolmentRequest.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(EnrolmentRequest.household_id.in_(bindparam("households", expanding=True)))
    .order_by(EnrolmentRequest.created_at.desc(), EnrolmentRequest.id.desc())
)
_ONE_REQUEST = _REQUESTS.where(EnrolmentRequest.reference == bindparam("reference"))
_OF_CHILD = _REQUESTS.where(EnrolmentRequest.child_id == bindparam("child_id")).limit(5)
_LATEST = _REQUESTS.limit(20)


def request(reference: str, household_ids: Sequence[int]) -> RequestView:
    """One request of these households. One statement. Raises NotFound."""
    return _one(_views(_ONE_REQUEST, {"reference": reference, "households": household_ids}))


def requests_of_child(child_id: int, household_ids: Sequence[int]) -> tuple[RequestView, ...]:
    """The last requests for a child, the newest first. One statement."""
    return _views(_OF_CHILD, {"child_id": child_id, "households": household_ids})


def latest(household_ids: Sequence[int]) -> tuple[RequestView, ...]:
    """The last requests of these households, the newest first. One statement."""
    return _views(_LATEST, {"households": household_ids})


def _views(statement: Select, wanted: dict) -> tuple[RequestView, ...]:
    return tuple(_view(row) for row in read(statement, wanted))


def _view(row: Row) -> RequestView:
    columns = list(row)
    columns[9] = tuple(columns[9])
    return RequestView(*columns)


def _one(found: Iterable[RequestView]) -> RequestView:
    first = next(iter(found), None)
    if first is None:
        raise NotFound
    return first
