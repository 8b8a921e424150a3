"""From wishes to bookings: what a family validates, and what the staff answers (S98 to S103, S106, S108).

Everything is read again and decided inside the write transaction. Openings are locked in the order of their
ids, so that two requests never wait for each other; places and states change through `services.places` and
`services.booking_life`, and the unique key of active bookings stands behind them. Each line has its own
outcome: a request whose every line is refused exists too, so that a family finds again what it asked and
why it was told no. A line that asks for what is booked already is withdrawn at once and names no booking:
nobody was told no.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from domain.booking_gates import Gate, refuse_closed
from domain.calendar import paris_now
from domain.enums import BookingState, Channel, LineAction, LineState, MailKind
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, format_day
from domain.rulebook.decisions import once_submitted
from domain.workflow import ACTIVE_STATES, FULL, NOT_BY_HAND, PLACE_HOLDING_STATES, UNPLACED_STATES
from models import Booking, BookingDraft, BookingDraftLine, BookingRequest, BookingRequestLine
from queries import booking_days, booking_gates, receipts
from queries import town as town_queries
from queries.booking_days import ChildDay, Verdict
from queries.rules import RuleSet
from services import (
    audit,
    booking_life,
    custody_moves,
    default_weeks,
    missed_days,
    outbox,
    places,
    records,
    waiting_lists,
)
from services.booking_drafts import Author
from services.booking_life import Actor
from services.places import Seat
from services.references import new_reference
from services.transaction import write_transaction

# --- « Valider » --------------------------------------------------------------------------------------------


def submit(author: Author, key: str, author_name: str, now: datetime) -> str:
    """Turn the draft into one request and return its reference. An agent's is told to the family (S116).

    A draft makes one request whatever the number of taps, tabs and reloads: the first validation marks the
    draft in its own transaction, the others find its request. Raises NotFound for another person's draft,
    Refused `empty` when there is nothing to validate, `gated` when the town wants something
    done before a day is booked, unless an agent says why it passes that; giving days up is always possible.
    """
    with write_transaction() as session:
        return submit_within(session, author, key, author_name, now)


def submit_within(session: Session, author: Author, key: str, author_name: str, now: datetime) -> str:
    """The same inside the caller's transaction."""
    draft = _claim(session, author, key, now)
    if draft is None:
        return _reference_of(session, author, key)
    places.lock(session, select(BookingDraftLine.opening_id).where(BookingDraftLine.draft_id == draft.id))
    wishes = booking_days.wishes(draft.id)
    shared = {wish.child_id for wish in wishes if wish.has_custody}
    if shared:
        custody_moves.share(session, shared)
    if not wishes:
        raise Refused("empty", "Votre demande est vide. Choisissez au moins un jour.")
    gates = _gates(author.user_id, draft.household_id, wishes, paris_now(now).date())
    if not draft.override_reason:
        refuse_closed(gates)
    request = BookingRequest(
        reference=new_reference(session, BookingRequest),
        household_id=draft.household_id,
        author_user_id=author.user_id,
        author_name=author_name,
        channel=draft.channel,
        override_reason=draft.override_reason,
        draft_id=draft.id,
        created_at=now,
    )
    session.add(request)
    session.flush()
    settled = _settle_all(session, request, wishes, now)
    if not gates and not any(one.verdict.is_passed for one in settled):
        request.override_reason = ""  # nothing had to be passed
    lines = _write_lines(session, request, settled, now)
    default_weeks.keep(session, draft.id, author, now)
    _announce(session, request, MailKind.BOOKING_RECEIPT, now, [line.id for line in lines])
    _record(session, request, "booking_request.submitted", lines, author.user_id, now)
    return request.reference


def _gates(user_id: int, household_id: int, wishes: Iterable[ChildDay], today: date) -> tuple[Gate, ...]:
    """What the town wants done first; nothing when days are only given up."""
    pairs = {(wish.child_id, wish.facility_id) for wish in wishes if wish.wish is LineAction.BOOK}
    if not pairs:
        return ()
    adults = booking_gates.adults_behind(user_id, [household_id])
    of_household = booking_gates.gates([household_id], adults, town_queries.settings(), today)
    return of_household + booking_gates.document_gates(household_id, pairs, today)


