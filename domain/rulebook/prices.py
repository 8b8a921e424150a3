"""The price of one unit: base, ordered adjustments (P8), quantity, declared rounding (P16)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.errors import RuleError
from domain.rulebook import schema
from domain.rulebook.conditions import Condition, read_condition
from domain.rulebook.facts import Context, value_of
from domain.rulebook.formulas import Formula
from domain.rulebook.money import PRICE_ROUNDING, Point, Rounding
from domain.rulebook.schema import Forms, Key, Reader, require_whole
from domain.rulebook.tables import SHIFT
from domain.rulebook.trace import in_words
from domain.rulebook.tree import Node
from domain.rulebook.values import Curve, Rate, Value, placed, read_value

BY_LADDER = "delai"


class Scope(StrEnum):
    """What an adjustment applies to."""

    UNIT = "unite"
    PRESENCE = "presence"
    ORDER = "commande"
    FOLLOWING = "unites_suivantes"
    BILL = "facture"


class Operation(StrEnum):
    ADD = "ajouter"
    MULTIPLY = "multiplier"
    SET = "fixer"
    AT_LEAST = "au_moins"
    AT_MOST = "au_plus"

    def apply(self, before: Decimal, value: Decimal) -> Decimal:
        match self:
            case Operation.ADD:
                return before + value
            case Operation.MULTIPLY:
                return before * value
            case Operation.SET:
                return value
            case Operation.AT_LEAST:
                return max(before, value)
        return min(before, value)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Changes an amount when its condition holds; without condition, when a limit names it (`delai`)."""

    path: str
    name: str
    when: Condition | None
    operation: Operation
    value: Value
    scope: Scope
    following: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """Reads the table `by` brackets further on one fact."""

    path: str
    name: str
    when: Condition | None
    fact: str
    by: int


