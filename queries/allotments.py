"""The wishes of a booking period, who would get its places, who got them, and why (R17).

A simulation reads the wishes and the règlement and writes nothing; an allotment that was made is read from
what it kept, and can be calculated again from it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from domain.allotment import Limit, Method, Ranked, Room, Standing, Wish, allot, read_inputs
from domain.booking_window import BookingWindow
from domain.calendar import paris_now
from domain.enums import BookingState, PlacesMode
from domain.errors import NotFound
from domain.rulebook.enrolment import Tie
from extensions import db
from models import (
    Activity,
    Allotment,
    AllotmentRank,
    Booking,
    BookingEvent,
    BookingPeriod,
    Child,
    Facility,
    Household,
    Opening,
    PlaceLimit,
    PresenceType,
)
from queries.place_columns import IS_ENROLLED
from queries.rules import PlaceRule, rule_set

FAMILIES_A_PAGE = 50


# --- The wishes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """A booking period as its allotment needs it."""

    id: int
    name: str
    facility_id: int
    facility: str
    first_day: date
    last_day: date
    window: BookingWindow

    @property
    def allots(self) -> bool:
        return self.window.mode is PlacesMode.ALLOTMENT


class Candidate(NamedTuple):
    """A child wished for on a day: what the calculation needs, and how people call it."""

    booking_id: int
    opening_id: int
    household_id: int
    child_id: int
    group_id: int | None
    parts: int
    filed_at: datetime
    household: str
    child: str
    is_enrolled: bool


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A day of an activity with its places before the allotment and those who wish for it."""

    opening_id: int
    activity_id: int
    activity: str
    day: date
    capacity: int | None
    has_limits: bool
    room: Room
    candidates: tuple[Candidate, ...]


