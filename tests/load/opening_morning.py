"""An opening morning on one machine: families by thousands, in front of `./portail serve` behind nginx.

    .venv/bin/python -m tests.load.opening_morning
    .venv/bin/python -m tests.load.opening_morning --database postgresql
    .venv/bin/python -m tests.load.opening_morning --families 300 --seconds 60

Everything is real but the network: the production server with its migrations and its outbox worker, nginx
with `deploy/nginx.conf`, a mail server that takes every mail, passwords hashed as in a town. Families are the
processes of `tests.load.families`, each with an address of its own. The town, its folder and its database are
thrown away at the end. docs/performance.md explains what is printed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import click
import psycopg
from sqlalchemy import func, insert, select, update

import config
from domain.enums import AccountKind, AccountStatus, BookingState, Residency
from domain.workflow import PLACE_HOLDING_STATES
from extensions import db
from models import (
    Activity,
    Booking,
    Child,
    Enrolment,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    Opening,
    User,
)
from services import credentials
from services.transaction import write_transaction
from tests.load.families import DAYS, MOST_FAMILIES, MOST_SECONDS
from tests.load.proxy import proxied
from tests.postgresql import throwaway_cluster
from tests.running_town import Running, Town

FAMILIES, SECONDS, PAUSE = 2500, 300, 3.0
GENERATORS = 2
SAMPLE_SECONDS = 5
PASSWORD = "correct cheval agrafe pile"


@dataclass(slots=True)
class Morning:
    """What the families met."""

    seconds: float = 0
    done: int = 0
    errors: list[str] = field(default_factory=list)
    durations: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # MB, over the time
    overbooked: int = 0
    drifted: int = 0  # openings whose counters are not their rows
    bookings: Counter[str] = field(default_factory=Counter)


def settle(town: Town, families: int) -> list[tuple[str, str]]:
    """A canteen with places for two families in three on each day, and the families; who signs in, how."""
    canteen = town.canteen(weeks=6, capacity=max(3, families * DAYS // 25), waiting_list=True)
    now, numbers = town.world.now, range(1, families + 1)
    hashed = credentials.hash_secret(PASSWORD)  # one hash for all: each sign-in computes it again
    first, last = canteen.period.first_day, canteen.period.last_day
    rows = {
        User: [
            {
                "id": one,
                "kind": AccountKind.FAMILY,
                "status": AccountStatus.ACTIVE,
                "email": f"famille{one}@example.org",
                "email_verified_at": now,
                "password_hash": hashed,
                "created_at": now,
            }
            for one in numbers
        ],
        Household: [
            {
                "id": one,
                "name": f"FAMILLE {one}",
                "number": one,
                "residency": Residency.RESIDENT,
                "address": "12 rue Nationale",
                "postcode": "46000",
                "city": "Cahors",
                "created_at": now,
            }
            for one in numbers
        ],
        Guardian: [
            {"id": one, "user_id": one, "first_name": "Claire", "last_name": f"FAMILLE {one}"}
            for one in numbers
        ],
        HouseholdGuardian: [{"household_id": one, "guardian_id": one} for one in numbers],
        Child: [
            {"id": one, "first_name": "Léo", "last_name": f"FAMILLE {one}", "birth_date": date(2019, 5, 4)}
            for one in numbers
        ],
        HouseholdChild: [{"household_id": one, "child_id": one} for one in numbers],
        Enrolment: [
            {"child_id": one, "facility_id": canteen.facility.id, "first_day": first, "last_day": last}
            for one in numbers
        ],
    }
    with town.app.app_context(), write_transaction() as session:
        for table, values in rows.items():
            session.execute(insert(table), values)
        session.execute(update(Activity).values(last_places_threshold=20))
    return [(f"famille{one}@example.org", PASSWORD) for one in numbers]


# --- Memory -------------------------------------------------------------------------------------------------


def megabytes(pid: int) -> float:
    """PSS of a process in millions of bytes, 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def processes(server: Running, nginx: int) -> dict[str, list[int]]:
    """The processes of the town by their name."""
    found: dict[str, list[int]] = {"nginx": [nginx, *children(nginx)]}
    for pid in server.pids():
        words = " ".join(server.command_of(pid))
        if "gunicorn" not in words:
            found["mails" if words.endswith("worker") else "supervisor"] = [pid]
        elif children(pid):
            found["gunicorn master"] = [pid]
            found |= {f"web {place}": [one] for place, one in enumerate(children(pid), 1)}
    if not server.town.is_sqlite:
        found["postgresql"] = postgresql_pids(server.town)
    return found


def postgresql_pids(town: Town) -> list[int]:
    with psycopg.connect(town.maintenance_url) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone()
    (master, *_) = (Path(folder) / "postmaster.pid").read_text().split()
    return [int(master), *children(int(master))]


