"""Races in rounds, on several server processes: nothing is sold twice, nothing stays unsold (issue 5).

A few dozen rounds in the ordinary run, 1,000 with --full.
"""

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import func, insert, select, update

from domain.enums import BookingState, Channel, LineAction, LineState
from domain.workflow import PLACE_HOLDING_STATES
from extensions import db
from models import (
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    ChildGroup,
    Enrolment,
    Opening,
    PlaceLimit,
)
from queries import booking_days
from services import places
from services.booking_drafts import Author
from services.booking_life import Actor
from services.transaction import write_transaction
from tests.factories import World, weekdays
from tests.races.rounds import (
    CONTENDERS,
    FAULT,
    AcceptOffer,
    Act,
    ExpireOffers,
    GiveUpOffer,
    Told,
    Validate,
    race,
)

pytestmark = pytest.mark.race

PLACES = 3
DAYS = weekdays(date(2027, 2, 1), date(2027, 6, 30))


@dataclass(slots=True)
class Contender:
    """A parent and the child who wants the place."""

    user_id: int
    household_id: int
    child_id: int

    @property
    def author(self) -> Author:
        return Author(self.user_id, (self.household_id,))

    @property
    def actor(self) -> Actor:
        return Actor(self.user_id, "Claire", Channel.PORTAL)


class Field:
    """As many openings as rounds, in as many activities as they need, and the families who want them."""

    def __init__(
        self, world: World, rounds: int, capacity: int | None, *, waiting_list: bool = False
    ) -> None:
        self.world, self.rounds = world, rounds
        self.facility = world.facility()
        self.period = world.period(self.facility, DAYS[0], DAYS[-1])
        self.openings: list[Opening] = []
        self.types: dict[int, int] = {}  # activity -> presence type
        for number, first in enumerate(range(0, rounds, len(DAYS))):
            activity = world.activity(self.facility, f"Cantine {number}", has_waiting_list=waiting_list)
            self.types[activity.id] = world.presence_type(activity).id
            days = DAYS[: min(len(DAYS), rounds - first)]
            self.openings += world.openings(activity, self.period, days, capacity)
        self.contenders = [self._contender() for _ in range(CONTENDERS)]

    def _contender(self) -> Contender:
        household = self.world.household()
        child = self.world.child(household)
        self.world.enrol(child, self.facility)
        return Contender(self.world.parent(household).id, household.id, child.id)

    def drafts(
        self, contenders: Sequence[Contender], action: LineAction = LineAction.BOOK
    ) -> dict[tuple[int, int], Validate]:
        """Ready to validate, by (position of the contender, round)."""
        now = self.world.now
        wanted = list(product(range(len(contenders)), range(self.rounds)))
        with self.world.app.app_context(), write_transaction() as session:
            session.execute(
                insert(BookingDraft),
                [
                    {
                        "key": f"{action}-{contenders[one].user_id}-{turn}",
                        "user_id": contenders[one].user_id,
                        "household_id": contenders[one].household_id,
                        "child_id": contenders[one].child_id,
                        "facility_id": self.facility.id,
                        "month": self.openings[turn].day.replace(day=1),
                        "created_at": now,
                        "updated_at": now,
                    }
                    for one, turn in wanted
                ],
            )
            ids = dict(map(tuple, session.execute(select(BookingDraft.key, BookingDraft.id))))
            session.execute(
                insert(BookingDraftLine),
                [
                    {
                        "draft_id": ids[f"{action}-{contenders[one].user_id}-{turn}"],
                        "child_id": contenders[one].child_id,
                        "opening_id": self.openings[turn].id,
                        "presence_type_id": self.types[self.openings[turn].activity_id],
                        "day": self.openings[turn].day,
                        "action": action,
                    }
                    for one, turn in wanted
                ],
            )
        return {
            (one, turn): Validate(
                contenders[one].author, f"{action}-{contenders[one].user_id}-{turn}", self.world.now
            )
            for one, turn in wanted
        }

    def bookings(self, contenders: Sequence[Contender], state: BookingState, **columns: object) -> dict:
        """One in this state for each of them in each round, counters in step; ids by (contender, round)."""
        now = self.world.now
        wanted = list(product(range(len(contenders)), range(self.rounds)))
        with self.world.app.app_context(), write_transaction() as session:
            session.execute(
                insert(Booking),
                [
                    {
                        "household_id": contenders[one].household_id,
                        "child_id": contenders[one].child_id,
                        "opening_id": self.openings[turn].id,
                        "activity_id": self.openings[turn].activity_id,
                        "presence_type_id": self.types[self.openings[turn].activity_id],
                        "day": self.openings[turn].day,
                        "state": state,
                        "price_cents": 320,
                        "created_at": now,
                        "updated_at": now,
                        **{
                            name: value(turn) if callable(value) else value for name, value in columns.items()
                        },
                    }
                    for one, turn in wanted
                ],
            )
            counter = Opening.waiting if state is BookingState.WAITING else Opening.booked
            session.execute(update(Opening).values({counter: counter + len(contenders)}))
            children = [one.child_id for one in contenders]
            found = session.execute(
                select(Booking.child_id, Booking.opening_id, Booking.id).where(Booking.child_id.in_(children))
            )
            turns = {opening.id: turn for turn, opening in enumerate(self.openings)}
            return {(children.index(row.child_id), turns[row.opening_id]): row.id for row in found}

    # What must be true after

    def states(self) -> list[Counter[BookingState]]:
        """How many bookings in each state, round by round."""
        rows = select(Booking.opening_id, Booking.state, func.count()).group_by(
            Booking.opening_id, Booking.state
        )
        found: dict[int, Counter[BookingState]] = {opening.id: Counter() for opening in self.openings}
        with self.world.app.app_context():
            for opening_id, state, count in db.session.execute(rows):
                found[opening_id][state] = count
        return [found[opening.id] for opening in self.openings]

    def assert_counters_equal_rows(self) -> None:
        for opening, own in zip(self.read_openings(), self.states(), strict=True):
            held = sum(own[state] for state in PLACE_HOLDING_STATES)
            assert (opening.booked, opening.waiting) == (held, own[BookingState.WAITING])

    def assert_history_tells_the_state(self) -> None:
        """The last event of each booking that has events is its state."""
        newest = select(func.max(BookingEvent.id)).group_by(BookingEvent.booking_id)
        wrong = (
            select(func.count())
            .select_from(BookingEvent)
            .join(Booking, Booking.id == BookingEvent.booking_id)
            .where(BookingEvent.id.in_(newest), Booking.state != BookingEvent.state)
        )
        with self.world.app.app_context():
            assert db.session.scalar(wrong) == 0

    def read_openings(self) -> list[Opening]:
        rows = {row.id: row for row in self.world.all(Opening)}
        return [rows[opening.id] for opening in self.openings]


