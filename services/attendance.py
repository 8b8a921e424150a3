"""Attendance (R30): what the team saw of each child on a day of an activity, the basis of the bill.

The wanted mark is told, never « the other one »: a second tap, or a second agent, changes nothing. The day is
held first, so that two agents who mark the same child leave one row.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import AttendanceMark, BookingState, RunState
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, month_title
from domain.workflow import EXPECTED_STATES
from models import (
    Absence,
    Activity,
    Attendance,
    BillingRun,
    Booking,
    Child,
    Enrolment,
    Household,
    HouseholdChild,
    Opening,
    PresenceType,
)
from queries import custody
from services import absences, audit, booking_life, missed_days, places, records
from services.booking_life import Actor
from services.transaction import write_transaction

_CAME = f"Pointage{NBSP}: l’enfant était présent."
_UNMARKED = "Le pointage de l’absence est retiré."
_LAST_MINUTE = 24 * 60 - 1


class Agent(NamedTuple):
    """Who marks; `facility_ids` are the structures that it answers for, None for all."""

    user_id: int
    facility_ids: Collection[int] | None


class Roll(NamedTuple):
    """The list of an activity on a day."""

    activity_id: int
    day: date


@dataclass(frozen=True, slots=True)
class Details:
    """When the child came and left, in minutes from midnight on the clock of Paris, and a word about it."""

    arrived: int | None = None
    left: int | None = None
    note: str = ""


class Act(NamedTuple):
    """A transaction that holds the day: where, who, when."""

    session: Session
    roll: Roll
    opening_id: int
    regie_id: int | None
    actor: Actor
    now: datetime


def mark(
    agent: Agent,
    roll: Roll,
    child_id: int,
    wanted: AttendanceMark,
    now: datetime,
    details: Details | None = None,
) -> None:
    """Mark a child of the list present or absent; without `details`, what is known of its times stays.

    Absent without a word of its family makes an absence, with what the règlement leaves due; present takes
    the absence away and the day is due again as booked. Raises NotFound, Stale for a child who is not on the
    list any more, Refused `future`, `issued`, `hours`, `has_proof`, `unexpected`.
    """
    _check(wanted, details)
    with write_transaction() as session:
        act = _begin(session, agent, roll, now, child_id)
        mark_child(act, child_id, wanted, details)


def unmark(agent: Agent, roll: Roll, child_id: int, now: datetime) -> None:
    """Take the mark back, with the absence that it made; an unexpected child leaves the list.

    Raises NotFound, Refused `future`, `issued`, `has_proof`.
    """
    with write_transaction() as session:
        act = _begin(session, agent, roll, now, child_id)
        row = row_of(act, child_id)
        if row is None:
            _require_on_list(act, child_id)
            return
        booking = _booking(act, child_id)
        absence = None if booking is None else _absence(session, booking)
        if absence is not None and absence.is_observed:
            absences.came(session, booking, act.actor, now, _UNMARKED)
        _tell(act, "attendance", row.id, "attendance.unmarked", _columns(row), None)
        session.delete(row)


def mark_rest(agent: Agent, roll: Roll, now: datetime) -> int:
    """Mark the expected children who have no mark: present, or absent where the family said so. Returns how
    many. The same statements whatever their number.

    Raises NotFound, Refused `future`, `issued`.
    """
    with write_transaction() as session:
        act = _begin(session, agent, roll, now)
        told = exists().where(Absence.booking_id == Booking.id).correlate(Booking)
        marked = exists().where(
            Attendance.opening_id == Booking.opening_id, Attendance.child_id == Booking.child_id
        )
        wanted = select(Booking, told).where(
            Booking.opening_id == act.opening_id, Booking.state == BookingState.ACCEPTED, ~marked
        )
        rows = [
            _new(act, booking, AttendanceMark.ABSENT if is_absent else AttendanceMark.PRESENT)
            for booking, is_absent in session.execute(wanted.order_by(Booking.id))
        ]
        records.write_all(session, rows)
        if rows:
            seen = {one: [row.child_id for row in rows if row.mark is one] for one in AttendanceMark}
            after = {"activity_id": roll.activity_id, "day": roll.day.isoformat()} | seen
            _tell(act, "opening", act.opening_id, "attendance.rest_marked", None, after)
        return len(rows)


def add_unexpected(agent: Agent, roll: Roll, child_id: int, presence_type_id: int, now: datetime) -> None:
    """A child is there and nobody expected it: marked present, for the household where it lives that day.
    One that is expected after all is simply marked present.

    A director adds a child enrolled in its structures. Raises NotFound, Refused `future`, `issued`,
    `has_proof`.
    """
    with write_transaction() as session:
        act = _begin(session, agent, roll, now, child_id)
        booking = _booking(act, child_id)
        if booking is not None or row_of(act, child_id) is not None:
            mark_child(act, child_id, AttendanceMark.PRESENT)
            return
        presence = session.get(PresenceType, presence_type_id)
        if presence is None or presence.activity_id != roll.activity_id:
            raise NotFound
        _require_known(act, agent, child_id)
        row = Attendance(
            child_id=child_id,
            household_id=_payer(session, child_id, roll.day),
            opening_id=act.opening_id,
            activity_id=roll.activity_id,
            day=roll.day,
            presence_type_id=presence_type_id,
            mark=AttendanceMark.PRESENT,
            author_user_id=agent.user_id,
            author_name=act.actor.name,
            marked_at=now,
        )
        session.add(row)
        session.flush()
        _tell(act, "attendance", row.id, "attendance.added", None, _columns(row))


# --- What may be marked -------------------------------------------------------------------------------------


def _begin(session: Session, agent: Agent, roll: Roll, now: datetime, child_id: int | None = None) -> Act:
    act = hold(session, agent, roll, now, child_id)
    require_markable(act)
    return act


def hold(session: Session, agent: Agent, roll: Roll, now: datetime, child_id: int | None = None) -> Act:
    """Hold the day, and the days whose absences go with one of this child. Raises NotFound."""
    found = session.execute(
        select(Opening.id, Activity.facility_id, Activity.regie_id)
        .join(Activity, Activity.id == Opening.activity_id)
        .where(Opening.activity_id == roll.activity_id, Opening.day == roll.day)
    ).one_or_none()
    if found is None or (agent.facility_ids is not None and found.facility_id not in agent.facility_ids):
        raise NotFound
    held = Opening.id == found.id
    if child_id is not None:
        held = or_(held, Opening.id.in_(absences.days_around(child_id, roll.day)))
    places.lock(session, select(Opening.id).where(held))
    actor = booking_life.agent(session, agent.user_id)
    return Act(session, roll, found.id, found.regie_id, actor, now)


def require_markable(act: Act) -> None:
    """Raises Refused `future`, `issued`."""
    if act.roll.day > paris_now(act.now).date():
        raise Refused(
            "future", f"Ce jour n’est pas encore là{NBSP}: le pointage se fait le jour même ou après."
        )
    _require_open_month(act.session, act.regie_id, act.roll.day)


def _require_open_month(session: Session, regie_id: int | None, day: date) -> None:
    """Raises Refused when the month is billed; it is held until the commit otherwise."""
    run = select(BillingRun.state).where(
        BillingRun.regie_id == regie_id, BillingRun.month == day.replace(day=1)
    )
    if session.scalar(run.with_for_update(read=True)) is RunState.ISSUED:
        raise Refused(
            "issued",
            f"Les factures de {month_title(day.year, day.month).lower()} sont émises{NBSP}: ce jour ne se "
            "pointe plus, demandez une correction de la facture au service.",
        )


def _check(wanted: AttendanceMark, details: Details | None) -> None:
    if details is None:
        return
    minutes = [one for one in (details.arrived, details.left) if one is not None]
    if minutes and wanted is AttendanceMark.ABSENT:
        raise Refused("hours", f"Un enfant absent n’a ni arrivée ni départ{NBSP}: effacez les heures.")
    if any(not 0 <= one <= _LAST_MINUTE for one in minutes):
        raise Refused("hours", f"Indiquez des heures avant minuit{NBSP}: 23:59 au plus tard.")
    if minutes != sorted(minutes):
        raise Refused("hours", f"Le départ ne peut pas précéder l’arrivée{NBSP}: vérifiez les heures.")


def _require_on_list(act: Act, child_id: int) -> None:
    """Raises Stale for a child whose booking ended meanwhile, NotFound for one who never was on the list."""
    if _booking(act, child_id) is not None:
        return
    ever = select(Booking.id).where(Booking.opening_id == act.opening_id, Booking.child_id == child_id)
    if act.session.scalars(ever.limit(1)).first() is None:
        raise NotFound
    raise Stale(
        f"Cet enfant n’est plus attendu ce jour-là{NBSP}: rechargez la liste, puis ajoutez-le s’il est là."
    )


def _require_known(act: Act, agent: Agent, child_id: int) -> None:
    wanted = select(Child.id).where(Child.id == child_id, Child.merged_into_id.is_(None))
    if agent.facility_ids is not None:
        wanted = wanted.where(
            exists().where(
                Enrolment.child_id == Child.id,
                Enrolment.facility_id.in_(agent.facility_ids),
                Enrolment.first_day <= act.roll.day,
                Enrolment.last_day >= act.roll.day,
            )
        )
    if act.session.scalar(wanted) is None:
        raise NotFound


def _payer(session: Session, child_id: int, day: date) -> int:
    """The household where the child lives that day; the first of its files where nothing says it."""
    lives = custody.household_on(child_id, [day])[day]
    if lives is not None:
        return lives
    first = (
        select(HouseholdChild.household_id)
        .join(Household, Household.id == HouseholdChild.household_id)
        .where(HouseholdChild.child_id == child_id)
        .order_by(HouseholdChild.is_restricted, Household.number)
        .limit(1)
    )
    household_id = session.scalar(first)
    if household_id is None:
        raise NotFound
    return household_id


# --- The act ------------------------------------------------------------------------------------------------


def mark_child(act: Act, child_id: int, wanted: AttendanceMark, details: Details | None = None) -> Attendance:
    """Mark a child of a day that is held; returns its row. Raises as `mark` does."""
    booking, row = _booking(act, child_id), row_of(act, child_id)
    if row is None:
        _require_on_list(act, child_id)
    if booking is None and wanted is AttendanceMark.ABSENT:
        raise Refused(
            "unexpected", f"Cet enfant n’était pas attendu{NBSP}: retirez-le de la liste s’il n’est pas là."
        )
    before = None if row is None else _columns(row)
    if row is None:
        row = _new(act, booking, wanted)
        act.session.add(row)
    else:
        row.booking_id = booking.id if booking else None
    if row.mark is not wanted:
        row.mark, row.author_user_id, row.author_name = wanted, act.actor.user_id, act.actor.name
        row.marked_at = act.now
        if wanted is AttendanceMark.ABSENT:
            row.arrived_minute = row.left_minute = None
    if details is not None:
        row.arrived_minute, row.left_minute, row.note = details.arrived, details.left, details.note
    act.session.flush()
    if booking is not None:
        _settle_absence(act, booking, wanted)
    after = _columns(row)
    if before != after:
        _tell(act, "attendance", row.id, "attendance.marked", before, after)
    return row


def _settle_absence(act: Act, booking: Booking, wanted: AttendanceMark) -> None:
    """The absence follows what was seen; that of a request that waits is its answer's business."""
    if wanted is AttendanceMark.PRESENT:
        absences.came(act.session, booking, act.actor, act.now, _CAME)
    elif booking.state is BookingState.ACCEPTED and _absence(act.session, booking) is None:
        missed_days.observe(act.session, booking, act.actor, act.now)


