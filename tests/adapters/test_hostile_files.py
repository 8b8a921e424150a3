"""Hostile files: each has its verdict, none runs, none leaves the store, none hurts the server (T16 to T18).

They are made here, so that nothing dangerous lies in the repository.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

from adapters.document_files import SafeDocument, UnsafeFile, make_safe
from domain.documents import shown_name
from tests import process_memory
from tests.document_files import heic, pages, picture, written

SERVER_GROWTH_KB = 150 * 1024
SCRIPT = b"app.alert('PWNED')"
HTML = b"<html><script>alert('PWNED')</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(\'PWNED\')"></svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, data: bytes = b"", *extra: bytes) -> bytes:
    """A PNG that says these dimensions, whatever it holds."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def long_text(length: int) -> bytes:
    return chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * length))


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def pdf_with(change: Callable[[pikepdf.Pdf], object], **options) -> bytes:
    pdf = pages()
    change(pdf)
    return written(pdf, **options)


def javascript() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert('PWNED')"))


def _open_action(pdf):
    pdf.Root.OpenAction = javascript()


def _page_action(pdf):
    pdf.pages[0].obj.AA = Dictionary(O=javascript())


def _named_script(pdf):
    pdf.Root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array([String("a"), pdf.make_indirect(javascript())]))
    )


def _launch(pdf):
    pdf.Root.OpenAction = Dictionary(S=Name.Launch, F=String("PWNED.exe"))


def _link(pdf):
    pdf.pages[0].obj.Annots = Array(
        [Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 600, 800],
            A=Dictionary(S=Name.URI, URI=String("https://PWNED.example/")),
        )]
    )  # fmt: skip


def _submit_form(pdf):
    button = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Btn, T=String("b"), Rect=[0, 0, 600, 800],
        A=Dictionary(S=Name.SubmitForm, F=String("https://PWNED.example/")),
    )  # fmt: skip
    button = pdf.make_indirect(button)
    pdf.pages[0].obj.Annots = Array([button])
    pdf.Root.AcroForm = Dictionary(Fields=Array([button]))


def _xfa(pdf):
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=Stream(pdf, b"<xdp>PWNED</xdp>"))


def _attachment(pdf):
    pdf.attachments["PWNED.exe"] = b"MZ PWNED"


def _page_file(pdf):
    file = Stream(pdf, b"MZ PWNED")
    pdf.pages[0].obj.AF = Array([Dictionary(Type=Name.Filespec, F=String("PWNED"), EF=Dictionary(F=file))])


def _rich_media(pdf):
    pdf.pages[0].obj.Annots = Array(
        [Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=[0, 0, 9, 9], NM=String("PWNED"))]
    )


def _remote(pdf):
    pdf.Root.OpenAction = Dictionary(S=Name.GoToR, F=String("\\\\PWNED\\share"), D=Array([0, Name.Fit]))


def _author(pdf):
    pdf.docinfo["/Author"] = "PWNED"
    with pdf.open_metadata() as metadata:
        metadata["dc:creator"] = ["PWNED"]


def _private(pdf):
    pdf.pages[0].obj.PieceInfo = Dictionary(App=Dictionary(Private=String("PWNED")))


def _huge_picture(pdf):
    picture = Stream(pdf, b"x")
    picture.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=20000, Height=10000, ColorSpace=Name.DeviceGray,
        BitsPerComponent=8,
    )  # fmt: skip
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(A=picture))
    pdf.pages[0].obj.Contents = Stream(pdf, b"q 500 0 0 500 0 0 cm /A Do Q")


def _huge_page(pdf):
    pdf.pages[0].obj.MediaBox = Array([0, 0, 2_000_000, 2_000_000])


def _flate_bomb(pdf):
    squeezed = zlib.compress(b"0 0 m " * 20_000_000, 1)
    pdf.pages[0].obj.Contents = Stream(pdf, squeezed, Filter=Name.FlateDecode)


def _double_bomb(pdf):
    squeezed = zlib.compress(zlib.compress(b"0 0 m " * 5_000_000, 9), 9)
    pdf.pages[0].obj.Contents = Stream(pdf, squeezed, Filter=Array([Name.FlateDecode, Name.FlateDecode]))


def _endless_form(pdf):
    form = pdf.make_indirect(Stream(pdf, b"/A Do"))
    form.stream_dict = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9])
    form.Resources = Dictionary(XObject=Dictionary(A=form))
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(A=form))
    pdf.pages[0].obj.Contents = Stream(pdf, b"/A Do")


