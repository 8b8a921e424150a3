"""A confirmation on paper: dataclass in, PDF bytes out (S116, R26)."""

from collections.abc import Sequence
from dataclasses import dataclass

from exports.sheet import keep_together, new_sheet, write_line


@dataclass(frozen=True, slots=True)
class PrintedPart:
    """One line of the request: what and when, then what there is to know of it."""

    title: str
    sentences: Sequence[str]


@dataclass(frozen=True, slots=True)
class PrintedChild:
    first_name: str
    parts: Sequence[PrintedPart]


@dataclass(frozen=True, slots=True)
class PrintedReceipt:
    """`notes` come under the title, `closing` at the end."""

    town: str
    title: str
    notes: Sequence[str]
    children: Sequence[PrintedChild]
    closing: Sequence[str]


_LEAST_OF_A_PART = 30  # millimetres


def printed_receipt_pdf(receipt: PrintedReceipt) -> bytes:
    """A4 pages that say the same as the receipt on the screen."""
    pdf = new_sheet(receipt.title, receipt.town)
    write_line(pdf, receipt.town, 10)
    write_line(pdf, receipt.title, 16, bold=True)
    for note in receipt.notes:
        write_line(pdf, note, 10)
    for child in receipt.children:
        pdf.ln(4)
        write_line(pdf, child.first_name, 12, bold=True)
        for part in child.parts:
            keep_together(pdf, _LEAST_OF_A_PART)
            pdf.ln(2)
            write_line(pdf, part.title, 10, bold=True)
            for sentence in part.sentences:
                write_line(pdf, sentence, 10)
    pdf.ln(4)
    for sentence in receipt.closing:
        write_line(pdf, sentence, 10)
    return bytes(pdf.output())
