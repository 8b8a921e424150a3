"""Dated rules (P15): any rule may be replaced by its named versions; a gap or an overlap is a fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from domain.calendar import ONE_DAY
from domain.clock_time import FOREVER, MINUTES_A_DAY, ClockTime
from domain.errors import RuleError
from domain.french import format_day
from domain.rulebook import schema
from domain.rulebook.schema import Key, Reader, Record, Spec
from domain.rulebook.trace import MissingFact, Unanswered
from domain.rulebook.tree import Node


@dataclass(frozen=True, slots=True)
class Version:
    """A rule in force from `first_day` to `last_day`, both included; None is open."""

    name: str
    first_day: date | None
    last_day: date | None
    rule: Any

    def ends(self) -> datetime:
        """The instant at which the next version takes over."""
        return FOREVER if self.last_day is None else ClockTime(MINUTES_A_DAY).on(self.last_day)

    def holds(self, day: date) -> bool:
        after = self.first_day is None or self.first_day <= day
        return after and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class Dated:
    """A rule through time."""

    path: str
    versions: tuple[Version, ...]

    @property
    def changes(self) -> bool:
        """False for a rule written once, without dates."""
        return len(self.versions) > 1 or self.versions[0].first_day is not None

    def on(self, day: date | None, asked: str = "jour") -> Version:
        """The version of that day; without a day, the only version there is.

        Raises MissingFact naming `asked` when the day is needed and nobody gave it.
        """
        if not self.changes:
            return self.versions[0]
        if day is None:
            raise MissingFact(asked, self.path)
        for version in self.versions:
            if version.holds(day):
                return version
        raise Unanswered(f"{self.path} : aucune version en vigueur le {format_day(day, year=True)}.")


def undated(rule: Any, node: Node) -> Dated:
    """A rule that never changes."""
    return Dated(node.path, (Version("", None, None, rule),))


def dated(spec: Spec) -> Spec:
    """The spec of a rule that may be written once, or as `versions`."""

    def read(node: Node, reader: Reader) -> Dated:
        if not node.has("versions"):
            return undated(spec(node, reader), node)
        if len(node.mapping()) > 1:
            raise node.bad("« versions » reste seule : les autres clés vont dans chaque version.")
        found = schema.list_of(_version(spec), least=1)(node.mapping()["versions"], reader)
        return Dated(node.path, _in_order(found, node, reader))

    return read


def _version(spec: Spec) -> Spec:
    """A version of the rule that `spec` reads."""
    record = Record(
        _make_version,
        Key("nom", "name", schema.text, "le nom de la version"),
        Key("du", "first_day", schema.day, "son premier jour"),
        Key("au", "last_day", schema.optional(schema.day), "son dernier jour", None),
        Key("regle", "rule", spec, "la règle elle-même"),
    )
    return record


def _make_version(**fields: Any) -> Version:
    version = Version(**fields)
    if version.last_day is not None and version.last_day < version.first_day:
        raise RuleError("bad_version", "la fin de cette version vient avant son début.")
    return version


def _in_order(found: Sequence[Version], node: Node, reader: Reader) -> tuple[Version, ...]:
    ordered = sorted(found, key=lambda version: version.first_day)
    for early, late in pairwise(ordered):
        if early.last_day is None or late.first_day <= early.last_day:
            raise RuleError("overlap", f"les versions {early.name} et {late.name} se chevauchent.")
        if late.first_day > early.last_day + ONE_DAY:
            reader.faults.warn(node, f"aucune version entre {early.name} et {late.name}.")
    return tuple(ordered)
