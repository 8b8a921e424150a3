"""A backup becomes the town again, on a bare machine or after a disaster (R55)."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import delete, inspect, select, text

from adapters import backup_archive, database_copies
from domain.enums import Channel, MailState
from domain.errors import Refused
from domain.french import NBSP
from extensions import db
from models import Household, Setting
from services import audit, backups, file_stores, servers
from services.transaction import write_transaction

FROZEN = "Écrit avant la restauration\u00a0: peut-être déjà parti."
_RETURN = ".retour-"  # a folder of a moment
_RESTORED = "restored"  # a setting, until the journal tells it
# Done within the return of the database: every session ends, the mails that waited are held back, the keys of
# the machine of the backup are not asked of this one. In plain SQL, because the backup may be of an older
# version, whose tables lack columns.
_QUIET = (
    "DELETE FROM user_session",
    f"UPDATE outgoing_mail SET state = '{MailState.ABANDONED}', last_error = '{FROZEN}' "  # noqa: S608
    f"WHERE state = '{MailState.QUEUED}'",
    f"DELETE FROM setting WHERE key = '{_RESTORED}' OR key LIKE '{servers.ROW}%'",  # noqa: S608
    f"INSERT INTO setting (key, value) VALUES ('{_RESTORED}', '1')",  # noqa: S608
)


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

    The database comes back last and in one step: who cuts it finds the town of before or that of the backup,
    whole. What was there before is kept aside. Every session ends, mails that waited are not sent (they may
    have left since). The settings of this machine stay, if it has some. The server and the worker must be
    stopped.

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
    for left in instance.glob(f"{_RETURN}*"):  # by a restore that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_RETURN, dir=instance) as aside:
        opened = Path(aside)
        manifest = backup_archive.read(archive, Path(current_app.config["BACKUP_KEY"]), opened)
        _refuse_other_engine(manifest["database"])
        _check(opened / manifest["database"], manifest)
        db.session.remove()
        put_aside = _keep_aside(instance, now)
        try:
            for place in file_stores.BACKED_UP:
                file_stores.take_in(place, opened / place)
            database_copies.bring_back(db.engine, opened / manifest["database"], _QUIET)
        except BaseException:
            if put_aside is not None:
                shutil.rmtree(put_aside)
            raise
        for place in file_stores.BACKED_UP:
            file_stores.leave_only(place, opened / place)
        if not (instance / "portail.toml").exists() and (opened / "portail.toml").exists():
            os.replace(opened / "portail.toml", instance / "portail.toml")
    return Restored(
        datetime.fromisoformat(manifest["made_at"]),
        sum(manifest["rows"].values()),
        len(manifest["files"]) - 1,
        _held_mails(),
        put_aside,
    )


def tell(now: datetime) -> None:
    """Write into the journal, once, that the town was restored: when its schema is that of this version."""
    if db.session.get(Setting, _RESTORED) is None:
        return
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
        session.execute(delete(Setting).where(Setting.key == _RESTORED))


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


def _keep_aside(instance: Path, now: datetime) -> Path | None:
    """Keep what is there in a folder of its own too, so that a cut at any moment leaves one whole town or the
    other; None when there is nothing. Raises OSError, CopyFailed."""
    target = instance / f"{backups.ASIDE_OF_RESTORE}{now:{backups.STAMP}}"
    target.mkdir(mode=0o700)
    found = file_stores.keep_aside(target.name)
    found += _keep_database_aside(target)
    if not found:
        target.rmdir()
        return None
    return target


def _keep_database_aside(target: Path) -> int:
    """How many files that makes. A database too damaged to be copied is kept byte for byte."""
    db.engine.dispose()
    if db.engine.dialect.name != "sqlite":
        if not inspect(db.engine).has_table("household"):
            return 0
        database_copies.copy(db.engine, target / database_copies.POSTGRESQL_NAME)
        return 1
    database = Path(db.engine.url.database)
    if not database.exists():
        return 0
    try:
        database_copies.copy(db.engine, target / database.name)
    except (database_copies.CopyFailed, db.engine.dialect.dbapi.Error):
        for path in database.parent.glob(f"{database.name}*"):
            shutil.copy2(path, target)
    return 1


def _held_mails() -> int:
    held = text("SELECT count(*) FROM outgoing_mail WHERE last_error = :why")
    with db.engine.connect() as connection:
        return connection.scalar(held, {"why": FROZEN})
