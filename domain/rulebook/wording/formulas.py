"""Formulas in words: « 4,40 € − 0,40 € × (« rang » − 1) », « « prix du mois », 16,90 € au plus »."""

import ast
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum

from domain.french import MINUS, NBSP, quoted
from domain.rulebook.facts import Fact, Kind
from domain.rulebook.formulas import Formula
from domain.rulebook.wording import numbers
from domain.rulebook.wording.lexicon import Lexicon, as_lexicon


class Unit(StrEnum):
    """What the numbers of a value are."""

    EUROS = "euros"
    NUMBER = "number"

    def said(self, value: Decimal) -> str:
        return numbers.euros(value) if self is Unit.EUROS else numbers.format_number(value)


_SIGNS = {ast.Add: "+", ast.Sub: MINUS, ast.Mult: "×", ast.Div: "÷"}
_STRONG = (ast.Mult, ast.Div)
_ROUNDED = {
    "plus_proche": "au plus proche (la moitié monte)",
    "plus_proche_pair": "au plus proche (la moitié va au chiffre pair)",
    "superieur": "vers le haut",
    "inferieur": "vers le bas",
}


def constant(formula: Formula) -> Decimal | None:
    """The number of a formula that is only that."""
    return _constant(formula.tree)


def only_name(formula: Formula) -> str | None:
    """The fact of a formula that is only that."""
    return formula.tree.id if isinstance(formula.tree, ast.Name) else None


def say_formula(formula: Formula, facts: "Mapping[str, Fact] | Lexicon | None", unit: Unit) -> str:
    """The formula as a reader checks it with a pencil; `unit` is that of its result."""
    lexicon = as_lexicon(facts)
    name = only_name(formula)
    return lexicon.noun(name) if name else _Writer(lexicon).whole(formula.tree, unit)


def added_names(formula: Formula) -> Iterator[str]:
    """The facts that have the unit of the result: those that are only added, subtracted or compared."""
    yield from _added(formula.tree)


def _added(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.UnaryOp(operand=inner):
            yield from _added(inner)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            yield from _added(left)
            yield from _added(right)
        case ast.Call(func=ast.Name(id="min" | "max"), args=arguments):
            for argument in arguments:
                yield from _added(argument)


def _constant(node: ast.expr) -> Decimal | None:
    match node:
        case ast.Constant(value=value):
            return Decimal(repr(value))
        case ast.UnaryOp(operand=inner):
            found = _constant(inner)
            return None if found is None else -found
    return None


class _Writer:
    """One formula being written; units are carried down to the numbers."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def whole(self, node: ast.expr, unit: Unit) -> str:
        """With its bounds said last: « X, 2,11 € au moins et 16,90 € au plus »."""
        bounds: list[str] = []
        while (found := _bounded(node)) is not None:
            node, bound, word = found
            bounds.insert(0, f"{unit.said(bound)} {word}")
        if not bounds:
            return self.part(node, unit)
        said = self.lexicon.noun(node.id) if isinstance(node, ast.Name) else self.part(node, unit)
        return f"{said}, {' et '.join(bounds)}"

    def part(self, node: ast.expr, unit: Unit) -> str:
        match node:
            case ast.Constant():
                return unit.said(_constant(node))
            case ast.Name(id=name):
                said = quoted(self.lexicon.name(name))
                return f"{said} (1 pour oui, 0 pour non)" if self.lexicon.kind(name) is Kind.YES_NO else said
            case ast.UnaryOp(operand=inner):
                found = _constant(node)
                return unit.said(found) if found is not None else f"{MINUS}{NBSP}{self.closed(inner, unit)}"
            case ast.BinOp():
                return self.operation(node, unit)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self.call(function, arguments, unit)
        return ast.unparse(node)

    def operation(self, node: ast.BinOp, unit: Unit) -> str:
        sign = f"{NBSP}{_SIGNS[type(node.op)]} "
        if isinstance(node.op, ast.Sub) and self.kinds(node) <= {Kind.DATE, Kind.CLOCK}:
            return self.span(node)
        if not isinstance(node.op, _STRONG):
            right = (
                self.closed(node.right, unit) if isinstance(node.op, ast.Sub) else self.part(node.right, unit)
            )
            return f"{self.part(node.left, unit)}{sign}{right}"
        left, right = self.factors(node, unit)
        divisor = isinstance(node.op, ast.Div) and isinstance(node.right, ast.BinOp)
        said = f"({self.part(node.right, right)})" if divisor else self.closed(node.right, right)
        return f"{self.closed(node.left, left)}{sign}{said}"

    def factors(self, node: ast.BinOp, unit: Unit) -> tuple[Unit, Unit]:
        """One factor holds the unit of the product: the one that is not known to be a plain number."""
        if unit is Unit.NUMBER:
            return Unit.NUMBER, Unit.NUMBER
        if isinstance(node.op, ast.Div) or self.holds_money(node.left):
            return Unit.EUROS, Unit.NUMBER
        if self.holds_money(node.right):
            return Unit.NUMBER, Unit.EUROS
        if _constant(node.left) is not None:
            return Unit.EUROS, Unit.NUMBER
        return Unit.NUMBER, Unit.NUMBER if _constant(node.right) is None else Unit.EUROS

    def holds_money(self, node: ast.expr) -> bool:
        names = (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
        return any(name in self.lexicon.euros or name.startswith("quotient") for name in names)

    def kinds(self, node: ast.BinOp) -> set[Kind]:
        """What both sides of a difference are; a number beside a clock time is read as one."""
        names = [side.id for side in (node.left, node.right) if isinstance(side, ast.Name)]
        kinds = {self.lexicon.kind(name) for name in names}
        if Kind.CLOCK in kinds and (
            len(names) == 2 or any(_constant(s) is not None for s in (node.left, node.right))
        ):
            return kinds
        return kinds if len(names) == 2 else {Kind.NUMBER}

    def span(self, node: ast.BinOp) -> str:
        unit = "jours" if self.kinds(node) == {Kind.DATE} else "minutes"
        return f"nombre de {unit} entre {self.end(node.right)} et {self.end(node.left)}"

    def end(self, node: ast.expr) -> str:
        found = _constant(node)
        return self.lexicon.noun(node.id) if isinstance(node, ast.Name) else numbers.minutes_of_day(found)

    def call(self, function: str, arguments: list[ast.expr], unit: Unit) -> str:
        if function in ("min", "max"):
            inner = " ; ".join(self.part(argument, unit) for argument in arguments)
            return f"(le plus {'petit' if function == 'min' else 'grand'} de : {inner})"
        first, second = arguments
        if function == "annees_revolues":
            return f"nombre d’années révolues de {self.part(first, unit)} à {self.part(second, unit)}"
        return f"({self.part(first, unit)}, arrondi {_ROUNDED[function]} à {self.part(second, unit)} près)"

    def closed(self, node: ast.expr, unit: Unit) -> str:
        """Between brackets when it is a sum."""
        said = self.part(node, unit)
        loose = isinstance(node, ast.BinOp) and not isinstance(node.op, _STRONG)
        return f"({said})" if loose else said


def _bounded(node: ast.expr) -> tuple[ast.expr, Decimal, str] | None:
    """What is bounded, the bound and its word, for a minimum or a maximum with one number."""
    match node:
        case ast.Call(func=ast.Name(id="min" | "max" as function), args=[left, right]):
            word = "au plus" if function == "min" else "au moins"
            if (found := _constant(left)) is not None:
                return right, found, word
            if (found := _constant(right)) is not None:
                return left, found, word
    return None