def period(period_id: int) -> Period:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            BookingPeriod.id,
            BookingPeriod.name,
            BookingPeriod.facility_id,
            Facility.name.label("facility"),
            BookingPeriod.first_day,
            BookingPeriod.last_day,
            BookingPeriod.opens_at,
            BookingPeriod.closes_at,
            BookingPeriod.places_mode,
            BookingPeriod.allotted_at,
        )
        .join(Facility, Facility.id == BookingPeriod.facility_id)
        .where(BookingPeriod.id == period_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    window = BookingWindow(row.opens_at, row.closes_at, row.places_mode, row.allotted_at)
    return Period(*row[:6], window)


def open_days(period_id: int, today: date) -> tuple[OpenDay, ...]:
    """The days of a period, by activity then day. Three statements.

    A day that is closed or over has no place to give.
    """
    return _open_days(Opening.period_id == period_id, today)


def open_day(opening_id: int, today: date) -> OpenDay:
    """The same for one day."""
    (day,) = _open_days(Opening.id == opening_id, today)
    return day


def _open_days(within: ColumnElement[bool], today: date) -> tuple[OpenDay, ...]:
    limits: dict[int, list[Limit]] = defaultdict(list)
    for opening_id, group_id, part, left in db.session.execute(
        select(
            PlaceLimit.opening_id,
            PlaceLimit.group_id,
            PlaceLimit.part,
            PlaceLimit.capacity - PlaceLimit.booked,
        )
        .join(Opening, Opening.id == PlaceLimit.opening_id)
        .where(within)
        .order_by(PlaceLimit.id)
    ):
        limits[opening_id].append(Limit(group_id, part, left))
    candidates: dict[int, list[Candidate]] = defaultdict(list)
    for row in db.session.execute(_CANDIDATES.where(within)):
        candidates[row.opening_id].append(Candidate(*row))
    rows = db.session.execute(
        select(
            Opening.id,
            Opening.activity_id,
            Activity.name.label("activity"),
            Opening.day,
            Opening.capacity,
            Opening.has_limits,
            Opening.booked,
            Opening.closed_reason,
        )
        .join(Activity, Activity.id == Opening.activity_id)
        .where(within)
        .order_by(Activity.position, Activity.id, Opening.day)
    )
    return tuple(
        OpenDay(*row[:6], _room(row, limits[row.id], today), tuple(candidates[row.id])) for row in rows
    )


NOT_ENROLLED = "l’enfant n’est plus inscrit ce jour-là"
_CANDIDATES: Select = (
    select(
        Booking.id,
        Booking.opening_id,
        Booking.household_id,
        Booking.child_id,
        Booking.group_id,
        PresenceType.parts,
        Booking.created_at,
        Household.name,
        Child.first_name,
        IS_ENROLLED,
    )
    .join(Opening, Opening.id == Booking.opening_id)
    .join(Activity, Activity.id == Booking.activity_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .join(Household, Household.id == Booking.household_id)
    .join(Child, Child.id == Booking.child_id)
    .where(Booking.state == BookingState.REQUESTED)
    .order_by(Booking.id)
)


def _room(row, limits: Sequence[Limit], today: date) -> Room:
    closed = "jour fermé" if row.closed_reason is not None else "jour passé" if row.day < today else ""
    left = None if row.capacity is None else row.capacity - row.booked
    return Room(left, tuple(limits) if row.has_limits else (), closed)


# --- What the règlement says of them ------------------------------------------------------------------------


def place_rules(days: Iterable[OpenDay], now: datetime) -> dict[int, PlaceRule | None]:
    """How the règlement gives the places of each activity that is wished for; None where it does not say."""
    wanted = {day.activity_id for day in days if day.candidates}
    if not wanted:
        return {}
    today = paris_now(now).date()
    rules = rule_set(wanted, (), 0, today, today)
    return {activity_id: rules.allocation(activity_id, now) for activity_id in sorted(wanted)}


def standings(days: Sequence[OpenDay], now: datetime) -> dict[int, Standing]:
    """Where each wish stands by the criteria of its activity, by booking. One statement a household."""
    own: dict[int, list[tuple[OpenDay, Candidate]]] = defaultdict(list)
    for day in days:
        for candidate in day.candidates:
            own[candidate.household_id].append((day, candidate))
    found = {}
    for household_id, pairs in own.items():
        activities = {day.activity_id for day, _ in pairs}
        last = max(day.day for day, _ in pairs)
        rules = rule_set(activities, (), household_id, min(day.day for day, _ in pairs), last)
        for day, one in pairs:
            found[one.booking_id] = rules.standing(day.activity_id, day.day, one.child_id, now)
    return found


def rank(day: OpenDay, standing: Mapping[int, Standing], method: Method) -> tuple[Ranked, ...]:
    """The wishes of a day in their order, with what each gets."""
    wishes = (
        Wish(
            one.booking_id,
            one.household_id,
            one.group_id,
            one.parts,
            one.filed_at,
            standing[one.booking_id],
            "" if one.is_enrolled else NOT_ENROLLED,
        )
        for one in day.candidates
    )
    return allot(wishes, day.room, method)


# --- What staff read ----------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A wish with what it gets, or got; `state` is where its booking stands now, for an allotment made."""

    opening_id: int
    household_id: int
    household: str
    child: str
    rank: int
    is_admitted: bool
    reason: str
    state: BookingState | None


@dataclass(frozen=True, slots=True)
class DayBoard:
    """A day: its places (None without limit), its wishes, how many of them get one."""

    opening_id: int
    activity: str
    day: date
    places: int | None
    wishes: int
    admitted: int

    @property
    def without(self) -> int:
        return self.wishes - self.admitted


@dataclass(frozen=True, slots=True)
class FamilyBoard:
    """A family: how many days it asked for, and how many it gets."""

    household_id: int
    household: str
    wishes: int
    admitted: int


@dataclass(frozen=True, slots=True)
class Board:
    """Who gets what. `criteria`: (activity, sentences of the règlement), no sentence where it is silent."""

    criteria: tuple[tuple[str, tuple[str, ...]], ...]
    days: tuple[DayBoard, ...]
    lines: tuple[Line, ...]

    @property
    def silent(self) -> tuple[str, ...]:
        """The activities whose places the règlement does not say how to give."""
        return tuple(activity for activity, sentences in self.criteria if not sentences)

    @property
    def admitted(self) -> int:
        return sum(line.is_admitted for line in self.lines)

    @property
    def families(self) -> tuple[FamilyBoard, ...]:
        wishes = Counter(line.household_id for line in self.lines)
        admitted = Counter(line.household_id for line in self.lines if line.is_admitted)
        names = {line.household_id: line.household for line in self.lines}
        return tuple(
            FamilyBoard(household_id, name, wishes[household_id], admitted[household_id])
            for household_id, name in sorted(names.items(), key=lambda pair: (pair[1], pair[0]))
        )

    def family_pages(self) -> int:
        return max(1, ceil(len({line.household_id for line in self.lines}) / FAMILIES_A_PAGE))

    def families_on(self, page: int) -> tuple[FamilyBoard, ...]:
        first = (min(max(page, 1), self.family_pages()) - 1) * FAMILIES_A_PAGE
        return self.families[first : first + FAMILIES_A_PAGE]

    def of_day(self, opening_id: int) -> tuple[DayBoard, tuple[Line, ...]]:
        """One day with its wishes in the order of the ranks. Raises NotFound for a day without wish."""
        day = next((one for one in self.days if one.opening_id == opening_id), None)
        if day is None:
            raise NotFound
        return day, tuple(line for line in self.lines if line.opening_id == opening_id)


@dataclass(frozen=True, slots=True)
class Made:
    """An allotment that was made: its draw, by whom and when."""

    activity: str
    seed: str
    author_name: str
    made_at: datetime


def simulation(period_id: int, seed: str, now: datetime) -> Board:
    """Who would get the places now, with this draw; nothing is written."""
    days = [day for day in open_days(period_id, paris_now(now).date()) if day.candidates]
    rules = place_rules(days, now)
    ruled = [day for day in days if rules[day.activity_id] is not None]
    standing = standings(ruled, now)
    lines, boards = [], []
    for day in days:
        rule = rules[day.activity_id]
        ranked = rank(day, standing, Method(rule.rule.tie, seed)) if rule else ()
        boards.append(_day_board(day, sum(one.is_admitted for one in ranked)))
        names = {one.booking_id: one for one in day.candidates}
        lines += [_line(day.opening_id, names[one.wish.id], one) for one in ranked]
    names = {day.activity_id: day.activity for day in days}
    criteria = tuple((names[key], rule.sentences() if rule else ()) for key, rule in rules.items())
    return Board(criteria, tuple(boards), tuple(lines))


def _day_board(day: OpenDay, admitted: int) -> DayBoard:
    places = 0 if day.room.closed else day.room.left
    return DayBoard(day.opening_id, day.activity, day.day, places, len(day.candidates), admitted)


def _line(opening_id: int, candidate: Candidate, one: Ranked) -> Line:
    return Line(
        opening_id,
        candidate.household_id,
        candidate.household,
        candidate.child,
        one.rank,
        one.is_admitted,
        one.reason,
        None,
    )


def made(period_id: int) -> tuple[Made, ...]:
    """The allotments of a period, by activity."""
    rows = db.session.execute(
        select(Activity.name, Allotment.seed, Allotment.author_name, Allotment.made_at)
        .join(Activity, Activity.id == Allotment.activity_id)
        .where(Allotment.period_id == period_id)
        .order_by(Activity.position, Activity.id)
    )
    return tuple(Made(*row) for row in rows)


_OWNER = aliased(Household)
# The household whose wish it was, known by the step that answered it: the day may have changed house since.
_WISHED_BY = (
    select(func.coalesce(_OWNER.merged_into_id, _OWNER.id))
    .join(BookingEvent, BookingEvent.household_id == _OWNER.id)
    .where(BookingEvent.booking_id == AllotmentRank.booking_id, BookingEvent.reason == AllotmentRank.reason)
    .order_by(BookingEvent.id)
    .limit(1)
    .correlate(AllotmentRank)
    .scalar_subquery()
)
_RANKS = (
    select(
        AllotmentRank.allotment_id,
        AllotmentRank.booking_id,
        AllotmentRank.rank,
        AllotmentRank.is_admitted,
        AllotmentRank.reason,
        AllotmentRank.inputs,
        Booking.opening_id,
        Booking.household_id,
        Household.name.label("household"),
        Child.first_name.label("child"),
        Booking.state,
        Booking.day,
        Activity.name.label("activity"),
    )
    .join(Allotment, Allotment.id == AllotmentRank.allotment_id)
    .join(Booking, Booking.id == AllotmentRank.booking_id)
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Household, Household.id == Booking.household_id)
    .join(Child, Child.id == Booking.child_id)
    .order_by(Activity.position, Activity.id, Booking.day, AllotmentRank.rank)
)


def result(period_id: int) -> Board:
    """Who got the places of a period, as it was decided."""
    rows = db.session.execute(_RANKS.where(Allotment.period_id == period_id)).all()
    days: dict[int, list] = defaultdict(list)
    for row in rows:
        days[row.opening_id].append(row)
    boards = tuple(
        DayBoard(
            opening_id,
            own[0].activity,
            own[0].day,
            0 if own[0].inputs["closed"] else own[0].inputs["left"],
            len(own),
            sum(row.is_admitted for row in own),
        )
        for opening_id, own in days.items()
    )
    lines = tuple(
        Line(
            row.opening_id,
            row.household_id,
            row.household,
            row.child,
            row.rank,
            row.is_admitted,
            row.reason,
            row.state,
        )
        for row in rows
    )
    return Board(_kept_criteria(period_id), boards, lines)


def _kept_criteria(period_id: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = db.session.execute(
        select(Activity.name, Allotment.criteria)
        .join(Activity, Activity.id == Allotment.activity_id)
        .where(Allotment.period_id == period_id)
        .order_by(Activity.position, Activity.id)
    )
    return tuple((name, tuple(criteria)) for name, criteria in rows)


@dataclass(frozen=True, slots=True)
class Replay:
    """An allotment calculated again from what it kept: how many wishes, and those that came out otherwise."""

    wishes: int
    changed: tuple[Line, ...]


def replay(period_id: int) -> Replay:
    """Calculate the allotments of a period again from their draw and what they read of each wish."""
    seeds = dict(
        db.session.execute(select(Allotment.id, Allotment.seed).where(Allotment.period_id == period_id)).all()
    )
    rows = db.session.execute(_RANKS.where(Allotment.period_id == period_id)).all()
    days: dict[tuple[int, int], list] = defaultdict(list)
    for row in rows:
        days[row.allotment_id, row.opening_id].append(row)
    changed = []
    for (allotment_id, opening_id), own in days.items():
        again = _again(own, seeds[allotment_id])
        for row in own:
            one = again[row.booking_id]
            if not row.reason:  # its family was erased: the rank stands, its words went (R54)
                continue
            if (one.rank, one.is_admitted, one.reason) != (row.rank, row.is_admitted, row.reason):
                changed.append(
                    Line(opening_id, row.household_id, row.household, row.child, one.rank, one.is_admitted,
                         one.reason, row.state)
                )  # fmt: skip
    return Replay(len(rows), tuple(changed))


def _again(rows: Sequence, seed: str) -> dict[int, Ranked]:
    """The wishes of a day ranked once more; the day and the règlement are the same for all of them."""
    kept = [read_inputs(row.booking_id, row.inputs) for row in rows]
    _, room, tie = kept[0]
    ranked = allot([wish for wish, _, _ in kept], room, Method(Tie(tie), seed))
    return {one.wish.id: one for one in ranked}


# --- What a family reads ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnDay:
    """A day that the family wished for: its activity, its rank, its answer, where the booking stands now."""

    day: date
    activity: str
    rank: int
    is_admitted: bool
    reason: str
    state: BookingState


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What an allotment gave to a family, child by child."""

    period: str
    facility: str
    criteria: tuple[tuple[str, tuple[str, ...]], ...]
    made: tuple[Made, ...]
    children: tuple[tuple[str, tuple[OwnDay, ...]], ...]


def own_result(period_id: int, household_ids: Collection[int]) -> OwnResult:
    """The answer to the wishes of these households alone. Raises NotFound when they have none."""
    found = period(period_id)
    own = [Allotment.period_id == period_id, _WISHED_BY.in_(household_ids)]
    rows = db.session.execute(_RANKS.where(*own)).all()
    if not rows:
        raise NotFound
    children: dict[str, list[OwnDay]] = defaultdict(list)
    for row in rows:
        children[row.child].append(
            OwnDay(row.day, row.activity, row.rank, row.is_admitted, row.reason, row.state)
        )
    activities = {row.activity for row in rows}
    return OwnResult(
        found.name,
        found.facility,
        tuple(pair for pair in _kept_criteria(period_id) if pair[0] in activities),
        tuple(one for one in made(period_id) if one.activity in activities),
        tuple((name, tuple(days)) for name, days in sorted(children.items())),
    )


def wish_counts(period_id: int) -> tuple[int, int]:
    """(wishes, families) that wait for the allotment of a period."""
    row = db.session.execute(
        select(func.count(), func.count(Booking.household_id.distinct()))
        .join(Opening, Opening.id == Booking.opening_id)
        .where(Opening.period_id == period_id, Booking.state == BookingState.REQUESTED)
    ).one()
    return row[0], row[1]


def answered_households(period_id: int) -> list[int]:
    """The households whose wishes of a period have their answer."""
    return list(
        db.session.scalars(
            select(_WISHED_BY.label("household_id"))
            .select_from(AllotmentRank)
            .join(Allotment, Allotment.id == AllotmentRank.allotment_id)
            .where(Allotment.period_id == period_id)
            .distinct()
            .order_by("household_id")
        )
    )


def wished_days(period_id: int, now: datetime) -> tuple[DayBoard, ...]:
    """The days of a period that are wished for, before anybody gets a place."""
    days = open_days(period_id, paris_now(now).date())
    return tuple(_day_board(day, 0) for day in days if day.candidates)
