"""What a first visit to the sign-in page downloads, every file included.

    .venv/bin/python -m benchmarks.weights

Static files are counted as they are served, compressed beforehand; the page as a proxy compresses it
(gzip 6). tests/browser/test_weight.py counts the same in a real browser.
"""

import gzip
import re
import tempfile
from pathlib import Path
from urllib.parse import urljoin

from benchmarks.agenda import application
from benchmarks.report import tell
from extensions import db

MOST_BYTES, MOST_REQUESTS = 90_000, 8
IN_PAGE = re.compile(r'<(?:link|script|img|use)\b[^>]*?\b(?:href|src)="([^"#]+)')
IN_STYLE = re.compile(r"""url\(["']?([^"')]+)""")
# Fetched only when somebody puts the portal on the screen of a telephone.
NOT_YET = ("/icones/", "/application")
GZIP = {"Accept-Encoding": "gzip"}


def first_visit(folder: Path) -> dict[str, int]:
    """Address of each file that the sign-in page needs, and its compressed size in bytes."""
    app = application(folder)
    client = app.test_client()
    page = client.get("/")
    weights = {"/": len(gzip.compress(page.data, 6))}
    for address in sorted(
        {address for address in IN_PAGE.findall(page.text) if not address.startswith(NOT_YET)}
    ):
        with client.get(address, headers=GZIP) as answer:
            weights[address] = len(answer.data)
            plain = gzip.decompress(answer.data) if answer.content_encoding == "gzip" else answer.data
        if address.endswith(".css"):
            for inner in IN_STYLE.findall(plain.decode()):
                with client.get(urljoin(address, inner), headers=GZIP) as answer:
                    weights[urljoin(address, inner)] = len(answer.data)
    with app.app_context():
        db.engine.dispose()
    return weights


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        weights = first_visit(Path(folder))
    tell("first visit to sign-in, compressed", sum(weights.values()) / 1000, MOST_BYTES / 1000, "kB")
    tell("first visit to sign-in, requests", len(weights), MOST_REQUESTS)


if __name__ == "__main__":
    main()
