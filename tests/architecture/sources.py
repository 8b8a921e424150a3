"""The project's own files, as text and as syntax trees, without running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("domain", "models", "adapters", "exports", "queries", "services", "blueprints", "extensions")
ROOTS = ("app", "config", "cli", "safety_cli", "guards", *LAYERS)


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file of the product: `name` as it is imported, for example `services.outbox`."""

    name: str
    tree: ast.Module

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]


def parse(name: str, text: str) -> Module:
    return Module(name, ast.parse(text))


@cache
def product() -> tuple[Module, ...]:
    """Every module of the product: neither tests nor migrations."""
    return tuple(
        parse(_name(path), path.read_text(encoding="utf-8"))
        for root in ROOTS
        for path in [*ROOT.glob(f"{root}.py"), *sorted((ROOT / root).rglob("*.py"))]
    )


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(module: Module) -> Iterator[str]:
    """The full names that a module imports, wherever the import stands."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def templates() -> dict[str, str]:
    """Each template by its name, with its text."""
    folder = ROOT / "templates"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
