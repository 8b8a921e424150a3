"""The account of a household with a régie, entry by entry, with what is owed after each (S54, R46). Cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from domain.french import format_euros


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that changed what is owed: a bill adds to it, money that came in takes off it. `rank` orders
    the entries of a day; `invoice_id` leads to a bill."""

    day: date
    rank: int
    label: str
    cents: int
    detail: str = ""
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An entry and what is owed after it; less than nothing is money paid in advance."""

    entry: Entry
    balance_cents: int


@dataclass(frozen=True, slots=True)
class Year:
    """The entries of a year in their order, between what was owed before and after."""

    year: int
    before_cents: int
    told: tuple[Told, ...]

    @property
    def after_cents(self) -> int:
        return self.told[-1].balance_cents


def years(entries: Iterable[Entry]) -> tuple[Year, ...]:
    """The account year by year, the oldest first, each with one entry at least."""
    found: dict[int, list[Told]] = {}
    before: dict[int, int] = {}
    balance = 0
    for entry in sorted(entries, key=lambda one: (one.day, one.rank)):
        before.setdefault(entry.day.year, balance)
        balance += entry.cents
        found.setdefault(entry.day.year, []).append(Told(entry, balance))
    return tuple(Year(year, before[year], tuple(told)) for year, told in found.items())


def balance_words(cents: int) -> tuple[str, str]:
    """What a balance means, and its amount: money that is owed, or money paid in advance."""
    return "Payé d’avance" if cents < 0 else "Reste à payer", format_euros(abs(cents))
