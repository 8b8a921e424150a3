"""Whatever families, agents and time do to the bookings of some days, in whatever order (issue 5).

Hypothesis draws the acts; a small model says what must come of each. After every act the database holds what
the model holds, counters are rows, no day holds more than its places, nobody waits while a place that the
child could take is free, and the history of each booking leads by legal steps to its state.
"""

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from domain.enums import BookingState, Channel, LineAction, LineState, ValidationMode
from domain.errors import BusinessError, Refused, Stale
from domain.workflow import ACTIVE_STATES, PLACE_HOLDING_STATES
from models import (
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingRequestLine,
    ChildGroup,
    Opening,
    PlaceLimit,
)
from queries.closures import Wish
from services import booking_requests, closures, openings, waiting_lists
from services.booking_drafts import Author
from services.booking_life import Actor
from services.openings import Stretch
from tests.books import assert_history_explains, assert_places_are_counted
from tests.conftest import NOW
from tests.factories import World

DAYS = [date(2027, 6, 7), date(2027, 6, 8)]  # so far away that no limit passes while time does
CHILDREN, OFFER_HOURS, GROUP_PLACES = 5, 24, 1
ONE = st.integers(0, 59)  # which one of those that there are
CHILD, DAY = st.integers(0, CHILDREN - 1), st.integers(0, len(DAYS) - 1)
ACCEPTED, CANCELLED, OFFERED, PENDING, REFUSED, WAITING = (
    BookingState.ACCEPTED,
    BookingState.CANCELLED,
    BookingState.OFFERED,
    BookingState.PENDING,
    BookingState.REFUSED,
    BookingState.WAITING,
)


@dataclass(slots=True)
class Place:
    """What a child has on a day, in the model."""

    state: BookingState
    order: int
    expires_at: datetime | None = None
    is_asked_back: bool = False  # the service must still answer a cancelling


@dataclass(slots=True)
class Day:
    capacity: int
    is_closed: bool = False
    places: dict[int, Place] = field(default_factory=dict)  # of children with an active booking


class Model:
    """The rules of places and offers, as few as they are."""

    def __init__(self, mode: ValidationMode, groups: bool) -> None:
        self.mode, self.groups = mode, groups
        self.now = NOW
        self.days = [Day(1), Day(2)]
        self._orders = itertools.count()

    @property
    def granted(self) -> BookingState:
        return ACCEPTED if self.mode is ValidationMode.AUTOMATIC else PENDING

    def group(self, child: int) -> int | None:
        """Of two groups: the first has fewer places than the day may have."""
        return child % 2 if self.groups else None

    def fits(self, day: Day, child: int) -> bool:
        held = [one for one, place in day.places.items() if place.state in PLACE_HOLDING_STATES]
        if len(held) >= day.capacity:
            return False
        return self.group(child) != 0 or sum(self.group(one) == 0 for one in held) < GROUP_PLACES

    def book(self, day: Day, child: int) -> None:
        if child in day.places or day.is_closed:
            return
        state = self.granted if self.fits(day, child) else WAITING
        day.places[child] = Place(state, next(self._orders))

    def cancel(self, day: Day, child: int) -> None:
        place = day.places.get(child)
        if place is None or place.is_asked_back:
            return
        if place.state is ACCEPTED and self.mode is ValidationMode.MANUAL:
            place.is_asked_back = True
            return
        self.end(day, child)

    def end(self, day: Day, child: int) -> None:
        del day.places[child]
        self.serve(day)

    def serve(self, day: Day) -> None:
        if day.is_closed:
            return
        for child in sorted(day.places, key=lambda one: day.places[one].order):
            place = day.places[child]
            if place.state is WAITING and self.fits(day, child):
                place.state, place.expires_at = OFFERED, self.now + timedelta(hours=OFFER_HOURS)

    def live_offer(self, day: Day, child: int) -> Place | None:
        place = day.places.get(child)
        is_live = place is not None and place.state is OFFERED and place.expires_at > self.now
        return place if is_live else None

    def expire(self) -> None:
        for day in self.days:
            ended = [
                child
                for child, place in day.places.items()
                if place.state is OFFERED and place.expires_at <= self.now
            ]
            for child in ended:
                del day.places[child]
            if ended:
                self.serve(day)

    def decide(self, day: Day, child: int, accept: bool) -> None:
        """The answer of the service to the line that is open for this child, if one is."""
        place = day.places.get(child)
        if place is None:
            return
        if place.is_asked_back:
            place.is_asked_back = False
            if accept:
                self.end(day, child)
        elif place.state is PENDING or place.state is WAITING:
            if not accept:
                self.end(day, child)
            elif place.state is PENDING or self.fits(day, child):
                place.state = ACCEPTED


