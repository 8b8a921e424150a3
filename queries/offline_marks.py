"""What is left to decide of the marks made without a network (R31): conflicts, and refusals to be read."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select

from domain.enums import OfflineState
from domain.offline_marks import Note, conflict_words, made_words
from extensions import db
from models import Activity, Child, Facility, OfflineMark, Opening
from queries.attendance import Scope, within
from queries.reading import read

_OPEN = OfflineMark.state.in_((OfflineState.CONFLICT, OfflineState.REFUSED))


@dataclass(frozen=True, slots=True)
class ToDecide:
    """A mark on which an agent has to decide. `words`: who noted what, when; `reason`: why it was refused,
    empty for a conflict."""

    offline_id: int
    child: str
    words: str
    reason: str

    @property
    def is_conflict(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class UnsettledList:
    """A list on which marks are left to decide."""

    activity_id: int
    activity: str
    facility: str
    day: date
    count: int


_OF_LIST = (
    select(
        OfflineMark.id,
        Child.first_name,
        Child.last_name,
        OfflineMark.wanted,
        OfflineMark.author_name,
        OfflineMark.made_at,
        OfflineMark.is_clock_sure,
        OfflineMark.met_mark,
        OfflineMark.met_name,
        OfflineMark.met_at,
        OfflineMark.reason,
    )
    .join(Child, Child.id == OfflineMark.child_id)
    .join(Opening, Opening.id == OfflineMark.opening_id)
    .where(Opening.activity_id == bindparam("activity_id"), Opening.day == bindparam("day"), _OPEN)
    .order_by(OfflineMark.id)
)
_LISTS = (
    select(Activity.id, Activity.name, Facility.name, Opening.day, func.count())
    .select_from(OfflineMark)
    .join(Opening, Opening.id == OfflineMark.opening_id)
    .join(Activity, Activity.id == Opening.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(_OPEN)
    .group_by(Activity.id, Facility.id, Opening.day)
    .order_by(Opening.day, Facility.name, Activity.name)
)


def to_decide(activity_id: int, day: date) -> tuple[ToDecide, ...]:
    """What is left to decide of a list, of an agent who sees it. One statement."""
    rows = read(_OF_LIST, {"activity_id": activity_id, "day": day})
    return tuple(_to_decide(row, day) for row in rows)


def unsettled(scope: Scope) -> tuple[UnsettledList, ...]:
    """The lists of an agent on which marks are left to decide, whatever their day. One statement."""
    return tuple(UnsettledList(*row) for row in db.session.execute(within(_LISTS, scope)))


def names_of(child_ids: list[int]) -> dict[int, str]:
    """« SOLIGNAC Léo » by child. One statement."""
    rows = db.session.execute(
        select(Child.id, Child.first_name, Child.last_name).where(Child.id.in_(child_ids))
    )
    return {row.id: f"{row.last_name} {row.first_name}" for row in rows}


def _to_decide(row: Any, day: date) -> ToDecide:
    made = Note(row.wanted, row.author_name, row.made_at)
    if row.reason:
        words = made_words(made, is_clock_sure=row.is_clock_sure, day=day)
    else:
        met = Note(row.met_mark, row.met_name, row.met_at)
        words = conflict_words(met, made, is_clock_sure=row.is_clock_sure, day=day)
    return ToDecide(row.id, f"{row.last_name} {row.first_name}", words[0].upper() + words[1:], row.reason)
