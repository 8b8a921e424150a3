"""Files of families leave as attachments that a browser neither guesses nor runs (security T16)."""

import io
from collections.abc import Iterator

from flask import send_file, stream_with_context
from werkzeug.wrappers import Response


def sealed_picture(content: bytes) -> Response:
    """A picture of a page, made by us: the browser may show it, nobody keeps it."""
    response = send_file(io.BytesIO(content), mimetype="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    return response


def sealed_pdf(content: bytes, file_name: str) -> Response:
    """The PDF of a document, opened from the store: saved by the browser, never shown inside the portal."""
    response = send_file(
        io.BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=file_name
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def streamed_archive(pieces: Iterator[bytes], file_name: str) -> Response:
    """A ZIP sent as it is made: nobody keeps it, and no more than a file of it is in memory."""
    response = Response(stream_with_context(pieces), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
