"""One PDF made of what a family sent: pictures as pages, PDFs emptied of all but their pages."""

import zlib
from collections.abc import Sequence
from io import BytesIO

import pikepdf
import pikepdf.sanitize
from pikepdf import Array, Dictionary, Name

from adapters.document_files.refusal import FileRefused
from adapters.document_files.safe_image import MOST_PIXELS, clean_jpeg, encode, image_format

MOST_PAGES = 30
MOST_DRAWING_BYTES = 16 * 1024 * 1024
MOST_BYTES = 20 * 1024 * 1024
PAGE_SIDE = 1200
THUMBNAIL_SIDE = 240
A4_LONG_SIDE = 842.0  # points
_HEAD, _TAIL = 1024, 2048  # readers accept some bytes before the header and after the end mark
# What a page may keep: all the rest can act, hide or tell of somebody.
_PAGE_KEYS = frozenset(
    {"/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/Contents", "/Group", "/UserUnit"}
)
_HIDING_KEYS = ("/Metadata", "/PieceInfo", "/AF", "/OPI", "/Alternates", "/StructParents", "/StructParent")


def document_of(files: Sequence[bytes]) -> tuple[bytes, bytes, list[bytes]]:
    """The PDF, its thumbnail and a picture of each page. Raises FileRefused."""
    joined = pikepdf.new()
    sources = []  # kept open: pages are copied when the PDF is written
    for content in files:
        if not content:
            raise FileRefused("empty")
        kind = image_format(content)
        if kind is not None:
            _add_picture(joined, content, kind)
        elif b"%PDF-" in content[:_HEAD]:
            sources.append(_add_pages(joined, content))
        else:
            raise FileRefused("unknown_kind")
        if len(joined.pages) > MOST_PAGES:
            raise FileRefused("too_many_pages")
    pdf = _written(joined)
    thumbnail, pages = _pictures(pdf)
    return pdf, thumbnail, pages


def _written(joined: pikepdf.Pdf) -> bytes:
    for found in joined.objects:
        if isinstance(found, (pikepdf.Dictionary, pikepdf.Stream)):
            for key in _HIDING_KEYS:
                if key in found:
                    del found[key]
    out = BytesIO()
    joined.remove_unreferenced_resources()
    joined.save(out, static_id=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    if out.tell() > MOST_BYTES:
        raise FileRefused("too_big")
    return out.getvalue()


def _add_picture(joined: pikepdf.Pdf, content: bytes, kind: str) -> None:
    jpeg, width, height = clean_jpeg(content, kind)
    scale = A4_LONG_SIDE / max(width, height)
    page = joined.add_blank_page(page_size=(width * scale, height * scale))
    picture = pikepdf.Stream(joined, jpeg)
    picture.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8, Filter=Name.DCTDecode,
    )  # fmt: skip
    page.Resources = Dictionary(XObject=Dictionary(Picture=picture))
    page.Contents = pikepdf.Stream(
        joined, f"q {width * scale:.2f} 0 0 {height * scale:.2f} 0 0 cm /Picture Do Q".encode()
    )


def _add_pages(joined: pikepdf.Pdf, content: bytes) -> pikepdf.Pdf:
    """Copy the pages of a PDF and nothing else of it: no action, form, attachment, script or author."""
    if b"%%EOF" not in content[-_TAIL:]:
        raise FileRefused("unreadable")
    try:
        source = pikepdf.open(BytesIO(content))
        if source.is_encrypted:
            raise FileRefused("protected")
        count = len(source.pages)
        if count == 0:
            raise FileRefused("unreadable")
        if len(joined.pages) + count > MOST_PAGES:
            raise FileRefused("too_many_pages")
        _refuse_bombs(source)
        _sanitize(source)
        joined.pages.extend(source.pages)
    except pikepdf.PasswordError as error:
        raise FileRefused("protected") from error
    except (
        pikepdf.PdfError,
        RuntimeError,
        TypeError,
        KeyError,
        AttributeError,
        ValueError,
        zlib.error,
    ) as error:
        if isinstance(error, FileRefused):
            raise
        raise FileRefused("unreadable") from error
    return source


def _refuse_bombs(source: pikepdf.Pdf) -> None:
    for found in source.objects:
        if not isinstance(found, pikepdf.Stream):
            continue
        if found.get("/Subtype") != Name.Image:
            _refuse_bomb(found)
        elif int(found.get("/Width", 0)) * int(found.get("/Height", 0)) > MOST_PIXELS:
            raise FileRefused("too_many_pixels")


def _refuse_bomb(stream: pikepdf.Stream) -> None:
    """What draws a page is text: no honest one is so long, and none is squeezed twice."""
    filters = stream.get("/Filter", Array())
    names = [filters] if isinstance(filters, Name) else list(filters)
    if names.count(Name.FlateDecode) > 1:
        raise FileRefused("too_heavy")
    if names[:1] == [Name.FlateDecode]:
        opened = zlib.decompressobj().decompress(stream.read_raw_bytes(), MOST_DRAWING_BYTES + 1)
        if len(opened) > MOST_DRAWING_BYTES:
            raise FileRefused("too_heavy")


def _sanitize(source: pikepdf.Pdf) -> None:
    """What a filled-in form shows becomes part of the page, then everything that acts goes."""
    if "/AcroForm" in source.Root:
        source.generate_appearance_streams()
    source.flatten_annotations("screen")
    (
        pikepdf.sanitize.Sanitizer()
        .remove_javascript()
        .remove_external_access()
        .remove_attachments()
        .remove_multimedia()
        .remove_private_app_data()
        .remove_thumbnails()
        .apply(source)
    )
    for page in source.pages:
        for key in set(page.obj.keys()) - _PAGE_KEYS:
            del page.obj[key]


def _pictures(pdf: bytes) -> tuple[bytes, list[bytes]]:
    """(thumbnail of the first page, each page), drawn once more by another reader."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(pdf)
        pages, thumbnail = [], b""
        for page in document:
            scale = PAGE_SIDE / max(*page.get_size(), 1)
            drawn = page.render(scale=min(scale, 4)).to_pil()
            pages.append(encode(drawn, PAGE_SIDE)[0])
            thumbnail = thumbnail or encode(drawn.copy(), THUMBNAIL_SIDE)[0]
    except (pypdfium2.PdfiumError, ValueError, OSError) as error:
        raise FileRefused("unreadable") from error
    return thumbnail, pages
