"""A town of each released version comes up to this one with all that it held (reliability 3.10)."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

import cli
import config
from adapters import database_copies
from adapters.clock import FixedClock
from app import create_app
from domain.errors import Refused
from extensions import db
from models import User
from services import backups, demo, self_check, upgrades
from tests.conftest import settings_for_tests
from tests.killed import killed_before
from tests.migrations import releases
from tests.migrations.conftest import MIGRATIONS
from tests.migrations.releases import Release
from tests.migrations.test_migrations import schema
from tests.strict_client import StrictClient

VERSIONS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
OF_THE_SCHEMA = {"alembic_version"}


class OldTown:
    """A released version's town on the chosen engine, before it is brought up to date."""

    def __init__(self, release: Release, url: str, instance: Path) -> None:
        instance.chmod(0o700)
        release.lay_files(instance)
        self.release, self.instance = release, instance
        self.app = create_app(settings_for_tests(url, instance))
        self.app.test_client_class = StrictClient
        self.now = datetime.fromisoformat(release.made_at) + timedelta(hours=1)
        self.app.config["CLOCK"] = FixedClock(self.now)
        release.lay_rows(self.app)

    def bring_up_to_date(self) -> None:
        with self.app.app_context():
            cli.prepare_database()
            db.session.remove()

    def counts(self) -> dict[str, int]:
        with self.app.app_context(), db.engine.connect() as connection:
            return backups.facts(connection)["rows"]

    def one(self, statement: str):
        with self.app.app_context(), db.engine.connect() as connection:
            return connection.scalar(sa.text(statement))

    def browser(self, email: str) -> StrictClient:
        """Somebody of the town of that time, signed in."""
        with self.app.app_context():
            user = db.session.scalars(sa.select(User).where(User.email == email)).one()
            db.session.remove()
        client = self.app.test_client()
        client.sign_in(user)
        return client


@pytest.fixture
def old_town(request: pytest.FixtureRequest, empty_url: str, tmp_path: Path) -> Iterator[OldTown]:
    town = OldTown(releases.read(request.param), empty_url, tmp_path)
    yield town
    with town.app.app_context():
        db.session.remove()
        db.engine.dispose()


def announced_since(version: str) -> set[str]:
    """The tables whose numbers of rows a later migration says that it changes."""
    texts = [
        path.read_text() for path in (MIGRATIONS / "versions").glob("[0-9]*.py") if path.name[:4] > version
    ]
    found = (re.search(r"^ROWS_MAY_CHANGE.*=(.*)$", text, re.MULTILINE) for text in texts)
    return {name for line in found if line for name in re.findall(r"\w+", line[1])}


def ledger_of(release: Release) -> dict[str, int]:
    """Cents, counted from the rows of that version without the portal."""
    bills, payments = release.rows("invoice"), release.rows("payment")
    return {
        "billed": sum(bill["total_cents"] for bill in bills if bill["number"] is not None),
        "credited": sum(bill["credited_cents"] for bill in bills),
        "settled": sum(bill["settled_cents"] for bill in bills),
        "received": sum(one["amount_cents"] for one in payments if one["state"] == "valid"),
        "allocated": sum(one["amount_cents"] for one in release.rows("payment_allocation")),
    }


def test_every_released_version_has_its_town():
    """A new migration releases the one before: docs/exploitation.md says how its town is kept."""
    assert releases.kept() == [version for version in VERSIONS if version in releases.kept()]
    assert set(VERSIONS[:-1]) <= set(releases.kept())


@pytest.mark.fault
@pytest.mark.parametrize("old_town", releases.kept(), indirect=True)
def test_a_town_of_each_version_comes_up_with_all_that_it_held(app, old_town):
    release, before = old_town.release, old_town.counts()
    assert before["booking"] > 10_000

    old_town.bring_up_to_date()

    after = old_town.counts()
    kept = {name: count for name, count in before.items() if name not in announced_since(release.schema)}
    assert {name: after.get(name) for name in kept} == kept
    with old_town.app.app_context(), db.engine.connect() as connection:
        facts = backups.facts(connection)
        assert facts["revision"] == VERSIONS[-1]
        assert facts["ledger"] == ledger_of(release)
        assert schema(db.engine) == schema_of_the_models(app)
    if release.schema != VERSIONS[-1]:
        (copy,) = (old_town.instance / "backups").glob(f"avant-{release.schema}-*")
        assert copy.stat().st_size
    assert_families_find_their_own(old_town)
    if release.schema == releases.kept()[-1]:  # once: it is slow on PostgreSQL
        assert_the_portal_says_it_is_well(old_town)


def schema_of_the_models(app: Flask) -> dict:
    with app.app_context():
        return schema(db.engine)


