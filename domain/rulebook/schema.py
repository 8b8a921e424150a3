"""What a rulebook may hold, declared as data: specs read a node into a typed value, or tell what is wrong.

A spec is a function (node, reader) -> value that raises BadNode. `Record` reads a mapping into a dataclass.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from domain.clock_time import ClockTime
from domain.errors import RuleError
from domain.french import WEEKDAYS, quoted
from domain.rulebook.tree import BadNode, Faults, Node

Spec = Callable[[Node, "Reader"], Any]
BROKEN = object()
NAME = re.compile(r"[a-z][a-z0-9_]*")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,8})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES_NO = {"oui": True, "non": False}
_MOST_CHOICES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Use:
    """A place of the file that reads a name: a fact, a period, a base of counted days…"""

    kind: str
    name: str
    node: Node


@dataclass(slots=True)
class Reader:
    """One reading of one file: its faults, the names declared so far, and every place that uses one."""

    faults: Faults = field(default_factory=Faults)
    names: dict[str, dict[str, Any]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)

    def read(self, spec: Spec, node: Node) -> Any:
        """What `spec` makes of `node`; BROKEN, and one more fault, when it cannot."""
        try:
            return spec(node, self)
        except BadNode as bad:
            self.faults.add(bad.fault)
        except RuleError as error:
            self.faults.add(node.from_rule(error).fault)
        return BROKEN

    def known(self, kind: str) -> dict[str, Any]:
        return self.names.setdefault(kind, {})

    def note(self, kind: str, name: str, node: Node) -> None:
        """Remembers that `node` uses a name, for the checks made once its surroundings are read."""
        self.uses.append(Use(kind, name, node))

    def read_with_uses(self, spec: Spec, node: Node) -> tuple[Any, list[Use]]:
        """What `spec` makes of `node`, and the names that it uses."""
        start = len(self.uses)
        found = self.read(spec, node)
        return found, self.uses[start:]


class Broken(BadNode):
    """A part was faulty and already reported."""


def require_whole(node: Node, reader: Reader, *parts: Any) -> None:
    """Stops reading this node when a part of it is broken; its fault is already in the list."""
    if any(part is BROKEN for part in parts):
        raise Broken(next(iter(reader.faults.errors)))


# --- Scalars


def text(node: Node, reader: Reader) -> str:
    return node.text()


def name(node: Node, reader: Reader) -> str:
    return check_name(node.text(), node)


def adjustment_name(node: Node, reader: Reader) -> str:
    """An adjustment that the tariff of the activity must have; checked once the activity is read."""
    found = name(node, reader)
    reader.note("ajustement", found, node)
    return found


def check_name(value: str, node: Node) -> str:
    if not NAME.fullmatch(value):
        raise node.bad(
            f"{quoted(value)} n’est pas un nom possible : lettres minuscules sans accent, chiffres et _."
        )
    return value


def number(node: Node, reader: Reader) -> Decimal:
    if not node.is_text or not _NUMBER.fullmatch(node.text()):
        raise node.bad("un nombre est attendu, avec un point pour les décimales, par exemple 3.80.")
    return Decimal(node.text())


def integer(least: int, most: int) -> Spec:
    def read(node: Node, reader: Reader) -> int:
        value = node.text() if node.is_text else ""
        if not re.fullmatch(r"-?[0-9]{1,6}", value) or not least <= int(value) <= most:
            raise node.bad(f"un nombre entier entre {least} et {most} est attendu.")
        return int(value)

    return read


def yes_no(node: Node, reader: Reader) -> bool:
    return choice(_YES_NO)(node, reader)


def day(node: Node, reader: Reader) -> date:
    value = node.text() if node.is_text else ""
    if _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise node.bad(f"la date {quoted(value)} n’existe pas.") from None
    raise node.bad("une date est attendue, par exemple 2026-09-01.")


def clock(node: Node, reader: Reader) -> ClockTime:
    return ClockTime.parse(node.text() if node.is_text else "")


def choice(table: Mapping[str, Any]) -> Spec:
    """One of the words of `table`, which says what each means to the program."""

    def read(node: Node, reader: Reader) -> Any:
        value = node.text() if node.is_text else ""
        if value not in table:
            raise node.bad(f"{quoted(value)} n’est pas possible ici ; choisissez parmi : {listed(table)}.")
        return table[value]

    return read


def listed(words: Any) -> str:
    shown = [str(word) for word in words]
    more = "…" if len(shown) > _MOST_CHOICES_SHOWN else ""
    return ", ".join(shown[:_MOST_CHOICES_SHOWN]) + more


def unknown(meaning: str, value: str, known: Mapping[str, Any]) -> str:
    """What is said of a name that is not declared: the nearest ones, else all."""
    near = get_close_matches(value, list(known), n=1, cutoff=0.6)
    advice = f"vouliez-vous dire {listed(near)} ?" if near else f"déclarés : {listed(known) or 'aucun'}."
    return f"{meaning} {quoted(value)} : ce nom n’est pas déclaré ; {advice}"


weekday = choice({word: number for number, word in enumerate(WEEKDAYS)})


def reference(kind: str, meaning: str) -> Spec:
    """A name declared elsewhere in the file under `kind`."""

    def read(node: Node, reader: Reader) -> str:
        value = node.text()
        if value not in reader.known(kind):
            raise node.bad(unknown(meaning, value, reader.known(kind)))
        reader.note(kind, value, node)
        return value

    return read


# --- Containers


def optional(spec: Spec) -> Spec:
    """`spec`, or nothing (null)."""
    return lambda node, reader: None if node.value is None else spec(node, reader)


def list_of(spec: Spec, least: int = 0) -> Spec:
    def read(node: Node, reader: Reader) -> tuple[Any, ...]:
        items = node.items()
        if len(items) < least:
            raise node.bad(f"au moins {least} élément(s) attendu(s).")
        found = [reader.read(spec, item) for item in items]
        require_whole(node, reader, *found)
        return tuple(found)

    return read


def one_or_many(spec: Spec) -> Spec:
    """A list, or one value alone standing for a list of one."""
    many = list_of(spec, least=1)
    return lambda node, reader: many(node, reader) if node.is_list else (spec(node, reader),)


def map_of(spec: Spec, key: Callable[[str, Node], str] = check_name) -> Spec:
    def read(node: Node, reader: Reader) -> dict[str, Any]:
        found = {}
        for word, child in node.mapping().items():
            reader.read(lambda child, reader, word=word: key(word, child), child)
            found[word] = reader.read(spec, child)
        require_whole(node, reader, *found.values())
        return found

    return read


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a record: its word in the file, the field it fills, what a person must write there."""

    word: str
    field: str
    spec: Spec
    meaning: str
    default: Any = BROKEN  # no default: the key is mandatory

    @property
    def mandatory(self) -> bool:
        return self.default is BROKEN


