"""The bills of a family: the list, and one bill that can be worked out by hand (S54, S55, S61, R43). Cents.

A draft, and a bill too small to be issued, are the service's own: nothing here reads them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import aliased

from domain.bill_groups import Alike, alike
from domain.enums import DisputeState, InvoiceKind, InvoiceLineKind, PaymentMethod, PaymentState
from domain.errors import NotFound
from domain.ledger import ISSUED_STATES, OPEN_STATES
from extensions import db
from models import (
    Activity,
    Facility,
    Household,
    Invoice,
    InvoiceLine,
    LineDispute,
    OnlinePayment,
    Payment,
    PaymentAllocation,
    Regie,
)
from queries.family import ChildCard, every_child_of
from queries.payments import BILLS, Bill


@dataclass(frozen=True, slots=True)
class HouseholdBills:
    household_id: int
    name: str
    bills: tuple[Bill, ...]

    @property
    def payable(self) -> tuple[tuple[Bill, ...], ...]:
        """What may be paid online, together when it is of one régie, the bill due first before (S57)."""
        found: dict[int, list[Bill]] = {}
        for bill in sorted(self.bills, key=lambda bill: (bill.due_day, bill.invoice_id)):
            if bill.may_be_paid_online:
                found.setdefault(bill.regie_id, []).append(bill)
        return tuple(tuple(bills) for bills in found.values())

    @property
    def years(self) -> tuple[tuple[int, tuple[Bill, ...]], ...]:
        """The bills by year of issue, the newest first."""
        found: dict[int, list[Bill]] = {}
        for bill in self.bills:
            found.setdefault(bill.issue_day.year, []).append(bill)
        return tuple((year, tuple(bills)) for year, bills in found.items())


@dataclass(frozen=True, slots=True)
class FamilyBills:
    """Everything that was issued to the households of an adult."""

    households: tuple[HouseholdBills, ...]

    @property
    def left_cents(self) -> int:
        return sum(bill.left_cents for one in self.households for bill in one.bills)


@dataclass(frozen=True, slots=True)
class Owed:
    """What is left to pay of some bills; `first_due` is the day of the one due first."""

    cents: int
    bills: int
    first_due: date


@dataclass(frozen=True, slots=True)
class Contest:
    """What a family says of a line, and what the service answered."""

    dispute_id: int
    state: DisputeState
    message: str
    author_name: str
    created_at: datetime
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    line_id: int
    kind: InvoiceLineKind
    label: str
    amount_cents: int
    explanation: tuple[str, ...]
    child_id: int | None
    place: str  # « Cantine, École du Centre »; empty for what is about the whole bill
    day: date | None
    contest: Contest | None

    @property
    def short_label(self) -> str:
        """The label under the title of its activity."""
        return under_title(self.label, self.place)


def under_title(label: str, place: str) -> str:
    """« Cantine, repas » is « Repas » under « Cantine, École du Centre », which it need not repeat."""
    activity, _, rest = label.partition(", ")
    return rest[:1].upper() + rest[1:] if rest and place.startswith(f"{activity}, ") else label


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one activity, in their order; `title` is empty for those of none."""

    title: str
    lines: tuple[Line, ...]

    @property
    def total_cents(self) -> int:
        return sum(line.amount_cents for line in self.lines)

    @property
    def rows(self) -> tuple[tuple[str, Alike[Line]], ...]:
        """The same, days of one price and one reason told together: « Repas : 14 × 3,20 € »."""
        return tuple((under_title(one.counted, self.title), one) for one in alike(self.lines))


