"""The receipt of a request, the same on the page and in the mail: state, price, way back (R26, S103)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, bindparam, select

from domain.day_list import list_days
from domain.enums import BookingState, Channel, LineAction, LineState, Outcome
from domain.errors import NotFound
from domain.french import NBSP, format_euros
from domain.workflow import ACTIVE_STATES
from models import (
    Booking,
    BookingRequest,
    BookingRequestLine,
    Child,
    Facility,
    Opening,
    PresenceType,
)
from queries.reading import read
from queries.rules import RuleSet, rule_set

_REQUEST = select(
    BookingRequest.id,
    BookingRequest.reference,
    BookingRequest.household_id,
    BookingRequest.author_name,
    BookingRequest.channel,
    BookingRequest.created_at,
).where(
    BookingRequest.reference == bindparam("reference"),
    BookingRequest.household_id.in_(bindparam("households", expanding=True)),
)
_LINES = (
    select(
        BookingRequestLine.id,
        BookingRequestLine.child_id,
        Child.first_name,
        Facility.name.label("facility"),
        Facility.phone,
        Opening.activity_id,
        PresenceType.name.label("presence"),
        BookingRequestLine.day,
        BookingRequestLine.action,
        BookingRequestLine.state,
        BookingRequestLine.price_cents,
        BookingRequestLine.explanation,
        BookingRequestLine.reason,
        BookingRequestLine.booking_id,
        Booking.state.label("booking_state"),
    )
    .join(Child, Child.id == BookingRequestLine.child_id)
    .join(Facility, Facility.id == BookingRequestLine.facility_id)
    .join(Opening, Opening.id == BookingRequestLine.opening_id)
    .join(PresenceType, PresenceType.id == BookingRequestLine.presence_type_id)
    .outerjoin(Booking, Booking.id == BookingRequestLine.booking_id)
    .where(BookingRequestLine.request_id == bindparam("request_id"))
    .order_by(BookingRequestLine.child_id, BookingRequestLine.day, BookingRequestLine.id)
)


@dataclass(frozen=True, slots=True)
class ReceiptDay:
    """One day of a part. `sentence` says until when it can be undone; `booking_id` is None when it cannot."""

    day: date
    sentence: str
    booking_id: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that share all but the day. `undo`: the rule of cancelling in words, if something is booked."""

    title: str
    facility: str
    days_text: str
    state: LineState
    reason: str
    price: str
    undo: str
    days: tuple[ReceiptDay, ...]


@dataclass(frozen=True, slots=True)
class ChildParts:
    child_id: int
    first_name: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A request: what became of each line, and `total_cents` of what is accepted or may be."""

    reference: str
    author: str
    channel: Channel
    created_at: datetime
    children: tuple[ChildParts, ...]
    total_cents: int
    explanations: tuple[str, ...]
    states: frozenset[LineState]

    @property
    def summary(self) -> str:
        """What happened, in one or two sentences (S99)."""
        if len(self.states) == 1:
            (state,) = self.states
            return _SUMMARIES[state]
        sentences = [sentence for state, sentence in _MIXED.items() if state in self.states]
        return " ".join(["Chaque jour a sa réponse ci-dessous.", *sentences])

    @property
    def tone(self) -> str:
        if self.states <= {LineState.ACCEPTED}:
            return "ok"
        return "stop" if self.states <= {LineState.REFUSED} else "wait"


_SUMMARIES = {
    LineState.ACCEPTED: "Tout est accepté.",
    LineState.PENDING: "Votre demande est transmise à la structure. Sa réponse vous parviendra par mail.",
    LineState.WAITING: "Ces jours sont complets. Votre enfant est sur la liste d’attente.",
    LineState.REFUSED: "Rien n’a été réservé ni annulé. Le motif est écrit sous chaque jour.",
    LineState.WITHDRAWN: "Cette demande a été retirée.",
}
_MIXED = {
    LineState.PENDING: "Ce qui est en cours de validation vous parviendra par mail.",
    LineState.REFUSED: "Ce qui est refusé n’a rien changé, le motif est indiqué.",
}


def receipt(
    reference: str, household_ids: Sequence[int], now: datetime, line_ids: Collection[int] | None = None
) -> Receipt:
    """The request of one of these households, or only some of its lines. Five statements at most.

    Raises NotFound for an unknown reference or another family's.
    """
    found = read(_REQUEST, {"reference": reference, "households": household_ids}).first()
    if found is None:
        raise NotFound
    rows = read(_LINES, {"request_id": found.id}).all()
    rows = [row for row in rows if line_ids is None or row.id in line_ids]
    days = [row.day for row in rows]
    rules = rule_set({row.activity_id for row in rows}, (), found.household_id, min(days), max(days))
    due = (LineState.ACCEPTED, LineState.PENDING)
    return Receipt(
        reference=found.reference,
        author=found.author_name,
        channel=found.channel,
        created_at=found.created_at,
        children=_children(rows, rules, now),
        total_cents=sum(row.price_cents or 0 for row in rows if row.state in due),
        explanations=tuple(dict.fromkeys(" ".join(row.explanation) for row in rows if row.explanation)),
        states=frozenset(row.state for row in rows),
    )


def _children(rows: Sequence[Row], rules: RuleSet, now: datetime) -> tuple[ChildParts, ...]:
    children: dict[tuple[int, str], dict[tuple, list[Row]]] = {}
    for row in rows:
        parts = children.setdefault((row.child_id, row.first_name), {})
        key = (row.facility, row.presence, row.action, row.state, row.price_cents, row.reason)
        parts.setdefault(key, []).append(row)
    return tuple(
        ChildParts(child_id, first_name, tuple(_part(members, rules, now) for members in parts.values()))
        for (child_id, first_name), parts in children.items()
    )


def _part(rows: Sequence[Row], rules: RuleSet, now: datetime) -> Part:
    first = rows[0]
    days = tuple(_day(row, rules, now) for row in rows)
    rule = rules.decide(first.activity_id, LineAction.CANCEL, first.day, now).explanation[0]
    return Part(
        title=f"Annulation · {first.presence}" if first.action is LineAction.CANCEL else first.presence,
        facility=first.facility,
        days_text=list_days(row.day for row in rows),
        state=first.state,
        reason=first.reason,
        price=_price(first, len(rows)),
        undo=rule if any(_is_active(row) for row in rows) else "",
        days=days,
    )


def _is_active(row: Row) -> bool:
    """True when the booking that this line made still stands."""
    return (
        row.action is LineAction.BOOK
        and row.booking_state in ACTIVE_STATES
        and row.state is not LineState.REFUSED
    )


def _day(row: Row, rules: RuleSet, now: datetime) -> ReceiptDay:
    if not _is_active(row):
        return ReceiptDay(row.day, "annulé depuis" if _was_cancelled(row) else "", None)
    decision = rules.decide(row.activity_id, LineAction.CANCEL, row.day, now)
    can = decision.outcome is not Outcome.REFUSE
    return ReceiptDay(row.day, decision.sentence, row.booking_id if can else None)


def _was_cancelled(row: Row) -> bool:
    return (
        row.action is LineAction.BOOK
        and row.state is LineState.ACCEPTED
        and row.booking_state is BookingState.CANCELLED
    )


def _price(row: Row, count: int) -> str:
    if row.state in (LineState.REFUSED, LineState.WITHDRAWN):
        return "–"
    if row.price_cents is None:
        return "prix à confirmer"
    amount = format_euros(row.price_cents)
    return amount if count == 1 else f"{count}{NBSP}×{NBSP}{amount}"
