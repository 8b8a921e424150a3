import hashlib
import io
import os
import stat
from datetime import UTC, datetime

import pytest

from adapters.files import FileStore, SealedFiles
from adapters.object_store import Bucket, ObjectStore, StoreAway, StoreRefuses, trouble
from adapters.sealing import SealBroken, load_sealer
from tests.buckets import bucket_server, names_in

LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def bucket():
    with bucket_server() as found:
        yield found


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path):
    """Both places where a town may keep its files: they must not be told apart."""
    if request.param == "folder":
        return FileStore(tmp_path / "documents")
    return ObjectStore(request.getfixturevalue("bucket"), f"documents-{os.urandom(4).hex()}")


class BrokenUpload(io.BytesIO):
    """Gives one chunk, then the connection is cut."""

    def read(self, size=-1):
        if self.tell():
            raise ConnectionError("cut")
        return super().read(4)


def test_a_file_comes_back_as_it_went_in(store):
    content = os.urandom(200_000)
    key, size, sha256 = store.save(io.BytesIO(content), ".pdf")
    assert key.endswith(".pdf")
    assert (size, sha256) == (200_000, hashlib.sha256(content).hexdigest())
    with store.open(key) as file:
        assert file.read() == content


def test_only_the_owner_can_read_the_files(tmp_path):
    store = FileStore(tmp_path / "documents")
    key = store.save(io.BytesIO(b"x")).key
    assert stat.S_IMODE((tmp_path / "documents").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "documents" / key).stat().st_mode) == 0o600


def test_two_equal_files_have_two_keys(store):
    assert store.save(io.BytesIO(b"same")).key != store.save(io.BytesIO(b"same")).key


def test_an_interrupted_upload_leaves_nothing(store, tmp_path):
    with pytest.raises(ConnectionError):
        store.save(BrokenUpload(b"half of it"))
    assert store.names() == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_file_and_folder_reach_the_disk_in_the_right_order(tmp_path, monkeypatch):
    """A row may be written as soon as save() returns: content first, name second, folder last."""
    steps = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(descriptor):
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content")
        real_fsync(descriptor)

    def rename(source, target):
        steps.append("name")
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    FileStore(tmp_path).save(io.BytesIO(b"x"))
    assert steps == ["content", "name", "folder"]


def test_delete_removes_the_file_and_may_be_repeated(store):
    key = store.save(io.BytesIO(b"x")).key
    store.delete(key)
    store.delete(key)
    with pytest.raises(FileNotFoundError):
        store.open(key)


@pytest.mark.parametrize(
    "key",
    [
        "../secret",
        "/etc/passwd",
        "",
        ".",
        "..",
        "a" * 32 + "/../../secret",
        "a" * 32 + ".pdf\n",
        "A" * 32,
        "a\0b",
    ],
)
def test_no_key_leaves_the_folder(store, tmp_path, key):
    (tmp_path / "secret").write_text("outside")
    store.save(io.BytesIO(b"x"))
    with pytest.raises(FileNotFoundError):
        store.open(key)
    with pytest.raises(FileNotFoundError):
        store.delete(key)
    assert (tmp_path / "secret").exists()


@pytest.mark.parametrize("suffix", ["pdf", "../x", ".pdf/..", ".PDF", ".tar.gz", ".pdf\n", ".abcdefghi"])
def test_no_suffix_leaves_the_folder(store, suffix):
    with pytest.raises(ValueError, match="suffix"):
        store.save(io.BytesIO(b"x"), suffix)


def test_the_names_are_those_of_what_is_kept(store):
    kept = sorted(store.save(io.BytesIO(b"x")).key for _ in range(3))
    assert store.names() == kept
    with store.member(kept[0]).open("rb") as file:
        assert file.read() == b"x"
    assert store.holds_any(kept[1:2])
    assert not store.holds_any(["0" * 32])


def test_what_nobody_knows_is_swept_when_it_is_old(store):
    known, stray = (store.save(io.BytesIO(b"x")).key for _ in range(2))
    assert store.sweep([known].__contains__, datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert store.sweep([known].__contains__, LATER) == 1
    assert store.names() == [known]
    with pytest.raises(FileNotFoundError):
        store.open(stray)


def test_what_is_kept_aside_outlives_the_original(store, bucket, tmp_path):
    key = store.save(io.BytesIO(b"x")).key
    assert store.keep_aside("aside/documents") == 1
    store.delete(key)
    if isinstance(store, FileStore):
        assert (tmp_path / "aside/documents" / key).read_bytes() == b"x"
    else:
        assert f"portail/aside/documents/{key}" in names_in(bucket)


def test_a_sealed_file_opens_under_its_own_key_alone(store, tmp_path):
    files = SealedFiles(store, load_sealer(tmp_path / "keys"))
    key = files.save(b"certificat")
    assert files.read(key) == b"certificat"
    with store.open(key) as file:
        sealed = file.read()
    assert b"certificat" not in sealed
    other = store.save(io.BytesIO(sealed)).key
    with pytest.raises(SealBroken):
        files.read(other)


def test_a_large_file_goes_through_the_disk_and_comes_back(store):
    content = os.urandom(24 * 1024 * 1024)
    key = store.save(io.BytesIO(content)).key
    with store.open(key) as file:
        assert file.read() == content


def test_a_bucket_that_is_away_is_told_as_a_disk_that_fails(bucket):
    nobody = Bucket("s3://town", "http://127.0.0.1:9", "us-east-1", "portail", "secret")
    away = ObjectStore(nobody, "documents")
    for act in (
        lambda: away.save(io.BytesIO(b"x")),
        lambda: away.open("0" * 32),
        lambda: away.delete("0" * 32),
        away.names,
    ):
        with pytest.raises(StoreAway):
            act()
    assert trouble(bucket) is None
    assert type(trouble(nobody)) is StoreAway
    lost = Bucket("s3://nothing", bucket.endpoint, "us-east-1", "portail", "secret")
    assert type(trouble(lost)) is StoreRefuses
    assert "secret" not in repr(nobody)