def _new(act: Act, booking: Booking, wanted: AttendanceMark) -> Attendance:
    return Attendance(
        child_id=booking.child_id,
        household_id=booking.household_id,
        opening_id=booking.opening_id,
        activity_id=booking.activity_id,
        day=booking.day,
        presence_type_id=booking.presence_type_id,
        booking_id=booking.id,
        mark=wanted,
        note="",
        author_user_id=act.actor.user_id,
        author_name=act.actor.name,
        marked_at=act.now,
    )


def _booking(act: Act, child_id: int) -> Booking | None:
    """The booking for which the child is expected."""
    return act.session.scalars(
        select(Booking).where(
            Booking.opening_id == act.opening_id,
            Booking.child_id == child_id,
            Booking.state.in_(EXPECTED_STATES),
        )
    ).one_or_none()


def row_of(act: Act, child_id: int) -> Attendance | None:
    """What is noted of a child of a day that is held."""
    return act.session.scalars(
        select(Attendance).where(Attendance.opening_id == act.opening_id, Attendance.child_id == child_id)
    ).one_or_none()


def _absence(session: Session, booking: Booking) -> Absence | None:
    return session.scalars(select(Absence).where(Absence.booking_id == booking.id)).one_or_none()


def _columns(row: Attendance) -> dict[str, Any]:
    """What the journal keeps of a mark; a note is about a child and stays with it."""
    names = ("child_id", "activity_id", "day", "mark", "arrived_minute", "left_minute", "booking_id")
    return records.plain({name: getattr(row, name) for name in names} | {"has_note": bool(row.note)})


def _tell(
    act: Act,
    object_type: str,
    object_id: int,
    action: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """The journal line. Filed under no household: a hundred marks a day would hide the rest of its history,
    and the booking tells its own."""
    audit.record(
        act.session,
        at=act.now,
        actor_user_id=act.actor.user_id,
        channel=act.actor.channel,
        action=action,
        object_type=object_type,
        object_id=object_id,
        before=before,
        after=after,
    )