def _claim(session: Session, author: Author, key: str, now: datetime) -> Row | None:
    """Mark the draft as validated; None when it is not an open draft of the author."""
    return session.execute(
        update(BookingDraft)
        .where(
            BookingDraft.key == key,
            BookingDraft.user_id == author.user_id,
            BookingDraft.household_id.in_(author.household_ids),
            BookingDraft.submitted_at.is_(None),
        )
        .values(submitted_at=now, updated_at=now)
        .returning(
            BookingDraft.id, BookingDraft.household_id, BookingDraft.channel, BookingDraft.override_reason
        )
    ).one_or_none()


def _reference_of(session: Session, author: Author, key: str) -> str:
    reference = session.scalar(
        select(BookingRequest.reference)
        .join(BookingDraft, BookingDraft.id == BookingRequest.draft_id)
        .where(BookingDraft.key == key, BookingDraft.user_id == author.user_id)
    )
    if reference is None:
        raise NotFound
    return reference


@dataclass(slots=True)
class _Settled:
    """A wish and what became of it; `booking` is a new row, `booking_id` one that existed before."""

    wish: ChildDay
    verdict: Verdict
    booking: Booking | None = None
    booking_id: int | None = None

    @property
    def frees(self) -> bool:
        """A place may have come free: a booking was given back, or takes other parts of the day."""
        return self.verdict.state is LineState.ACCEPTED and self.wish.booking_id is not None


def _settle_all(
    session: Session, request: BookingRequest, wishes: Sequence[ChildDay], now: datetime
) -> list[_Settled]:
    """Decide every wish, the cancellings first: the place they give back goes to who waits for it, else it
    may serve a sibling."""
    rules = booking_days.rules_for(wishes, request.household_id, wishes[0].day, wishes[-1].day)
    cancellings = [wish for wish in wishes if wish.wish is LineAction.CANCEL]
    settled = _settle_some(session, request, cancellings, rules, now)
    if len(cancellings) < len(wishes):
        if settled:
            _serve(session, settled, now)
            wishes = booking_days.wishes(request.draft_id)
        others = [wish for wish in wishes if wish.wish is not LineAction.CANCEL]
        settled += _settle_some(session, request, others, rules, now)
    for is_passed in (False, True):
        bookings = [one.booking for one in settled if one.booking and one.verdict.is_passed is is_passed]
        reason = request.override_reason if is_passed else ""
        booking_life.begin(session, bookings, _author(request), now, reason)
    return settled


def _passing(request: BookingRequest, verdict: Verdict) -> str:
    """Why a limit was passed, for the history; empty when none was."""
    return request.override_reason if verdict.is_passed else ""


def _write_lines(
    session: Session, request: BookingRequest, settled: Sequence[_Settled], now: datetime
) -> list[BookingRequestLine]:
    lines = [_line(request, one, now) for one in sorted(settled, key=lambda one: one.wish.day)]
    records.write_all(session, lines)
    own = select(BookingRequestLine).where(BookingRequestLine.request_id == request.id)
    written = list(session.scalars(own.order_by(BookingRequestLine.id)))
    _serve(session, settled, now)
    return written


def _settle_some(
    session: Session, request: BookingRequest, wishes: Iterable[ChildDay], rules: RuleSet, now: datetime
) -> list[_Settled]:
    moved = Moved()
    settled = []
    for one_a_day in _rounds(wishes):
        judged = []
        for wish in map(moved.seen_now, one_a_day):
            judged.append((wish, booking_days.judge(wish, wish.wish, wish.wish_type_id, rules, now)))
        taken = _take_free(session, judged)
        for wish, verdict in judged:
            one = _settle(session, request, wish, verdict, taken, now)
            moved.note(one)
            settled.append(one)
    return settled


def _rounds(wishes: Iterable[ChildDay]) -> Iterable[list[ChildDay]]:
    """The wishes in rounds where each opening stands once: a sibling comes after, and sees what is left."""
    rounds: list[list[ChildDay]] = []
    seen: Counter[int] = Counter()
    for wish in wishes:
        if seen[wish.opening_id] == len(rounds):
            rounds.append([])
        rounds[seen[wish.opening_id]].append(wish)
        seen[wish.opening_id] += 1
    return rounds


def _take_free(session: Session, judged: Iterable[tuple[ChildDay, Verdict]]) -> set[int]:
    """Take at once the places of a round on the days that no limit narrows; the openings that had one."""
    wanted = [
        wish.opening_id
        for wish, verdict in judged
        if not wish.has_limits and wish.booking_id is None and _takes_place(verdict)
    ]
    taken: set[int] = set()
    for part in places.some_at_a_time(wanted):
        taken |= places.take_free(session, part)
    return taken


