"""What « enregistré » is worth on SQLite: an acknowledged write was on the disk before the answer left."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

import cli
import extensions
from domain.enums import BookingState
from extensions import journal_mode
from models import Booking, Household
from tests.conftest import missing_tool
from tests.running_town import Running, Town

SYNC = re.compile(r"\b(?:fsync|fdatasync)\(.*= 0$")
ANSWER = re.compile(r'\bsend(?:to|msg)?\(.*"HTTP/1\.1 303')


@contextmanager
def traced(town: Town, calls: Path) -> Iterator[Running]:
    """The web server alone, without the worker that would write too; its calls to the system go to a file.

    Root watches the running server; who may watch only what he starts, starts it watched, which is slower.
    """
    path = shutil.which("strace")
    if path is None:
        missing_tool("This test reads what the server asks of the system: apt-get install strace")
    strace = [path, "-f", "-o", str(calls), "-e", "trace=fsync,fdatasync,sendto,sendmsg"]
    serve = cli.gunicorn_command("127.0.0.1", town.port)
    if os.geteuid() != 0:
        with town.serving([*strace, *serve]) as server:
            yield server
        return
    with town.serving(serve) as server:
        town.wait_for(lambda: town.has_said("Booting worker", times=2))  # the first one already answers
        watched = [option for pid in server.pids() for option in ("-p", str(pid))]
        with town.running([*strace, *watched]):
            town.wait_for(lambda: town.has_said(" attached", times=len(watched) // 2))
            yield server


def assert_postgresql_waits_for_its_disk(town: Town) -> None:
    """Its own processes write: what is asked here is that nothing relaxed them for our connections."""
    with town.app.app_context():
        asked = [extensions.db.session.execute(text(f"SHOW {name}")).scalar_one() for name in
                 ("fsync", "synchronous_commit", "full_page_writes")]  # fmt: skip
    assert asked == ["on", "on", "on"]


@pytest.mark.fault
def test_each_acknowledged_write_is_on_the_disk_before_the_family_reads_it(town, tmp_path):
    """A booking, a booking given up, a place that is taken: at least one synchronisation each, counted."""
    if not town.is_sqlite:
        assert_postgresql_waits_for_its_disk(town)
        return
    family = town.family(town.canteen(weeks=1))
    child, openings, meal = family.children[0], family.canteen.openings, family.canteen.meal
    home = town.world.one(select(Household).where(Household.id == family.household_id))
    town.world.booking(home, child, openings[1], meal)
    offered = town.world.booking(home, child, openings[2], meal, BookingState.OFFERED)
    booking, giving_up = family.drafts([(child, [0]), (child, [1])], changing=True)
    acts = [f"/reservations/{booking}/valider", f"/reservations/{giving_up}/valider"]
    acts.append(f"/reservations/places/{offered.id}/prendre")
    calls = tmp_path / "calls"
    with traced(town, calls) as server:
        parent = server.browser(family.parent)
        parent.get(f"/reservations/{booking}/recapitulatif")
        for act in acts:
            before = len(calls.read_text().splitlines())
            assert parent.post(act).status == 303, act
            town.wait_for(lambda since=before: answered(calls, since) is not None)
            place = answered(calls, before)
            during = calls.read_text().splitlines()[before : before + place]
            assert [call for call in during if SYNC.search(call)], act
    states = {row.day: row.state for row in town.world.all(Booking)}
    assert [states[one.day] for one in openings[:3]] == [
        BookingState.ACCEPTED,
        BookingState.CANCELLED,
        BookingState.ACCEPTED,
    ]


def answered(calls: Path, since: int) -> int | None:
    """How many calls after the first `since` ones the answer left; None before it has."""
    found = (
        place for place, call in enumerate(calls.read_text().splitlines()[since:]) if ANSWER.search(call)
    )
    return next(found, None)


# --- The journal that a version of SQLite can be trusted with -----------------------------------

WAL, ROLLBACK = ("WAL", "FULL"), ("TRUNCATE", "EXTRA")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ((3, 40, 1), ROLLBACK),
        ((3, 44, 5), ROLLBACK),
        ((3, 44, 6), WAL),
        ((3, 45, 0), ROLLBACK),
        ((3, 50, 6), ROLLBACK),
        ((3, 50, 7), WAL),
        ((3, 51, 0), ROLLBACK),
        ((3, 51, 2), ROLLBACK),
        ((3, 51, 3), WAL),
        ((3, 53, 0), WAL),
        ((4, 0, 0), WAL),
    ],
)
def test_the_journal_follows_the_version(version, expected):
    assert journal_mode(version) == expected


def pragmas(url: str) -> tuple[str, int, int]:
    """(journal mode, level of synchronisation, foreign keys) of a fresh connection."""
    engine = create_engine(url, module=extensions.sqlite_driver)
    with engine.connect() as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in
                 ("journal_mode", "synchronous", "foreign_keys")]  # fmt: skip
    engine.dispose()
    return tuple(found)


def test_a_file_written_in_wal_goes_back_to_a_plain_journal_under_an_unsafe_version(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'portail.db'}"
    monkeypatch.setattr(extensions.sqlite_driver, "sqlite_version_info", (3, 51, 3))
    assert pragmas(url) == ("wal", 2, 1)
    monkeypatch.setattr(extensions.sqlite_driver, "sqlite_version_info", (3, 40, 1))
    assert pragmas(url) == ("truncate", 3, 1)
