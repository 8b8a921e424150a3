"""Where the money of a school year stands, by month and by activity (S58, R47). Cents.

What is billed and not credited was received online, by direct debit, at the desk or by
the Treasury, waits, or is late.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor

# Where the money is, in the order of the plot.
PLACES = ("online", "debit", "desk", "treasury", "waiting", "late")


@dataclass(frozen=True, slots=True)
class Money:
    """`waiting` is not due yet, `late` is; both wait for the Treasury or the desk."""

    billed: int = 0
    credited: int = 0
    online: int = 0
    debit: int = 0
    desk: int = 0
    treasury: int = 0
    waiting: int = 0
    late: int = 0

    @property
    def owed(self) -> int:
        """What the families owe or owed: billed less credited."""
        return self.billed - self.credited

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in PLACES)


@dataclass(frozen=True, slots=True)
class MonthMoney:
    """`month` is its first day."""

    month: date
    money: Money


@dataclass(frozen=True, slots=True)
class ActivityMoney:
    """`name` is empty for what is about whole bills: carried amounts, totals of the règlement."""

    name: str
    money: Money


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, from `start` and `width` wide, in hundredths of the longest bar."""

    place: str
    cents: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    month: date
    cents: int
    segments: tuple[Segment, ...]


def total(rows: Iterable[Money]) -> Money:
    """The sum of some rows."""
    sums = [0] * len(Money.__slots__)
    for row in rows:
        for place, name in enumerate(Money.__slots__):
            sums[place] += getattr(row, name)
    return Money(*sums)


def whole(parts: Sequence[float], cents: int) -> list[int]:
    """Parts that add up to about `cents`, brought to whole cents that add up to exactly that: those that lose
    most by rounding down get the cents that are left."""
    rounded = [floor(part) for part in parts]
    most_first = sorted(range(len(parts)), key=lambda place: (rounded[place] - parts[place], place))
    for turn in range(cents - sum(rounded)):
        rounded[most_first[turn % len(parts)]] += 1
    return rounded


def by_activity(shares: Mapping[str, Sequence[float]], known: Money) -> tuple[ActivityMoney, ...]:
    """The money of each activity, by its name. `shares` holds what was billed and credited, then a part of
    each place of the money: a bill that is partly paid is paid in the same part for each of its activities.
    Each column adds up to `known`; within a row a cent may lack or be too many."""
    names = sorted(shares, key=lambda name: (not name, name))
    columns = [
        whole([shares[name][place] for name in names], getattr(known, field))
        for place, field in enumerate(Money.__slots__)
    ]
    return tuple(ActivityMoney(name, Money(*row)) for name, *row in zip(names, *columns, strict=True))


def bars(months: Sequence[MonthMoney]) -> tuple[Bar, ...]:
    """The bars of the plot: one a month with money, the longest is 100 wide."""
    longest = max((sum(one.money.places) for one in months), default=0)
    return tuple(
        Bar(one.month, one.money.owed, tuple(_segments(one.money, longest)))
        for one in months
        if one.money.owed
    )


def _segments(money: Money, longest: int) -> Iterable[Segment]:
    start = 0
    for place, cents in zip(PLACES, money.places, strict=True):
        if cents > 0:
            yield Segment(place, cents, round(100 * start / longest, 3), round(100 * cents / longest, 3))
            start += cents
