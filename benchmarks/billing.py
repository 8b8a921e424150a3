"""A month of two thousand families, sixty lines each, against one INSERT … SELECT of the same rows (P14).

    .venv/bin/python -m benchmarks.billing [families]

The règlement prices every presence from its facts, explains it and says it in French; the statement copies
amounts that are known already. So the cost of the engine is told apart from that of reading and assembling.
Writing the bills is not in it.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, insert, select, text

from benchmarks.agenda import application
from benchmarks.growth import count
from benchmarks.report import tell
from domain import billing
from domain.enums import ActivityKind, AttendanceMark, BookingState, Residency
from extensions import db
from models import Attendance, Booking, Child, Household, HouseholdChild, QuotientFamilial
from queries.charges import month_bills
from queries.rules import RuleSet
from services.transaction import write_transaction
from tests import rulebook_texts as written
from tests import statements
from tests.factories import World, weekdays

FAMILIES, LINES = 2_000, 60
MONTH, NOW = date(2027, 1, 1), datetime(2027, 2, 1, 9, tzinfo=UTC)
BOOKED = datetime(2026, 12, 1, 9, tzinfo=UTC)
CHILDREN, DAYS = 2, weekdays(date(2027, 1, 4), date(2027, 1, 31))[:15]
MOST_TIMES, MOST_STATEMENTS = 3, 12
_ROWS = """
    CREATE TABLE copied AS
    SELECT b.household_id, b.child_id, b.activity_id, b.id AS booking_id, b.day, b.price_cents,
           p.name || ', ' || b.day AS label
    FROM booking b JOIN attendance a ON a.booking_id = b.id JOIN presence_type p ON p.id = b.presence_type_id
    WHERE b.state = 'accepted' AND a.mark = 'present' AND b.day BETWEEN '2027-01-01' AND '2027-01-31'
"""


def fill(world: World, families: int) -> None:
    """Families of two children who came to the canteen and to the evening on fifteen days."""
    canteen = world.canteen(DAYS)
    evening = world.activity(canteen.facility, "Garderie", ActivityKind.EVENING)
    evenings = world.openings(evening, canteen.period, DAYS)
    prices = written.table(
        {"quotient": {"moins_de": "700"}, "valeur": "2.35"}, {"quotient": {"de": "700"}, "valeur": "3.20"}
    )
    stay = world.presence_type(evening, "Soir", price=prices)
    world.regie("Régie périscolaire", canteen.activity, evening)
    agent = world.staff()
    offers = [(one, canteen.meal.id, 320) for one in canteen.openings]
    offers += [(one, stay.id, None) for one in evenings]
    homes = range(10_000, 10_000 + families)
    rows: dict[type, list[dict[str, Any]]] = {one: [] for one in
        (Household, Child, HouseholdChild, QuotientFamilial, Booking, Attendance)}  # fmt: skip
    number = 0
    for home in homes:
        quotient = 300 + home % 1_200
        rows[Household].append({"id": home, "number": home, "name": f"AUTRE {home}", "address": "",
                                "residency": Residency.RESIDENT, "postcode": "46000", "city": "Cahors",
                                "created_at": BOOKED})  # fmt: skip
        rows[QuotientFamilial].append({"household_id": home, "value_hundredths": quotient * 100,
                                       "valid_from": date(2026, 9, 1), "source": "CAF",
                                       "created_at": BOOKED})  # fmt: skip
        for child in (home * 2, home * 2 + 1):
            rows[Child].append({"id": child, "first_name": "Léo", "last_name": f"AUTRE {home}",
                                "birth_date": date(2019, 5, 4)})  # fmt: skip
            rows[HouseholdChild].append({"household_id": home, "child_id": child})
            for opening, type_id, cents in offers:
                number += 1
                shared = {"household_id": home, "child_id": child, "opening_id": opening.id,
                          "activity_id": opening.activity_id, "presence_type_id": type_id,
                          "day": opening.day}  # fmt: skip
                price = cents or (235 if quotient < 700 else 320)
                rows[Booking].append({"id": number, "state": BookingState.ACCEPTED, "price_cents": price,
                                      "created_at": BOOKED, "updated_at": BOOKED, **shared})  # fmt: skip
                rows[Attendance].append({"booking_id": number, "mark": AttendanceMark.PRESENT,
                                         "author_user_id": agent.id, "author_name": "Agnès MARTIN",
                                         "marked_at": NOW, **shared})  # fmt: skip
    with world.app.app_context(), write_transaction() as session:
        for table, values in rows.items():
            session.execute(insert(table), values)
    count(world.app)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def copied() -> float:
    """The CPU of the statement that copies every line."""
    with db.engine.execution_options(write=True).begin() as connection:
        _, cost = timed(lambda: connection.execute(text(_ROWS)))
        connection.execute(text("DROP TABLE copied"))
    return cost


class Engine:
    """Stands in for what a bill asks of the engine and counts its CPU: the facts of a day with its quotient,
    then the price and its arithmetic in words."""

    def __init__(self) -> None:
        self.cost = 0.0
        self._parts = ((RuleSet, "to_bill"), (billing, "_all_priced"))
        self._kept = [getattr(*part) for part in self._parts]

    def __enter__(self) -> "Engine":
        for (place, name), work in zip(self._parts, self._kept, strict=True):
            setattr(place, name, self._counted(work))
        return self

    def __exit__(self, *_fault: object) -> None:
        for (place, name), work in zip(self._parts, self._kept, strict=True):
            setattr(place, name, work)

    def _counted(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*asked: Any) -> Any:
            found, cost = timed(lambda: work(*asked))
            self.cost += cost
            return found

        return counted


def main(families: int = FAMILIES) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(application(Path(folder)))
        fill(world, families)
        with world.app.app_context():
            expected = db.session.scalar(select(func.sum(Booking.price_cents)))
            month_bills(MONTH, NOW, household_ids=[10_000])  # this process meets the règlement
            with Engine() as engine, statements.recorded() as sent:
                bills, whole = timed(lambda: month_bills(MONTH, NOW))
            by_hand = min(copied() for _ in range(3))
            db.session.rollback()
            db.engine.dispose()
    if sum(one.total_cents for one in bills) != expected:
        raise RuntimeError("the bills and the bookings differ")
    lines = families * LINES
    apart = whole - engine.cost
    click.echo(f"{lines} lines: engine {engine.cost:.2f} s ({engine.cost / lines * 1e6:.0f} µs a line), "
               f"read and assembled {apart:.2f} s, copied by SQL {by_hand:.2f} s")  # fmt: skip
    tell("read and assembled / INSERT … SELECT", apart / by_hand, MOST_TIMES)
    tell("statements", len(sent), MOST_STATEMENTS)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
