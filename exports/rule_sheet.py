"""The sheet of a town's booking limits: dataclass in, PDF bytes out (S29)."""

from dataclasses import dataclass
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"


@dataclass(frozen=True, slots=True)
class RuleSheetSection:
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleSheet:
    town: str
    title: str
    note: str
    sections: tuple[RuleSheetSection, ...]


def rule_sheet_pdf(sheet: RuleSheet) -> bytes:
    """An A4 page with a title, then for each activity its sentences."""
    from fpdf import FPDF  # costs 20 MB: loaded only by what prints

    pdf = FPDF(format="A4")
    pdf.set_lang("fr")
    pdf.set_title(sheet.title)
    pdf.add_font("DejaVu", "", FONTS / "DejaVuSans-latin.ttf")
    pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold-latin.ttf")
    pdf.add_page()
    pdf.set_font("DejaVu", "", 10)
    pdf.multi_cell(0, 6, sheet.town, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("DejaVu", "B", 16)
    pdf.multi_cell(0, 9, sheet.title, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("DejaVu", "", 9)
    pdf.multi_cell(0, 6, sheet.note, new_x="LMARGIN", new_y="NEXT")
    for section in sheet.sections:
        pdf.ln(4)
        pdf.set_font("DejaVu", "B", 11)
        pdf.multi_cell(0, 7, section.title, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("DejaVu", "", 10)
        for sentence in section.sentences:
            pdf.multi_cell(0, 6, sentence, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())
