"""Facts: what rules read. Declared with a type, given by a scenario, deduced from others, or of the day.

A fact that was not given is a MissingFact; a fact given as unknown (None) is a value of its own, which only
the rules that name « inconnu » may meet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from string import ascii_uppercase
from typing import Any

from domain.errors import RuleError
from domain.french import format_number, quoted
from domain.rulebook import schema
from domain.rulebook.schema import Reader
from domain.rulebook.trace import MissingFact, Trace, Unanswered, in_words
from domain.rulebook.tree import Node


class Kind(StrEnum):
    """Types of facts; a clock time is kept in minutes since midnight."""

    NUMBER = "nombre"
    YES_NO = "oui_non"
    DATE = "date"
    CLOCK = "heure"
    CHOICE = "choix"
    TEXT = "texte"


@dataclass(frozen=True, slots=True)
class Fact:
    """A declared fact; `values` holds the words of a choice.

    A number may be whole (`entier`); none is under `least` (None: not said). `may_be_none` says that having
    no value (a day in no period) is an ordinary case: no test of a value accepts it.
    """

    kind: Kind
    values: tuple[str, ...] = ()
    label: str = ""
    whole: bool = False
    least: int | None = 0
    may_be_none: bool = False


DAY, MOMENT = "the service day", "the moment of the act"


@dataclass(slots=True)
class Context:
    """What one question knows: the facts given, the day, the moment of the act, and how to deduce the rest.

    `deduce` maps a fact to the function that computes it from this context. `reads` collects what was read,
    `DAY` and `MOMENT` among it: two contexts that agree on these get the same answer.
    """

    declared: Mapping[str, Fact]
    deduce: Mapping[str, Callable[["Context"], Any]]
    given: dict[str, Any]
    calendar: Any
    day: date | None = None
    now: datetime | None = None
    trace: Trace = field(default_factory=Trace)
    _pending: tuple[str, ...] = ()
    reads: set[str] = field(default_factory=set)

    def fact(self, name: str, path: str) -> Any:
        """The value of a fact; MissingFact when nothing gives it, `path` saying which rule asks."""
        self.reads.add(name)
        if name in self.given:
            return self.given[name]
        if name not in self.deduce:
            raise MissingFact(name, path)
        if name in self._pending:
            raise RuleError("circular", f"le fait {quoted(name)} se déduit de lui-même.", path)
        outer, self._pending = self._pending, (*self._pending, name)
        try:
            return self.deduce[name](self)
        finally:
            self._pending = outer

    def number(self, name: str, path: str) -> Decimal:
        """A fact as a number: a yes is 1, a no 0, and a date its rank, so that dates subtract."""
        value = self.fact(name, path)
        if isinstance(value, date):
            return Decimal(value.toordinal())
        if isinstance(value, bool | int):
            return Decimal(int(value))
        if not isinstance(value, Decimal):
            state = "inconnu" if value is None else "pas un nombre"
            raise Unanswered(f"Le fait « {name} » est {state} ; {path} ne dit pas ce qu’il faut faire.")
        return value

    def service_day(self, path: str) -> date:
        self.reads.add(DAY)
        if self.day is None:
            raise MissingFact("jour", path)
        return self.day

    def moment(self, path: str) -> datetime:
        self.reads.add(MOMENT)
        if self.now is None:
            raise MissingFact("a", path)
        return self.now

    def with_facts(self, *, day: date | None = None, **facts: Any) -> "Context":
        """The same context with more facts, sharing the trace."""
        return Context(
            self.declared, self.deduce, {**self.given, **facts}, self.calendar, day or self.day, self.now,
            self.trace, self._pending, self.reads,
        )  # fmt: skip


# --- Declarations


def read_declaration(node: Node, reader: Reader) -> Fact:
    """A fact of `faits`: a type (nombre, entier, oui_non, date, heure, texte), or the list of its values."""
    if node.is_list:
        return Fact(Kind.CHOICE, _words(node, reader))
    if node.is_mapping:
        return _detailed(node, reader)
    types = {kind.value: Fact(kind) for kind in Kind if kind is not Kind.CHOICE}
    return schema.choice({**types, "entier": Fact(Kind.NUMBER, whole=True)})(node, reader)


def _words(node: Node, reader: Reader) -> tuple[str, ...]:
    words = schema.list_of(schema.name, least=1)(node, reader)
    twice = next((word for word in words if words.count(word) > 1), None)
    if twice:
        raise node.bad(f"la valeur {quoted(twice)} est écrite deux fois.")
    return words


def _detailed(node: Node, reader: Reader) -> Fact:
    """A mapping: `type` or `valeurs`, a `nom`; the cases of a deduced fact are read later, with all names."""
    given = node.mapping()
    label = given["nom"].text() if "nom" in given else ""
    if "valeurs" in given:
        return Fact(Kind.CHOICE, _words(given["valeurs"], reader), label)
    if "type" not in given:
        raise node.bad(
            "il manque « type » (nombre, entier, oui_non, date, heure, texte) ou « valeurs » (une liste)."
        )
    return replace(read_declaration(given["type"], reader), label=label)


# --- Values of facts, as a scenario or a rule writes them


def value_of(fact: Fact, node: Node, reader: Reader) -> Any:
    """A value that `fact` may take; None for « inconnu » or nothing."""
    if node.value is None or node.value == "inconnu":
        return None
    match fact.kind:
        case Kind.NUMBER:
            return _number(fact, node, reader)
        case Kind.YES_NO:
            return schema.yes_no(node, reader)
        case Kind.DATE:
            return schema.day(node, reader)
        case Kind.CLOCK:
            return Decimal(schema.clock(node, reader).minutes)
        case Kind.CHOICE:
            return schema.choice({word: word for word in fact.values})(node, reader)
    return schema.text(node, reader)


def _number(fact: Fact, node: Node, reader: Reader) -> Decimal:
    value = schema.number(node, reader)
    if fact.whole and value != int(value):
        raise node.bad("un nombre entier est attendu.")
    return value


# --- Tests of a fact


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers or dates between two bounds; None is open; each bound says whether it belongs."""

    low: Any = None
    low_in: bool = True
    high: Any = None
    high_in: bool = True

    def __contains__(self, value: Any) -> bool:
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        below = self.high is None or value < self.high or (self.high_in and value == self.high)
        return above and below

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and not (self.low_in and self.high_in))

    def __str__(self) -> str:
        low, high = in_words(self.low), in_words(self.high)
        if self.low is None and self.high is None:
            return "toute valeur"
        if self.low is not None and self.low == self.high:
            return low
        parts = []
        if self.low is not None:
            parts.append(f"à partir de {low}" if self.low_in else f"plus de {low}")
        if self.high is not None:
            parts.append(f"jusqu’à {high}" if self.high_in else f"moins de {high}")
        return ", ".join(parts)


