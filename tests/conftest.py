"""The test bench: one application, one database for the run, emptied between tests, a fixed clock.

`--database postgresql` runs the same tests on a throw-away PostgreSQL cluster. What needs
PostgreSQL or Chromium says what to install; when CI is set a missing tool is a failure.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import settings

from adapters.clock import FixedClock
from adapters.object_store import Bucket
from app import create_app
from extensions import db, empty_tables
from guards import rewriting
from tests import audit_watch
from tests.buckets import bucket_server, empty
from tests.factories import World
from tests.scratch import scratch_folder
from tests.strict_client import StrictClient

# A busy machine is no fault of the code: timings belong to the benchmarks.
settings.register_profile("portail", deadline=None)
settings.load_profile("portail")
# A Tuesday of a school week, far from holidays and from a clock change.
NOW = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.addoption("--files", choices=("folder", "bucket"), default="folder")
    parser.addoption("--accessibility", help="folder for what axe finds, see tests/browser/accessibility.py")
    parser.addoption("--full", action="store_true", help="races, kills, fuzz and properties at full size")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about one engine, or files on a disk, is left to the run that has it; `--all` makes all."""
    here = {"postgresql": config.getoption("--database") == "postgresql"}
    here["folder"] = config.getoption("--files") == "folder"
    absent = [marker for marker, is_here in here.items() if not is_here]
    elsewhere = [item for item in items if any(map(item.get_closest_marker, absent))]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


def missing_tool(reason: str) -> None:
    """Skip with what to install; fail where nothing may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sized(request: pytest.FixtureRequest) -> Callable[..., int]:
    """`sized(ordinary=100, full=1000)`: how many times a proof is repeated, the second with --full."""
    is_full = request.config.getoption("--full")
    return lambda *, ordinary, full: full if is_full else ordinary


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """The folder of the town that is emptied between tests."""
    with scratch_folder("portail-tests-") as folder:
        yield folder


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, scratch: Path) -> Iterator[str]:
    if request.config.getoption("--database") == "sqlite":
        yield f"sqlite:///{scratch / 'portail.db'}"
        return
    from tests.postgresql import throwaway_cluster

    with throwaway_cluster(in_memory=True) as url:
        yield url


@pytest.fixture(scope="session")
def town_bucket(request: pytest.FixtureRequest) -> Iterator[Bucket | None]:
    """Where the files of the run go: None for the instance folder."""
    if request.config.getoption("--files") == "folder":
        yield None
        return
    with bucket_server() as bucket:
        yield bucket


@pytest.fixture(scope="session")
def _application(database_url: str, town_bucket: Bucket | None, scratch: Path) -> Iterator[Flask]:
    (instance := scratch / "instance").mkdir()
    settings = settings_for_tests(database_url, instance)
    app = create_app(settings | {"BUCKET": town_bucket})
    app.test_client_class = StrictClient
    audit_watch.watch()
    with app.app_context():
        create_schema()
    yield app
    with app.app_context():
        db.engine.dispose()


def settings_for_tests(database_url: str, instance: Path) -> dict:
    return {
        "TESTING": True,
        "DEMO": False,
        "STAFF_NEED_CODES": True,
        "INSTANCE": instance,
        "SECRET_KEY": "only-for-tests",
        "SEALING_KEYS": instance / "sealing_keys",
        "BACKUPS": instance / "backups",
        "BACKUP_KEY": instance / "backup_key",
        "BUCKET": None,
        "OFF_SITE": "",
        "CLAMD": "",
        "PAYFIP_URL": "http://127.0.0.1:9/tpa",  # nobody: a test that pays brings the stand-in
        "SQLALCHEMY_DATABASE_URI": database_url,
        "PUBLIC_URL": "https://portail.test",
        "TRUSTED_HOSTS": None,
        "MAIL_FOLDER": instance / "mails",
        "CLOCK": FixedClock(NOW),
    }


def create_schema() -> None:
    with db.engine.execution_options(write=True).begin() as connection:
        db.metadata.create_all(connection)


def empty_database() -> None:
    """Remove every row: the next test starts from nothing."""
    with db.engine.execution_options(write=True).begin() as connection:
        if connection.dialect.name != "postgresql":
            empty_tables(connection, db.metadata)
            return
        tables = (
            db.metadata.tables
        )  # rows of a truncated table lie in their order; DELETE leaves holes to fill
        names = ", ".join(f'"{name}"' for name in tables)
        with rewriting(connection, tables):
            connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))


@pytest.fixture
def app(_application: Flask) -> Iterator[Flask]:
    _application.config["CLOCK"].move_to(NOW)
    for folder in ("files", "documents", "imports", "mails"):  # of the tests before
        shutil.rmtree(_application.config["INSTANCE"] / folder, ignore_errors=True)
    if _application.config["BUCKET"] is not None:
        empty(_application.config["BUCKET"])
    yield _application
    with _application.app_context():
        db.session.remove()
        empty_database()


@pytest.fixture
def clock(app: Flask) -> FixedClock:
    return app.config["CLOCK"]


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


@pytest.fixture
def client(app: Flask) -> StrictClient:
    return app.test_client()
