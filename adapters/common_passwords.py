"""The passwords that everybody tries first, from a list that ships with the portal (no network)."""

import string
from collections.abc import Iterator
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

    « motdepasse2026! » and « doudoudoudou » are no better than the word they hide; figures alone hide none.
    """
    stem = password.strip(_DRESSING)
    return not stem or any(word in _listed() for word in (password, *_units(stem)))


def _units(word: str) -> Iterator[str]:
    """The word, and each shorter piece that makes it when repeated."""
    for length in range(1, len(word) + 1):
        if word[:length] * (len(word) // length) == word:
            yield word[:length]
