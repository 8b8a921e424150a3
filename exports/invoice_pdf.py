"""A bill on paper: dataclass in, PDF bytes out (S56, R44). Amounts come written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exports.rule_sheet import new_sheet, write_line


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """What is billed and its amount; `detail` says how it was counted."""

    label: str
    amount: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PrintedPart:
    """The lines of a child and an activity, with their sum."""

    title: str
    total: str
    lines: Sequence[PrintedLine]


@dataclass(frozen=True, slots=True)
class PrintedInvoice:
    """`sender` and `recipient` are addresses, line by line; `facts` come under the title; `sums` end the
    bill, the last one being what is left to pay; `closing` says how to pay."""

    title: str
    sender: Sequence[str]
    recipient: Sequence[str]
    facts: Sequence[str]
    parts: Sequence[PrintedPart]
    sums: Sequence[PrintedLine]
    closing: Sequence[str]


# Millimetres. The address stands where the window of a French envelope shows it.
_WINDOW_LEFT, _WINDOW_TOP, _AFTER_WINDOW = 110, 45, 85
_AMOUNT_WIDTH = 32
_LEAST_OF_A_PART = 25


def invoice_pdf(invoice: PrintedInvoice) -> bytes:
    """A4 pages that say the same as the bill on the screen."""
    pdf = new_sheet(invoice.title)
    _address(pdf, invoice.sender, pdf.l_margin, 15)
    _address(pdf, invoice.recipient, _WINDOW_LEFT, _WINDOW_TOP)
    pdf.set_xy(pdf.l_margin, max(pdf.get_y(), _AFTER_WINDOW))
    write_line(pdf, invoice.title, 16, bold=True)
    for fact in invoice.facts:
        write_line(pdf, fact, 10)
    for part in invoice.parts:
        _part(pdf, part)
    pdf.ln(4)
    _keep_together(pdf, 8 * len(invoice.sums))
    for line in invoice.sums:
        _line(pdf, line, bold=line is invoice.sums[-1])
    pdf.ln(4)
    for sentence in invoice.closing:
        write_line(pdf, sentence, 10)
    return bytes(pdf.output())


def _address(pdf: Any, lines: Sequence[str], left: float, top: float) -> None:
    pdf.set_xy(left, top)
    for number, line in enumerate(lines):
        pdf.set_x(left)
        pdf.set_font("DejaVu", "" if number else "B", 10)
        pdf.multi_cell(_WINDOW_LEFT - pdf.l_margin - 5, 5, line, align="L", new_x="LEFT", new_y="NEXT")


def _part(pdf: Any, part: PrintedPart) -> None:
    _keep_together(pdf, _LEAST_OF_A_PART)
    pdf.ln(4)
    _line(pdf, PrintedLine(part.title, part.total), bold=True)
    for line in part.lines:
        _line(pdf, line)


def _line(pdf: Any, line: PrintedLine, bold: bool = False) -> None:
    """The label, which may take several rows, and the amount at the right of the first one."""
    _keep_together(pdf, 12)
    pdf.set_font("DejaVu", "B" if bold else "", 10)
    label_width, top, page = pdf.epw - _AMOUNT_WIDTH, pdf.get_y(), pdf.page
    pdf.set_x(pdf.l_margin + label_width)
    pdf.cell(_AMOUNT_WIDTH, 6, line.amount, align="R")
    pdf.set_xy(pdf.l_margin, top)
    pdf.multi_cell(label_width, 6, line.label, align="L", new_x="LMARGIN", new_y="NEXT")
    if line.detail:
        pdf.set_font("DejaVu", "", 8.5)
        pdf.multi_cell(label_width, 4.5, line.detail, align="L", new_x="LMARGIN", new_y="NEXT")
    if pdf.page == page:
        pdf.line(pdf.l_margin, pdf.get_y() + 0.5, pdf.l_margin + pdf.epw, pdf.get_y() + 0.5)
    pdf.ln(1)


def _keep_together(pdf: Any, height: float) -> None:
    if pdf.will_page_break(height):
        pdf.add_page()
