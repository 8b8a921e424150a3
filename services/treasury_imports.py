"""A file of confirmations of the Treasury: kept sealed for its dry run, then taken once, in one transaction
(R47, S111)."""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapters import tables as readable
from domain.calendar import paris_now
from domain.labels import label
from domain.treasury_file import (
    AMOUNT,
    DAY,
    LONGEST_LINE,
    REFERENCE,
    TITLES,
    Line,
    Verdict,
    judge,
    read,
    reference_of,
)
from exports import tables
from exports.tables import Cell, Sheet
from models import Household, Invoice, TreasuryImport, TreasuryImportLine
from queries import treasury as treasury_queries
from queries.treasury import Awaited
from services import booking_life, kept_files, payments, records
from services.accounts import Author
from services.family_exports import Download, FileKind
from services.transaction import write_transaction

FILE_LIMIT_BYTES = readable.MAX_BYTES
LONGEST_NAME = 200
_REASON = "Motif du rejet"


@dataclass(frozen=True, slots=True)
class Examination:
    """A file and what would become of its lines now; `taken_id`: the import that took it before."""

    verdicts: Sequence[Verdict]
    taken_id: int | None

    @property
    def accepted(self) -> list[Verdict]:
        return [one for one in self.verdicts if one.is_accepted]

    @property
    def rejected(self) -> list[Verdict]:
        return [one for one in self.verdicts if not one.is_accepted]

    @property
    def cents(self) -> int:
        """What the accepted lines confirm."""
        return sum(one.cents for one in self.accepted)


# --- The file -------------------------------------------------------------------------------------


def keep(content: bytes, *, owner_id: int, now: datetime) -> str:
    """Keep a file for its dry run. Returns its key; raises Refused `table_…`, `treasury_…` when it cannot be
    read at all."""
    read(readable.read_table(content))
    return kept_files.keep(content, _place(owner_id), now)


def examine(key: str, *, owner_id: int, today: date) -> Examination:
    """What the file would do; nothing is written. Raises NotFound for one that is gone or a colleague's."""
    content = kept_files.content(key, _place(owner_id))
    lines = read(readable.read_table(content))
    taken_id = treasury_queries.taken(_fingerprint(content))
    return Examination(_judged(lines, today), taken_id)


def _place(owner_id: int) -> str:
    return f"treasury_import:{owner_id}"


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _judged(lines: Sequence[Line], today: date) -> list[Verdict]:
    return judge(lines, treasury_queries.billed({reference_of(line) for line in lines}), today)


# --- Taking it ------------------------------------------------------------------------------------


def apply(key: str, file_name: str, *, author: Author, now: datetime) -> int:
    """Take every line that can be, judged again with the accounts held; the others are kept with their
    reason.

    All of it or nothing, once: the same file again changes nothing. Returns the id of the import. Raises
    NotFound for a file that is gone.
    """
    content = kept_files.content(key, _place(author.user_id))
    lines, fingerprint = read(readable.read_table(content)), _fingerprint(content)
    try:
        return _taken(lines, fingerprint, file_name, author, now)
    except IntegrityError:  # a colleague took the same file at this moment
        taken_id = treasury_queries.taken(fingerprint)
        if taken_id is None:
            raise
        return taken_id


def _taken(lines: Sequence[Line], fingerprint: str, file_name: str, author: Author, now: datetime) -> int:
    with write_transaction() as session:
        taken_id = treasury_queries.taken(fingerprint)
        if taken_id is not None:
            return taken_id
        name = booking_life.agent(session, author.user_id).name
        file = TreasuryImport(
            file_name=file_name[:LONGEST_NAME], fingerprint=fingerprint, author_name=name, created_at=now
        )
        session.add(file)
        session.flush()
        _hold(session, lines)
        verdicts = _judged(lines, paris_now(now).date())
        bills = _bills(session, verdicts)
        rows = [_row(session, file.id, one, bills, author, now) for one in verdicts]
        session.add_all(rows)
        accepted = sum(row.is_accepted for row in rows)
        after = {"lines": len(rows), "accepted": accepted, "fingerprint": fingerprint}
        records.tell(session, "treasury_import.taken", file, None, author=author, now=now, after=after)
        return file.id


