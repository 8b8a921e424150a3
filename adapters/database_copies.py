"""A consistent copy of a database in use, and its return (R55): SQLite's backup API, PostgreSQL's pg_dump."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine

from adapters.files import sync_folder

SQLITE_NAME, POSTGRESQL_NAME = "portail.db", "portail.dump"


# pg_restore would drop what its dump holds, one by one, and stop at a newer table that names an older one.
_WITHOUT_TABLES = """
SET client_min_messages = warning;
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE format('DROP TABLE %I CASCADE', one.tablename);
    END LOOP;
END $$;
"""


class CopyFailed(RuntimeError):
    """The database could not be copied or brought back; the text is what the tool said."""


def name_of(engine: Engine) -> str:
    """How the copy is called inside a backup."""
    return SQLITE_NAME if engine.dialect.name == "sqlite" else POSTGRESQL_NAME


def copy(engine: Engine, target: Path, snapshot: str = "") -> None:
    """Copy the database while others write; `snapshot`: the state of PostgreSQL that is wanted.

    Raises CopyFailed, OSError.
    """
    if engine.dialect.name == "sqlite":
        _copy_sqlite(engine, target)
    else:
        wanted = (f"--snapshot={snapshot}",) if snapshot else ()
        _run("pg_dump", engine.url, "--format=custom", f"--file={target}", *wanted)


def _copy_sqlite(engine: Engine, target: Path) -> None:
    """SQLite's own backup: `cp` of a database in use may give an empty one (security F7)."""
    driver = engine.dialect.dbapi
    origin = driver.connect(f"file:{engine.url.database}?mode=ro", uri=True)
    try:
        made = driver.connect(str(target))
        try:
            origin.backup(made)
            found = _damage_of(made)
            made.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        finally:
            made.close()
    finally:
        origin.close()
    if found:
        raise CopyFailed(found)


def damage(engine: Engine) -> str:
    """What SQLite finds wrong in its file, empty when all is well; PostgreSQL watches its own."""
    if engine.dialect.name != "sqlite":
        return ""
    connection = engine.dialect.dbapi.connect(f"file:{engine.url.database}?mode=ro", uri=True)
    try:
        return _damage_of(connection)
    finally:
        connection.close()


def _damage_of(connection: Any) -> str:
    found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    strays = connection.execute("PRAGMA foreign_key_check").fetchall()
    return (
        "" if found == "ok" and not strays else f"integrity: {found}; rows that name nothing: {len(strays)}"
    )


def bring_back(engine: Engine, source: Path, acts: Sequence[str] = ()) -> None:
    """Replace the database, unused now, by a copy after these SQL `acts` in it; all or nothing, and
    nothing of a newer version stays. Raises CopyFailed.
    """
    engine.dispose()
    if engine.dialect.name == "sqlite":
        target = Path(engine.url.database)
        _act(engine, source, acts)
        _gather(engine, target)
        for stale in (f"{target}-wal", f"{target}-shm", f"{target}-journal"):
            Path(stale).unlink(missing_ok=True)
        os.replace(source, target)
        sync_folder(target.parent)
        return
    with tempfile.TemporaryDirectory(dir=source.parent) as aside:
        script, emptied, after = (Path(aside) / name for name in ("town.sql", "emptied.sql", "after.sql"))
        emptied.write_text(_WITHOUT_TABLES)
        after.write_text("".join(f"{act};\n" for act in ("RESET search_path", *acts)))
        _run(
            "pg_restore", engine.url, "--clean", "--if-exists", "--no-owner", f"--file={script}", str(source)
        )
        _run(
            "psql", engine.url, "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
            f"--file={emptied}", f"--file={script}", f"--file={after}",
        )  # fmt: skip


def _act(engine: Engine, source: Path, acts: Sequence[str]) -> None:
    """On a copy in SQLite, which is on the disk when this returns."""
    driver = engine.dialect.dbapi
    connection = driver.connect(str(source), isolation_level=None)
    try:
        for act in ("BEGIN", *acts, "COMMIT"):
            connection.execute(act)
    except driver.Error as error:
        raise CopyFailed(str(error)) from error
    finally:
        connection.close()
    with source.open("rb") as file:
        os.fsync(file.fileno())


def _gather(engine: Engine, target: Path) -> None:
    """Have a SQLite database in one file, nothing left beside it, so that a cut loses none of it."""
    driver = engine.dialect.dbapi
    if not target.exists():
        return
    connection = driver.connect(str(target), timeout=2)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    except driver.OperationalError as error:
        if "locked" in str(error):
            raise CopyFailed("la base est encore utilisée, arrêtez d’abord le portail") from error
    except driver.DatabaseError:  # damaged: it is about to be replaced
        return
    finally:
        connection.close()


def refuse_in_use(engine: Engine) -> None:
    """Raises CopyFailed while another process has this SQLite database open."""
    engine.dispose()
    _gather(engine, Path(engine.url.database))


@contextmanager
def another_database(url: URL) -> Iterator[None]:
    """An empty PostgreSQL database beside the one in use, gone at the end. Raises CopyFailed."""
    import psycopg
    from psycopg import sql

    name = sql.Identifier(url.database)
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
            try:
                yield
            finally:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    except psycopg.Error as error:
        raise CopyFailed(f"a database to restore aside (the right CREATEDB is needed): {error}") from error


def has_tools(engine: Engine) -> bool:
    """False when PostgreSQL's own tools are not installed."""
    return engine.dialect.name == "sqlite" or all(map(shutil.which, ("pg_dump", "pg_restore", "psql")))


def _run(tool: str, url: URL, *options: str) -> None:
    """The secrets go by the environment: a command line is read by every user of the machine."""
    environment = {**os.environ, "PGDATABASE": url.database or ""}
    for name, value in (
        ("PGHOST", url.query.get("host", url.host)),
        ("PGPORT", url.port),
        ("PGUSER", url.username),
        ("PGPASSWORD", url.password),
    ):
        if value:
            environment[name] = str(value)
    try:
        done = subprocess.run(  # noqa: S603  our own words, no shell
            [tool, *options], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise CopyFailed(f"{tool} is not installed: apt-get install postgresql-client") from error
    if done.returncode:
        raise CopyFailed(f"{tool}: {done.stderr.strip()[-1000:]}")
