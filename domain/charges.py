"""What a month costs a household, as lines that explain themselves (R40 to R43). Amounts in cents."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from domain.enums import FindingKind, InvoiceLineKind


class Charge(NamedTuple):
    """One due thing: a presence, what stays due of an absence, a total of the règlement.

    `explanation` is the arithmetic in French sentences. `rulebook_version_id` and `quotient_hundredths` are
    what it was computed with. A charge may still change while `is_provisional`.
    """

    kind: InvoiceLineKind
    label: str
    amount_cents: int
    explanation: tuple[str, ...] = ()
    child_id: int | None = None
    activity_id: int | None = None
    booking_id: int | None = None
    day: date | None = None
    rulebook_version_id: int | None = None
    quotient_hundredths: int | None = None
    carried_from_id: int | None = None  # the bill that was too small to be issued
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at before a draft is issued, in one sentence; a blocking one forbids it (R42)."""

    kind: FindingKind
    sentence: str
    is_blocking: bool
    booking_id: int | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """The smallest amount that the règlement has asked of a family. A smaller bill waits for the next one
    when it `is_carried`, and is given up otherwise."""

    cents: int
    is_carried: bool


NO_THRESHOLD = Threshold(0, is_carried=True)


@dataclass(frozen=True, slots=True)
class MonthBill:
    """The charges of a household for one régie and month, in the order of the bill.

    `regie_id` is None for what no régie can bill yet. Without charges a bill only carries findings.
    """

    household_id: int
    regie_id: int | None
    charges: tuple[Charge, ...]
    findings: tuple[Finding, ...] = ()
    threshold: Threshold = NO_THRESHOLD

    @property
    def total_cents(self) -> int:
        return sum(charge.amount_cents for charge in self.charges)
