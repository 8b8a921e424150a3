"""The activities whose day is unlike the same weekday of the last weeks (R53)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from domain import unusual
from extensions import db
from models import Activity, Facility, Opening


@dataclass(frozen=True, slots=True)
class Unusual:
    """`said` is a French sentence without its full stop."""

    facility: str
    activity_id: int
    activity: str
    said: str


def today(day: date, facility_ids: Collection[int] | None) -> tuple[Unusual, ...]:
    """In the order of the facilities (None: all of them). One statement."""
    before = [day - timedelta(weeks=count) for count in range(1, unusual.WEEKS + 1)]
    statement = (
        select(Activity.id, Activity.name, Facility.name, Opening.day, Opening.booked)
        .join(Activity, Activity.id == Opening.activity_id)
        .join(Facility, Facility.id == Activity.facility_id)
        .where(Opening.day.in_([day, *before]), Opening.closed_reason.is_(None), Activity.is_active)
        .order_by(Facility.position, Facility.name, Activity.position, Activity.name)
    )
    if facility_ids is not None:
        statement = statement.where(Facility.id.in_(facility_ids))
    counts: dict[int, dict[date, int]] = {}
    names: dict[int, tuple[str, str]] = {}
    for activity_id, activity, facility, opened, booked in db.session.execute(statement):
        names[activity_id] = (facility, activity)
        counts.setdefault(activity_id, {})[opened] = booked
    found = []
    for activity_id, by_day in counts.items():
        if day not in by_day:
            continue
        said = unusual.children(by_day[day], [by_day[one] for one in before if one in by_day])
        if said:
            facility, activity = names[activity_id]
            found.append(Unusual(facility, activity_id, activity, said))
    return tuple(found)
