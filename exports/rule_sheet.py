"""The règlement of a town in French sentences: dataclass in, PDF bytes out (S29)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.rulebook.wording.text import Section, Table
from exports.sheet import keep_together, new_sheet, write_line


@dataclass(frozen=True, slots=True)
class RuleSheet:
    town: str
    title: str
    note: str
    sections: Sequence[Section]


def rule_sheet_pdf(sheet: RuleSheet) -> bytes:
    """A4 pages: a title, then each section of the règlement with its sentences and tables."""
    pdf = new_sheet(sheet.title, sheet.town)
    write_line(pdf, sheet.town, 10)
    write_line(pdf, sheet.title, 16, bold=True)
    write_line(pdf, sheet.note, 9)
    for section in sheet.sections:
        _section(pdf, section)
    return bytes(pdf.output())


_LEAST_UNDER_TITLE = 20  # millimetres


def _section(pdf: Any, section: Section) -> None:
    pdf.ln(4)
    keep_together(pdf, _LEAST_UNDER_TITLE)
    write_line(pdf, section.title, 11, bold=True)
    for sentence in section.sentences:
        write_line(pdf, sentence.text, 10)
        if sentence.table is not None:
            _table(pdf, sentence.table)


def _table(pdf: Any, table: Table) -> None:
    """The headings come again at the top of a page."""
    pdf.ln(1)
    pdf.set_font("DejaVu", "", 9)
    with pdf.table(line_height=5, padding=0.6, text_align="LEFT", borders_layout="HORIZONTAL_LINES") as grid:
        for cells in (table.headings, *(row.cells for row in table.rows)):
            row = grid.row()
            for cell in cells:
                row.cell(cell)
    pdf.ln(1)
