"""The runner itself: the faults it knows, and that a weak test is told from a strong one."""

import ast
import subprocess
import sys

import pytest

from tests.mutation import results
from tests.mutation.coverage_map import CoverageMap
from tests.mutation.operators import LOGIC, WORDING, mutants, mutated


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b < c", ["b <= c"]),
        ("a = b is None", ["b is not None"]),
        ("a = b < c <= d", ["b <= c <= d", "b < c < d"]),
        ("a = b and c", ["b or c"]),
        ("a = not b", ["b"]),
        ("a = -b", ["b"]),
        ("a = b + c", ["b - c"]),
        ("a = True", ["False"]),
        ("a = 3", ["4"]),
        ("a = 'un_mot'", ["'XXun_mot'"]),
        ("a = min(b)", ["max"]),
        ("def f():\n    return b", ["return None"]),
        ("def f():\n    a = b", ["a = None"]),
        ("def f():\n    b()", ["pass"]),
        ("def f():\n    raise b", ["pass"]),
        ("a = b if c else d", ["not c"]),
        ("a = [b for b in c if d]", ["not d"]),
        ("for a in b:\n    continue", ["break"]),
        ("a = lambda: b", ["lambda: None"]),
        # What says nothing, or guards against a programmer's slip.
        ('"""words"""', []),
        ("def f(a: 'int' = b) -> 'str': ...", []),
        ("@cache(size=3)\ndef f(): ...", []),
        ("a = zip(b, strict=True)", []),
        ("A = B | C", []),
    ],
)
def test_each_fault(source, expected):
    assert [one.after for one in mutants(source) if one.kind == LOGIC] == expected


@pytest.mark.parametrize("source", ["a = 'Deux mots.'", "a = f'le {b}'", "a = 'Famille'"])
def test_sentences_are_faults_of_another_kind(source):
    assert [one.kind for one in mutants(source)] == [WORDING]


def test_a_fault_is_where_it_says_and_nowhere_else():
    source = "def f(a):\n    if a > 1:\n        return a > 2\n    return 3\n"
    (fault,) = (one for one in mutants(source) if one.before == "a > 2")
    assert (fault.function, fault.first_line, fault.last_line) == ("f", 3, 3)
    assert ast.unparse(mutated(source, fault)) == source.replace("a > 2", "a >= 2").strip()


def test_what_runs_at_import_may_be_noticed_by_any_test_of_the_files_that_run_the_module():
    lines = {"m.py": {"": frozenset({1, 2}), "a::slow": frozenset({5}), "a::fast": frozenset({6})}}
    seconds = {"a::slow": 2.0, "a::fast": 1.0, "a::reads_only": 1.5, "b::elsewhere": 0.1, "a::endless": 99.0}
    found = CoverageMap(lines, seconds)
    assert found.tests_of("m.py", 5, 5) == ["a::slow"]
    assert found.tests_of("m.py", 2, 2) == ["a::fast", "a::reads_only", "a::slow"]
    assert found.tests_of("m.py", 9, 9) == []
    assert found.tests_of("other.py", 1, 1) == []


VERDICTS = """
import ast, pathlib, sys
from tests.mutation import child
child.ROOT = pathlib.Path(sys.argv[1])
child.prepare()
tree = lambda source: ast.parse(source)
path = pathlib.Path("domain_of_one.py")
good = pathlib.Path(sys.argv[1], path).read_text()
for source in (good, good.replace(">=", ">"), good.replace("return value >= low", "return forever()")):
    print(*child.verdict_of(path, tree(source), [[sys.argv[2]]], 3.0))
"""
MODULE = """
def forever():
    while True:
        pass

def at_least(low):
    def check(value):
        return value >= low
    return check

POSITIVE = at_least(1)
"""
TEST = """
from domain_of_one import POSITIVE

def test_weak():
    assert POSITIVE(2)

def test_strong():
    assert POSITIVE(1)
"""


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("test_weak", ["survived", "survived", "timed out"]),
        ("test_strong", ["survived", "killed test_one.py::test_strong", "timed out"]),
    ],
)
def test_a_fault_in_what_is_built_at_import_is_noticed_by_the_test_that_asks_for_it(tmp_path, test, expected):
    (tmp_path / "domain_of_one.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "test_one.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", VERDICTS, tmp_path, f"test_one.py::{test}"],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(results.child.ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONHASHSEED": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert [line.strip() for line in done.stdout.splitlines()] == expected


def test_the_page_is_that_of_the_last_results():
    assert results.PAGE.read_text(encoding="utf-8") == results.page(results.load())


def test_nine_faults_in_ten_are_noticed():
    kept = [kinds[LOGIC] for kinds in results.load().values() if LOGIC in kinds]
    survivors = [one for found in kept for one in found["survivors"]]
    assert len(survivors) <= sum(found["faults"] for found in kept) / 10
