"""What the portal says of itself: is it safe to open to families, does it run well (security S60, R56).

`installation` looks at the settings and the machine: `serve` refuses to start a real town with an unsafe one.
`condition` is what a probe and the administrator read at any moment.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import Text, select, type_coerce
from sqlalchemy.exc import DBAPIError

from adapters import database_copies, database_moves, object_store
from adapters.object_store import StoreRefuses
from adapters.sealing import SealBroken
from domain.calendar import paris_now
from domain.enums import MailSecurity
from domain.french import NBSP, plural
from domain.mail_server import LOOPBACK
from extensions import db, journal_mode, sqlite_driver
from models import Household, MedicalRecord
from queries import audit_chain, health
from services import backups, mail_server, servers

FREE_BYTES_FLOOR = 1024**3
BACKUP_TOO_OLD = timedelta(hours=26)  # a night was missed
WORKER_TOO_SILENT = timedelta(minutes=10)
SIGN_OF_LIFE = "worker.alive"
_NO_DATABASE = "La base de données ne répond pas."


class Gravity(StrEnum):
    """How bad a finding is."""

    FINE = "fine"
    WARNING = "warning"
    UNSAFE = "unsafe"  # the portal does not start with it


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in a French sentence that says what to do."""

    gravity: Gravity
    sentence: str


@dataclass(frozen=True, slots=True)
class Condition:
    """How the portal is now; `problems` are French sentences, empty when all is well."""

    database: bool
    free_bytes: int
    worker_seen: datetime | None
    backup: backups.Outcome | None
    proof: backups.Outcome | None
    off_site: backups.Outcome | None
    problems: tuple[str, ...]

    @property
    def free_gigabytes(self) -> int:
        return self.free_bytes // 1024**3


# --- Before opening -----------------------------------------------------------------------------------------


def installation() -> list[Finding]:
    """Every setting that matters, the good ones too."""
    return [
        *_address(), *_secrets(), *_sealed(), *map(_unsafe, servers.differences()),
        *_disk(), *_files(), *_engine(), *_mail(), *_safety_net(),
    ]  # fmt: skip


def unsafe() -> list[str]:
    """Why a real town must not start like this."""
    return [one.sentence for one in installation() if one.gravity is Gravity.UNSAFE]


def _fine(sentence: str) -> Finding:
    return Finding(Gravity.FINE, sentence)


def _warning(sentence: str) -> Finding:
    return Finding(Gravity.WARNING, sentence)


def _unsafe(sentence: str) -> Finding:
    return Finding(Gravity.UNSAFE, sentence)


def is_on_the_internet() -> bool:
    """False while the town tries the portal on one machine."""
    return urlsplit(current_app.config["PUBLIC_URL"]).hostname not in LOOPBACK


def _address() -> Iterator[Finding]:
    url = current_app.config["PUBLIC_URL"]
    if not is_on_the_internet():
        yield _warning(
            f"L’adresse publique est {url}{NBSP}: les familles ne peuvent pas l’ouvrir et les mails n’auront "
            "pas de lien utile. Réglez PORTAIL_URL."
        )
    elif not url.startswith("https://"):
        yield _unsafe(
            f"L’adresse publique {url} n’est pas en https{NBSP}: les mots de passe passeraient en clair. "
            "Réglez PORTAIL_URL sur une adresse https."
        )
    else:
        yield _fine(f"Adresse publique{NBSP}: {url}")
    if is_on_the_internet() and not current_app.config["BEHIND_PROXY"]:
        yield _unsafe(
            "Aucun serveur mandataire n’est déclaré. Placez Caddy ou nginx devant le portail, puis réglez "
            f"PORTAIL_PROXY=1{NBSP}: sans lui, seize connexions inactives suffisent à bloquer le portail."
        )
    if current_app.debug:
        yield _unsafe("Le mode de mise au point est allumé. Retirez FLASK_DEBUG.")


def _secrets() -> Iterator[Finding]:
    instance = Path(current_app.config["INSTANCE"])
    if instance.stat().st_mode & stat.S_IRWXO:
        tell = _unsafe if is_on_the_internet() else _warning
        yield tell(f"Tout le monde sur cette machine peut lire {instance}. Tapez{NBSP}: chmod 700 {instance}")
    for path in (
        instance / "secret_key",
        current_app.config["SEALING_KEYS"],
        current_app.config["BACKUP_KEY"],
    ):
        if Path(path).is_file() and Path(path).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield _unsafe(f"D’autres que le portail peuvent lire {path}. Tapez{NBSP}: chmod 600 {path}")
    if Path(current_app.config["SEALING_KEYS"]).parent == instance:
        yield _warning(
            "La clé de scellement est dans le même dossier que les données. Gardez-en deux copies ailleurs, "
            f"avec «{NBSP}backup_key{NBSP}»{NBSP}: sans elles, une sauvegarde ne sert à rien."
        )