class Bookings(RuleBasedStateMachine):
    """The portal and the model, side by side."""

    world: World
    names = itertools.count(1)

    @initialize(
        mode=st.sampled_from(ValidationMode),
        groups=st.booleans(),
        order=st.permutations(list(itertools.product(range(CHILDREN), range(len(DAYS))))),
    )
    def start(self, mode: ValidationMode, groups: bool, order: list[tuple[int, int]]) -> None:
        """A town where nearly every child wants every day: some wait from the first."""
        world = self.world
        world.app.config["CLOCK"].move_to(NOW)
        self.model = Model(mode, groups)
        self.keys, self.closed = itertools.count(), {}
        self.facility = world.facility(f"École {next(self.names)}", validation_mode=mode)
        self.activity = world.activity(
            self.facility, f"Cantine {self.facility.id}", has_waiting_list=True, offer_hours=OFFER_HOURS
        )
        self.meal = world.presence_type(self.activity)
        period = world.period(self.facility, DAYS[0], DAYS[-1])
        self.openings = [
            world.openings(self.activity, period, [day], one.capacity, has_limits=groups)[0]
            for day, one in zip(DAYS, self.model.days, strict=True)
        ]
        self.groups = [
            world.add(ChildGroup(facility_id=self.facility.id, name=name)) for name in ("3-5 ans", "6-11 ans")
        ]
        if groups:
            first = self.groups[0].id
            world.add(
                *(
                    PlaceLimit(opening_id=one.id, group_id=first, capacity=GROUP_PLACES)
                    for one in self.openings
                )
            )
        self.homes, self.parents, self.children = [], [], []
        for number in range(CHILDREN):
            home = world.household()
            self.homes.append(home)
            self.parents.append(world.parent(home))
            self.children.append(world.child(home))
            group = self.model.group(number)
            world.enrol(
                self.children[-1],
                self.facility,
                group_id=None if group is None else self.groups[group].id,
            )
        self.agent = world.staff()
        for child, day in order[: len(order) * 4 // 5]:
            self.book(child, day)

    # What families do

    @rule(child=CHILD, day=DAY)
    def book(self, child: int, day: int) -> None:
        self.model.book(self.model.days[day], child)
        self._validate(child, day, LineAction.BOOK)

    @precondition(lambda self: self._having(*ACTIVE_STATES))
    @rule(one=ONE)
    def cancel(self, one: int) -> None:
        child, day = self._pick(one, *ACTIVE_STATES)
        self.model.cancel(self.model.days[day], child)
        self._validate(child, day, LineAction.CANCEL)

    @precondition(lambda self: self._having(OFFERED))
    @rule(one=ONE)
    def take_the_offer(self, one: int) -> None:
        child, day = self._pick(one, OFFERED)
        place = self.model.live_offer(self.model.days[day], child)
        if place is not None:
            place.state, place.expires_at = self.model.granted, None
        self._answer(child, day, waiting_lists.accept, place is not None)

    @precondition(lambda self: self._having(OFFERED))
    @rule(one=ONE)
    def leave_the_offer(self, one: int) -> None:
        child, day = self._pick(one, OFFERED)
        is_live = self.model.live_offer(self.model.days[day], child) is not None
        if is_live:
            self.model.end(self.model.days[day], child)
        self._answer(child, day, waiting_lists.give_up, is_live)

    # What the service does

    @precondition(lambda self: self._having(*ACTIVE_STATES))
    @rule(one=ONE, accept=st.booleans())
    def decide(self, one: int, accept: bool) -> None:
        child, day = self._pick(one, *ACTIVE_STATES)
        open_lines = [
            line.id
            for line in self.world.all(
                select(BookingRequestLine).where(
                    BookingRequestLine.child_id == self.children[child].id,
                    BookingRequestLine.opening_id == self.openings[day].id,
                    BookingRequestLine.state.in_([LineState.PENDING, LineState.WAITING]),
                )
            )
        ]
        if not open_lines:
            return
        self.model.decide(self.model.days[day], child, accept)
        self._try(
            lambda: booking_requests.decide_lines(
                open_lines,
                accept=accept,
                reason="Effectif atteint.",
                actor_user_id=self.agent.id,
                facility_ids=None,
                now=self.model.now,
            )
        )

    @rule(day=DAY, capacity=st.integers(0, 3))
    def resize(self, day: int, capacity: int) -> None:
        model = self.model.days[day]
        held = sum(place.state in PLACE_HOLDING_STATES for place in model.places.values())
        if held <= capacity:
            model.capacity = capacity
            self.model.serve(model)
        stretch = Stretch(DAYS[day], DAYS[day])
        self._try(
            lambda: openings.set_capacity(
                self.activity.id, stretch, capacity, author=self._service, now=self.model.now
            )
        )

    @rule(day=DAY)
    def close_or_reopen(self, day: int) -> None:
        """A closed day keeps no child, whoever had a place, an offer or a rank; opened again, it is empty."""
        model, act = self.model.days[day], {"scope": None, "author": self._service, "now": self.model.now}
        if model.is_closed:
            model.is_closed = False
            with self.world.app.app_context():
                closures.lift(self.closed[day], **act)
            return
        model.is_closed = True
        model.places.clear()
        wish = Wish(self.facility.id, self.activity.id, None, DAYS[day], DAYS[day])
        with self.world.app.app_context():
            self.closed[day] = closures.close(wish, "Grève.", **act).closure_id

    # What time does

    @rule(hours=st.sampled_from((25, 1, 12)), has_turn=st.booleans())
    def time_passes(self, hours: int, has_turn: bool) -> None:
        """With a turn of the worker at the end, or before it."""
        self.model.now += timedelta(hours=hours)
        self.world.app.config["CLOCK"].move_to(self.model.now)
        if has_turn:
            self.model.expire()
            self._try(lambda: waiting_lists.expire(self.model.now))

    # What is always true

    @invariant()
    def the_database_holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "model"):
            return
        children = {child.id: number for number, child in enumerate(self.children)}
        days = {opening.id: number for number, opening in enumerate(self.openings)}
        rows = self.world.all(
            select(Booking).where(Booking.opening_id.in_(days), Booking.state.in_(ACTIVE_STATES))
        )
        found = {(days[row.opening_id], children[row.child_id]): row.state for row in rows}
        assert len(found) == len(rows), "a child has one active booking a day"
        assert found == {
            (number, child): place.state
            for number, day in enumerate(self.model.days)
            for child, place in day.places.items()
        }

    @invariant()
    def the_books_balance(self) -> None:
        if not hasattr(self, "model"):
            return
        assert_places_are_counted(self.world)
        assert_history_explains(self.world)

    @invariant()
    def nobody_waits_while_a_place_is_free(self) -> None:
        """Counted in the database, not in the model."""
        if not hasattr(self, "model"):
            return
        limits = {row.opening_id: row for row in self.world.all(PlaceLimit)}
        for opening in self.world.all(select(Opening).where(Opening.activity_id == self.activity.id)):
            is_waiting = Booking.opening_id == opening.id, Booking.state == WAITING
            for booking in self.world.all(select(Booking).where(*is_waiting)):
                limit = limits.get(opening.id)
                is_full = opening.booked >= opening.capacity
                narrows = limit is not None and limit.group_id == booking.group_id
                assert is_full or (narrows and limit.booked >= limit.capacity)

    # How acts reach the services

    def _having(self, *states: BookingState) -> list[tuple[int, int]]:
        """(child, day) of the bookings of the model in these states; none before the start."""
        model = getattr(self, "model", None)
        return [
            (child, number)
            for number, day in enumerate(model.days if model else ())
            for child, place in day.places.items()
            if place.state in states
        ]

    def _pick(self, one: int, *states: BookingState) -> tuple[int, int]:
        found = self._having(*states)
        return found[one % len(found)]

    @property
    def _service(self) -> openings.Author:
        return openings.Author(self.agent.id)

    def _validate(self, child: int, day: int, action: LineAction) -> None:
        key = f"{self.facility.id}-{next(self.keys)}"
        author = Author(self.parents[child].id, (self.homes[child].id,))
        draft = self.world.add(
            BookingDraft(
                key=key,
                user_id=author.user_id,
                household_id=self.homes[child].id,
                child_id=self.children[child].id,
                facility_id=self.facility.id,
                month=DAYS[day].replace(day=1),
                created_at=self.model.now,
                updated_at=self.model.now,
            )
        )
        self.world.add(
            BookingDraftLine(
                draft_id=draft.id,
                child_id=self.children[child].id,
                opening_id=self.openings[day].id,
                presence_type_id=self.meal.id,
                day=DAYS[day],
                action=action,
            )
        )
        assert self._try(lambda: booking_requests.submit(author, key, "Claire", self.model.now)) is None

    def _answer(self, child: int, day: int, act: object, is_live: bool) -> None:
        rows = self.world.all(
            select(Booking)
            .where(Booking.child_id == self.children[child].id, Booking.opening_id == self.openings[day].id)
            .order_by(Booking.id.desc())
        )
        if rows:
            actor = Actor(self.parents[child].id, "Claire", Channel.PORTAL)
            refusal = self._try(lambda: act(rows[0].id, [self.homes[child].id], actor, self.model.now))
            assert isinstance(refusal, Stale) is not is_live

    def _try(self, act: object) -> BusinessError | None:
        """Do it; a refusal in words is an answer like another, anything else is a fault."""
        with self.world.app.app_context():
            try:
                act()
            except (Refused, Stale) as refusal:
                return refusal
        return None


@pytest.mark.race
def test_bookings_live_as_the_model_says(world, sized):
    machine = type("OfThisWorld", (Bookings,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=sized(ordinary=20, full=200),
            stateful_step_count=sized(ordinary=20, full=50),
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
