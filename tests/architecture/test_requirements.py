"""docs/requirements.md says for each requirement how far it is and which test proves it: the tests exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.sources import ROOT

TABLE = ROOT / "docs" / "requirements.md"
ROW = re.compile(r"^\| *(?P<id>[SR]\d+) *\| *(?P<state>[^|]+?) *\| *(?P<tests>[^|]*?) *\|$")
PROOF = re.compile(r"`?(?P<path>tests/[\w/]+\.py)::(?P<test>\w+)`?")
# S01 to S120: the reference guide. R01 to R60: what is on top of it, numbered by theme.
R_RANGES = (range(1, 8), range(10, 19), range(20, 27), range(30, 36), range(40, 61))
KNOWN_IDS = {f"S{number:02}" for number in range(1, 121)} | {
    f"R{n:02}" for numbers in R_RANGES for n in numbers
}


def faults(text: str) -> Iterator[str]:
    seen: set[str] = set()
    for line in text.splitlines():
        if not re.match(r"\| *[SR]\d", line):
            continue
        row = ROW.match(line)
        if row is None:
            yield f"not a row of three columns: {line}"
            continue
        if row["id"] not in KNOWN_IDS:
            yield f"{row['id']} is not a requirement"
        if row["id"] in seen:
            yield f"{row['id']} stands twice"
        seen.add(row["id"])
        yield from (f"{row['id']}: {fault}" for fault in _bad_proofs(row))


def _bad_proofs(row: re.Match[str]) -> Iterator[str]:
    named = [one.strip() for one in row["tests"].split(",") if one.strip()]
    for one in named:
        proof = PROOF.fullmatch(one)
        if proof is None:
            yield f"« {one} » is not path::test"
        elif proof["test"] not in _tests_of(proof["path"]):
            yield f"no test {one}"


@cache
def _tests_of(path: str) -> set[str]:
    file = ROOT / path
    if not file.is_file():
        return set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_named_proof_exists():
    text = TABLE.read_text(encoding="utf-8")
    assert list(faults(text)) == []
    assert "| S01 |" in text


@pytest.mark.parametrize(
    "row",
    [
        "| S999 | done | |",
        "| S01 | done |",
        "| S01 | done | tests/architecture/test_requirements.py |",
        "| S01 | done | tests/architecture/test_requirements.py::test_nothing_of_the_kind |",
        "| S01 | done | tests/nowhere.py::test_every_named_proof_exists |",
        "| S01 | done | |\n| S01 | done | |",
    ],
)
def test_a_planted_fault_is_seen(row):
    assert list(faults(row))


def test_a_true_row_passes():
    row = "| S01 | done | `tests/architecture/test_requirements.py::test_every_named_proof_exists` |"
    assert list(faults(row)) == []
