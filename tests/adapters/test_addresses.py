"""E-mail addresses as people type them."""

import pytest

from adapters import addresses


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Claire.Solignac@Example.FR", "claire.solignac@example.fr"),
        ("claire@mairie-cahors.fr", "claire@mairie-cahors.fr"),
        ("claire@", None),
        ("claire solignac@example.fr", None),
        ("", None),
    ],
)
def test_email(typed, kept):
    assert addresses.email(typed) == kept
