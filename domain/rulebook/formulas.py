"""Formulas over numeric facts: « revenus / 12 / parts », exact decimals, four operations and a few functions.

The text is parsed by Python's own grammar and only numbers, names, + - * /, parentheses and the functions of
FUNCTIONS are accepted: nothing is ever executed.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

from domain.errors import RuleError
from domain.french import quoted
from domain.rulebook.clamping import clamped
from domain.rulebook.facts import Context, Kind
from domain.rulebook.money import DIRECTIONS, Rounding
from domain.rulebook.schema import Reader, listed, unknown
from domain.rulebook.trace import Unanswered, in_words
from domain.rulebook.tree import Node

_MOST_CHARACTERS = 400
_SIGNS = {
    r"^[0-9]+,[0-9]+( ?€)?$": "les décimales prennent un point : 4.40.",
    "€": "un prix s’écrit sans le signe €.",
    "%": "un pourcentage s’écrit en décimales : 0.36 % est 0.0036, + 20 % est * 1.20, − 10 % est * 0.90.",
}


def _rounder(direction: str) -> Callable[[Decimal, Decimal], Decimal]:
    return lambda value, step: Rounding(step, direction).round(value)


def _full_years(start: Decimal, end: Decimal) -> Decimal:
    """Completed years between two dates: an age on a day. Born on 29 February: on the 28th of other years."""
    born, day = date.fromordinal(int(start)), date.fromordinal(int(end))
    return Decimal(day.year - born.year - (day < clamped(day.year, born.month, born.day)))


FUNCTIONS: Mapping[str, Callable[..., Decimal]] = {
    "min": min,
    "max": max,
    "annees_revolues": _full_years,
    **{name: _rounder(direction) for name, direction in DIRECTIONS.items()},
}
_OPERATIONS: Mapping[type, Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula; `text` is what the file says."""

    path: str
    text: str
    tree: ast.expr
    names: tuple[str, ...]

    @property
    def constant(self) -> Decimal | None:
        """The result of a formula without facts."""
        return None if self.names else _compute(self.tree, {})

    def evaluate(self, context: Context) -> Decimal:
        """The exact result; MissingFact for a fact nobody gave, Unanswered for a division by zero."""
        inputs = {name: context.number(name, self.path) for name in self.names}
        try:
            result = _compute(self.tree, inputs)
        except (DivisionByZero, InvalidOperation):
            raise Unanswered(f"{self.path} : la formule {self.text} divise par zéro.") from None
        except (ValueError, OverflowError):
            raise Unanswered(f"{self.path} : annees_revolues attend deux dates.") from None
        if self.names:
            context.trace.add(self.path, f"{self.text} = {in_words(result)}", dict(inputs), result)
        return result


def _compute(node: ast.expr, inputs: Mapping[str, Decimal]) -> Decimal:
    match node:
        case ast.Constant():
            return Decimal(repr(node.value))
        case ast.Name():
            return inputs[node.id]
        case ast.UnaryOp():
            return -_compute(node.operand, inputs)
        case ast.BinOp():
            return _OPERATIONS[type(node.op)](_compute(node.left, inputs), _compute(node.right, inputs))
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](*(_compute(argument, inputs) for argument in node.args))
    raise RuleError("bad_formula", "formule impossible.")


def read_formula(node: Node, reader: Reader) -> Formula:
    text = node.text()
    advice = next((advice for sign, advice in _SIGNS.items() if re.search(sign, text)), None)
    if advice:
        raise node.bad(f"{quoted(text)} : {advice}")
    if len(text) > _MOST_CHARACTERS:
        raise node.bad("cette formule est trop longue.")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise node.bad(f"la formule {quoted(text)} ne se lit pas ; exemple : revenus / 12 / parts.") from None
    names: list[str] = []
    _check(tree, node, reader, names)
    return Formula(node.path, text, tree, tuple(dict.fromkeys(names)))


def _check(part: Any, node: Node, reader: Reader, names: list[str]) -> None:
    """Refuses what is not arithmetic over numeric facts, and notes the facts."""
    match part:
        case ast.Constant(value=value) if type(value) in (int, float):
            return
        case ast.Name(id=name):
            _check_name(name, node, reader)
            names.append(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            _check(inner, node, reader, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            _check(left, node, reader, names)
            _check(right, node, reader, names)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            if len(arguments) != 2:
                raise node.bad(f"la fonction {name} prend deux nombres.")
            for argument in arguments:
                _check(argument, node, reader, names)
        case _:
            raise node.bad(
                "une formule ne contient que des nombres, des faits, + - * / ( ) et "
                f"les fonctions {listed(FUNCTIONS)}."
            )


def _check_name(name: str, node: Node, reader: Reader) -> None:
    declared = reader.known("fait")
    if name not in declared:
        raise node.bad(unknown("le fait", name, declared))
    if declared[name].kind in (Kind.CHOICE, Kind.TEXT):
        raise node.bad(f"le fait {quoted(name)} n’est pas un nombre.")
    reader.note("fait", name, node)
