"""A file of confirmations of the Treasury: kept sealed for its dry run, then taken once, in short
transactions that go on where a cut left them (R47, S111)."""

import hashlib
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
    REFERENCE,
    TITLES,
    Line,
    Verdict,
    judge,
    line_of,
    read,
    reference_of,
    written,
)
from exports import tables
from exports.tables import Cell, Sheet
from models import Household, Invoice, TreasuryImport, TreasuryImportLine
from queries import treasury as treasury_queries
from queries.treasury import Awaited, ImportLine
from services import booking_life, kept_files, payments, records
from services.accounts import Author
from services.family_exports import Download, FileKind
from services.transaction import write_transaction

FILE_LIMIT_BYTES = readable.MAX_BYTES
LONGEST_NAME = 200
CHUNK = 100  # lines of a transaction: about half a second
PER_REQUEST = 500
_REASON = "Motif du rejet"
_WAITING = (
    select(TreasuryImportLine)
    .where(TreasuryImportLine.is_accepted.is_(False), TreasuryImportLine.reason == "")
    .order_by(TreasuryImportLine.number)
)


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


def _judged(lines: Sequence[Line], today: date, before: Iterable[Line] = ()) -> list[Verdict]:
    bills = treasury_queries.billed({reference_of(line) for line in lines})
    return judge(lines, bills, today, before)


# --- Taking it ------------------------------------------------------------------------------------


def apply(key: str, file_name: str, *, author: Author, now: datetime) -> int:
    """Keep every line of the file, once, then take them. The same file again changes nothing, and goes on
    with what a cut left. Returns the id of the import. Raises NotFound for a file that is gone."""
    content = kept_files.content(key, _place(author.user_id))
    lines, fingerprint = read(readable.read_table(content)), _fingerprint(content)
    try:
        import_id = _kept(lines, fingerprint, file_name, author, now)
    except IntegrityError:  # a colleague sent the same file at this moment
        import_id = treasury_queries.taken(fingerprint)
        if import_id is None:
            raise
    go_on(import_id, author=author, now=now)
    return import_id


def go_on(import_id: int, *, author: Author, now: datetime) -> None:
    """Take the lines that wait, a few at a time so that nobody else waits long, `PER_REQUEST` at most. Each
    transaction takes its lines wholly or not at all. Raises NotFound."""
    for _ in range(PER_REQUEST // CHUNK):
        with write_transaction() as session:
            if not _take_some(session, import_id, author, now):
                return


def _kept(lines: Sequence[Line], fingerprint: str, file_name: str, author: Author, now: datetime) -> int:
    """The import of this file: written with all its lines, which wait, unless it was before."""
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
        rows = [
            TreasuryImportLine(
                import_id=file.id, number=line.number, content=written(line), is_accepted=False, reason=""
            )
            for line in lines
        ]
        records.write_all(session, rows)
        after = {"lines": len(rows), "fingerprint": fingerprint}
        records.tell(session, "treasury_import.kept", file, None, author=author, now=now, after=after)
        return file.id


def _take_some(session: Session, import_id: int, author: Author, now: datetime) -> bool:
    """Take the next lines that wait; False when none does."""
    file = records.get(session, TreasuryImport, import_id)
    waiting = _WAITING.where(TreasuryImportLine.import_id == import_id)
    rows = session.scalars(waiting.limit(CHUNK)).all()
    if not rows:
        return False
    lines = [line_of(row.number, row.content) for row in rows]
    _hold(session, lines)
    before = select(TreasuryImportLine.number, TreasuryImportLine.content).where(
        TreasuryImportLine.import_id == import_id, TreasuryImportLine.number < lines[0].number
    )
    verdicts = _judged(lines, paris_now(now).date(), [line_of(*one) for one in session.execute(before)])
    bills = _bills(session, verdicts)
    for row, verdict in zip(rows, verdicts, strict=True):
        _take(session, row, verdict, bills, author, now)
    after = {"lines": len(rows), "accepted": sum(row.is_accepted for row in rows)}
    records.tell(session, "treasury_import.taken", file, None, author=author, now=now, after=after)
    return True


def _hold(session: Session, lines: Iterable[Line]) -> None:
    """Hold the accounts of the bills that the lines name, in the order of everybody."""
    references = {reference_of(line) for line in lines}
    owners = select(Invoice.household_id).where(Invoice.reference.in_(references))
    accounts = select(Household.id).where(Household.id.in_(owners)).order_by(Household.id)
    session.execute(accounts.with_for_update(key_share=True)).all()


def _bills(session: Session, verdicts: Iterable[Verdict]) -> Mapping[int, Invoice]:
    wanted = {one.bill.invoice_id for one in verdicts if one.is_accepted and one.bill}
    return {bill.id: bill for bill in session.scalars(select(Invoice).where(Invoice.id.in_(wanted)))}


def _take(
    session: Session,
    row: TreasuryImportLine,
    verdict: Verdict,
    bills: Mapping[int, Invoice],
    author: Author,
    now: datetime,
) -> None:
    """Do what an accepted line says, and write what became of it."""
    if verdict.is_accepted:
        bill = bills[verdict.bill.invoice_id]
        if verdict.is_online:
            payments.confirm_online(session, bill, verdict.day, author, now)
        else:
            key = f"treasury-{row.import_id}-{row.number}"
            row.payment_id = payments.by_treasury(session, bill, verdict.cents, verdict.day, key, author, now)
    row.invoice_id = verdict.bill.invoice_id if verdict.bill else None
    row.is_accepted, row.reason = verdict.is_accepted, verdict.sentence


# --- Files to take away -----------------------------------------------------------------------------


def rejected(import_id: int) -> Download:
    """The rejected lines of an import, ready to be mended and sent again. Raises NotFound."""
    _, lines = treasury_queries.taken_file(import_id)
    rows = [_rejected(line) for line in lines if line.is_rejected]
    content = tables.csv_table(Sheet("Rejets", (*TITLES, _REASON), rows))
    return Download(content, "text/csv; charset=utf-8", f"rejets-{import_id}.csv")


def _rejected(line: ImportLine) -> tuple[Cell, ...]:
    read_again = line_of(line.number, line.content)
    return read_again.reference, read_again.amount, read_again.day, line.sentence


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
