"""What each household owes a régie for a month, line by line (R40 to R43, R22, S73).

The bookings and presences of every household are read together, and so are its rules: a fixed number of
statements, however many households. The règlement prices (`domain.billing`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, or_, select, true

from domain.billing import Account, CarriedBill, Day, InForce, month_bill
from domain.calendar import ONE_DAY, add_months, midday, paris_now
from domain.charges import Finding, MonthBill
from domain.enums import (
    AttendanceMark,
    BookingState,
    Channel,
    FindingKind,
    InvoiceState,
    LineAction,
    Outcome,
)
from domain.french import quoted
from domain.quotient_warnings import NEVER
from domain.rulebook.facts import Kind
from models import (
    Absence,
    Activity,
    Attendance,
    Booking,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    Child,
    Invoice,
    InvoiceLine,
    PresenceType,
)
from queries.quotient_warnings import warned
from queries.reading import read
from queries.rules import RuleSet, rule_sets

# When the child came and left, for a règlement that declares these facts as clock times.
ARRIVED, LEFT = "arrivee", "depart"
_NOT_THERE = ("L’équipe a noté l’enfant absent.",)

# --- What is read: for some households or all of them, for one régie or all -------------------------------


def _chosen(
    household_id: ColumnElement, regie_id: ColumnElement, some: bool, of_regie: bool
) -> ColumnElement[bool]:
    """An activity without régie is read with those of any régie: it is a fault to tell."""
    return and_(
        household_id.in_(bindparam("households", expanding=True)) if some else true(),
        or_(regie_id == bindparam("regie"), regie_id.is_(None)) if of_regie else true(),
    )


_WHAT = (
    Activity.name.label("activity"),
    Activity.regie_id,
    PresenceType.name.label("presence"),
    Child.first_name,
)
_IN_MONTH = (bindparam("first"), bindparam("last"))


def _booked(some: bool, of_regie: bool) -> Select:
    """A booking with its mark, its absence and the requests that made it, the last one last."""
    return (
        select(
            Booking.id.label("booking_id"),
            Booking.household_id,
            Booking.child_id,
            Booking.opening_id,
            Booking.activity_id,
            Booking.presence_type_id,
            Booking.day,
            Booking.state,
            Booking.price_cents,
            Booking.due_cents,
            Booking.created_at,
            Attendance.mark,
            Attendance.arrived_minute,
            Attendance.left_minute,
            Absence.id.label("absence_id"),
            Absence.explanation,
            BookingRequest.id.label("request_id"),
            BookingRequest.created_at.label("asked_at"),
            BookingRequest.channel,
            *_WHAT,
        )
        .join(Activity, Activity.id == Booking.activity_id)
        .join(PresenceType, PresenceType.id == Booking.presence_type_id)
        .join(Child, Child.id == Booking.child_id)
        .outerjoin(Attendance, Attendance.booking_id == Booking.id)
        .outerjoin(Absence, Absence.booking_id == Booking.id)
        .outerjoin(
            BookingRequestLine,
            and_(BookingRequestLine.booking_id == Booking.id, BookingRequestLine.action == LineAction.BOOK),
        )
        .outerjoin(BookingRequest, BookingRequest.id == BookingRequestLine.request_id)
        .where(
            Booking.day.between(*_IN_MONTH),
            or_(
                Booking.state == BookingState.ACCEPTED,
                and_(Booking.state == BookingState.CANCELLED, Booking.due_cents != 0),
            ),
            _chosen(Booking.household_id, Activity.regie_id, some, of_regie),
        )
        .order_by(Booking.id, BookingRequestLine.id)
    )


def _unbooked(some: bool, of_regie: bool) -> Select:
    """A child who came without a booking that holds."""
    return (
        select(
            Attendance.household_id,
            Attendance.child_id,
            Attendance.opening_id,
            Attendance.activity_id,
            Attendance.presence_type_id,
            Attendance.day,
            Attendance.arrived_minute,
            Attendance.left_minute,
            *_WHAT,
        )
        .join(Activity, Activity.id == Attendance.activity_id)
        .join(PresenceType, PresenceType.id == Attendance.presence_type_id)
        .join(Child, Child.id == Attendance.child_id)
        .outerjoin(Booking, Booking.id == Attendance.booking_id)
        .where(
            Attendance.day.between(*_IN_MONTH),
            Attendance.mark == AttendanceMark.PRESENT,
            or_(Booking.id.is_(None), Booking.state != BookingState.ACCEPTED),
            _chosen(Attendance.household_id, Activity.regie_id, some, of_regie),
        )
        .order_by(Attendance.id)
    )


def _cancelled(some: bool, of_regie: bool) -> Select:
    """Why something stays due of a booking that was given up: what the family was told."""
    return (
        select(Booking.id, BookingEvent.reason, BookingRequestLine.explanation)
        .join(Activity, Activity.id == Booking.activity_id)
        .outerjoin(
            BookingEvent,
            and_(BookingEvent.booking_id == Booking.id, BookingEvent.state == BookingState.CANCELLED),
        )
        .outerjoin(
            BookingRequestLine,
            and_(BookingRequestLine.booking_id == Booking.id, BookingRequestLine.action == LineAction.CANCEL),
        )
        .where(
            Booking.day.between(*_IN_MONTH),
            Booking.state == BookingState.CANCELLED,
            Booking.due_cents != 0,
            _chosen(Booking.household_id, Activity.regie_id, some, of_regie),
        )
        .order_by(BookingEvent.id, BookingRequestLine.id)
    )


def _carried(some: bool, of_regie: bool) -> Select:
    """Bills too small to be issued that no later bill took up; a draft of this very month is made again."""
    taker = select(Invoice.id, Invoice.state, Invoice.month).subquery()
    taken = (
        select(InvoiceLine.id)
        .join(taker, taker.c.id == InvoiceLine.invoice_id)
        .where(
            InvoiceLine.carried_from_id == Invoice.id,
            or_(taker.c.state != InvoiceState.DRAFT, taker.c.month < bindparam("first")),
        )
    )
    return (
        select(Invoice.household_id, Invoice.regie_id, Invoice.id, Invoice.month, Invoice.total_cents)
        .where(
            Invoice.state == InvoiceState.CARRIED,
            Invoice.month < bindparam("first"),
            ~exists(taken),
            _chosen(Invoice.household_id, Invoice.regie_id, some, of_regie),
        )
        .order_by(Invoice.id)
    )


_WAYS = [(some, of_regie) for some in (False, True) for of_regie in (False, True)]
_BOOKED = {way: _booked(*way) for way in _WAYS}
_CAME_UNBOOKED = {way: _unbooked(*way) for way in _WAYS}
_CANCELLED = {way: _cancelled(*way) for way in _WAYS}
_CARRIED = {way: _carried(*way) for way in _WAYS}
_OFFERS = select(PresenceType.id, PresenceType.activity_id)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads for the households and the régie that were asked for."""

    way: tuple[bool, bool]
    chosen: Mapping[str, Any]

    def rows(self, statements: Mapping[tuple[bool, bool], Select], first: date, last: date) -> list[Row]:
        return read(statements[self.way], {**self.chosen, "first": first, "last": last}).all()