def _serve(session: Session, settled: Iterable[_Settled], now: datetime) -> None:
    waiting_lists.serve(session, {one.wish.opening_id for one in settled if one.frees}, now)


def _settle(
    session: Session,
    request: BookingRequest,
    wish: ChildDay,
    verdict: Verdict,
    taken: Collection[int],
    now: datetime,
) -> _Settled:
    """Make of a judged wish what it becomes; `taken` are the openings whose place is already taken for it."""
    fulfilled = booking_days.unchanged(wish, verdict)
    if fulfilled is not None:
        return _Settled(wish, replace(verdict, state=LineState.WITHDRAWN, sentence=fulfilled.sentence))
    if verdict.state is LineState.REFUSED:
        return _Settled(wish, verdict)
    if wish.wish is LineAction.CANCEL:
        return _settle_cancelling(session, request, wish, verdict, now)
    if booking_days.is_switch(wish, wish.wish_type_id):
        return _settle_switch(session, request, wish, verdict, now)
    if _takes_place(verdict) and wish.opening_id not in taken:
        seat = Seat(wish.opening_id, wish.group_id, wish.parts)
        if not wish.has_limits or not places.take(session, seat):
            verdict = _without_place(wish, verdict)
    if verdict.state is LineState.REFUSED:
        return _Settled(wish, verdict)
    if verdict.state is LineState.WAITING:
        places.wait(session, wish.opening_id)
    return _Settled(wish, verdict, booking=_new_booking(request, wish, verdict, now))


def _takes_place(verdict: Verdict) -> bool:
    """A wish of an allotment and a turn on a waiting list take none."""
    return verdict.booking_state in PLACE_HOLDING_STATES


def _without_place(wish: ChildDay, verdict: Verdict) -> Verdict:
    """The last place went to somebody else: the waiting list when there is one."""
    if wish.has_waiting_list and (wish.waiting_places is None or wish.waiting < wish.waiting_places):
        rank = wish.waiting + 1
        sentence = booking_days.waiting_sentence(rank)
        return replace(verdict, state=LineState.WAITING, sentence=sentence, rank=rank)
    return Verdict(LineState.REFUSED, FULL.code, FULL.message, None)


class Moved:
    """What the new bookings of the request changed on each day, so that a sibling is told the truth."""

    def __init__(self) -> None:
        self._booked: Counter[int] = Counter()
        self._waiting: Counter[tuple[int, int | None]] = Counter()

    def note(self, one: _Settled) -> None:
        if one.booking is not None:
            self._booked[one.wish.opening_id] += one.booking.state in PLACE_HOLDING_STATES
            self._waiting[_list_of(one.wish)] += one.booking.state is BookingState.WAITING

    def seen_now(self, wish: ChildDay) -> ChildDay:
        """The wish with the counters of its day as they are now. A limit that narrows the day may have less
        room than it looks: taking the place decides."""
        booked, waiting = self._booked[wish.opening_id], self._waiting[_list_of(wish)]
        if not booked and not waiting:
            return wish
        return replace(wish, booked=wish.booked + booked, waiting=wish.waiting + waiting)


def _list_of(wish: ChildDay) -> tuple[int, int | None]:
    """The waiting list that the child would join: that of its group where something narrows the day."""
    return wish.opening_id, wish.group_id if wish.has_limits else None


def _new_booking(request: BookingRequest, wish: ChildDay, verdict: Verdict, now: datetime) -> Booking:
    return Booking(
        household_id=request.household_id,
        child_id=wish.child_id,
        opening_id=wish.opening_id,
        activity_id=wish.activity_id,
        presence_type_id=wish.wish_type_id,
        group_id=wish.group_id,
        day=wish.day,
        state=verdict.booking_state,
        price_cents=verdict.price_cents,
        created_at=now,
        updated_at=now,
    )


def _settle_cancelling(
    session: Session, request: BookingRequest, wish: ChildDay, verdict: Verdict, now: datetime
) -> _Settled:
    if verdict.state is LineState.ACCEPTED:
        booking = session.get_one(Booking, wish.booking_id)
        booking.due_cents = _still_due(booking, verdict.price_cents)
        reason = _passing(request, verdict)
        booking_life.move(session, booking, BookingState.CANCELLED, _author(request), now, reason)
    return _Settled(wish, verdict, booking_id=wish.booking_id)


