"""An enrolment request as the service decides it: the child, the règlement's answer, its other enrolments."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import bindparam, select

from domain.calendar import paris_now
from domain.enums import Channel, EnrolmentState, Residency
from domain.errors import NotFound
from domain.people import age, fold
from domain.rulebook.admissions import Admission, LackingPaper, in_words
from domain.schooling import school_year_of
from extensions import db
from models import (
    Activity,
    Child,
    DocumentCategory,
    Enrolment,
    EnrolmentRequest,
    Facility,
    Household,
    StaffMember,
)
from queries import enrolments
from queries.enrolments import Group
from queries.reading import read
from queries.schools import schoolings_in

RESERVED = "Un document réservé est à voir."


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Another enrolment of the child; `activity` is empty for the whole structure."""

    facility: str
    activity: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Case:
    """One request. `school` is that of the first day asked, empty when nobody knows it; `proposed_group_id`
    fits the child's age."""

    request_id: int
    reference: str
    household_id: int
    household: str
    household_number: int
    residency: Residency
    child_id: int
    child: str
    birth_date: date
    activity: str
    facility_id: int
    facility: str
    first_day: date
    last_day: date
    state: EnrolmentState
    reason: str
    author: str
    channel: Channel
    created_at: datetime
    due_at: datetime
    decided_at: datetime | None
    decided_by: str
    school: str
    admission: Admission
    others: tuple[Enrolled, ...]
    groups: tuple[Group, ...]

    @property
    def is_open(self) -> bool:
        return self.state is EnrolmentState.PENDING

    @property
    def years(self) -> int:
        """The child's age on the first day asked."""
        return age(self.birth_date, self.first_day)

    @property
    def proposed_group_id(self) -> int | None:
        return next((one.group_id for one in self.groups if one.takes(self.years)), None)

    @property
    def to_check(self) -> str:
        return in_words(self.admission.to_check)


_CASE = (
    select(
        EnrolmentRequest.id,
        EnrolmentRequest.reference,
        Household.id,
        Household.name,
        Household.number,
        Household.residency,
        Child.id,
        Child.first_name + " " + Child.last_name,
        Child.birth_date,
        Activity.name,
        Facility.id,
        Facility.name,
        EnrolmentRequest.first_day,
        EnrolmentRequest.last_day,
        EnrolmentRequest.state,
        EnrolmentRequest.reason,
        EnrolmentRequest.author_name,
        EnrolmentRequest.channel,
        EnrolmentRequest.created_at,
        EnrolmentRequest.due_at,
        EnrolmentRequest.decided_at,
        StaffMember.first_name,
        StaffMember.last_name,
        EnrolmentRequest.activity_id,
    )
    .join(Household, Household.id == EnrolmentRequest.household_id)
    .join(Child, Child.id == EnrolmentRequest.child_id)
    .join(Activity, Activity.id == EnrolmentRequest.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .outerjoin(StaffMember, StaffMember.user_id == EnrolmentRequest.decided_by_user_id)
    .where(EnrolmentRequest.reference == bindparam("reference"))
)
_OTHERS = (
    select(Facility.name, Activity.name, Enrolment.first_day, Enrolment.last_day)
    .join(Facility, Facility.id == Enrolment.facility_id)
    .outerjoin(Activity, Activity.id == Enrolment.activity_id)
    .where(Enrolment.child_id == bindparam("child_id"), Enrolment.last_day >= bindparam("today"))
    .order_by(Enrolment.first_day, Facility.position, Facility.name)
)
_MEDICAL = select(DocumentCategory.name).where(DocumentCategory.is_medical)


def case(reference: str, facility_ids: Collection[int] | None, now: datetime, *, reads_medical: bool) -> Case:
    """One request of the structures of an agent (None: all). What the règlement says is that of the moment
    when it was sent, with the documents of today. At most seven statements. Raises NotFound.
    """
    row = read(_CASE, {"reference": reference}).one_or_none()
    if row is None or (facility_ids is not None and row[10] not in facility_ids):
        raise NotFound
    *columns, first_name, last_name, activity_id = row
    household_id, child_id, facility_id, first_day, sent_at = row[2], row[6], row[10], row[12], row[18]
    today = paris_now(now).date()
    given = enrolments.supplied(household_id, child_id, today)
    found = enrolments.rules_of([activity_id], household_id, first_day, first_day).admission(
        activity_id, child_id, first_day, sent_at, given, row[17]
    )
    schooling = schoolings_in([child_id], school_year_of(first_day)).get(child_id)
    return Case(
        *columns,
        decided_by=" ".join(filter(None, (first_name, last_name))),
        school=schooling.words if schooling else "",
        admission=found if reads_medical else _without_health(found),
        others=tuple(
            Enrolled(facility, activity or "", first, last)
            for facility, activity, first, last in read(_OTHERS, {"child_id": child_id, "today": today})
        ),
        groups=enrolments.groups(facility_id),
    )


def _without_health(found: Admission) -> Admission:
    """Papers of health are not named without the right to read it (S44)."""
    if not (found.papers or found.held or found.to_check):
        return found
    medical = {fold(name) for name in db.session.scalars(_MEDICAL)}
    hidden = LackingPaper((), RESERVED)
    papers = [hidden if _names(paper.names) & medical else paper for paper in found.papers]
    doubts = [
        "un document réservé" if any(name in fold(doubt) for name in medical) else doubt
        for doubt in found.to_check
    ]
    return replace(
        found,
        papers=tuple(dict.fromkeys(papers)),
        held=tuple(name for name in found.held if fold(name) not in medical),
        to_check=tuple(dict.fromkeys(doubts)),
    )


def _names(names: Collection[str]) -> set[str]:
    return {fold(name) for name in names}
