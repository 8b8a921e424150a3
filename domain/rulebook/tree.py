"""A rulebook as a tree of located texts, and the list of its faults.

Whatever reads a file (YAML today) makes this tree; no scalar is guessed: « 08:30 » and « 3.80 » stay text
until a rule says what it expects there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from domain.errors import RuleError
from domain.french import spaced

# What a place holds, without its line: mappings, lists, texts and nothing.
Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"


class Severity(StrEnum):
    """Whether a fault forbids the file or only deserves a decision."""

    ERROR = "erreur"
    WARNING = "avertissement"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, or left open, at a place of the file. `line` starts at 1; `message` is French."""

    path: str
    line: int
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        mark = "" if self.severity is Severity.ERROR else "avertissement, "
        return spaced(f"{mark}ligne {self.line}, {self.path or 'fichier'} : {self.message}")


class BadNode(Exception):
    """A value that is not what its place expects."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Node:
    """A place of the file: its path, its line, and a text, a mapping, a list or nothing (None)."""

    value: "str | None | dict[str, Node] | list[Node]"
    line: int
    path: str = ""

    def bad(self, message: str) -> BadNode:
        return BadNode(Fault(self.path, self.line, message))

    def from_rule(self, error: RuleError) -> BadNode:
        """The same fault as `error`, located here."""
        path = ".".join(part for part in (self.path, error.path) if part)
        return BadNode(Fault(path, self.line, error.reason))

    @property
    def is_text(self) -> bool:
        return isinstance(self.value, str)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.bad("un texte est attendu.")
        return self.value.strip()

    def mapping(self) -> "dict[str, Node]":
        if not isinstance(self.value, dict):
            raise self.bad("un ensemble de clés et de valeurs est attendu, par exemple {cle: valeur}.")
        return self.value

    def items(self) -> "list[Node]":
        if not isinstance(self.value, list):
            shown = f"[{self.value}]" if self.is_text else "[premier, second]"
            raise self.bad(
                f"une liste est attendue : {shown}, ou une ligne par élément, précédée d’un tiret."
            )
        return self.value

    def bare(self) -> Tree:
        """What is written here, without its place in the file."""
        if isinstance(self.value, dict):
            return {word: child.bare() for word, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.bare() for child in self.value]
        return self.value

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value


def planted(tree: Tree, path: str = "") -> Node:
    """The nodes of a bare tree; no line is known."""
    if isinstance(tree, dict):
        below = ((word, f"{path}.{word}" if path else word) for word in tree)
        return Node({word: planted(tree[word], place) for word, place in below}, 0, path)
    if isinstance(tree, list):
        return Node([planted(one, f"{path}[{rank}]") for rank, one in enumerate(tree, 1)], 0, path)
    return Node(tree, 0, path)


@dataclass(slots=True)
class Faults:
    """The faults met so far; reading goes on after each, so that all are told at once."""

    found: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        if fault not in self.found:
            self.found.append(fault)

    def warn(self, node: Node, message: str) -> None:
        self.add(Fault(node.path, node.line, message, Severity.WARNING))

    def __iter__(self) -> Iterator[Fault]:
        """Errors first, each kind in the order of the file."""
        order = {Severity.ERROR: 0, Severity.WARNING: 1}
        return iter(sorted(self.found, key=lambda fault: (order[fault.severity], fault.line, fault.path)))

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self if fault.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Fault]:
        return [fault for fault in self if fault.severity is Severity.WARNING]