def hint(word: str, child: Node) -> str:
    """A comma inside { } cuts a sentence or a number in two; the second half reads as a key without value."""
    if child.value is not None:
        return ""
    return _POINT if re.fullmatch(r"[0-9]+( ?€)?", word) else _COMMA


_POINT = " Un nombre décimal prend un point (4.40) ; une phrase qui a une virgule, des guillemets."
_COMMA = " Si c’est la suite d’une phrase, mettez la phrase entre guillemets : la virgule sépare deux clés."


class Record:
    """A mapping of known keys, read into `make(**fields)`; `known_elsewhere` are read by somebody else."""

    known_elsewhere: tuple[str, ...] = ()

    def __init__(self, make: Callable[..., Any], *keys: Key) -> None:
        self.make = make
        self.keys = keys

    def __call__(self, node: Node, reader: Reader) -> Any:
        given = node.mapping()
        self._check_keys(node, reader)
        fields, missing = {}, False
        for key in self.keys:
            if key.word in given:
                fields[key.field] = reader.read(key.spec, given[key.word])
            elif key.mandatory:
                reader.faults.add(node.bad(f"il manque {quoted(key.word)} : {key.meaning}.").fault)
                missing = True
            else:
                fields[key.field] = key.default
        require_whole(node, reader, *fields.values(), BROKEN if missing else None)
        return self.make(**fields)

    def _check_keys(self, node: Node, reader: Reader) -> None:
        known = [*(key.word for key in self.keys), *self.known_elsewhere]
        for word, child in node.mapping().items():
            if word not in known:
                said = f"clé inconnue {quoted(word)} ; clés possibles : {listed(known)}.{hint(word, child)}"
                reader.faults.add(child.bad(said).fault)


class Forms:
    """A mapping whose `forme` chooses the record that reads its other keys."""

    def __init__(self, records: Mapping[str, Record], word: str = "forme") -> None:
        self.records = records
        self.word = word

    def __call__(self, node: Node, reader: Reader) -> Any:
        given = node.mapping()
        if self.word not in given:
            raise node.bad(f"il manque {quoted(self.word)} : choisissez parmi {listed(self.records)}.")
        record = choice(self.records)(given[self.word], reader)
        rest = {word: child for word, child in given.items() if word != self.word}
        return record(Node(rest, node.line, node.path), reader)
