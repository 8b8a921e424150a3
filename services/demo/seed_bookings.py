"""Writes the demonstration's bookings and the requests that explain them."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from domain import references
from domain.calendar import paris_now
from domain.enums import (
    ActivityKind,
    BookingState,
    Channel,
    LineAction,
    LineState,
    ValidationMode,
    WeekParity,
)
from models import (
    Booking,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    DefaultWeekDay,
    Opening,
)
from queries.rules import RuleSet, rule_set
from services.demo import families, town
from services.demo.seed_people import Family
from services.demo.seed_town import Place

MAIN_FAMILY_BOOKED_AHEAD = timedelta(days=18)


@dataclass(slots=True)
class Wish:
    """A booking to write."""

    family: Family
    child_id: int
    place: Place
    day: date
    presence: int = 0
    state: BookingState = BookingState.ACCEPTED
    filed_at: datetime | None = None


def wishes_of(households: list[Family], places: list[Place], today: date, rng: Random) -> Iterator[Wish]:
    school = [place for place in places if place.spec.days == "school"]
    for family in households:
        for child, child_id in zip(family.spec.children, family.child_ids, strict=True):
            for place in school:
                yield from _school_wishes(family, child, child_id, place, today)
            yield from _leisure_wishes(family, child, child_id, places, today, rng)


def _school_wishes(
    family: Family, child: families.DemoChild, child_id: int, place: Place, today: date
) -> Iterator[Wish]:
    kinds = {
        ActivityKind.MORNING: child.takes_morning,
        ActivityKind.MEAL: True,
        ActivityKind.EVENING: child.takes_evening,
    }
    takes = kinds[place.spec.kind]
    weekdays = (4,) if place.spec.kind is ActivityKind.EVENING else child.meal_weekdays
    # The main family leaves days to book; the others booked the whole year.
    until = today + MAIN_FAMILY_BOOKED_AHEAD if family.spec.name == families.MAIN_FAMILY else date.max
    if takes:
        yield from (
            Wish(family, child_id, place, day)
            for day in place.openings
            if day.weekday() in weekdays and day <= until
        )


def _leisure_wishes(
    family: Family, child: families.DemoChild, child_id: int, places: list[Place], today: date, rng: Random
) -> Iterator[Wish]:
    centre = town.FACILITIES[child.leisure_centre].name
    for place in (place for place in places if place.facility.name == centre):
        manual = place.facility.validation_mode is ValidationMode.MANUAL
        if place.spec.days == "wednesday" and child.takes_wednesday:
            for day in place.openings:
                # Saint-Géry decides itself: what is asked for beyond three weeks still waits.
                pending = manual and today + timedelta(days=14) < day < today + timedelta(days=50)
                state = BookingState.PENDING if pending else BookingState.ACCEPTED
                if day < today + timedelta(days=50):
                    yield Wish(family, child_id, place, day, rng.randrange(len(place.presence_types)), state)
        if place.spec.days == "holiday" and rng.random() < 0.3:
            for day in place.openings:
                if day < today:
                    yield Wish(family, child_id, place, day, 0)


def default_weeks_of(households: Iterable[Family], places: Iterable[Place]) -> list[DefaultWeekDay]:
    """The main family keeps its meals as its default week (R21)."""
    meals = [place for place in places if place.spec.kind is ActivityKind.MEAL]
    return [
        DefaultWeekDay(
            household_id=family.household.id,
            child_id=child_id,
            presence_type_id=meals[0].presence_types[0].id,
            weekday=weekday,
            parity=WeekParity.ALL,
        )
        for family in households
        if family.spec.name == families.MAIN_FAMILY and meals
        for child, child_id in zip(family.spec.children, family.child_ids, strict=True)
        for weekday in child.meal_weekdays
    ]


def prices_of(
    households: Iterable[Family], places: Iterable[Place], first_day: date, last_day: date
) -> dict[int, RuleSet]:
    """The rules that price the bookings of each household."""
    activity_ids = [place.activity.id for place in places]
    type_ids = [row.id for place in places for row in place.presence_types]
    ids = (family.household.id for family in households)
    return {one: rule_set(activity_ids, type_ids, one, first_day, last_day) for one in ids}


def write_bookings(
    session: Session, now: datetime, wishes: Iterable[Wish], prices: Mapping[int, RuleSet], rng: Random
) -> None:
    booked: Counter[int] = Counter()
    waiting: Counter[int] = Counter()
    rows, kept = [], []
    for wish in wishes:
        opening_id = wish.place.openings[wish.day]
        if wish.state is BookingState.REQUESTED:
            pass  # it holds no place yet
        elif booked[opening_id] >= wish.place.spec.capacity:
            if not wish.place.spec.has_waiting_list or wish.day < paris_now(now).date():
                continue
            wish.state = BookingState.WAITING
            waiting[opening_id] += 1
        else:
            booked[opening_id] += 1
        kept.append(wish)
        rows.append(_booking_row(wish, opening_id, prices[wish.family.household.id], now))
    session.execute(insert(Booking), rows)
    session.execute(_HISTORIES)
    session.execute(
        update(Opening),
        [
            {"id": key, "booked": booked[key], "waiting": waiting[key]}
            for key in booked.keys() | waiting.keys()
        ],
    )
    _requests(session, now, kept, rng)


def _booking_row(wish: Wish, opening_id: int, prices: RuleSet, now: datetime) -> dict[str, Any]:
    presence_type_id = wish.place.presence_types[wish.presence].id
    return {
        "household_id": wish.family.household.id,
        "child_id": wish.child_id,
        "opening_id": opening_id,
        "activity_id": wish.place.activity.id,
        "presence_type_id": presence_type_id,
        "day": wish.day,
        "state": wish.state,
        "price_cents": prices.price(presence_type_id, wish.day, wish.child_id).cents,
        "created_at": wish.filed_at or now - timedelta(days=60),
        "updated_at": wish.filed_at or now - timedelta(days=60),
    }


_HISTORIES = insert(BookingEvent).from_select(
    ["booking_id", "household_id", "at", "state", "actor_name", "channel", "reason"],
    select(
        Booking.id,
        Booking.household_id,
        Booking.created_at,
        Booking.state,
        literal(""),
        literal(Channel.PORTAL, BookingEvent.channel.type),
        literal(""),
    ),
)
LINE_STATES = {
    BookingState.ACCEPTED: LineState.ACCEPTED,
    BookingState.PENDING: LineState.PENDING,
    BookingState.WAITING: LineState.WAITING,
    BookingState.REQUESTED: LineState.PENDING,
}


def _recent_moment(now: datetime, rng: Random) -> datetime:
    """An hour of the last two days when parents are awake."""
    moment = paris_now(now - timedelta(hours=rng.randint(2, 55)))
    hour = min(max(moment.hour, 7), 22)
    return min(moment.replace(hour=hour, minute=rng.randint(0, 59)), now).astimezone(UTC)


def _requests(session: Session, now: datetime, wishes: list[Wish], rng: Random) -> None:
    """One request for each family, activity and state, so that every booking has its history."""
    bookings = {
        (row.child_id, row.opening_id): row
        for row in session.execute(
            select(Booking.id, Booking.child_id, Booking.opening_id, Booking.price_cents)
        )
    }
    groups: dict[tuple[int, int, BookingState], list[Wish]] = defaultdict(list)
    for wish in wishes:
        groups[(wish.family.household.id, wish.place.activity.id, wish.state)].append(wish)
    lines = []
    for (household_id, _, state), members in groups.items():
        waits = state is not BookingState.ACCEPTED
        created_at = _recent_moment(now, rng) if waits else now - timedelta(days=60)
        created_at = members[0].filed_at or created_at
        author = members[0].family.author
        request = BookingRequest(
            reference=references.make_reference(secrets.token_bytes(8)), household_id=household_id,
            author_user_id=author.user.id, author_name=author.name,
            channel=author.channel, created_at=created_at,
        )  # fmt: skip
        session.add(request)
        session.flush()
        for wish in members:
            opening_id = wish.place.openings[wish.day]
            booking = bookings[(wish.child_id, opening_id)]
            lines.append(
                {
                    "request_id": request.id, "booking_id": booking.id, "child_id": wish.child_id,
                    "facility_id": wish.place.facility.id, "opening_id": opening_id,
                    "presence_type_id": wish.place.presence_types[wish.presence].id, "day": wish.day,
                    "action": LineAction.BOOK, "state": LINE_STATES[wish.state],
                    "price_cents": booking.price_cents,
                    "explanation": [], "decided_at": None if waits else created_at,
                }
            )  # fmt: skip
    session.execute(insert(BookingRequestLine), lines)
