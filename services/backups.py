"""Backups of the whole town: made, proved by restoring them aside, rotated, sent elsewhere (R55).

Each night one encrypted file takes the database and the files; then it is opened again aside and everything
in it is checked. What happened is kept in a small file beside the backups, for the administrator's home.
"""

import fcntl
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from adapters import backup_archive, database_copies
from adapters.files import FileStore, Member, SealedFiles
from adapters.sealing import SealBroken
from domain.backup_rotation import kept, kept_aside
from domain.calendar import PARIS, paris_now
from domain.errors import Refused
from domain.french import NBSP
from extensions import db, sqlite_driver
from models import Document, DocumentPage
from services import audit_seals, file_stores

NIGHT = time(2, 30)  # in Paris: after the last bookings of the evening, before the kitchens
RETRY_AFTER = timedelta(hours=1)
SUFFIX = ".age"
STATE = "etat.json"
ASIDE, ASIDE_OF_RESTORE = "avant-", "avant-restauration-"
STAMP = "%Y%m%d-%H%M%S"  # of what is put aside, UTC
_STAMP = re.compile(r"[0-9]{8}-[0-9]{6}")
# Beside the files of families and of the service. The sealing keys and the key of the backups stay out: kept
# together with what they seal, they protect nothing.
_FILES = ("portail.toml",)
_COPY, _TRIAL = ".copie-", ".essai-"  # folders of a moment
_SAMPLE = 20  # documents opened in each proof
_OFF_SITE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step: `problem` is empty when it went well, a French sentence otherwise."""

    at: str  # ISO 8601, UTC
    file: str = ""  # for the journal, its last link
    problem: str = ""
    size: int = 0  # bytes

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


def folder() -> Path:
    """Where the backups lie; made when missing."""
    found = Path(current_app.config["BACKUPS"])
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def state() -> dict[str, Outcome]:
    """The last « backup », « proof », « journal » and « off_site », by name."""
    try:
        kept_state = json.loads((Path(current_app.config["BACKUPS"]) / STATE).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {name: Outcome(**values) for name, values in kept_state.items()}


def nightly(now: datetime) -> dict[str, Outcome]:
    """Make tonight's backup, prove it, let old ones go, send it elsewhere; each step is told, failed or not.

    Raises Refused `running` when another one is under way.
    """
    with _alone():
        _sweep()
        made, archive = _made(now)
        if archive is None:
            return tell({"backup": made})
        done = {"backup": made, "proof": _proved(archive, now), "journal": _journal_checked(now)}
        if not done["proof"].problem:
            rotate(paris_now(now).date())
            rotate_aside(now)
        if current_app.config["OFF_SITE"]:
            done["off_site"] = _sent(archive, now)
        return tell(done)


def is_due(now: datetime) -> bool:
    """True once a night, from half past two; again an hour after one that failed. One that was made in the
    future is no backup of the past: the clock was set back since."""
    made = state().get("backup")
    if made is None or made.moment > now + RETRY_AFTER:
        return True
    if made.problem:
        return now - made.moment >= RETRY_AFTER
    tonight = datetime.combine(paris_now(now).date(), NIGHT, PARIS)
    return made.moment < tonight <= now


def make(now: datetime) -> Path:
    """One backup. Raises CopyFailed, OSError."""
    current_app.extensions["sealer"].seal(b"", "backup")  # the keys to keep apart exist from now on
    target = folder() / f"portail-{paris_now(now):%Y-%m-%d-%H%M%S}{SUFFIX}"
    with tempfile.TemporaryDirectory(prefix=_COPY, dir=folder()) as aside:
        copy = Path(aside) / database_copies.name_of(db.engine)
        found = _copy_database(copy)
        members = {copy.name: copy, **_files()}
        manifest = {
            "made_at": now.isoformat(),
            "database": copy.name,
            "journal": audit_seals.head(),  # proof of what stood, wherever the copy goes
            **found,
        }
        backup_archive.write(target, Path(current_app.config["BACKUP_KEY"]), members, manifest)
    return target


def prove(archive: Path) -> dict[str, Any]:
    """Restore a backup aside and check all of it; returns its manifest. Raises ArchiveBroken, CopyFailed."""
    with tempfile.TemporaryDirectory(prefix=_TRIAL, dir=folder()) as aside:
        opened_files = Path(aside)
        manifest = backup_archive.read(archive, Path(current_app.config["BACKUP_KEY"]), opened_files)
        copy = opened_files / manifest["database"]
        with _aside(copy) as engine, engine.connect() as connection:
            found = facts(connection)
            if found != {name: manifest[name] for name in found}:
                raise database_copies.CopyFailed("The restored rows are not those that were counted.")
            _open_documents(connection, opened_files / "documents")
        return manifest


def facts(connection: Connection) -> dict[str, Any]:
    """What a restored database must give again: its revision, its rows by table, the totals of its ledger."""
    tables = sorted(inspect(connection).get_table_names())
    rows = {
        table: connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608  names of the schema
        for table in tables
    }
    revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return {"revision": revision, "rows": rows, "ledger": _ledger(connection) if "payment" in rows else {}}


def rotate(today: date) -> list[str]:
    """Remove the backups that need not be kept any more; returns their names."""
    found = {path: _day_of(path) for path in folder().glob(f"*{SUFFIX}")}
    days = kept(set(found.values()), today)
    gone = [path for path, day in found.items() if day not in days]
    for path in gone:
        path.unlink()
    return sorted(path.name for path in gone)


def rotate_aside(now: datetime) -> list[str]:
    """Remove what was put aside long ago, before an update (beside the backups) or a restore; their names."""
    copies = [path.name for path in folder().glob(f"{ASIDE}*")]
    gone = _old(copies, now)
    for name in gone:
        (folder() / name).unlink()
    instance = Path(current_app.config["INSTANCE"])
    towns = {path.name for path in instance.glob(f"{ASIDE_OF_RESTORE}*")}
    for name in _old(sorted(towns | file_stores.asides(ASIDE_OF_RESTORE)), now):
        file_stores.drop_aside(name)
        shutil.rmtree(instance / name, ignore_errors=True)
        gone.append(name)
    return gone


def _old(names: Collection[str], now: datetime) -> list[str]:
    found = {name: _moment_of(name) for name in names}
    moments = {moment for moment in found.values() if moment is not None}
    stays = kept_aside(moments, now) | {None}  # a name that is none of ours stays
    return [name for name, moment in found.items() if moment not in stays]


def _moment_of(name: str) -> datetime | None:
    stamp = _STAMP.search(name)
    return datetime.strptime(f"{stamp[0]}+0000", f"{STAMP}%z") if stamp else None


def _day_of(path: Path) -> date:
    return date.fromisoformat(path.name.removeprefix("portail-")[:10])


# --- The steps of the night ---------------------------------------------------------------------------------


def _made(now: datetime) -> tuple[Outcome, Path | None]:
    try:
        archive = make(now)
    except (database_copies.CopyFailed, OSError) as error:
        current_app.logger.exception("The backup could not be made")
        return Outcome(now.isoformat(), problem=f"La sauvegarde n’a pas pu être faite{NBSP}: {error}"), None
    return Outcome(now.isoformat(), archive.name, size=archive.stat().st_size), archive


def _proved(archive: Path, now: datetime) -> Outcome:
    try:
        prove(archive)
    except (
        backup_archive.ArchiveBroken, database_copies.CopyFailed, SealBroken, DBAPIError, OSError
    ) as error:  # fmt: skip
        current_app.logger.exception("The backup could not be restored aside")
        return Outcome(now.isoformat(), archive.name, f"La sauvegarde ne se restaure pas{NBSP}: {error}")
    return Outcome(now.isoformat(), archive.name, size=archive.stat().st_size)


def _journal_checked(now: datetime) -> Outcome:
    """Whether the chain of the journal holds; its last link is kept beside the backups when it does."""
    problems = journal_problems()
    if problems:
        return replace(state().get("journal", Outcome(now.isoformat())), problem=" ".join(problems))
    return Outcome(now.isoformat(), audit_seals.head())


def journal_problems() -> list[str]:
    """What does not hold in the journal, measured against the link of the last night; in French."""
    known = state().get("journal")
    return audit_seals.problems(known.file, known.moment) if known else audit_seals.problems()


def _sent(archive: Path, now: datetime) -> Outcome:
    command = [
        part.replace("{fichier}", str(archive)) for part in shlex.split(current_app.config["OFF_SITE"])
    ]
    try:
        done = subprocess.run(  # noqa: S603  the town's own command, no shell
            command, capture_output=True, text=True, timeout=_OFF_SITE_SECONDS, check=False
        )
        said = "" if done.returncode == 0 else done.stderr.strip()[-300:] or f"code {done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    problem = said and f"La copie hors du serveur a échoué{NBSP}: {said}"
    return Outcome(now.isoformat(), archive.name, problem)


def tell(done: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Keep what happened; what did not happen tonight stays as it was."""
    known = {name: asdict(outcome) for name, outcome in {**state(), **done}.items()}
    unfinished = folder() / f"{STATE}.unfinished"
    unfinished.write_text(json.dumps(known, ensure_ascii=False, indent=1))
    unfinished.rename(folder() / STATE)
    return dict(done)


