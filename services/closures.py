"""Closing days (R12): one act cancels the bookings, credits them by the règlement and tells each family once.

Bookings that a family had given up before are not touched, so that nothing is credited twice; two closures of
the same days at once end each booking once, because both hold the days first. Lifting a closure opens the
days again and tells the families; what was cancelled stays cancelled.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ScalarSelect, select, update
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import MailKind
from domain.errors import NotFound, Refused
from domain.french import NBSP
from models import Activity, Booking, Closure, Facility, Opening, SchoolClass
from queries import closures as closure_queries
from queries.closures import Affected, Ended, Wish
from services import audit, booking_life, outbox, places, waiting_lists
from services.accounts import Author
from services.transaction import write_transaction

LONGEST = 366  # days of one closure


@dataclass(frozen=True, slots=True)
class Closed:
    """What the act did; all zero when the same closure was made just before."""

    closure_id: int
    bookings: int
    households: int
    credit_cents: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a family reads of one presence of a child: its days, and what is no longer due of them."""

    child: str
    activity: str
    presence: str
    days: tuple[date, ...]
    credit_cents: int


def close(wish: Wish, reason: str, *, scope: Collection[int] | None, author: Author, now: datetime) -> Closed:
    """Close the days; the same closure asked twice is one.

    `scope` are the structures that the agent answers for, None for all. Raises NotFound, Refused `order`,
    `past`, `too_long`, `no_opening` when nothing opens on these days.
    """
    check(wish, now)
    with write_transaction() as session:
        _require_own(session, wish, scope)
        opening_ids = _hold(session, wish)
        if not opening_ids:
            raise Refused("no_opening", f"Rien n’est ouvert ces jours-là{NBSP}: vérifiez les dates.")
        same = _same(session, wish, reason)
        if same is not None:
            return Closed(same, 0, 0, 0)
        actor = booking_life.agent(session, author.user_id, author.channel)
        closure = Closure(
            facility_id=wish.facility_id,
            activity_id=wish.activity_id,
            class_id=wish.class_id,
            first_day=wish.first,
            last_day=wish.last,
            cause=wish.cause,
            reason=reason,
            author_user_id=author.user_id,
            author_name=actor.name,
            created_at=now,
        )
        session.add(closure)
        session.flush()
        if wish.class_id is None:
            _mark(session, opening_ids, reason)
        rows = closure_queries.affected(wish)
        due = closure_queries.due_after(rows, wish, now)
        _end(session, rows, due, closure, actor, now)
        waiting_lists.serve(session, opening_ids, now)
        credit = sum(one.owed_cents - due[one.booking_id] for one in rows)
        households = _tell(session, closure, _told(rows, due), now)
        after = {**_facts(closure), "bookings": len(rows), "credit_cents": credit}
        _record(session, "closure.made", closure, author, now, after=after)
        return Closed(closure.id, len(rows), households, credit)


def lift(closure_id: int, *, scope: Collection[int] | None, author: Author, now: datetime) -> int:
    """Open the days of a closure again, and tell the families whose bookings it cancelled. Returns how many
    families. Lifting twice changes nothing. Raises NotFound, Refused `past` once its last day is over."""
    with write_transaction() as session:
        closure = session.get(Closure, closure_id, with_for_update=True)
        if closure is None or (scope is not None and closure.facility_id not in scope):
            raise NotFound
        if closure.lifted_at is not None:
            return 0
        today = paris_now(now).date()
        if closure.last_day < today:
            raise Refused("past", f"Ces jours sont passés{NBSP}: la fermeture ne peut plus être levée.")
        wish = Wish.of(closure)._replace(first=max(closure.first_day, today))
        hold_days_of(session, closure.facility_id)
        opening_ids = _hold(session, wish)
        closure.lifted_at = now
        session.flush()
        if closure.class_id is None:
            _open_again(session, opening_ids, closure.reason)
        waiting_lists.serve(session, opening_ids, now)
        ended = [one for one in closure_queries.ended_by(closure.id) if one.day >= today]
        households = _tell(session, closure, _told_again(ended), now)
        _record(session, "closure.lifted", closure, author, now, before=_facts(closure))
        return households


def hold_days_of(session: Session, facility_id: int) -> None:
    """Let nobody else open or close days of the facility before the commit: a day that opens meanwhile would
    escape the closure, since neither would see the other. Before the openings, always."""
    session.execute(select(Facility.id).where(Facility.id == facility_id).with_for_update(key_share=True))


def close_new_days(session: Session, activity_id: int, days: Collection[date]) -> None:
    """Days opened inside a closure are closed like the others; inside the caller's transaction."""
    session.execute(
        update(Opening)
        .where(Opening.activity_id == activity_id, Opening.day.in_(days), Opening.closed_reason.is_(None))
        .values(closed_reason=_reason_of_day())
        .execution_options(synchronize_session=False)
    )


# --- Inside the transaction ---------------------------------------------------------------------------------


def check(wish: Wish, now: datetime) -> None:
    """Raises Refused `order`, `past`, `too_long` for days that cannot be closed."""
    if wish.last < wish.first:
        raise Refused("order", "Indiquez un dernier jour qui suit le premier.")
    if wish.first < paris_now(now).date():
        raise Refused("past", f"Ce jour est passé{NBSP}: une fermeture commence aujourd’hui au plus tôt.")
    if (wish.last - wish.first).days >= LONGEST:
        raise Refused("too_long", "Fermez un an au plus à la fois.")


