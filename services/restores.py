"""A backup becomes the town again, on a bare machine or after a disaster (R55)."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import inspect, select, text

from adapters import backup_archive, database_copies
from domain.enums import Channel, MailState
from domain.errors import Refused
from domain.french import NBSP
from extensions import db
from models import Household
from services import audit, backups
from services.transaction import write_transaction

FROZEN = "Écrit avant la restauration\u00a0: peut-être déjà parti."


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, for the person who restores."""

    made_at: datetime
    rows: int
    files: int
    frozen_mails: int
    put_aside: Path | None


def restore(archive: Path, *, replace: bool, now: datetime) -> Restored:
    """Bring a town back from a backup, everything checked before anything is replaced.

    What was there before is put aside, not removed. Every session ends, mails that waited are not sent (they
    may have left since). The server and the worker must be stopped.

    Raises Refused `missing`, `unknown_key`, `other_engine`, `not_empty` over a town without `replace`;
    ArchiveBroken, CopyFailed.
    """
    if not archive.is_file():
        raise Refused("missing", f"Le fichier {archive} n’existe pas.")
    if not Path(current_app.config["BACKUP_KEY"]).is_file():
        raise Refused(
            "unknown_key",
            f"La clé des sauvegardes manque. Copiez d’abord le fichier « backup_key » que vous avez gardé "
            f"à part dans {current_app.config['BACKUP_KEY']}, et « sealing_keys » à côté.",
        )
    if not replace and _holds_a_town():
        raise Refused(
            "not_empty",
            f"Ce portail contient déjà des familles. Pour les remplacer par la sauvegarde, ajoutez "
            f"«{NBSP}--remplacer{NBSP}»{NBSP}: ce qui est là sera mis de côté.",
        )
    instance = Path(current_app.config["INSTANCE"])
    with tempfile.TemporaryDirectory(prefix=".retour-", dir=instance) as aside:
        opened = Path(aside)
        manifest = backup_archive.read(archive, Path(current_app.config["BACKUP_KEY"]), opened)
        _refuse_other_engine(manifest["database"])
        _check(opened / manifest["database"], manifest)
        put_aside = _put_aside(instance, now)
        try:
            database_copies.bring_back(db.engine, opened / manifest["database"])
        except BaseException:
            _put_back(put_aside, instance)
            raise
        for name in ("documents", "files", "portail.toml"):
            if (opened / name).exists():
                shutil.move(opened / name, instance / name)
    return Restored(
        datetime.fromisoformat(manifest["made_at"]),
        sum(manifest["rows"].values()),
        len(manifest["files"]) - 1,
        _quiet_town(now),
        put_aside,
    )


def _holds_a_town() -> bool:
    if db.engine.dialect.name == "sqlite" and not Path(db.engine.url.database).exists():
        return False
    if not inspect(db.engine).has_table("household"):
        return False
    return db.session.scalar(select(Household.id).limit(1)) is not None


def _refuse_other_engine(name: str) -> None:
    if name != database_copies.name_of(db.engine):
        kind = "SQLite" if name == database_copies.SQLITE_NAME else "PostgreSQL"
        raise Refused(
            "other_engine",
            f"Cette sauvegarde vient d’une base {kind}. Réglez DATABASE_URL pour la même sorte de base.",
        )


def _check(copy: Path, manifest: dict) -> None:
    """What is about to replace the town holds what was counted. PostgreSQL restores all or nothing."""
    if copy.name != database_copies.SQLITE_NAME:
        return
    with backups.opened(copy) as connection:
        found = backups.facts(connection)
    if found != {name: manifest[name] for name in found}:
        raise database_copies.CopyFailed("The rows of the backup are not those that were counted.")


def _put_aside(instance: Path, now: datetime) -> Path | None:
    """Move what is there to a folder of its own; None when there was nothing."""
    db.session.remove()
    db.engine.dispose()
    names = ["documents", "files", "portail.toml"]
    if db.engine.dialect.name == "sqlite":
        database = Path(db.engine.url.database)
        names += [database.name, f"{database.name}-wal", f"{database.name}-shm"]
    found = [instance / name for name in names if (instance / name).exists()]
    if not found:
        return None
    target = instance / f"avant-restauration-{now:%Y%m%d-%H%M%S}"
    target.mkdir(mode=0o700)
    for path in found:
        os.rename(path, target / path.name)
    return target


def _put_back(put_aside: Path | None, instance: Path) -> None:
    """The database did not come back: what was there stands again."""
    if put_aside is None:
        return
    for path in put_aside.iterdir():
        os.replace(path, instance / path.name)
    put_aside.rmdir()


def _quiet_town(now: datetime) -> int:
    """End every session; hold back the mails that waited. Returns how many mails."""
    with write_transaction() as session:
        audit.record(
            session,
            at=now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="town.restored",
            object_type="town",
            object_id=0,
        )
        # In SQL: the backup may be of an older version, whose tables lack columns.
        session.execute(text("DELETE FROM user_session"))
        held = session.execute(
            text("UPDATE outgoing_mail SET state = :held, last_error = :why WHERE state = :queued"),
            {"held": MailState.ABANDONED, "why": FROZEN, "queued": MailState.QUEUED},
        )
        return held.rowcount
