"""What comes out of an archive: plain files of its own folder, whatever its tar says (R55)."""

import io
import tarfile

import pytest

from adapters.backup_archive import _unpack


def packed(*entries: tarfile.TarInfo) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w|") as tar:
        for entry in entries:
            entry.size = 2 if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(b"ok"))
    out.seek(0)
    return out


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, target, 0o644
    return made


def test_a_file_comes_out_for_its_owner_only(tmp_path):
    _unpack(packed(entry("documents/abc"), entry("portail.toml")), tmp_path)
    assert (tmp_path / "documents" / "abc").read_bytes() == b"ok"
    assert (tmp_path / "portail.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "bad",
    [
        entry("../outside"),
        entry("/tmp/outside"),  # noqa: S108  never written
        entry("link", tarfile.SYMTYPE, "/etc/passwd"),
        entry("link", tarfile.LNKTYPE, "/etc/passwd"),
        entry("pipe", tarfile.FIFOTYPE),
    ],
)
def test_what_is_no_plain_file_of_the_folder_stays_inside(tmp_path, bad):
    folder = tmp_path / "aside"
    folder.mkdir()
    with pytest.raises(tarfile.TarError):
        _unpack(packed(bad), folder)
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "outside").exists()
