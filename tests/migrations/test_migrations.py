"""Migrations lead to the models, and one that goes wrong leaves the town as it was (security F6)."""

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from textwrap import dedent, indent

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from domain import starting_lists
from domain.enums import ChoiceList
from extensions import db
from models import (
    AuthorisationType,
    BookingDraft,
    BookingDraftLine,
    DocumentCategory,
    ListChoice,
    StaffFacility,
    StaffMember,
)
from tests.factories import World
from tests.migrations.conftest import MIGRATIONS

FOLLOWING = '''
"""A migration of a test."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None
ROWS_MAY_CHANGE = {announced!r}


def upgrade() -> None:
{body}
'''


@pytest.fixture
def family(town: Flask) -> None:
    """Rows whose parents have ON DELETE CASCADE or RESTRICT children."""
    world = World(town)
    household = world.household()
    parent, child = world.parent(household), world.child(household)
    canteen = world.canteen([world.now.date()])
    world.staff(facilities=[canteen.facility])
    draft = world.add(
        BookingDraft(
            key="x", user_id=parent.id, household_id=household.id, created_at=world.now, updated_at=world.now
        )
    )
    world.add(
        BookingDraftLine(
            draft_id=draft.id,
            child_id=child.id,
            opening_id=canteen.openings[0].id,
            presence_type_id=canteen.meal.id,
            day=canteen.openings[0].day,
            action="book",
        )
    )


Migrate = Callable[..., None]


@pytest.fixture
def migrate(town: Flask, tmp_path: Path) -> Migrate:
    """Run one more migration, whose `upgrade` has the given body, on the town."""

    def run(body: str, announced: tuple[str, ...] = ()) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder)
        head = max(path.name[:4] for path in (folder / "versions").glob("[0-9]*.py"))
        text = FOLLOWING.format(head=head, announced=announced, body=indent(dedent(body).strip(), "    "))
        (folder / "versions" / "9999_of_a_test.py").write_text(text)
        with town.app_context():
            try:
                flask_migrate.upgrade(directory=str(folder))
            finally:
                db.session.remove()

    return run


def schema(engine: sa.Engine) -> dict:
    """What the database itself says of its tables, in comparable form."""
    inspector = sa.inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary key": _plain(inspector.get_pk_constraint(table)),
            "foreign keys": _plain(inspector.get_foreign_keys(table)),
            "unique": _plain(inspector.get_unique_constraints(table)),
            "checks": _plain(inspector.get_check_constraints(table)),
            "indexes": _plain(inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    } | {"triggers": triggers(engine)}


def triggers(engine: sa.Engine) -> list[tuple]:
    """What the database does by itself when a table is written, foreign keys apart."""
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
        "postgresql": "SELECT tgname, pg_get_triggerdef(pg_trigger.oid), prosrc FROM pg_trigger "
        "JOIN pg_proc ON pg_proc.oid = tgfoid WHERE NOT tgisinternal ORDER BY tgname",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def _plain(found: object) -> object:
    """Constraints in any order, the columns of each in theirs."""
    if isinstance(found, list):
        plain = [_plain(one) for one in found]
        return sorted(plain, key=repr) if plain and isinstance(plain[0], dict) else plain
    if isinstance(found, dict):
        return {key: _plain(value) for key, value in sorted(found.items())}
    return str(found)


def content(app: Flask) -> dict[str, list]:
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(connection.execute(table.select()).all(), key=repr)
            for table in db.metadata.sorted_tables
        }


def versions(app: Flask) -> list[str]:
    with app.app_context(), db.engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT version_num FROM alembic_version")))


def test_the_migrated_schema_is_the_one_of_the_models(app, town):
    with app.app_context():
        of_the_models = schema(db.engine)
    with town.app_context():
        migrated = schema(db.engine)
    assert set(of_the_models) - {"triggers"} == set(db.metadata.tables)
    assert of_the_models["triggers"]
    assert migrated == of_the_models


