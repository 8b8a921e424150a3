"""The passwords that everybody tries first, from a list that ships with the portal (no network)."""

import string
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "common_passwords.txt"
_DRESSING = string.digits + string.punctuation + string.whitespace


@cache
def _listed() -> frozenset[str]:
    """Read once a process, on first need."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_common(password: str) -> bool:
    """Whether a lower case password is in the list, as it is, dressed with figures and signs, or repeated.

    « motdepasse2026! » and « doudoudoudou » are no better than the word they hide.
    """
    stem = password.strip(_DRESSING)
    return password in _listed() or stem in _listed() or _unit(stem) in _listed()


def _unit(word: str) -> str:
    """The shortest piece that makes the word when repeated; the word itself when there is none."""
    start = (word + word).find(word, 1)
    return word[:start] if start > 0 else word
