"""The receipt of a request, the same on the page and in the mail: state, price, way back (R26, S103)."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, and_, bindparam, case, or_, select
from sqlalchemy.orm import aliased

from domain.day_list import list_days
from domain.enums import BookingState, Channel, LineAction, LineState, Outcome
from domain.errors import NotFound
from domain.french import (
    NBSP,
    enumerate_fr,
    format_difference,
    format_euros,
    format_moment,
    format_times,
    plural,
)
from domain.labels import label
from domain.rulebook.decisions import cancelling
from domain.workflow import ACTIVE_STATES, UNPLACED_STATES
from models import (
    AllotmentRank,
    Booking,
    BookingRequest,
    BookingRequestLine,
    Child,
    Facility,
    Opening,
    PresenceType,
)
from queries.booking_days import GIVING_UP, UNCHANGED, replaced_words, waiting_sentence
from queries.place_columns import waiting_rank
from queries.reading import read
from queries.rules import RuleSet, rule_set

_REQUEST = select(
    BookingRequest.id,
    BookingRequest.reference,
    BookingRequest.household_id,
    BookingRequest.author_name,
    BookingRequest.channel,
    BookingRequest.override_reason,
    BookingRequest.created_at,
).where(
    BookingRequest.reference == bindparam("reference"),
    BookingRequest.household_id.in_(bindparam("households", expanding=True)),
)
_REPLACED, _REPLACED_TYPE = aliased(Booking), aliased(PresenceType)
# The booking of another presence type that a line takes the place of: the one it is about while nobody has
# answered, then the one that ended at the very moment when the new booking was made.
_IS_REPLACED = and_(
    BookingRequestLine.action == LineAction.BOOK,
    BookingRequestLine.state.in_([LineState.ACCEPTED, LineState.PENDING]),
    _REPLACED.child_id == BookingRequestLine.child_id,
    _REPLACED.day == BookingRequestLine.day,
    _REPLACED.opening_id == BookingRequestLine.opening_id,
    _REPLACED.presence_type_id != BookingRequestLine.presence_type_id,
    or_(
        _REPLACED.id == BookingRequestLine.booking_id,
        and_(
            _REPLACED.id < BookingRequestLine.booking_id,
            _REPLACED.state == BookingState.CANCELLED,
            _REPLACED.updated_at == Booking.created_at,
        ),
    ),
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
        Booking.offer_expires_at,
        waiting_rank().label("rank"),
        case((AllotmentRank.id.is_not(None), Opening.period_id)).label("allotted_period_id"),
        _REPLACED_TYPE.name.label("replaced_type"),
        _REPLACED.price_cents.label("replaced_cents"),
    )
    .join(Child, Child.id == BookingRequestLine.child_id)
    .join(Facility, Facility.id == BookingRequestLine.facility_id)
    .join(Opening, Opening.id == BookingRequestLine.opening_id)
    .join(PresenceType, PresenceType.id == BookingRequestLine.presence_type_id)
    .outerjoin(AllotmentRank, AllotmentRank.booking_id == BookingRequestLine.booking_id)
    .outerjoin(Booking, Booking.id == BookingRequestLine.booking_id)
    .outerjoin(_REPLACED, _IS_REPLACED)
    .outerjoin(_REPLACED_TYPE, _REPLACED_TYPE.id == _REPLACED.presence_type_id)
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
    """Lines that share all but the day. `undo`: the rule of cancelling in words, if something is booked.

    `words` say where the lines stand, `look` is the key of their drawing (`components/badges.html`);
    `replaces` names what a change takes the place of, `price` is then the difference.
    """

    title: str
    facility: str
    days_text: str
    words: str
    look: str
    replaces: str
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
    """A request: what became of each line, and `total_cents` of what is accepted or may be.

    `pending` and `waiting` count the days of the whole request that nobody has answered yet and those of the
    waiting list; `unchanged` are the sentences of the lines that asked for what was there already. `wishes`:
    all that is pending waits for an allotment; `allotted_period_ids`: the periods that gave their places.
    `override_reason`: why the service passed a rule, empty when it did not.
    """

    reference: str
    author: str
    channel: Channel
    override_reason: str
    created_at: datetime
    children: tuple[ChildParts, ...]
    total_cents: int
    explanations: tuple[str, ...]
    states: frozenset[LineState]
    pending: int
    waiting: int
    unchanged: tuple[str, ...]
    wishes: bool
    allotted_period_ids: tuple[int, ...]

    @property
    def summary(self) -> str:
        """What happened, in one or two sentences (S99)."""
        if len(self.states) > 1:
            refused = [_REFUSED_TOO] if LineState.REFUSED in self.states else []
            sentences = ["Chaque jour a sa réponse ci-dessous.", self.still_open, *refused]
            return " ".join(sentence for sentence in sentences if sentence)
        (state,) = self.states
        if state is LineState.WITHDRAWN and self.unchanged:
            several = len(set(self.unchanged)) > 1 or len(self.unchanged) > 1
            return _ALL_UNCHANGED if several else self.unchanged[0]
        if state is LineState.PENDING and self.wishes:
            return _ALL_WISHES
        return _SUMMARIES[state]

    @property
    def still_open(self) -> str:
        """How many days are not settled yet, pending and in the waiting list; empty when none is."""
        counts = ((self.pending, _PENDING_TOO), (self.waiting, _WAITING_TOO))
        said = [plural(count, *words) for count, words in counts if count]
        return f"{enumerate_fr(said)}." if said else ""

    @property
    def tone(self) -> str:
        decided = self.states - {LineState.WITHDRAWN}
        if not decided:
            return "info"
        if decided <= {LineState.ACCEPTED}:
            return "ok"
        return "stop" if decided <= {LineState.REFUSED} else "wait"

    @property
    def has_total(self) -> bool:
        """False when nothing of it can be due."""
        return not self.states.isdisjoint(_DUE)


_SUMMARIES = {
    LineState.ACCEPTED: "Tout est accepté.",
    LineState.PENDING: "Votre demande est transmise à la structure. Sa réponse vous parviendra par mail.",
    LineState.WAITING: "Ces jours sont complets. Votre enfant est sur la liste d’attente.",
    LineState.REFUSED: "Rien n’a été réservé ni annulé. Le motif est écrit sous chaque jour.",
    LineState.WITHDRAWN: "Cette demande a été retirée.",
}
_ALL_WISHES = (
    "Vos vœux sont enregistrés. La réponse vous parviendra par mail, une fois les places attribuées."
)
_REFUSED_TOO = "Ce qui est refusé n’a rien changé, le motif est indiqué."
_ALL_UNCHANGED = f"Ces jours étaient déjà réservés ou demandés{NBSP}: rien n’a changé."
_PENDING_TOO = (
    "jour attend encore une réponse, envoyée par mail",
    "jours attendent encore une réponse, envoyée par mail",
)
_WAITING_TOO = ("jour est en liste d’attente", "jours sont en liste d’attente")
_DUE = (LineState.ACCEPTED, LineState.PENDING)
_OPEN = (LineState.PENDING, LineState.WAITING)
_AWAITED = (BookingState.OFFERED, BookingState.REQUESTED)
_BADGES = {unchanged.sentence: unchanged.badge for unchanged in UNCHANGED.values()}


def receipt(
    reference: str, household_ids: Sequence[int], now: datetime, line_ids: Collection[int] | None = None
) -> Receipt:
    """The request of one of these households, or only some of its lines. Five statements at most.

    Raises NotFound for an unknown reference or another family's.
    """
    found = read(_REQUEST, {"reference": reference, "households": household_ids}).first()
    if found is None:
        raise NotFound
    whole = read(_LINES, {"request_id": found.id}).all()
    states = Counter(row.state for row in whole)
    rows = [row for row in whole if line_ids is None or row.id in line_ids]
    days = [row.day for row in rows]
    rules = rule_set({row.activity_id for row in rows}, (), found.household_id, min(days), max(days))
    return Receipt(
        reference=found.reference,
        author=found.author_name,
        channel=found.channel,
        override_reason=found.override_reason,
        created_at=found.created_at,
        children=_children(rows, rules, now),
        total_cents=sum(_due_cents(row) or 0 for row in rows if row.state in _DUE),
        explanations=tuple(dict.fromkeys(" ".join(row.explanation) for row in rows if row.explanation)),
        states=frozenset(row.state for row in rows),
        pending=states[LineState.PENDING],
        waiting=states[LineState.WAITING],
        unchanged=tuple(row.reason for row in rows if _badge(row)),
        wishes=all(_is_wish(row) for row in rows if row.state is LineState.PENDING),
        allotted_period_ids=tuple(
            dict.fromkeys(row.allotted_period_id for row in rows if row.allotted_period_id is not None)
        ),
    )


def _is_wish(row: Row) -> bool:
    return row.booking_state is BookingState.REQUESTED and row.state is LineState.PENDING


def _children(rows: Sequence[Row], rules: RuleSet, now: datetime) -> tuple[ChildParts, ...]:
    children: dict[tuple[int, str], dict[tuple, list[Row]]] = {}
    for row in rows:
        parts = children.setdefault((row.child_id, row.first_name), {})
        key = (row.facility, row.presence, row.action, row.state, row.price_cents, _reason(row))
        key += (row.replaced_type, row.replaced_cents, _words(row))
        parts.setdefault(key, []).append(row)
    return tuple(
        ChildParts(child_id, first_name, tuple(_part(members, rules, now) for members in parts.values()))
        for (child_id, first_name), parts in children.items()
    )


def _part(rows: Sequence[Row], rules: RuleSet, now: datetime) -> Part:
    first = rows[0]
    days = tuple(_day(row, rules, now) for row in rows)
    rule = (
        GIVING_UP
        if _is_wish(first)
        else rules.rule_in_words(first.activity_id, LineAction.CANCEL, first.day, now, first.child_id)
    )
    return Part(
        title=f"Annulation · {first.presence}" if first.action is LineAction.CANCEL else first.presence,
        facility=first.facility,
        days_text=list_days(row.day for row in rows),
        words=_words(first),
        look=_look(first),
        replaces=replaced_words(first.replaced_type, first.replaced_cents) if first.replaced_type else "",
        reason=_reason(first),
        price=_price(first, len(rows)),
        undo=rule if any(_is_active(row) for row in rows) else "",
        days=days,
    )


def _reason(row: Row) -> str:
    """What the line says of itself; of a child that waits, where it stands now."""
    if row.state is not LineState.WAITING or row.booking_id is None:
        return row.reason
    if row.rank:
        return waiting_sentence(row.rank)
    if row.booking_state is BookingState.OFFERED:
        until = format_moment(row.offer_expires_at)
        return f"Une place est proposée{NBSP}: répondez avant le {until}, depuis l’accueil ou le planning."
    return row.reason


def _words(row: Row) -> str:
    """Where a line stands; of a booking that waits, what it waits for."""
    if badge := _badge(row):
        return badge
    if row.action is LineAction.BOOK and row.state in _OPEN and row.booking_state in _AWAITED:
        return label(row.booking_state)
    return f"{label(row.state)}, annulée depuis" if _was_cancelled(row) else label(row.state)


def _look(row: Row) -> str:
    if _badge(row):
        return "unchanged"
    if row.action is LineAction.BOOK and row.state in _OPEN and row.booking_state in _AWAITED:
        return row.booking_state.value
    return (BookingState.CANCELLED if _was_cancelled(row) else row.state).value


def _badge(row: Row) -> str:
    """The words of a line that asked for what was there already: withdrawn at once, without a booking."""
    is_unchanged = row.state is LineState.WITHDRAWN and row.booking_id is None
    return _BADGES.get(row.reason, "") if is_unchanged else ""


def _due_cents(row: Row) -> int | None:
    """What the line adds to the bill; None when a price is not known."""
    if row.replaced_type is None or row.price_cents is None:
        return row.price_cents
    return None if row.replaced_cents is None else row.price_cents - row.replaced_cents


def _is_active(row: Row) -> bool:
    """True when the booking that this line made still stands."""
    return (
        row.action is LineAction.BOOK
        and row.booking_state in ACTIVE_STATES
        and row.state not in (LineState.REFUSED, LineState.WITHDRAWN)
    )


def _day(row: Row, rules: RuleSet, now: datetime) -> ReceiptDay:
    if not _is_active(row):
        return ReceiptDay(row.day, "annulé depuis" if _was_cancelled(row) else "", None)
    if row.booking_state in UNPLACED_STATES:
        return ReceiptDay(row.day, GIVING_UP, row.booking_id)
    decision = cancelling(
        rules.decide(row.activity_id, LineAction.CANCEL, row.day, now, row.child_id), row.booking_state
    )
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
    cents = _due_cents(row)
    if cents is None:
        return "prix à confirmer"
    return format_times(count, cents, format_difference if row.replaced_type else format_euros)