def test_migrating_twice_changes_nothing(town, family):
    before = content(town), versions(town)
    with town.app_context():
        flask_migrate.upgrade(directory=str(MIGRATIONS))
    assert (content(town), versions(town)) == before


FAILING = """
with op.batch_alter_table("household") as table:
    table.add_column(sa.Column("colour", sa.String(10)))
op.create_table("new", sa.Column("id", sa.Integer(), primary_key=True))
op.execute("DELETE FROM staff_facility")
op.execute("SELECT nothing FROM nowhere")
"""
LOSING = 'op.execute("DELETE FROM staff_facility")'
ORPHANING = """
with op.batch_alter_table("staff_facility", recreate="always") as table:
    pass
op.execute("UPDATE staff_facility SET facility_id = 4242")
"""


@pytest.mark.parametrize("body", [FAILING, LOSING, ORPHANING], ids=["failing", "losing rows", "orphaning"])
def test_a_migration_that_goes_wrong_changes_nothing(town, family, migrate, body):
    with town.app_context():
        before = schema(db.engine), content(town), versions(town)
    with pytest.raises((SystemExit, sa.exc.DBAPIError)):
        migrate(body)
    with town.app_context():
        assert (schema(db.engine), content(town), versions(town)) == before


def test_rebuilding_a_parent_table_keeps_its_children(town, family, migrate):
    """On SQLite a rebuilt table is dropped and made again: with foreign keys on, its children vanish."""
    before = content(town)
    migrate(
        """
        for name, column in (("staff_member", "last_name"), ("booking_draft", "key"), ("household", "name")):
            with op.batch_alter_table(name) as table:
                table.alter_column(column, existing_type=sa.String(120), nullable=True)
        """
    )
    assert content(town) == before
    assert before["staff_facility"]
    assert before["booking_draft_line"]
    assert "9999" in versions(town)


def test_announced_rows_may_go(town, family, migrate):
    migrate(LOSING, announced=("staff_facility",))
    assert content(town)["staff_facility"] == []


def test_foreign_keys_hold_again_after_a_migration(town, family, migrate):
    migrate("op.create_table('new', sa.Column('id', sa.Integer(), primary_key=True))")
    world = World(town)
    member = world.one(StaffMember)
    with pytest.raises(sa.exc.IntegrityError):
        world.add(StaffFacility(staff_id=member.id, facility_id=4242))


def test_a_damaged_town_is_not_migrated(town, family, migrate):
    """SQLite only: rows without parent, left by another program, are told before anything is changed."""
    with town.app_context():
        if db.engine.dialect.name != "sqlite":
            return
        raw = db.engine.raw_connection()
        raw.cursor().execute("PRAGMA foreign_keys=OFF")
        raw.cursor().execute("UPDATE staff_facility SET facility_id = 4242")
        raw.cursor().execute("PRAGMA foreign_keys=ON")
        raw.close()
    with pytest.raises(SystemExit):
        migrate("pass")
    assert "9999" not in versions(town)


def test_a_new_town_starts_with_the_lists_of_the_demonstration(town):
    """The migration holds its own copy of the words: it must not change with the code."""
    world = World(town)
    choices = {
        kind: tuple(row.label for row in world.all(ListChoice) if row.kind is kind) for kind in ChoiceList
    }
    assert choices == starting_lists.CHOICES
    types = tuple(
        starting_lists.StartingAuthorisation(row.name, row.description, row.is_per_facility, row.is_safety)
        for row in world.all(AuthorisationType)
    )
    assert types == starting_lists.AUTHORISATIONS
    categories = tuple(
        starting_lists.StartingCategory(
            **{one.name: getattr(row, one.name) for one in fields(starting_lists.StartingCategory)}
        )
        for row in world.all(DocumentCategory)
    )
    assert categories == starting_lists.DOCUMENT_CATEGORIES