def _still_due(booking: Booking, cents: int | None) -> int | None:
    """What cancelling leaves on the bill, in cents; None when no tariff says it. `cents` is what it takes off
    (negative)."""
    if booking.state in UNPLACED_STATES:
        return 0
    return None if cents is None else (booking.price_cents or 0) + cents


def _author(request: BookingRequest) -> Actor:
    return Actor(request.author_user_id, request.author_name, request.channel)


def _settle_switch(
    session: Session, request: BookingRequest, wish: ChildDay, verdict: Verdict, now: datetime
) -> _Settled:
    """Another presence type on a booked day: the place is kept, the former booking ends once accepted."""
    if verdict.state is LineState.PENDING:
        return _Settled(wish, verdict, booking_id=wish.booking_id)
    former = session.get_one(Booking, wish.booking_id)
    following = _new_booking(request, wish, verdict, now)
    reason = _passing(request, verdict)
    if not booking_life.replace(session, former, following, _author(request), now, reason):
        return _Settled(wish, Verdict(LineState.REFUSED, FULL.code, FULL.message, None))
    return _Settled(wish, verdict, booking_id=following.id)


def _line(request: BookingRequest, one: _Settled, now: datetime) -> BookingRequestLine:
    wish, verdict = one.wish, one.verdict
    is_open = verdict.state in (LineState.PENDING, LineState.WAITING)
    return BookingRequestLine(
        request_id=request.id,
        booking_id=one.booking.id if one.booking is not None else one.booking_id,
        child_id=wish.child_id,
        facility_id=wish.facility_id,
        opening_id=wish.opening_id,
        presence_type_id=wish.wish_type_id,
        day=wish.day,
        action=wish.wish,
        state=verdict.state,
        price_cents=verdict.price_cents,
        explanation=list(verdict.explanation),
        reason=_reason(verdict),
        decided_at=None if is_open else now,
    )


def _reason(verdict: Verdict) -> str:
    """What the receipt says beside a line: nothing when all went as usual, never a silent supplement nor a
    limit that an agent passed."""
    is_usual = verdict.state is LineState.ACCEPTED and not verdict.has_extra and not verdict.is_passed
    said = [] if is_usual else [once_submitted(verdict.sentence)]
    if verdict.settled_later and verdict.state is not LineState.REFUSED:
        said.append(f"Prix provisoire{NBSP}: {verdict.settled_later}.")
    return " ".join(said)


# --- What the staff answers ---------------------------------------------------------------------------------


def decide_lines(
    line_ids: Collection[int],
    *,
    accept: bool,
    reason: str,
    actor_user_id: int,
    facility_ids: Collection[int] | None,
    now: datetime,
) -> int:
    """Accept or refuse lines that wait for an answer; returns how many. All of them, or none.

    `facility_ids` are the facilities that the actor answers for, None for all. Raises NotFound for a line
    that is not there or not the actor's, Stale when somebody has answered meanwhile, Refused `full` when a
    line of a waiting list finds no place, `not_by_hand` when the family must answer an offer or the places
    are not allotted yet, `reason_missing` for a refusal without reason.
    """
    reason = reason.strip()
    if not accept and not reason:
        raise Refused("reason_missing", "Indiquez le motif du refus\u00a0: la famille le lira.")
    with write_transaction() as session:
        lines = _lines_to_decide(session, line_ids, facility_ids)
        actor = booking_life.agent(session, actor_user_id)
        for line in lines:
            _decide(session, line, accept, reason, actor, now)
            line.state = LineState.ACCEPTED if accept else LineState.REFUSED
            line.reason, line.decided_at, line.decided_by_user_id = reason, now, actor_user_id
        session.flush()
        waiting_lists.serve(session, {line.opening_id for line in lines}, now)
        action = "booking_request.accepted" if accept else "booking_request.refused"
        for request, own in _by_request(session, lines):
            _announce(session, request, MailKind.BOOKING_DECISION, now, [line.id for line in own])
            _record(session, request, action, own, actor_user_id, now)
        return len(lines)


