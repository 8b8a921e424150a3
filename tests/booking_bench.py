"""A family with one child at the canteen of a school, and how it books: the usual start of a booking test."""

from collections.abc import Sequence
from copy import copy
from datetime import date
from typing import Any

from sqlalchemy import select

from domain.enums import LineState
from extensions import db
from models import Booking, BookingRequestLine, Child, Opening
from services import booking_drafts, booking_requests
from services.booking_drafts import Author, Touched, Wanted
from tests.factories import World, weekdays

# School days of February 2027, all after the fixed clock of the tests.
MONDAY, TUESDAY, THURSDAY, FRIDAY = date(2027, 2, 1), date(2027, 2, 2), date(2027, 2, 4), date(2027, 2, 5)
FEBRUARY = date(2027, 2, 1)
SCHOOL_DAYS = weekdays(date(2027, 1, 11), date(2027, 3, 31))


class Bench:
    """Claire and her son Léo, enrolled in the canteen `self.canteen`; `act` calls services in a context."""

    def __init__(
        self, world: World, days: Sequence[date] = SCHOOL_DAYS, capacity: int | None = None, **facility: Any
    ) -> None:
        self.world, self.app = world, world.app
        self.home = world.household()
        self.claire = world.parent(self.home)
        self.leo = world.child(self.home)
        self.canteen = world.canteen(days, capacity, **facility)
        world.enrol(self.leo, self.canteen.facility)

    def neighbour(self, name: str = "MARTY", first_name: str = "Zoé") -> "Bench":
        """Another family, with a child of its own at the same canteen."""
        other = copy(self)
        other.home = self.world.household(name)
        other.claire = self.world.parent(other.home)
        other.leo = self.world.child(other.home, first_name)
        self.world.enrol(other.leo, self.canteen.facility)
        return other

    @property
    def booking(self) -> Booking:
        """The newest booking of the child."""
        return self.world.all(
            select(Booking).where(Booking.child_id == self.leo.id).order_by(Booking.id.desc())
        )[0]

    @property
    def author(self) -> Author:
        return Author(self.claire.id, (self.home.id,))

    @property
    def meal_id(self) -> int:
        return self.canteen.meal.id

    def start(self, child: Child | None = None, month: date = FEBRUARY) -> str:
        """A draft ready to be painted."""
        with self.app.app_context():
            key = booking_drafts.start(self.author, (child or self.leo).id, month, self.world.now)
            booking_drafts.choose_place(self.author, key, self.canteen.facility.id, month, self.world.now)
        return key

    def touch(self, key: str, day: date, wanted: Wanted = Wanted.BOOK, type_id: int | None = None) -> Touched:
        with self.app.app_context():
            return booking_drafts.set_day(
                self.author, key, day, wanted, type_id or self.meal_id, self.world.now
            )

    def submit(self, key: str) -> str:
        with self.app.app_context():
            return booking_requests.submit(self.author, key, "Claire SOLIGNAC", self.world.now)

    def ask(self, *days: date, wanted: Wanted = Wanted.BOOK, type_id: int | None = None) -> str:
        """Touch these days in a new draft and validate it; returns the reference."""
        key = self.start()
        for day in days:
            self.touch(key, day, wanted, type_id)
        return self.submit(key)

    def other_child(self, name: str = "Marie", *, enrolled: bool = True) -> Child:
        child = self.world.child(self.home, name, birth_date=date(2017, 3, 2))
        if enrolled:
            self.world.enrol(child, self.canteen.facility)
        return child

    def opening(self, day: date) -> Opening:
        return self.world.one(
            select(Opening).where(Opening.day == day, Opening.activity_id == self.canteen.activity.id)
        )

    def counts(self, day: date) -> tuple[int, int]:
        """(booked, waiting) of a day."""
        opening = self.opening(day)
        return opening.booked, opening.waiting

    def states(self) -> list[LineState]:
        return [line.state for line in self.lines()]

    def lines(self) -> list[BookingRequestLine]:
        return self.world.all(select(BookingRequestLine).order_by(BookingRequestLine.id))

    def read(self, query: Any) -> Any:
        """Run a function of `queries` in an application context."""
        with self.app.app_context():
            found = query()
            db.session.remove()
        return found
