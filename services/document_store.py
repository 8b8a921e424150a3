"""Where the files of families rest: one place, each file sealed under a random key (S74, security S49)."""

from collections.abc import Iterable
from contextlib import suppress

from flask import current_app

from adapters.files import SealedFiles
from adapters.object_store import StoreAway
from adapters.sealing import SealBroken
from domain.errors import NotFound, Refused
from domain.french import NBSP
from services import file_stores
from services.file_stores import Place

FREE_BYTES_FLOOR = 200 * 1024 * 1024  # the database and its backup must still be able to write
DISK_FULL = Refused(
    "disk_full",
    f"Le portail n’a plus de place pour recevoir des fichiers. Rien n’a été enregistré{NBSP}: "
    "réessayez plus tard, ou apportez le document au guichet.",
)


def store() -> SealedFiles:
    return SealedFiles(file_stores.store(Place.DOCUMENTS), current_app.extensions["sealer"])


def save_all(contents: Iterable[bytes]) -> list[str]:
    """Keep them all and return their keys, or keep none. Raises Refused `disk_full`, StoreAway."""
    files, keys = store(), []
    try:
        if files.files.free_bytes() < FREE_BYTES_FLOOR:
            raise DISK_FULL
        for content in contents:
            keys.append(files.save(content))
    except StoreAway:  # a moment, not a lack of room
        delete_all(keys)
        raise
    except OSError as error:
        current_app.logger.exception("A document could not be stored")
        delete_all(keys)
        raise DISK_FULL from error
    return keys


def delete_all(keys: Iterable[str]) -> None:
    """Remove files whose rows were not written; one that resists is left to the housekeeping."""
    files = store()
    for key in keys:
        with suppress(OSError):
            files.delete(key)


def read(key: str) -> bytes:
    """The content, opened. Raises NotFound when the file is gone or was altered."""
    try:
        return store().read(key)
    except (FileNotFoundError, SealBroken) as error:
        current_app.logger.exception("A stored document cannot be opened")
        raise NotFound from error
