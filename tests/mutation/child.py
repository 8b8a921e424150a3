"""One run of the tests in a forked copy of this process, which never imported our own modules.

The parent has the libraries in memory; the child imports `domain` and the tests afresh, with the fault in
place, so that what a module builds while it is imported is built from the faulty code too.
"""

import ast
import atexit
import contextlib
import gc
import importlib.abc
import importlib.util
import io
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import hypothesis
import pytest
import yaml

ROOT = Path(__file__).parents[2]
# Long, and made for something else: damaging files at random, and proving the oracle itself.
LEFT_OUT = (
    "tests/domain/rulebook/test_broken_files.py",
    "tests/domain/rulebook/test_wrong_limits_are_noticed.py",
)
WITH_BENCH = ("tests/services", "tests/queries")
_MOST_MEMORY = 3_000_000_000
_FOLDER = Path(tempfile.gettempdir(), f"mutation-{os.getpid()}")  # emptied at each start of the test bench


class Verdict(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"


def prepare() -> None:
    """Loads the libraries once, and makes every random choice of the tests the same each time."""
    import argon2
    import flask_login
    import flask_sqlalchemy
    import flask_wtf
    import holidays
    import phonenumbers

    del argon2, flask_login, flask_sqlalchemy, flask_wtf, phonenumbers
    holidays.country_holidays("FR", years=2026, language="fr")
    hypothesis.settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("mutation")
    yaml.compose = _remembering(yaml.compose)
    with contextlib.redirect_stdout(io.StringIO()):
        run_pytest(["--version"], object())  # loads what pytest itself needs
    atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
    gc.collect()
    gc.freeze()


compositions: dict[str, Any] = {}
"""What PyYAML made of a text, or the error that it raised: the slowest step of the tests, and not ours."""


def _remembering(compose: Callable[..., Any]) -> Callable[..., Any]:
    def remembered(text: str, **options: Any) -> Any:
        if text not in compositions:
            try:
                compositions[text] = compose(text, **options)
            except (yaml.YAMLError, RecursionError) as error:
                compositions[text] = error
        found = compositions[text]
        if isinstance(found, Exception):
            raise found
        return found

    return remembered


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the faulty code for one module."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self.name, self.path, self.code = name, path, code

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> Any:
        return (
            importlib.util.spec_from_loader(name, self, origin=str(self.path)) if name == self.name else None
        )

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self.path)
        exec(self.code, module.__dict__)  # noqa: S102  our own code, with one fault


def put_in_place(path: Path, tree: ast.Module) -> None:
    """From now on, importing the module of `path` gives `tree`."""
    code = compile(tree, str(ROOT / path), "exec")
    sys.meta_path.insert(0, _Finder(module_name(path), ROOT / path, code))


# Plugins that print, keep files or look for garbage after each run.
_WITHOUT = [
    f"-pno:{name}"
    for name in (
        "cacheprovider",
        "terminal",
        "unraisableexception",
        "threadexception",
        "faulthandler",
        "junitxml",
    )
]


def run_pytest(targets: Sequence[str], plugin: object, *options: str) -> int:
    """Tests of `domain/` need nothing of the test bench; those of services have it, with its database."""
    left_out = [f"--ignore={path}" for path in LEFT_OUT]
    bench = [f"--basetemp={_FOLDER}"] if any(needs_bench(target) for target in targets) else ["--noconftest"]
    return pytest.main([*bench, *_WITHOUT, *left_out, *options, *targets], plugins=[plugin])


def needs_bench(test: str) -> bool:
    """Whether a test, or a folder of tests, opens a database."""
    return test.startswith(WITH_BENCH)


class Chosen:
    """Runs only `order`, in that order; remembers the test that failed."""

    def __init__(self, order: Sequence[str]) -> None:
        self.rank = {name: rank for rank, name in enumerate(order)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.rank), key=lambda item: self.rank[item.nodeid]
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid


def verdict_of(
    path: Path, tree: ast.Module, stages: Sequence[Sequence[str]], seconds: float
) -> tuple[Verdict, str]:
    """What the tests of `stages` say of a module with a fault, and which of them noticed it first.

    `seconds` of processor time at most: a fault that loops for ever is noticed.
    """
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _in_child(path, tree, stages, seconds, sending)
    os.close(sending)
    with os.fdopen(receiving, encoding="utf-8") as pipe:
        failed = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Verdict.TIMED_OUT, ""
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise RuntimeError(f"{path}: the tests ended with code {code}")
    return (Verdict.KILLED if code else Verdict.SURVIVED), failed


def _in_child(
    path: Path, tree: ast.Module, stages: Sequence[Sequence[str]], seconds: float, sending: int
) -> None:
    code = 3
    try:
        _be_quiet()
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        put_in_place(path, tree)
        code, failed = _noticed(stages)
        os.write(sending, failed.encode())
    finally:
        os._exit(code)


def _be_quiet() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def _noticed(stages: Sequence[Sequence[str]]) -> tuple[int, str]:
    for order in stages:
        chosen = Chosen(order)
        files = sorted({name.split("::")[0] for name in order})
        code = pytest.ExitCode(run_pytest(files, chosen, "-x"))
        if code in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
            return 1, chosen.failed
        if code is pytest.ExitCode.USAGE_ERROR and any(needs_bench(file) for file in files):
            return 1, chosen.failed  # the bench imports the application: it could not even start
        if code is not pytest.ExitCode.OK:
            return int(code), ""
    return 0, ""
