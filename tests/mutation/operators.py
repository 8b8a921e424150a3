"""The small faults that are put into a module, one at a time.

A fault in a sentence (a text with a space, a piece of an f-string, a word with a capital) is of the kind
WORDING: it changes what a reader is told, never what is decided. Every other one is LOGIC.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

LOGIC, WORDING = "logic", "wording"

Place = tuple[tuple[str, int | None], ...]
"""How to reach a node from the root: a field, and an index when the field is a list."""

_DATA = re.compile(r"[\w.:%/+-]*")
_LABEL = re.compile(r"[A-ZÀ-Ý][a-zà-ÿœ]+")
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "ROUND_CEILING": "ROUND_FLOOR",
    "ROUND_FLOOR": "ROUND_CEILING",
    "ROUND_HALF_UP": "ROUND_HALF_EVEN",
    "ROUND_HALF_EVEN": "ROUND_HALF_UP",
}
# What says nothing at run time, or only guards against a mistake of the programmer.
_LEFT_ALONE = {"annotation", "returns", "decorator_list", "bases", "cause", "format_spec"}
_KEYWORDS_LEFT_ALONE = {"strict", "repr", "compare", "default_factory"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: where, what was written, what is written instead."""

    kind: str
    function: str
    first_line: int
    last_line: int
    before: str
    after: str
    place: Place
    node: ast.AST

    @property
    def identity(self) -> tuple[str, str, str]:
        """What is still the same when lines move."""
        return self.function, self.before, self.after

    def __str__(self) -> str:
        return f"{self.first_line} {self.function} : {self.before} -> {self.after}"


def mutants(source: str) -> list[Mutant]:
    """Every fault of a module, in the order of its lines."""
    return list(_below(ast.parse(source), (), "", None))


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The module with that fault."""
    tree = ast.parse(source)
    parent: ast.AST = tree
    for field, index in mutant.place[:-1]:
        parent = _child(parent, field, index)
    field, index = mutant.place[-1]
    if index is None:
        setattr(parent, field, mutant.node)
    else:
        getattr(parent, field)[index] = mutant.node
    return ast.fix_missing_locations(tree)


def _child(parent: ast.AST, field: str, index: int | None) -> ast.AST:
    found = getattr(parent, field)
    return found if index is None else found[index]


def _below(node: ast.AST, place: Place, function: str, statement: ast.stmt | None) -> Iterator[Mutant]:
    for field, index, child in _children(node):
        if field in _LEFT_ALONE or _is_left_alone(node, field, index, child):
            continue
        here = (*place, (field, index))
        around = child if isinstance(child, ast.stmt) else statement
        for kind, fault in _faults(child, node, field, function):
            first, last = _lines(child, around)
            replacement = ast.fix_missing_locations(ast.copy_location(fault, child))
            before = ast.unparse(child)
            yield Mutant(kind, function, first, last, before, ast.unparse(replacement), here, replacement)
        name = function
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            name = f"{function}.{child.name}" if function else child.name
        yield from _below(child, here, name, around)


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            for index, child in enumerate(value):
                if isinstance(child, ast.AST):
                    yield field, index, child
        elif isinstance(value, ast.AST):
            yield field, None, value


def _is_left_alone(node: ast.AST, field: str, index: int | None, child: ast.AST) -> bool:
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring, or the body of a Protocol
    if isinstance(child, ast.ClassDef):
        return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in child.bases)
    if isinstance(node, ast.ClassDef) and field == "keywords":
        return True
    if isinstance(node, ast.Module) and isinstance(child, ast.Assign) and _is_type_alias(child.value):
        return True
    return isinstance(child, ast.keyword) and child.arg in _KEYWORDS_LEFT_ALONE


def _is_type_alias(value: ast.expr) -> bool:
    """« Named = NamedAmount | NamedDate », « Spec = Callable[...] »."""
    either = isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
    of_names = not any(isinstance(node, ast.Constant | ast.Call) for node in ast.walk(value))
    return of_names and (either or isinstance(value, ast.Subscript))


def _lines(node: ast.AST, statement: ast.stmt | None) -> tuple[int, int]:
    """The lines that run when the fault can show: the expression's, or the whole simple statement's."""
    simple = statement is not None and not hasattr(statement, "body")
    around = statement if simple else node
    if not hasattr(around, "lineno"):
        around = statement
    return around.lineno, around.end_lineno


def _faults(node: ast.AST, parent: ast.AST, field: str, function: str) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare():
            yield from ((LOGIC, other) for other in _other_comparisons(node))
        case ast.BoolOp():
            yield LOGIC, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield LOGIC, node.operand
        case ast.BinOp() if type(node.op) in _OPERATIONS:
            yield LOGIC, ast.BinOp(node.left, _OPERATIONS[type(node.op)](), node.right)
        case ast.AugAssign() if type(node.op) in _OPERATIONS:
            yield LOGIC, ast.AugAssign(node.target, _OPERATIONS[type(node.op)](), node.value)
        case ast.Constant():
            yield from _other_constants(node, parent)
        case ast.Name() if node.id in _NAMES:
            yield LOGIC, ast.Name(_NAMES[node.id], node.ctx)
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield LOGIC, ast.Return(ast.Constant(None))
        case ast.Lambda(body=body) if not isinstance(body, ast.Constant):
            yield LOGIC, ast.Lambda(node.args, ast.Constant(None))
        case ast.Assign(value=value) if function and not isinstance(value, ast.Constant | ast.Lambda):
            if not isinstance(parent, ast.ClassDef):
                yield LOGIC, ast.Assign(node.targets, ast.Constant(None))
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield LOGIC, ast.Pass()
        case ast.Continue():
            yield LOGIC, ast.Break()
        case ast.Break():
            yield LOGIC, ast.Continue()
    if _is_test(parent, field) and not isinstance(
        node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant
    ):
        yield LOGIC, ast.UnaryOp(ast.Not(), node)


def _is_test(parent: ast.AST, field: str) -> bool:
    if isinstance(parent, ast.comprehension):
        return field == "ifs"
    return field == "test" and isinstance(parent, ast.If | ast.IfExp | ast.While)


def _other_comparisons(node: ast.Compare) -> Iterator[ast.Compare]:
    for index, operation in enumerate(node.ops):
        others = [*node.ops]
        others[index] = _COMPARISONS[type(operation)]()
        yield ast.Compare(node.left, others, node.comparators)


def _is_read(value: str, parent: ast.AST) -> bool:
    """A piece of a sentence, or a word with a capital (« Famille », a label) that no program compares."""
    is_number = isinstance(parent, ast.Call) and ast.unparse(parent.func) == "Decimal"
    return isinstance(parent, ast.JoinedStr) or (_LABEL.fullmatch(value) is not None and not is_number)


def _other_constants(node: ast.Constant, parent: ast.AST) -> Iterator[tuple[str, ast.Constant]]:
    value = node.value
    if isinstance(value, bool):
        yield LOGIC, ast.Constant(not value)
    elif isinstance(value, int | float):
        yield LOGIC, ast.Constant(value + 1)
    elif isinstance(value, str):
        is_data = _DATA.fullmatch(value) and not _is_read(value, parent)
        is_pattern = isinstance(parent, ast.Call) and ast.unparse(parent.func) == "re.compile"
        yield LOGIC if is_data or is_pattern else WORDING, ast.Constant(f"XX{value}")
