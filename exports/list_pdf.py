"""A list of the day on paper: dataclass in, PDF bytes out (R33)."""

from collections.abc import Sequence
from dataclasses import dataclass

from exports.sheet import keep_together, new_sheet, write_line, write_table

_LEAST_OF_A_PART = 22  # millimetres


@dataclass(frozen=True, slots=True)
class ListPart:
    """A table under its own title; `widths` share the line, the columns of `figures` stand to the right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    total: Sequence[str] = ()
    figures: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class PrintedList:
    """`facts` come under the title; `nothing` is said instead of the parts when there is none."""

    town: str
    title: str
    facts: Sequence[str]
    parts: Sequence[ListPart]
    nothing: str


def list_pdf(printed: PrintedList) -> bytes:
    """A4 pages; the headings of a table come again at the top of each."""
    pdf = new_sheet(printed.title)
    write_line(pdf, printed.town, 10)
    write_line(pdf, printed.title, 16, bold=True)
    for fact in printed.facts:
        write_line(pdf, fact, 10)
    for part in printed.parts:
        pdf.ln(4)
        keep_together(pdf, _LEAST_OF_A_PART)
        write_line(pdf, part.title, 12, bold=True)
        others = "RIGHT" if part.figures else "LEFT"
        aligned = ["LEFT", *[others] * (len(part.headings) - 1)]
        write_table(pdf, [part.headings, *part.rows], part.widths, aligned, part.total)
        if part.note:
            write_line(pdf, part.note, 9)
    if not printed.parts:
        pdf.ln(4)
        write_line(pdf, printed.nothing, 11)
    return bytes(pdf.output())
