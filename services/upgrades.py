"""An update of the database that fails leaves the town as it was (reliability 3.10)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import inspect, text

from adapters import database_copies
from adapters.turns import Turn
from domain.errors import Refused
from domain.french import NBSP
from extensions import db
from services import backups


class UpgradeRefused(RuntimeError):
    """The updated database is not what it must be."""


@contextmanager
def guarded(migrations: str, now: datetime) -> Iterator[bool]:
    """Give whether there is something to bring up to date; when there is, copy the database before what
    happens inside and check it after. What fails or is not as it should be is undone: the copy is the town
    again. Of several servers that start at once one does it, the others wait. Raises Refused `upgrade`.
    """
    with Turn(db.engine, Path(current_app.config["INSTANCE"]), "upgrade"):
        revision = current_revision()
        newest = ScriptDirectory(migrations).get_current_head()
        if current_app.config["DEMO"] or revision in (None, newest):
            yield revision != newest
            return
        with _undone_on_failure(revision, newest, now):
            yield True


@contextmanager
def _undone_on_failure(revision: str, newest: str, now: datetime) -> Iterator[None]:
    ledger = _facts()["ledger"]
    copy = _copy(revision, now)
    try:
        yield
        _check(newest, ledger)
    except Exception as error:
        if current_revision() != revision or db.engine.dialect.name == "sqlite":
            db.session.remove()
            database_copies.bring_back(db.engine, _again(copy))
        raise Refused(
            "upgrade",
            f"La mise à jour de la base a échoué, la base est comme avant. Reprenez l’ancienne version du "
            f"logiciel et signalez ceci{NBSP}: {error}",
        ) from error


def current_revision() -> str | None:
    """The version of the schema of this town; None for an empty database."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(text("SELECT version_num FROM alembic_version"))


def _facts() -> dict[str, Any]:
    with db.engine.connect() as connection:
        return backups.facts(connection)


def _check(newest: str, ledger: dict[str, int]) -> None:
    """What the migrations cannot see of themselves. Raises UpgradeRefused."""
    found = _facts()
    if found["revision"] != newest:
        raise UpgradeRefused(f"the schema is {found['revision']}, not {newest}")
    moved = {name: (cents, found["ledger"].get(name)) for name, cents in ledger.items()}
    if any(before != after for before, after in moved.values()):
        raise UpgradeRefused(f"the totals of the ledger moved: {moved}")
    if damage := database_copies.damage(db.engine):
        raise UpgradeRefused(damage)


def _copy(revision: str, now: datetime) -> Path:
    """What the town was before, kept beside the backups."""
    name = database_copies.name_of(db.engine)
    target = backups.folder() / f"{backups.ASIDE}{revision}-{now:{backups.STAMP}}-{name}"
    database_copies.copy(db.engine, target)
    return target


def _again(copy: Path) -> Path:
    """A second one to move into place: the first stays."""
    second = copy.with_suffix(".retour")
    second.write_bytes(copy.read_bytes())
    return second
