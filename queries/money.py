"""Where the money of a school year stands, by month and by activity, from the bills themselves (S58). Cents.

A bill counts in the month that it bills. Its money is shared between its activities in the part that each has
of it; the shares add up to the cent.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Float, Select, Subquery, bindparam, case, cast, func, literal, select
from sqlalchemy.orm import aliased

from domain.calendar import add_months, school_year
from domain.enums import InvoiceKind, PaymentMethod
from domain.ledger import ISSUED_STATES, ONLINE_METHODS
from domain.money import PLACES, ActivityMoney, Money, MonthMoney, by_activity, total
from models import Activity, Facility, Invoice, InvoiceLine, Payment, PaymentAllocation
from queries.reading import read

_SPAN = (bindparam("first"), bindparam("last"))


@dataclass(frozen=True, slots=True)
class Glance:
    """A school year, by its first day; `years` are those in which something was billed."""

    season: date
    years: tuple[int, ...]
    months: tuple[MonthMoney, ...]
    activities: tuple[ActivityMoney, ...]

    @property
    def total(self) -> Money:
        return total(one.money for one in self.months)


def _paid() -> Subquery:
    """What each bill was paid, by where the money came."""

    def by(condition: Any) -> Any:
        return func.sum(case((condition, PaymentAllocation.amount_cents), else_=0))

    is_online = Payment.method.in_(ONLINE_METHODS)
    is_debit = Payment.method == PaymentMethod.DIRECT_DEBIT
    is_treasury = Payment.method == PaymentMethod.TREASURY
    return (
        select(
            PaymentAllocation.invoice_id,
            by(is_online).label("online"),
            by(is_debit).label("debit"),
            by(~is_online & ~is_debit & ~is_treasury).label("desk"),
            by(is_treasury).label("treasury"),
        )
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .group_by(PaymentAllocation.invoice_id)
        .subquery()
    )


def _bills(of_regie: bool) -> Subquery:
    """Every issued bill of the months, with where its money is."""
    paid = _paid()
    left = Invoice.total_cents - Invoice.credited_cents - Invoice.settled_cents
    is_late = Invoice.due_day < bindparam("today")
    bills = (
        select(
            Invoice.id,
            Invoice.month,
            Invoice.total_cents.label("billed"),
            Invoice.credited_cents.label("credited"),
            func.coalesce(paid.c.online, 0).label("online"),
            func.coalesce(paid.c.debit, 0).label("debit"),
            func.coalesce(paid.c.desk, 0).label("desk"),
            func.coalesce(paid.c.treasury, 0).label("treasury"),
            case((is_late, 0), else_=left).label("waiting"),
            case((is_late, left), else_=0).label("late"),
        )
        .outerjoin(paid, paid.c.invoice_id == Invoice.id)
        .where(
            Invoice.kind == InvoiceKind.INVOICE,
            Invoice.state.in_(ISSUED_STATES),
            Invoice.month.between(*_SPAN),
        )
    )
    return (bills.where(Invoice.regie_id == bindparam("regie")) if of_regie else bills).subquery()


def _by_month(of_regie: bool) -> Select:
    bills = _bills(of_regie)
    sums = [func.sum(bills.c[name]) for name in Money.__slots__]
    return select(bills.c.month, *sums).group_by(bills.c.month)


def _by_activity(of_regie: bool) -> Select:
    """The lines of bills and of their credit notes (which are of the same month), by activity. What a line is
    of its bill is its part of where the money of the bill is."""
    bills, holder = _bills(of_regie), aliased(Invoice)
    lines = (  # added up first: many lines, few activities
        select(
            InvoiceLine.invoice_id, InvoiceLine.activity_id, func.sum(InvoiceLine.amount_cents).label("cents")
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.state.in_(ISSUED_STATES), Invoice.month.between(*_SPAN))
        .group_by(InvoiceLine.invoice_id, InvoiceLine.activity_id)
        .subquery()
    )
    cents, is_note = lines.c.cents, holder.kind == InvoiceKind.CREDIT_NOTE
    owed = bills.c.billed - bills.c.credited
    part = case((owed == 0, literal(0.0)), else_=cast(cents, Float) / cast(owed, Float))
    return (
        select(
            Activity.name,
            Facility.name.label("facility"),
            func.sum(case((is_note, 0), else_=cents)),
            func.sum(case((is_note, -cents), else_=0)),
            *(func.sum(part * bills.c[name]) for name in PLACES),
        )
        .select_from(lines)
        .join(holder, holder.id == lines.c.invoice_id)
        .join(bills, bills.c.id == func.coalesce(holder.corrects_id, holder.id))
        .outerjoin(Activity, Activity.id == lines.c.activity_id)
        .outerjoin(Facility, Facility.id == Activity.facility_id)
        .group_by(Activity.name, Facility.name)
    )


_BY_MONTH = {of_regie: _by_month(of_regie) for of_regie in (False, True)}
_BY_ACTIVITY = {of_regie: _by_activity(of_regie) for of_regie in (False, True)}
_MONTHS = select(func.min(Invoice.month), func.max(Invoice.month)).where(Invoice.state.in_(ISSUED_STATES))


def glance(day: date, today: date, regie_id: int | None = None) -> Glance:
    """The twelve months of the school year around `day`, as they stand on `today`, of one régie or of all of
    them. Three statements."""
    first, last = school_year(day)
    asked = {"first": first, "last": last, "today": today}
    if regie_id is not None:
        asked["regie"] = regie_id
    of_regie = regie_id is not None
    found = {month: Money(*map(int, sums)) for month, *sums in read(_BY_MONTH[of_regie], asked)}
    months = [date(*add_months(first.year, first.month, count), 1) for count in range(12)]
    shares = {
        f"{name}, {facility}" if name else "": [float(one) for one in parts]
        for name, facility, *parts in read(_BY_ACTIVITY[of_regie], asked)
    }
    return Glance(
        first,
        _years(today),
        tuple(MonthMoney(month, found.get(month, Money())) for month in months),
        by_activity(shares, total(found.values())),
    )


def _years(today: date) -> tuple[int, ...]:
    """The school years to choose from, by the year in which they begin, the last one first."""
    oldest, newest = read(_MONTHS, {}).one()
    days = [today, *(day for day in (oldest, newest) if day is not None)]
    return tuple(range(school_year(max(days))[0].year, school_year(min(days))[0].year - 1, -1))
