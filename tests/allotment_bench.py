"""A holiday period whose places are allotted, and families that wish for its days."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from domain.enums import BookingState, PlacesMode, ValidationMode
from extensions import db
from models import Activity, Booking, BookingPeriod, Household, Opening
from services import allotments
from services.accounts import Author
from services.transaction import write_transaction
from tests.booking_bench import Bench
from tests.factories import World

FIRST, SECOND = date(2027, 2, 8), date(2027, 2, 9)
CLOSES = datetime(2027, 1, 20, 17, tzinfo=UTC)
AFTERWARDS = CLOSES + timedelta(hours=15)
RESIDENTS_FIRST = {
    "classement": "premier_rempli",
    "criteres": [{"residence": "commune"}],
    "egalite": "ordre_d_arrivee",
}


class Holidays:
    """`places` a day; the wishes close on 20 January. `home()` adds a family with its children."""

    def __init__(
        self,
        world: World,
        *,
        places: int | None = 2,
        allocation: dict[str, Any] | None = RESIDENTS_FIRST,
        waiting_list: bool = True,
        days: Sequence[date] = (FIRST, SECOND),
        mode: ValidationMode = ValidationMode.AUTOMATIC,
    ) -> None:
        self.world, self.app = world, world.app
        self.canteen = world.canteen(days, places, validation_mode=mode)
        self.activity, self.period = self.canteen.activity, self.canteen.period
        self.change(Activity, self.activity.id, has_waiting_list=waiting_list)
        self.change(
            BookingPeriod, self.period.id, places_mode=PlacesMode.ALLOTMENT, closes_at=CLOSES, name="Hiver"
        )
        if allocation is not None:
            world.rulebook["activites"][self.activity.rule_name]["inscription"] = {"attribution": allocation}
            world.write_rulebook()
        self.agent = world.staff()

    def change(self, table: type, row_id: int, **columns: Any) -> None:
        with self.app.app_context(), write_transaction() as session:
            row = session.get_one(table, row_id)
            for name, value in columns.items():
                setattr(row, name, value)

    def home(self, name: str, children: Sequence[str] = ("Léo",), **columns: Any) -> Bench:
        """A family whose first child is `leo`, the others `siblings`; all enrolled."""
        bench = object.__new__(Bench)
        bench.world, bench.app, bench.canteen = self.world, self.app, self.canteen
        bench.home = self.world.household(name, **columns)
        bench.claire = self.world.parent(bench.home)
        bench.leo, *bench.siblings = (self.world.child(bench.home, child) for child in children)
        for child in (bench.leo, *bench.siblings):
            self.world.enrol(child, self.canteen.facility)
        return bench

    def allot(self, seed: str = "graine", now: datetime = AFTERWARDS) -> int:
        with self.app.app_context():
            return allotments.allot(
                self.period.id, seed, author=Author(self.agent.id), author_name="Agnès MARTIN", now=now
            )

    def states(self, day: date = FIRST) -> dict[str, BookingState]:
        """Where the booking of each family stands on a day; the last one of each."""
        with self.app.app_context():
            rows = db.session.execute(
                select(Household.name, Booking.state)
                .join(Household, Household.id == Booking.household_id)
                .where(Booking.day == day)
                .order_by(Booking.id)
            ).all()
            db.session.remove()
        return dict(rows)

    def counts(self, day: date = FIRST) -> tuple[int, int]:
        row = self.world.one(select(Opening).where(Opening.day == day))
        return row.booked, row.waiting
