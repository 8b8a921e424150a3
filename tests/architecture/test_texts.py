"""What the files of the project must not contain, read as text."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Module, parse, product, templates

# Places that exist on one machine only: where somebody worked, and where packages came from that day.
MACHINE = re.compile(r"/home/\w|/root/|/Users/|index-url|devpi|artifactory|nexus\.|/simple/")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|[Ll]orem ipsum")
INLINE = re.compile(r"<style\b|<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\(")
# Templates that may hand over ready HTML, with the reason.
MAY_BE_SAFE: dict[str, str] = {
    "staff/content/mail.html": "the preview of a mail: another template made and escaped it",
}
# Pictures, fonts and files of others are not ours to read.
OTHERS = ("static/vendor/", "LICENSE", "tests/architecture/test_texts.py")
OUTSIDE = {".git", ".venv", ".hypothesis", ".pytest_cache", ".ruff_cache", "instance", "__pycache__"}
HTML_MAILS = "mails/"  # read in mail programs, where a style sheet does not exist


def tracked() -> list[Path]:
    """The files that git knows, or every file where there is no git."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)  # noqa: S607
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not OUTSIDE & set(path.parts)]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(OTHERS):
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def matches(pattern: re.Pattern[str], named: Iterator[tuple[str, str]]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in named
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_place_of_one_machine_is_written():
    assert matches(MACHINE, texts()) == []


def test_nothing_is_left_to_finish():
    assert matches(UNFINISHED, texts()) == []


def test_templates_hold_no_inline_script_or_style():
    pages = ((name, text) for name, text in templates().items() if not name.startswith(HTML_MAILS))
    assert matches(INLINE, pages) == []


def test_templates_escape_everything():
    pages = ((name, text) for name, text in templates().items() if name not in MAY_BE_SAFE)
    assert matches(UNESCAPED, pages) == []
    assert set(MAY_BE_SAFE) <= set(templates())


def test_code_makes_no_html_of_text():
    assert [fault for module in product() for fault in ready_html(module)] == []


def ready_html(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Markup"
        ):
            yield f"{module.name}:{node.lineno} makes Markup"


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE, "see /home/marie/portail/app.py"),
        (MACHINE, "--index-url https://mirror.example/simple/"),
        (UNFINISHED, "# TODO later"),
        (INLINE, '<p style="color:red">'),
        (INLINE, "<script>alert(1)</script>"),
        (INLINE, '<a onclick="x()">'),
        (UNESCAPED, "{{ text|safe }}"),
        (UNESCAPED, "{{ text | safe }}"),
        (UNESCAPED, "{% autoescape false %}"),
    ],
)
def test_a_planted_text_is_seen(pattern, line):
    assert matches(pattern, iter([("planted", line)]))


def test_planted_markup_is_seen():
    assert list(ready_html(parse("services.x", "from markupsafe import Markup\nMarkup('<b>')")))
    assert not matches(INLINE, iter([("good", '<script src="/a.js" defer></script>')]))
