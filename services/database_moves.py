"""A town that began on SQLite goes on with PostgreSQL, without the loss of a row or of a write (R60)."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    Table,
    Text,
    create_engine,
    func,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from adapters import database_copies, database_moves
from adapters.database_copies import CopyFailed
from adapters.sealing import SealBroken
from adapters.turns import Turn
from domain.enums import Channel
from domain.errors import Refused
from domain.french import NBSP
from extensions import SealedText, db
from guards import rewriting
from services import audit, backups, upgrades

_SAMPLE = 20  # sealed values opened in each column


@dataclass(frozen=True, slots=True)
class Moved:
    """What arrived, for the person who moves it."""

    tables: int
    rows: int
    backup: str


def move(address: str, migrations: str, now: datetime) -> Moved:
    """Copy the town, now on SQLite, into the empty PostgreSQL database at `address`, and check all of it.

    Writers are held off meanwhile. Everything on the other side happens in one transaction: who cuts it finds
    an empty database there and the town here, as it was. Once the copy is whole the SQLite database says
    where the town went and refuses every write, so that none can be lost.

    Raises Refused `other_engine`, `not_ready`, `moved`, `running`, `backup`, `unreachable`, `not_empty`,
    `not_unicode`, `different`; each time nothing has changed.
    """
    _ready(migrations)
    engine = create_engine(address, poolclass=NullPool, hide_parameters=True)
    instance = Path(current_app.config["INSTANCE"])
    with _nobody_else(db.engine, instance), _told():
        with engine.connect() as target:
            _refuse_target(target)
        backup = _backed_up(now)
        db.session.remove()
        with Turn(engine, instance, "upgrade"), db.engine.execution_options(write=True).begin() as origin:
            _record(origin, now)
            with engine.execution_options(write=True).begin() as target:
                _refuse_target(target)
                database_moves.make_schema(target, db.metadata, migrations)
                with rewriting(target, db.metadata.tables):  # no row is rewritten: these arrive
                    database_moves.pour(origin, target, db.metadata)
                rows = _compared(origin, target)
            database_moves.freeze(origin, now.isoformat())
    return Moved(len(rows), sum(rows.values()), backup)


def _ready(migrations: str) -> None:
    if db.engine.dialect.name != "sqlite":
        raise Refused(
            "other_engine",
            "Ce portail est déjà réglé sur PostgreSQL. Si ses données sont encore dans SQLite, retirez "
            "database_url de portail.toml (ou DATABASE_URL), puis recommencez.",
        )
    if not Path(db.engine.url.database).exists():
        raise Refused("not_ready", f"Aucune base SQLite ici{NBSP}: réglez database_url et démarrez.")
    if upgrades.current_revision() != ScriptDirectory(migrations).get_current_head():
        raise Refused(
            "not_ready", "La base n’est pas à jour. Démarrez une fois le portail, arrêtez-le, recommencez."
        )
    if database_moves.moved_at(db.engine) is not None:
        raise Refused("moved", "Les données de cette commune sont déjà passées à PostgreSQL.")


@contextmanager
def _nobody_else(engine: Engine, instance: Path) -> Iterator[None]:
    """Raises Refused `running` when the server or the worker has the database open."""
    refusal = Refused("running", "Le portail est encore en marche. Arrêtez-le, puis recommencez.")
    worker = Turn(engine, instance, "worker")
    if not worker.take():
        raise refusal
    try:
        with Turn(engine, instance, "upgrade"):
            try:
                database_copies.refuse_in_use(engine)
            except CopyFailed:
                raise refusal from None
            yield
    finally:
        worker.give_back()


@contextmanager
def _told() -> Iterator[None]:
    """What the databases answer, as a French refusal."""
    try:
        yield
    except (DBAPIError, CopyFailed, OSError) as error:
        db.session.remove()
        answer = error.orig if isinstance(error, DBAPIError) else error
        said = getattr(getattr(answer, "diag", None), "message_primary", None) or str(answer)
        raise Refused(
            "unreachable", f"Une des deux bases a refusé, rien n’a changé{NBSP}: {said.strip()}"
        ) from error


def _refuse_target(target: Connection) -> None:
    if target.dialect.name != "postgresql":
        raise Refused("unreachable", "L’adresse commence par postgresql://")
    found = inspect(target)
    if found.get_table_names() or found.get_view_names():
        raise Refused(
            "not_empty",
            "Cette base PostgreSQL contient déjà des tables. Donnez une base vide, créée pour le portail.",
        )
    if target.scalar(text("SHOW server_encoding")) != "UTF8":
        raise Refused("not_unicode", "Cette base PostgreSQL n’est pas en UTF-8. Créez-en une qui l’est.")


def _backed_up(now: datetime) -> str:
    """The name of a backup of this moment, restored aside."""
    done = backups.nightly(now)
    problems = [done[step].problem for step in ("backup", "proof") if step in done and done[step].problem]
    if problems:
        raise Refused("backup", " ".join(problems))
    return done["backup"].file


def _record(origin: Connection, now: datetime) -> None:
    with Session(origin, join_transaction_mode="rollback_only") as session:
        audit.record(
            session,
            at=now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="town.moved",
            object_type="town",
            object_id=0,
        )
        session.flush()


# --- What arrived is what was sent --------------------------------------------------------------------------


def _compared(origin: Connection, target: Connection) -> dict[str, int]:
    """The number of rows of each table. Raises Refused `different`."""
    sent, arrived = backups.facts(origin), backups.facts(target)
    problems = [
        f"{table}{NBSP}: {count} lignes envoyées, {arrived['rows'].get(table)} arrivées"
        for table, count in sent["rows"].items()
        if arrived["rows"].get(table) != count
    ]
    if sent["ledger"] != arrived["ledger"]:
        problems.append(f"les totaux des comptes diffèrent{NBSP}: {sent['ledger']}, {arrived['ledger']}")
    problems += [
        f"{table.name}{NBSP}: le contenu diffère"
        for table in db.metadata.sorted_tables
        if digest(origin, table) != digest(target, table)
    ]
    known = _journal(origin)
    problems += [one for one in _journal(target) if one not in known]
    problems += _closed(target)
    if problems:
        raise Refused(
            "different",
            "La copie n’est pas identique. Elle a été effacée de PostgreSQL et le portail reste sur SQLite, "
            f"comme avant. Signalez ceci{NBSP}:\n" + "\n".join(problems),
        )
    return sent["rows"]


def digest(connection: Connection, table: Table) -> int:
    """A number that two databases share when the table holds the same rows, in whatever order. Sealed values
    are compared as they rest. The connection is in a transaction."""
    columns = (type_coerce(one, Text) if isinstance(one.type, SealedText) else one for one in table.columns)
    total = 0
    for row in connection.execution_options(yield_per=database_moves.BATCH).execute(select(*columns)):
        hashed = hashlib.blake2b(repr(tuple(row)).encode(errors="surrogatepass"), digest_size=16)
        total += int.from_bytes(hashed.digest())
    return total


def _journal(connection: Connection) -> list[str]:
    """What does not hold in the journal of that database."""
    db.session.remove()
    db.session.registry.set(Session(connection, join_transaction_mode="rollback_only"))
    try:
        return backups.journal_problems()
    finally:
        db.session.remove()


def _closed(target: Connection) -> Iterator[str]:
    """The columns with a sealed value that does not open, of some taken by chance."""
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.type, SealedText):
                continue
            some = select(column).where(column.is_not(None)).order_by(func.random()).limit(_SAMPLE)
            try:
                target.execute(some).all()
            except SealBroken:
                yield f"{table.name}.{column.name}{NBSP}: une valeur scellée ne s’ouvre pas"
