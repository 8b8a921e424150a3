"""Every value of a closed list has a French word, and a single one in its list (S120)."""

import inspect
from enum import StrEnum

import pytest

from domain import enums
from domain.labels import LABELS, label

LISTS = [
    kind
    for _, kind in inspect.getmembers(enums, inspect.isclass)
    if issubclass(kind, StrEnum) and kind is not StrEnum
]


@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.__name__)
def test_every_value_has_its_own_label(kind):
    words = [label(value) for value in kind]
    assert all(word.strip() == word and word for word in words)
    assert len(set(words)) == len(words)


def test_no_label_without_a_value():
    assert set(LABELS) == set(LISTS)
    assert all(set(LABELS[kind]) == set(kind) for kind in LISTS)
