"""What the database itself refuses, whatever the code above does: rewriting a journal (S115), an issued bill
(R42), a forbidden state (S59). Migrations have their own copies: an applied migration never changes.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy import DDL, Connection, Table, event, text

# PostgreSQL: the tables that `erasing` opened in this transaction.
_ERASING = (
    "coalesce(TG_TABLE_NAME = ANY(string_to_array(current_setting('portail.erasing', true), ',')), false)"
)
_APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
        "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP <> 'UPDATE' OR NOT {_ERASING} THEN "
        "RAISE '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END IF; "
        "RETURN NEW; END $$",
        "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()",
    ),
}


def append_only(table: Table) -> None:
    """Have the database refuse UPDATE, DELETE and TRUNCATE on `table`, from its creation on."""
    for engine, statements in _APPEND_ONLY.items():
        for statement in statements:
            _once_created(table, engine, statement.format(table=table.name))


def _once_created(table: Table, engine: str, statement: str) -> None:
    event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=engine))


def guard(
    table: Table,
    name: str,
    act: str,
    refused: str,
    message: str,
    columns: str = "",
    *,
    is_erasable: bool = False,
) -> None:
    """Have the database refuse an `act` (INSERT, UPDATE, DELETE) on a row for which `refused` holds.

    `refused` is a condition on OLD and NEW that both engines read alike; `columns` narrows an UPDATE;
    `is_erasable`: the table holds something of a person, which `erasing` may take out of it (R54).
    """
    of = f" OF {columns}" if columns else ""
    head = f"CREATE TRIGGER {name} BEFORE {act}{of} ON {table.name} "
    _once_created(
        table,
        "sqlite",
        f"{head}FOR EACH ROW WHEN {refused} BEGIN SELECT RAISE(ABORT, '{message}'); END",
    )
    row = "OLD" if act == "DELETE" else "NEW"
    _once_created(
        table,
        "postgresql",
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {refused}{f' AND NOT {_ERASING}' if is_erasable else ''} THEN "
        f"RAISE '{message}' USING ERRCODE = 'restrict_violation'; END IF; RETURN {row}; END $$",
    )
    _once_created(table, "postgresql", f"{head}FOR EACH ROW EXECUTE FUNCTION {name}()")


def changes(*columns: str) -> str:
    """The condition « one of these columns changes »."""
    return "(" + " OR ".join(f"OLD.{one} IS DISTINCT FROM NEW.{one}" for one in columns) + ")"


def forbidden_step(transitions: Mapping[StrEnum, frozenset[StrEnum]]) -> str:
    """The condition « the state changes to one that may not follow »."""
    steps = [
        f"(OLD.state = '{state}' AND NEW.state = '{after}')"
        for state, following in transitions.items()
        for after in sorted(following)
    ]
    return f"(OLD.state <> NEW.state AND NOT ({' OR '.join(steps)}))"


@contextmanager
def rewriting(connection: Connection, tables: Collection[str]) -> Iterator[None]:
    """Take the guards of these tables off: only for the demonstration remade and the bench between tests."""
    if connection.dialect.name == "postgresql":
        query = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
        guarded = [table for table in connection.scalars(text(query)) if table in tables]
        for table in guarded:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield
        for table in guarded:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        return
    every = connection.execute(text("SELECT * FROM sqlite_master WHERE type = 'trigger'")).all()
    triggers = [trigger for trigger in every if trigger.tbl_name in tables]
    for trigger in triggers:
        connection.execute(text(f"DROP TRIGGER {trigger.name}"))
    yield
    for trigger in triggers:
        connection.exec_driver_sql(trigger.sql)


@contextmanager
def erasing(connection: Connection, tables: Collection[str]) -> Iterator[None]:
    """Let the rows of these tables lose, in this transaction, what they hold of a person (R54).

    The one sanctioned way, for `services.erasures` alone: rows are emptied, never removed. Others cannot
    profit by it: PostgreSQL opens this connection only, SQLite has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        opened = text("SELECT set_config('portail.erasing', :tables, true)")
        connection.execute(opened, {"tables": ",".join(tables)})
        yield
        connection.execute(opened, {"tables": ""})
        return
    query = text("SELECT * FROM sqlite_master WHERE type = 'trigger'")
    lifted = [
        one for one in connection.execute(query) if one.tbl_name in tables and " BEFORE UPDATE ON " in one.sql
    ]
    for trigger in lifted:
        connection.execute(text(f"DROP TRIGGER {trigger.name}"))
    yield
    for trigger in lifted:
        connection.exec_driver_sql(trigger.sql)
