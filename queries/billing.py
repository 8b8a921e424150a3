"""The billing of months, as the service reads it: runs, drafts, findings, bills, régies (R42). Cents."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, bindparam, case, func, select

from domain.enums import FindingKind, InvoiceKind, InvoiceLineKind, InvoiceState, OnlineMode, RunState
from domain.errors import NotFound
from domain.people import fold
from extensions import db
from models import (
    Activity,
    BillingFinding,
    BillingRun,
    Booking,
    Child,
    Household,
    Invoice,
    InvoiceLine,
    Regie,
)
from queries.reading import read

MOST_BILLS = 200  # shown at once; the search finds the others


@dataclass(frozen=True, slots=True)
class RegieRow:
    id: int
    name: str
    code: str
    is_active: bool
    online_mode: OnlineMode
    activities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegieSheet:
    """What is typed of a régie, for its form."""

    id: int
    name: str
    code: str
    address: str
    phone: str
    email: str
    payment_terms: str
    iban: str
    bic: str
    treasury_post: str
    collectivity_code: str
    budget_code: str
    accounting_article: str
    creditor_identifier: str
    creditor_name: str
    notice_days: int
    payfip_client: str
    online_mode: OnlineMode
    due_days: int
    position: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class Run:
    """The billing of a month; `total_cents` is that of its bills, `blocking` counts what forbids to issue,
    `problem` says why the last draft could not be made. While it is prepared, `drafted_at` is when it was
    asked for."""

    run_id: int
    regie_id: int
    regie: str
    month: date
    state: RunState
    drafted_at: datetime
    author_name: str
    issued_at: datetime | None
    issued_by_name: str
    issue_day: date | None
    due_day: date | None
    bills: int
    total_cents: int
    findings: int
    blocking: int
    problem: str = ""

    @property
    def is_preparing(self) -> bool:
        return self.state is RunState.PREPARING

    @property
    def is_issued(self) -> bool:
        return self.state is RunState.ISSUED


@dataclass(frozen=True, slots=True)
class FoundPoint:
    """A finding, with where it is mended: the household, or the booked day."""

    kind: FindingKind
    sentence: str
    is_blocking: bool
    household_id: int | None
    household: str | None
    activity_id: int | None
    presence_type_id: int | None
    day: date | None


@dataclass(frozen=True, slots=True)
class BillRow:
    invoice_id: int
    household_id: int
    household: str
    reference: str | None
    state: InvoiceState
    total_cents: int
    left_cents: int


@dataclass(frozen=True, slots=True)
class Line:
    line_id: int
    kind: InvoiceLineKind
    child: str | None
    label: str
    amount_cents: int
    explanation: tuple[str, ...]
    credited_cents: int = 0

    @property
    def left_cents(self) -> int:
        """What may still be taken back of it."""
        return self.amount_cents - self.credited_cents


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill, draft or issued, or a credit note; `notes` are the ids and references of its credit notes."""

    invoice_id: int
    run_id: int | None
    household_id: int
    household: str
    regie: str
    kind: InvoiceKind
    state: InvoiceState
    month: date
    reference: str | None
    recipient_name: str
    recipient_address: str
    issue_day: date | None
    due_day: date | None
    total_cents: int
    credited_cents: int
    settled_cents: int
    corrects_id: int | None
    lines: tuple[Line, ...] = ()
    notes: tuple[tuple[int, str, int], ...] = ()

    @property
    def left_cents(self) -> int:
        return self.total_cents - self.credited_cents - self.settled_cents

    @property
    def is_creditable(self) -> bool:
        has_left = any(line.left_cents for line in self.lines)
        is_issued = self.reference is not None and self.state is not InvoiceState.CANCELLED
        return self.kind is InvoiceKind.INVOICE and is_issued and has_left


# --- Régies -------------------------------------------------------------------------------------


def regies() -> tuple[RegieRow, ...]:
    """Every régie with its activities, in the order of the town. Two statements."""
    names: dict[int, list[str]] = {}
    own = select(Activity.regie_id, Activity.name).where(Activity.regie_id.is_not(None))
    for regie_id, name in db.session.execute(own.order_by(Activity.name)):
        names.setdefault(regie_id, []).append(name)
    rows = select(Regie.id, Regie.name, Regie.code, Regie.is_active, Regie.online_mode).order_by(
        Regie.position, Regie.name
    )
    return tuple(RegieRow(*row, tuple(names.get(row.id, ()))) for row in db.session.execute(rows))


def regie(regie_id: int) -> RegieSheet:
    """What is typed of a régie. Raises NotFound."""
    columns = [getattr(Regie, name) for name in RegieSheet.__slots__]
    row = db.session.execute(select(*columns).where(Regie.id == regie_id)).one_or_none()
    if row is None:
        raise NotFound
    return RegieSheet(*row)


def unbilled_activities() -> tuple[str, ...]:
    """The activities in use that no régie bills."""
    lacking = select(Activity.name).where(Activity.regie_id.is_(None), Activity.is_active)
    return tuple(db.session.scalars(lacking.order_by(Activity.name)))


# --- Runs ---------------------------------------------------------------------------------------

