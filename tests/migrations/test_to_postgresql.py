"""A town that began on SQLite goes on with PostgreSQL, whole, or stays where it was (R60)."""

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from click.testing import Result
from flask import Flask

import config
from adapters import database_copies, database_moves
from adapters.clock import FixedClock
from app import create_app
from domain.enums import Channel
from extensions import db
from guards import rewriting
from models import AuditEvent, DocumentCategory, Household, Invoice, MedicalRecord, User
from safety_cli import to_postgresql
from services import audit, audit_seals, backups, demo, self_check
from services.database_moves import digest
from services.transaction import write_transaction
from tests.factories import World
from tests.killed import killed_before
from tests.running_town import Town
from tests.strict_client import StrictClient

pytestmark = [pytest.mark.fault, pytest.mark.postgresql]
LINES = [{"label": "Repas du 4 janvier", "amount_cents": 320}]


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    """An empty PostgreSQL database, as an administrator writes its address."""
    name, server = f"town_{os.urandom(6).hex()}", database_url.replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a town on SQLite: a bill, a payment, a health record, a document, a sealed journal."""
    town = Town(tmp_path_factory.mktemp("sqlite"), "sqlite://")
    world = town.world
    home = world.household("SOLIGNAC")
    world.health(world.child(home), allergies="Arachide")
    regie = world.regie()
    world.invoice(regie, home, date(2027, 1, 1), LINES)
    world.payment(regie, home, 500)
    world.sent_document(home, world.one(sa.select(DocumentCategory).limit(1)))
    with town.app.app_context():
        write_an_act(world.now)
        audit_seals.seal(world.now)
        leave()
    return town.folder


@pytest.fixture
def town(instance: Path, tmp_path: Path) -> Town:
    """That town, for one test."""
    shutil.copytree(instance, tmp_path, dirs_exist_ok=True)
    found = Town(tmp_path, "sqlite://")
    found.app.config["CLOCK"] = FixedClock(found.world.now)
    return found


def write_an_act(now) -> None:
    with write_transaction() as session:
        audit.record(
            session, at=now, actor_user_id=None, channel=Channel.SYSTEM, action="settings.updated",
            object_type="town", object_id=0, before={"name": "Avant\u00a0: é"}, after={"n": 1.5},
        )  # fmt: skip


def leave() -> None:
    db.session.remove()
    db.engine.dispose()


def move(town: Town, address: str) -> Result:
    with town.app.app_context():
        result = town.app.test_cli_runner().invoke(to_postgresql, [address])
        leave()
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def tables(address: str) -> list[str]:
    with psycopg.connect(address) as connection:
        return [
            name
            for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]


def arrived(town: Town, address: str):
    """The application once the administrator has put the address in the settings."""
    settings = config.load(town.environment() | {"DATABASE_URL": address})
    pool = {"SQLALCHEMY_ENGINE_OPTIONS": {"poolclass": sa.NullPool}}
    app = create_app(settings | pool | {"CLOCK": town.app.config["CLOCK"]})
    app.test_client_class = StrictClient
    return app


def rows(engine: sa.Engine) -> dict[str, int]:
    with engine.execution_options(write=True).begin() as connection:  # a long reading is a transaction
        return {table.name: digest(connection, table) for table in db.metadata.sorted_tables}


def assert_lives_on_sqlite(town: Town, address: str) -> None:
    """Nothing there, everything here, and the portal writes and starts as before."""
    assert tables(address) == []
    with town.app.app_context():
        assert database_copies.damage(db.engine) == ""
        assert db.session.scalar(sa.select(Household.name)) == "SOLIGNAC"
        assert not db.session.scalar(sa.select(sa.func.count()).where(AuditEvent.action == "town.moved"))
        db.session.remove()
        write_an_act(town.world.now)
        assert self_check.unsafe() == []
        leave()


def test_everything_arrives_and_goes_on(town, address):
    with town.app.app_context():
        before = rows(db.engine)
        leave()
    result = move(town, address)
    assert result.exit_code == 0, result.output
    assert "database_url" in result.output
    app = arrived(town, address)
    with app.app_context():
        after = rows(db.engine)
        assert {name for name in before if before[name] != after[name]} == {"audit_event"}  # the move itself
        assert self_check.unsafe() == []
        assert audit_seals.seal(town.world.now) == 1
        assert backups.journal_problems() == []
        assert db.session.scalar(sa.select(MedicalRecord)).content
        db.session.remove()
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), write_transaction() as session:
            session.execute(sa.text("UPDATE audit_event SET action = 'x'"))
        with pytest.raises(sa.exc.DBAPIError), write_transaction() as session:
            session.execute(sa.update(Invoice).values(total_cents=1))
        leave()
    assert World(app).household("NEUVE", number=9001).id == 2  # numbered after those that came


def test_the_database_that_was_left_takes_no_write_and_does_not_start(town, address):
    assert move(town, address).exit_code == 0
    with town.app.app_context():
        (danger,) = self_check.unsafe()
        assert "PostgreSQL depuis le" in danger
        for act in (
            "DELETE FROM list_choice",
            "UPDATE household SET name = 'X'",
            "INSERT INTO setting VALUES ('a', 'b')",
        ):
            with pytest.raises(sa.exc.DBAPIError, match="moved"), write_transaction() as session:
                session.execute(sa.text(act))
        leave()
    again = move(town, address)
    assert again.exit_code == 1
    assert "déjà passées" in again.output


def test_a_database_that_holds_something_is_left_alone(town, address):
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE something (id integer)")
    result = move(town, address)
    assert result.exit_code == 1
    assert "base vide" in result.output
    assert tables(address) == ["something"]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP TABLE something")
    assert_lives_on_sqlite(town, address)


HARMS = {
    "les totaux des comptes": "UPDATE payment SET amount_cents = amount_cents + 1",
    "medical_record.content\u00a0: une valeur scellée": "UPDATE medical_record SET content = 'AAAA'",
    "du journal a été réécrit": "UPDATE audit_event SET object_id = 7",
    "household\u00a0: le contenu diffère": "UPDATE household SET name = 'SOLIGNAG'",
    "list_choice\u00a0: ": "DELETE FROM list_choice WHERE id = (SELECT max(id) FROM list_choice)",
}


def test_a_copy_that_differs_is_told_and_dropped(town, address, monkeypatch):
    pour = database_moves.pour

    def harmed(origin, target, metadata) -> None:
        pour(origin, target, metadata)
        with rewriting(target, metadata.tables):
            for harm in HARMS.values():
                assert target.execute(sa.text(harm)).rowcount

    monkeypatch.setattr(database_moves, "pour", harmed)
    result = move(town, address)
    assert result.exit_code == 1
    assert "effacée de PostgreSQL" in result.output
    assert [told for told in HARMS if told not in result.output] == []
    assert_lives_on_sqlite(town, address)


def test_a_row_that_postgresql_refuses_is_told_without_what_it_holds(town, address):
    with town.app.app_context():
        with db.engine.execution_options(write=True).begin() as connection:
            connection.execute(sa.text("UPDATE household SET name = 'a' || char(0)"))
        leave()
    result = move(town, address)
    assert result.exit_code == 1
    assert "a refusé, rien n’a changé" in result.output
    assert tables(address) == []


def test_a_portal_that_runs_is_not_moved(town, address):
    with town.running(town.flask("worker")) as worker:
        town.wait_for(lambda: (town.folder / ".tour-worker").exists() and worker.process.poll() is None)
        town.wait_for(lambda: (town.folder / self_check.SIGN_OF_LIFE).exists())
        result = move(town, address)
    assert "Arrêtez-le" in result.output
    assert_lives_on_sqlite(town, address)


def test_a_killed_move_leaves_the_town_here_or_whole_there(town, address, sized):
    """Killed before each of its statements on either database."""
    at, killed = 1, 0
    while killed_before(at, lambda: move_or_fail(town, address)):
        killed += 1
        if tables(address):
            break  # between the commit there and the last word here: the next test
        assert_lives_on_sqlite(town, address)
        at = at * 2 if sized(ordinary=1, full=0) else at + 7
    assert killed > 5


def move_or_fail(town: Town, address: str) -> None:
    assert move(town, address).exit_code == 0


# Not the home nor the journal of the service: they tell of the move and of its backup.
PAGES = {
    demo.ADMINISTRATOR_EMAIL: ("/gestion/a-traiter", "/gestion/familles", "/gestion/facturation"),
    demo.PARENT_EMAIL: ("/accueil", "/reservations", "/factures", "/documents", "/mon-foyer"),
}


@pytest.mark.wide
def test_a_demo_town_shows_the_same_pages_from_postgresql(tmp_path, address):
    town = Town(tmp_path, "sqlite://")
    town.app.config["CLOCK"] = FixedClock(town.world.now)
    with town.app.app_context():
        demo.ensure(town.world.now, tmp_path)
        leave()
    before = pages_of(town.app)
    assert move(town, address).exit_code == 0
    assert pages_of(arrived(town, address)) == before


def pages_of(app: Flask) -> dict[tuple[str, str], str]:
    """What is read on some pages by those who live and work there."""
    found = {}
    for email, paths in PAGES.items():
        with app.app_context():
            user = db.session.scalars(sa.select(User).where(User.email == email)).one()
            db.session.remove()
        client = app.test_client()
        client.sign_in(user)
        for path in paths:
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, path
            found[email, path] = BeautifulSoup(answer.text, "html.parser").get_text()
    with app.app_context():
        leave()
    return found