def plans(acts: dict[tuple[int, int], Act], rounds: int) -> list[list[Act | None]]:
    return [[acts.get((one, turn)) for turn in range(rounds)] for one in range(CONTENDERS)]


def assert_no_fault(told: Sequence[Told]) -> None:
    assert [one for own in told for one in own if one.startswith(FAULT)] == []


def test_twenty_contenders_for_three_places(world, sized):
    field = Field(world, sized(ordinary=50, full=1000), PLACES)
    told = race(world.app, plans(field.drafts(field.contenders), field.rounds))
    assert_no_fault(told)
    assert field.states() == [Counter({BookingState.ACCEPTED: PLACES})] * field.rounds
    field.assert_counters_equal_rows()
    field.assert_history_tells_the_state()
    with world.app.app_context():
        references = set(db.session.scalars(select(BookingRequest.reference)))
        lines = Counter(db.session.scalars(select(BookingRequestLine.state)))
    assert {one for own in told for one in own} == references, "each one reads the receipt of its request"
    assert lines == {
        LineState.ACCEPTED: PLACES * field.rounds,
        LineState.REFUSED: (CONTENDERS - PLACES) * field.rounds,
    }


def test_the_last_places_of_two_groups_of_one_day(world, sized):
    """Ten of each group: one place is left to the first, two to the second, five to the day."""
    field = Field(world, sized(ordinary=25, full=1000), capacity=5)
    groups = [
        world.add(ChildGroup(facility_id=field.facility.id, name=name)).id for name in ("3-5 ans", "6-11 ans")
    ]
    left = dict(zip(groups, (1, 2), strict=True))
    with world.app.app_context(), write_transaction() as session:
        for position, contender in enumerate(field.contenders):
            group_id = groups[position % 2]
            session.execute(
                update(Enrolment).where(Enrolment.child_id == contender.child_id).values(group_id=group_id)
            )
        session.execute(update(Opening).values(has_limits=True))
        session.execute(
            insert(PlaceLimit),
            [
                {"opening_id": opening.id, "group_id": group_id, "capacity": capacity}
                for opening in field.openings
                for group_id, capacity in left.items()
            ],
        )
    told = race(world.app, plans(field.drafts(field.contenders), field.rounds))
    assert_no_fault(told)
    assert field.states() == [Counter({BookingState.ACCEPTED: 3})] * field.rounds
    field.assert_counters_equal_rows()
    taken = Counter((booking.opening_id, booking.group_id) for booking in world.all(Booking))
    assert taken == {(opening.id, one): many for opening in field.openings for one, many in left.items()}
    assert {(row.opening_id, row.group_id): row.booked for row in world.all(PlaceLimit)} == taken


OFFERED, WAITING, NEWCOMERS = range(0, 3), range(3, 8), range(14, 20)


