"""Reading columns: the shortest way from a statement built once to its rows."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ARRAY, CursorResult, Dialect, Integer, Select, Text, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.types import Boolean, TypeEngine

from extensions import db


def read(statement: Select | CompoundSelect, parameters: Mapping[str, Any]) -> CursorResult:
    """The rows of a statement that selects columns, in the transaction of the request.

    The machinery of entities is left out: it costs a third of a small statement. Nothing is flushed first.
    """
    return db.session.connection().execute(statement, parameters)


def fingerprint_of(rows: Iterable[Iterable[Any]]) -> str:
    """What rows hold, in their order, in short: to tell later whether they are still what was on screen."""
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:16]


class _Numbers(TypeDecorator[Collection[int]]):
    """Row numbers as one parameter: an array, or a text in JSON where there are no arrays."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Integer))

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        numbers = list(value or ())
        return json.dumps(numbers) if dialect.name == "sqlite" else numbers


class among(GenericFunction[bool]):
    """`among(column, "children")`: the column is one of the numbers that the parameter `children` lists.

    For long lists: they travel as one parameter, where `in_` writes the statement anew for each length, which
    costs as much as running it.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, bindparam(name, type_=_Numbers()))


@compiles(among, "sqlite")
def _among_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608  no value is written


@compiles(among, "postgresql")
def _among_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({numbers})"
