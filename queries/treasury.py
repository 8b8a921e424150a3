"""What the files of the Treasury are compared with, what they did, and what still waits for it (R47, S111).
Amounts in cents."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, bindparam, case, func, or_, select

from domain.enums import InvoiceKind, InvoiceState, PaymentMethod, PaymentState
from domain.errors import NotFound
from domain.ledger import ONLINE_METHODS, OPEN_STATES
from domain.treasury_file import Billed
from extensions import db
from models import Household, Invoice, Payment, PaymentAllocation, Regie, TreasuryImport, TreasuryImportLine

SHOWN_IMPORTS = 50  # the newest


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was taken, with its numbers of lines."""

    import_id: int
    file_name: str
    author_name: str
    created_at: datetime
    lines: int
    accepted: int
    waiting: int  # when a cut, or their number, left some to be taken

    @property
    def rejected(self) -> int:
        return self.lines - self.accepted - self.waiting


@dataclass(frozen=True, slots=True)
class ImportLine:
    """A line of it: the text as it came, what it did or why it was rejected; without a sentence it waits."""

    number: int
    content: str
    is_accepted: bool
    sentence: str
    invoice_id: int | None
    household_id: int | None

    @property
    def is_rejected(self) -> bool:
        return bool(self.sentence) and not self.is_accepted


@dataclass(frozen=True, slots=True)
class Awaited:
    """A bill of which the Treasury may still confirm `cents`."""

    reference: str
    cents: int
    regie: str
    household: str
    due_day: date
    state: InvoiceState


_LEFT = Invoice.total_cents - Invoice.credited_cents - Invoice.settled_cents
_ONLINE = (
    select(func.coalesce(func.sum(PaymentAllocation.amount_cents), 0))
    .join(Payment, Payment.id == PaymentAllocation.payment_id)
    .where(PaymentAllocation.invoice_id == Invoice.id, Payment.method.in_(ONLINE_METHODS))
    .correlate(Invoice)
    .scalar_subquery()
)
_WANTED = bindparam("references", expanding=True)
_BILLS = select(
    Invoice.reference,
    Invoice.id,
    Invoice.household_id,
    Invoice.kind,
    Invoice.state,
    Invoice.issue_day,
    Invoice.settled_on,
    _LEFT,
    _ONLINE,
).where(Invoice.reference.in_(_WANTED))
_CONFIRMED = (
    select(Invoice.reference, Payment.amount_cents, Payment.received_on)
    .join(PaymentAllocation, PaymentAllocation.invoice_id == Invoice.id)
    .join(Payment, Payment.id == PaymentAllocation.payment_id)
    .where(
        Invoice.reference.in_(_WANTED),
        Payment.method == PaymentMethod.TREASURY,
        Payment.state == PaymentState.VALID,
    )
)
_IS_WAITING = TreasuryImportLine.is_accepted.is_(False) & (TreasuryImportLine.reason == "")
_IMPORTS = (
    select(
        TreasuryImport.id,
        TreasuryImport.file_name,
        TreasuryImport.author_name,
        TreasuryImport.created_at,
        func.count(TreasuryImportLine.id),
        func.coalesce(func.sum(case((TreasuryImportLine.is_accepted, 1), else_=0)), 0),
        func.coalesce(func.sum(case((_IS_WAITING, 1), else_=0)), 0),
    )
    .outerjoin(TreasuryImportLine, TreasuryImportLine.import_id == TreasuryImport.id)
    .group_by(TreasuryImport.id)
    .order_by(TreasuryImport.id.desc())
)
_LINES = (
    select(
        TreasuryImportLine.number,
        TreasuryImportLine.content,
        TreasuryImportLine.is_accepted,
        TreasuryImportLine.reason,
        Invoice.id,
        Invoice.household_id,
    )
    .outerjoin(Invoice, Invoice.id == TreasuryImportLine.invoice_id)
    .where(TreasuryImportLine.import_id == bindparam("import_id"))
    .order_by(TreasuryImportLine.is_accepted, TreasuryImportLine.number)
)
_IS_ONLINE = Invoice.state == InvoiceState.PAID_ONLINE
_AWAITED = (
    select(
        Invoice.reference,
        case((_IS_ONLINE, _ONLINE), else_=_LEFT),
        Regie.name,
        Household.name,
        Invoice.due_day,
        Invoice.state,
    )
    .join(Regie, Regie.id == Invoice.regie_id)
    .join(Household, Household.id == Invoice.household_id)
    .where(and_(Invoice.kind == InvoiceKind.INVOICE, or_(_IS_ONLINE, Invoice.state.in_(OPEN_STATES))))
    .order_by(Invoice.due_day, Invoice.id)
)


def billed(references: Collection[str]) -> Mapping[str, Billed]:
    """The issued bills with these references. Two statements."""
    wanted = {"references": sorted(references)}
    confirmed: dict[str, set[tuple[int, date]]] = defaultdict(set)
    for reference, cents, day in db.session.execute(_CONFIRMED, wanted):
        confirmed[reference].add((cents, day))
    return {
        reference: Billed(*row, frozenset(confirmed[reference]))
        for reference, *row in db.session.execute(_BILLS, wanted)
    }


def imports() -> Sequence[Import]:
    """The newest files. One statement."""
    return [Import(*row) for row in db.session.execute(_IMPORTS.limit(SHOWN_IMPORTS))]


def taken(fingerprint: str) -> int | None:
    """The import that took this file, if one did. One statement."""
    return db.session.scalar(select(TreasuryImport.id).where(TreasuryImport.fingerprint == fingerprint))


def taken_file(import_id: int) -> tuple[Import, Sequence[ImportLine]]:
    """A file and its lines, the rejected ones first. Two statements. Raises NotFound."""
    found = db.session.execute(_IMPORTS.where(TreasuryImport.id == import_id)).one_or_none()
    if found is None:
        raise NotFound
    lines = [ImportLine(*row) for row in db.session.execute(_LINES, {"import_id": import_id})]
    return Import(*found), lines


def awaited() -> Sequence[Awaited]:
    """What the Treasury may still confirm, the bill due first before. One statement."""
    return [Awaited(*row) for row in db.session.execute(_AWAITED)]
