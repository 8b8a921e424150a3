"""What a town keeps in its files, wherever that is: for tests that look behind the pages."""

from io import BytesIO

from flask import Flask

from adapters.files import StoredFile
from services import file_stores
from services.file_stores import Place


def keep(app: Flask, place: Place, content: bytes, suffix: str = "") -> StoredFile:
    with app.app_context():
        return file_stores.store(place).save(BytesIO(content), suffix)


def contents(app: Flask, place: Place) -> list[bytes]:
    """Of each file, in the order of the keys."""
    with app.app_context():
        store = file_stores.store(place)
        found = []
        for key in store.names():
            with store.open(key) as file:
                found.append(file.read())
        return found


def lose(app: Flask, place: Place, *keys: str) -> None:
    """Remove these files, or all of them."""
    with app.app_context():
        store = file_stores.store(place)
        for key in keys or store.names():
            store.delete(key)
