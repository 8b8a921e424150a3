"""A deposit slip on paper: dataclass in, PDF bytes out (R46). Amounts come written."""

from collections.abc import Sequence
from dataclasses import dataclass

from exports.sheet import new_sheet, write_line, write_table


@dataclass(frozen=True, slots=True)
class PrintedSlip:
    """`facts` come under the title; `rows` have the cells of `headings`, the last one an amount; `total` ends
    the list; `closing` leaves room for dates and signatures."""

    town: str
    title: str
    facts: Sequence[str]
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: Sequence[str]
    closing: Sequence[str]


_WIDTHS = (12, 28, 55, 55, 30)
_ALIGNED = ("LEFT", "LEFT", "LEFT", "LEFT", "RIGHT")


def deposit_slip_pdf(slip: PrintedSlip) -> bytes:
    """A4 pages; the headings come again at the top of each."""
    pdf = new_sheet(slip.title)
    write_line(pdf, slip.town, 10)
    write_line(pdf, slip.title, 16, bold=True)
    for fact in slip.facts:
        write_line(pdf, fact, 10)
    write_table(pdf, [slip.headings, *slip.rows], _WIDTHS, _ALIGNED, slip.total)
    pdf.ln(6)
    for sentence in slip.closing:
        write_line(pdf, sentence, 10)
        pdf.ln(12)
    return bytes(pdf.output())
