"""On which days an activity opens and for how many children (S107): generated, resized, closed, withdrawn.

Places are counted on the row of the day, so every change that families can collide with is one conditional
UPDATE on that row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from domain.capacity import limit_name
from domain.errors import NotFound, Refused
from domain.french import enumerate_fr, format_short_day, plural
from domain.openings import days_between
from models import (
    Activity,
    Booking,
    BookingDraftLine,
    BookingPeriod,
    BookingRequestLine,
    ChildGroup,
    Opening,
)
from queries import closures as closure_queries
from services import audit, closures, places, records, waiting_lists
from services.accounts import Author
from services.places import LimitKey
from services.transaction import write_transaction

_MOST_DAYS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of an activity from `first` to `last`, both included; only these weekdays (0 = Monday)."""

    first: date
    last: date
    weekdays: frozenset[int] = frozenset(range(7))

    def days(self) -> list[date]:
        return [day for day in days_between(self.first, self.last) if day.weekday() in self.weekdays]


@dataclass(frozen=True, slots=True)
class Generated:
    """How many days were opened, and how many were open already and stay as they were."""

    added: int
    kept: int


@dataclass(frozen=True, slots=True)
class Resized:
    """How many days have the new capacity, how many children were offered a place on them at once, and how
    many wait on."""

    days: int
    waiting: int
    offered: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many days were removed, and how many stay because a family has asked for them."""

    removed: int
    kept: int


def open_days(
    activity_id: int,
    period_id: int,
    days: Sequence[date],
    capacity: int | None,
    *,
    author: Author,
    now: datetime,
) -> Generated:
    """Open the activity on these days of a booking period; days already open are left alone.

    `capacity` None means no limit. Raises NotFound when the period is not one of the activity's facility,
    Refused `outside_period` for a day that the period does not hold.
    """
    with write_transaction() as session:
        activity = records.get(session, Activity, activity_id)
        period = records.get(session, BookingPeriod, period_id)
        if period.facility_id != activity.facility_id:
            raise NotFound
        if any(not period.first_day <= day <= period.last_day for day in days):
            raise Refused(
                "outside_period", "Un de ces jours est hors de la période\u00a0: rechargez la page."
            )
        closures.hold_days_of(session, activity.facility_id)
        open_already = set(session.scalars(select(Opening.day).where(Opening.activity_id == activity_id)))
        missing = [day for day in days if day not in open_already]
        if missing:
            shared = {"activity_id": activity_id, "period_id": period_id, "capacity": capacity}
            session.execute(insert(Opening), [shared | {"day": day} for day in missing])
            closures.close_new_days(session, activity_id, missing)
            facts = {"period_id": period_id, "capacity": capacity, **_extent(missing)}
            _record(session, "opening.generated", activity_id, author, now, after=facts)
        return Generated(len(missing), len(days) - len(missing))


def set_capacity(
    activity_id: int,
    stretch: Stretch,
    capacity: int | None,
    limits: Mapping[LimitKey, int] | None = None,
    *,
    author: Author,
    now: datetime,
) -> Resized:
    """Give a stretch of open days a new capacity, None for no limit; the waiting lists are served at once.

    `limits` replaces the places of groups and of parts of the day (R11), None leaves them. Raises Refused
    `below_booked` or `below_limit`, naming days on which more places are taken, `no_opening` when the stretch
    holds no open day; NotFound, for a group of another facility too.
    """
    with write_transaction() as session:
        activity = records.get(session, Activity, activity_id)
        chosen = _chosen(activity_id, stretch)
        held = places.lock(session, select(Opening.id).where(chosen))
        fits = [] if capacity is None else [Opening.booked <= capacity]
        changed = session.execute(update(Opening).where(chosen, *fits).values(capacity=capacity)).rowcount
        if capacity is not None:
            _refuse_overfull(session, chosen, capacity)
        if not changed:
            raise _no_opening()
        if limits is not None:
            _set_limits(session, activity.facility_id, held, limits)
        facts = {"capacity": capacity, "count": changed, **_extent(stretch.days())}
        if limits is not None:
            facts["limits"] = [[*key, places] for key, places in limits.items()]
        _record(session, "opening.resized", activity_id, author, now, after=facts)
        offered = waiting_lists.serve(session, session.scalars(select(Opening.id).where(chosen)), now)
        waiting = session.scalar(select(func.coalesce(func.sum(Opening.waiting), 0)).where(chosen))
        return Resized(changed, int(waiting or 0), offered)


def reopen_day(opening_id: int, *, author: Author, now: datetime) -> None:
    """Open a closed day again. Raises Refused `not_closed`, `closure` while a closure holds it, NotFound."""
    with write_transaction() as session:
        places.lock(session, [opening_id])
        row = records.get(session, Opening, opening_id)
        if row.closed_reason is None:
            raise Refused("not_closed", "Ce jour est déjà ouvert.")
        if closure_queries.holding(opening_id) is not None:
            raise Refused("closure", "Ce jour est fermé par une fermeture\u00a0: rouvrez-la.")
        before = {"day": row.day.isoformat(), "closed_reason": row.closed_reason}
        row.closed_reason = None
        waiting_lists.serve(session, [opening_id], now)
        _record(session, "opening.reopened", opening_id, author, now, before=before, object_type="opening")


def withdraw_days(activity_id: int, stretch: Stretch, *, author: Author, now: datetime) -> Withdrawn:
    """Remove open days that no family ever asked for: a pattern typed by mistake.

    Raises Refused `no_opening` when the stretch holds no open day; NotFound.
    """
    with write_transaction() as session:
        records.get(session, Activity, activity_id)
        chosen = _chosen(activity_id, stretch)
        total = session.scalar(select(func.count()).select_from(Opening).where(chosen)) or 0
        if not total:
            raise _no_opening()
        removed = session.execute(
            delete(Opening).where(chosen, Opening.booked == 0, Opening.waiting == 0, ~_was_asked_for())
        ).rowcount
        if removed:
            facts = {"count": removed, **_extent(stretch.days())}
            _record(session, "opening.withdrawn", activity_id, author, now, before=facts)
        return Withdrawn(removed, total - removed)


# --- Inside a transaction -----------------------------------------------------------------------


def _chosen(activity_id: int, stretch: Stretch) -> ColumnElement[bool]:
    return (Opening.activity_id == activity_id) & Opening.day.in_(stretch.days())


def _was_asked_for() -> ColumnElement[bool]:
    """A booking, a line of a request or an unfinished wizard points at the day, whatever became of it."""
    return or_(
        *(
            exists().where(table.opening_id == Opening.id)
            for table in (Booking, BookingRequestLine, BookingDraftLine)
        )
    )


def _no_opening() -> Refused:
    return Refused("no_opening", "Aucune ouverture entre ces deux jours\u00a0: choisissez d’autres dates.")


def _refuse_overfull(session: Session, chosen: ColumnElement[bool], capacity: int) -> None:
    overfull = session.execute(
        select(Opening.day, Opening.booked).where(chosen, Opening.booked > capacity).order_by(Opening.day)
    ).all()
    if not overfull:
        return
    named = [
        f"{format_short_day(row.day)} ({plural(row.booked, 'place prise', 'places prises')})"
        for row in overfull[:_MOST_DAYS_NAMED]
    ]
    if len(overfull) > _MOST_DAYS_NAMED:
        named.append(plural(len(overfull) - _MOST_DAYS_NAMED, "autre jour", "autres jours"))
    most = max(row.booked for row in overfull)
    raise Refused(
        "below_booked",
        f"Plus de places sont déjà prises\u00a0: {enumerate_fr(named)}. "
        f"Indiquez au moins {plural(most, 'place', 'places')}.",
    )


def _set_limits(
    session: Session, facility_id: int, opening_ids: Collection[int], limits: Mapping[LimitKey, int]
) -> None:
    groups = select(ChildGroup.id, ChildGroup.name).where(ChildGroup.facility_id == facility_id)
    names = dict(session.execute(groups).all())
    if any(key.group_id is not None and key.group_id not in names for key in limits):
        raise NotFound
    overfull = places.set_limits(session, opening_ids, limits)
    if not overfull:
        return
    dated = select(Opening.id, Opening.day).where(Opening.id.in_(opening_ids))
    days = dict(session.execute(dated).all())
    overfull.sort(key=lambda one: days[one.opening_id])
    named = [
        f"{format_short_day(days[one.opening_id])}, {limit_name(one.key, names)} "
        f"({plural(one.booked, 'place prise', 'places prises')})"
        for one in overfull[:_MOST_DAYS_NAMED]
    ]
    if len(overfull) > _MOST_DAYS_NAMED:
        named.append(plural(len(overfull) - _MOST_DAYS_NAMED, "autre cas", "autres cas"))
    raise Refused("below_limit", f"Plus de places sont déjà prises\u00a0: {' ; '.join(named)}.")


def _extent(days: Collection[date]) -> dict[str, str | int]:
    return {"first_day": min(days).isoformat(), "last_day": max(days).isoformat()} if days else {}


def _record(
    session: Session,
    action: str,
    object_id: int,
    author: Author,
    now: datetime,
    *,
    before: dict | None = None,
    after: dict | None = None,
    object_type: str = "activity",
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type=object_type,
        object_id=object_id,
        before=before,
        after=after,
    )
