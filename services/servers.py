"""What the servers of one town must share, known to its database: keys, backups, files (R60).

The database keeps fingerprints, never a key. They are noted when the first server starts; one that has
other keys or another folder does not start, for it would close the sessions of the others, seal what they
cannot open or keep backups that nobody looks at. Only with PostgreSQL: SQLite has one machine.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from adapters import backup_archive
from adapters.turns import Turn
from domain.enums import Channel
from domain.errors import Refused
from domain.french import NBSP
from extensions import db
from models import Setting
from services import audit, backups
from services.transaction import write_transaction

ROW = "server."  # how the rows of the settings begin
MARK = ".commune"  # a file that names a folder
_SENTENCES = {
    "secret_key": "La clé de signature de cette machine n’est pas celle des autres serveurs. Copiez dans "
    f"{{instance}} le fichier « secret_key » de la première machine{NBSP}: sans lui, chacun serait "
    "déconnecté en passant d’un serveur à l’autre.",
    "sealing_keys": "La clé de scellement de cette machine n’est pas celle des autres serveurs. Copiez dans "
    "{keys} le fichier « sealing_keys » de la première machine.",
    "backup_key": "La clé des sauvegardes de cette machine n’est pas celle des autres serveurs. Copiez dans "
    "{backup_key} le fichier « backup_key » de la première machine.",
    "backups": "Le dossier des sauvegardes {backups} n’est pas celui des autres serveurs. Réglez "
    "PORTAIL_BACKUPS sur le dossier partagé, et vérifiez qu’il est monté.",
    "files": "Les fichiers de cette machine ne sont pas ceux des autres serveurs. Réglez PORTAIL_FILES comme "
    "sur la première machine, ou mettez-les dans un stockage S3.",
}
_ON_PURPOSE = f"Si ce changement est voulu sur toutes les machines{NBSP}: ./portail verifier --adopter"


def differences() -> list[str]:
    """What this server does not share with the others of the town, in French; empty when all is shared or
    nothing is known yet. Writes nothing."""
    if db.engine.dialect.name == "sqlite":
        return []
    try:
        known = _known()
    except DBAPIError:  # no database yet
        db.session.rollback()
        return []
    words = {
        "instance": current_app.config["INSTANCE"],
        "keys": current_app.config["SEALING_KEYS"],
        "backup_key": current_app.config["BACKUP_KEY"],
        "backups": current_app.config["BACKUPS"],
    }
    own = _own()
    found = [_SENTENCES[name].format(**words) for name, value in known.items() if value not in own[name]]
    return [*found, _ON_PURPOSE] if found else []


def register(now: datetime) -> None:
    """Note what this server has of what is not known yet; the sealing key anew once a line was added to it.

    Raises Refused `foreign` when it has not what the others have.
    """
    if db.engine.dialect.name == "sqlite":
        return
    with Turn(db.engine, Path(current_app.config["INSTANCE"]), "servers"):
        db.session.rollback()
        if found := differences():
            raise Refused("foreign", "\n".join(found))
        _make()
        _note({name: values[-1] for name, values in _own().items()}, now)


def adopt(now: datetime) -> None:
    """Take the keys and folders of this server for those of the town, whatever the others have."""
    if db.engine.dialect.name != "sqlite":
        _make()
        _note({name: values[-1] for name, values in _own().items()}, now)


def _known() -> dict[str, str]:
    rows = db.session.execute(select(Setting.key, Setting.value).where(Setting.key.startswith(ROW)))
    return {key.removeprefix(ROW): value for key, value in rows}


def _note(own: Mapping[str, str], now: datetime) -> None:
    new = {name: value for name, value in own.items() if _known().get(name) != value}
    if not new:
        return
    with write_transaction() as session:
        for name, value in new.items():
            session.merge(Setting(key=f"{ROW}{name}", value=value))
        audit.record(
            session,
            at=now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="server.noted",
            object_type="setting",
            object_id=0,
            after={"noted": sorted(new)},
        )


def _own() -> dict[str, list[str]]:
    """What this server has, each value that will do; the last one is in use. A missing file has none."""
    config = current_app.config
    return {
        "secret_key": [_fingerprint("secret_key", config["SECRET_KEY"])],
        "sealing_keys": [_fingerprint("sealing_keys", line) for line in _lines(config["SEALING_KEYS"])],
        "backup_key": [_fingerprint("backup_key", line) for line in _lines(config["BACKUP_KEY"])],
        "backups": _lines(Path(config["BACKUPS"]) / MARK),
        "files": [f"{config['BUCKET'].endpoint} {config['BUCKET'].place}"]
        if config["BUCKET"]
        else _lines(Path(config["INSTANCE"]) / MARK),
    }


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _fingerprint(name: str, key: str) -> str:
    """What tells two keys apart and teaches nothing about either."""
    return hmac.new(key.encode(), f"portail {name}".encode(), hashlib.sha256).hexdigest()


def _make() -> None:
    """The keys and the marks that are still missing on a first server."""
    current_app.extensions["sealer"].seal(b"", "server")
    backup_archive.load_identity(Path(current_app.config["BACKUP_KEY"]))
    for folder in (backups.folder(), Path(current_app.config["INSTANCE"])):
        if not _lines(folder / MARK):
            (folder / MARK).write_text(f"{secrets.token_hex(16)}\n")
