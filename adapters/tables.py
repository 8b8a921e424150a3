"""Spreadsheets that people give: XLSX and CSV become rows of texts, whatever program wrote them."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime

from python_calamine import CalamineError, CalamineWorkbook

from domain.errors import Refused

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED_BYTES = 60 * 1024 * 1024
MAX_ROWS, MAX_COLUMNS = 5001, 100
_ZIP_START = b"PK\x03\x04"
_CHUNK = 256 * 1024


def read_table(content: bytes) -> list[list[str]]:
    """The rows of the first sheet, every cell as a text: « 622,5 », « 2019-05-04 », « 46000 ».

    A CSV is UTF-8 or Windows-1252, its columns apart by « ; », a comma or a tab. Raises Refused
    `table_too_big`, `table_unreadable`.
    """
    if len(content) > MAX_BYTES:
        raise _too_big()
    rows = list(_of_workbook(content) if content.startswith(_ZIP_START) else _of_csv(content))
    if len(rows) > MAX_ROWS:
        raise _too_big()
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _too_big() -> Refused:
    return Refused(
        "table_too_big",
        f"Ce fichier est trop gros\u00a0: {MAX_ROWS - 1} lignes et 5 Mo au plus. Séparez-le en plusieurs.",
    )


def _unreadable() -> Refused:
    return Refused(
        "table_unreadable",
        "Ce fichier ne se lit pas. Enregistrez-le en XLSX ou en CSV depuis votre tableur, puis recommencez.",
    )


# --- XLSX -----------------------------------------------------------------------------------------


def _of_workbook(content: bytes) -> Iterator[list[str]]:
    _refuse_bomb(content)
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        if sheet.height > MAX_ROWS or sheet.width > MAX_COLUMNS:
            raise _too_big()
        for row in sheet.iter_rows():
            yield [_text(cell) for cell in row]
    except (CalamineError, IndexError, ValueError) as error:
        raise _unreadable() from error


def _refuse_bomb(content: bytes) -> None:
    """Unpack for real, and stop in time: the sizes that the archive declares may lie."""
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                with archive.open(member) as stream:
                    while chunk := stream.read(_CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise _too_big()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _unreadable() from error


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{round(cell, 6)}".replace(".", ",")
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


# --- CSV ------------------------------------------------------------------------------------------


def _of_csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    separator = max(";,\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            if len(row) > MAX_COLUMNS:
                raise _too_big()
            yield [_unshielded(cell.strip()) for cell in row]
    except csv.Error as error:
        raise _unreadable() from error


def _unshielded(text: str) -> str:
    """Without the apostrophe that keeps « +32… » from being a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("+", "-", "=", "@") else text


def _decoded(content: bytes) -> str:
    if b"\0" in content:
        raise _unreadable()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable()
