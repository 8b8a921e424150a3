"""Two households of a child swap days of care: one proposes, the other accepts (R02).

An accepted swap becomes exceptions to the calendar, and the coming bookings of its days go with the child
(`services.custody_moves`). Nobody answers for the other, and an answer counts once: the state changes by one
conditional update, while the child is held.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.calendar import ONE_DAY, paris_now
from domain.day_list import list_days
from domain.enums import Channel, SwapState
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from models import CustodyException, CustodySwap, HouseholdChild
from queries import custody as custody_queries
from services import custody_moves, records
from services.accounts import Author
from services.booking_life import Actor
from services.transaction import write_transaction

LONGEST = timedelta(days=62)
_REASON = "Échange entre les deux foyers"


@dataclass(frozen=True, slots=True)
class Parent:
    """Who acts: the account, its name, and the households it belongs to."""

    user_id: int
    name: str
    household_ids: Collection[int]

    @property
    def actor(self) -> Actor:
        return Actor(self.user_id, self.name, Channel.PORTAL)


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row, both included."""

    first: date
    last: date

    def days(self) -> Iterable[date]:
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))

    def overlaps(self, first: date, last: date) -> bool:
        return self.first <= last and first <= self.last


def propose(parent: Parent, child_id: int, given: Span, taken: Span | None, key: str, now: datetime) -> int:
    """Offer days of care to the other household, perhaps against days of its own. Returns the swap's id.

    The same sending again (`key`) is the same proposal. Raises NotFound for a child whom the parent does not
    read and for somebody else's sending, Refused `one_household`, `dates`, `not_ours`, `not_theirs` or
    `already_asked`.
    """
    with write_transaction() as session:
        custody_moves.hold(session, child_id, now)
        sent = session.scalar(select(CustodySwap).where(CustodySwap.submission_key == key))
        if sent is not None:
            if sent.author_user_id != parent.user_id:
                raise NotFound
            return sent.id
        household_id, other_id = _two_homes(session, child_id, parent.household_ids)
        _refuse_dates(given, taken, paris_now(now).date())
        _refuse_homes(child_id, given, household_id, "not_ours")
        if taken is not None:
            _refuse_homes(child_id, taken, other_id, "not_theirs")
        _refuse_twice(session, child_id, given, taken)
        swap = CustodySwap(
            child_id=child_id,
            household_id=household_id,
            to_household_id=other_id,
            given_first=given.first,
            given_last=given.last,
            taken_first=taken.first if taken else None,
            taken_last=taken.last if taken else None,
            state=SwapState.PENDING,
            author_user_id=parent.user_id,
            author_name=parent.name,
            submission_key=key,
            created_at=now,
        )
        session.add(swap)
        session.flush()
        _record(session, "custody_swap.proposed", swap, household_id, parent, now)
        _tell(session, swap, other_id, "proposed", now, other=parent.name)
        return swap.id


def accept(parent: Parent, swap_id: int, now: datetime) -> None:
    """Take the proposal: the days change house, their bookings and prices with them.

    Raises NotFound for a swap that is not put to the parent, Stale when it was answered, when the calendar
    has moved since or when the child lives no more in one of the households, Refused `dates` once its first
    day is there.
    """
    with write_transaction() as session:
        swap = _held(session, swap_id, parent, now, to_me=True)
        _refuse_past(swap, now)
        _refuse_moved(swap)
        _refuse_without_homes(session, swap)
        _answer(session, swap, SwapState.ACCEPTED, parent, now)
        for first, last, household_id in _stretches(swap):
            _except(session, swap, Span(first, last), household_id)
        author = Actor(swap.author_user_id, swap.author_name, Channel.PORTAL)
        authors = {swap.household_id: author, swap.to_household_id: parent.actor}
        moves = custody_moves.follow(session, swap.child_id, parent.actor, now, authors)
        for household_id in (swap.household_id, swap.to_household_id):
            _record(session, "custody_swap.accepted", swap, household_id, parent, now)
            _tell(session, swap, household_id, "accepted", now, **moves.words(household_id))


def refuse(parent: Parent, swap_id: int, now: datetime) -> None:
    """Say no: nothing changes. Raises NotFound and Stale like `accept`."""
    with write_transaction() as session:
        swap = _held(session, swap_id, parent, now, to_me=True)
        _answer(session, swap, SwapState.REFUSED, parent, now)
        _record(session, "custody_swap.refused", swap, swap.to_household_id, parent, now)
        _tell(session, swap, swap.household_id, "refused", now)


