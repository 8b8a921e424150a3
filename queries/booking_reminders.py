"""Which households usually book a week and have not, shortly before its limit (R24).

A household usually books a day of an activity when its default week says so, or when it booked the same
weekday in three of the last four weeks in which the activity was open. The number of statements does not
depend on the number of families.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, or_, select, union

from domain.calendar import paris_now
from domain.enums import LineAction, Outcome, WeekParity
from domain.workflow import ACTIVE_STATES
from extensions import UtcDateTime
from models import (
    Activity,
    Booking,
    BookingPeriod,
    BookingReminder,
    Child,
    CustodyCalendar,
    CustodyException,
    DefaultWeekDay,
    Enrolment,
    Facility,
    HouseholdChild,
    Opening,
    PresenceType,
)
from queries.custody import Homes, homes
from queries.reading import read
from queries.rules import RuleSet, rule_set

WEEKS_AHEAD, LOOK_BACK = 8, timedelta(weeks=20)
OPEN_WEEKS, BOOKED_WEEKS = 4, 3
ONE_WEEK = timedelta(days=7)
_FACILITIES = bindparam("facilities", expanding=True)
_SPAN = (bindparam("first"), bindparam("last"))
_NOW = bindparam("now", type_=UtcDateTime)
_OPENINGS = (
    select(Activity.facility_id, Facility.name, Opening.activity_id, Opening.day)
    .join(Activity, Activity.id == Opening.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .join(BookingPeriod, BookingPeriod.id == Opening.period_id)
    .where(
        Opening.day.between(*_SPAN),
        Opening.closed_reason.is_(None),
        Activity.is_active,
        Facility.is_active,
        BookingPeriod.opens_at <= _NOW,
        or_(BookingPeriod.closes_at.is_(None), BookingPeriod.closes_at > _NOW),
    )
)
_WAS_OPEN = (
    select(Opening.activity_id, Opening.day)
    .join(Activity, Activity.id == Opening.activity_id)
    .where(
        Activity.facility_id.in_(_FACILITIES), Opening.day.between(*_SPAN), Opening.closed_reason.is_(None)
    )
)
_OF_THE_HOUSEHOLD = HouseholdChild.is_restricted.is_(False)
_BOOKED = (
    select(Booking.household_id, Booking.child_id, Activity.facility_id, Booking.activity_id, Booking.day)
    .join(Activity, Activity.id == Booking.activity_id)
    .join(
        HouseholdChild,
        (HouseholdChild.household_id == Booking.household_id) & (HouseholdChild.child_id == Booking.child_id),
    )
    .where(
        Activity.facility_id.in_(_FACILITIES),
        Booking.day.between(*_SPAN),
        Booking.state.in_(ACTIVE_STATES),
        _OF_THE_HOUSEHOLD,
    )
)
_DEFAULTS = (
    select(
        DefaultWeekDay.household_id,
        DefaultWeekDay.child_id,
        PresenceType.activity_id,
        DefaultWeekDay.weekday,
        DefaultWeekDay.parity,
    )
    .join(PresenceType, PresenceType.id == DefaultWeekDay.presence_type_id)
    .join(Activity, Activity.id == PresenceType.activity_id)
    .join(
        HouseholdChild,
        (HouseholdChild.household_id == DefaultWeekDay.household_id)
        & (HouseholdChild.child_id == DefaultWeekDay.child_id),
    )
    .where(Activity.facility_id.in_(_FACILITIES), _OF_THE_HOUSEHOLD)
)
_ENROLLED = (
    select(
        Enrolment.child_id,
        Child.first_name,
        Enrolment.facility_id,
        Enrolment.activity_id,
        Enrolment.first_day,
        Enrolment.last_day,
    )
    .join(Child, Child.id == Enrolment.child_id)
    .where(
        Enrolment.facility_id.in_(_FACILITIES),
        Enrolment.first_day <= bindparam("last"),
        Enrolment.last_day >= bindparam("first"),
    )
)
_REMINDED = select(BookingReminder.household_id, BookingReminder.facility_id, BookingReminder.week).where(
    BookingReminder.week.between(*_SPAN)
)
_SHARED = union(select(CustodyCalendar.child_id), select(CustodyException.child_id))


@dataclass(frozen=True, slots=True)
class DuePlace:
    """A structure for which nothing is booked; `until` the first of its limits, for these children."""

    facility_id: int
    facility: str
    first_names: tuple[str, ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class DueReminder:
    """What a household is to be reminded of for one week, by its Monday."""

    household_id: int
    week: date
    places: tuple[DuePlace, ...]


class _Usual(NamedTuple):
    """What a household usually books; `parity` of the weeks."""

    household_id: int
    child_id: int
    activity_id: int
    weekday: int
    parity: WeekParity


@dataclass(frozen=True, slots=True)
class _Limits:
    """Until when each open day of an activity can be booked, and the structure of each activity."""

    until: Mapping[tuple[int, date], datetime]
    facility_of: Mapping[int, int]
    names: Mapping[int, str]
    weeks: Collection[date]
    rules: RuleSet


def due(now: datetime, hours: int) -> tuple[DueReminder, ...]:
    """The households to remind now: a limit of what they usually book is at most `hours` away, and the week
    of that structure is empty. Two statements while no limit is near, ten otherwise.

    A limit that depends on the family is left out.
    """
    until = now + timedelta(hours=hours)
    limits = _limits(now, until)
    if not limits.weeks:
        return ()
    first, last = min(limits.weeks), max(limits.weeks) + ONE_WEEK
    known = {"facilities": sorted(set(limits.facility_of.values())), "first": first, "last": last}
    usual = {*_defaults(known), *_habits(known, now)}
    done = {(row.household_id, row.facility_id, _monday(row.day)) for row in read(_BOOKED, known)}
    done |= {tuple(row) for row in read(_REMINDED, {"first": first, "last": last})}
    enrolled = _enrolled(known)
    where = _homes(usual, limits)
    found: dict[tuple[int, date], dict[int, list[tuple[str, datetime]]]] = defaultdict(dict)
    for one in sorted(usual):
        for week in limits.weeks:
            day, facility_id = week + timedelta(days=one.weekday), limits.facility_of[one.activity_id]
            ends = limits.until.get((one.activity_id, day))
            name = enrolled.get((one.child_id, one.activity_id), _NOBODY).on(day)
            if (
                ends is not None
                and name
                and one.parity in (WeekParity.ALL, _parity(week))
                and (one.household_id, facility_id, week) not in done
                and not where.is_elsewhere(one.child_id, day, (one.household_id,))
            ):
                places = found[one.household_id, week]
                places.setdefault(facility_id, []).append((name, ends))
    return tuple(
        DueReminder(household_id, week, tuple(places))
        for (household_id, week), by_facility in sorted(found.items())
        if (places := [one for one in _places(by_facility, limits) if one.until <= until])
    )


def _places(by_facility: Mapping[int, list[tuple[str, datetime]]], limits: _Limits) -> Iterable[DuePlace]:
    for facility_id, found in sorted(by_facility.items()):
        names = tuple(dict.fromkeys(name for name, _ in found))
        yield DuePlace(facility_id, limits.names[facility_id], names, min(ends for _, ends in found))


def _limits(now: datetime, until: datetime) -> _Limits:
    """The open days of the coming weeks of the structures of which one limit is near."""
    today = paris_now(now).date()
    first = _monday(today) + ONE_WEEK
    span = {"first": first, "last": first + WEEKS_AHEAD * ONE_WEEK - timedelta(days=1), "now": now}
    rows = read(_OPENINGS, span).all()
    rules = rule_set({row.activity_id for row in rows}, (), 0, span["first"], span["last"])
    ends = {(row.activity_id, row.day): _until(rules, row.activity_id, row.day, now) for row in rows}
    near = {
        (row.facility_id, _monday(row.day))
        for row in rows
        if (end := ends[row.activity_id, row.day]) is not None and end <= until
    }
    facilities = {facility_id for facility_id, _ in near}
    return _Limits(
        {key: end for key, end in ends.items() if end is not None},
        {row.activity_id: row.facility_id for row in rows if row.facility_id in facilities},
        {row.facility_id: row.name for row in rows},
        sorted({week for _, week in near}),
        rules,
    )


def _until(rules: RuleSet, activity_id: int, day: date, now: datetime) -> datetime | None:
    """Until when a day can be booked without more ado; None when it cannot, or when no limit is set."""
    if rules.calendar.public_holiday(day) is not None:
        return None
    decision = rules.decide(activity_id, LineAction.BOOK, day, now)
    return decision.until if decision.outcome is Outcome.FREE else None


def _defaults(known: Mapping[str, object]) -> Iterable[_Usual]:
    rows = read(_DEFAULTS, {"facilities": known["facilities"]})
    return (_Usual(*row) for row in rows)


def _habits(known: Mapping[str, object], now: datetime) -> Iterable[_Usual]:
    """What was booked on the same weekday in most of the last weeks in which the activity was open."""
    this_week = _monday(paris_now(now).date())
    past = {
        "facilities": known["facilities"],
        "first": this_week - LOOK_BACK,
        "last": this_week + ONE_WEEK - timedelta(days=1),
    }
    open_weeks: dict[int, set[date]] = defaultdict(set)
    for activity_id, day in read(_WAS_OPEN, past):
        open_weeks[activity_id].add(_monday(day))
    last_weeks = {one: sorted(weeks)[-OPEN_WEEKS:] for one, weeks in open_weeks.items()}
    if not last_weeks:
        return ()
    past["first"] = min(weeks[0] for weeks in last_weeks.values())
    booked: dict[_Usual, set[date]] = defaultdict(set)
    for household_id, child_id, _, activity_id, day in read(_BOOKED, past):
        if _monday(day) in last_weeks.get(activity_id, ()):
            one = _Usual(household_id, child_id, activity_id, day.weekday(), WeekParity.ALL)
            booked[one].add(day)
    return (one for one, days in booked.items() if len(days) >= BOOKED_WEEKS)


class _Enrolments(NamedTuple):
    """When a child may come: its first name, and the first and last day of each enrolment."""

    first_name: str
    spans: tuple[tuple[date, date], ...]

    def on(self, day: date) -> str:
        """The first name on a day of an enrolment, empty on another one."""
        return self.first_name if any(first <= day <= last for first, last in self.spans) else ""


_NOBODY = _Enrolments("", ())


def _enrolled(known: Mapping[str, object]) -> Mapping[tuple[int, int], _Enrolments]:
    """By child and activity."""
    activities: dict[int, list[int]] = defaultdict(list)
    for row in read(
        select(Activity.id, Activity.facility_id).where(Activity.facility_id.in_(_FACILITIES)),
        {"facilities": known["facilities"]},
    ):
        activities[row.facility_id].append(row.id)
    found: dict[tuple[int, int], _Enrolments] = {}
    for child_id, name, facility_id, activity_id, first, last in read(_ENROLLED, known):
        for one in [activity_id] if activity_id is not None else activities[facility_id]:
            former = found.get((child_id, one), _NOBODY)
            found[child_id, one] = _Enrolments(name, (*former.spans, (first, last)))
    return found


def _homes(usual: Iterable[_Usual], limits: _Limits) -> Homes:
    shared = {row.child_id for row in read(_SHARED, {})} & {one.child_id for one in usual}
    return homes(shared, limits.rules.calendar.school_holidays)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _parity(week: date) -> WeekParity:
    return WeekParity.EVEN if week.isocalendar().week % 2 == 0 else WeekParity.ODD
