import hashlib
import io
import os
import stat

import pytest

from adapters.files import FileStore


class BrokenUpload(io.BytesIO):
    """Gives one chunk, then the connection is cut."""

    def read(self, size=-1):
        if self.tell():
            raise ConnectionError("cut")
        return super().read(4)


def test_a_file_comes_back_as_it_went_in(tmp_path):
    content = os.urandom(200_000)
    store = FileStore(tmp_path / "documents")
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


def test_two_equal_files_have_two_keys(tmp_path):
    store = FileStore(tmp_path)
    assert store.save(io.BytesIO(b"same")).key != store.save(io.BytesIO(b"same")).key


def test_an_interrupted_upload_leaves_nothing(tmp_path):
    with pytest.raises(ConnectionError):
        FileStore(tmp_path).save(BrokenUpload(b"half of it"))
    assert list(tmp_path.iterdir()) == []


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


def test_delete_removes_the_file_and_may_be_repeated(tmp_path):
    store = FileStore(tmp_path)
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
def test_no_key_leaves_the_folder(tmp_path, key):
    (tmp_path / "secret").write_text("outside")
    store = FileStore(tmp_path / "documents")
    store.save(io.BytesIO(b"x"))
    with pytest.raises(FileNotFoundError):
        store.open(key)
    with pytest.raises(FileNotFoundError):
        store.delete(key)
    assert (tmp_path / "secret").exists()


@pytest.mark.parametrize("suffix", ["pdf", "../x", ".pdf/..", ".PDF", ".tar.gz", ".pdf\n", ".abcdefghi"])
def test_no_suffix_leaves_the_folder(tmp_path, suffix):
    with pytest.raises(ValueError, match="suffix"):
        FileStore(tmp_path).save(io.BytesIO(b"x"), suffix)
