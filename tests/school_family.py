"""Marie and Léo SOLIGNAC and a school with a canteen: where most tests of family pages start."""

from datetime import date

from bs4 import Tag

from domain.enums import BookingState, Channel, LineAction, LineState
from models import Booking, BookingRequest, BookingRequestLine, Child, Opening
from tests.factories import World, weekdays

SCHOOL_DAYS = weekdays(date(2027, 1, 4), date(2027, 2, 26))


class SchoolFamily:
    """`claire` signs in; it is Tuesday 12 January 2027, and a day can change until its eve, 18 h."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.household = world.household()
        self.claire = world.parent(self.household)
        self.marie = world.child(self.household, "Marie", birth_date=date(2017, 3, 2))
        self.leo = world.child(self.household, "Léo")
        self.canteen = world.canteen(SCHOOL_DAYS)
        for child in (self.marie, self.leo):
            world.enrol(child, self.canteen.facility, group_name="CE2")

    def opening(self, day: date) -> Opening:
        return next(opening for opening in self.canteen.openings if opening.day == day)

    def book(self, child: Child, day: date, state: BookingState = BookingState.ACCEPTED) -> Booking:
        return self.world.booking(self.household, child, self.opening(day), self.canteen.meal, state)

    def ask(
        self,
        reference: str,
        child: Child,
        days: list[date],
        state: LineState,
        action: LineAction = LineAction.BOOK,
        reason: str = "",
        channel: Channel = Channel.PORTAL,
        **line: object,
    ) -> BookingRequest:
        """A request with one line a day; the bookings, if any, are made by `book`."""
        request = self.world.add(
            BookingRequest(
                reference=reference,
                household_id=self.household.id,
                author_user_id=self.claire.id,
                author_name="Claire SOLIGNAC",
                channel=channel,
                created_at=self.world.now,
            )
        )
        columns = {
            "request_id": request.id,
            "child_id": child.id,
            "facility_id": self.canteen.facility.id,
            "presence_type_id": self.canteen.meal.id,
            "action": action,
            "state": state,
            "reason": reason,
            "price_cents": 320,
        } | line
        self.world.add(
            *(BookingRequestLine(opening_id=self.opening(day).id, day=day, **columns) for day in days)
        )
        return request


def words(tag: Tag) -> str:
    """The text of a piece of page on one line, with ordinary spaces."""
    return " ".join(tag.get_text(" ").split())
