"""What an issued bill owes, and what may become of it (S58, S59). Amounts in cents.

The database knows the same table of states: `extensions.guard_states`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.enums import InvoiceState

INVOICE_TRANSITIONS: Mapping[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.DRAFT: frozenset({InvoiceState.UNSETTLED, InvoiceState.SETTLED, InvoiceState.CARRIED}),
    InvoiceState.CARRIED: frozenset(),
    InvoiceState.UNSETTLED: frozenset(
        {
            InvoiceState.PAYING,
            InvoiceState.PAID_ONLINE,
            InvoiceState.PARTIAL,
            InvoiceState.SETTLED,
            InvoiceState.CANCELLED,
        }
    ),
    InvoiceState.PAYING: frozenset(
        {InvoiceState.UNSETTLED, InvoiceState.PAID_ONLINE, InvoiceState.PARTIAL, InvoiceState.SETTLED}
    ),
    InvoiceState.PAID_ONLINE: frozenset(
        {InvoiceState.SETTLED, InvoiceState.UNSETTLED, InvoiceState.PARTIAL, InvoiceState.CANCELLED}
    ),
    InvoiceState.PARTIAL: frozenset(
        {
            InvoiceState.UNSETTLED,
            InvoiceState.PAYING,
            InvoiceState.PAID_ONLINE,
            InvoiceState.SETTLED,
            InvoiceState.CANCELLED,
        }
    ),
    # A payment that is taken back (a mistake, a cheque without funds) opens the debt again.
    InvoiceState.SETTLED: frozenset({InvoiceState.UNSETTLED, InvoiceState.PARTIAL, InvoiceState.CANCELLED}),
    InvoiceState.CANCELLED: frozenset(),
}

# A family reads these; a draft is the service’s own.
ISSUED_STATES = frozenset(InvoiceState) - {InvoiceState.DRAFT, InvoiceState.CARRIED}
OPEN_STATES = frozenset({InvoiceState.UNSETTLED, InvoiceState.PAYING, InvoiceState.PARTIAL})


@dataclass(frozen=True, slots=True)
class Debt:
    """An open bill to allocate money to, and what is left to pay of it."""

    invoice_id: int
    left_cents: int


def state_of(total_cents: int, credited_cents: int, settled_cents: int) -> InvoiceState:
    """The state of an issued bill by what credit notes took off it and what was received for it."""
    owed = total_cents - credited_cents
    if owed <= 0 < credited_cents:
        return InvoiceState.CANCELLED
    if settled_cents >= owed:
        return InvoiceState.SETTLED
    return InvoiceState.PARTIAL if settled_cents else InvoiceState.UNSETTLED


def allocate(amount_cents: int, debts: Iterable[Debt]) -> tuple[dict[int, int], int]:
    """Money over bills in their order: cents by bill, and what is left over."""
    shares, left = {}, amount_cents
    for debt in debts:
        share = min(left, debt.left_cents)
        if share > 0:
            shares[debt.invoice_id] = share
            left -= share
    return shares, left