def month_bills(
    month: date,
    now: datetime,
    *,
    regie_id: int | None = None,
    household_ids: Collection[int] | None = None,
) -> list[MonthBill]:
    """What the month that begins on `month` costs, by household and régie, as it stands at `now` (aware).

    One bill for each household and régie with something due or something to look at; `regie_id` and
    `household_ids` keep some of them. What belongs to no régie is a blocking finding: on a bill of its own
    (`regie_id` None, which cannot be issued), or, when one régie is asked for, on the household's bill of it.
    Unmarked days are counted as if the child came, until somebody says otherwise.
    """
    chosen: dict[str, Any] = {} if household_ids is None else {"households": sorted(household_ids)}
    if regie_id is not None:
        chosen["regie"] = regie_id
    reader = _Reader((household_ids is not None, regie_id is not None), chosen)
    accounts = _accounts(reader, month, household_ids)
    today = paris_now(now).date()
    bills = [month_bill(account, month, today) for account in accounts.values()]
    names = {
        account.household_id: sorted({one.activity_label for one in account.days if one.day >= month})
        for account in accounts.values()
        if account.regie_id is None
    }
    told = list(_with_orphans(bills, names, regie_id))
    found = [one for one in told if one.charges or one.findings]
    return sorted(found, key=lambda one: (one.household_id, one.regie_id or 0))


def _with_orphans(
    bills: Iterable[MonthBill], names: Mapping[int, list[str]], regie_id: int | None
) -> Iterable[MonthBill]:
    """The bills, where what no régie bills is told."""
    kept = {(one.household_id, one.regie_id): one for one in bills}
    for household_id, activities in names.items():
        orphan = kept.pop((household_id, None))
        if not orphan.charges and not orphan.findings:
            continue
        findings = tuple(map(_no_regie, activities))
        bill = orphan if regie_id is None else kept.get((household_id, regie_id))
        bill = bill or MonthBill(household_id, regie_id, ())
        kept[household_id, bill.regie_id] = replace(bill, findings=(*bill.findings, *findings))
    return kept.values()


def _no_regie(activity: str) -> Finding:
    said = f"Aucune régie ne facture {quoted(activity)}. Choisissez sa régie dans la structure."
    return Finding(FindingKind.NO_REGIE, said, is_blocking=True)


# --- The account of each household --------------------------------------------------------------------------


