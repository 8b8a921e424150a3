"""Where the town's settings come from: the environment, then `portail.toml` in the instance folder.

Business settings (name, contact, texts) are rows edited on screen; here stands only what the
program needs before it can open its database. docs/installation.md lists every key.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.object_store import Bucket

ROOT = Path(__file__).resolve().parent
DEMO_FOLDER = "demo"
TREASURY = "https://www.payfip.gouv.fr/tpa"
STAND_IN = "http://127.0.0.1:8001/tpa"  # simulator/payfip, which `./portail demo` starts


def instance_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the database, the files and the secrets (`PORTAIL_INSTANCE`, default `instance/`).

    A demonstration lives in its own sub-folder and can never open a real town's data.
    """
    folder = Path(environment.get("PORTAIL_INSTANCE") or ROOT / "instance").absolute()
    return folder / DEMO_FOLDER if environment.get("PORTAIL_DEMO") else folder


def _secret_key(folder: Path) -> str:
    """The signing key of this installation, made on first use, readable by its owner only."""
    path = folder / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return path.read_text().strip()


def _database_url(folder: Path, settings: Mapping[str, str], demo: bool) -> str:
    url = "" if demo else settings.get("DATABASE_URL", "")
    if not url:
        return f"sqlite:///{folder / 'portail.db'}"
    return with_driver(url)


def with_driver(url: str) -> str:
    """The address of a database as SQLAlchemy reads it, from the one that everybody writes."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def _sealing_keys(folder: Path, settings: Mapping[str, str], demo: bool) -> Path:
    """The file of the keys that seal health, IBANs and documents; a demonstration has its own."""
    chosen = "" if demo else settings.get("PORTAIL_KEYS", "")
    return Path(chosen or folder / "sealing_keys")


def _payment_service(settings: Mapping[str, str], demo: bool) -> str:
    """The address of PayFiP: the Treasury's, unless a stand-in on this very machine is named.

    A demonstration never reaches the Treasury. Raises ValueError for an address without TLS elsewhere.
    """
    address = settings.get("PORTAIL_PAYFIP_URL", "" if demo else TREASURY) or STAND_IN
    parts = urlsplit(address)
    if parts.hostname in ("127.0.0.1", "localhost"):
        return address
    if demo:
        return STAND_IN
    if parts.scheme != "https":
        raise ValueError("PORTAIL_PAYFIP_URL : l’adresse du service de paiement commence par https://")
    return address


def _bucket(settings: Mapping[str, str], demo: bool) -> Bucket | None:
    """Where files are kept when it is not the instance folder; a demonstration keeps its own on the disk.

    Raises ValueError for another kind of place.
    """
    place = "" if demo else settings.get("PORTAIL_FILES", "")
    if not place:
        return None
    if not place.startswith("s3://") or not urlsplit(place).netloc:
        raise ValueError("PORTAIL_FILES : s3://compartiment ou s3://compartiment/dossier")
    return Bucket(
        place,
        settings.get("PORTAIL_S3_ENDPOINT", ""),
        settings.get("PORTAIL_S3_REGION", "us-east-1"),
        settings.get("PORTAIL_S3_KEY", ""),
        settings.get("PORTAIL_S3_SECRET", ""),
    )


def load(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Flask configuration for this process. Creates the instance folder and its secret key."""
    folder = instance_folder(environment)
    folder.mkdir(parents=True, exist_ok=True)
    demo = bool(environment.get("PORTAIL_DEMO"))
    toml = folder / "portail.toml"
    settings = (
        {key.upper(): str(value) for key, value in tomllib.loads(toml.read_text()).items()}
        if toml.exists()
        else {}
    )
    settings |= environment
    public_url = settings.get("PORTAIL_URL", "http://127.0.0.1:8000").rstrip("/")
    secure = public_url.startswith("https://")
    host = urlsplit(public_url).hostname or "127.0.0.1"
    return {
        "DEMO": demo,
        "STAFF_NEED_CODES": not demo,  # a town's agents sign in with a second factor (R50)
        "INSTANCE": folder,
        "SECRET_KEY": _secret_key(folder),
        "SEALING_KEYS": _sealing_keys(folder, settings, demo),
        "BACKUPS": Path(("" if demo else settings.get("PORTAIL_BACKUPS", "")) or folder / "backups"),
        "BACKUP_KEY": Path(("" if demo else settings.get("PORTAIL_BACKUP_KEY", "")) or folder / "backup_key"),
        "BUCKET": _bucket(settings, demo),
        "OFF_SITE": "" if demo else settings.get("PORTAIL_OFF_SITE", ""),
        "PAYFIP_URL": _payment_service(settings, demo),
        "LOGS": settings.get("PORTAIL_LOGS", "texte"),
        "CLAMD": "" if demo else settings.get("PORTAIL_CLAMD", ""),
        "SQLALCHEMY_DATABASE_URI": _database_url(folder, settings, demo),
        "PUBLIC_URL": public_url,
        "TRUSTED_HOSTS": None
        if demo
        else [host, "127.0.0.1", "localhost", *settings.get("PORTAIL_HOSTS", "").split()],
        "BEHIND_PROXY": settings.get("PORTAIL_PROXY", "") == "1",
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "FAMILY_IDLE": timedelta(hours=2),
        "STAFF_IDLE": timedelta(minutes=30),
        "WTF_CSRF_TIME_LIMIT": None,
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "MAX_FORM_MEMORY_SIZE": 100_000,
        "MAIL_FOLDER": folder / "mails" if demo else None,
        "SMTP_HOST": settings.get("SMTP_HOST", ""),  # empty: the one that is chosen on screen
        "SMTP_PORT": int(settings.get("SMTP_PORT", "25")),
        "SMTP_USER": settings.get("SMTP_USER", ""),
        "SMTP_PASSWORD": settings.get("SMTP_PASSWORD", ""),
        "SMTP_SECURITY": settings.get("SMTP_SECURITY", "none"),
        "MAIL_SENDER": settings.get("MAIL_SENDER", ""),
    }