def _sealed() -> Iterator[Finding]:
    """A second server, or a town brought back, without the keys would seal what the others cannot open."""
    try:
        sealed = db.session.scalar(select(type_coerce(MedicalRecord.content, Text)).limit(1))
    except DBAPIError:  # no database yet
        return
    if sealed is None:
        return
    try:
        current_app.extensions["sealer"].open_text(sealed, MedicalRecord.content.type.place)
    except SealBroken:
        yield _unsafe(
            f"La clé qui a scellé les données manque dans {current_app.config['SEALING_KEYS']}. Copiez-y le "
            f"fichier «{NBSP}sealing_keys{NBSP}» que vous avez gardé à part, ou celui de l’autre serveur."
        )


def _files() -> Iterator[Finding]:
    bucket = current_app.config["BUCKET"]
    if bucket is None:
        return
    address = urlsplit(bucket.endpoint)
    if address.scheme != "https" and address.hostname not in LOOPBACK:
        yield _unsafe(
            f"Les fichiers partiraient vers «{NBSP}{bucket.endpoint}{NBSP}» sans chiffrement. Réglez "
            "PORTAIL_S3_ENDPOINT sur une adresse https."
        )
    elif problem := object_store.trouble(bucket):
        tell = _unsafe if isinstance(problem, StoreRefuses) else _warning  # the rest works without it
        yield tell(
            f"Les fichiers ne peuvent pas être gardés dans {bucket.place}. Vérifiez PORTAIL_S3_ENDPOINT, "
            f"PORTAIL_S3_KEY et PORTAIL_S3_SECRET{NBSP}: {problem}"
        )
    else:
        yield _fine(f"Fichiers{NBSP}: {bucket.place}")


def _disk() -> Iterator[Finding]:
    free = _free_bytes()
    words = f"{free / 1024**3:.1f}{NBSP}Go".replace(".", ",")
    if free < FREE_BYTES_FLOOR:
        yield _warning(f"Il ne reste que {words} sur le disque. Libérez de la place.")
    else:
        yield _fine(f"Place libre sur le disque{NBSP}: {words}")


def _engine() -> Iterator[Finding]:
    if db.engine.dialect.name != "sqlite":
        yield _fine("Base PostgreSQL")
    elif not _is_writable(Path(db.engine.url.database)):
        yield _unsafe(
            f"Le portail ne peut pas écrire dans {db.engine.url.database}. Rendez le dossier à son "
            f"utilisateur{NBSP}: chown -R portail: {current_app.config['INSTANCE']}"
        )
    elif moved := database_moves.moved_at(db.engine):
        yield _unsafe(
            f"Les données de cette commune sont dans PostgreSQL depuis le "
            f"{paris_now(datetime.fromisoformat(moved)):%d/%m/%Y à %H:%M}. Réglez database_url, ou revenez à "
            f"SQLite en restaurant une sauvegarde."
        )
    elif journal_mode(sqlite_driver.sqlite_version_info)[0] == "WAL":
        yield _fine(f"Base SQLite {sqlite_driver.sqlite_version}")
    else:
        yield _warning(
            f"SQLite {sqlite_driver.sqlite_version} a un défaut corrigé depuis{NBSP}: le portail utilise un "
            "journal plus lent."
        )
    if not database_copies.has_tools(db.engine):
        yield _warning("pg_dump manque, aucune sauvegarde n’est possible. Installez postgresql-client.")


def _is_writable(path: Path) -> bool:
    """True for a database that is still to be made."""
    return not path.exists() or os.access(path, os.W_OK)


def _mail() -> Iterator[Finding]:
    if not is_on_the_internet():
        return
    if current_app.config["SMTP_HOST"] and current_app.config["SMTP_SECURITY"] not in list(MailSecurity):
        yield _unsafe(
            "La protection du serveur de mail est mal écrite. Réglez SMTP_SECURITY sur none, starttls ou tls."
        )
        return
    found = _mail_server()
    server = found.server
    if server.is_in_the_clear:
        yield _unsafe(
            f"Les mails partent vers {server.host} sans chiffrement, mot de passe compris. Réglez "
            "SMTP_SECURITY sur « starttls » ou « tls »."
        )
    elif not found.is_chosen:
        yield _warning(
            "Aucun serveur de mail n’est choisi. Dans le portail, ouvrez Réglages, puis Serveur de mail."
        )
    elif server.host in LOOPBACK:
        yield _warning("Les mails partent par le serveur de cette machine. Vérifiez qu’il les transmet.")


