"""Files that users gave, in a bucket of an S3-compatible service: an `adapters.files.Store` (R60).

For a town of several application servers. A stored object never changes, so that it may be read anywhere as
soon as `save` returned. The service being away is an OSError, as a disk that fails is.
"""

import functools
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from adapters.files import StoredFile, copy_hashed, is_key, new_key

_IN_MEMORY = 16 * 1024 * 1024  # bytes; what is larger waits on the disk while it is counted
_SECONDS = 10  # of silence: a page must not wait longer
_GONE = frozenset({"NoSuchKey", "NoSuchObject"})


class StoreAway(OSError):
    """The service that keeps the files does not answer, or refuses."""


class StoreRefuses(StoreAway):
    """It answers, and will never do so: another key, no such bucket."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the objects are and who asks: `place` is « s3://bucket/folder »."""

    place: str
    endpoint: str  # https://… of the service
    region: str
    key: str
    secret: str = field(repr=False)

    @property
    def name(self) -> str:
        return urlsplit(self.place).netloc

    @property
    def prefix(self) -> str:
        """Empty or ending with a slash."""
        path = urlsplit(self.place).path.strip("/")
        return f"{path}/" if path else ""


class ObjectStore:
    """One folder of a bucket, each object under a random key; keys are those of `adapters.files.new_key`."""

    def __init__(self, bucket: Bucket, folder: str) -> None:
        self._bucket, self._prefix = bucket, f"{bucket.prefix}{folder}/"

    def save(self, stream: BinaryIO, suffix: str = "") -> StoredFile:
        """As `FileStore.save`: when it raises (OSError: the service is away) nothing is kept."""
        return self.save_as(new_key(suffix), stream)

    def save_as(self, key: str, stream: BinaryIO) -> StoredFile:
        name = self._name(key)
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as whole:
            size, digest = copy_hashed(stream, whole)
            whole.seek(0)
            with _told():
                _client(self._bucket).put_object(self._bucket.name, name, whole, size)
        return StoredFile(key, size, digest)

    def open(self, key: str) -> BinaryIO:
        """Raises FileNotFoundError when the key is unknown or not a key, StoreAway."""
        name = self._name(key)
        with _told():
            answer = _client(self._bucket).get_object(self._bucket.name, name)
            try:
                return BytesIO(answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def delete(self, key: str) -> None:
        """One that is gone already is no error. Raises FileNotFoundError for what is no key, StoreAway."""
        name = self._name(key)
        with _told():
            _client(self._bucket).remove_object(self._bucket.name, name)

    def free_bytes(self) -> int:
        """The service has no end that we know of."""
        return sys.maxsize

    def names(self) -> list[str]:
        """Of all that is stored. Raises StoreAway."""
        return sorted(key for key, _ in self._listed())

    def member(self, key: str) -> "StoredObject":
        """What a backup reads, when its turn comes."""
        return StoredObject(self, key)

    def holds_any(self, keys: Collection[str]) -> bool:
        """Whether at least one of these files is there. Raises StoreAway."""
        return any(key in keys for key, _ in self._listed())

    def sweep(self, is_known: Callable[[str], bool], older_than: datetime) -> int:
        """As `FileStore.sweep`. Raises StoreAway."""
        gone = [key for key, changed in self._listed() if changed < older_than and not is_known(key)]
        for key in gone:
            self.delete(key)
        return len(gone)

    def keep_aside(self, folder: str) -> int:
        """Copy all to another folder of the bucket, originals kept. Returns how many. Raises StoreAway."""
        from minio.commonconfig import CopySource

        name, keys = self._bucket.name, self.names()
        with _told():
            for key in keys:
                origin = CopySource(name, self._name(key))
                _client(self._bucket).copy_object(name, f"{self._bucket.prefix}{folder}/{key}", origin)
        return len(keys)

    def asides(self, prefix: str) -> set[str]:
        """The folders of the bucket whose name begins with `prefix`. Raises StoreAway."""
        start = f"{self._bucket.prefix}{prefix}"
        with _told():
            found = list(_client(self._bucket).list_objects(self._bucket.name, start))
        return {one.object_name.removeprefix(self._bucket.prefix).partition("/")[0] for one in found}

    def drop_aside(self, folder: str) -> None:
        """Remove what `keep_aside` made. Raises StoreAway."""
        name, start = self._bucket.name, f"{self._bucket.prefix}{folder}/"
        with _told():
            for found in list(_client(self._bucket).list_objects(name, start, recursive=True)):
                _client(self._bucket).remove_object(name, found.object_name)

    def _listed(self) -> Iterator[tuple[str, datetime]]:
        """(key, when it was written); what is no key of ours is not ours."""
        with _told():
            for found in _client(self._bucket).list_objects(self._bucket.name, self._prefix):
                key = found.object_name.removeprefix(self._prefix)
                if is_key(key):
                    yield key, found.last_modified

    def _name(self, key: str) -> str:
        if not is_key(key):
            raise FileNotFoundError(f"Not a file key: {key!r}")
        return self._prefix + key


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that a backup takes as it takes a file of the disk."""

    store: ObjectStore
    key: str

    def open(self, _mode: str) -> BinaryIO:
        """Raises FileNotFoundError, StoreAway."""
        return self.store.open(self.key)


def trouble(bucket: Bucket) -> StoreAway | None:
    """Why the bucket cannot be used now, in the words of the service; None when it can."""
    try:
        with _told():
            there = _client(bucket).bucket_exists(bucket.name)
    except StoreAway as error:
        return error
    except (FileNotFoundError, ValueError) as error:
        return StoreRefuses(str(error))
    return None if there else StoreRefuses(f"the bucket {bucket.name} does not exist")


@contextmanager
def _told() -> Iterator[None]:
    """What the library says, as a disk would say it."""
    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except S3Error as error:
        if error.code in _GONE:
            raise FileNotFoundError(error.object_name) from error
        raise StoreRefuses(str(error)) from error
    except (MinioException, HTTPError) as error:
        raise StoreAway(str(error)) from error


@functools.cache
def _client(bucket: Bucket) -> Any:
    """One client a process: it keeps its connections. Imported here, for who keeps files on the disk."""
    import urllib3
    from minio import Minio

    address = urlsplit(bucket.endpoint)
    return Minio(
        endpoint=address.netloc,
        access_key=bucket.key,
        secret_key=bucket.secret,
        secure=address.scheme == "https",
        region=bucket.region,
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=3, read=_SECONDS),
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
        ),
    )