def _require_own(session: Session, wish: Wish, scope: Collection[int] | None) -> None:
    hold_days_of(session, wish.facility_id)
    facility = session.get(Facility, wish.facility_id)
    if facility is None or (scope is not None and facility.id not in scope):
        raise NotFound
    for table, row_id in ((Activity, wish.activity_id), (SchoolClass, wish.class_id)):
        row = None if row_id is None else session.get(table, row_id)
        if row_id is not None and (row is None or row.facility_id != facility.id):
            raise NotFound


def _hold(session: Session, wish: Wish) -> list[int]:
    ids = select(Opening.id).join(Activity, Activity.id == Opening.activity_id).where(*wish.openings())
    return places.lock(session, ids)


def _same(session: Session, wish: Wish, reason: str) -> int | None:
    """The same closure, made before and not lifted: a form sent twice."""
    return session.scalar(
        select(Closure.id).where(
            Closure.facility_id == wish.facility_id,
            Closure.activity_id.is_not_distinct_from(wish.activity_id),
            Closure.class_id.is_not_distinct_from(wish.class_id),
            Closure.first_day == wish.first,
            Closure.last_day == wish.last,
            Closure.cause == wish.cause,
            Closure.reason == reason,
            Closure.lifted_at.is_(None),
        )
    )


def _mark(session: Session, opening_ids: Sequence[int], reason: str) -> None:
    for ids in places.some_at_a_time(opening_ids):
        session.execute(
            update(Opening)
            .where(Opening.id.in_(ids), Opening.closed_reason.is_(None))
            .values(closed_reason=reason)
        )


def _end(
    session: Session,
    rows: Sequence[Affected],
    due: Mapping[int, int],
    closure: Closure,
    actor: booking_life.Actor,
    now: datetime,
) -> None:
    """Cancel the bookings, each with what stays due of it and what does not."""
    bookings: list[Booking] = []
    for ids in places.some_at_a_time([one.booking_id for one in rows]):
        bookings += session.scalars(select(Booking).where(Booking.id.in_(ids)).order_by(Booking.id))
    for booking in bookings:
        booking.due_cents = due[booking.id]
    if bookings:
        credits = {one.booking_id: one.owed_cents - due[one.booking_id] for one in rows}
        booking_life.cancel_all(session, bookings, actor, now, closure.reason, closure.id, credits)


def _open_again(session: Session, opening_ids: Sequence[int], reason: str) -> None:
    """The days that this closure closed; another closure that holds them keeps them closed, by its reason."""
    for ids in places.some_at_a_time(opening_ids):
        session.execute(
            update(Opening)
            .where(Opening.id.in_(ids), Opening.closed_reason == reason)
            .values(closed_reason=_reason_of_day())
            .execution_options(synchronize_session=False)
        )
    session.expire_all()


def _reason_of_day() -> ScalarSelect[str | None]:
    """Why `Opening` is closed to everybody by a closure that holds; null when none does."""
    return (
        select(Closure.reason)
        .join(Activity, Activity.facility_id == Closure.facility_id)
        .where(
            Activity.id == Opening.activity_id,
            Closure.activity_id.is_(None) | (Closure.activity_id == Opening.activity_id),
            Closure.class_id.is_(None),
            Closure.first_day <= Opening.day,
            Closure.last_day >= Opening.day,
            Closure.lifted_at.is_(None),
        )
        .order_by(Closure.id)
        .limit(1)
        .correlate(Opening)
        .scalar_subquery()
    )


# --- Mails and journal --------------------------------------------------------------------------------------


def _told(rows: Iterable[Affected], due: Mapping[int, int]) -> Mapping[int, list[Told]]:
    """What each household reads, child by child."""
    return _grouped(
        (
            one.household_id,
            Told(one.child, one.activity, one.presence, (one.day,), one.owed_cents - due[one.booking_id]),
        )
        for one in rows
    )


def _told_again(ended: Iterable[Ended]) -> Mapping[int, list[Told]]:
    return _grouped(
        (one.household_id, Told(one.child, one.activity, one.presence, (one.day,), one.credit_cents))
        for one in ended
    )


def _grouped(days: Iterable[tuple[int, Told]]) -> Mapping[int, list[Told]]:
    found: dict[int, dict[tuple[str, str, str], Told]] = {}
    for household_id, one in days:
        same = found.setdefault(household_id, {})
        key = (one.child, one.activity, one.presence)
        if key in same:
            former = same[key]
            credit = former.credit_cents + one.credit_cents
            one = replace(former, days=(*former.days, *one.days), credit_cents=credit)
        same[key] = one
    return {household_id: list(same.values()) for household_id, same in found.items()}


def _tell(session: Session, closure: Closure, told: Mapping[int, list[Told]], now: datetime) -> int:
    """One mail a household, to each of its adults; how many households."""
    facility = session.get_one(Facility, closure.facility_id)
    contexts = {
        household_id: {
            "facility": facility.name,
            "reason": closure.reason,
            "is_lifted": closure.lifted_at is not None,
            "parts": parts,
            "credit_cents": sum(one.credit_cents for one in parts),
        }
        for household_id, parts in told.items()
    }
    outbox.queue_for_households(session, MailKind.CLOSURE, contexts, now)
    return len(told)


def _facts(closure: Closure) -> dict[str, object]:
    return {
        "facility_id": closure.facility_id,
        "activity_id": closure.activity_id,
        "class_id": closure.class_id,
        "first_day": closure.first_day.isoformat(),
        "last_day": closure.last_day.isoformat(),
        "cause": closure.cause,
        "reason": closure.reason,
    }


def _record(
    session: Session,
    action: str,
    closure: Closure,
    author: Author,
    now: datetime,
    *,
    before: dict | None = None,
    after: dict | None = None,
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id,
        channel=author.channel,
        action=action,
        object_type="closure",
        object_id=closure.id,
        before=before,
        after=after,
    )