def number_bracket(interval: Interval, said: Callable[[Any], str] = format_number) -> str:
    """« de 701 à moins de 900 », « 900 ou plus », « plus de 700, jusqu’à 900 inclus »."""
    low, high = interval.low, interval.high
    if low is not None and low == high:
        return said(low)
    if high is None:
        return (
            "toute valeur"
            if low is None
            else f"{said(low)} ou plus"
            if interval.low_in
            else f"plus de {said(low)}"
        )
    if low is None:
        return f"{said(high)} ou moins" if interval.high_in else f"moins de {said(high)}"
    if interval.low_in:
        end = f"{said(high)} inclus" if interval.high_in else f"moins de {said(high)}"
        return f"de {said(low)} à {end}"
    end = f", jusqu’à {said(high)} inclus" if interval.high_in else f" et moins de {said(high)}"
    return f"plus de {said(low)}{end}"


def bracket_name(rank: int, interval: Interval) -> str:
    """« tranche C (de 701 à moins de 901) » for rank 2; numbers take over after Z."""
    letter = ascii_uppercase[rank] if rank < len(ascii_uppercase) else str(rank + 1)
    return f"tranche {letter} ({number_bracket(interval)})"


_BOUNDS = {"de": ("low", True), "plus_de": ("low", False), "a": ("high", True), "moins_de": ("high", False)}


@dataclass(frozen=True, slots=True)
class Test:
    """What one fact must be: one of `values`, in `interval`, or unknown; `opposite` turns it round."""

    values: tuple[Any, ...] = ()
    interval: Interval | None = None
    unknown: bool = False
    opposite: bool = False
    anything: bool = False

    def accepts(self, value: Any) -> bool:
        if self.anything:
            return True
        if value is None:
            return self.unknown is not self.opposite
        found = value in self.values or (self.interval is not None and value in self.interval)
        return found is not self.opposite

    @property
    def speaks_of_unknown(self) -> bool:
        return self.unknown or self.anything


def read_test(fact: Fact, node: Node, reader: Reader) -> Test:
    """« commune », [commune, voisine], {de: 3}, {moins_de: 700}, inconnu, {sauf: …}, tous."""
    if node.is_list:
        values = [value_of(fact, item, reader) for item in node.items()]
        known = tuple(value for value in values if value is not None)
        return Test(known, unknown=None in values)
    if node.is_mapping:
        if node.has("sauf"):
            _only(node, ("sauf",))
            inner = read_test(fact, node.mapping()["sauf"], reader)
            return Test(inner.values, inner.interval, inner.unknown, opposite=True)
        return Test(interval=read_interval(fact, node, reader))
    if node.value == "tous":
        return Test(anything=True)
    value = value_of(fact, node, reader)
    return Test(unknown=True) if value is None else Test((value,))


def read_interval(fact: Fact, node: Node, reader: Reader) -> Interval:
    if fact.kind not in (Kind.NUMBER, Kind.DATE, Kind.CLOCK):
        raise node.bad(
            "« de », « plus_de », « a » et « moins_de » ne valent que pour un nombre, une date ou une heure."
        )
    _only(node, tuple(_BOUNDS))
    bounds: dict[str, Any] = {}
    for word, child in node.mapping().items():
        side, included = _BOUNDS[word]
        if side in bounds:
            raise child.bad("deux bornes du même côté ; gardez « de » ou « plus_de », « a » ou « moins_de ».")
        bounds[side] = value_of(fact, child, reader)
        bounds[f"{side}_in"] = included
    interval = Interval(**bounds)
    if not bounds or interval.is_empty:
        raise node.bad("cet intervalle ne contient aucune valeur.")
    return interval


def _only(node: Node, words: tuple[str, ...]) -> None:
    for word, child in node.mapping().items():
        if word not in words:
            raise child.bad(f"clé inconnue {quoted(word)} ; clés possibles : {schema.listed(words)}.")