_FINDINGS = (
    select(
        BillingFinding.run_id,
        func.count().label("findings"),
        func.sum(case((BillingFinding.is_blocking, 1), else_=0)).label("blocking"),
    )
    .group_by(BillingFinding.run_id)
    .subquery()
)
_BILLS = (
    select(
        Invoice.run_id,
        func.count().label("bills"),
        func.sum(Invoice.total_cents).label("cents"),
    )
    .where(Invoice.state != InvoiceState.CARRIED)
    .group_by(Invoice.run_id)
    .subquery()
)
_RUNS = (
    select(
        BillingRun.id,
        BillingRun.regie_id,
        Regie.name,
        BillingRun.month,
        BillingRun.state,
        BillingRun.drafted_at,
        BillingRun.author_name,
        BillingRun.issued_at,
        BillingRun.issued_by_name,
        BillingRun.issue_day,
        BillingRun.due_day,
        func.coalesce(_BILLS.c.bills, 0),
        func.coalesce(_BILLS.c.cents, 0),
        func.coalesce(_FINDINGS.c.findings, 0),
        func.coalesce(_FINDINGS.c.blocking, 0),
        BillingRun.problem,
    )
    .join(Regie, Regie.id == BillingRun.regie_id)
    .outerjoin(_BILLS, _BILLS.c.run_id == BillingRun.id)
    .outerjoin(_FINDINGS, _FINDINGS.c.run_id == BillingRun.id)
)
_NEWEST = _RUNS.order_by(BillingRun.month.desc(), Regie.position, Regie.name)
_ONE_RUN = _RUNS.where(BillingRun.id == bindparam("run"))


def runs() -> tuple[Run, ...]:
    """Every billing, the last month first. One statement."""
    return tuple(Run(*row) for row in read(_NEWEST, {}))


def run(run_id: int) -> Run:
    """Raises NotFound."""
    row = read(_ONE_RUN, {"run": run_id}).one_or_none()
    if row is None:
        raise NotFound
    return Run(*row)


_POINTS = (
    select(
        BillingFinding.kind,
        BillingFinding.sentence,
        BillingFinding.is_blocking,
        BillingFinding.household_id,
        Household.name,
        Booking.activity_id,
        Booking.presence_type_id,
        Booking.day,
    )
    .outerjoin(Household, Household.id == BillingFinding.household_id)
    .outerjoin(Booking, Booking.id == BillingFinding.booking_id)
    .where(BillingFinding.run_id == bindparam("run"))
    .order_by(BillingFinding.is_blocking.desc(), BillingFinding.kind, Household.name, BillingFinding.id)
)


def findings(run_id: int) -> tuple[FoundPoint, ...]:
    """What the checks found, the blocking ones first. One statement."""
    return tuple(FoundPoint(*row) for row in read(_POINTS, {"run": run_id}))


def bills(run_id: int, words: str = "") -> tuple[list[BillRow], int]:
    """The bills of a run by household, those that hold `words` in the name or the reference; at most
    `MOST_BILLS`, and how many there are."""
    ours = _bills_of(run_id, words)
    rows = db.session.execute(ours.order_by(Household.name, Invoice.id).limit(MOST_BILLS))
    count = db.session.scalar(select(func.count()).select_from(ours.subquery()))
    return [BillRow(*row) for row in rows], count or 0


def _bills_of(run_id: int, words: str) -> Select:
    found = (
        select(
            Invoice.id,
            Invoice.household_id,
            Household.name,
            Invoice.reference,
            Invoice.state,
            Invoice.total_cents,
            (Invoice.total_cents - Invoice.credited_cents - Invoice.settled_cents).label("left_cents"),
        )
        .join(Household, Household.id == Invoice.household_id)
        .where(Invoice.run_id == run_id)
    )
    for word in fold(words).split():
        like = Household.search_text.contains(word, autoescape=True)
        found = found.where(like | func.lower(Invoice.reference).contains(word, autoescape=True))
    return found


# --- One bill -----------------------------------------------------------------------------------

_BILL = (
    select(
        Invoice.id,
        Invoice.run_id,
        Invoice.household_id,
        Household.name,
        Regie.name.label("regie"),
        Invoice.kind,
        Invoice.state,
        Invoice.month,
        Invoice.reference,
        Invoice.recipient_name,
        Invoice.recipient_address,
        Invoice.issue_day,
        Invoice.due_day,
        Invoice.total_cents,
        Invoice.credited_cents,
        Invoice.settled_cents,
        Invoice.corrects_id,
    )
    .join(Household, Household.id == Invoice.household_id)
    .join(Regie, Regie.id == Invoice.regie_id)
    .where(Invoice.id == bindparam("invoice"))
)
_LINES = (
    select(
        InvoiceLine.id,
        InvoiceLine.kind,
        Child.first_name,
        InvoiceLine.label,
        InvoiceLine.amount_cents,
        InvoiceLine.explanation,
    )
    .outerjoin(Child, Child.id == InvoiceLine.child_id)
    .where(InvoiceLine.invoice_id == bindparam("invoice"))
    .order_by(InvoiceLine.position)
)
_NOTES = (
    select(Invoice.id, Invoice.reference, Invoice.total_cents)
    .where(Invoice.corrects_id == bindparam("invoice"), Invoice.reference.is_not(None))
    .order_by(Invoice.id)
)
_CREDITED = (
    select(InvoiceLine.corrects_line_id, -func.sum(InvoiceLine.amount_cents))
    .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    .where(Invoice.corrects_id == bindparam("invoice"))
    .group_by(InvoiceLine.corrects_line_id)
)


def bill(invoice_id: int) -> Bill:
    """One bill with its lines and credit notes. Four statements. Raises NotFound."""
    asked = {"invoice": invoice_id}
    row = read(_BILL, asked).one_or_none()
    if row is None:
        raise NotFound
    credited = {line_id: int(cents) for line_id, cents in read(_CREDITED, asked)}
    lines = tuple(
        Line(*columns, tuple(explanation), credited.get(columns[0], 0))
        for *columns, explanation in read(_LINES, asked)
    )
    return Bill(*row, lines, tuple(tuple(one) for one in read(_NOTES, asked)))
