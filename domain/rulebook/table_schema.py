"""How a table is written in a rulebook."""

from collections.abc import Mapping
from typing import Any

from domain.french import enumerate_fr, quoted
from domain.rulebook import schema
from domain.rulebook.facts import Kind, read_test
from domain.rulebook.schema import Reader, Spec, hint, require_whole
from domain.rulebook.table_holes import check_table
from domain.rulebook.tables import MEASURED, Gap, Row, Table
from domain.rulebook.tree import Node


def table_reader(value_spec: Spec) -> Spec:
    """The spec of a table whose cells are read by `value_spec`."""

    def read(node: Node, reader: Reader) -> Table:
        given = _known_keys(node, reader)
        dimensions = reader.read(schema.one_or_many(schema.reference("fait", "le fait")), given["selon"])
        column = given.get("colonnes")
        column_name = None if column is None else reader.read(_choice_fact, column)
        require_whole(node, reader, dimensions, column_name)
        gap = _read_gap(node, reader, dimensions)
        rows = [
            reader.read(_row_spec(dimensions, column_name, value_spec), row)
            for row in given["lignes"].items()
        ]
        require_whole(node, reader, *rows)
        table = Table(node.path, _easiest_first(dimensions, reader), column_name, gap, tuple(rows))
        check_table(table, node, reader)
        return table

    return read


def _easiest_first(dimensions: tuple[str, ...], reader: Reader) -> tuple[str, ...]:
    """The words before the numbers: a row for « tous » then spares a family its quotient."""
    return tuple(sorted(dimensions, key=lambda name: reader.known("fait")[name].kind in MEASURED))


def _known_keys(node: Node, reader: Reader) -> Mapping[str, Node]:
    given = node.mapping()
    known = ("selon", "colonnes", "trous", "lignes")
    for word, child in given.items():
        if word not in known:
            reader.faults.add(
                child.bad(f"clé inconnue {quoted(word)} ; clés possibles : {', '.join(known)}.").fault
            )
    for word, meaning in (("selon", "les faits que la table croise"), ("lignes", "les lignes de la table")):
        if word not in given:
            raise node.bad(f"il manque {quoted(word)} : {meaning}.")
    return given


def _choice_fact(node: Node, reader: Reader) -> str:
    name = schema.reference("fait", "le fait")(node, reader)
    if reader.known("fait")[name].kind is not Kind.CHOICE:
        raise node.bad("les colonnes suivent un fait à valeurs énumérées.")
    return name


def _read_gap(node: Node, reader: Reader, dimensions: tuple[str, ...]) -> Gap:
    """Mandatory as soon as a dimension is a number."""
    given = node.mapping()
    if "trous" in given:
        return schema.choice({gap.value: gap for gap in Gap})(given["trous"], reader)
    if any(reader.known("fait")[name].kind in MEASURED for name in dimensions):
        raise node.bad(
            "il manque « trous » : ce que devient une valeur entre deux tranches "
            "(refuser, tranche_superieure ou tranche_inferieure)."
        )
    return Gap.REFUSE


def _row_spec(dimensions: tuple[str, ...], column: str | None, value_spec: Spec) -> Spec:
    def read(node: Node, reader: Reader) -> Row:
        given = node.mapping()
        for word, child in given.items():
            if word not in (*dimensions, "valeur"):
                keys = ", ".join((*dimensions, "valeur"))
                said = f"clé inconnue {quoted(word)} ; clés possibles : {keys}.{hint(word, child)}"
                reader.faults.add(child.bad(said).fault)
        missing = [word for word in (*dimensions, "valeur") if word not in given]
        if missing:
            raise node.bad(f"il manque {enumerate_fr([quoted(word) for word in missing])} sur cette ligne.")
        tests = {name: reader.read(_test_spec(name), given[name]) for name in dimensions}
        values = reader.read(_cells_spec(column, value_spec), given["valeur"])
        require_whole(node, reader, values, *tests.values())
        return Row(node.path, tests, values)

    return read


def _test_spec(name: str) -> Spec:
    return lambda node, reader: read_test(reader.known("fait")[name], node, reader)


def _cells_spec(column: str | None, value_spec: Spec) -> Spec:
    def read(node: Node, reader: Reader) -> Mapping[str | None, Any]:
        if column is None:
            return {None: value_spec(node, reader)}
        words = reader.known("fait")[column].values
        cells = {}
        for word, child in node.mapping().items():
            if word not in words:
                raise child.bad(f"{quoted(word)} n’est pas une valeur de {column} : {', '.join(words)}.")
            if child.value is not None:
                cells[word] = reader.read(value_spec, child)
        missing = [word for word in words if not node.has(word)]
        if missing:
            raise node.bad(f"il manque {enumerate_fr(missing)} (écrivez null si rien n’est prévu).")
        require_whole(node, reader, *cells.values())
        return cells

    return read
