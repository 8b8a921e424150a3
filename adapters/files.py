"""Files that users gave, kept in one folder under names that we chose."""

import hashlib
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import BinaryIO, NamedTuple

_KEY = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]{1,8})?", re.ASCII)
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?", re.ASCII)
_CHUNK = 64 * 1024


class StoredFile(NamedTuple):
    key: str
    size: int  # bytes
    sha256: str


class FileStore:
    """A folder of files, each under a random key. The name that the user gave never touches the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def save(self, stream: BinaryIO, suffix: str = "") -> StoredFile:
        """Copy `stream` to the disk and return its key, size in bytes and SHA-256.

        `suffix` is empty or like ".pdf". When this returns the file survives a power cut, so the
        caller may write its row; when it raises (OSError: disk full) no file is left behind.
        Raises ValueError for another kind of suffix.
        """
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"Not a file suffix: {suffix!r}")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_hex(16) + suffix
        descriptor, temporary = tempfile.mkstemp(prefix=".incoming-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                size, digest = _copy(stream, file)
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, self._folder / key)
        except BaseException:
            os.unlink(temporary)
            raise
        self._sync_folder()
        return StoredFile(key, size, digest)

    def open(self, key: str) -> BinaryIO:
        """Open a stored file for reading. Raises FileNotFoundError when the key is unknown or not a key."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """Remove a stored file; one that is already gone is no error.

        Raises FileNotFoundError when `key` is not a key.
        """
        self._path(key).unlink(missing_ok=True)
        self._sync_folder()

    def _path(self, key: str) -> Path:
        """A key is matched whole, so no path can leave the folder."""
        if not _KEY.fullmatch(key):
            raise FileNotFoundError(f"Not a file key: {key!r}")
        return self._folder / key

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _copy(stream: BinaryIO, file: BinaryIO) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
