"""What each household owes a régie for a month, line by line (R40 to R43, R22, S73).

What is rare and the rules of every household are read together, the bookings of some hundred households at
once: one statement for each such chunk, and as much memory. The règlement prices (`domain.billing`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.types import NullType

from domain.billing import Account, CarriedBill, Day, InForce, month_bill
from domain.billing_run import given_up
from domain.calendar import ONE_DAY, add_months, midday, paris_now
from domain.charges import Finding, MonthBill
from domain.enums import (
    AttendanceMark,
    BookingState,
    Channel,
    FindingKind,
    InvoiceState,
    LineAction,
    LineState,
    Outcome,
)
from domain.french import quoted
from domain.quotient_warnings import NEVER, Warned
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
# Asked of each of a hundred thousand rows: the words themselves, as the driver gives them.
_PRESENT, _ABSENT, _CANCELLED_STATE = (
    AttendanceMark.PRESENT.value, AttendanceMark.ABSENT.value, BookingState.CANCELLED.value,
)  # fmt: skip
_NOT_THERE = ("L’équipe a noté l’enfant absent.",)
CHUNK = 250  # households

# --- What is read: for some households or all of them, for one régie or all -------------------------------


def _chosen(
    household_id: ColumnElement, regie_id: ColumnElement, some: bool, of_regie: bool
) -> ColumnElement[bool]:
    """Those of a chunk. An activity without régie is read with those of any régie: it is a fault to tell."""
    return and_(
        household_id.between(bindparam("low"), bindparam("high")),
        household_id.in_(bindparam("households", expanding=True)) if some else true(),
        or_(regie_id == bindparam("regie"), regie_id.is_(None)) if of_regie else true(),
    )


def _raw(column: Any) -> ColumnElement:
    """The value as the driver has it: on SQLite days and instants are texts, read once for all their rows."""
    return type_coerce(column, NullType())


_WHAT = (Activity.regie_id, Child.first_name)
_IN_MONTH = (bindparam("first"), bindparam("last"))


@lru_cache(maxsize=1024)
def _day_of(raw: date | str) -> date:
    return date.fromisoformat(raw) if isinstance(raw, str) else raw


@lru_cache(maxsize=4096)
def _instant_of(raw: datetime | str) -> datetime:
    if isinstance(raw, str):
        return datetime.fromisoformat(raw).replace(tzinfo=UTC)
    return raw.astimezone(UTC)


@lru_cache(maxsize=1024)
def _sentences_of(raw: str | None) -> tuple[str, ...]:
    return tuple(json.loads(raw) or ()) if raw else ()


class _Booked(NamedTuple):
    """A booking with its mark, its absence and the last request that made it."""

    booking_id: int
    household_id: int
    child_id: int
    opening_id: int
    activity_id: int
    presence_type_id: int
    day: date | str
    state: str
    price_cents: int | None
    due_cents: int | None
    created_at: datetime | str
    mark: str | None
    arrived_minute: int | None
    left_minute: int | None
    absence_id: int | None
    explanation: str | None
    request_id: int | None
    asked_at: datetime | str | None
    channel: str | None
    regie_id: int | None
    first_name: str


def _booked(some: bool, of_regie: bool) -> Select:
    """The columns of `_Booked`, the last request last."""
    return (
        select(
            Booking.id,
            Booking.household_id,
            Booking.child_id,
            Booking.opening_id,
            Booking.activity_id,
            Booking.presence_type_id,
            _raw(Booking.day),
            _raw(Booking.state),
            Booking.price_cents,
            Booking.due_cents,
            _raw(Booking.created_at),
            _raw(Attendance.mark),
            Attendance.arrived_minute,
            Attendance.left_minute,
            Absence.id,
            cast(Absence.explanation, Text),
            BookingRequest.id,
            _raw(BookingRequest.created_at),
            _raw(BookingRequest.channel),
            *_WHAT,
        )
        .join(Activity, Activity.id == Booking.activity_id)
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
                and_(
                    Booking.state == BookingState.CANCELLED,
                    or_(Booking.due_cents != 0, and_(Booking.due_cents.is_(None), _is_left_unknown())),
                ),
            ),
            _chosen(Booking.household_id, Activity.regie_id, some, of_regie),
        )
        .order_by(Booking.id, BookingRequestLine.id)
    )


def _is_left_unknown() -> ColumnElement[bool]:
    """The family gave the day up when no tariff said what that leaves due, and has not booked it since."""
    line, later = aliased(BookingRequestLine), aliased(Booking)
    is_given_up = exists().where(
        line.booking_id == Booking.id, line.action == LineAction.CANCEL, line.state == LineState.ACCEPTED
    )
    since = exists().where(
        later.opening_id == Booking.opening_id, later.child_id == Booking.child_id, later.id > Booking.id
    )
    return and_(is_given_up, ~since)


def _unbooked(some: bool, of_regie: bool) -> CompoundSelect:
    """A child who came without a booking that holds. Two questions: those without any booking have an index,
    and the bookings that do not hold are few, where every presence of the month would be looked at."""
    came = (
        select(
            Attendance.id.label("id"),
            Attendance.household_id,
            Attendance.child_id,
            Attendance.opening_id,
            Attendance.activity_id,
            Attendance.presence_type_id,
            _raw(Attendance.day).label("day"),
            Attendance.arrived_minute,
            Attendance.left_minute,
            *_WHAT,
        )
        .join(Activity, Activity.id == Attendance.activity_id)
        .join(Child, Child.id == Attendance.child_id)
        .where(
            Attendance.mark == AttendanceMark.PRESENT,
            _chosen(Attendance.household_id, Activity.regie_id, some, of_regie),
        )
    )
    never_booked = came.where(Attendance.booking_id.is_(None), Attendance.day.between(*_IN_MONTH))
    not_held = came.join(Booking, Booking.id == Attendance.booking_id).where(
        Booking.state != BookingState.ACCEPTED, Booking.day.between(*_IN_MONTH)
    )
    return union_all(never_booked, not_held).order_by("id")


def _cancelled(some: bool, of_regie: bool) -> Select:
    """Why something stays due of a booking that was given up: what the family was told."""
    return (
        select(
            Booking.id, BookingEvent.reason, cast(BookingRequestLine.explanation, Text).label("explanation")
        )
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
_OFFERS = select(PresenceType.id, PresenceType.activity_id, PresenceType.name, Activity.name).join(
    Activity, Activity.id == PresenceType.activity_id
)


class Sources:
    """The rows that bills are calculated from. `is_watched`: remembered by their hash, so that asked again
    later they tell whether the bills still follow from what the database holds."""

    def __init__(self, *, is_watched: bool = False) -> None:
        self._is_watched = is_watched
        self._seen: list[tuple[Select | CompoundSelect, Mapping[str, Any], int]] = []

    def rows(self, statement: Select | CompoundSelect, parameters: Mapping[str, Any]) -> list[Row]:
        found = read(statement, parameters).all()
        if self._is_watched:
            self._seen.append((statement, parameters, _sum_of(found)))
        return found

    def still_hold(self) -> bool:
        """Whether the same questions, asked in the transaction under way, have the same answers. As many
        statements as the first time, without any pricing."""
        return all(_sum_of(read(asked, told)) == before for asked, told, before in self._seen)


def _sum_of(rows: Iterable[Row]) -> int:
    """The same for the same rows, whatever their order."""
    return sum(map(hash, rows))


class _Offer(NamedTuple):
    """A presence type under the names that people give it."""

    activity_id: int
    presence: str
    activity: str


@dataclass(frozen=True, slots=True)
class _Month:
    """Everything that one chunk of households after the other is billed with."""

    looked_back: date
    last: date
    way: tuple[bool, bool]
    chosen: Mapping[str, Any]
    sources: Sources
    offers: Mapping[int, _Offer]
    rules: Mapping[int, RuleSet]
    warned: Mapping[int, Warned]
    reasons: Mapping[int, tuple[str, ...]]  # by booking given up
    unbooked: Mapping[int, list[Row]]  # by household
    came: Collection[tuple[int, int]]  # the children and openings of these
    carried: Mapping[tuple[int, int | None], list[CarriedBill]]


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
    chunks = bills_by_chunk(month, now, Sources(), regie_id=regie_id, household_ids=household_ids)
    return [bill for chunk in chunks for bill in chunk]


def bills_by_chunk(
    month: date,
    now: datetime,
    sources: Sources,
    *,
    regie_id: int | None = None,
    household_ids: Collection[int] | None = None,
) -> Iterator[list[MonthBill]]:
    """The same bills, `CHUNK` households at a time, in their order; `sources` remembers what was read."""
    chosen: dict[str, Any] = {} if household_ids is None else {"households": sorted(household_ids)}
    if regie_id is not None:
        chosen["regie"] = regie_id
    way = (household_ids is not None, regie_id is not None)
    known = _month(month, way, chosen, sources, household_ids)
    homes, today = sorted(known.rules), paris_now(now).date()
    for start in range(0, len(homes), CHUNK):
        accounts = _accounts(known, homes[start : start + CHUNK])
        bills = [_asked(month_bill(account, month, today)) for account in accounts]
        names = {
            account.household_id: sorted({one.activity_label for one in account.days if one.day >= month})
            for account in accounts
            if account.regie_id is None
        }
        told = list(_with_orphans(bills, names, regie_id))
        found = [one for one in told if one.charges or one.findings]
        yield sorted(found, key=lambda one: (one.household_id, one.regie_id or 0))


def _asked(bill: MonthBill) -> MonthBill:
    return bill if bill.regie_id is None else given_up(bill)


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


def _month(
    month: date,
    way: tuple[bool, bool],
    chosen: Mapping[str, Any],
    sources: Sources,
    household_ids: Collection[int] | None,
) -> _Month:
    last = date(*add_months(month.year, month.month, 1), 1) - ONE_DAY
    offers = {type_id: _Offer(*names) for type_id, *names in sources.rows(_OFFERS, {})}
    activities = {one.activity_id for one in offers.values()}
    rules = rule_sets(activities, offers, household_ids, month, last, sources.rows)
    first = min((one.looks_back(month, last) for one in rules.values()), default=month)
    wanted = {**chosen, "low": min(rules, default=0), "high": max(rules, default=0), "last": last}
    unbooked: dict[int, list[Row]] = {}
    for row in sources.rows(_CAME_UNBOOKED[way], wanted | {"first": first}):
        unbooked.setdefault(row.household_id, []).append(row)
    carried: dict[tuple[int, int | None], list[CarriedBill]] = {}
    for household_id, regie_id, *bill in sources.rows(_CARRIED[way], wanted | {"first": month}):
        carried.setdefault((household_id, regie_id), []).append(CarriedBill(*bill))
    return _Month(
        first,
        last,
        way,
        chosen,
        sources,
        offers,
        rules,
        warned(month),
        _reasons(sources.rows(_CANCELLED[way], wanted | {"first": first})),
        unbooked,
        frozenset((row.child_id, row.opening_id) for rows in unbooked.values() for row in rows),
        carried,
    )


def _accounts(known: _Month, chunk: Collection[int]) -> list[Account]:
    days: defaultdict[tuple[int, int | None], list[Day]] = defaultdict(list)
    bounds = {"low": min(chunk), "high": max(chunk), "first": known.looked_back, "last": known.last}
    booked = known.sources.rows(_BOOKED[known.way], {**known.chosen, **bounds})
    for row in map(_Booked._make, {row[0]: row for row in booked}.values()):
        if row.state == _CANCELLED_STATE and (row.child_id, row.opening_id) in known.came:
            continue  # the child came all the same: the presence is billed
        days[row.household_id, row.regie_id].append(_booked_day(row, known))
    for row in (row for home in chunk for row in known.unbooked.get(home, ())):
        days[row.household_id, row.regie_id].append(_unbooked_day(row, known))
    ours = frozenset(chunk)
    keys = {*days, *(key for key in known.carried if key[0] in ours)}
    return [
        Account(
            *key,
            days.get(key, ()),
            known.carried.get(key, ()),
            known.warned.get(key[0], NEVER),
            known.rules[key[0]].minimum(known.last),
        )
        for key in sorted(keys, key=lambda key: (key[0], key[1] or 0))
    ]


def _reasons(rows: Iterable[Row]) -> dict[int, tuple[str, ...]]:
    return {
        row.id: tuple(one for one in (row.reason, *_sentences_of(row.explanation)) if one) for row in rows
    }


def _booked_day(row: _Booked, known: _Month) -> Day:
    rules = known.rules[row.household_id]
    is_absent = row.mark == _ABSENT or (row.mark is None and row.absence_id is not None)
    if row.state == _CANCELLED_STATE:
        return _missed_day(row, known, known.reasons.get(row.booking_id, ()))
    if is_absent:
        return _missed_day(row, known, _sentences_of(row.explanation) or _NOT_THERE)
    booked_at, day = _instant_of(row.asked_at or row.created_at), _day_of(row.day)
    in_force, name, facts = rules.to_bill(row.presence_type_id, day, row.child_id, booked_at, _PRESENT)
    is_late, extras = _answered(row, rules, in_force, name)
    return Day(
        *_who(row, name, known),
        day,
        row.booking_id,
        in_force,
        _with_times(row, in_force, facts),
        booked_at,
        is_late,
        extras,
        str(row.request_id or ""),
        is_unmarked=row.mark is None,
    )


def _missed_day(row: _Booked, known: _Month, why: tuple[str, ...]) -> Day:
    """A day of which the family was told what stays due; without a word of it, nothing can be billed."""
    is_left_open = row.state == _CANCELLED_STATE and row.due_cents is None
    due = row.price_cents if row.due_cents is None else row.due_cents
    if is_left_open:
        due = None
    day, booked_at = _day_of(row.day), _instant_of(row.created_at)
    in_force, name, facts = known.rules[row.household_id].to_bill(
        row.presence_type_id, day, row.child_id, booked_at, _ABSENT
    )
    return Day(
        *_who(row, name, known),
        day,
        row.booking_id,
        None if due is None else in_force,
        facts,
        booked_at,
        told_cents=due,
        why=() if due is None else why,
        is_left_open=is_left_open,
    )


def _unbooked_day(row: Row, known: _Month) -> Day:
    day = _day_of(row.day)
    at = midday(day)
    in_force, name, facts = known.rules[row.household_id].to_bill(
        row.presence_type_id, day, row.child_id, at, "non_reserve"
    )
    return Day(
        *_who(row, name, known),
        day,
        None,
        in_force,
        _with_times(row, in_force, facts),
        at,
    )


def _who(row: _Booked | Row, name: str, known: _Month) -> tuple[int, str, int, str, str, str]:
    """Child and activity, with the words for them; `name` is that of the règlement."""
    offer = known.offers[row.presence_type_id]
    return row.child_id, row.first_name, row.activity_id, name, offer.activity, offer.presence


def _with_times(row: _Booked | Row, in_force: InForce | None, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, with when the child came and left where the règlement wants to know it."""
    if in_force is None or (row.arrived_minute is None and row.left_minute is None):
        return facts
    declared = in_force.book.facts
    times = {ARRIVED: row.arrived_minute, LEFT: row.left_minute}
    return facts | {
        name: Decimal(minute)
        for name, minute in times.items()
        if minute is not None and name in declared and declared[name].kind is Kind.CLOCK
    }


def _answered(
    row: _Booked, rules: RuleSet, in_force: InForce | None, name: str
) -> tuple[bool | None, tuple[str, ...]]:
    """What the limits answered to the booking: late or not, and what that adds to the price. A booking that
    came with the child from its other home is at its ordinary price; so is one that an agent let pass."""
    if in_force is None or name not in in_force.asking:
        return None, ()
    booked_at = _instant_of(row.created_at)
    at = booked_at if row.asked_at is None else _instant_of(row.asked_at)
    if at > booked_at:
        return False, ()
    channel = Channel(row.channel) if row.channel else Channel.PORTAL
    found = rules.decide(row.activity_id, LineAction.BOOK, _day_of(row.day), at, row.child_id, channel)
    return found.outcome is not Outcome.FREE, found.extras
