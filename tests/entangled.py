"""Two families that share a child, so that what one reads of the other can be tested (security 1.3)."""

from datetime import date

from domain.enums import BookingState
from models import Booking, Child, Household, Opening
from services import name_index
from services.transaction import write_transaction
from tests.factories import World, weekdays

SCHOOL_DAYS = weekdays(date(2027, 1, 4), date(2027, 2, 26))
PRIVATE = ("ZZ", "zz.", "06 99 99 99 99", "7777", "7 777")


class Entangled:
    """Léo lives with Claire SOLIGNAC and with Karim MARTIN. What is private to the MARTIN holds « ZZ », their
    quotient is 7777. `claire` and `karim` sign in; it is Tuesday 12 January 2027.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.solignac = world.household("SOLIGNAC")
        self.martin = world.household(
            "MARTIN",
            address="ZZ rue Cachée",
            address_extra="Bât. ZZ",
            postcode="46999",
            city="ZZville",
            family_situation="ZZ séparé",
        )
        self.claire = world.parent(self.solignac)
        self.karim = world.parent(self.martin, "Karim", email="zz.karim@example.org")
        world.guardian(
            self.martin,
            "Nadia",
            mobile_phone="06 99 99 99 99",
            email="zz.nadia@example.org",
            workplace="Usine ZZ",
            profession="Métier ZZ",
        )
        world.quotient(self.martin, 7777)
        self.leo = world.child(self.solignac, "Léo")
        self.marie = world.child(self.solignac, "Marie", birth_date=date(2017, 3, 2))
        self.nino = world.child(self.martin, "Nino ZZ", birth_date=date(2016, 6, 1))
        world.share(self.leo, self.martin)
        self.canteen = world.canteen(SCHOOL_DAYS)
        for child in (self.leo, self.marie, self.nino):
            world.enrol(child, self.canteen.facility, group_name="CE2")

    def opening(self, day: date) -> Opening:
        return next(opening for opening in self.canteen.openings if opening.day == day)

    def book(
        self, household: Household, child: Child, day: date, state: BookingState = BookingState.ACCEPTED
    ) -> Booking:
        return self.world.booking(household, child, self.opening(day), self.canteen.meal, state)

    def end(self, booking: Booking) -> None:
        """The booking is cancelled."""
        with self.world.app.app_context(), write_transaction() as session:
            session.get_one(Booking, booking.id).state = BookingState.CANCELLED
            session.get_one(Opening, booking.opening_id).booked -= 1

    def index(self) -> None:
        """File the names of the households, as the application does when it writes them."""
        with self.world.app.app_context(), write_transaction() as session:
            name_index.rewrite(session, [self.solignac.id, self.martin.id])

    def pages(self) -> tuple[str, ...]:
        """Every page on which a parent of Léo could meet the other household."""
        return (
            "/accueil",
            "/mon-foyer",
            "/mon-compte",
            "/mes-enfants",
            f"/mes-enfants/{self.leo.id}",
            "/planning/2027-01",
            "/planning/2027-01/jours/2027-01-14",
            "/reservations",
            "/reservations/nouvelle",
            "/factures/mois/2027-01",
            "/documents",
        )
