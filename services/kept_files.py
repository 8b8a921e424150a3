"""Files kept sealed between a dry run and its confirmation, for the agent who sent them, one day at most."""

import io
from datetime import datetime, timedelta

from flask import current_app

from adapters.files import Store
from adapters.sealing import SealBroken, Sealer
from domain.errors import NotFound
from services import file_stores
from services.file_stores import Place

_LIFE = timedelta(days=1)


def keep(content: bytes, place: str, now: datetime) -> str:
    """Keep a file sealed for `place`, which names its use and its owner. Returns its key."""
    _store().sweep(lambda _: False, older_than=now - _LIFE)
    return _store().save(io.BytesIO(_sealer().seal(content, place))).key


def content(key: str, place: str) -> bytes:
    """Raises NotFound for a file that is gone, or was kept for another place."""
    try:
        with _store().open(key) as file:
            return _sealer().open(file.read(), place)
    except (FileNotFoundError, SealBroken) as error:
        raise NotFound from error


def _sealer() -> Sealer:
    return current_app.extensions["sealer"]


def _store() -> Store:
    return file_stores.store(Place.IMPORTS)
