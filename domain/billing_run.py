"""The billing of a month before it is issued: what the checks find, what stays under the minimum, what
changed since the draft (R42). Amounts in cents.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from domain.charges import Charge, Finding, MonthBill, Threshold
from domain.enums import FindingKind, InvoiceLineKind
from domain.french import NBSP, format_euros

TIMES_USUAL = 3
LARGE_LINE = 30_000  # beyond, a line is worth a look even for a family that nobody knows yet
LARGE_TOTAL = 150_000
WORTH_A_WORD = 2_000  # below, a difference with last month is everyday life


@dataclass(frozen=True, slots=True)
class Past:
    """The totals of a household's last bills, the newest first; `last_month` None when it had none then."""

    totals: tuple[int, ...] = ()
    last_month: int | None = None


def reference(code: str, year: int, number: int) -> str:
    """« CANT-2027-000123 »."""
    return f"{code}-{year}-{number:06}"


def waits(total_cents: int, threshold: Threshold) -> bool:
    """A bill that is not asked for now: too small, or the town that owes."""
    return total_cents < 0 or (threshold.is_carried and 0 < total_cents < threshold.cents)


def given_up(bill: MonthBill) -> MonthBill:
    """The bill with a last line that takes back what is too small to be asked for, where nothing waits."""
    total, threshold = bill.total_cents, bill.threshold
    if threshold.is_carried or not 0 < total < threshold.cents:
        return bill
    line = Charge(
        InvoiceLineKind.ADJUSTMENT,
        "Montant trop petit, non demandé",
        -total,
        (f"Sous {format_euros(threshold.cents)}, le règlement ne demande rien.",),
    )
    return replace(bill, charges=(*bill.charges, line))


def checked(bill: MonthBill, past: Past) -> tuple[Finding, ...]:
    """The findings of the charges, then those of the amounts; none of the latter forbids to issue."""
    return (*bill.findings, *_unusual(bill, past), *_negative(bill), *_difference(bill, past))


def _look(kind: FindingKind, sentence: str) -> Finding:
    return Finding(kind, sentence, is_blocking=False)


def _unusual(bill: MonthBill, past: Past) -> Iterable[Finding]:
    total = bill.total_cents
    usual = median(past.totals) if past.totals else 0
    if total > LARGE_TOTAL or (usual > 0 and total > TIMES_USUAL * usual and total - usual > WORTH_A_WORD):
        known = f", d’habitude {format_euros(round(usual))}" if usual else ""
        yield _look(FindingKind.UNUSUAL, f"Total de {format_euros(total)}{known}.")
    for charge in bill.charges:
        if charge.amount_cents > LARGE_LINE and charge.kind is not InvoiceLineKind.CARRIED:
            said = f"{charge.label}{NBSP}: {format_euros(charge.amount_cents)} sur une seule ligne."
            yield _look(FindingKind.UNUSUAL, said)


def _negative(bill: MonthBill) -> Iterable[Finding]:
    if bill.total_cents < 0:
        said = f"Total de {format_euros(bill.total_cents)}{NBSP}: il passe sur la facture suivante."
        yield _look(FindingKind.NEGATIVE, said)


def _difference(bill: MonthBill, past: Past) -> Iterable[Finding]:
    before, total = past.last_month, bill.total_cents
    if before is None or abs(total - before) < WORTH_A_WORD or 2 * abs(total - before) <= before:
        return
    said = f"{format_euros(total)} ce mois-ci, {format_euros(before)} le mois précédent."
    yield _look(FindingKind.DIFFERENCE, said)


def missing(household_id: int, regie_id: int, past: Past) -> tuple[Finding, ...]:
    """The finding about a household that was billed last month and owes nothing now."""
    return tuple(_difference(MonthBill(household_id, regie_id, ()), past))


Lines = Sequence[tuple[str, int]]


def changed(drafted: Mapping[int, Lines], fresh: Mapping[int, Lines]) -> list[int]:
    """The households whose lines (label, cents) are no longer those of the draft."""
    every = drafted.keys() | fresh.keys()
    return sorted(one for one in every if list(drafted.get(one, ())) != list(fresh.get(one, ())))