@dataclass(frozen=True, slots=True)
class Replacement:
    """Reads the table with other facts."""

    path: str
    name: str
    when: Condition | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tariff:
    """How a presence is priced; `quantity` None is one unit a presence."""

    path: str
    base: Value
    rounding: Rounding
    quantity: Value | None = None
    adjustments: tuple[Adjustment | Shift | Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """The amount of one presence, and what led to it. `applied` names the adjustments."""

    amount: Decimal
    unit_price: Decimal
    quantity: Decimal
    base: Decimal
    applied: tuple[str, ...]


def price(tariff: Tariff, context: Context, triggered: frozenset[str] = frozenset()) -> Priced:
    """The price for the facts of `context`; `triggered` names adjustments that a limit asks for."""
    applied: list[str] = []
    read = _before_look_up(tariff, context, triggered, applied)
    base = tariff.rounding.at(Point.BASE, tariff.base.evaluate(read))
    unit = _adjusted(tariff, base, context, triggered, applied, (Scope.UNIT, Scope.ORDER, Scope.FOLLOWING))
    unit = tariff.rounding.at(Point.ADJUSTED, unit)
    quantity = Decimal(1) if tariff.quantity is None else tariff.quantity.evaluate(context)
    product = unit * quantity
    context.trace.add(
        tariff.path, f"{in_words(unit)} × {in_words(quantity)} = {in_words(product)}",
        {"prix_unitaire": unit, "quantite": quantity}, product,
    )  # fmt: skip
    total = _adjusted(tariff, product, context, triggered, applied, (Scope.PRESENCE,))
    amount = tariff.rounding.round(total)
    if amount != total:
        context.trace.add(tariff.path, f"arrondi : {in_words(total)} → {in_words(amount)}", {}, amount)
    return Priced(amount, unit, quantity, base, tuple(applied))


def applies(adjustment: Any, context: Context, triggered: frozenset[str]) -> bool:
    """True when a limit or an order triggered it, or its own condition holds."""
    if adjustment.name in triggered:
        return True
    return adjustment.when is not None and adjustment.when.holds(context)


def _before_look_up(
    tariff: Tariff, context: Context, triggered: frozenset[str], applied: list[str]
) -> Context:
    """The context in which the base is read, once brackets are shifted and facts replaced."""
    for one in tariff.adjustments:
        if isinstance(one, Adjustment) or not applies(one, context, triggered):
            continue
        applied.append(one.name)
        if isinstance(one, Shift):
            shifts = dict(context.given.get(SHIFT) or {})
            shifts[one.fact] = shifts.get(one.fact, 0) + one.by
            context = context.with_facts(**{SHIFT: shifts})
            context.trace.add(one.path, f"{one.name} : {one.fact} décalé de {one.by} tranche(s)")
        else:
            context = context.with_facts(**one.facts)
            said = ", ".join(f"{name} = {in_words(value)}" for name, value in one.facts.items())
            context.trace.add(one.path, f"{one.name} : {said}")
    return context


def _adjusted(
    tariff: Tariff, amount: Decimal, context: Context, triggered: frozenset[str], applied: list[str],
    scopes: tuple[Scope, ...],
) -> Decimal:  # fmt: skip
    for one in tariff.adjustments:
        if not isinstance(one, Adjustment) or one.scope not in scopes:
            continue
        wide = one.scope in (Scope.ORDER, Scope.FOLLOWING)
        if one.name in triggered or (not wide and applies(one, context, triggered)):
            amount = adjust(one, amount, context, tariff.rounding)
            applied.append(one.name)
    return amount


def adjust(one: Adjustment, before: Decimal, context: Context, rounding: Rounding) -> Decimal:
    """`before` once adjusted and, where declared, rounded."""
    value = one.value.evaluate(context)
    after = rounding.at(Point.EACH, one.operation.apply(before, value))
    said = f"{one.operation.value} {in_words(value)}, {in_words(before)} → {in_words(after)}"
    context.trace.add(one.path, f"{one.name} : {said}", {"avant": before, "valeur": value}, after)
    return after


# --- Reading


def _when(node: Node, reader: Reader) -> Condition | None:
    return None if node.value == BY_LADDER else read_condition(node, reader)


_NAME = Key("nom", "name", schema.name, "le nom de l’ajustement")
_WHEN = Key("si", "when", _when, "la condition (ou « delai » : quand une limite le demande, ou « toujours »)")
_VALUE = Key("valeur", "value", read_value, "la valeur de l’opération")
_SCOPE = Key(
    "portee", "scope", schema.choice({scope.value: scope for scope in Scope}),
    "à quoi il s’applique (unite, presence, commande, unites_suivantes, facture)",
)  # fmt: skip
_FOLLOWING = Key(
    "suivantes", "following", schema.integer(1, 60), "combien d’unités suivantes, celle-ci en plus", 0
)


def _arithmetic(operation: Operation) -> schema.Spec:
    return placed(
        lambda **fields: Adjustment(operation=operation, **fields), _NAME, _WHEN, _VALUE, _SCOPE, _FOLLOWING
    )


def _read_facts(node: Node, reader: Reader) -> dict[str, Any]:
    declared, facts = reader.known("fait"), {}
    for word, child in node.mapping().items():
        if word not in declared:
            raise child.bad(f"le fait « {word} » n’est pas déclaré.")
        facts[word] = reader.read(
            lambda child, reader, word=word: value_of(declared[word], child, reader), child
        )
    require_whole(node, reader, *facts.values())
    return facts


_SHIFT = placed(
    Shift, _NAME, _WHEN,
    Key("fait", "fact", schema.reference("fait", "le fait"), "le fait dont la tranche change"),
    Key("de", "by", schema.integer(-20, 20), "de combien de tranches (-1 : la précédente)"),
)  # fmt: skip
_REPLACEMENT = placed(
    Replacement, _NAME, _WHEN, Key("faits", "facts", _read_facts, "les faits à lire à la place")
)
ADJUSTMENT = Forms(
    {
        **{operation.value: _arithmetic(operation) for operation in Operation},
        "decaler_tranche": _SHIFT,
        "remplacer": _REPLACEMENT,
    },
    word="operation",
)


def _has_no_bracket(base: Value) -> bool:
    """A rate, a curve or a plain number; a formula may read an amount that is a table."""
    return isinstance(base, Rate | Curve) or (isinstance(base, Formula) and not base.names)


def _make_tariff(**fields: Any) -> Tariff:
    names = [one.name for one in fields["adjustments"]]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise RuleError("twice", f"deux ajustements s’appellent « {twice} ».", "ajustements")
    shift = next((one for one in fields["adjustments"] if isinstance(one, Shift)), None)
    if shift is not None and _has_no_bracket(fields["base"]):
        raise RuleError("no_bracket", f"« {shift.name} » décale une tranche ; ce prix n’est pas une table.")
    return Tariff(**fields)


TARIFF = placed(
    _make_tariff,
    Key("prix", "base", read_value, "le prix d’une unité"),
    Key("arrondi", "rounding", PRICE_ROUNDING, "l’arrondi : au, vers, apres"),
    Key("quantite", "quantity", read_value, "le nombre d’unités d’une présence (1 si absent)", None),
    Key("ajustements", "adjustments", schema.list_of(ADJUSTMENT), "les ajustements, dans l’ordre", ()),
)
