"""The adults who look after the children of a day, as the team says it (R35)."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select

from domain.errors import NotFound
from models import Activity, ChildGroup, Facility, Staffing
from services import records
from services.accounts import Author
from services.transaction import write_transaction


class PostKey(NamedTuple):
    """An activity, or one group of it."""

    activity_id: int
    group_id: int | None


def record(
    facility_id: int,
    day: date,
    adults: Mapping[PostKey, int | None],
    *,
    scope: Collection[int] | None,
    author: Author,
    now: datetime,
) -> None:
    """Note how many adults there are at each post of a structure; None takes what was said back. The
    structure is held, so that two agents leave one number. Raises NotFound: a structure out of sight, or a
    post of another one.
    """
    if scope is not None and facility_id not in scope:
        raise NotFound
    with write_transaction() as session:
        records.get(session, Facility, facility_id)
        activities = set(session.scalars(select(Activity.id).where(Activity.facility_id == facility_id)))
        groups = set(session.scalars(select(ChildGroup.id).where(ChildGroup.facility_id == facility_id)))
        if any(key.activity_id not in activities or key.group_id not in {None, *groups} for key in adults):
            raise NotFound
        rows = session.scalars(
            select(Staffing).where(Staffing.day == day, Staffing.activity_id.in_(activities))
        )
        known = {PostKey(row.activity_id, row.group_id): row for row in rows}
        for key, number in adults.items():
            row = known.get(key)
            if row is None and number is not None:
                records.add(
                    session, Staffing(**key._asdict(), day=day, adults=number), author=author, now=now
                )
            elif row is not None and number is None:
                records.remove(session, row, author=author, now=now)
            elif row is not None:
                records.change(session, row, {"adults": number}, author=author, now=now)