def _mail_server() -> mail_server.InForce:
    """The one in force; of a town whose database is not made yet, what the machine says."""
    try:
        return mail_server.current()
    except DBAPIError:
        db.session.rollback()
        return mail_server.in_force({})


def _safety_net() -> Iterator[Finding]:
    for problem in _backup_problems(backups.state(), None):
        yield _warning(problem)
    if not current_app.config["OFF_SITE"]:
        yield _warning(
            "Les sauvegardes restent sur cette machine. Réglez PORTAIL_OFF_SITE, ou copiez-les ailleurs "
            "chaque jour."
        )


def journal() -> Finding:
    """Whether the chain of the journal holds (S115). Reads all of it."""
    try:
        problems, sealed = backups.journal_problems(), audit_chain.sealed_count()
    except DBAPIError:
        return _warning(f"Le journal n’a pas pu être lu{NBSP}: la base n’est pas encore à jour.")
    if problems:
        return _warning(" ".join(problems))
    return _fine(f"Journal intact{NBSP}: {plural(sealed, 'acte scellé', 'actes scellés')}")


# --- At any moment ------------------------------------------------------------------------------------------


def condition(now: datetime) -> Condition:
    """How the portal is. Never raises: a database that is away is what must be told."""
    database = _answers()
    free = _free_bytes()
    seen = worker_seen()
    outcomes = backups.state()
    problems = []
    if not database:
        problems.append(_NO_DATABASE)
    if free < FREE_BYTES_FLOOR:
        problems.append("Le disque est presque plein.")
    if seen is None or now - seen > WORKER_TOO_SILENT:
        problems.append("L’envoi des mails et les tâches de fond sont arrêtés. Redémarrez le portail.")
    bucket = current_app.config["BUCKET"]
    if bucket is not None and object_store.trouble(bucket):
        problems.append(
            "Le stockage des fichiers ne répond pas. Vérifiez PORTAIL_S3_ENDPOINT et votre contrat."
        )
    if database:
        problems += _waiting(now)
    if not current_app.config["DEMO"]:
        problems += _backup_problems(outcomes, now)
    return Condition(
        database,
        free,
        seen,
        outcomes.get("backup"),
        outcomes.get("proof"),
        outcomes.get("off_site"),
        tuple(problems),
    )


def _waiting(now: datetime) -> Iterator[str]:
    """What the portal cannot finish by itself."""
    try:
        found = health.troubles(now)
    except DBAPIError:  # the database went away meanwhile
        yield _NO_DATABASE
        return
    if found.late_mails:
        waiting = plural(found.late_mails, "mail attend", "mails attendent")
        yield f"{waiting} depuis plus d’une heure{NBSP}: le serveur de mail refuse. Vérifiez ses réglages."
    if found.payments_to_check:
        said = plural(found.payments_to_check, "paiement en ligne est", "paiements en ligne sont")
        yield f"{said} à vérifier. Décidez-en dans Facturation, Paiement en ligne."
    if found.payments_unanswered:
        said = plural(found.payments_unanswered, "paiement en ligne reste", "paiements en ligne restent")
        yield f"{said} sans réponse de PayFiP depuis plus d’un jour. Vérifiez que le serveur peut le joindre."


def _backup_problems(outcomes: dict[str, backups.Outcome], now: datetime | None) -> list[str]:
    found = [one.problem for one in outcomes.values() if one.problem]
    made = outcomes.get("backup")
    if made is None:
        return [*found, "Aucune sauvegarde n’a encore été faite."]
    if now is not None and now - made.moment > BACKUP_TOO_OLD:
        found.append("La dernière sauvegarde a plus d’un jour.")
    return found


def _answers() -> bool:
    try:
        with db.engine.connect() as connection:
            connection.execute(select(Household.id).limit(1))
            return True
    except (DBAPIError, OSError):
        return False


def _free_bytes() -> int:
    return shutil.disk_usage(current_app.config["INSTANCE"]).free


def show_life() -> None:
    """The worker passed here."""
    path = Path(current_app.config["INSTANCE"]) / SIGN_OF_LIFE
    path.touch()
    os.utime(path)


def worker_seen() -> datetime | None:
    """When the worker passed last."""
    path = Path(current_app.config["INSTANCE"]) / SIGN_OF_LIFE
    try:
        return datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    except FileNotFoundError:
        return None
