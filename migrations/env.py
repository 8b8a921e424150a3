"""How a migration runs: all of them in one write transaction, checked before it is committed.

Guarantees (security F6):
- a migration that fails, loses rows it did not announce or leaves an orphan changes nothing;
- SQLite: foreign keys are off while tables are rebuilt, so that replacing a parent table deletes no
  child row, and the write lock is taken at once; PostgreSQL: one migration at a time, and waiting
  for a lock gives up instead of freezing the portal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

from extensions import SealedText, UtcDateTime

LOCK_TIMEOUT = "10s"
ADVISORY_LOCK = 7_064_627_201  # any number, the same for every process of the portal


class MigrationRefused(RuntimeError):
    """The result of a migration is not what it announced: everything was undone."""


def _row_counts(connection: sa.Connection) -> dict[str, int]:
    tables = [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
    return {
        name: connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
        for name in tables
    }


def _refuse_orphans(connection: sa.Connection, moment: str) -> None:
    """PostgreSQL watches its foreign keys itself; SQLite is asked, since they were off."""
    if connection.dialect.name != "sqlite":
        return
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if orphans:
        raise MigrationRefused(f"Rows without their parent {moment} the migration: {orphans[:5]}")


def _refuse_lost_rows(before: dict[str, int], after: dict[str, int], announced: set[str]) -> None:
    changed = {
        name: (count, after.get(name, 0))
        for name, count in before.items()
        if after.get(name, 0) != count and name not in announced
    }
    if changed:
        raise MigrationRefused(f"Numbers of rows changed without being announced: {changed}")


@contextmanager
def _foreign_keys_off(connection: sa.Connection) -> Iterator[None]:
    """SQLite obeys this pragma only outside of a transaction, hence on the raw connection."""
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def _take_turn(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))


def _render_own_types(kind: str, item: Any, _autogenerate: object) -> str | bool:
    """Migrations outlive the code: they name plain types, not ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, SealedText):
        return "sa.Text()"
    return False


def _number(_context: object, _revision: object, directives: list[Any]) -> None:
    """Name the next migration 0001, 0002… and write none when nothing changed."""
    script = directives[0]
    if script.upgrade_ops is not None and script.upgrade_ops.is_empty():
        directives.clear()
        return
    head = context.script.get_current_head()
    script.rev_id = f"{int(head or 0) + 1:04d}"


def run() -> None:
    database = current_app.extensions["migrate"].db
    announced: set[str] = set()

    def note_announced(step: Any, **_rest: object) -> None:
        announced.update(step.up_revision.module.ROWS_MAY_CHANGE)

    writing = database.engine.execution_options(write=True)
    with writing.connect() as connection, _foreign_keys_off(connection), connection.begin():
        _take_turn(connection)
        _refuse_orphans(connection, "before")
        before = _row_counts(connection)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=_render_own_types,
            process_revision_directives=_number,
            on_version_apply=note_announced,
        )
        context.run_migrations()
        _refuse_lost_rows(before, _row_counts(connection), announced)
        _refuse_orphans(connection, "after")


run()