@dataclass(frozen=True, slots=True)
class ChildPart:
    """What is billed for a child; `child` is None for what is about the whole bill."""

    child: ChildCard | None
    groups: tuple[Group, ...]

    @property
    def total_cents(self) -> int:
        return sum(group.total_cents for group in self.groups)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that pays a bill; `key`: the receipt of what was paid online."""

    method: PaymentMethod
    received_on: date
    cents: int
    key: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """The bill at the other end of a correction."""

    invoice_id: int
    reference: str
    issue_day: date
    total_cents: int


@dataclass(frozen=True, slots=True)
class Biller:
    """Who bills, and how it is paid; what the service did not give is empty."""

    name: str
    address: str
    phone: str
    email: str
    payment_terms: str
    iban: str
    bic: str


@dataclass(frozen=True, slots=True)
class BillPage:
    bill: Bill
    biller: Biller
    household_id: int
    recipient_name: str
    recipient_address: str
    parts: tuple[ChildPart, ...]
    receipts: tuple[Receipt, ...]
    corrected: Note | None
    credit_notes: tuple[Note, ...]

    @property
    def is_credit_note(self) -> bool:
        return self.bill.kind is InvoiceKind.CREDIT_NOTE

    def line(self, line_id: int) -> Line:
        """Raises NotFound when the bill has no such line."""
        for part in self.parts:
            for group in part.groups:
                for line in group.lines:
                    if line.line_id == line_id:
                        return line
        raise NotFound


_HOUSEHOLDS = bindparam("households", expanding=True)
_NAMES = select(Household.id, Household.name).where(Household.id.in_(_HOUSEHOLDS)).order_by(Household.number)
_FAMILY_BILLS = BILLS.add_columns(Invoice.household_id).where(Invoice.household_id.in_(_HOUSEHOLDS))
_CORRECTED = aliased(Invoice)
_BILL = (
    BILLS.add_columns(
        Invoice.household_id,
        Invoice.recipient_name,
        Invoice.recipient_address,
        Regie.name,
        Regie.address,
        Regie.phone,
        Regie.email,
        Regie.payment_terms,
        Regie.iban,
        Regie.bic,
        _CORRECTED.id,
        _CORRECTED.reference,
        _CORRECTED.issue_day,
        _CORRECTED.total_cents,
    )
    .outerjoin(_CORRECTED, _CORRECTED.id == Invoice.corrects_id)
    .where(Invoice.id == bindparam("invoice_id"))
)
_BILL_WIDTH, _BILLER_END = 15, 25  # columns of a Bill; those before the corrected bill
_NEWEST = (
    select(LineDispute.line_id, func.max(LineDispute.id).label("id")).group_by(LineDispute.line_id).subquery()
)
_LINES = (
    select(
        InvoiceLine.id,
        InvoiceLine.kind,
        InvoiceLine.label,
        InvoiceLine.amount_cents,
        InvoiceLine.explanation,
        InvoiceLine.child_id,
        Activity.name.label("activity"),
        Facility.name.label("facility"),
        InvoiceLine.day,
        LineDispute.id.label("dispute_id"),
        LineDispute.state,
        LineDispute.message,
        LineDispute.author_name,
        LineDispute.created_at,
        LineDispute.answer,
        LineDispute.answered_at,
    )
    .outerjoin(Activity, Activity.id == InvoiceLine.activity_id)
    .outerjoin(Facility, Facility.id == Activity.facility_id)
    .outerjoin(_NEWEST, _NEWEST.c.line_id == InvoiceLine.id)
    .outerjoin(LineDispute, LineDispute.id == _NEWEST.c.id)
    .where(InvoiceLine.invoice_id == bindparam("invoice_id"))
    .order_by(InvoiceLine.position)
)
_RECEIPTS = (
    select(Payment.method, Payment.received_on, PaymentAllocation.amount_cents, OnlinePayment.key)
    .join(Payment, Payment.id == PaymentAllocation.payment_id)
    .outerjoin(OnlinePayment, OnlinePayment.payment_id == Payment.id)
    .where(
        PaymentAllocation.invoice_id == bindparam("invoice_id"),
        Payment.state == PaymentState.VALID,
    )
    .order_by(Payment.received_on, Payment.id)
)
_CREDIT_NOTES = (
    select(Invoice.id, Invoice.reference, Invoice.issue_day, Invoice.total_cents)
    .where(Invoice.corrects_id == bindparam("invoice_id"), Invoice.state.in_(ISSUED_STATES))
    .order_by(Invoice.id)
)
_OWED = select(
    func.coalesce(func.sum(Invoice.total_cents - Invoice.credited_cents - Invoice.settled_cents), 0),
    func.count(),
    func.min(Invoice.due_day),
).where(
    Invoice.household_id.in_(_HOUSEHOLDS),
    and_(Invoice.kind == InvoiceKind.INVOICE, Invoice.state.in_(OPEN_STATES)),
)


def family_bills(household_ids: Sequence[int]) -> FamilyBills:
    """Every issued bill and credit note of the households, the newest first, household by household in the
    order of their numbers. Two statements."""
    own: dict[int, list[Bill]] = {}
    for *bill, household_id in db.session.execute(_FAMILY_BILLS, {"households": household_ids}):
        own.setdefault(household_id, []).append(Bill(*bill))
    names = db.session.execute(_NAMES, {"households": household_ids})
    return FamilyBills(
        tuple(
            HouseholdBills(household_id, name, tuple(own.get(household_id, ())))
            for household_id, name in names
        )
    )


def owed(household_ids: Sequence[int]) -> Owed | None:
    """What the households have to pay, None when it is nothing. One statement."""
    cents, bills, first_due = db.session.execute(_OWED, {"households": household_ids}).one()
    return Owed(cents, bills, first_due) if cents > 0 else None


def bill_page(invoice_id: int, household_ids: Sequence[int] | None) -> BillPage:
    """An issued bill of one of these households, of any for the service (None), with everything that it says.
    Five statements. Raises NotFound for another one, or one that is not issued."""
    row = db.session.execute(_BILL, {"invoice_id": invoice_id}).one_or_none()
    if row is None or (household_ids is not None and row.household_id not in household_ids):
        raise NotFound
    household_id, name, address, *biller = row[_BILL_WIDTH:_BILLER_END]
    of_the_bill = {"invoice_id": invoice_id}
    return BillPage(
        Bill(*row[:_BILL_WIDTH]),
        Biller(*biller),
        household_id,
        name,
        address,
        _parts(db.session.execute(_LINES, of_the_bill), every_child_of([household_id])),
        tuple(Receipt(*paid) for paid in db.session.execute(_RECEIPTS, of_the_bill)),
        Note(*row[_BILLER_END:]) if row[_BILLER_END] is not None else None,
        tuple(Note(*note) for note in db.session.execute(_CREDIT_NOTES, of_the_bill)),
    )


def _parts(rows: Iterable, cards: Sequence[ChildCard]) -> tuple[ChildPart, ...]:
    """Lines by child, in the order of the children, then by activity; what is about the whole bill last."""
    by_child: dict[int | None, dict[str, list[Line]]] = {}
    for row in rows:
        line = _line(row)
        by_child.setdefault(line.child_id, {}).setdefault(line.place, []).append(line)
    known = {card.child_id: card for card in cards}
    parts: list[ChildPart] = []
    for child_id in [*known, None, *sorted(by_child.keys() - known.keys() - {None})]:
        groups = tuple(Group(place, tuple(lines)) for place, lines in by_child.get(child_id, {}).items())
        if groups:
            parts.append(ChildPart(known.get(child_id), groups))
    return tuple(sorted(parts, key=lambda part: part.child is None))


def _line(row: tuple) -> Line:
    *line, activity, facility, day = row[:9]
    place = f"{activity}, {facility}" if activity else ""
    kind, label, cents, explanation, child_id = line[1:]
    contest = Contest(*row[9:]) if row[9] is not None else None
    return Line(line[0], kind, label, cents, tuple(explanation), child_id, place, day, contest)
