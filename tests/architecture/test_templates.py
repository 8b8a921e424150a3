"""Templates are all reached, and import only what they use."""

import ast
import re
from collections.abc import Iterable, Iterator

from flask import Flask
from jinja2 import nodes

from tests.architecture.sources import Module, parse, product, templates

TEMPLATE_NAME = re.compile(r"[\w./-]+\.(html|txt|ics|xml)")


def named_in_code(modules: Iterable[Module]) -> Iterator[str]:
    """Patterns of the template names that code writes; a computed part stands for any word."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.JoinedStr):
                parts = [one.value if isinstance(one, ast.Constant) else "\0" for one in node.values]
                text = "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            else:
                continue
            if TEMPLATE_NAME.fullmatch(text.replace("\0", "x")):
                yield re.escape(text).replace(re.escape("\0"), "[^/]+")


def named_in_templates(app: Flask, texts: dict[str, str]) -> Iterator[str]:
    for name, text in texts.items():
        for node in app.jinja_env.parse(text).find_all(
            (nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import)
        ):
            used = node.template
            if not isinstance(used, nodes.Const):
                raise AssertionError(f"{name}:{node.lineno} chooses a template while running.")
            yield re.escape(used.value)


def unused(app: Flask, modules: Iterable[Module], texts: dict[str, str]) -> list[str]:
    used = {re.compile(pattern) for pattern in [*named_in_code(modules), *named_in_templates(app, texts)]}
    return [name for name in texts if not any(pattern.fullmatch(name) for pattern in used)]


def needless_imports(app: Flask, name: str, text: str) -> Iterator[str]:
    tree = app.jinja_env.parse(text)
    read = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    for node in tree.find_all(nodes.FromImport):
        aliases = {one[1] if isinstance(one, tuple) else one for one in node.names}
        yield from (f"{name}:{node.lineno} imports {alias}" for alias in sorted(aliases - read))


def test_every_template_is_used(app):
    assert unused(app, product(), templates()) == []


def test_every_imported_macro_is_used(app):
    found = [fault for name, text in templates().items() for fault in needless_imports(app, name, text)]
    assert found == []


def test_planted_faults_are_seen(app):
    code = [parse("views", 'answer("home/index.html")\nrender(f"errors/{code}.html")')]
    texts = {
        "home/index.html": '{% from "parts.html" import icon, badge as mark %}{{ icon("x") }}',
        "errors/404.html": "",
        "parts.html": "",
        "home/old.html": "",
    }
    assert unused(app, code, texts) == ["home/old.html"]
    assert list(needless_imports(app, "home/index.html", texts["home/index.html"])) == [
        "home/index.html:1 imports mark"
    ]
