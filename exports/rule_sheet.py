"""The règlement of a town in French sentences: dataclass in, PDF bytes out (S29)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.rulebook.wording.text import Section, Table

FONTS = Path(__file__).parent / "fonts"
# The printed font has no such sign.
_PLAIN = str.maketrans({"≤": "<=", "≥": ">="})


@dataclass(frozen=True, slots=True)
class RuleSheet:
    town: str
    title: str
    note: str
    sections: Sequence[Section]


def rule_sheet_pdf(sheet: RuleSheet) -> bytes:
    """A4 pages: a title, then each section of the règlement with its sentences and tables."""
    pdf = new_sheet(sheet.title)
    write_line(pdf, sheet.town, 10)
    write_line(pdf, sheet.title, 16, bold=True)
    write_line(pdf, sheet.note, 9)
    for section in sheet.sections:
        _section(pdf, section)
    return bytes(pdf.output())


def new_sheet(title: str) -> Any:
    """An empty A4 page in the printed font."""
    from fpdf import FPDF  # costs 20 MB: loaded only by what prints

    pdf = FPDF(format="A4")
    pdf.set_lang("fr")
    pdf.set_title(title)
    pdf.add_font("DejaVu", "", FONTS / "DejaVuSans-latin.ttf")
    pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold-latin.ttf")
    pdf.add_page()
    return pdf


_LEAST_UNDER_TITLE = 20  # millimetres


def _section(pdf: Any, section: Section) -> None:
    pdf.ln(4)
    if pdf.will_page_break(_LEAST_UNDER_TITLE):
        pdf.add_page()
    write_line(pdf, section.title, 11, bold=True)
    for sentence in section.sentences:
        write_line(pdf, sentence.text, 10)
        if sentence.table is not None:
            _table(pdf, sentence.table)


def write_line(pdf: Any, text: str, size: int, bold: bool = False) -> None:
    """A paragraph from margin to margin."""
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.6, text.translate(_PLAIN), align="L", new_x="LMARGIN", new_y="NEXT")


def _table(pdf: Any, table: Table) -> None:
    """The headings come again at the top of a page."""
    pdf.ln(1)
    pdf.set_font("DejaVu", "", 9)
    with pdf.table(line_height=5, padding=0.6, text_align="LEFT", borders_layout="HORIZONTAL_LINES") as grid:
        for cells in (table.headings, *(row.cells for row in table.rows)):
            row = grid.row()
            for cell in cells:
                row.cell(cell.translate(_PLAIN))
    pdf.ln(1)