def _lines_to_decide(
    session: Session, line_ids: Collection[int], facility_ids: Collection[int] | None
) -> list[BookingRequestLine]:
    """The lines, locked with their openings. Raises NotFound or Stale."""
    wanted = select(BookingRequestLine).where(BookingRequestLine.id.in_(set(line_ids)))
    if facility_ids is not None:
        wanted = wanted.where(BookingRequestLine.facility_id.in_(facility_ids))
    places.lock(session, wanted.with_only_columns(BookingRequestLine.opening_id))
    lines = list(session.scalars(wanted.order_by(BookingRequestLine.id).with_for_update()))
    if not lines or len(lines) != len(set(line_ids)):
        raise NotFound
    if any(line.state not in (LineState.PENDING, LineState.WAITING) for line in lines):
        raise Stale("Une de ces demandes a déjà reçu une réponse. Voici la situation actuelle.")
    return lines


def _decide(
    session: Session, line: BookingRequestLine, accept: bool, reason: str, actor: Actor, now: datetime
) -> None:
    booking = session.get(Booking, line.booking_id)
    if booking is None or booking.state not in ACTIVE_STATES:
        raise Stale("Cette réservation a changé entre-temps. Voici la situation actuelle.")
    if booking.state in NOT_BY_HAND:
        raise Refused("not_by_hand", _WHO_ANSWERS[booking.state])
    is_switch = booking.presence_type_id != line.presence_type_id
    if line.action is LineAction.CANCEL:
        if accept:
            _accept_cancelling(session, line, booking, actor, now)
    elif is_switch:
        if accept:
            _switch(session, line, booking, actor, now)
    else:
        following = BookingState.ACCEPTED if accept else BookingState.REFUSED
        if not booking_life.move(session, booking, following, actor, now, reason):
            raise _no_place(line)
        if accept:
            missed_days.observe_marked(session, booking, actor, now)


_WHO_ANSWERS = {
    BookingState.OFFERED: f"Une place est proposée à cette famille{NBSP}: attendez sa réponse.",
    BookingState.REQUESTED: f"Ce vœu n’a pas encore de place{NBSP}: l’attribution y répondra.",
}


def _accept_cancelling(
    session: Session, line: BookingRequestLine, booking: Booking, actor: Actor, now: datetime
) -> None:
    booking.due_cents = _still_due(booking, line.price_cents)
    booking_life.move(session, booking, BookingState.CANCELLED, actor, now)


def _no_place(line: BookingRequestLine) -> Refused:
    return Refused("full", f"Il n’y a plus de place le {format_day(line.day)}. Rien n’a été changé.")


def _switch(session: Session, line: BookingRequestLine, former: Booking, actor: Actor, now: datetime) -> None:
    """End the former booking and make the new one in its place."""
    booking = Booking(
        household_id=former.household_id,
        child_id=former.child_id,
        opening_id=former.opening_id,
        activity_id=former.activity_id,
        presence_type_id=line.presence_type_id,
        group_id=former.group_id,
        day=former.day,
        state=BookingState.ACCEPTED,
        price_cents=line.price_cents,
        created_at=now,
        updated_at=now,
    )
    if not booking_life.replace(session, former, booking, actor, now):
        raise _no_place(line)
    line.booking_id = booking.id


def _by_request(
    session: Session, lines: Iterable[BookingRequestLine]
) -> list[tuple[BookingRequest, list[BookingRequestLine]]]:
    found: dict[int, list[BookingRequestLine]] = {}
    for line in lines:
        found.setdefault(line.request_id, []).append(line)
    return [(session.get_one(BookingRequest, request_id), own) for request_id, own in found.items()]


# --- Mails and journal --------------------------------------------------------------------------------------


def _announce(
    session: Session,
    request: BookingRequest,
    kind: MailKind,
    now: datetime,
    line_ids: Sequence[int],
) -> None:
    """Tell the author, or the adults of the family that an agent acted for: the mail shows the lines as the
    receipt does."""
    outbox.queue_household(
        session,
        kind,
        request.household_id,
        now=now,
        only=request.author_user_id,
        receipt=receipts.receipt(request.reference, [request.household_id], now, line_ids),
    )


def _record(
    session: Session,
    request: BookingRequest,
    action: str,
    lines: Sequence[BookingRequestLine],
    actor_user_id: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=actor_user_id,
        channel=request.channel if actor_user_id == request.author_user_id else Channel.PORTAL,
        action=action,
        object_type="booking_request",
        object_id=request.id,
        household_id=request.household_id,
        after={
            "reference": request.reference,
            "lines": [line.id for line in lines],
            "states": Counter(line.state.value for line in lines),
            **({"override_reason": request.override_reason} if request.override_reason else {}),
        },
    )
