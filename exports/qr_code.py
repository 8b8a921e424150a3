"""QR codes as shapes: what draws them, a PDF or a page, decides how."""

from dataclasses import dataclass
from itertools import pairwise

QUIET = 4  # light modules that a camera needs around the code


@dataclass(frozen=True, slots=True)
class Drawing:
    """A square of `side` modules, quiet zone included; `path`, of an SVG, draws the dark ones."""

    side: int
    path: str


def runs(modules: bytearray) -> list[tuple[int, int]]:
    """The dark modules of a row, as (first, one after the last)."""
    edges = [0, *(1 if one else 0 for one in modules), 0]
    changes = [index for index, (before, after) in enumerate(pairwise(edges)) if before != after]
    return list(zip(changes[::2], changes[1::2], strict=True))


def drawing(text: str) -> Drawing:
    """The code of a text, for a page."""
    import segno  # costs a tenth of a second, which pages without a code never pay

    matrix = segno.make_qr(text, error="m").matrix
    bars = (
        f"M{QUIET + first} {QUIET + row}h{last - first}v1h{first - last}z"
        for row, modules in enumerate(matrix)
        for first, last in runs(modules)
    )
    return Drawing(len(matrix) + 2 * QUIET, "".join(bars))
