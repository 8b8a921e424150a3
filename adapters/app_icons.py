"""The icon of the portal on the home screen of a phone (R58): the town's logo, or our own sign."""

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

# The part of the side that the logo fills. A mask may leave only the circle in the middle, 80 % wide.
FILLED, FILLED_UNDER_MASK = 0.78, 0.54
_GROUND = "#ffffff"
_ACCENT = "#f3b43f"
_FINER = 4  # the sign is drawn larger, then made small: smooth edges


@lru_cache(maxsize=8)
def logo_icon(logo: bytes, size: int, *, is_masked: bool) -> bytes:
    """A square PNG with the logo, a PNG of ours, in its middle on white."""
    from PIL import Image  # where an icon is made only: no worker starts with it

    icon = Image.new("RGB", (size, size), _GROUND)
    with Image.open(BytesIO(logo), formats=("PNG",)) as picture:
        drawn = picture.convert("RGBA")
    room = size * (FILLED_UNDER_MASK if is_masked else FILLED)
    scale = room / max(drawn.size)
    drawn = drawn.resize([max(1, round(side * scale)) for side in drawn.size], Image.Resampling.LANCZOS)
    icon.paste(drawn, ((size - drawn.width) // 2, (size - drawn.height) // 2), drawn)
    return _png(icon)


@lru_cache(maxsize=8)
def sign_icon(colour: str, size: int, *, is_masked: bool) -> bytes:
    """A square PNG with the four squares of the portal on the colour of the town, « #0e5a5a »."""
    from PIL import Image, ImageDraw

    side = size * _FINER
    icon = Image.new("RGB", (side, side), colour)
    pen = ImageDraw.Draw(icon)
    room = side * (FILLED_UNDER_MASK if is_masked else FILLED * 0.8)
    first, square, step = (side - room) / 2, room * 0.41, room * 0.59
    for row in range(2):
        for column in range(2):
            left, top = first + column * step, first + row * step
            pen.rounded_rectangle(
                (left, top, left + square, top + square),
                radius=square * 0.2,
                fill=_ACCENT if (row, column) == (0, 1) else None,
                outline=_ACCENT,
                width=max(1, round(square * 0.28)),
            )
    return _png(icon.resize((size, size), Image.Resampling.LANCZOS))


def _png(picture: "Image") -> bytes:
    out = BytesIO()
    picture.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()
