"""The journal taken away as a table, which is itself an act of the journal (S115)."""

from datetime import datetime

from domain.calendar import paris_now
from domain.french import NBSP
from domain.labels import label
from exports import tables
from exports.tables import Sheet
from queries import journal
from queries.journal import Line, Search
from services import audit
from services.accounts import Author
from services.family_exports import Download, FileKind
from services.transaction import write_transaction

TITLES = ("N°", "Jour", "Heure", "Qui", "Compte", "Par quel moyen", "Acte", "Famille", "Ce qui change")


def export(kind: FileKind, search: Search, *, author: Author, now: datetime) -> Download:
    """The events that are looked for, the newest first, `journal.EXPORT_LIMIT` at most."""
    rows = [_row(line) for line in journal.lines(search)]
    with write_transaction() as session:
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action="journal.exported",
            object_type="town",
            object_id=1,
            after={"format": kind.value, "rows": len(rows), "search": _plain(search)},
        )
    sheet, name = Sheet("Journal", TITLES, rows), f"journal-{paris_now(now):%Y-%m-%d}"
    if kind is FileKind.CSV:
        return Download(tables.csv_table(sheet), "text/csv; charset=utf-8", f"{name}.csv")
    return Download(tables.workbook([sheet]), tables.XLSX, f"{name}.xlsx")


def _row(line: Line) -> tuple:
    at = paris_now(line.at)
    changes = " ; ".join(
        f"{name}{NBSP}: {before or '–'} → {after or '–'}" for name, before, after in line.changes
    )
    return (
        line.event_id, at.date(), f"{at:%H:%M:%S}", line.who, label(line.kind) if line.kind else "Portail",
        label(line.channel), line.title, line.family, changes,
    )  # fmt: skip


def _plain(search: Search) -> dict[str, str | int | None]:
    return {
        "from": search.first_day.isoformat() if search.first_day else None,
        "to": search.last_day.isoformat() if search.last_day else None,
        "person": search.person,
        "number": search.number,
        "action": search.action,
    }
