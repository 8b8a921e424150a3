"""Tables in open formats: an XLSX workbook, or a ZIP of CSV (`;`, UTF-8 with mark, decimal comma, CRLF).

No cell can start a formula (R07): what people typed is always a text, and a CSV shields what a spreadsheet
would run with an apostrophe.
"""

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | Decimal | date | bool | None

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
WIDEST = 40  # characters of a column on screen
MEASURED = 500  # rows that say how wide a column is
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EXCEL_LENGTH = 32_000  # of one cell
_CONTROLS = dict.fromkeys(range(32), " ")


@dataclass(frozen=True, slots=True)
class Sheet:
    """`name` names the sheet, or the file of the ZIP; every row has the cells of `titles`, in their order."""

    name: str
    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """One XLSX workbook; the titles are bold and stay in sight."""
    import xlsxwriter  # loaded only by what exports

    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        bold = book.add_format({"bold": True})
        days = book.add_format({"num_format": "dd/mm/yyyy"})
        hundredths = book.add_format({"num_format": "0.00"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            for column, title in enumerate(sheet.titles):
                page.write_string(0, column, title, bold)
                seen = sheet.rows[:MEASURED]
                longest = max([len(title), *(len(as_text(row[column])) for row in seen)])
                page.set_column(column, column, min(longest, WIDEST) + 2)
            for number, row in enumerate(sheet.rows, 1):
                for column, cell in enumerate(row):
                    _write(page, number, column, cell, days, hundredths)
    return content.getvalue()


def _write(page, number: int, column: int, cell: Cell, days, hundredths) -> None:
    if isinstance(cell, date) and not isinstance(cell, datetime):
        page.write_datetime(number, column, datetime(cell.year, cell.month, cell.day), days)  # noqa: DTZ001
    elif isinstance(cell, Decimal):
        page.write_number(number, column, float(cell), hundredths)
    elif isinstance(cell, int) and not isinstance(cell, bool):
        page.write_number(number, column, cell)
    elif text := as_text(cell):
        page.write_string(number, column, text[:_EXCEL_LENGTH])


def csv_table(sheet: Sheet) -> bytes:
    """One CSV, as a French spreadsheet opens it with a double click."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(sheet.titles)
    writer.writerows([shielded(cell) for cell in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8-sig")


def zip_of_csv(sheets: Sequence[Sheet], made_at: datetime) -> bytes:
    """A ZIP with one CSV a sheet."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for sheet in sheets:
            entry = zipfile.ZipInfo(f"{sheet.name}.csv", made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, csv_table(sheet))
    return content.getvalue()


def shielded(cell: Cell) -> str:
    """The text of a CSV cell; what people typed never starts a formula, even after spaces."""
    text = as_text(cell)
    return f"'{text}" if isinstance(cell, str) and text.lstrip().startswith(FORMULA_STARTS) else text


def as_text(cell: Cell) -> str:
    """« 04/05/2019 », « 622,50 », « oui »; one line."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, Decimal):
        return str(cell).replace(".", ",")
    return str(cell).translate(_CONTROLS) if isinstance(cell, str) else str(cell)