def withdraw(parent: Parent, swap_id: int, now: datetime) -> None:
    """Take one's own proposal back while it waits. Raises NotFound for another household's, Stale once
    it was answered."""
    with write_transaction() as session:
        swap = _held(session, swap_id, parent, now, to_me=False)
        _answer(session, swap, SwapState.WITHDRAWN, parent, now)
        _record(session, "custody_swap.withdrawn", swap, swap.household_id, parent, now)
        _tell(session, swap, swap.to_household_id, "withdrawn", now)


# --- What is refused ----------------------------------------------------------------------------------------


def _two_homes(session: Session, child_id: int, household_ids: Collection[int]) -> tuple[int, int]:
    """(the parent's household, the other one) of the child. Raises NotFound or Refused."""
    links = session.execute(
        select(HouseholdChild.household_id, HouseholdChild.is_restricted).where(
            HouseholdChild.child_id == child_id
        )
    ).all()
    ours = [one.household_id for one in links if one.household_id in household_ids and not one.is_restricted]
    others = [one for one in links if one.household_id not in household_ids]
    if not ours:
        raise NotFound
    if len(links) != 2 or len(others) != 1 or others[0].is_restricted:
        raise Refused(
            "one_household",
            f"Cet enfant n’a pas d’autre foyer avec qui échanger des jours{NBSP}: appelez le service.",
        )
    return ours[0], others[0].household_id


def _refuse_dates(given: Span, taken: Span | None, today: date) -> None:
    spans = [given] if taken is None else [given, taken]
    if any(one.first <= today for one in spans):
        raise Refused("dates", f"Un échange commence au plus tôt demain{NBSP}: choisissez des jours à venir.")
    if any(one.last < one.first for one in spans):
        raise Refused("dates", "Indiquez un dernier jour qui suit le premier.")
    if any(one.last - one.first > LONGEST for one in spans):
        raise Refused(
            "dates",
            f"Un échange porte sur deux mois au plus{NBSP}: au-delà, demandez au service de changer le "
            "calendrier.",
        )


def _refuse_homes(child_id: int, span: Span, household_id: int, code: str) -> None:
    wrong = _days_not_at(child_id, span, household_id)
    if wrong:
        whose = "chez vous" if code == "not_ours" else "dans son autre foyer"
        raise Refused(code, f"L’enfant n’est pas {whose} tous ces jours-là{NBSP}: {list_days(wrong)}.")


def _days_not_at(child_id: int, span: Span, household_id: int) -> list[date]:
    homes = custody_queries.household_on(child_id, list(span.days()))
    return [day for day, home in homes.items() if home != household_id]


def _refuse_twice(session: Session, child_id: int, given: Span, taken: Span | None) -> None:
    waiting = session.scalars(
        select(CustodySwap).where(
            CustodySwap.child_id == child_id,
            CustodySwap.state == SwapState.PENDING,
            CustodySwap.given_last >= min(given.first, taken.first if taken else given.first),
        )
    )
    spans = [given] if taken is None else [given, taken]
    for swap in waiting:
        for first, last, _ in _stretches(swap):
            if any(one.overlaps(first, last) for one in spans):
                raise Refused(
                    "already_asked",
                    f"Un échange attend déjà une réponse pour ces jours{NBSP}: retirez-le ou répondez-y "
                    "d’abord.",
                )


def _refuse_past(swap: CustodySwap, now: datetime) -> None:
    if min(first for first, _, _ in _stretches(swap)) <= paris_now(now).date():
        raise Refused(
            "dates",
            f"Le premier jour de cet échange est arrivé{NBSP}: proposez un autre échange ou appelez le "
            "service.",
        )


def _refuse_moved(swap: CustodySwap) -> None:
    """Each day must still be in the household that the swap takes it from."""
    sides = {swap.household_id: swap.to_household_id, swap.to_household_id: swap.household_id}
    for first, last, household_id in _stretches(swap):
        if _days_not_at(swap.child_id, Span(first, last), sides[household_id]):
            raise Stale(
                f"Le calendrier de garde a changé depuis cette proposition{NBSP}: refusez-la, puis "
                "convenez d’un autre échange."
            )