def _hold(session: Session, lines: Iterable[Line]) -> None:
    """Hold the accounts of the bills that the file names, in the order of everybody."""
    references = {reference_of(line) for line in lines}
    owners = select(Invoice.household_id).where(Invoice.reference.in_(references))
    accounts = select(Household.id).where(Household.id.in_(owners)).order_by(Household.id)
    session.execute(accounts.with_for_update(key_share=True)).all()


def _bills(session: Session, verdicts: Iterable[Verdict]) -> Mapping[int, Invoice]:
    wanted = {one.bill.invoice_id for one in verdicts if one.is_accepted and one.bill}
    return {bill.id: bill for bill in session.scalars(select(Invoice).where(Invoice.id.in_(wanted)))}


def _row(
    session: Session,
    import_id: int,
    verdict: Verdict,
    bills: Mapping[int, Invoice],
    author: Author,
    now: datetime,
) -> TreasuryImportLine:
    """Do what an accepted line says, and write what became of it."""
    payment_id = None
    if verdict.is_accepted:
        bill = bills[verdict.bill.invoice_id]
        if verdict.is_online:
            payments.confirm_online(session, bill, verdict.day, author, now)
        else:
            key = f"treasury-{import_id}-{verdict.line.number}"
            payment_id = payments.by_treasury(session, bill, verdict.cents, verdict.day, key, author, now)
    return TreasuryImportLine(
        import_id=import_id,
        number=verdict.line.number,
        content=_written(verdict.line),
        invoice_id=verdict.bill.invoice_id if verdict.bill else None,
        payment_id=payment_id,
        is_accepted=verdict.is_accepted,
        reason=verdict.sentence,
    )


def _written(line: Line) -> str:
    """A line as text, the columns that are read first."""
    text = io.StringIO()
    cells = (line.reference, line.amount, line.day, *line.others)
    csv.writer(text, delimiter=";", lineterminator="").writerow(cells)
    return text.getvalue()[:LONGEST_LINE]


# --- Files to take away -----------------------------------------------------------------------------


def rejected(import_id: int) -> Download:
    """The rejected lines of an import, ready to be mended and sent again. Raises NotFound."""
    _, lines = treasury_queries.taken_file(import_id)
    rows = [(*_cells(line.content), line.sentence) for line in lines if not line.is_accepted]
    content = tables.csv_table(Sheet("Rejets", (*TITLES, _REASON), rows))
    return Download(content, "text/csv; charset=utf-8", f"rejets-{import_id}.csv")


def _cells(content: str) -> list[str]:
    """The three columns of a line that was written by `_written`."""
    cells = next(csv.reader([content], delimiter=";"), [])
    return [*cells, "", "", ""][: len(TITLES)]


def awaited(kind: FileKind, today: date) -> Download:
    """What the Treasury may still confirm, in the format of its confirmations: only the dates are to be
    filled in."""
    titles = (REFERENCE, AMOUNT, DAY, "Régie", "Foyer", "Échéance", "Situation")
    rows = [(*_awaited(one), one.due_day, label(one.state)) for one in treasury_queries.awaited()]
    sheet, name = Sheet("À confirmer", titles, rows), f"a-confirmer-{today:%Y-%m-%d}"
    if kind is FileKind.CSV:
        return Download(tables.csv_table(sheet), "text/csv; charset=utf-8", f"{name}.csv")
    return Download(tables.workbook([sheet]), tables.XLSX, f"{name}.xlsx")


def _awaited(one: Awaited) -> tuple[Cell, ...]:
    return one.reference, Decimal(one.cents).scaleb(-2), None, one.regie, one.household
