"""The launcher, in a project of its own: when it installs, what it starts, what it says when it cannot."""

import ast
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "portail"


class Handover(Exception):
    """The launcher became another program: os.execv never returns."""


class Launcher:
    """The script loaded in an empty project; the programs that it would start are noted."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        loader = SourceFileLoader("portail", str(SCRIPT))
        self.module = module_from_spec(spec_from_loader("portail", loader))
        loader.exec_module(self.module)
        self.folder = folder
        self.started: list[str] = []
        self.results: list[int] = []  # exit codes to come, then 0
        for name, value in {
            "ROOT": folder,
            "VENV": folder / ".venv",
            "PYTHON": folder / ".venv/bin/python",
        }.items():
            monkeypatch.setattr(self.module, name, str(value))
        (folder / "requirements.txt").write_text("Flask==1\n")
        (folder / "requirements-dev.txt").write_text("-r requirements.txt\npytest==1\n")
        monkeypatch.setattr(subprocess, "call", self._call)
        monkeypatch.setattr(os, "execv", self._execv)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("PORTAIL_DEMO", "")  # so that it is put back after the test
        monkeypatch.delenv("PORTAIL_DEMO")

    def _call(self, command, **_options):
        if "-c" in command:  # « is this environment usable? »
            return 0 if Path(command[0]).exists() else 1
        self.started.append(" ".join(map(str, command)).replace(f"{self.folder}/", ""))
        if "venv" in command:
            python = Path(self.module.PYTHON)
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        return self.results.pop(0) if self.results else 0

    def _execv(self, path, arguments):
        self.started.append(" ".join([path, *arguments[1:]]).replace(f"{self.folder}/", ""))
        raise Handover

    def run(self, *arguments: str) -> list[str]:
        """The programs started by one run that ends in another program."""
        self.started = []
        with pytest.raises(Handover):
            self.module.main(list(arguments))
        return self.started

    def run_to_its_end(self, *arguments: str) -> int:
        self.started = []
        with pytest.raises(SystemExit) as end:
            self.module.main(list(arguments))
        return end.value.code


VENV = f"{sys.executable} -m venv --clear .venv"
INSTALL = ".venv/bin/python -m pip install --quiet --requirement requirements.txt"
INSTALL_DEV = ".venv/bin/python -m pip install --quiet --requirement requirements-dev.txt"
CHECK = ".venv/bin/python -m pip check --quiet"
SERVE = ".venv/bin/python -m flask --app app serve --port 80"
QUICK = (
    ".venv/bin/python -m pytest -q -n 2 -m not browser and not race and not fault and not load and not wide"
)
ALL_SQLITE = ".venv/bin/python -m pytest -q -n 2"
ALL_POSTGRESQL = (
    ".venv/bin/python -m pytest -q -n 2 --database postgresql -m not browser "
    "--ignore=tests/domain --ignore=tests/cases --ignore=tests/mutation --ignore=tests/exports"
)
ALL_FILES = ".venv/bin/python -m pytest -q -n 2 --files bucket -m files"


@pytest.fixture
def launcher(tmp_path, monkeypatch) -> Launcher:
    return Launcher(tmp_path, monkeypatch)


def test_the_first_start_installs_and_the_second_does_not(launcher):
    assert launcher.run("serve", "--port", "80") == [VENV, INSTALL, CHECK, SERVE]
    assert launcher.run("serve", "--port", "80") == [SERVE]


def test_changed_pins_are_installed_in_the_same_environment(launcher):
    launcher.run("serve")
    (launcher.folder / "requirements.txt").write_text("Flask==2\n")
    assert launcher.run("serve", "--port", "80") == [INSTALL, CHECK, SERVE]


def test_another_version_of_python_makes_a_new_environment(launcher, monkeypatch):
    launcher.run("serve")
    monkeypatch.setattr(launcher.module, "fingerprint", lambda requirements: f"3.99 {requirements}")
    monkeypatch.setattr(launcher.module, "venv_works", lambda: False)
    assert launcher.run("serve", "--port", "80") == [VENV, INSTALL, CHECK, SERVE]


def test_a_removed_environment_is_made_again(launcher):
    launcher.run("serve")
    Path(launcher.module.PYTHON).unlink()
    assert launcher.run("serve", "--port", "80") == [VENV, INSTALL, CHECK, SERVE]


@pytest.mark.parametrize(
    ("results", "sentence"),
    [([1], "n’a pas pu être créé"), ([0, 1], "L’installation a échoué"), ([0, 0, 1], "ne vont pas ensemble")],
    ids=["venv", "pip install", "pip check"],
)
def test_a_failed_installation_says_so_and_starts_again_next_time(launcher, capfd, results, sentence):
    launcher.results = results
    assert launcher.run_to_its_end("serve") == 1
    assert sentence in capfd.readouterr().err
    assert INSTALL in launcher.run("serve")


def test_an_interrupted_installation_starts_again_next_time(launcher, monkeypatch):
    def interrupted(command, **options):
        if "install" in command:
            raise KeyboardInterrupt
        return launcher._call(command, **options)

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "call", interrupted)
        with pytest.raises(KeyboardInterrupt):
            launcher.module.main(["serve"])
    assert launcher.run("serve", "--port", "80") == [INSTALL, CHECK, SERVE]


def test_a_python_without_venv_is_told_what_to_install(launcher, monkeypatch, capfd):
    monkeypatch.setattr("importlib.util.find_spec", lambda _module: None)
    assert launcher.run_to_its_end("demo") == 1
    assert "sudo apt install python3-venv" in capfd.readouterr().err


def test_the_demonstration_is_marked_before_the_application_starts(launcher):
    assert launcher.run("demo")[-1] == ".venv/bin/python -m flask --app app demo"
    assert os.environ["PORTAIL_DEMO"] == "1"


def test_a_real_town_is_not_a_demonstration(launcher):
    launcher.run("serve")
    assert "PORTAIL_DEMO" not in os.environ


def test_the_tests_have_their_own_dependencies_that_serve_for_the_rest(launcher):
    assert launcher.run("test") == [VENV, INSTALL_DEV, CHECK, QUICK]
    assert launcher.run("test", "-k", "agenda") == [f"{QUICK} -k agenda"]
    assert launcher.run("serve", "--port", "80") == [SERVE]


@pytest.mark.parametrize(
    ("results", "code"),
    [([0, 0, 0], 0), ([1, 0, 0], 1), ([0, 1, 0], 1), ([0, 0, 1], 1)],
    ids=["green", "sqlite red", "postgresql red", "files red"],
)
def test_all_the_tests_run_on_both_databases(launcher, results, code):
    launcher.run("test")
    launcher.results = results
    assert launcher.run_to_its_end("test", "--all", "-x") == code
    assert launcher.started == [f"{ALL_SQLITE} -x", f"{ALL_POSTGRESQL} -x", f"{ALL_FILES} -x"]


def test_ctrl_c_stops_before_the_second_database(launcher):
    launcher.run("test")
    launcher.results = [2]
    assert launcher.run_to_its_end("test", "--all") == 2
    assert launcher.started == [ALL_SQLITE]


def test_without_a_command_it_explains_itself_and_installs_nothing(launcher, capfd):
    launcher.module.main([])
    assert "./portail demo" in capfd.readouterr().err
    assert launcher.started == []


def test_an_old_python_is_replaced_or_refused_in_french(launcher, monkeypatch, capfd):
    monkeypatch.setattr(launcher.module, "OLDEST", (99, 0))
    assert launcher.run_to_its_end("demo") == 1
    assert "Le portail a besoin de Python 99.0" in capfd.readouterr().err

    monkeypatch.setattr(subprocess, "call", lambda command, **_options: 0)
    monkeypatch.setattr(os, "execvp", lambda name, arguments: launcher._execv(name, arguments))
    assert launcher.run("demo") == [f"python3.11 {SCRIPT} demo"]


def test_any_python_3_can_read_the_launcher():
    """Syntax only: an f-string or an annotation would replace the French sentence by a SyntaxError."""
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 4))
    too_new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, too_new)] == []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions
    assert not any(argument.annotation for node in functions for argument in node.args.args)
