"""The rows of a SQLite database, poured into PostgreSQL as they rest: sealed values stay sealed (R60)."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, MetaData, Table, inspect, text

from adapters.database_copies import CopyFailed

MOVED = "moved"  # a setting of a SQLite database whose town went elsewhere
BATCH = 2_000
_FOREIGN_KEYS = """
SELECT conrelid::regclass::text AS table_name, conname AS name, pg_get_constraintdef(oid) AS rule
FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
"""


def make_schema(target: Connection, metadata: MetaData, migrations: str) -> None:
    """The tables of this version with their guards, in the caller's transaction."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    metadata.create_all(target)
    MigrationContext.configure(target).stamp(ScriptDirectory(migrations), "head")


def pour(origin: Connection, target: Connection, metadata: MetaData) -> None:
    """Copy every row, table by table, and let new rows be numbered after them.

    Foreign keys are off meanwhile, then checked all at once; the caller has taken the guards off. Raises
    CopyFailed for a row that PostgreSQL refuses, DBAPIError.
    """
    target.execute(text("SET LOCAL TIME ZONE 'UTC'"))  # SQLite's instants say no zone
    with _without_foreign_keys(target):
        for table in metadata.sorted_tables:
            _pour_table(origin, target, table)
            _go_on_numbering(target, table)


def _pour_table(origin: Connection, target: Connection, table: Table) -> None:
    import psycopg  # not for the web workers of a town on SQLite

    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    rows = origin.exec_driver_sql(f'SELECT {columns} FROM "{table.name}"')  # noqa: S608  names of the schema
    driver = target.connection.dbapi_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for batch in rows.partitions(BATCH):
                for row in batch:
                    copy.write_row(row)
    except psycopg.Error as error:  # its other words quote the row
        raise CopyFailed(f"{table.name}: {error.diag.message_primary or type(error).__name__}") from None


def _go_on_numbering(target: Connection, table: Table) -> None:
    column = table.autoincrement_column
    if column is not None:
        highest = f'SELECT max("{column.name}") FROM "{table.name}"'  # noqa: S608  names of the schema
        serial = f"pg_get_serial_sequence('\"{table.name}\"', '{column.name}')"
        target.execute(text(f"SELECT setval({serial}, ({highest})) WHERE ({highest}) IS NOT NULL"))


@contextmanager
def _without_foreign_keys(target: Connection) -> Iterator[None]:
    found = target.execute(text(_FOREIGN_KEYS)).all()
    for one in found:
        target.execute(text(f"ALTER TABLE {one.table_name} DROP CONSTRAINT {one.name}"))
    yield
    for one in found:
        target.execute(text(f"ALTER TABLE {one.table_name} ADD CONSTRAINT {one.name} {one.rule}"))


def freeze(origin: Connection, moment: str) -> None:
    """Leave a SQLite database as the memory of a town that moved: it says so and refuses every write."""
    origin.execute(text("INSERT INTO setting (key, value) VALUES (:key, :at)"), {"key": MOVED, "at": moment})
    for table in inspect(origin).get_table_names():
        for act in ("INSERT", "UPDATE", "DELETE"):
            origin.exec_driver_sql(
                f'CREATE TRIGGER "{MOVED}_{table}_{act.lower()}" BEFORE {act} ON "{table}" '
                "BEGIN SELECT RAISE(ABORT, 'the town moved to PostgreSQL'); END"
            )


def moved_at(engine: Engine) -> str | None:
    """When the town of this SQLite database went to PostgreSQL (ISO 8601); None when it is here."""
    if engine.dialect.name != "sqlite":
        return None
    with engine.connect() as connection:
        if not inspect(connection).has_table("setting"):
            return None
        return connection.scalar(text("SELECT value FROM setting WHERE key = :key"), {"key": MOVED})