def test_offers_are_answered_once_while_they_expire_and_newcomers_come(world, sized):
    """Three offers and five who wait. Two adults answer the first otherwise, two say yes to the second, the
    third expires under two workers; two who wait leave; six newcomers validate."""
    rounds = sized(ordinary=25, full=1000)
    field = Field(world, rounds, PLACES, waiting_list=True)

    def moment(turn: int) -> datetime:
        return world.now + timedelta(seconds=turn)

    lives, ends = field.contenders[:2], field.contenders[2:3]
    offers = field.bookings(lives, BookingState.OFFERED, offer_expires_at=world.now + timedelta(days=1))
    ending = field.bookings(ends, BookingState.OFFERED, offer_expires_at=moment)
    waiting = field.bookings([field.contenders[one] for one in WAITING], BookingState.WAITING)
    leaving = field.drafts([field.contenders[one] for one in WAITING[:2]], LineAction.CANCEL)
    coming = field.drafts([field.contenders[one] for one in NEWCOMERS])
    acts: dict[tuple[int, int], Act] = {}
    for turn in range(rounds):
        now = moment(turn)
        first, second = (
            (offers[one, turn], field.contenders[one].household_id, field.contenders[one].actor, now)
            for one in (0, 1)
        )
        third = (ending[0, turn], ends[0].household_id, ends[0].actor, now)
        acts[0, turn], acts[10, turn] = AcceptOffer(*first), GiveUpOffer(*first)
        acts[1, turn], acts[11, turn] = AcceptOffer(*second), AcceptOffer(*second)
        acts[2, turn], acts[12, turn], acts[13, turn] = (
            AcceptOffer(*third),
            ExpireOffers(now),
            ExpireOffers(now),
        )
        for place in range(2):
            acts[WAITING[place], turn] = leaving[place, turn]
        for place, one in enumerate(NEWCOMERS):
            acts[one, turn] = coming[place, turn]
    told = race(world.app, plans(acts, rounds))
    assert_no_fault(told)
    for turn in range(rounds):
        said = [own[turn] for own in told]
        assert sorted([said[0], said[10]]) in (["accepted", "stale"], ["given up", "stale"])
        assert sorted([said[1], said[11]]) == ["accepted", "stale"]
        assert said[2] == "stale"
        assert sorted([said[12], said[13]]) == ["0", "1"]
    field.assert_counters_equal_rows()
    field.assert_history_tells_the_state()
    _assert_the_next_in_line_were_offered(field, waiting)


def _assert_the_next_in_line_were_offered(field: Field, waiting: dict[tuple[int, int], int]) -> None:
    """Every place is held; who stayed was offered before those who came later; newcomers wait."""
    newcomers = {field.contenders[one].child_id for one in NEWCOMERS}
    found: dict[int, list[Booking]] = {opening.id: [] for opening in field.openings}
    for booking in field.world.all(select(Booking).order_by(Booking.id)):
        found[booking.opening_id].append(booking)
    for bookings in found.values():
        own = Counter(booking.state for booking in bookings)
        assert own[BookingState.ACCEPTED] + own[BookingState.OFFERED] == PLACES
        assert {one.state for one in bookings if one.child_id in newcomers} == {BookingState.WAITING}
        offered = [one.id for one in bookings if one.state is BookingState.OFFERED]
        left = [one.id for one in bookings if one.state is BookingState.WAITING]
        assert set(offered) <= set(waiting.values())
        assert max(offered) < min(left)


# --- The control: what the guard is worth -------------------------------------------------------------------

_seen = threading.local()
_read_wishes = booking_days.wishes


@dataclass(frozen=True, slots=True)
class Trusting:
    """Reads the day first, then writes what it has read, with neither lock nor condition."""

    draft_id: int
    validate: Validate

    def __call__(self) -> str:
        _seen.wishes = _read_wishes(self.draft_id)
        db.session.rollback()
        return self.validate()


def _trust(session: object, opening_ids: Collection[int]) -> set[int]:
    booked = _seen.wishes[0].booked
    if booked >= PLACES:
        return set()
    session.execute(update(Opening).where(Opening.id.in_(opening_ids)).values(booked=booked + 1))
    return set(opening_ids)


def remove_the_guard() -> None:
    """In a process of a control: no lock, no condition, no reading inside the transaction."""
    places.lock = lambda *_: None
    places.take_free = _trust
    booking_days.wishes = lambda _draft_id: _seen.wishes


def test_without_the_guard_most_rounds_are_overbooked(world, sized):
    field = Field(world, sized(ordinary=10, full=200), PLACES)
    acts = field.drafts(field.contenders)
    ids = {draft.key: draft.id for draft in world.all(BookingDraft)}
    careless = {where: Trusting(ids[act.key], act) for where, act in acts.items()}
    assert_no_fault(race(world.app, plans(careless, field.rounds), remove_the_guard))
    overbooked = [own for own in field.states() if own[BookingState.ACCEPTED] > PLACES]
    assert len(overbooked) > field.rounds / 2
