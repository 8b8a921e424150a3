"""What a rulebook names once and reads anywhere: deduced facts, amounts, conditions, dates.

Each name is a fact of its own: a number (`montants`), a yes or no (`conditions`), a date (`dates`), a word
(deduced `faits`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.calendar import add_months, paris_now
from domain.french import quoted
from domain.rulebook import schema
from domain.rulebook.clamping import clamped
from domain.rulebook.conditions import ALWAYS, Condition, read_condition
from domain.rulebook.cutoff_schema import read_days
from domain.rulebook.days import Base, Days, walk
from domain.rulebook.facts import Context, Fact, Kind, read_declaration, value_of
from domain.rulebook.money import ROUNDING, Rounding
from domain.rulebook.schema import Key, Reader, Record, Use, require_whole
from domain.rulebook.trace import Unanswered, in_words
from domain.rulebook.tree import Node
from domain.rulebook.values import Value, placed, read_value
from domain.rulebook.versions import Dated, Version, dated, undated


@dataclass(frozen=True, slots=True)
class NamedAmount:
    path: str
    value: Value
    rounding: Rounding | None

    def evaluate(self, context: Context) -> Decimal:
        result = self.value.evaluate(context)
        if self.rounding is None:
            return result
        rounded = self.rounding.round(result)
        if rounded != result:
            said = f"arrondi : {in_words(result)} → {in_words(rounded)}"
            context.trace.add(self.path, said, {}, rounded)
        return rounded


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """True or false; `message` is what a family is told when it is false."""

    path: str
    when: Condition
    message: str

    def evaluate(self, context: Context) -> bool:
        result = self.when.holds(context)
        context.trace.add(self.path, in_words(result), self.when.inputs(context), result)
        return result


@dataclass(frozen=True, slots=True)
class DeducedCase:
    when: Condition
    value: Any


@dataclass(frozen=True, slots=True)
class DeducedFact:
    """The value of the first case that holds, else `otherwise`."""

    path: str
    cases: tuple[DeducedCase, ...]
    otherwise: Any

    def evaluate(self, context: Context) -> Any:
        value = next((case.value for case in self.cases if case.when.holds(context)), self.otherwise)
        context.trace.add(self.path, in_words(value), {}, value)
        return value


@dataclass(frozen=True, slots=True)
class DateRule:
    """A date from another: shifted by years and months, set to a month or a day, then moved by days."""

    path: str
    since: str
    when: Condition
    years: int
    months: int
    month: int | None
    day: int | None
    days: int
    counted: Days | None

    def evaluate(self, context: Context) -> date:
        start = context.fact(self.since, self.path)
        if start is None:
            raise Unanswered(f"{self.path} : la date {self.since} est inconnue.")
        year, month = add_months(start.year, self.month or start.month, 12 * self.years + self.months)
        moved = clamped(year, month, self.day or start.day)
        return self._moved_by_days(moved, context)

    def _moved_by_days(self, day: date, context: Context) -> date:
        if self.counted is None:
            return day + timedelta(days=self.days)
        return walk(day, self.days, self.counted, context)


@dataclass(frozen=True, slots=True)
class NamedDate:
    """The first rule whose condition holds."""

    path: str
    rules: tuple[DateRule, ...]

    def evaluate(self, context: Context) -> date:
        rule = next((rule for rule in self.rules if rule.when.holds(context)), None)
        if rule is None:
            raise Unanswered(f"{self.path} : aucun cas ne correspond à ces faits.")
        result = rule.evaluate(context)
        context.trace.add(rule.path, in_words(result), {}, result)
        return result


@dataclass(frozen=True, slots=True)
class Named:
    """A name and its rule through time: the version of the service day, without one that of the act."""

    versions: Dated

    def evaluate(self, context: Context) -> Any:
        version, trace = self._in_force(context), context.trace
        outer, trace.version = trace.version, version.name
        try:
            return version.rule.evaluate(context)
        finally:
            trace.version = outer

    def message(self, context: Context) -> str:
        """What a family is told when a condition is false; empty for any other name."""
        return getattr(self._in_force(context).rule, "message", "")

    def _in_force(self, context: Context) -> Version:
        if not self.versions.changes:
            return self.versions.versions[0]
        path = self.versions.path
        if context.day is None and context.now is not None:
            return self.versions.on(paris_now(context.moment(path)).date())
        return self.versions.on(context.service_day(path))


_SECTIONS: Mapping[str, Kind] = {"montants": Kind.NUMBER, "conditions": Kind.YES_NO, "dates": Kind.DATE}


PARENT = "parent"  # the only fact of the engine that a règlement may deduce: whose week it is


def declare(root: Mapping[str, Node], reader: Reader, built_in: Mapping[str, Fact]) -> None:
    """Declares every fact and every name, so that rules may be read in any order."""
    facts = reader.known("fait")
    facts.update(built_in)
    for word, node in _entries(root, "faits"):
        _declare_one(word, node, reader, read_declaration)
    for word, node in _entries(root, "montants"):
        _note_step(word, node, reader)
    for section, kind in _SECTIONS.items():
        for word, node in _entries(root, section):
            _declare_one(word, node, reader, lambda node, reader, kind=kind: Fact(kind))


def _entries(root: Mapping[str, Node], section: str) -> list[tuple[str, Node]]:
    node = root.get(section)
    return [] if node is None else list(node.mapping().items())


def _note_step(word: str, node: Node, reader: Reader) -> None:
    """An amount that is rounded, or counted in whole years, only takes the multiples of a step."""
    given = node.mapping() if node.is_mapping else {}
    rounding, value = given.get("arrondi"), given.get("valeur", node)
    if rounding is not None and rounding.has("au"):
        step = Reader().read(schema.number, rounding.mapping()["au"])
        if step is not schema.BROKEN and step > 0:
            reader.known("pas")[word] = step
    elif value.is_text and value.text().startswith("annees_revolues("):
        reader.known("pas")[word] = Decimal(1)


def _declare_one(word: str, node: Node, reader: Reader, spec: schema.Spec) -> None:
    def read(node: Node, reader: Reader) -> Fact:
        schema.check_name(word, node)
        if word in reader.known("fait") and word != PARENT:
            raise node.bad(f"le nom « {word} » est déjà pris (fait de base, ou déclaré ailleurs).")
        return spec(node, reader)

    fact = reader.read(read, node)
    if isinstance(fact, Fact):
        reader.known("fait")[word] = fact


def read_named(root: Mapping[str, Node], reader: Reader) -> dict[str, Named]:
    """The rules of every name that is computed."""
    entries = [(word, node, _deduced(word)) for word, node in _entries(root, "faits") if node.is_mapping]
    for section, spec in _SPECS.items():
        entries += [(word, node, dated(spec)) for word, node in _entries(root, section)]
    found: dict[str, Named] = {}
    for word, node, spec in entries:
        rule, uses = reader.read_with_uses(spec, node)
        if isinstance(rule, Dated):
            found[word] = Named(rule)
            reader.known("deduit")[word] = frozenset(use.name for use in uses if use.kind == "fait")
            _refuse_openings(uses, reader)
    _refuse_circles({word: node for word, node, _ in entries if word in found}, reader)
    return found


def _refuse_openings(uses: Iterable[Use], reader: Reader) -> None:
    for use in uses:
        if use.kind == "compte" and use.name == Base.OPEN.value:
            reader.faults.add(
                use.node.bad(
                    "« ouverture » compte les jours d’une activité ; une règle nommée n’en a pas : comptez "
                    "les jours d’ecole, de mairie…"
                ).fault
            )


def _refuse_circles(nodes: Mapping[str, Node], reader: Reader) -> None:
    """A fault for each circle of names that read one another, told once."""
    graph, told = reader.known("deduit"), set()
    for word, node in nodes.items():
        circle = circle_through(word, graph)
        if circle and not told & set(circle):
            told |= set(circle)
            chain = " → ".join([*circle, word])
            reader.faults.add(node.bad(f"{quoted(word)} se déduit de lui-même : {chain}.").fault)


def circle_through(word: str, graph: Mapping[str, Collection[str]]) -> list[str]:
    """The shortest chain of names that leads from `word` back to it; empty when there is none."""
    chains, seen = [[word]], set()
    for chain in chains:
        for name in sorted(graph.get(chain[-1], ())):
            if name == word:
                return chain
            if name not in seen:
                seen.add(name)
                chains.append([*chain, name])
    return []


def reads(names: Iterable[str], graph: Mapping[str, Collection[str]]) -> set[str]:
    """Those names and every name that they are deduced from."""
    found, left = set(), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += graph.get(name, ())
    return found


def computers(named: Mapping[str, Named]) -> dict[str, Callable[[Context], Any]]:
    """How a context deduces each name."""
    return {word: rule.evaluate for word, rule in named.items()}


def _deduced(word: str) -> schema.Spec:
    """The cases of a fact that is deduced; None for one that is only declared."""

    def read(node: Node, reader: Reader) -> Dated | None:
        given = node.mapping()
        for key, child in given.items():
            if key not in ("type", "valeurs", "nom", "deduit", "sinon"):
                raise child.bad(
                    f"clé inconnue « {key} » ; clés possibles : type, valeurs, nom, deduit, sinon."
                )
        if "deduit" not in given:
            return None
        fact = reader.known("fait").get(word)
        if fact is None or "sinon" not in given:
            raise node.bad("un fait déduit demande ses valeurs, « deduit » (des cas) et « sinon ».")
        value = lambda node, reader: value_of(fact, node, reader)  # noqa: E731  a spec, given twice
        case = Record(
            DeducedCase,
            Key("si", "when", read_condition, "la condition de ce cas"),
            Key("valeur", "value", value, "la valeur du fait dans ce cas"),
        )
        cases = reader.read(schema.list_of(case, least=1), given["deduit"])
        otherwise = reader.read(value, given["sinon"])
        require_whole(node, reader, cases, otherwise)
        return undated(DeducedFact(node.path, cases, otherwise), node)

    return read


def _read_amount(node: Node, reader: Reader) -> NamedAmount:
    """A value, or `valeur` with its `arrondi`."""
    if node.is_mapping and node.has("valeur"):
        return placed(
            NamedAmount,
            Key("valeur", "value", read_value, "la valeur"),
            Key("arrondi", "rounding", schema.optional(ROUNDING), "l’arrondi (null : valeur exacte)"),
        )(node, reader)
    return NamedAmount(node.path, read_value(node, reader), None)


_CONDITION = placed(
    NamedCondition,
    Key("si", "when", read_condition, "ce qui doit être vrai"),
    Key("sinon", "message", schema.text, "la phrase à dire quand c’est faux"),
)


def _date_fact(node: Node, reader: Reader) -> str:
    name = schema.reference("fait", "la date")(node, reader)
    if reader.known("fait")[name].kind is not Kind.DATE:
        raise node.bad(f"le fait {quoted(name)} n’est pas une date.")
    return name


_months = schema.integer(-120, 120)
_DATE = placed(
    DateRule,
    Key("depuis", "since", _date_fact, "la date de départ (un fait de type date)"),
    Key("si", "when", read_condition, "la condition pour que cette règle vaille", ALWAYS),
    Key("annees", "years", schema.integer(-30, 30), "les années à ajouter", 0),
    Key("mois", "months", _months, "les mois à ajouter", 0),
    Key("au_mois", "month", schema.integer(1, 12), "le mois à prendre (1 : janvier)", None),
    Key("au_jour", "day", schema.integer(1, 31), "le jour du mois à prendre (31 : le dernier)", None),
    Key("jours", "days", schema.integer(-400, 400), "les jours à ajouter, ou à retirer s’il est négatif", 0),
    Key("compte", "counted", read_days, "les jours comptés (tous si absent)", None),
)


def _read_date(node: Node, reader: Reader) -> NamedDate:
    """A date rule, or a list of them: the first whose condition holds."""
    return NamedDate(node.path, schema.one_or_many(_DATE)(node, reader))


_SPECS: Mapping[str, schema.Spec] = {
    "montants": _read_amount,
    "conditions": _CONDITION,
    "dates": _read_date,
}
