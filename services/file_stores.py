"""Where files are kept, which only this file knows: the instance folder, or the bucket of the town (R60)."""

from enum import StrEnum
from pathlib import Path

from flask import current_app

from adapters.files import FileStore, Store
from adapters.object_store import ObjectStore


class Place(StrEnum):
    """What is kept apart, by the name of its folder."""

    DOCUMENTS = "documents"  # of families, sealed
    FILES = "files"  # that the service publishes
    IMPORTS = "imports"  # sealed, for a day at most


BACKED_UP = (Place.DOCUMENTS, Place.FILES)


def store(place: Place) -> Store:
    """The files of a place."""
    bucket = current_app.config["BUCKET"]
    if bucket is not None:
        return ObjectStore(bucket, place)
    return FileStore(Path(current_app.config["INSTANCE"]) / place)


def keep_aside(name: str) -> int:
    """Before a restore, keep what is there under another name too; returns how many files. Raises OSError."""
    return sum(store(place).keep_aside(f"{name}/{place}") for place in BACKED_UP)


def take_in(place: Place, folder: Path) -> None:
    """Add the files that a backup gave to those that are there. Raises OSError."""
    kept = store(place)
    for path in folder.glob("*"):
        with path.open("rb") as file:
            kept.save_as(path.name, file)


def leave_only(place: Place, folder: Path) -> None:
    """Remove what the backup did not hold. Raises OSError."""
    kept = store(place)
    wanted = {path.name for path in folder.glob("*")}
    for key in kept.names():
        if key not in wanted:
            kept.delete(key)


def asides(prefix: str) -> set[str]:
    """The names under which files were kept aside, beginning like this. Raises OSError."""
    return {name for place in BACKED_UP for name in store(place).asides(prefix)}


def drop_aside(name: str) -> None:
    """Remove what was kept aside under this name. Raises OSError."""
    for place in BACKED_UP:
        store(place).drop_aside(f"{name}/{place}")