def _encrypted(pdf):
    """Nothing to change: the way of writing does it."""


def big_jpeg_header() -> bytes:
    """A JPEG that says 65 500 pixels a side."""
    whole = bytearray(picture("JPEG"))
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", 65500, 65500)
    return bytes(whole)


def flat_png(side: int) -> bytes:
    """Real data of side × side pixels of one grey in a few kilobytes."""
    return png_of(side, side, zlib.compress((b"\0" * (side + 1)) * side, 9))


def damaged_heic() -> bytes:
    return heic()[: len(heic()) // 2]


# name → (content, verdict): « safe », or the code of the refusal.
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "html called .pdf": (lambda: HTML, "unknown_kind"),
    "svg with a script": (lambda: SVG, "unknown_kind"),
    "windows program called .jpg": (lambda: b"MZ\x90\0PWNED", "unknown_kind"),
    "linux program": (lambda: b"\x7fELFPWNED", "unknown_kind"),
    "shell script": (lambda: b"#!/bin/sh\necho PWNED\n", "unknown_kind"),
    "zip": (lambda: zipped("PWNED.txt", b"x"), "unknown_kind"),
    "word file with macro": (lambda: zipped("word/vbaProject.bin", b"PWNED"), "unknown_kind"),
    "zip bomb": (lambda: zipped("a", b"\0" * 20_000_000), "unknown_kind"),
    "gif": (lambda: picture("GIF"), "unknown_kind"),
    "tiff": (lambda: picture("TIFF"), "unknown_kind"),
    "bmp": (lambda: picture("BMP"), "unknown_kind"),
    "postscript": (lambda: b"%!PS-Adobe-3.0\n(PWNED) show\n", "unknown_kind"),
    "only the head of a jpeg": (lambda: b"\xff\xd8\xff\xe0PWNED", "unreadable"),
    "only the head of a png": (lambda: b"\x89PNG\r\n\x1a\nPWNED", "unreadable"),
    "only the head of a webp": (lambda: b"RIFF\0\0\0\0WEBPPWNED", "unreadable"),
    "only the head of a heic": (lambda: b"\0\0\0\x18ftypheicPWNED", "unreadable"),
    "jpeg cut in the middle": (lambda: picture("JPEG", (800, 800))[:1500], "unreadable"),
    "png cut in the middle": (lambda: picture("PNG", (800, 800))[:-60], "unreadable"),
    "heic cut in the middle": (damaged_heic, "unreadable"),
    "png of 400 megapixels": (lambda: png_of(20_000, 20_000, zlib.compress(b"\0")), "too_many_pixels"),
    "png of 200 megapixels with its data": (lambda: flat_png(14_200), "too_many_pixels"),
    "jpeg that says 65 500 pixels a side": (big_jpeg_header, "too_many_pixels"),
    "png with a bomb in its text": (
        lambda: png_of(10, 10, zlib.compress(b"\0" * 110), long_text(30_000_000)), "unreadable",
    ),
    "jpeg with html after its end": (lambda: picture("JPEG") + HTML, "safe"),
    "jpeg with html in its comment": (lambda: picture("JPEG", comment=HTML), "safe"),
    "jpeg with the place of the phone": (lambda: _located(), "safe"),
    "png that is also a zip": (lambda: picture("PNG") + zipped("PWNED.js", SCRIPT), "safe"),
    "webp with html in its xmp": (lambda: picture("WEBP", xmp=HTML), "safe"),
    "pdf that is also html": (lambda: HTML + written(pages()), "safe"),
    "pdf that is also a zip": (lambda: written(pages()) + zipped("a", b"PWNED") + b"\n%%EOF", "safe"),
    "pdf with a script at opening": (lambda: pdf_with(_open_action), "safe"),
    "pdf with a script of the page": (lambda: pdf_with(_page_action), "safe"),
    "pdf with a named script": (lambda: pdf_with(_named_script), "safe"),
    "pdf that starts a program": (lambda: pdf_with(_launch), "safe"),
    "pdf with a link over the page": (lambda: pdf_with(_link), "safe"),
    "pdf that sends a form": (lambda: pdf_with(_submit_form), "safe"),
    "pdf with an xfa form": (lambda: pdf_with(_xfa), "safe"),
    "pdf with an attached program": (lambda: pdf_with(_attachment), "safe"),
    "pdf with a file of a page": (lambda: pdf_with(_page_file), "safe"),
    "pdf with a film": (lambda: pdf_with(_rich_media), "safe"),
    "pdf that opens a shared folder": (lambda: pdf_with(_remote), "safe"),
    "pdf that tells its author": (lambda: pdf_with(_author), "safe"),
    "pdf with private data": (lambda: pdf_with(_private), "safe"),
    "pdf with a page as big as a town": (lambda: pdf_with(_huge_page), "safe"),
    "pdf whose form holds itself": (lambda: pdf_with(_endless_form), "safe"),
    "pdf with a picture of 200 megapixels": (lambda: pdf_with(_huge_picture), "too_many_pixels"),
    "pdf of 31 pages": (lambda: written(pages(31)), "too_many_pages"),
    "pdf without page": (lambda: written(pages(0)), "unreadable"),
    "pdf cut in the middle": (lambda: written(pages(3))[:400], "unreadable"),
    "pdf with a password": (
        lambda: pdf_with(_encrypted, encryption=pikepdf.Encryption(user="a", owner="b")), "protected",
    ),
    "pdf with a password for its owner": (
        lambda: pdf_with(_encrypted, encryption=pikepdf.Encryption(user="", owner="b")), "protected",
    ),
    "only the head of a pdf": (lambda: b"%PDF-1.7\nPWNED\n%%EOF", "unreadable"),
    "pdf with a bomb of 120 megabytes": (lambda: pdf_with(_flate_bomb), "too_heavy"),
    "pdf with a bomb squeezed twice": (lambda: pdf_with(_double_bomb), "too_heavy"),
}  # fmt: skip


