"""The logo of a town: decoded, made small, encoded again as a PNG and nothing else."""

from io import BytesIO

from PIL import Image, ImageOps

from adapters.document_files.refusal import FileRefused
from adapters.document_files.safe_image import MOST_PIXELS, image_format

# Twice what the head of a page shows, for fine screens.
MOST_WIDTH, MOST_HEIGHT = 400, 96
MOST_BYTES = 15 * 1024
KINDS = frozenset({"JPEG", "PNG", "WEBP"})
_PALETTES = (256, 64, 16, 8)


def logo_of(content: bytes) -> tuple[bytes, int, int]:
    """The PNG, its width and height. Raises FileRefused."""
    if not content:
        raise FileRefused("empty")
    kind = image_format(content)
    if kind not in KINDS:
        raise FileRefused("unknown_kind")
    try:
        with Image.open(BytesIO(content), formats=(kind,)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise FileRefused("too_many_pixels")
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRefused("too_many_pixels") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, FileRefused):
            raise
        raise FileRefused("unreadable") from error
    box = upright.getbbox()  # margins that are transparent would make it smaller than it is
    if box is None:
        raise FileRefused("blank")
    logo = upright.crop(box)
    logo.thumbnail((MOST_WIDTH, MOST_HEIGHT), Image.Resampling.LANCZOS)
    return _light(logo), logo.width, logo.height


def _light(logo: Image.Image) -> bytes:
    """The PNG with as many colours as its weight allows."""
    written = _png(logo)
    for colours in _PALETTES:
        if len(written) <= MOST_BYTES:
            break
        written = _png(logo.quantize(colours, method=Image.Quantize.FASTOCTREE))
    return written


def _png(picture: Image.Image) -> bytes:
    picture.info = {}
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
