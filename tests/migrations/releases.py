"""A small town of each released version of the schema, written by that version's own code.

    .venv/bin/python -m tests.migrations.releases

makes the demonstration of the code as it stands and keeps its rows in `tests/data/releases/<schema>.json.xz`:
a release does it once, a file that is there is never made again. The rows go into either engine under the
migrations of their time, which never change.
"""

import base64
import json
import lzma
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask

import cli
import config
from app import create_app
from extensions import db
from services import demo
from tests.migrations.conftest import migrate_to

FOLDER = config.ROOT / "tests/data/releases"
SUFFIX = ".json.xz"
# One document with its pages is enough: the others stay as papers seen at the counter, without files.
_LIGHTER = (
    "DELETE FROM document_page WHERE document_id > (SELECT min(document_id) FROM document_page)",
    "UPDATE document SET file_key = NULL WHERE id NOT IN (SELECT document_id FROM document_page)",
)
_READ: dict[type, Callable[[Any], Any]] = {
    sa.Boolean: bool,
    sa.DateTime: lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    sa.Date: date.fromisoformat,
    sa.JSON: json.loads,
}


@dataclass(frozen=True, slots=True)
class Release:
    """`tables`: the values of each column by table, as SQLite keeps them; `files`: those of families, by
    their place in the instance folder, in base 64."""

    schema: str
    made_at: str  # ISO 8601, UTC: pages are looked at from this day
    sealing_keys: str
    tables: dict[str, dict[str, list[Any]]]
    files: dict[str, str]

    def rows(self, table: str) -> list[dict[str, Any]]:
        columns = self.tables.get(table, {})
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def lay_files(self, instance: Path) -> None:
        """Put the keys and the files of families into an instance folder without an application yet."""
        if self.sealing_keys:
            (instance / "sealing_keys").write_text(self.sealing_keys)
            (instance / "sealing_keys").chmod(0o600)
        for name, content in self.files.items():
            path = instance / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_bytes(base64.b64decode(content))

    def lay_rows(self, app: Flask) -> None:
        """Make the database of that version with its rows on an application whose database is empty."""
        migrate_to(app, self.schema)
        with app.app_context(), db.engine.execution_options(write=True).begin() as connection:
            found = sa.MetaData()
            found.reflect(connection)
            with _unwatched(connection):
                for table in reversed(found.sorted_tables):  # the lists that a migration starts with
                    if table.name != "alembic_version":
                        connection.execute(table.delete())
                for table in found.sorted_tables:
                    rows = _typed(table, self.tables[table.name])
                    if rows and table.name != "alembic_version":
                        connection.execute(table.insert(), rows)
            _count_on(connection, found)


def kept() -> list[str]:
    """The versions of the schema that have a town here, in order."""
    return sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}"))


def read(schema: str) -> Release:
    return Release(**json.loads(lzma.decompress((FOLDER / f"{schema}{SUFFIX}").read_bytes())))


def keep(instance: Path) -> Path:
    """Keep the demonstration of an instance folder, on SQLite; returns the file."""
    with closing(sqlite3.connect(instance / "portail.db")) as connection:
        names = [row[0] for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )]  # fmt: skip
        if "document_page" in names:
            for statement in _LIGHTER:
                connection.execute(statement)
        tables = {name: _columns(connection, name) for name in names}
    (schema,) = tables["alembic_version"]["version_num"]
    documents = tables.get("document", {}).get("file_key", [])
    pages = tables.get("document_page", {}).get("file_key", [])
    keys = instance / "sealing_keys"
    release = Release(
        schema,
        (instance / "made_on").read_text(),
        keys.read_text() if keys.exists() else "",
        tables,
        {
            f"documents/{key}": base64.b64encode((instance / "documents" / key).read_bytes()).decode()
            for key in [*filter(None, documents), *pages]
        },
    )
    target = FOLDER / f"{schema}{SUFFIX}"
    content = json.dumps(asdict(release), ensure_ascii=False, separators=(",", ":")).encode()
    target.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    return target


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, list[Any]]:
    cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608  names of the schema
    names, rows = [column[0] for column in cursor.description], cursor.fetchall()
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _typed(table: sa.Table, columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The rows of a table for either engine, from what SQLite keeps."""
    typed = [
        [value if value is None else read(value) for value in values]
        if (read := next((_READ[kind] for kind in _READ if isinstance(table.c[name].type, kind)), None))
        else values
        for name, values in columns.items()
    ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*typed, strict=True)]


@contextmanager
def _unwatched(connection: sa.Connection) -> Iterator[None]:
    """Rows are laid as they stood, past the guards that watch how they come to be."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        yield
        connection.execute(sa.text("SET LOCAL session_replication_role = origin"))
        return
    connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    triggers = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in triggers:
        connection.execute(sa.text(f"DROP TRIGGER {name}"))
    yield
    for _, statement in triggers:
        connection.exec_driver_sql(statement)


def _count_on(connection: sa.Connection, found: sa.MetaData) -> None:
    """PostgreSQL gives the next id after those that were laid."""
    if connection.dialect.name != "postgresql":
        return
    for table in found.sorted_tables:
        if "id" in table.c and isinstance(table.c.id.type, sa.Integer):
            connection.execute(
                sa.text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608
                    f'(SELECT coalesce(max(id), 0) + 1 FROM "{table.name}"), false)'
                )
            )


def main() -> None:
    """Keep the town of this version, unless it is kept already."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(config.load({"PORTAIL_INSTANCE": folder, "PORTAIL_DEMO": "1"}))
        with app.app_context():
            cli.prepare_database()
            schema = db.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
            if schema in kept():
                raise click.ClickException(f"{schema} is kept already: a release never changes.")
            demo.ensure(app.config["CLOCK"].now(), app.config["INSTANCE"])
            db.session.remove()
            db.engine.dispose()
        click.echo(keep(app.config["INSTANCE"]))


if __name__ == "__main__":
    main()
