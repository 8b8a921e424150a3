"""Marks made on a phone without a network (R31): each counts once, none is written over another device's.

A mark tells what its list said of the child when it was made. Where the child still stands so, it is a mark
like another. Where another device marked the child meanwhile, nothing changes: both are kept and an agent
decides. What cannot be marked any more is kept too, until somebody has read why.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import AttendanceMark, OfflineState, RunState
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from domain.offline_marks import moment_of
from models import Attendance, BillingRun, Booking, OfflineMark
from services import attendance, audit, records
from services.attendance import Act, Agent, Roll
from services.transaction import write_transaction

MOST_AT_ONCE = 50
_TO_DECIDE = (OfflineState.CONFLICT, OfflineState.REFUSED)


class Phone(NamedTuple):
    """Who sends: `device` is a key that the phone gave itself, `clock` what its clock says now."""

    device: str
    clock: datetime


class Gesture(NamedTuple):
    """A mark as the phone kept it. `at`: by its clock; `seen_mark` and `seen_at`: what its list said of the
    child, None of an unmarked one."""

    key: str
    child_id: int
    wanted: AttendanceMark
    at: datetime
    seen_mark: AttendanceMark | None = None
    seen_at: datetime | None = None


class Outcome(NamedTuple):
    """What became of a mark; `reason` says why it was refused. `is_kept` False: the list knows nothing of it,
    so that the phone alone can show it."""

    key: str
    child_id: int
    state: OfflineState
    reason: str = ""
    is_kept: bool = True


def receive(
    agent: Agent, roll: Roll, phone: Phone, gestures: Sequence[Gesture], now: datetime
) -> list[Outcome]:
    """Apply the marks of a list in their order, each in its own transaction: what became of one never depends
    on the next. A mark that came already is answered as it was and changes nothing.

    Raises NotFound for a list that the agent does not see, Refused `too_many` above `MOST_AT_ONCE`.
    """
    if len(gestures) > MOST_AT_ONCE:
        raise Refused("too_many", f"Envoyez {MOST_AT_ONCE} pointages au plus à la fois.")
    return [_receive(agent, roll, phone, one, now) for one in gestures]


def settle(agent: Agent, roll: Roll, offline_id: int, kept: AttendanceMark, now: datetime) -> None:
    """An agent decides between two marks. Does nothing once it is settled.

    Raises NotFound, Stale and Refused as `attendance.mark` does.
    """
    with write_transaction() as session:
        row, act = _held(session, agent, roll, offline_id, now)
        if row.state is not OfflineState.CONFLICT:
            return
        attendance.require_markable(act)
        attendance.mark_child(act, row.child_id, kept)
        _close(act, row, OfflineState.SETTLED, "attendance.offline_settled", {"kept": kept.value})


def acknowledge(agent: Agent, roll: Roll, offline_id: int, now: datetime) -> None:
    """An agent read why a mark was refused, or that a conflict of a month that is billed stays as it was.

    Raises NotFound, Refused `choose` for a conflict that can be settled.
    """
    with write_transaction() as session:
        row, act = _held(session, agent, roll, offline_id, now)
        if row.state not in _TO_DECIDE:
            return
        if row.state is OfflineState.CONFLICT and not _is_billed(act):
            raise Refused("choose", f"Choisissez ce qui est juste{NBSP}: présent ou absent.")
        _close(act, row, OfflineState.ACKNOWLEDGED, "attendance.offline_acknowledged", {})


# --- One mark -----------------------------------------------------------------------------------------------


def _receive(agent: Agent, roll: Roll, phone: Phone, gesture: Gesture, now: datetime) -> Outcome:
    try:
        return _apply(agent, roll, phone, gesture, now)
    except (Refused, Stale) as refusal:
        return _refuse(agent, roll, phone, gesture, now, refusal.message)


def _apply(agent: Agent, roll: Roll, phone: Phone, gesture: Gesture, now: datetime) -> Outcome:
    with write_transaction() as session:
        act = attendance.hold(session, agent, roll, now, gesture.child_id)
        known = _known(session, gesture.key)
        if known is not None:
            return _told(act, known, gesture)
        attendance.require_markable(act)
        if not _was_listed(act, gesture.child_id):
            raise Refused("unknown", f"Cet enfant n’est pas sur la liste de ce jour{NBSP}: rechargez-la.")
        current = attendance.row_of(act, gesture.child_id)
        row = _new(act, phone, gesture)
        former = _former(act, row)
        if _is_as_seen(current, gesture, former) or (current and current.mark is gesture.wanted):
            row.state = OfflineState.APPLIED
            row.left_at = attendance.mark_child(act, gesture.child_id, gesture.wanted).marked_at
        else:
            row.state = OfflineState.CONFLICT
            if current is not None:
                row.met_mark, row.met_name, row.met_at = current.mark, current.author_name, current.marked_at
        if former is not None and former.state is OfflineState.CONFLICT:
            former.state = OfflineState.SUPERSEDED
        return _keep(act, row)


def _refuse(agent: Agent, roll: Roll, phone: Phone, gesture: Gesture, now: datetime, reason: str) -> Outcome:
    """Keep a mark that could not be applied, with why."""
    with write_transaction() as session:
        act = attendance.hold(session, agent, roll, now)
        known = _known(session, gesture.key)
        if known is not None:
            return _told(act, known, gesture)
        if not _was_listed(act, gesture.child_id):
            return Outcome(gesture.key, gesture.child_id, OfflineState.REFUSED, reason, is_kept=False)
        row = _new(act, phone, gesture)
        row.state, row.reason = OfflineState.REFUSED, reason
        return _keep(act, row)


def _known(session: Session, key: str) -> OfflineMark | None:
    return session.scalars(select(OfflineMark).where(OfflineMark.key == key)).one_or_none()


def _told(act: Act, row: OfflineMark, gesture: Gesture) -> Outcome:
    """The answer that a mark got before. Raises NotFound for the key of another person or list."""
    if (row.author_user_id, row.opening_id, row.child_id) != (
        act.actor.user_id, act.opening_id, gesture.child_id,
    ):  # fmt: skip
        raise NotFound
    return Outcome(row.key, row.child_id, row.state, row.reason)


def _was_listed(act: Act, child_id: int) -> bool:
    """Whether the child is or was on the list of the day."""
    booked = select(Booking.id).where(Booking.opening_id == act.opening_id, Booking.child_id == child_id)
    seen = select(Attendance.id).where(
        Attendance.opening_id == act.opening_id, Attendance.child_id == child_id
    )
    return act.session.execute(booked.union_all(seen).limit(1)).first() is not None


def _former(act: Act, row: OfflineMark) -> OfflineMark | None:
    """The mark that the same phone made of the child before."""
    return act.session.scalars(
        select(OfflineMark)
        .where(
            OfflineMark.opening_id == act.opening_id,
            OfflineMark.child_id == row.child_id,
            OfflineMark.device == row.device,
            OfflineMark.author_user_id == row.author_user_id,
        )
        .order_by(OfflineMark.id.desc())
        .limit(1)
    ).first()


def _is_as_seen(current: Attendance | None, gesture: Gesture, former: OfflineMark | None) -> bool:
    """Whether the child stands as the list said, or as the former mark of the same phone left it."""
    stands = (None, None) if current is None else (current.mark, current.marked_at)
    known = [(gesture.seen_mark, gesture.seen_at)]
    if former is not None and former.state is OfflineState.APPLIED:
        known.append((former.wanted, former.left_at))
    return stands in known


def _new(act: Act, phone: Phone, gesture: Gesture) -> OfflineMark:
    made = moment_of(gesture.at, phone.clock, act.now, act.roll.day)
    return OfflineMark(
        key=gesture.key,
        device=phone.device,
        child_id=gesture.child_id,
        opening_id=act.opening_id,
        wanted=gesture.wanted,
        seen_mark=gesture.seen_mark,
        seen_at=gesture.seen_at,
        phone_at=gesture.at,
        made_at=made.at,
        is_clock_sure=made.is_sure,
        received_at=act.now,
        author_user_id=act.actor.user_id,
        author_name=act.actor.name,
    )


def _keep(act: Act, row: OfflineMark) -> Outcome:
    act.session.add(row)
    act.session.flush()
    _tell(act, row, "attendance.offline_received", {})
    return Outcome(row.key, row.child_id, row.state, row.reason)


# --- What an agent decides ----------------------------------------------------------------------------------


def _held(
    session: Session, agent: Agent, roll: Roll, offline_id: int, now: datetime
) -> tuple[OfflineMark, Act]:
    """A mark of the list, its day held. Raises NotFound."""
    child_id = session.scalar(select(OfflineMark.child_id).where(OfflineMark.id == offline_id))
    act = attendance.hold(session, agent, roll, now, child_id)
    row = session.get(OfflineMark, offline_id)
    if row is None or row.opening_id != act.opening_id:
        raise NotFound
    return row, act


def _is_billed(act: Act) -> bool:
    month = act.roll.day.replace(day=1)
    run = select(BillingRun.state).where(BillingRun.regie_id == act.regie_id, BillingRun.month == month)
    return act.session.scalar(run) is RunState.ISSUED


def _close(act: Act, row: OfflineMark, state: OfflineState, action: str, more: dict[str, str]) -> None:
    row.state, row.settled_by_name, row.settled_at = state, act.actor.name, act.now
    act.session.flush()
    _tell(act, row, action, more)


def _tell(act: Act, row: OfflineMark, action: str, more: dict[str, str]) -> None:
    names = ("child_id", "opening_id", "wanted", "state", "made_at", "is_clock_sure", "received_at")
    audit.record(
        act.session,
        at=act.now,
        actor_user_id=act.actor.user_id,
        channel=act.actor.channel,
        action=action,
        object_type="offline_mark",
        object_id=row.id,
        after=records.plain({name: getattr(row, name) for name in names}) | more,
    )
