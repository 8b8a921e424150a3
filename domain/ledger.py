"""What an issued bill owes, and what may become of it (S58, S59). Amounts in cents.

The database knows the same table of states: `extensions.guard_states`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.enums import InvoiceState, OnlineState, PaymentMethod, PaymentState

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
        {
            InvoiceState.UNSETTLED,
            InvoiceState.PAID_ONLINE,
            InvoiceState.PARTIAL,
            InvoiceState.SETTLED,
            InvoiceState.CANCELLED,
        }
    ),
    # A debit that bounces while another payment runs leaves the bill « paiement en cours ».
    InvoiceState.PAID_ONLINE: frozenset(
        {
            InvoiceState.SETTLED,
            InvoiceState.UNSETTLED,
            InvoiceState.PARTIAL,
            InvoiceState.PAYING,
            InvoiceState.CANCELLED,
        }
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
    InvoiceState.SETTLED: frozenset(
        {InvoiceState.UNSETTLED, InvoiceState.PARTIAL, InvoiceState.PAYING, InvoiceState.CANCELLED}
    ),
    InvoiceState.CANCELLED: frozenset(),
}

# What the bank did not carry out is told once, whatever was deposited; a mistake is taken back before.
PAYMENT_TRANSITIONS: Mapping[PaymentState, frozenset[PaymentState]] = {
    PaymentState.VALID: frozenset({PaymentState.CANCELLED, PaymentState.BOUNCED}),
    PaymentState.CANCELLED: frozenset(),
    PaymentState.BOUNCED: frozenset(),
}

_LATE_ANSWERS = frozenset({OnlineState.PAID, OnlineState.TO_CHECK})
ONLINE_TRANSITIONS: Mapping[OnlineState, frozenset[OnlineState]] = {
    OnlineState.CREATED: frozenset({OnlineState.PENDING, OnlineState.EXPIRED}),
    OnlineState.PENDING: frozenset(OnlineState) - {OnlineState.CREATED, OnlineState.PENDING},
    OnlineState.TO_CHECK: frozenset(
        {OnlineState.PAID, OnlineState.REFUSED, OnlineState.CANCELLED, OnlineState.EXPIRED}
    ),
    # Money that the service says it took is never lost, however late it says so.
    OnlineState.REFUSED: _LATE_ANSWERS,
    OnlineState.CANCELLED: _LATE_ANSWERS,
    OnlineState.EXPIRED: _LATE_ANSWERS,
    OnlineState.PAID: frozenset(),
}
# The family cannot begin another payment of the same bills meanwhile.
RUNNING_ONLINE = frozenset({OnlineState.CREATED, OnlineState.PENDING, OnlineState.TO_CHECK})
ONLINE_METHODS = frozenset({PaymentMethod.ONLINE_CARD, PaymentMethod.ONLINE_DEBIT})
# What a bank may refuse after all: a cheque, a voucher that its issuer does not honour, a direct debit, a
# card payment that its owner contests.
BOUNCING_METHODS = ONLINE_METHODS | {PaymentMethod.CHEQUE, PaymentMethod.CESU, PaymentMethod.ANCV}
# These are entered by the portal itself, never by hand.
AUTOMATIC_METHODS = ONLINE_METHODS | {PaymentMethod.DIRECT_DEBIT}
HAND_METHODS = tuple(method for method in PaymentMethod if method not in AUTOMATIC_METHODS)  # in their order
# What is handed over to the Treasury or the bank with a deposit slip.
DEPOSIT_METHODS = (PaymentMethod.CASH, PaymentMethod.CHEQUE, PaymentMethod.CESU, PaymentMethod.ANCV)
# How the service gives money back.
REFUND_METHODS = (PaymentMethod.TRANSFER, PaymentMethod.CHEQUE, PaymentMethod.CASH)

# A family reads these; a draft is the service’s own.
ISSUED_STATES = frozenset(InvoiceState) - {InvoiceState.DRAFT, InvoiceState.CARRIED}
SETTLED_STATES = frozenset({InvoiceState.PAID_ONLINE, InvoiceState.SETTLED})
OPEN_STATES = frozenset({InvoiceState.UNSETTLED, InvoiceState.PAYING, InvoiceState.PARTIAL})


@dataclass(frozen=True, slots=True)
class Debt:
    """An open bill to allocate money to, and what is left to pay of it."""

    invoice_id: int
    left_cents: int


def state_of(
    total_cents: int,
    credited_cents: int,
    settled_cents: int,
    *,
    is_online: bool = False,
    is_paying: bool = False,
    is_confirmed: bool = False,
) -> InvoiceState:
    """The state of an issued bill by what credit notes took off it and what was received for it.

    `is_online`: part of it was paid online; `is_confirmed`: the Treasury confirmed it; `is_paying`: an online
    payment of it has no answer yet.
    """
    owed = total_cents - credited_cents
    if owed <= 0 < credited_cents:
        return InvoiceState.CANCELLED
    if settled_cents >= owed:
        return InvoiceState.PAID_ONLINE if is_online and not is_confirmed else InvoiceState.SETTLED
    if is_paying:
        return InvoiceState.PAYING
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
