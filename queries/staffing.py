"""Adults and children of a day (R35): who comes to each activity, how many adults look after them, how many
must. The children counted are those expected, the absent left out, whatever their hours: the fullest moment.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, exists, func, select

from domain.staff_ratio import Post, missing_adults, posts, ratio_words, required_adults
from domain.workflow import EXPECTED_STATES
from models import Absence, Activity, Booking, ChildGroup, Facility, Staffing
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
    def words(self) -> str:
        return ratio_words(self.post, self.adults)


_CHILDREN = (
    select(
        Facility.id.label("facility_id"),
        Activity.id.label("activity_id"),
        Activity.name,
        Activity.children_per_adult,
        Booking.group_id,
        func.count().label("children"),
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(
        Booking.day == bindparam("day"),
        Booking.state.in_(EXPECTED_STATES),
        ~exists().where(Absence.booking_id == Booking.id).correlate(Booking),
    )
    .group_by(Facility.id, Activity.id, Booking.group_id)
    .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
)
_GROUPS = select(
    ChildGroup.facility_id, ChildGroup.id, ChildGroup.name, ChildGroup.children_per_adult
).order_by(ChildGroup.position, ChildGroup.name)
_ADULTS = select(Staffing.activity_id, Staffing.group_id, Staffing.adults).where(
    Staffing.day == bindparam("day")
)


def posts_of_day(day: date, scope: Scope) -> tuple[PostLine, ...]:
    """The posts of a day in the structures in sight, in their order. Three statements."""
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in read(_CHILDREN, {"day": day}):
        if scope is None or row.facility_id in scope:
            rows[row.activity_id].append(row)
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in read(_GROUPS, {}):
        groups[row.facility_id].append(row)
    adults = {(row.activity_id, row.group_id): row.adults for row in read(_ADULTS, {"day": day})}
    lines = []
    for activity_id, own in rows.items():
        first, known = own[0], groups[own[0].facility_id]
        names = {row.id: row.name for row in known}
        found = posts(
            {row.group_id: row.children for row in own},
            first.children_per_adult,
            {row.id: row.children_per_adult for row in known},
        )
        for post in found:
            group = names[post.group_id] if post.group_id else OTHERS if len(found) > 1 else ""
            given = adults.get((activity_id, post.group_id))
            lines.append(PostLine(activity_id, first.name, first.facility_id, group, post, given))
    return tuple(lines)
