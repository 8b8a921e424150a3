"""Swaps of days between the two households of a child, as parents and the service read them (R02)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, bindparam, func, or_, select

from domain.enums import SwapState
from domain.errors import NotFound
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import Booking, Child, CustodySwap, HouseholdChild

SHOWN = 10
_HOUSEHOLDS = bindparam("households", expanding=True)
_COLUMNS = (
    CustodySwap.id,
    CustodySwap.child_id,
    Child.first_name,
    CustodySwap.given_first,
    CustodySwap.given_last,
    CustodySwap.taken_first,
    CustodySwap.taken_last,
    CustodySwap.state,
    CustodySwap.author_name,
    CustodySwap.created_at,
    CustodySwap.answered_at,
    CustodySwap.answered_by_name,
    CustodySwap.household_id,
    CustodySwap.to_household_id,
)
# Of the two households of a swap, one of the reader's that knows more of the child than its name.
_READ_BY = (
    select(HouseholdChild.household_id)
    .where(
        HouseholdChild.child_id == CustodySwap.child_id,
        HouseholdChild.household_id.in_(_HOUSEHOLDS),
        HouseholdChild.household_id.in_([CustodySwap.household_id, CustodySwap.to_household_id]),
        HouseholdChild.is_restricted.is_(False),
    )
    .exists()
)
_SWAPS = select(*_COLUMNS).join(Child, Child.id == CustodySwap.child_id)
_NEWEST = _SWAPS.where(CustodySwap.child_id == bindparam("child_id")).order_by(CustodySwap.id.desc())
_TO_ANSWER = _SWAPS.where(
    _READ_BY,
    CustodySwap.to_household_id.in_(_HOUSEHOLDS),
    CustodySwap.state == SwapState.PENDING,
    CustodySwap.given_first > bindparam("today"),
).order_by(CustodySwap.id)


@dataclass(frozen=True, slots=True)
class Swap:
    """Days both included; the taken ones are None when nothing is asked in return."""

    swap_id: int
    child_id: int
    first_name: str
    given_first: date
    given_last: date
    taken_first: date | None
    taken_last: date | None
    state: SwapState
    author: str
    created_at: datetime
    answered_at: datetime | None
    answered_by: str
    household_id: int
    to_household_id: int

    @property
    def stretches(self) -> tuple[tuple[date, date, bool], ...]:
        """(first day, last day, whether they go to the household that the swap is put to)."""
        given = (self.given_first, self.given_last, True)
        taken = () if self.taken_first is None else ((self.taken_first, self.taken_last, False),)
        return (given, *taken)

    def is_mine(self, household_ids: Collection[int]) -> bool:
        """True for the household that proposed it."""
        return self.household_id in household_ids

    def waits(self, today: date) -> bool:
        """True while it can still be accepted."""
        first = min(first for first, _, _ in self.stretches)
        return self.state is SwapState.PENDING and first > today


@dataclass(frozen=True, slots=True)
class SwapPage:
    """A swap and the booked days that would come to the household it is put to, and leave it."""

    swap: Swap
    coming: int
    leaving: int


def to_answer(household_ids: Sequence[int], today: date) -> tuple[Swap, ...]:
    """The swaps that wait for an answer of these households. One statement."""
    rows = db.session.execute(_TO_ANSWER, {"households": household_ids, "today": today})
    return tuple(Swap(*row) for row in rows)


def of_child(child_id: int, household_ids: Sequence[int] | None = None) -> tuple[Swap, ...]:
    """The newest swaps of a child; for the service, or for the households of a parent. One statement."""
    statement = _NEWEST.limit(SHOWN)
    known: dict[str, object] = {"child_id": child_id}
    if household_ids is not None:
        statement, known = statement.where(_READ_BY), known | {"households": household_ids}
    return tuple(Swap(*row) for row in db.session.execute(statement, known))


def page(swap_id: int, household_ids: Sequence[int]) -> SwapPage:
    """One swap of these households. Raises NotFound for anybody else's. Two statements."""
    row = db.session.execute(
        _SWAPS.where(CustodySwap.id == swap_id, _READ_BY), {"households": household_ids}
    ).one_or_none()
    if row is None:
        raise NotFound
    swap = Swap(*row)
    booked = {True: 0, False: 0}
    for day, count in _booked_days(swap):
        for first, last, comes in swap.stretches:
            booked[comes] += count if first <= day <= last else 0
    return SwapPage(swap, booked[True], booked[False])


def _booked_days(swap: Swap) -> Sequence[tuple[date, int]]:
    spans = [Booking.day.between(first, last) for first, last, _ in swap.stretches]
    statement = (
        select(Booking.day, func.count())
        .where(and_(Booking.child_id == swap.child_id, Booking.state.in_(ACTIVE_STATES), or_(*spans)))
        .group_by(Booking.day)
    )
    return [tuple(row) for row in db.session.execute(statement)]
