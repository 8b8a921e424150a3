"""A picture, decoded and encoded again: upright, at most 2000 pixels a side, nothing but the picture."""

import warnings
from io import BytesIO

from PIL import Image, ImageOps

from adapters.document_files.refusal import FileRefused

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2000
QUALITY = 80
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


def image_format(content: bytes) -> str | None:
    """The only decoder that may read it, by its first bytes; None when it is no picture that we take."""
    if content[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if content[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return "HEIF" if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS else None


def clean_jpeg(content: bytes, kind: str) -> tuple[bytes, int, int]:
    """The picture of this format as a JPEG and nothing else, its width and height. Raises FileRefused."""
    if kind == "HEIF":
        import pillow_heif  # heavy: only for who needs it

        pillow_heif.register_heif_opener()
    try:
        with Image.open(BytesIO(content), formats=(kind,)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise FileRefused("too_many_pixels")
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded near its final size
            return encode(ImageOps.exif_transpose(picture), LONGEST_SIDE)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRefused("too_many_pixels") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, FileRefused):
            raise
        raise FileRefused("unreadable") from error


def encode(picture: Image.Image, longest_side: int) -> tuple[bytes, int, int]:
    """A JPEG of at most so many pixels a side; what was transparent is white."""
    picture.thumbnail((longest_side, longest_side), reducing_gap=2.0)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", layer.size, "white")
        picture.paste(layer, mask=layer.getchannel("A"))
    bare = picture.convert("RGB")
    bare.info = {}  # no comment, no profile, no position of the phone
    out = BytesIO()
    bare.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue(), bare.width, bare.height