def _sweep() -> None:
    """Remove what a backup that was killed left half done."""
    for path in folder().iterdir():
        if path.name.startswith((_COPY, _TRIAL)):
            shutil.rmtree(path)
        elif path.suffix == backup_archive.UNFINISHED:
            path.unlink()


@contextmanager
def _alone() -> Iterator[None]:
    """One backup at a time on this machine. Raises Refused `running`."""
    with (folder() / ".verrou").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("running", "Une sauvegarde est déjà en cours. Attendez qu’elle finisse.") from None
        yield


# --- What is copied, what is checked ------------------------------------------------------------------------


def _copy_database(target: Path) -> dict[str, Any]:
    """Copy it; what the copy holds, read from the very same state of the database."""
    if db.engine.dialect.name == "sqlite":
        database_copies.copy(db.engine, target)
        with opened(target) as connection:
            return facts(connection)
    seen = {"write": True, "isolation_level": "REPEATABLE READ"}
    with db.engine.connect().execution_options(**seen) as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        database_copies.copy(db.engine, target, snapshot)
        return facts(connection)


def _files() -> dict[str, Member]:
    instance = Path(current_app.config["INSTANCE"])
    found: dict[str, Member] = {}
    for place in file_stores.BACKED_UP:
        store = file_stores.store(place)
        found |= {f"{place}/{key}": store.member(key) for key in store.names()}
    return found | {name: instance / name for name in _FILES if (instance / name).is_file()}