def assert_families_find_their_own(town: OldTown) -> None:
    release, claire = town.release, town.browser(demo.PARENT_EMAIL)
    (user,) = [row["id"] for row in release.rows("user_account") if row["email"] == demo.PARENT_EMAIL]
    (adult,) = [row["id"] for row in release.rows("guardian") if row["user_id"] == user]
    homes = {row["household_id"] for row in release.rows("household_guardian") if row["guardian_id"] == adult}
    children = {row["child_id"] for row in release.rows("household_child") if row["household_id"] in homes}
    names = {row["first_name"] for row in release.rows("child") if row["id"] in children}
    assert claire.get("/accueil").status_code == 200
    assert claire.get("/planning").status_code == 200
    assert all(name in claire.page.get_text() for name in names)
    assert claire.get("/factures").status_code == 200
    bills = [row for row in release.rows("invoice") if row["household_id"] in homes and row["reference"]]
    assert all(row["reference"] in claire.page.get_text() for row in bills)
    claire.excused.add("no-break-space")  # the town's own words
    assert claire.get("/reglement").status_code == 200
    agent = town.browser(demo.ADMINISTRATOR_EMAIL)
    for page in ("/gestion", "/gestion/a-traiter", "/gestion/facturation", f"/gestion/familles/{min(homes)}"):
        assert agent.get(page, follow_redirects=True).status_code == 200, page


def assert_the_portal_says_it_is_well(town: OldTown) -> None:
    """No unsafe setting, and a backup of tonight that comes back whole, its sealed documents too."""
    with town.app.app_context():
        town.app.config.update(BEHIND_PROXY=True, SMTP_HOST="smtp.test", SMTP_SECURITY="tls")
        assert self_check.unsafe() == []
        done = backups.nightly(town.now)
        assert {outcome.problem for outcome in done.values()} == {""}
        self_check.show_life()
        os.utime(town.instance / self_check.SIGN_OF_LIFE, (town.now.timestamp(),) * 2)
        assert self_check.condition(town.now).problems == ()
        db.session.remove()


# --- An update that goes wrong ------------------------------------------------------------------------------

FOLLOWING = '''
"""A migration of a test."""

from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None
ROWS_MAY_CHANGE = ()


def upgrade() -> None:
    op.execute("CREATE TABLE newer (id INTEGER PRIMARY KEY, household_id INTEGER REFERENCES household (id))")
    op.execute("{act}")
'''
# The first stops by itself; the second runs to its end, and only the totals tell.
GOING_WRONG = {
    "it stops": "UPDATE nothing SET nothing = 0",
    "it moves money": "UPDATE payment_allocation SET amount_cents = amount_cents + 1 WHERE id = 1",
}


def rows_of(town: OldTown) -> dict[str, list]:
    with town.app.app_context(), db.engine.connect() as connection:
        found = sa.MetaData()
        found.reflect(connection)
        return {
            table.name: sorted(map(repr, connection.execute(table.select()))) for table in found.sorted_tables
        }


@pytest.mark.fault
@pytest.mark.parametrize("act", GOING_WRONG.values(), ids=GOING_WRONG)
@pytest.mark.parametrize("old_town", releases.kept()[-1:], indirect=True)
def test_an_update_that_goes_wrong_leaves_the_town_of_before(old_town, act, tmp_path):
    before = rows_of(old_town)
    folder = tmp_path / "migrations"
    shutil.copytree(config.ROOT / "migrations", folder)
    (folder / "versions" / "9999_of_a_test.py").write_text(
        dedent(FOLLOWING).format(head=VERSIONS[-1], act=act)
    )
    with old_town.app.app_context():
        with (
            pytest.raises(Refused, match="la base est comme avant"),
            upgrades.guarded(str(folder), old_town.now),
        ):
            flask_migrate.upgrade(directory=str(folder))
        db.session.remove()
    assert rows_of(old_town) == before
    old_town.bring_up_to_date()
    assert_families_find_their_own(old_town)


def die_at(statement: int, old_town: OldTown) -> bool:
    """Bring the town up to date, killed before its nth statement; whether it was."""
    return killed_before(statement, old_town.bring_up_to_date)


@pytest.mark.fault
@pytest.mark.parametrize("old_town", releases.kept()[:1], indirect=True)
def test_a_killed_update_leaves_the_old_version_or_the_new_one(old_town, sized):
    """From the first version: every migration since runs, and may be the one that is cut."""
    release, before, killed = old_town.release, old_town.counts(), 0
    at, faster = 1, sized(ordinary=4, full=1)
    while True:
        with old_town.app.app_context():
            db.session.remove()
            db.engine.dispose()
        if not die_at(at, old_town):
            break
        killed += 1
        with old_town.app.app_context():
            revision = upgrades.current_revision()
            assert database_copies.damage(db.engine) == ""
            db.session.remove()
        assert revision in (release.schema, VERSIONS[-1])
        if revision == release.schema:
            assert old_town.counts() == before
        at = at * faster if faster > 1 else at + 9
    assert killed >= 3
    after, announced = old_town.counts(), announced_since(release.schema)
    kept = {name: count for name, count in before.items() if name not in announced}
    assert {name: after[name] for name in kept} == kept
    assert_families_find_their_own(old_town)