@contextmanager
def watched(server: Running, nginx: int, memory: dict[str, list[float]]) -> Iterator[None]:
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS if any(memory.values()) else 0):
            for name, pids in processes(server, nginx).items():
                memory[name].append(sum(map(megabytes, pids)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


# --- The morning --------------------------------------------------------------------------------------------


@contextmanager
def mail_server(port: int) -> Iterator[None]:
    """It takes every mail and forgets it."""
    command = [
        sys.executable,
        "-m",
        "aiosmtpd",
        "-n",
        "-c",
        "aiosmtpd.handlers.Sink",
        "-l",
        f"127.0.0.1:{port}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def run(town: Town, families: int, seconds: float, pause: float) -> Morning:
    """Let them all come. The town is empty before."""
    morning = Morning()
    people = town.folder / "people.json"
    people.write_text(json.dumps(settle(town, families)))
    with (
        mail_server(town.smtp_port),
        town.serving(PORTAIL_PROXY="1") as server,
        proxied(town) as (port, nginx),
        watched(server, nginx, morning.memory),
    ):
        options = ["--seconds", str(seconds), "--pause", str(pause), "--step", str(GENERATORS)]
        command = [sys.executable, "-m", "tests.load.families", f"http://127.0.0.1:{port}", str(people)]
        visitors = [
            subprocess.Popen(
                [*command, *options, "--first", str(one)], cwd=config.ROOT, stdout=subprocess.PIPE, text=True
            )
            for one in range(GENERATORS)
        ]
        for visitor in visitors:
            told = json.loads(visitor.communicate()[0])
            morning.seconds = max(morning.seconds, told["seconds"])
            morning.done += len(told["done"])
            morning.errors += told["errors"]
            for act, durations in told["durations"].items():
                morning.durations[act] += durations
    audit(town, morning)
    return morning


def audit(town: Town, morning: Morning) -> None:
    """Ask the database, not the counters: was a place sold twice?"""
    with town.app.app_context():
        rows = select(Booking.opening_id, Booking.state, func.count()).group_by(
            Booking.opening_id, Booking.state
        )
        own: dict[int, Counter[BookingState]] = defaultdict(Counter)
        for opening_id, state, count in db.session.execute(rows):
            own[opening_id][state] = count
            morning.bookings[state.value] += count
        for opening in db.session.scalars(select(Opening)):
            held = sum(own[opening.id][state] for state in PLACE_HOLDING_STATES)
            waiting = own[opening.id][BookingState.WAITING]
            morning.overbooked += opening.capacity is not None and held > opening.capacity
            morning.drifted += (opening.booked, opening.waiting) != (held, waiting)
        db.session.remove()


def percentiles(durations: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95, p99 in milliseconds."""
    cuts = (
        statistics.quantiles(durations, n=100, method="inclusive")
        if len(durations) > 1
        else [durations[0]] * 99
    )
    return cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000


def report(morning: Morning, families: int) -> None:
    total = sum(map(len, morning.durations.values()))
    click.echo(f"{morning.done} families of {families} done in {morning.seconds:.0f} s: "
               f"{total} requests, {total / morning.seconds:.0f} a second")  # fmt: skip
    for act, durations in morning.durations.items():
        p50, p95, p99 = percentiles(durations)
        click.echo(
            f"  {act:14} {len(durations):6} times   p50 {p50:6.0f} ms   p95 {p95:6.0f} ms   p99 {p99:6.0f} ms"
        )
    click.echo(f"bookings: {', '.join(f'{count} {state}' for state, count in morning.bookings.items())}")
    click.echo(f"errors {len(morning.errors)}, days overbooked {morning.overbooked}, "
               f"days whose counters drifted {morning.drifted}")  # fmt: skip
    for error, count in Counter(morning.errors).most_common(5):
        click.echo(f"  {count} × {error}")
    for name, samples in sorted(morning.memory.items()):
        first, most, last = samples[0], max(samples), samples[-1]
        click.echo(f"  {name:16} {first:5.0f} MB at first, {most:5.0f} MB at most, {last:5.0f} MB at the end")


def main() -> None:
    parser = argparse.ArgumentParser(description="An opening morning, on this machine only.")
    parser.add_argument("--families", type=int, default=FAMILIES)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument(
        "--pause", type=float, default=PAUSE, help="mean seconds between two acts of a family"
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    if not 0 < asked.families <= MOST_FAMILIES or not 0 < asked.seconds <= MOST_SECONDS:
        parser.error(f"At most {MOST_FAMILIES} families and {MOST_SECONDS} seconds.")
    click.echo(f"load of the machine before: {os.getloadavg()[0]:.1f}, processors: {os.cpu_count()}")
    with tempfile.TemporaryDirectory() as folder:
        if asked.database == "sqlite":
            report(
                run(Town(Path(folder), "sqlite://"), asked.families, asked.seconds, asked.pause),
                asked.families,
            )
            return
        with throwaway_cluster() as url:
            name = "morning"
            with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            town = Town(Path(folder), f"{url.rpartition('/')[0]}/{name}")
            report(run(town, asked.families, asked.seconds, asked.pause), asked.families)


if __name__ == "__main__":
    main()
