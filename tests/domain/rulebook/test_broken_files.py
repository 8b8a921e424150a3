"""Whatever is wrong in a file, reading it ends with faults, never with a failure of the program."""

from pathlib import Path

import pytest

from adapters import rulebook_files
from domain.rulebook import rulebook
from domain.rulebook.tree import Faults, Node

CASES = Path(__file__).parents[2] / "cases"
LADDERS_TABLES_AND_MORE = (
    "A-lons-le-saunier",
    "B-saffre",
    "B-jean-renoir",
    "C-la-tessoualle",
    "D-la-prairie",
)
WRONG = (None, "", "0", "x", "-1", "2026-02-30", "quotient", "oui", [], {})


def damaged(node, wrong):
    """Copies of a tree, each with one node replaced or one key removed."""
    if isinstance(node.value, dict):
        for word, child in node.value.items():
            rest = {key: one for key, one in node.value.items() if key != word}
            yield Node(rest, node.line, node.path)
            for other in damaged(child, wrong):
                yield Node({**node.value, word: other}, node.line, node.path)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            for other in damaged(child, wrong):
                yield Node([*node.value[:index], other, *node.value[index + 1 :]], node.line, node.path)
    yield Node(wrong, node.line, node.path)


@pytest.mark.parametrize("name", LADDERS_TABLES_AND_MORE)
def test_a_damaged_file_never_breaks_the_reader(name):
    root, _ = rulebook_files.load(CASES / f"{name}.reglement.yaml")
    copies = 0
    for wrong in WRONG:
        for copy in damaged(root, wrong):
            faults = Faults()
            book = rulebook.read(copy, WithoutHolidays, faults)
            assert (book is None) == bool(faults.errors)
            copies += 1
    assert copies > 200


class WithoutHolidays:
    """Official holidays are slow to compute and of no use here."""

    holidays_of_zone = staticmethod(lambda zone: ())
    public_holidays = staticmethod(lambda variant: {})


@pytest.mark.parametrize(
    "text", ["", "a: [", "- x", "a: b: c", "\t", "!!python/object:os.system x", "a: *x", "{" * 60, "\x00"]
)
def test_what_is_not_a_rulebook_is_refused(tmp_path, text):
    path = tmp_path / "reglement.yaml"
    path.write_text(text, encoding="utf-8")
    root, faults = rulebook_files.load(path)
    if root is not None:
        assert rulebook.read(root, WithoutHolidays, faults) is None
    assert faults.errors


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / "reglement.yaml"
    path.write_bytes("nom: é".encode("latin-1"))
    assert "UTF-8" in str(rulebook_files.load(path)[1].errors[0])
