"""A price grid laid out: a table a kind of family, its children as columns, its bounds as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.french import format_day, quoted
from domain.rulebook.change_words import say_facts
from domain.rulebook.price_grid import Grid, GridRow
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.numbers import euros
from domain.rulebook.wording.text import capital

# Facts that make columns: how many children, or which of them.
_COLUMNS = ("rang", "enfants")


@dataclass(frozen=True, slots=True)
class PriceCell:
    """A price in words, or why there is none (`problem`)."""

    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of one kind of family: headings of the columns, then (heading, cells) rows."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[PriceCell, ...]], ...]


def price_tables(grid: Grid, lexicon: Lexicon) -> tuple[PriceTable, ...]:
    """The tables of a grid, in its order."""
    groups: dict[tuple, list[GridRow]] = {}
    for row in grid.rows:
        rest = tuple((name, value) for name, value in row.facts.items() if not _is_placed(name, grid))
        groups.setdefault((row.since, row.extras, rest), []).append(row)
    return tuple(_table(grid, key, rows, lexicon) for key, rows in groups.items())


def _is_placed(name: str, grid: Grid) -> bool:
    return name in _COLUMNS or name in grid.axis


def _table(grid: Grid, key: tuple, rows: Sequence[GridRow], lexicon: Lexicon) -> PriceTable:
    since, extras, rest = key
    columns = dict.fromkeys(_said(row.facts, _COLUMNS, lexicon) for row in rows)
    lines: dict[str, dict[str, PriceCell]] = {}
    for row in rows:
        line = lines.setdefault(_said(row.facts, grid.axis, lexicon), {})
        line[_said(row.facts, _COLUMNS, lexicon)] = _cell(row, lexicon)
    return PriceTable(
        _title(since, extras, rest, lexicon),
        grid.provisional.get(since, ""),
        tuple(columns),
        tuple(
            (label, tuple(line.get(one, PriceCell("")) for one in columns)) for label, line in lines.items()
        ),
    )


def _said(facts: Mapping[str, Any], wanted: Sequence[str], lexicon: Lexicon) -> str:
    chosen = {name: facts[name] for name in wanted if name in facts}
    said = say_facts(chosen, lexicon) if chosen else "Prix"
    return capital(said)


def _title(
    since: date | None, extras: Sequence[str], rest: Sequence[tuple[str, Any]], lexicon: Lexicon
) -> str:
    said = say_facts(dict(rest), lexicon)
    if extras:
        said += f", avec {' et '.join(quoted(lexicon.word(name)) for name in extras)}"
    if since is not None:
        said += f", à partir du {format_day(since, year=True)}"
    return capital(said)


def _cell(row: GridRow, lexicon: Lexicon) -> PriceCell:
    if row.amount is not None:
        return PriceCell(euros(Decimal(row.amount)))
    if row.missing:
        return PriceCell("–", f"Il manque le fait {quoted(lexicon.name(row.missing))}.")
    return PriceCell("–", row.problem)