def _located() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "PWNED"
    exif[0x010E] = "PWNED"
    return picture("JPEG", exif=exif)


def verdict_on(content: bytes) -> tuple[str, SafeDocument | None]:
    try:
        return "safe", make_safe([content])
    except UnsafeFile as refusal:
        return refusal.code, None


def test_there_are_forty_at_least():
    assert len(HOSTILE) >= 40


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_file_has_its_verdict(name, tmp_path, monkeypatch):
    make, expected = HOSTILE[name]
    content = make()
    monkeypatch.chdir(tmp_path)
    before = process_memory.restart_peak()
    verdict, document = verdict_on(content)
    assert process_memory.peak_kb() - before < SERVER_GROWTH_KB
    assert list(tmp_path.iterdir()) == []
    assert verdict == expected
    if document is not None:
        _assert_harmless(document)


ACTING = (
    "/OpenAction", "/AA", "/Names", "/AcroForm", "/AF", "/Metadata", "/PieceInfo", "/Annots", "/JS",
    "/JavaScript", "/Launch", "/EmbeddedFiles", "/XFA", "/RichMedia", "/URI",
)  # fmt: skip


def _assert_harmless(document: SafeDocument) -> None:
    """Only pages and pictures are left: no word of the sender, nothing that acts."""
    everything = document.pdf + document.thumbnail + b"".join(document.pages)
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        assert pdf.trailer.get("/Info") is None
        told = [found.unparse() for found in pdf.objects if not isinstance(found, Stream)]
        told += [found.stream_dict.unparse() for found in pdf.objects if isinstance(found, Stream)]
        keys = {str(key) for found in pdf.objects if isinstance(found, (Dictionary, Stream)) for key in found}
        streams = b"".join(found.read_raw_bytes() for found in pdf.objects if isinstance(found, Stream))
    assert b"PWNED" not in everything + b"".join(told) + streams
    assert b"<script" not in everything
    assert keys.isdisjoint(ACTING)
    assert document.pdf.startswith(b"%PDF-")
    assert {page[:3] for page in (*document.pages, document.thumbnail)} == {b"\xff\xd8\xff"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\system32\\cmd.exe", "cmd.pdf"),
        ("facture\0.php.jpg", "facture.php.pdf"),
        ("\u202egpj.exe", "gpj.pdf"),
        ("a" * 400 + ".pdf", "a" * 156 + ".pdf"),
        ("fac\r\nSet-Cookie: x=1.pdf", "facSet-Cookie: x=1.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "document.pdf"),
        ("…", "….pdf"),
    ],
)
def test_names_of_files_cannot_leave_their_place(name, shown):
    assert shown_name(name) == shown


def test_a_photo_is_upright_and_bare(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by the phone
    safe = make_safe([picture("JPEG", (3000, 1000), exif=exif)])
    with Image.open(io.BytesIO(safe.pages[0])) as page:
        assert page.height > page.width
        assert not page.getexif()
