"""The passwords that everybody tries first, from a list that ships with the portal (no network)."""

from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "common_passwords.txt"


@cache
def load() -> frozenset[str]:
    """Lower-case passwords; read once a process, on first need."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
