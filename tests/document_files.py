"""Files as families send them, and the short way to send one."""

from functools import cache
from io import BytesIO

import pikepdf
from PIL import Image

from domain.enums import Channel
from services import documents
from services.accounts import Author


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 80), **options) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "tan").save(out, kind, **options)
    return out.getvalue()


@cache
def heic() -> bytes:
    from pillow_heif import from_pillow

    out = BytesIO()
    from_pillow(Image.new("RGB", (64, 64), "teal")).save(out, quality=50)
    return out.getvalue()


def written(pdf: pikepdf.Pdf, **options) -> bytes:
    out = BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def pages(count: int = 1) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    for _ in range(count):
        pdf.add_blank_page()
    return pdf


def send(world, household, category, child=None, key="k1", files=None, user=None, **columns) -> int:
    """Send a small photo for a household through the service; the id of the document."""
    files = (documents.Upload(picture(), "photo.jpg"),) if files is None else files
    sending = documents.Sending(category.id, household.id, child.id if child else None, key, files, **columns)
    user = user or world.parent(household)
    with world.app.app_context():
        return documents.submit(
            sending,
            author=Author(user.id, Channel.PORTAL),
            author_name="Claire SOLIGNAC",
            network="192.0.2.0/24",
            now=world.now,
        )
