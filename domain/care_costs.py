"""What a household paid in a year for the care of its young children: the tax certificate (R44). Cents.

The tax credit counts what was really paid in the year for children under six on its first day, meals left
out. A payment pays every line of its bill in the same proportion; a reduction lowers the lines that it is
about in the same way. Cents are given by the largest remainder, so that the parts are the whole.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from domain.french import NBSP, format_euros

FIRST_AGE_WITHOUT = 6
Key = TypeVar("Key")


class BilledLine(NamedTuple):
    """A line of a bill, or what a credit note took off it. `child_id` None: of the whole bill; `is_care`
    None: of no activity, as a reduction is."""

    child_id: int | None
    is_care: bool | None
    cents: int


@dataclass(frozen=True, slots=True)
class CareShare:
    """Of what was paid of a bill in the year, the part that paid the care of a child.

    `billed_cents` of the `total_cents` of the bill are for that care, reductions and credit notes taken off.
    """

    paid_cents: int
    total_cents: int
    billed_cents: int
    cents: int

    @property
    def sentence(self) -> str:
        """The arithmetic in French."""
        billed, total = format_euros(self.billed_cents), format_euros(self.total_cents)
        if self.paid_cents == self.total_cents:
            return f"Facture payée en entier{NBSP}: {billed} de garde sur {total}."
        paid, share = format_euros(self.paid_cents), format_euros(self.cents)
        return (
            f"{paid} payés dans l’année sur {total}, dont {billed} de garde{NBSP}: "
            f"la garde en a la même part, {billed}{NBSP}×{NBSP}{paid}{NBSP}/{NBSP}{total} ={NBSP}{share}."
        )


def is_young(birth_date: date, year: int) -> bool:
    """Under six on the first of January of the tax year: six years old on that very day is too old."""
    return birth_date > date(year - FIRST_AGE_WITHOUT, 1, 1)


def care_shares(paid_cents: int, lines: Iterable[BilledLine], young: Collection[int]) -> dict[int, CareShare]:
    """By child of `young`, what of the `paid_cents` of a bill with these lines paid its care."""
    net = {key: cents for key, cents in _net(lines).items() if cents > 0}
    total = sum(net.values())
    if paid_cents <= 0 or total <= 0:
        return {}
    return {
        child_id: CareShare(paid_cents, total, net[child_id, is_care], cents)
        for (child_id, is_care), cents in apportion(paid_cents, net).items()
        if is_care and child_id in young and cents
    }


def apportion(cents: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """`cents` (of any sign) by weights of which none is negative and one at least is not zero: the parts are
    the whole, each within a cent of its exact share; of equal remainders the first one gets the cent."""
    total, sign = sum(weights.values()), -1 if cents < 0 else 1
    exact = {key: divmod(abs(cents) * weight, total) for key, weight in weights.items()}
    left = abs(cents) - sum(whole for whole, _ in exact.values())
    first = sorted(exact, key=lambda key: -exact[key][1])[:left]
    return {key: sign * (whole + (key in first)) for key, (whole, _) in exact.items()}


def _net(lines: Iterable[BilledLine]) -> dict[tuple[int | None, bool], int]:
    """The bill by child and by care or not, each reduction taken off what it is about: the child’s lines, or
    all of them."""
    parts: dict[tuple[int | None, bool], int] = {}
    changes: dict[int | None, int] = {}
    for line in lines:
        if line.is_care is None:
            changes[line.child_id] = changes.get(line.child_id, 0) + line.cents
        else:
            key = (line.child_id, line.is_care)
            parts[key] = parts.get(key, 0) + line.cents
    for child_id, cents in sorted(changes.items(), key=lambda one: one[0] is None):
        own = {key: max(part, 0) for key, part in parts.items() if child_id in (None, key[0])}
        if not sum(own.values()):
            own = {(child_id, False): 1}
        for key, part in apportion(cents, own).items():
            parts[key] = parts.get(key, 0) + part
    return parts
