"""The legal text for a terminal and for other programs: lines of plain text, or data that JSON can hold."""

from collections.abc import Iterable, Iterator
from typing import Any

from domain.rulebook.wording.text import Section, Sentence, Table

_GUTTER = "  "


def text_lines(sections: Iterable[Section]) -> Iterator[str]:
    """Titles, sentences and aligned tables, one string a line; each sentence names its rule."""
    for index, section in enumerate(sections):
        if index:
            yield ""
        yield section.title
        for sentence in section.sentences:
            rule = ", ".join(filter(None, (sentence.rule, sentence.version)))
            yield f"{_GUTTER}{sentence.text} [{rule}]"
            if sentence.table is not None:
                yield from (f"{_GUTTER * 2}{line}" for line in _table_lines(sentence.table))


def text_data(sections: Iterable[Section]) -> list[dict[str, Any]]:
    """The same as mappings and lists of texts."""
    return [
        {"titre": section.title, "phrases": [_sentence_data(one) for one in section.sentences]}
        for section in sections
    ]


def _sentence_data(sentence: Sentence) -> dict[str, Any]:
    table = sentence.table
    return {
        "texte": sentence.text,
        "regle": sentence.rule,
        "version": sentence.version,
        "tableau": None if table is None else _table_data(table),
    }


def _table_data(table: Table) -> dict[str, Any]:
    rows = [{"cellules": list(row.cells), "regle": row.rule} for row in table.rows]
    return {"colonnes": list(table.headings), "lignes": rows, "regle": table.rule}


def _table_lines(table: Table) -> Iterator[str]:
    """Columns as wide as their widest cell."""
    grid = [table.headings, *(row.cells for row in table.rows)]
    widths = [max(len(row[column]) for row in grid) for column in range(len(table.headings))]
    for row in grid:
        yield _GUTTER.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
