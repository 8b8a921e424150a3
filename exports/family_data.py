"""The data of a family as one archive: a page to read, the same as JSON, the files (R54).

It is written as it leaves, one file in memory at a time.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from html import escape

from exports.tables import Sheet, as_text

README, DATA = "mes-donnees.html", "mes-donnees.json"
_STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "th,td{border:1px solid #999;padding:.3rem .6rem;text-align:left;vertical-align:top}"
)


class _Outlet(io.RawIOBase):
    """What the archive writes, until it is taken."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:
        self._written += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def archive(
    title: str,
    sheets: Sequence[Sheet],
    files: Iterable[tuple[str, Callable[[], bytes]]],
    made_at: datetime,
) -> Iterator[bytes]:
    """The pieces of a ZIP. `files`: (name in it, how to read it); `made_at`: on the clock of Paris."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in ((README, page(title, sheets, made_at)), (DATA, data(sheets))):
            _add(bundle, name, content, made_at)
            yield outlet.take()
        for name, read in files:
            _add(bundle, name, read(), made_at)
            yield outlet.take()
    yield outlet.take()


def _add(bundle: zipfile.ZipFile, name: str, content: bytes, made_at: datetime) -> None:
    entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    bundle.writestr(entry, content)


def data(sheets: Sequence[Sheet]) -> bytes:
    """The same as JSON: an object a row, by the names of the columns."""
    found = {
        sheet.name: [
            {
                title: cell if isinstance(cell, bool) else as_text(cell)
                for title, cell in zip(sheet.titles, row, strict=True)
            }
            for row in sheet.rows
        ]
        for sheet in sheets
    }
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def page(title: str, sheets: Sequence[Sheet], made_at: datetime) -> bytes:
    """A page that any browser opens, without anything from elsewhere."""
    parts = [
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>Données du portail famille, le {made_at:%d/%m/%Y à %H:%M}. "
        "Les fichiers transmis sont à côté.</p>"
    ]
    for sheet in sheets:
        heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in sheet.titles)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(as_text(cell))}</td>" for cell in row) + "</tr>"
            for row in sheet.rows
        )
        parts.append(
            f"<h2>{escape(sheet.name)}</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        )
    return "".join([*parts, "</body></html>"]).encode()
