"""How the agenda, a touched day and the kitchen's list grow with the family and with the town (P4, P10, P13).

    .venv/bin/python -m benchmarks.growth

In process, interleaved like `benchmarks.agenda`; every figure is a ratio within one run.
"""

import statistics
import tempfile
import time
from datetime import date
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, event, insert

from benchmarks.agenda import Call, application, caller, measure, prepare, ratio
from benchmarks.report import tell
from domain.enums import BookingState, Residency
from extensions import db, refresh_statistics
from models import Booking, Child, Household, HouseholdChild, Opening
from queries import day_sheets
from services.transaction import write_transaction
from tests.factories import World, weekdays
from tests.strict_client import StrictClient

FIRST = 10_000  # numbers of the households that only make the tables grow
TOWNS = (200, 2_000, 20_000)
MOST_CHILDREN, MOST_TOWN, MOST_KITCHEN, MOST_LOCK = 3, 1.15, 3, 0.2
EXPECTED = 450  # children of the kitchen's day
LOCKS = 100


def crowd(world: World, households: int) -> None:
    """As many households of one child, each with three bookings among the days of the first activity."""
    opening_ids = [(one.id, one.day, one.activity_id) for one in world.all(Opening)]
    first_activity = opening_ids[0][2]
    days = [one for one in opening_ids if one[2] == first_activity]
    now, numbers = world.now, range(FIRST, FIRST + households)
    rows = {
        Household: [
            {
                "id": one,
                "number": one,
                "name": f"AUTRE {one}",
                "residency": Residency.RESIDENT,
                "address": "",
                "postcode": "46000",
                "city": "Cahors",
                "created_at": now,
            }
            for one in numbers
        ],
        Child: [
            {"id": one, "first_name": "Léo", "last_name": f"AUTRE {one}", "birth_date": date(2019, 5, 4)}
            for one in numbers
        ],
        HouseholdChild: [{"household_id": one, "child_id": one} for one in numbers],
        Booking: [
            {
                "household_id": one,
                "child_id": one,
                "opening_id": opening_id,
                "activity_id": activity_id,
                "presence_type_id": 1,
                "day": day,
                "state": BookingState.ACCEPTED,
                "price_cents": 320,
                "created_at": now,
                "updated_at": now,
            }
            for one in numbers
            for opening_id, day, activity_id in (days[(one + step) % len(days)] for step in (0, 7, 14))
        ],
    }
    with world.app.app_context(), write_transaction() as session:
        for table, values in rows.items():
            session.execute(insert(table), values)
    count(world.app)


def count(app: Flask) -> None:
    with app.app_context():
        with db.engine.execution_options(write=True).begin() as connection:
            refresh_statistics(connection)
        db.engine.dispose()


# --- The family ---------------------------------------------------------------------------------------------


def agenda_of(world: World, children: int) -> Call:
    """The agenda of a parent of so many children, each with a meal and an evening on the days of January."""
    canteen = world.canteen(weekdays(date(2027, 1, 4), date(2027, 2, 26)), name=f"École de {children}")
    household = world.household()
    for number in range(children):
        child = world.child(household, f"Enfant {number}")
        world.enrol(child, canteen.facility)
        for opening in canteen.openings[:16]:
            world.booking(household, child, opening, canteen.meal)
    client = world.app.test_client()
    client.sign_in(world.parent(household))
    client.get("/planning/2027-01")
    name = world.app.config["SESSION_COOKIE_NAME"]
    return caller(world.app, "/planning/2027-01", f"{name}={client.get_cookie(name).value}")


def children_of_a_family(folder: Path) -> None:
    app = application(folder)
    app.test_client_class = StrictClient
    world = World(app)
    calls = {str(many): agenda_of(world, many) for many in (1, 6)}
    count(app)
    one, six = measure(calls).values()
    tell("agenda of six children / of one", ratio(six, one), MOST_CHILDREN)
    with app.app_context():
        db.engine.dispose()


# --- The town -----------------------------------------------------------------------------------------------


def households_of_a_town(folder: Path) -> None:
    """The same family in towns of three sizes: its pages must not notice."""
    costs: dict[str, list[list[float]]] = {"agenda": [], "touched day": []}
    towns = []
    for households in TOWNS:
        place = folder / str(households)
        place.mkdir()
        app = application(place)
        calls = prepare(app)
        crowd(World(app), households)
        towns.append((app, calls))
    # Town by town within a round, so that what slows a round down slows all of them.
    rounds = measure(
        {f"{name} {number}": calls[name] for number, (_, calls) in enumerate(towns) for name in costs}
    )
    for name in costs:
        own = [rounds[f"{name} {number}"] for number in range(len(TOWNS))]
        worst = max(ratio(other, own[0]) for other in own[1:])
        tell(f"{name}, {TOWNS[-1]} households / {TOWNS[0]}, the slower", worst, MOST_TOWN)
    tell("write lock held / a touched day", lock_share(*towns[0]), MOST_LOCK)
    for app, _ in towns:
        with app.app_context():
            db.engine.dispose()


def lock_share(app: Flask, calls: dict[str, Call]) -> float:
    """The part of a touched day during which nobody else can write (P10): until its connection is back."""
    began: list[float] = []
    held: list[float] = []

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("write"):
            began.append(time.perf_counter())

    def come_back(_driver: object, _record: object) -> None:
        if began:
            held.append(time.perf_counter() - began.pop())

    with app.app_context():
        engine = db.engine
    listeners = ((engine, "begin", begin), (engine, "checkin", come_back))
    for listener in listeners:
        event.listen(*listener)
    shares = []
    for _ in range(LOCKS):
        held.clear()
        start = time.perf_counter()
        calls["touched day"]()
        shares.append(sum(held) / (time.perf_counter() - start))
    for listener in listeners:
        event.remove(*listener)
    return statistics.median(shares)


# --- The kitchen --------------------------------------------------------------------------------------------


def kitchen(folder: Path) -> None:
    """The list of a day against the same statements on the bare driver, with their rows read."""
    app = application(folder)
    world = World(app)
    canteen = world.canteen(weekdays(date(2027, 1, 4), date(2027, 2, 26)))
    crowd(world, EXPECTED * len(canteen.openings) // 3)
    day, facility_id = canteen.openings[0].day, canteen.facility.id
    statements: list[tuple[str, tuple]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        statements.append((statement, parameters))

    with app.test_request_context():
        event.listen(db.engine, "before_cursor_execute", note)
        sheet = day_sheets.day_sheet(facility_id, day, scope=None, now=world.now)
        event.remove(db.engine, "before_cursor_execute", note)
        driver = db.session.connection().connection.driver_connection
        reads = [one for one in statements if one[0].startswith("SELECT")]

        def bare() -> bytes:
            for statement, parameters in reads:
                driver.execute(statement, parameters).fetchall()
            return b""

        def portal() -> bytes:
            day_sheets.day_sheet(facility_id, day, scope=None, now=world.now)
            return b""

        costs = measure({"bare": bare, "portal": portal})
        db.session.remove()
        db.engine.dispose()
    figure = ratio(costs["portal"], costs["bare"])
    tell(f"list of the day ({len(sheet.children)} children) / bare driver", figure, MOST_KITCHEN)


def main() -> None:
    for part in (children_of_a_family, households_of_a_town, kitchen):
        with tempfile.TemporaryDirectory() as folder:
            part(Path(folder))


if __name__ == "__main__":
    main()