def _refuse_without_homes(session: Session, swap: CustodySwap) -> None:
    """Both households must still have the child, and read more of it than its name."""
    links = [
        session.get(HouseholdChild, (household_id, swap.child_id))
        for household_id in (swap.household_id, swap.to_household_id)
    ]
    if any(link is None or link.is_restricted for link in links):
        raise Stale(f"Cet échange n’est plus possible{NBSP}: appelez le service.")


# --- The swap itself ----------------------------------------------------------------------------------------


def _held(session: Session, swap_id: int, parent: Parent, now: datetime, *, to_me: bool) -> CustodySwap:
    """The swap, its child held. Raises NotFound when it is not put to the parent (`to_me`), or not theirs."""
    child_id = session.scalar(select(CustodySwap.child_id).where(CustodySwap.id == swap_id))
    if child_id is None:
        raise NotFound
    custody_moves.hold(session, child_id, now)
    swap = session.get_one(CustodySwap, swap_id, populate_existing=True)
    household_id = swap.to_household_id if to_me else swap.household_id
    link = session.get(HouseholdChild, (household_id, child_id))
    if household_id not in parent.household_ids or link is None or link.is_restricted:
        raise NotFound
    return swap


def _answer(session: Session, swap: CustodySwap, state: SwapState, parent: Parent, now: datetime) -> None:
    """Give the swap its last state. Raises Stale when somebody was faster."""
    answered = session.execute(
        update(CustodySwap)
        .where(CustodySwap.id == swap.id, CustodySwap.state == SwapState.PENDING)
        .values(state=state, answered_at=now, answered_by_name=parent.name)
    )
    if not answered.rowcount:
        raise Stale("Cet échange a déjà reçu une réponse. Voici la situation actuelle.")


def _stretches(swap: CustodySwap) -> list[tuple[date, date, int]]:
    """(first day, last day, household in which they are to be spent)."""
    found = [(swap.given_first, swap.given_last, swap.to_household_id)]
    if swap.taken_first is not None:
        found.append((swap.taken_first, swap.taken_last, swap.household_id))
    return found


def _except(session: Session, swap: CustodySwap, span: Span, household_id: int) -> None:
    """Say that the child is there; an exception of these days gives way, its other days stay."""
    former = session.scalars(
        select(CustodyException).where(
            CustodyException.child_id == swap.child_id,
            CustodyException.first_day <= span.last,
            CustodyException.last_day >= span.first,
        )
    ).all()
    for row in former:
        for first, last in ((row.first_day, span.first - ONE_DAY), (span.last + ONE_DAY, row.last_day)):
            if first <= last:
                session.add(_exception(row.child_id, row.household_id, first, last, row.reason, row.swap_id))
        session.delete(row)
    session.flush()
    session.add(_exception(swap.child_id, household_id, span.first, span.last, _REASON, swap.id))


def _exception(
    child_id: int, household_id: int, first: date, last: date, reason: str, swap_id: int | None
) -> CustodyException:
    return CustodyException(
        child_id=child_id,
        household_id=household_id,
        first_day=first,
        last_day=last,
        reason=reason,
        swap_id=swap_id,
    )


# --- Mails and journal --------------------------------------------------------------------------------------


def _tell(
    session: Session, swap: CustodySwap, household_id: int, step: str, now: datetime, **said: Any
) -> None:
    """A mail to one of the two households: which days are theirs, which are not any more."""
    words = {home: list_days(Span(first, last).days()) for first, last, home in _stretches(swap)}
    other_id = swap.household_id if household_id == swap.to_household_id else swap.to_household_id
    custody_moves.tell(
        session,
        swap.child_id,
        household_id,
        step,
        now,
        swap_id=swap.id,
        gained=words.get(household_id, ""),
        given=words.get(other_id, ""),
        **said,
    )


def _record(
    session: Session, action: str, swap: CustodySwap, household_id: int, parent: Parent, now: datetime
) -> None:
    days = {name: getattr(swap, name) for name in ("given_first", "given_last", "taken_first", "taken_last")}
    records.tell(
        session,
        action,
        swap,
        household_id,
        author=Author(parent.user_id),
        now=now,
        after={"child_id": swap.child_id, **days},
    )