def _accounts(
    reader: _Reader, month: date, household_ids: Collection[int] | None
) -> dict[tuple[int, int | None], Account]:
    last = date(*add_months(month.year, month.month, 1), 1) - ONE_DAY
    offers = read(_OFFERS, {}).all()
    types, activities = {row.id for row in offers}, {row.activity_id for row in offers}
    rules = rule_sets(activities, types, household_ids, month, last)
    first = min((one.looks_back(month, last) for one in rules.values()), default=month)
    days: dict[tuple[int, int | None], list[Day]] = {}
    reasons = _reasons(reader.rows(_CANCELLED, first, last))
    unbooked = reader.rows(_CAME_UNBOOKED, first, last)
    came = {(row.child_id, row.opening_id) for row in unbooked}
    for row in {row.booking_id: row for row in reader.rows(_BOOKED, first, last)}.values():
        if row.state is BookingState.CANCELLED and (row.child_id, row.opening_id) in came:
            continue  # the child came all the same: the presence is billed
        day = _booked_day(row, rules[row.household_id], reasons)
        days.setdefault((row.household_id, row.regie_id), []).append(day)
    for row in unbooked:
        day = _unbooked_day(row, rules[row.household_id])
        days.setdefault((row.household_id, row.regie_id), []).append(day)
    carried: dict[tuple[int, int | None], list[CarriedBill]] = {}
    for household_id, regie_id, *bill in reader.rows(_CARRIED, month, last):
        carried.setdefault((household_id, regie_id), []).append(CarriedBill(*bill))
    warnings = warned(month)
    return {
        key: Account(*key, days.get(key, ()), carried.get(key, ()), warnings.get(key[0], NEVER))
        for key in sorted({*days, *carried}, key=lambda key: (key[0], key[1] or 0))
    }


def _reasons(rows: Iterable[Row]) -> dict[int, tuple[str, ...]]:
    return {row.id: tuple(one for one in (row.reason, *(row.explanation or ())) if one) for row in rows}


def _booked_day(row: Row, rules: RuleSet, reasons: Mapping[int, tuple[str, ...]]) -> Day:
    is_absent = row.mark is AttendanceMark.ABSENT or (row.mark is None and row.absence_id is not None)
    if row.state is BookingState.CANCELLED:
        return _missed_day(row, rules, reasons.get(row.booking_id, ()))
    if is_absent:
        return _missed_day(row, rules, tuple(row.explanation or _NOT_THERE))
    booked_at = row.asked_at or row.created_at
    in_force, name, facts = rules.to_bill(
        row.presence_type_id, row.day, row.child_id, booked_at, AttendanceMark.PRESENT.value
    )
    day = _day(row, row.booking_id, in_force, name, {**facts, **_times(row, in_force)})
    is_late, extras = _answered(row, rules, in_force, name)
    return replace(
        day,
        booked_at=booked_at,
        is_late=is_late,
        extras=extras,
        order=str(row.request_id or ""),
        is_unmarked=row.mark is None,
    )


def _missed_day(row: Row, rules: RuleSet, why: tuple[str, ...]) -> Day:
    """A day of which the family was told what stays due; without a word of it, nothing can be billed."""
    due = row.price_cents if row.due_cents is None else row.due_cents
    in_force, name, facts = rules.to_bill(
        row.presence_type_id, row.day, row.child_id, row.created_at, AttendanceMark.ABSENT.value
    )
    day = _day(row, row.booking_id, None if due is None else in_force, name, facts)
    return replace(day, booked_at=row.created_at, told_cents=due, why=why)


def _unbooked_day(row: Row, rules: RuleSet) -> Day:
    at = midday(row.day)
    in_force, name, facts = rules.to_bill(row.presence_type_id, row.day, row.child_id, at, "non_reserve")
    day = _day(row, None, in_force, name, {**facts, **_times(row, in_force)})
    return replace(day, booked_at=at)


def _day(row: Row, booking_id: int | None, in_force: InForce | None, name: str, facts: dict) -> Day:
    return Day(
        row.child_id,
        row.first_name,
        row.activity_id,
        name,
        row.activity,
        row.presence,
        row.day,
        booking_id,
        in_force,
        facts,
    )


def _times(row: Row, in_force: InForce | None) -> dict[str, Decimal]:
    """When the child came and left, of what the règlement wants to know."""
    if in_force is None:
        return {}
    known = {ARRIVED: row.arrived_minute, LEFT: row.left_minute}
    declared = in_force.book.facts
    return {
        name: Decimal(minute)
        for name, minute in known.items()
        if minute is not None and name in declared and declared[name].kind is Kind.CLOCK
    }


def _answered(
    row: Row, rules: RuleSet, in_force: InForce | None, name: str
) -> tuple[bool | None, tuple[str, ...]]:
    """What the limits answered to the booking: late or not, and what that adds to the price. A booking that
    came with the child from its other home is at its ordinary price; so is one that an agent let pass."""
    if in_force is None or name not in in_force.asking:
        return None, ()
    if row.asked_at is not None and row.asked_at > row.created_at:
        return False, ()
    at, channel = row.asked_at or row.created_at, row.channel or Channel.PORTAL
    found = rules.decide(row.activity_id, LineAction.BOOK, row.day, at, row.child_id, channel)
    return found.outcome is not Outcome.FREE, found.extras
