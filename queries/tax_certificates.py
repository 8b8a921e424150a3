"""What the households of an adult paid in a year for the care of their young children (R44). Cents."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, bindparam, case, func, select
from sqlalchemy.orm import aliased

from domain.care_costs import BilledLine, CareShare, care_shares, is_young
from domain.enums import InvoiceLineKind, InvoiceState, PaymentMethod, PaymentState
from domain.french import NBSP
from domain.ledger import ISSUED_STATES
from models import Activity, Invoice, InvoiceLine, Payment, PaymentAllocation, Regie
from queries.billing_sources import recipients
from queries.family import ChildCard, cards_of
from queries.reading import read

_COUNTED = (
    "Comptent les sommes reçues dans l’année pour la garde d’enfants de moins de six ans au 1er janvier, "
    "avoirs, rejets et remboursements déduits. Les repas et les jours dus sans présence ne comptent pas."
)
_VOUCHERS_NOTE = (
    f"Une partie a été réglée par CESU ou chèques-vacances{NBSP}: ôtez ce que votre employeur a financé, "
    "cette aide n’ouvre pas droit au crédit d’impôt."
)
_VOUCHERS = (PaymentMethod.CESU, PaymentMethod.ANCV)  # somebody else may have paid a part of them


@dataclass(frozen=True, slots=True)
class PaidBill:
    """A bill of which something was paid in the year, and what of it was for the care of a child."""

    invoice_id: int
    reference: str
    regie: str
    month: date
    share: CareShare


@dataclass(frozen=True, slots=True)
class ChildCare:
    child: ChildCard
    bills: tuple[PaidBill, ...]

    @property
    def cents(self) -> int:
        return sum(bill.share.cents for bill in self.bills)


@dataclass(frozen=True, slots=True)
class TaxCertificate:
    """The care of the young children of a household that was paid in a year.

    `paid_cents`: all that it paid in the year, `young`: how many of its children were young enough. A
    certificate of no cents says why (`nothing`). `has_vouchers`: some of it came as vouchers.
    """

    household_id: int
    year: int
    recipient_name: str
    recipient_address: str
    children: tuple[ChildCare, ...]
    paid_cents: int
    young: int
    has_vouchers: bool

    @property
    def cents(self) -> int:
        return sum(child.cents for child in self.children)

    @property
    def notes(self) -> tuple[str, ...]:
        """What counts, and what the family still has to take off."""
        return (_COUNTED, _VOUCHERS_NOTE) if self.has_vouchers else (_COUNTED,)

    @property
    def nothing(self) -> str:
        """Why there is nothing to certify; empty when there is."""
        if self.cents:
            return ""
        if not self.young:
            return f"Aucun enfant du foyer n’avait moins de six ans au 1er janvier {self.year}."
        if not self.paid_cents:
            return f"Aucun règlement n’a payé de facture en {self.year}. Seules les sommes reçues comptent."
        return f"Ce qui a été payé en {self.year} n’était pas de la garde d’un enfant de moins de six ans."


_HOUSEHOLDS = bindparam("households", expanding=True)
_IN_YEAR = Payment.received_on.between(bindparam("first"), bindparam("last"))
_PAID = (
    select(
        Invoice.household_id,
        Invoice.id,
        Invoice.reference,
        Regie.name.label("regie"),
        Invoice.month,
        func.sum(PaymentAllocation.amount_cents).label("cents"),
        func.sum(case((Payment.method.in_(_VOUCHERS), 1), else_=0)).label("vouchers"),
    )
    .join(PaymentAllocation, PaymentAllocation.invoice_id == Invoice.id)
    .join(Payment, Payment.id == PaymentAllocation.payment_id)
    .join(Regie, Regie.id == Invoice.regie_id)
    .where(Invoice.household_id.in_(_HOUSEHOLDS), Payment.state == PaymentState.VALID, _IN_YEAR)
    .group_by(Invoice.household_id, Invoice.id, Invoice.reference, Regie.name, Invoice.month)
    .order_by(Invoice.month, Invoice.id)
)
_YEARS = (
    select(func.min(Payment.received_on))
    .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
    .where(Payment.household_id.in_(_HOUSEHOLDS), Payment.state == PaymentState.VALID)
)
_CORRECTED = aliased(InvoiceLine)
_WHAT = (
    func.coalesce(_CORRECTED.kind, InvoiceLine.kind).label("kind"),
    InvoiceLine.child_id,
    InvoiceLine.amount_cents,
    InvoiceLine.carried_from_id,
    Activity.is_care,
)
# The lines of a bill, and those of its credit notes.
_LINES = (
    select(func.coalesce(Invoice.corrects_id, Invoice.id).label("bill_id"), *_WHAT)
    .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    .outerjoin(_CORRECTED, _CORRECTED.id == InvoiceLine.corrects_line_id)
    .outerjoin(Activity, Activity.id == InvoiceLine.activity_id)
    .where(
        func.coalesce(Invoice.corrects_id, Invoice.id).in_(bindparam("bills", expanding=True)),
        Invoice.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(InvoiceLine.id)
)


def tax_years(household_ids: Sequence[int], today: date) -> tuple[int, ...]:
    """The years in which the households paid a bill, up to this one, the newest first. One statement."""
    first = read(_YEARS, {"households": household_ids}).scalar()
    return tuple(range(today.year, first.year - 1, -1)) if first else ()


def tax_certificates(household_ids: Sequence[int], year: int) -> tuple[TaxCertificate, ...]:
    """One for each household, in the order that is given. Only money that was received in the year and pays a
    bill counts: what bounced, was cancelled, credited or given back is not there any more.

    Six statements, and one for each month that a small bill was carried over.
    """
    chosen = {"households": household_ids, "first": date(year, 1, 1), "last": date(year, 12, 31)}
    paid = read(_PAID, chosen).all()
    lines = _lines({row.id for row in paid}, ISSUED_STATES)
    names = recipients(household_ids)
    billed = {line.child_id for found in lines.values() for line in found if line.child_id is not None}
    cards = cards_of(household_ids, billed)
    return tuple(
        _certificate(one, year, names[one], [row for row in paid if row.household_id == one], lines, cards)
        for one in household_ids
    )


def _certificate(
    household_id: int,
    year: int,
    recipient: tuple[str, str],
    paid: Sequence[Row],
    lines: Mapping[int, Sequence[BilledLine]],
    cards: Iterable[ChildCard],
) -> TaxCertificate:
    young = [card for card in cards if is_young(card.birth_date, year)]
    found: dict[int, list[PaidBill]] = {}
    ids = {card.child_id for card in young}
    for row in paid:
        for child_id, share in care_shares(row.cents, lines[row.id], ids).items():
            found.setdefault(child_id, []).append(
                PaidBill(row.id, row.reference, row.regie, row.month, share)
            )
    return TaxCertificate(
        household_id,
        year,
        *recipient,
        tuple(ChildCare(card, tuple(found[card.child_id])) for card in young if card.child_id in found),
        sum(row.cents for row in paid),
        len(young),
        any(row.vouchers for row in paid),
    )


def _lines(bills: Collection[int], states: Collection[InvoiceState]) -> dict[int, list[BilledLine]]:
    """By bill, its lines; what was carried from a small bill is told by the lines of that one."""
    if not bills:
        return {}
    rows = read(_LINES, {"bills": list(bills), "states": list(states)}).all()
    carried_from = {row.carried_from_id for row in rows if row.carried_from_id}
    carried = _lines(carried_from, (InvoiceState.CARRIED,))
    found: dict[int, list[BilledLine]] = {bill_id: [] for bill_id in bills}
    for row in rows:
        # What stays due of a day without the child cared for nobody.
        is_care = False if row.kind is InvoiceLineKind.ABSENCE else row.is_care
        own = BilledLine(row.child_id, is_care, row.amount_cents)
        found[row.bill_id] += carried.get(row.carried_from_id, [own])
    return found
