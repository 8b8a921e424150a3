"""Files that users gave, kept in one folder under names that we chose."""

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from adapters.sealing import Sealer

_KEY = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]{1,8})?", re.ASCII)
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?", re.ASCII)
_CHUNK = 64 * 1024


class StoredFile(NamedTuple):
    key: str
    size: int  # bytes
    sha256: str


def new_key(suffix: str = "") -> str:
    """A random key. `suffix` is empty or like « .pdf »; raises ValueError for another kind of suffix."""
    if not _SUFFIX.fullmatch(suffix):
        raise ValueError(f"Not a file suffix: {suffix!r}")
    return secrets.token_hex(16) + suffix


def is_key(name: str) -> bool:
    """Whether `new_key` could have made it; matched whole, so no path can leave the folder."""
    return _KEY.fullmatch(name) is not None


class Store(Protocol):
    """Where files are kept: `FileStore` on a disk, `adapters.object_store.ObjectStore` in a bucket."""

    def save(self, stream: BinaryIO, suffix: str = "") -> StoredFile: ...

    def save_as(self, key: str, stream: BinaryIO) -> StoredFile: ...

    def open(self, key: str) -> BinaryIO: ...

    def delete(self, key: str) -> None: ...

    def free_bytes(self) -> int: ...

    def names(self) -> list[str]: ...

    def member(self, key: str) -> "Member": ...

    def holds_any(self, keys: Collection[str]) -> bool: ...

    def sweep(self, is_known: Callable[[str], bool], older_than: datetime) -> int: ...

    def keep_aside(self, folder: str) -> int: ...

    def asides(self, prefix: str) -> set[str]: ...

    def drop_aside(self, folder: str) -> None: ...


class Member(Protocol):
    """What a backup opens for reading when its turn comes: a path, or an object of a bucket."""

    def open(self, mode: str) -> BinaryIO: ...


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
        return self.save_as(new_key(suffix), stream)

    def save_as(self, key: str, stream: BinaryIO) -> StoredFile:
        """`save` under a key that `new_key` made: for who must know it before, to seal the content for it."""
        target = self._path(key)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".incoming-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                size, digest = copy_hashed(stream, file)
                file.flush()
                os.fsync(file.fileno())
            os.rename(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
        sync_folder(self._folder)
        return StoredFile(key, size, digest)

    def open(self, key: str) -> BinaryIO:
        """Open a stored file for reading. Raises FileNotFoundError when the key is unknown or not a key."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """Remove a stored file; one that is already gone is no error.

        Raises FileNotFoundError when `key` is not a key.
        """
        self._path(key).unlink(missing_ok=True)
        sync_folder(self._folder)

    def free_bytes(self) -> int:
        """Room left on the disk of the folder."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self._folder).free

    def names(self) -> list[str]:
        """Of all that is stored."""
        return sorted(path.name for path in self._folder.glob("*") if is_key(path.name))

    def member(self, key: str) -> Path:
        """What a backup reads, when its turn comes."""
        return self._path(key)

    def holds_any(self, keys: Collection[str]) -> bool:
        """Whether at least one of these files is there."""
        return any(path.name in keys for path in self._folder.glob("*"))

    def sweep(self, is_known: Callable[[str], bool], older_than: datetime) -> int:
        """Remove what nobody knows and is older: files of an act that was cut. Returns how many."""
        removed = 0
        for path in self._folder.glob("*"):
            if path.stat().st_mtime < older_than.timestamp() and not is_known(path.name):
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def keep_aside(self, folder: str) -> int:
        """Give each file a second name in `folder`, beside this one; returns how many. Raises OSError."""
        keys = self.names()
        aside = self._folder.parent / folder
        if keys:
            aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        for key in keys:
            os.link(self._folder / key, aside / key)
        return len(keys)

    def asides(self, prefix: str) -> set[str]:
        """The folders beside this one whose name begins with `prefix`."""
        return {path.name for path in self._folder.parent.glob(f"{prefix}*")}

    def drop_aside(self, folder: str) -> None:
        """Remove what `keep_aside` made; nothing when it is gone. Raises OSError."""
        aside = self._folder.parent / folder
        if aside.exists():
            shutil.rmtree(aside)

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise FileNotFoundError(f"Not a file key: {key!r}")
        return self._folder / key


class SealedFiles:
    """Files that must not be read from a stolen disk: each sealed for its own key (security S49)."""

    def __init__(self, files: Store, sealer: Sealer) -> None:
        self.files = files
        self._sealer = sealer

    def save(self, content: bytes) -> str:
        """Keep the content and return its key, as safely as `FileStore.save`."""
        key = new_key()
        self.files.save_as(key, BytesIO(self._sealer.seal(content, key)))
        return key

    def read(self, key: str) -> bytes:
        """Raises FileNotFoundError, SealBroken."""
        with self.files.open(key) as file:
            return self._sealer.open(file.read(), key)

    def delete(self, key: str) -> None:
        self.files.delete(key)


def sync_folder(folder: Path) -> None:
    """The names in it reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_hashed(stream: BinaryIO, file: BinaryIO) -> tuple[int, str]:
    """Copy to the end; the size in bytes and the SHA-256 of what was copied."""
    size, digest = 0, hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
