"""What a month costs a family so far, line by line, as the next draft of its bill will say it (R22, R43)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select

from domain.bill_groups import Alike, alike
from domain.charges import Charge
from domain.enums import FindingKind, InvoiceKind, RunState
from models import BillingRun, Invoice
from queries.charges import month_bills
from queries.family import ChildCard, every_child_of
from queries.reading import read

_NOT_COUNTED = frozenset({FindingKind.UNPRICED})
_ISSUED = select(BillingRun.regie_id).where(
    BillingRun.month == bindparam("month"), BillingRun.state == RunState.ISSUED
)
_BILLS = (
    select(Invoice.id, Invoice.reference, Invoice.total_cents)
    .where(
        Invoice.household_id.in_(bindparam("households", expanding=True)),
        Invoice.month == bindparam("month"),
        Invoice.kind == InvoiceKind.INVOICE,
        Invoice.number.is_not(None),
    )
    .order_by(Invoice.id)
)


@dataclass(frozen=True, slots=True)
class IssuedBill:
    invoice_id: int
    reference: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a child, or of the whole family (`child` None), those that are alike together."""

    child: ChildCard | None
    rows: tuple[Alike[Charge], ...]

    @property
    def total_cents(self) -> int:
        return sum(one.total_cents for one in self.rows)


@dataclass(frozen=True, slots=True)
class ProvisionalMonth:
    """A month, by its first day; `issued` are its bills that no longer change."""

    month: date
    parts: tuple[Part, ...]
    issued: tuple[IssuedBill, ...]
    has_unpriced_lines: bool

    @property
    def total_cents(self) -> int:
        return sum(part.total_cents for part in self.parts)


def provisional_month(household_ids: Sequence[int], month: date, now: datetime) -> ProvisionalMonth:
    """The lines of the month that begins on `month` that no bill holds yet, as they stand at `now` (aware).

    They are those of the draft, to the cent. A fixed number of statements.
    """
    done = set(read(_ISSUED, {"month": month}).scalars())
    found = [
        bill
        for bill in month_bills(month, now, household_ids=household_ids)
        if bill.regie_id is None or bill.regie_id not in done
    ]
    by_child: dict[int | None, list[Charge]] = {}
    for charge in (charge for bill in found for charge in bill.charges):
        by_child.setdefault(charge.child_id, []).append(charge)
    cards: list[ChildCard | None] = [*every_child_of(household_ids), None]
    parts = ((card, by_child.get(card.child_id if card else None)) for card in cards)
    bills = read(_BILLS, {"households": list(household_ids), "month": month})
    return ProvisionalMonth(
        month,
        tuple(Part(card, alike(lines)) for card, lines in parts if lines),
        tuple(IssuedBill(*row) for row in bills),
        any(one.kind in _NOT_COUNTED for bill in found for one in bill.findings),
    )
