"""Every family file handed over in open formats, noted in the journal, and the model of the import (R07)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.family_import import COLUMNS, ImportColumn
from exports import tables
from exports.tables import Sheet
from queries import family_exports as export_queries
from services import audit, medical_readings
from services.accounts import Author
from services.medical_readings import Reading
from services.transaction import write_transaction

PLACE = "l’export des familles"


class FileKind(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Download:
    content: bytes
    media_type: str
    name: str


def model(kind: FileKind) -> Download:
    """The file to fill in: the titles and an example; the workbook explains each column on a second sheet."""
    titles, example = [column.title for column in COLUMNS], [column.example for column in COLUMNS]
    sheet = Sheet("Familles", titles, [example])
    if kind is FileKind.CSV:
        return Download(tables.csv_table(sheet), "text/csv; charset=utf-8", "modele-familles.csv")
    rows = [(column.title, _need(column), column.help, column.example) for column in COLUMNS]
    explained = Sheet("Explications", ("Colonne", "À remplir", "Ce qu’on y écrit", "Exemple"), rows)
    return Download(tables.workbook([sheet, explained]), tables.XLSX, "modele-familles.xlsx")


def _need(column: ImportColumn) -> str:
    return "toujours" if column.is_required else "si vous l’avez"


def export(kind: FileKind, *, with_health: bool, author: Author, now: datetime) -> Download:
    """Every family file. `with_health`: the caller has checked the right; each child's reading is noted."""
    sheets = [Sheet(*table) for table in export_queries.tables()]
    if with_health:
        sheets.append(_health(author, now))
    with write_transaction() as session:
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="families.exported",
            object_type="town",
            object_id=1,
            after={
                "format": kind.value,
                "with_health": with_health,
                "rows": {sheet.name: len(sheet.rows) for sheet in sheets},
            },
        )
    name = f"familles-{now:%Y-%m-%d}"
    if kind is FileKind.CSV:
        return Download(tables.zip_of_csv(sheets, now), "application/zip", f"{name}.zip")
    return Download(tables.workbook(sheets), tables.XLSX, f"{name}.xlsx")


def _health(author: Author, now: datetime) -> Sheet:
    names = export_queries.child_names()
    found = medical_readings.read(names.keys(), Reading(author.user_id, PLACE), now=now)
    rows = [
        (child_id, *names[child_id], line.label, line.value)
        for child_id, health in found.items()
        for line in health.lines
    ]
    return Sheet("Santé", ("N° enfant", "Prénom", "Nom", "Information", "Réponse"), rows)
