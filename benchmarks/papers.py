"""P15: bills on paper, against the same drawn with a font of the reader; on two processes; in flat memory.

.venv/bin/python -m benchmarks.papers 2000
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from multiprocessing import get_context
from typing import Any
from unittest import mock

from fpdf import FPDF

from benchmarks.report import tell
from domain.french import format_day, format_euros
from exports import paper
from exports.paper import Paper, PaperLine, PaperPart
from exports.sheet import Transfer
from tests import process_memory as memory

BILLS = 200  # in an ordinary run
SETTLING, PAIRS = 100, 15
LEAST_SPEED_UP = 1.7
FIRST, IBAN = date(2027, 1, 1), "FR7630001007941234567890185"


def bill(number: int) -> Paper:
    """Two pages: five children, three activities each, in words that a règlement of a town says."""
    parts = []
    for child in ("Marie", "Léo", "Zoé", "Aïcha", "Noëlle"):
        for activity in ("Restaurant scolaire", "Garderie du soir", "Mercredis"):
            days = ", ".join(format_day(FIRST + timedelta(days=offset)) for offset in range(0, 12, 3))
            why = f"Commune, quotient familial {700 + number % 900}, tranche C (de 640 à moins de 860)."
            cents = 200 + number % 300
            label, amount = f"Repas enfant : 12 × {format_euros(cents)}", format_euros(12 * cents)
            line = PaperLine(label, amount, f"Les {days}. {why}")
            parts.append(PaperPart(f"{child} · {activity}, Écoles de Cahors", amount, [line]))
    return Paper(
        title=f"Facture PERI-2027-{number:06}",
        sender=["Grand Cahors", "Régie périscolaire", "73 boulevard Gambetta", "46000 Cahors"],
        recipient=["Claire SOLIGNAC et Paul SOLIGNAC", "12 rue Nationale", "46000 Cahors"],
        facts=["Période : janvier 2027", "À payer avant le : jeudi 4 mars 2027"],
        parts=parts,
        reasons="Règlement périscolaire, en vigueur depuis le mardi 1er septembre 2026.",
        sums=[PaperLine("Total de la facture", "312,00 €"), PaperLine("Reste à payer", "312,00 €")],
        closing=["Par chèque à l’ordre de la régie, en espèces au guichet ou par virement."],
        transfer=Transfer(
            "Régie périscolaire", "FR7630001007941234567890185", "BDFEFRPPCCT", 31200, "PERI-1"
        ),
    )


class Plain(FPDF):
    """The same sheet in a font that every reader has: nothing to embed, nothing promised to an archive."""

    def set_font(self, family: str | None = None, style: str = "", size: float = 0) -> None:
        super().set_font("Helvetica", style, size)

    def normalize_text(self, text: str) -> str:
        return super().normalize_text(text.encode("latin-1", "replace").decode("latin-1"))


def plain_sheet(title: str, author: str = "") -> Any:
    pdf = Plain(format="A4")
    pdf.set_title(title)
    pdf.add_page()
    return pdf


def one_bill(number: int) -> int:
    return len(paper.paper_pdf(bill(number)))


def several(numbers: range) -> int:
    return sum(map(one_bill, numbers))


def cpu(draw: Callable[[int], int], number: int) -> float:
    start = time.process_time()
    draw(number)
    return time.process_time() - start


def as_plain(number: int) -> int:
    with mock.patch.object(paper, "new_sheet", plain_sheet):
        return one_bill(number)


def font_ratio() -> tuple[float, float]:
    """The median of interleaved pairs, and the milliseconds of a bill."""
    one_bill(0), as_plain(0)
    pairs = [(cpu(one_bill, number), cpu(as_plain, number)) for number in range(PAIRS)]
    return statistics.median(ours / plain for ours, plain in pairs), 1000 * statistics.median(
        ours for ours, _ in pairs
    )


def growth(bills: int) -> float:
    """Megabytes between the hundredth bill and the last."""
    several(range(SETTLING))
    settled = memory.restart_peak()
    several(range(SETTLING, bills))
    return (memory.peak_kb() - settled) / 1024


def shared(bills: int) -> float:
    """The time of two processes over that of one; both start before the clock."""
    halves = [range(0, bills, 2), range(1, bills, 2)]
    context = get_context("spawn")
    with context.Pool(1) as one, context.Pool(2) as two:
        for pool, ready in ((one, 1), (two, 2)):
            pool.map(one_bill, range(ready * 2), chunksize=1)
        alone = _seconds(lambda: one.map(several, halves, chunksize=1))
        return _seconds(lambda: two.map(several, halves, chunksize=1)) / alone


def _seconds(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main(bills: int = BILLS) -> None:
    """Ratios of one run; the last two want an idle machine."""
    ratio, milliseconds = font_ratio()
    tell(f"a bill of two pages ({milliseconds:.0f} ms) over a built-in font", ratio, 4, "x")
    tell(f"growth from bill {SETTLING} to bill {bills}", growth(bills), 20, "MB")
    tell(f"{bills} bills: time of two processes over one", shared(bills), 1 / LEAST_SPEED_UP, "x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else BILLS)
