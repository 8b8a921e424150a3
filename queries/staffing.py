"""Adults and children of a day (R35): who comes to each activity, how many adults look after them, how many
must at the fullest moment. The children counted are those expected or seen, the absent left out, from the
hours that were noted or, until then, those of what they booked.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select

from domain.enums import AttendanceMark
from domain.staff_ratio import (
    Post,
    Span,
    missing_adults,
    peak_words,
    posts,
    ratio_words,
    required_adults,
    span_of,
)
from domain.workflow import EXPECTED_STATES
from models import (
    Absence,
    Activity,
    Attendance,
    Booking,
    ChildGroup,
    Enrolment,
    Facility,
    PresenceType,
    Staffing,
)
from queries.reading import read

Scope = Collection[int] | None
OTHERS = "Sans groupe"


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post of a day; `group` is empty for a whole activity, `adults` None until somebody said it."""

    activity_id: int
    activity: str
    facility_id: int
    group: str
    post: Post
    adults: int | None

    @property
    def name(self) -> str:
        return f"{self.activity}, {self.group}" if self.group else self.activity

    @property
    def required(self) -> int:
        return required_adults(self.post.children, self.post.children_per_adult)

    @property
    def is_short(self) -> bool:
        return self.adults is not None and missing_adults(self.post, self.adults) > 0

    @property
    def children(self) -> str:
        return peak_words(self.post)

    @property
    def words(self) -> str:
        return ratio_words(self.post, self.adults)


_COLUMNS = (
    Facility.id.label("facility_id"),
    Activity.id.label("activity_id"),
    Activity.name,
    Activity.children_per_adult,
)
_HOURS = (
    PresenceType.starts_minute,
    PresenceType.ends_minute,
    Attendance.arrived_minute,
    Attendance.left_minute,
)
_ORDER = (Facility.position, Facility.name, Activity.position, Activity.name)
_SLOT = func.coalesce(Attendance.presence_type_id, Booking.presence_type_id)
_IS_TOLD_ABSENT = exists().where(Absence.booking_id == Booking.id).correlate(Booking)
_EXPECTED = (
    select(*_COLUMNS, Booking.group_id, *_HOURS)
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .outerjoin(
        Attendance,
        and_(Attendance.opening_id == Booking.opening_id, Attendance.child_id == Booking.child_id),
    )
    .join(PresenceType, PresenceType.id == _SLOT)
    .where(
        Booking.day == bindparam("day"),
        Booking.state.in_(EXPECTED_STATES),
        or_(
            Attendance.mark == AttendanceMark.PRESENT,
            and_(Attendance.mark.is_(None), ~_IS_TOLD_ABSENT),
        ),
    )
    .order_by(*_ORDER)
)
_HAS_BOOKING = exists().where(
    Booking.opening_id == Attendance.opening_id,
    Booking.child_id == Attendance.child_id,
    Booking.state.in_(EXPECTED_STATES),
)
# The group of a child whom nobody expected is that of its enrolment; the one in the activity comes first.
_ENROLLED_GROUP = (
    select(Enrolment.group_id)
    .where(
        Enrolment.child_id == Attendance.child_id,
        Enrolment.facility_id == Activity.facility_id,
        Enrolment.group_id.is_not(None),
        or_(Enrolment.activity_id.is_(None), Enrolment.activity_id == Activity.id),
        Enrolment.first_day <= Attendance.day,
        Enrolment.last_day >= Attendance.day,
    )
    .order_by(Enrolment.activity_id.is_(None), Enrolment.id)
    .limit(1)
    .correlate(Attendance, Activity)
    .scalar_subquery()
)
_UNEXPECTED = (
    select(*_COLUMNS, _ENROLLED_GROUP.label("group_id"), *_HOURS)
    .select_from(Attendance)
    .join(Activity, Activity.id == Attendance.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .join(PresenceType, PresenceType.id == Attendance.presence_type_id)
    .where(
        Attendance.day == bindparam("day"),
        Attendance.mark == AttendanceMark.PRESENT,
        ~_HAS_BOOKING.correlate(Attendance),
    )
    .order_by(*_ORDER)
)
_GROUPS = select(
    ChildGroup.facility_id, ChildGroup.id, ChildGroup.name, ChildGroup.children_per_adult
).order_by(ChildGroup.position, ChildGroup.name)
_ADULTS = select(Staffing.activity_id, Staffing.group_id, Staffing.adults).where(
    Staffing.day == bindparam("day")
)


def posts_of_day(day: date, scope: Scope) -> tuple[PostLine, ...]:
    """The posts of a day in the structures in sight, in their order. Four statements."""
    activities: dict[int, Any] = {}
    spans: dict[int, dict[int | None, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for statement in (_EXPECTED, _UNEXPECTED):
        for row in read(statement, {"day": day}):
            if scope is None or row.facility_id in scope:
                activities.setdefault(row.activity_id, row)
                slot = (row.starts_minute, row.ends_minute)
                span = span_of(slot, row.arrived_minute, row.left_minute)
                spans[row.activity_id][row.group_id].append(span)
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in read(_GROUPS, {}):
        groups[row.facility_id].append(row)
    adults = {(row.activity_id, row.group_id): row.adults for row in read(_ADULTS, {"day": day})}
    lines = []
    for activity_id, row in activities.items():
        known = groups[row.facility_id]
        names = {one.id: one.name for one in known}
        ratios = {one.id: one.children_per_adult for one in known}
        found = posts(spans[activity_id], row.children_per_adult, ratios)
        for post in found:
            group = names[post.group_id] if post.group_id else OTHERS if len(found) > 1 else ""
            given = adults.get((activity_id, post.group_id))
            lines.append(PostLine(activity_id, row.name, row.facility_id, group, post, given))
    return tuple(lines)
