"""What the billing of a month reads besides the charges: past totals, who receives (R42)."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import bindparam, func, select

from domain.billing_run import Past
from domain.calendar import add_months
from domain.enums import InvoiceKind
from domain.french import enumerate_fr
from models import Activity, Booking, Guardian, Household, HouseholdGuardian, Invoice
from queries.reading import read

PAST_MONTHS = 6

_BOOKED = (
    select(func.count(Booking.household_id.distinct()))
    .join(Activity, Activity.id == Booking.activity_id)
    .where(
        Activity.regie_id == bindparam("regie"), Booking.day.between(bindparam("first"), bindparam("last"))
    )
)
_PAST = (
    select(Invoice.household_id, Invoice.month, Invoice.total_cents)
    .where(
        Invoice.regie_id == bindparam("regie"),
        Invoice.kind == InvoiceKind.INVOICE,
        Invoice.number.is_not(None),
        Invoice.month >= bindparam("first"),
        Invoice.month < bindparam("month"),
    )
    .order_by(Invoice.month.desc(), Invoice.id)
)
_CHOSEN = bindparam("households", expanding=True)
_HOUSEHOLDS = select(
    Household.id,
    Household.name,
    Household.address,
    Household.address_extra,
    Household.postcode,
    Household.city,
)
_ADULTS = (
    select(HouseholdGuardian.household_id, Guardian.first_name, Guardian.last_name)
    .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
    .where(HouseholdGuardian.is_legal_guardian)
    .order_by(HouseholdGuardian.household_id, HouseholdGuardian.position, Guardian.id)
)


def households(regie_id: int, first: date, last: date) -> int:
    """How many households booked days of these months that a régie bills. One statement."""
    return read(_BOOKED, {"regie": regie_id, "first": first, "last": last}).scalar_one()


def past(regie_id: int, month: date) -> dict[int, Past]:
    """By household, what this régie billed in the months before `month` (its first day). One statement."""
    first = date(*add_months(month.year, month.month, -PAST_MONTHS), 1)
    before = date(*add_months(month.year, month.month, -1), 1)
    found: dict[int, Past] = {}
    for household_id, billed, cents in read(_PAST, {"regie": regie_id, "first": first, "month": month}):
        known = found.get(household_id, Past())
        last = cents if billed == before else known.last_month
        found[household_id] = Past((*known.totals, cents), last)
    return found


def recipients(household_ids: Collection[int] | None = None) -> dict[int, tuple[str, str]]:
    """By household (None: all), to whom a bill goes and where, as the file says now. Two statements."""
    adults, households, chosen = _ADULTS, _HOUSEHOLDS, {}
    if household_ids is not None:
        adults = adults.where(HouseholdGuardian.household_id.in_(_CHOSEN))
        households, chosen = households.where(Household.id.in_(_CHOSEN)), {"households": list(household_ids)}
    names: dict[int, list[str]] = {}
    for household_id, first_name, last_name in read(adults, chosen):
        names.setdefault(household_id, []).append(f"{first_name} {last_name}".strip())
    return {
        row.id: (
            (enumerate_fr(names[row.id]) if row.id in names else f"Famille {row.name}")[:200],
            "\n".join(
                line
                for line in (row.address, row.address_extra, f"{row.postcode} {row.city}".strip())
                if line
            ),
        )
        for row in read(households, chosen)
    }
