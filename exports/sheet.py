"""What every printed sheet has in common: A4, PDF/A-2b, the embedded font, page numbers, the logo of the
town, the QR code of a transfer."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import category, normalize

from exports.qr_code import runs

FONTS = Path(__file__).parent / "fonts"
_PLAIN = {"≤": "<=", "≥": ">=", "\t": " "}
_UNSEEN = {"Mn", "Cc", "Cf"}  # signs that only change others
_FOOT = 16  # millimetres
_LOGO_WIDTH, _LOGO_HEIGHT = 60, 18  # millimetres, at most
_LOGO_PIXEL = 25.4 / 110  # no larger than 110 pixels an inch: a small picture stays small rather than blurred
_LONGEST_NAME = 70  # of who is paid, in the code of a transfer


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer that is prepared for the family; `reference` is what its bank statement will say."""

    name: str
    iban: str
    bic: str
    cents: int
    reference: str


def new_sheet(title: str, author: str = "") -> Any:
    """An empty A4 page in the printed font, made to be kept (PDF/A-2b: the file needs nothing beside it)."""
    pdf = _sheet_class()(format="A4", enforce_compliance="PDF/A-2B")
    pdf.set_lang("fr")
    pdf.set_title(title)
    pdf.set_author(author)
    pdf.set_creator("Portail famille")
    pdf.set_auto_page_break(True, margin=_FOOT)
    pdf.add_font("DejaVu", "", FONTS / "DejaVuSans-latin.ttf")
    pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold-latin.ttf")
    pdf.add_page()
    return pdf


@cache
def _sheet_class() -> type:
    from fpdf import FPDF  # costs 20 MB: loaded only by what prints

    class Sheet(FPDF):
        def footer(self) -> None:
            """Which sheet, and how many pages belong to it."""
            self.set_y(-12)
            self.set_font("DejaVu", "", 8)
            self.cell(0, 4, f"{self.title}, page {self.page_no()} sur {{nb}}", align="R")

        def normalize_text(self, text: str) -> str:
            """What the font can draw: nothing that a family wrote may vanish, nor break the archive."""
            return drawable(super().normalize_text(text), self.current_font.cmap)

    return Sheet


def write_line(pdf: Any, text: str, size: float, bold: bool = False) -> None:
    """A paragraph from margin to margin."""
    pdf.set_font("DejaVu", "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.6, text, align="L", new_x="LMARGIN", new_y="NEXT")


def write_table(
    pdf: Any,
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    aligned: Sequence[str],
    total: Sequence[str] = (),
) -> None:
    """A table whose first row, the headings, comes again at the top of each page; `total` ends it in bold."""
    from fpdf.fonts import FontFace  # loaded only by what prints

    pdf.ln(3)
    pdf.set_font("DejaVu", "", 9)
    with pdf.table(
        line_height=5,
        padding=0.6,
        text_align=aligned,
        col_widths=widths,
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis="BOLD", size_pt=8),
    ) as grid:
        for cells in rows:
            grid.row(cells)
        if total:
            grid.row(total, style=FontFace(emphasis="BOLD"))


def drawable(text: str, known: Container[int]) -> str:
    """The text in the signs (code points) that a font knows: « Nguyễn » is « Nguyên » where « ễ » lacks, what
    has no likeness is « ? »."""
    return "".join(_sign(one, known) for one in normalize("NFC", text))


def _sign(one: str, known: Container[int]) -> str:
    if one == "\n" or ord(one) in known:
        return one
    parts = normalize("NFD", one)
    for length in range(len(parts) - 1, 0, -1):
        likeness = normalize("NFC", parts[:length])
        if len(likeness) == 1 and ord(likeness) in known:
            return likeness
    return _PLAIN.get(one, "" if category(one) in _UNSEEN else "?")


def keep_together(pdf: Any, height: float) -> None:
    """Go to a new page unless `height` millimetres are left on this one."""
    if pdf.will_page_break(height):
        pdf.add_page()


def write_logo(pdf: Any, png: bytes, left: float, top: float) -> float:
    """The logo of the town in its own proportions; returns where it ends, in millimetres from the top. A
    damaged picture is left out: the paper matters more."""
    try:
        picture = _on_white(png)
    except (OSError, SyntaxError, ValueError):
        return top
    scale = min(_LOGO_WIDTH / picture.width, _LOGO_HEIGHT / picture.height, _LOGO_PIXEL)
    pdf.image(picture, left, top, picture.width * scale, picture.height * scale)
    return top + picture.height * scale


@lru_cache(maxsize=4)
def _on_white(png: bytes) -> Any:
    """The picture without transparency, in the colours that the sheet declares (sRGB)."""
    from PIL import Image  # loaded only by what prints

    with Image.open(BytesIO(png), formats=("PNG",)) as picture:
        drawn = picture.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(paper, drawn).convert("RGB")


def transfer_code(pdf: Any, transfer: Transfer, left: float, top: float, side: float) -> None:
    """The QR code of a transfer (EPC069-12), `side` millimetres wide, drawn as rectangles."""
    from segno.helpers import make_epc_qr

    code = make_epc_qr(
        transfer.name[:_LONGEST_NAME],
        transfer.iban,
        f"{transfer.cents // 100}.{transfer.cents % 100:02d}",
        text=transfer.reference,
        bic=transfer.bic if len(transfer.bic) in (8, 11) else None,
        encoding="utf-8",
    )
    module = side / len(code.matrix)
    pdf.set_fill_color(0)
    for row, modules in enumerate(code.matrix):
        for first, last in runs(modules):
            pdf.rect(left + first * module, top + row * module, (last - first) * module, module, style="F")
