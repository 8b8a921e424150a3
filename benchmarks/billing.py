"""The draft of two thousand families, sixty lines each, against INSERT … SELECT of the same rows (P14).

    .venv/bin/python -m benchmarks.billing [families]

The règlement prices every presence from its facts, explains it and says it in French; the statements copy
amounts that are known already into the same tables. So the cost of the engine is told apart from that of
reading, assembling and writing. The totals are those of the statements, to the cent.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.orm import Session

from benchmarks.agenda import application
from benchmarks.growth import count
from benchmarks.report import tell
from domain import billing
from domain.enums import ActivityKind, AttendanceMark, BookingState, Residency
from extensions import db
from models import (
    Attendance,
    Booking,
    Child,
    Household,
    HouseholdChild,
    Invoice,
    QuotientFamilial,
    Regie,
    User,
)
from queries.charges import CHUNK, month_bills
from queries.rules import RuleSet
from services import billing as billing_service
from services.accounts import Author
from services.transaction import write_transaction
from tests import process_memory, statements
from tests import rulebook_texts as written
from tests.factories import World, weekdays

FAMILIES, LINES, REPEATS = 2_000, 60, 3
MONTH, NOW = date(2027, 1, 1), datetime(2027, 2, 1, 9, tzinfo=UTC)
BOOKED = datetime(2026, 12, 1, 9, tzinfo=UTC)
CHILDREN, DAYS = 2, weekdays(date(2027, 1, 4), date(2027, 1, 31))[:15]
MOST_TIMES, MOST_STATEMENTS = 3, 12
MOST_MEGABYTES, MOST_SECONDS = 150, 2
_SEEN = """
    FROM booking b JOIN attendance a ON a.booking_id = b.id
    WHERE b.state = 'accepted' AND a.mark = 'present' AND b.day BETWEEN '2027-01-01' AND '2027-01-31'
"""
_BY_HOUSEHOLD = f"SELECT b.household_id, sum(b.price_cents) {_SEEN} GROUP BY b.household_id"
_BILLS = f"""
    INSERT INTO invoice (regie_id, run_id, household_id, kind, month, state, recipient_name,
                         recipient_address, total_cents, credited_cents, settled_cents, created_at)
    SELECT r.regie_id, r.id, h.id, 'invoice', r.month, 'draft', h.name, h.city, t.cents, 0, 0, r.drafted_at
    FROM (SELECT b.household_id, sum(b.price_cents) AS cents {_SEEN} GROUP BY b.household_id) t
    JOIN household h ON h.id = t.household_id JOIN billing_run r
"""  # noqa: S608  no value is written
_LINES = f"""
    INSERT INTO invoice_line (invoice_id, position, kind, child_id, activity_id, booking_id, day, label,
                              amount_cents, explanation, rulebook_version_id, quotient_hundredths)
    SELECT i.id, row_number() OVER (PARTITION BY b.household_id ORDER BY b.child_id, b.activity_id, b.day),
           'presence', b.child_id, b.activity_id, b.booking_id, b.day, v.name || ', ' || p.name || b.day,
           b.price_cents,
           json_array(p.name || ' du mardi 12 janvier, quotient familial ' || q.value_hundredths / 100
                      || ', tranche B (700 ou plus) : 3,20 €.',
                      'Règlement « Règlement 2026-2027 », en vigueur depuis le 1er septembre 2026.'),
           (SELECT id FROM rulebook_version WHERE NOT is_draft), q.value_hundredths
    FROM (SELECT b.id AS booking_id, b.household_id, b.child_id, b.activity_id, b.presence_type_id, b.day,
                 b.price_cents {_SEEN}) b
    JOIN invoice i ON i.household_id = b.household_id
    JOIN activity v ON v.id = b.activity_id JOIN presence_type p ON p.id = b.presence_type_id
    JOIN quotient_familial q ON q.household_id = b.household_id
"""  # noqa: S608  no value is written


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


def cleared() -> None:
    """No bill any more: nothing has to be taken away first."""
    with db.engine.execution_options(write=True).begin() as connection:
        for table in ("billing_finding", "invoice_line", "invoice"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  no value is written


def copied() -> float:
    """The CPU of the statements that write every bill and line, and of their commit."""
    cleared()
    with db.engine.execution_options(write=True).connect() as connection:
        return timed(lambda: _copy(connection))[1]


def _copy(connection: Connection) -> None:
    with connection.begin():
        connection.execute(text(_BILLS))
        connection.execute(text(_LINES))


class Engine:
    """Counts the CPU of what a bill asks of the engine: the facts of a day with its quotient, then the price
    and its arithmetic in words, then the totals of the règlement. The clock itself is left out."""

    def __init__(self) -> None:
        self._cost, self._calls = 0.0, 0
        self._parts = ((RuleSet, "to_bill"), (billing, "_all_priced"), (billing, "changes"))
        self._kept = [getattr(*part) for part in self._parts]

    @property
    def cost(self) -> float:
        clock = sum(timed(int)[1] for _ in range(10_000)) / 10_000
        return self._cost - clock * self._calls

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
            self._cost += cost
            self._calls += 1
            return found

        return counted


class Lock:
    """Counts the CPU of the billing while it holds the write lock."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> "Lock":
        billing_service.write_transaction = self._timed
        return self

    def __exit__(self, *_fault: object) -> None:
        billing_service.write_transaction = write_transaction

    @contextmanager
    def _timed(self) -> Iterator[Session]:
        start = time.process_time()
        with write_transaction() as session:
            yield session
        self.seconds = time.process_time() - start


def main(families: int = FAMILIES) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(application(Path(folder)))
        fill(world, families)
        with world.app.app_context():
            regie_id, author = db.session.scalar(select(Regie.id)), Author(db.session.scalar(select(User.id)))

            def draft() -> int:
                return billing_service.prepare(regie_id, MONTH, author, NOW)

            expected = dict(db.session.execute(text(_BY_HOUSEHOLD)).all())
            month_bills(MONTH, NOW, household_ids=[10_000])  # this process meets the règlement
            before = process_memory.restart_peak()
            with statements.recorded() as sent:
                costs = [timed(draft)[1]]
            grown = (process_memory.peak_kb() - before) / 1024
            for _ in range(REPEATS - 1):
                cleared()
                costs.append(timed(draft)[1])
            engines = []
            for _ in range(REPEATS):
                with Engine() as engine:
                    draft()
                engines.append(engine.cost)
            found = dict(db.session.execute(select(Invoice.household_id, Invoice.total_cents)).all())
            by_hand = min(copied() for _ in range(REPEATS))
            run_id = draft()
            with Lock() as lock:
                _, issued = timed(lambda: billing_service.issue(run_id, author, NOW))
            db.session.rollback()
            db.engine.dispose()
    if found != expected:
        raise RuntimeError("the bills and the bookings differ")
    lines = families * LINES
    cost = min(engines)
    apart = min(costs) - cost
    click.echo(f"{lines} lines: engine {cost:.2f} s ({cost / lines * 1e6:.0f} µs a line), "
               f"read, assembled and written {apart:.2f} s, by SQL {by_hand:.2f} s")  # fmt: skip
    tell("draft without the engine / INSERT … SELECT", apart / by_hand, MOST_TIMES)
    tell("memory of a draft", grown, MOST_MEGABYTES, "MB")
    written = lines // 2_000  # as many share a statement
    tell("statements", len(sent), MOST_STATEMENTS + 3 * -(-families // CHUNK) + written)
    click.echo(f"issued in {issued:.2f} s")
    tell("CPU of the issue under the write lock", lock.seconds, MOST_SECONDS, "s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
