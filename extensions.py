"""Flask extensions and the rules that every database connection obeys.

Guarantees given here, whatever the code above does:
- SQLite connections use full synchronisation, foreign keys and a busy timeout (security F2 to F6);
- a transaction opened by `services.transaction.write_transaction` takes the write lock at once;
- any other connection can only read: a write outside of the helper raises `WriteOutsideTransaction`;
- what must never be rewritten is refused by the database itself: `guards`.
"""

import sqlite3
from datetime import UTC, datetime
from enum import StrEnum
from types import ModuleType

from flask import current_app
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    event,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase

from guards import rewriting

try:  # the interpreter's own SQLite is often older than the fix of the WAL-reset race
    import pysqlite3.dbapi2 as sqlite_driver
except ImportError:  # no wheel for this processor: the safe fallback of `journal_mode` applies
    sqlite_driver = sqlite3

sqlite_driver: ModuleType
BUSY_TIMEOUT_MS = 10_000
READING_VERBS = ("SELECT", "PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "EXPLAIN", "SHOW")


class WriteOutsideTransaction(RuntimeError):
    """Code tried to write without `write_transaction`: a bug, never a user's mistake."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware datetimes in and out, stored in UTC on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant without time zone cannot be stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SealedText(TypeDecorator[str]):
    """A text that rests sealed (`adapters.sealing`): health, IBANs, declared values (security S49).

    `place` binds it to its column: copied elsewhere it does not open. Never compared or searched in SQL.
    """

    impl = Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else current_app.extensions["sealer"].seal_text(value, self.place)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else current_app.extensions["sealer"].open_text(value, self.place)


def closed_list(kind: type[StrEnum], name: str = "") -> Enum:
    """Column type of a closed list: text with a CHECK, the same on both engines.

    `name` tells the checks of two columns of one table and one list apart.
    """
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=24,
        name=name or kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def empty_tables(connection: Connection, metadata: MetaData) -> None:
    """Remove every row: the demonstration remade, the bench between tests. Nothing else."""
    filled = tables_with_rows(connection, metadata)
    with rewriting(connection, [table.name for table in filled]):
        for table in reversed(filled):
            for column in table.columns:  # a row that names one of its own table goes first
                if any(key.column.table is table for key in column.foreign_keys):
                    named = select(column).where(column.is_not(None)).scalar_subquery()
                    last = column.is_not(None) & table.c.id.not_in(named)  # a credit note must name its bill
                    connection.execute(table.delete().where(last))
                    connection.execute(table.update().values({column.name: None}))
            connection.execute(table.delete())


def tables_with_rows(connection: Connection, metadata: MetaData) -> list[Table]:
    """Those that hold something, parents first. One statement."""
    tables = metadata.sorted_tables
    looks = (f"SELECT '{one.name}' WHERE EXISTS (SELECT 1 FROM {one.name})" for one in tables)  # noqa: S608
    found = set(connection.scalars(text(" UNION ALL ".join(looks))))
    return [table for table in tables if table.name in found]


def refresh_statistics(connection: Connection) -> None:
    """Count again what the planner of queries goes by.

    SQLite keeps the counts and not the samples of values (`sqlite_stat4`): with samples every statement that
    compares an indexed column with a bound value is planned anew each time it runs, which costs ten times
    its execution. Connections that are open keep what they have read: dispose of the engine afterwards.
    """
    connection.execute(text("ANALYZE"))
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TABLE IF EXISTS sqlite_stat4"))


db = SQLAlchemy(model_class=Base)
login_manager = LoginManager()
csrf = CSRFProtect()


def journal_mode(version: tuple[int, int, int]) -> tuple[str, str]:
    """(journal mode, synchronous) that are safe for a SQLite version.

    WAL before 3.51.3 (but the fixed 3.44.6 and 3.50.7 lines) can lose a committed write
    (security F2); those versions fall back to a rollback journal with extra synchronisation.
    """
    fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)
    return ("WAL", "FULL") if fixed else ("TRUNCATE", "EXTRA")


def _is_sqlite(raw_connection: object) -> bool:
    return isinstance(raw_connection, (sqlite_driver.Connection, sqlite3.Connection))


@event.listens_for(Engine, "connect")
def _prepare_sqlite(raw_connection, _record) -> None:
    if not _is_sqlite(raw_connection):
        return
    raw_connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
    mode, synchronous = journal_mode(sqlite_driver.sqlite_version_info)
    cursor = raw_connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"journal_mode={mode}",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "temp_store=MEMORY",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection) -> None:
    """PostgreSQL needs no transaction to read: each statement sees what is committed, as it does in one. The
    ROLLBACK that would end it costs far more than itself: the driver forgets all its prepared statements, and
    planning the portal's large statements anew takes longer than running them."""
    writing = bool(connection.get_execution_options().get("write"))
    if connection.dialect.name == "sqlite":
        if writing:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # cannot wait nor fail: nothing to translate
            connection.connection.dbapi_connection.execute("BEGIN")
    else:
        connection.connection.dbapi_connection.autocommit = not writing


@event.listens_for(Engine, "before_cursor_execute")
def _refuse_stray_writes(connection, _cursor, statement, _parameters, _context, _many) -> None:
    if connection.get_execution_options().get("write"):
        return
    if not statement.lstrip().upper().startswith(READING_VERBS):
        raise WriteOutsideTransaction(statement)
