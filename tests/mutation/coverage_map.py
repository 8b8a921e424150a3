"""Which test runs which lines of `domain/` and `services/`, and how long it takes."""

import json
import os
import pickle
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from tests.mutation import child

_MOST_SECONDS = (
    20.0  # of tests for one fault, counted while their lines are recorded: five times less in fact
)
_IMPORT = ""  # lines that ran outside any test: while modules were imported and tests collected
_LAYERS = ("domain", "services")
_FOLDERS = tuple(str(child.ROOT / layer) + os.sep for layer in _LAYERS)


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """`lines[path][test]` holds the lines of a file that a test runs; `seconds[test]` its processor time."""

    lines: dict[str, dict[str, frozenset[int]]]
    seconds: dict[str, float]

    def tests_of(self, path: Path, first: int, last: int) -> list[str]:
        """The tests that may notice a fault on these lines, the fastest first, as many as a while allows.

        What runs while a module is imported may be used by any test of the files that run the module or
        name it, whatever line they run.
        """
        found = self.lines.get(str(path), {})
        wanted = set(range(first, last + 1))
        chosen = {test for test, lines in found.items() if test != _IMPORT and lines & wanted}
        if found.get(_IMPORT, frozenset()) & wanted:
            files = {test.split("::")[0] for test in found if test != _IMPORT}
            chosen |= {test for test in self.seconds if test.split("::")[0] in files or _names(test, path)}
        ordered = sorted(chosen, key=lambda test: (self.seconds[test], test))
        until = accumulate(self.seconds[test] for test in ordered)
        return [test for test, total in zip(ordered, until, strict=True) if total <= _MOST_SECONDS]


def _names(test: str, path: Path) -> bool:
    """Whether the file of a test writes the name of a module."""
    return re.search(rf"\b{Path(path).stem}\b", _text(test.split("::")[0])) is not None


@cache
def _text(name: str) -> str:
    file = child.ROOT / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""


class _Recorder:
    """Notes the lines of `domain/` and `services/` that each test runs."""

    def __init__(self) -> None:
        self.current: dict[str, set[int]] = defaultdict(set)
        self.ahead: dict[CodeType, set[int]] = {}
        self.lines: dict[str, dict[str, list[int]]] = defaultdict(dict)
        self.seconds: dict[str, float] = {}
        self.failures: list[str] = []

    def enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(_FOLDERS):
            return None
        seen = self.current[code.co_filename]
        seen.add(frame.f_lineno)
        if code not in self.ahead:
            self.ahead[code] = {number for _, _, number in code.co_lines() if number is not None}
        left = self.ahead[code]
        if not left:
            return None  # every line of this function has been seen in this test

        def line(frame: FrameType, event: str, argument: Any) -> Any:
            seen.add(frame.f_lineno)
            left.discard(frame.f_lineno)
            return line

        left.discard(frame.f_lineno)
        return line

    def flush(self, test: str) -> None:
        for name, seen in self.current.items():
            self.lines[str(Path(name).relative_to(child.ROOT))][test] = sorted(seen)
        self.current.clear()
        self.ahead.clear()

    def pytest_collection_finish(self) -> None:
        self.flush(_IMPORT)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        _forget_what_was_computed()
        start = time.process_time()
        sys.settrace(self.enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - start
            self.flush(item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failures.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failures.append(report.nodeid)


def _forget_what_was_computed() -> None:
    """Empties the caches of the modules, so that a test does not run less because of the one before it."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _LAYERS:
            for value in vars(module).values():
                if hasattr(type(value), "cache_clear"):  # of the type: a proxy would wake up
                    value.cache_clear()


def measure(folders: Sequence[str], leave_out_failing: bool = False) -> CoverageMap:
    """Runs the tests of `folders` once. What PyYAML composed on the way is kept for the runs that follow.

    A test that fails without any fault says nothing: it is an error, or it is left out when asked.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer, texts = Path(folder, "map.json"), Path(folder, "texts.pickle")
        process = os.fork()
        if process == 0:
            _in_child(folders, answer, texts)
        os.waitpid(process, 0)
        if not answer.exists():
            raise RuntimeError("the tests could not be run")
        found = json.loads(answer.read_text(encoding="utf-8"))
        child.compositions.update(pickle.loads(texts.read_bytes()))  # noqa: S301  written just now, by us
    if not found["seconds"]:
        raise RuntimeError("no test could be run")
    failing = set(found["failures"])
    if failing and not (leave_out_failing and found["seconds"]):
        raise RuntimeError(f"these tests already fail: {sorted(failing)}")
    lines = {
        path: {test: frozenset(numbers) for test, numbers in tests.items() if test not in failing}
        for path, tests in found["lines"].items()
    }
    return CoverageMap(lines, {test: took for test, took in found["seconds"].items() if test not in failing})


def _in_child(folders: Sequence[str], answer: Path, texts: Path) -> None:
    recorder = _Recorder()
    try:
        sys.settrace(recorder.enter)
        child.run_pytest(folders, recorder)
        sys.settrace(None)
        texts.write_bytes(pickle.dumps(child.compositions))
        answer.write_text(
            json.dumps({"lines": recorder.lines, "seconds": recorder.seconds, "failures": recorder.failures}),
            encoding="utf-8",
        )
    finally:
        os._exit(0)