@contextmanager
def _aside(copy: Path) -> Iterator[Engine]:
    """A database made of the copy, gone at the end."""
    if copy.name == database_copies.SQLITE_NAME:
        with _sqlite(copy) as engine:
            yield engine
        return
    url = db.engine.url.set(database=f"{db.engine.url.database}_essai")
    with database_copies.another_database(url):
        engine = create_engine(url, poolclass=NullPool)
        database_copies.bring_back(engine, copy)
        yield engine
        engine.dispose()


@contextmanager
def _sqlite(path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{path}", module=sqlite_driver, poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def _ledger(connection: Connection) -> dict[str, int]:
    """Cents: what bills ask for, what was taken off, settled, received and allocated."""
    sums = {
        "billed": "SELECT sum(total_cents) FROM invoice WHERE number IS NOT NULL",
        "credited": "SELECT sum(credited_cents) FROM invoice",
        "settled": "SELECT sum(settled_cents) FROM invoice",
        "received": "SELECT sum(amount_cents) FROM payment WHERE state = 'valid'",
        "allocated": "SELECT sum(amount_cents) FROM payment_allocation",
    }
    return {name: int(connection.scalar(text(query)) or 0) for name, query in sums.items()}


def _open_documents(connection: Connection, kept_files: Path) -> None:
    """Open some documents with the keys of the town. Raises SealBroken, FileNotFoundError."""
    keys = [
        *connection.scalars(select(Document.file_key).where(Document.file_key.is_not(None))),
        *connection.scalars(select(DocumentPage.file_key)),
    ]
    store = SealedFiles(FileStore(kept_files), current_app.extensions["sealer"])
    for key in random.sample(keys, min(_SAMPLE, len(keys))):
        store.read(key)


@contextmanager
def opened(copy: Path) -> Iterator[Connection]:
    """A connection to the copy of a SQLite database."""
    with _sqlite(copy) as engine, engine.connect() as connection:
        yield connection


def newest() -> Path | None:
    """The last backup."""
    return max(folder().glob(f"*{SUFFIX}"), default=None, key=lambda path: (path.name, os.fspath(path)))
