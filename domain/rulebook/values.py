"""Values: a number, a formula, a table (P4), a curve (P5), or ordered cases. Every price is one of these."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, Protocol

from domain.errors import RuleError
from domain.french import quoted
from domain.rulebook import schema
from domain.rulebook.conditions import Condition, read_condition
from domain.rulebook.facts import Context, Kind
from domain.rulebook.formulas import Formula, read_formula
from domain.rulebook.schema import Key, Reader, Record
from domain.rulebook.table_schema import table_reader
from domain.rulebook.trace import Unanswered, in_words
from domain.rulebook.tree import Node


class Value(Protocol):
    def evaluate(self, context: Context) -> Decimal:
        """The number for these facts, its steps added to the trace of the context."""


class Beyond(StrEnum):
    """What a curve does outside its points."""

    FLAT = "plat"
    SLOPE = "pente"
    REFUSE = "refuser"


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines between points of one fact; before the first and after the last, as declared."""

    path: str
    fact: str
    points: tuple[tuple[Decimal, Decimal], ...]
    beyond: Beyond

    def evaluate(self, context: Context) -> Decimal:
        x = context.number(self.fact, self.path)
        result = self._at(x)
        context.trace.add(
            self.path, f"courbe, {self.fact} = {in_words(x)} : {in_words(result)}", {self.fact: x}, result
        )
        return result

    def _at(self, x: Decimal) -> Decimal:
        first, last = self.points[0], self.points[-1]
        if not first[0] <= x <= last[0]:
            if self.beyond is Beyond.REFUSE:
                raise Unanswered(f"{self.path} ne va pas jusqu’à {self.fact} = {in_words(x)}.")
            if self.beyond is Beyond.SLOPE and not x.is_finite():
                return x
            if self.beyond is Beyond.FLAT:
                return first[1] if x < first[0] else last[1]
        segments = list(pairwise(self.points))
        inside = next((pair for pair in segments if x <= pair[1][0]), segments[-1])
        (x0, y0), (x1, y1) = inside
        return y0 + (y1 - y0) * (x - x0) / (x1 - x0)


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate` x fact + `constant`, between a floor and a ceiling (None: no such bound)."""

    path: str
    rate: Value
    fact: str
    constant: Value
    floor: Value | None
    ceiling: Value | None

    def evaluate(self, context: Context) -> Decimal:
        x = context.number(self.fact, self.path)
        rate, constant = self.rate.evaluate(context), self.constant.evaluate(context)
        result = constant if not rate else rate * x + constant
        said = f"{in_words(rate)} × {in_words(x)} + {in_words(constant)} = {in_words(result)}"
        context.trace.add(self.path, said, {self.fact: x}, result)
        return self._bounded(result, context)

    def _bounded(self, result: Decimal, context: Context) -> Decimal:
        floor = None if self.floor is None else self.floor.evaluate(context)
        ceiling = None if self.ceiling is None else self.ceiling.evaluate(context)
        if ceiling is not None and result > ceiling:
            context.trace.add(self.path, f"plafond : {in_words(ceiling)}", {}, ceiling)
            result = ceiling
        if floor is not None and result < floor:
            context.trace.add(self.path, f"plancher : {in_words(floor)}", {}, floor)
            result = floor
        return result


@dataclass(frozen=True, slots=True)
class Case:
    when: Condition
    value: Value


@dataclass(frozen=True, slots=True)
class Cases:
    """The value of the first case that holds, else `otherwise`; None there means that nothing is foreseen."""

    path: str
    cases: tuple[Case, ...]
    otherwise: Value | None

    def evaluate(self, context: Context) -> Decimal:
        for case in self.cases:
            if case.when.holds(context):
                return case.value.evaluate(context)
        if self.otherwise is None:
            raise Unanswered(f"{self.path} : aucun cas ne correspond à ces faits.")
        return self.otherwise.evaluate(context)


# --- Reading


def read_value(node: Node, reader: Reader) -> Value:
    """A number or a formula (text), or a mapping that one of its keys names: table, courbe, taux, cas…"""
    if node.is_text:
        return read_formula(node, reader)
    given = node.mapping()
    kind = next((word for word in _FORMS if word in given), None)
    if kind is None:
        raise node.bad(f"une valeur est un nombre, une formule, ou l’une de : {schema.listed(_FORMS)}.")
    return _FORMS[kind](node, reader)


def _alone(word: str, spec: schema.Spec) -> schema.Spec:
    """`spec` applied to the only key `word`."""

    def read(node: Node, reader: Reader) -> Any:
        for other, child in node.mapping().items():
            if other != word:
                raise child.bad(f"clé inconnue {quoted(other)} à côté de {quoted(word)}.")
        found = reader.read(spec, node.mapping()[word])
        schema.require_whole(node, reader, found)
        return found

    return read


def _point(node: Node, reader: Reader) -> tuple[Decimal, Decimal]:
    items = node.items()
    if len(items) != 2:
        raise node.bad("un point est une paire, par exemple [500, 2.40].")
    return schema.number(items[0], reader), schema.number(items[1], reader)


def _numeric_fact(node: Node, reader: Reader) -> str:
    name = schema.reference("fait", "le fait")(node, reader)
    if reader.known("fait")[name].kind is not Kind.NUMBER:
        raise node.bad(f"le fait {quoted(name)} n’est pas un nombre.")
    return name


def _make_curve(**fields: Any) -> Curve:
    points = fields["points"]
    if any(left[0] >= right[0] for left, right in pairwise(points)):
        raise RuleError("bad_points", "les points vont du plus petit au plus grand, sans doublon.", "points")
    return Curve(**fields)


def placed(make: Callable[..., Any], *keys: Key) -> schema.Spec:
    """A record whose dataclass also wants the path of its place."""

    def read(node: Node, reader: Reader) -> Any:
        return Record(lambda **fields: make(path=node.path, **fields), *keys)(node, reader)

    return read


def _make_rate(**fields: Any) -> Rate:
    """Refuses a floor above the ceiling when both are plain numbers."""
    low, high = (_plain_number(fields[bound]) for bound in ("floor", "ceiling"))
    if low is not None and high is not None and low > high:
        raise RuleError("bad_bounds", "le plancher est plus haut que le plafond.", "plancher")
    return Rate(**fields)


def _plain_number(value: Value | None) -> Decimal | None:
    """The number that a formula without facts is worth; None for anything else."""
    return value.constant if isinstance(value, Formula) else None


_CURVE = placed(
    _make_curve,
    Key("sur", "fact", _numeric_fact, "le fait en abscisse"),
    Key("points", "points", schema.list_of(_point, least=2), "les points [abscisse, valeur]"),
    Key(
        "au_dela", "beyond", schema.choice({b.value: b for b in Beyond}),
        "ce que fait la courbe hors des points (plat, pente ou refuser)",
    ),
)  # fmt: skip
_RATE = placed(
    _make_rate,
    Key("taux", "rate", read_value, "le taux (0.0036 pour 0,36 %)"),
    Key("sur", "fact", _numeric_fact, "le fait que le taux multiplie"),
    Key("constante", "constant", read_value, "ce qui s’ajoute (0 s’il n’y a rien)"),
    Key("plancher", "floor", schema.optional(read_value), "le minimum (null s’il n’y en a pas)"),
    Key("plafond", "ceiling", schema.optional(read_value), "le maximum (null s’il n’y en a pas)"),
)
_CASE = Record(
    Case,
    Key("si", "when", read_condition, "la condition de ce cas"),
    Key("valeur", "value", read_value, "la valeur de ce cas"),
)
_CASES = placed(
    Cases,
    Key("cas", "cases", schema.list_of(_CASE, least=1), "les cas, dans l’ordre"),
    Key(
        "sinon",
        "otherwise",
        schema.optional(read_value),
        "la valeur si aucun cas ne convient (null : non prévu)",
    ),
)
_FORMS: dict[str, schema.Spec] = {}


def add_form(word: str, spec: schema.Spec) -> None:
    """One more kind of value, written as a mapping whose only key is `word`."""
    _FORMS[word] = _alone(word, spec)


_FORMS |= {
    "table": _alone("table", table_reader(read_value)),
    "courbe": _alone("courbe", _CURVE),
    "taux": _RATE,
    "cas": _CASES,
}
