"""One encrypted file that holds a whole town: a tar of its database and files, sealed by `age` (R55).

The key is an `age` identity in a file of its own, kept apart from the backups: `age -d -i backup_key` opens
an archive without this program too.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from adapters.files import Member, sync_folder

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"
_CHUNK = 1024 * 1024


class ArchiveBroken(RuntimeError):
    """An archive cannot be opened: another key, a cut or altered file."""


def load_identity(path: Path) -> Any:
    """The key of a file; made on first use, readable by its owner only."""
    from pyrage import x25519  # not for the web workers

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{x25519.Identity.generate()}\n")
            file.flush()
            os.fsync(file.fileno())
    return x25519.Identity.from_str(path.read_text().strip())


def write(target: Path, key: Path, members: Mapping[str, Member], manifest: Mapping[str, Any]) -> None:
    """Write the archive of these files (name inside → file); `target` appears whole or not at all.

    The manifest gets the SHA-256 of each member. A file that went away meanwhile is left out. Raises OSError.
    """
    import pyrage

    recipient = load_identity(key).to_public()
    unfinished = target.with_suffix(UNFINISHED)
    try:
        with unfinished.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            _through(
                lambda end: _pack(end, members, manifest),
                lambda end: pyrage.encrypt_io(end, file, [recipient]),
            )
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def read(archive: Path, key: Path, folder: Path) -> dict[str, Any]:
    """Open an archive into an empty `folder` and return its manifest; each file has the hash that it had.

    Raises ArchiveBroken.
    """
    import pyrage

    identity = load_identity(key)
    try:
        with archive.open("rb") as file:
            _through(
                lambda end: pyrage.decrypt_io(file, end, [identity]),
                lambda end: _unpack(end, folder),
            )
        manifest = json.loads((folder / MANIFEST).read_text())
    except (pyrage.DecryptError, tarfile.TarError, FileNotFoundError, ValueError, EOFError) as error:
        raise ArchiveBroken(str(error)) from error
    except OSError as error:
        if error.errno is not None:  # of the disk, not of the seal
            raise
        raise ArchiveBroken(str(error)) from error
    for name, digest in manifest["files"].items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise ArchiveBroken(f"{name} is not what was kept.")
    return manifest


def _through(write_end: Callable[[BinaryIO], object], read_end: Callable[[BinaryIO], object]) -> None:
    """Run one in a thread, the other here, joined by a pipe; whichever fails, both end, the cause is told."""
    reading, writing = os.pipe()
    failures: list[BaseException] = []

    def produce() -> None:
        with os.fdopen(writing, "wb") as end:
            try:
                write_end(end)
            except BaseException as error:
                failures.append(error)

    thread = threading.Thread(target=produce)
    with os.fdopen(reading, "rb") as end:
        thread.start()
        try:
            read_end(end)
        except BaseException as error:
            failures.append(error)
    thread.join()
    told = [error for error in failures if not isinstance(error, BrokenPipeError)]
    if told or failures:
        raise (told or failures)[0]


def _pack(end: BinaryIO, members: Mapping[str, Member], manifest: Mapping[str, Any]) -> None:
    hashes = {}
    with tarfile.open(fileobj=end, mode="w|") as tar:
        for name, member in members.items():
            with suppress(FileNotFoundError), member.open("rb") as file:
                hashed = _Hashing(file)
                tar.addfile(_entry(tar, name, file), hashed)
                hashes[name] = hashed.digest.hexdigest()
        content = json.dumps({**manifest, "files": hashes}, ensure_ascii=False).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))


def _entry(tar: tarfile.TarFile, name: str, file: BinaryIO) -> tarfile.TarInfo:
    """What the tar says of a file of the disk, or of one that was fetched into memory."""
    if not isinstance(file, io.BytesIO):
        return tar.gettarinfo(arcname=name, fileobj=file)
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = file.getbuffer().nbytes, 0o600
    return entry


def _unpack(end: BinaryIO, folder: Path) -> None:
    with tarfile.open(fileobj=end, mode="r|") as tar:
        for entry in tar:
            _write_out(tar, entry, folder)
    while end.read(_CHUNK):  # the padding of the tar: the writer must not find a closed pipe
        continue


def _write_out(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    """One plain file below the folder; the filters of `tarfile` are missing from the Python of Debian 12."""
    path = (folder / entry.name).resolve()
    content = tar.extractfile(entry) if entry.isreg() else None
    if content is None or not path.is_relative_to(folder.resolve()):
        raise tarfile.TarError(f"Not a file of a backup: {entry.name!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(content, file, _CHUNK)
    path.chmod(0o600 | entry.mode & 0o700)


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
