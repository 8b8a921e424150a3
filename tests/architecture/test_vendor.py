"""The files of others are the ones their table says: nobody edited them, none came in unannounced."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
TABLE_ROW = re.compile(r"^\| `(?P<file>[^`]+)` \|.*\| `(?P<sha256>[0-9a-f]{64})` \|$", re.MULTILINE)


def _announced() -> dict[str, str]:
    table = (VENDOR / "README.md").read_text(encoding="utf-8")
    return {row["file"]: row["sha256"] for row in TABLE_ROW.finditer(table)}


def _present() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "README.md"
    }


def test_every_vendored_file_has_the_hash_of_the_table():
    assert _present() == _announced()


def test_each_library_comes_with_its_licence():
    names = set(_present())
    for library in ("htmx", "atkinson-hyperlegible-next", "lucide"):
        assert any(name.startswith(library) and re.search(r"LICENSE|OFL", name) for name in names), library
