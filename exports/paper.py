"""Bills, certificates, statements on paper: dataclass in, PDF bytes out (S56, R44). Amounts come written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exports.sheet import Transfer, keep_together, new_sheet, transfer_code, write_line, write_logo


@dataclass(frozen=True, slots=True)
class PaperLine:
    """What it is and its amount; `detail` says how it was counted, `balance` what is owed after it."""

    label: str
    amount: str
    detail: str = ""
    balance: str = ""


@dataclass(frozen=True, slots=True)
class PaperPart:
    """Lines that belong together, with their sum."""

    title: str
    total: str
    lines: Sequence[PaperLine]


@dataclass(frozen=True, slots=True)
class Paper:
    """`sender` and `recipient` are addresses, line by line; `facts` come under the title, `opening` before
    the parts; `reasons` are true of every part; `sums` end it, the last one being what counts; `closing` says
    how to pay or what to do with it, and `transfer` is its QR code. `logo` is a PNG, empty for a town without
    one."""

    title: str
    sender: Sequence[str]
    recipient: Sequence[str]
    facts: Sequence[str]
    parts: Sequence[PaperPart]
    reasons: str
    sums: Sequence[PaperLine]
    closing: Sequence[str]
    transfer: Transfer | None = None
    opening: Sequence[str] = ()
    logo: bytes = b""


# Millimetres. The address stands where the window of a French envelope shows it.
_WINDOW_LEFT, _WINDOW_TOP, _AFTER_WINDOW = 110, 45, 82
_SENDER_TOP, _LOGO_TOP, _UNDER_LOGO = 15, 9, 2.5
_LEFT_COLUMN = 92
_AMOUNT_WIDTH = 32  # of a column
_LEAST_OF_A_PART = 22
_CODE_SIDE, _UNDER_CODE = 30, 9


def paper_pdf(paper: Paper) -> bytes:
    """A4 pages that say the same as the page on the screen."""
    pdf = new_sheet(paper.title, paper.sender[0])
    _address(pdf, paper.recipient, _WINDOW_LEFT, _WINDOW_TOP)
    window_end = max(pdf.get_y(), _AFTER_WINDOW)
    sender_top = _SENDER_TOP
    if paper.logo:
        sender_top = write_logo(pdf, paper.logo, pdf.l_margin, _LOGO_TOP) + _UNDER_LOGO
    _address(pdf, paper.sender, pdf.l_margin, sender_top)
    _beside_window(pdf, paper)
    pdf.set_xy(pdf.l_margin, max(pdf.get_y(), window_end))
    for sentence in paper.opening:
        write_line(pdf, sentence, 9.5)
    for part in paper.parts:
        _part(pdf, part)
    pdf.ln(3)
    if paper.reasons:
        write_line(pdf, paper.reasons, 8)
        pdf.ln(1)
    keep_together(pdf, 6 * len(paper.sums))
    for line in paper.sums:
        _line(pdf, line, bold=line is paper.sums[-1])
    pdf.ln(3)
    _how_to_pay(pdf, paper)
    return bytes(pdf.output())


def _how_to_pay(pdf: Any, paper: Paper) -> None:
    """The sentences, beside the code where there is one."""
    if paper.transfer is None:
        for sentence in paper.closing:
            write_line(pdf, sentence, 9)
        return
    keep_together(pdf, _CODE_SIDE + _UNDER_CODE)
    top, left = pdf.get_y(), pdf.l_margin + pdf.epw - _CODE_SIDE
    transfer_code(pdf, paper.transfer, left, top, _CODE_SIDE)
    pdf.set_xy(left - 5, top + _CODE_SIDE + 1)
    pdf.set_font("DejaVu", "", 7)
    pdf.multi_cell(_CODE_SIDE + 5, 3, "À scanner avec l’application de votre banque", align="R")
    pdf.set_xy(pdf.l_margin, top)
    pdf.set_font("DejaVu", "", 9)
    for sentence in paper.closing:
        width = pdf.epw - _CODE_SIDE - 10
        pdf.multi_cell(width, 5.4, sentence, align="L", new_x="LMARGIN", new_y="NEXT")


def _beside_window(pdf: Any, paper: Paper) -> None:
    """The title and its facts, at the left of the address."""
    pdf.set_xy(pdf.l_margin, max(pdf.get_y() + 5, _WINDOW_TOP + 6))
    for number, line in enumerate((paper.title, *paper.facts)):
        pdf.set_font("DejaVu", "" if number else "B", 9 if number else 14)
        height = 5 if number else 8
        pdf.multi_cell(_LEFT_COLUMN, height, line, align="L", new_x="LEFT", new_y="NEXT")


def _address(pdf: Any, lines: Sequence[str], left: float, top: float) -> None:
    pdf.set_xy(left, top)
    for number, line in enumerate(lines):
        pdf.set_x(left)
        pdf.set_font("DejaVu", "" if number else "B", 10)
        pdf.multi_cell(_LEFT_COLUMN, 5, line, align="L", new_x="LEFT", new_y="NEXT")


def _part(pdf: Any, part: PaperPart) -> None:
    keep_together(pdf, _LEAST_OF_A_PART)
    pdf.ln(2.5)
    _line(pdf, PaperLine(part.title, part.total), bold=True)
    for line in part.lines:
        _line(pdf, line)


def _line(pdf: Any, line: PaperLine, bold: bool = False) -> None:
    """The label, which may take several rows, and the amount at the right of the first one."""
    keep_together(pdf, 10)
    pdf.set_font("DejaVu", "B" if bold else "", 9.5)
    columns = [line.amount, line.balance] if line.balance else [line.amount]
    label_width, top, page = pdf.epw - _AMOUNT_WIDTH * len(columns), pdf.get_y(), pdf.page
    pdf.set_x(pdf.l_margin + label_width)
    for written in columns:
        pdf.cell(_AMOUNT_WIDTH, 5, written, align="R")
    pdf.set_xy(pdf.l_margin, top)
    pdf.multi_cell(label_width, 5, line.label, align="L", new_x="LMARGIN", new_y="NEXT")
    if line.detail:
        pdf.set_font("DejaVu", "", 8)
        pdf.multi_cell(label_width, 3.8, line.detail, align="L", new_x="LMARGIN", new_y="NEXT")
    if pdf.page == page:
        pdf.set_draw_color(190 if not bold else 60)
        pdf.line(pdf.l_margin, pdf.get_y() + 0.4, pdf.l_margin + pdf.epw, pdf.get_y() + 0.4)
    pdf.ln(0.8)
