"""From wishes to bookings: what a family validates, and what the staff answers (S98 to S103, S106, S108).

Everything is read again and decided inside the write transaction. Openings are locked in the order of their
ids, so that two requests never wait for each other; a place is taken by one conditional update, and the
unique key of active bookings stands behind it. Each line has its own outcome: a request whose every line is
refused exists too, so that a family finds again what it asked and why it was told no. A line that asks for
what is booked already is withdrawn at once and names no booking: nobody was told no.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.booking_gates import refuse_closed
from domain.calendar import paris_now
from domain.enums import BookingState, Channel, LineAction, LineState, MailKind
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, format_day
from domain.rulebook.decisions import once_submitted
from domain.workflow import ACTIVE_STATES, FULL, PLACE_HOLDING_STATES
from models import Booking, BookingDraft, BookingDraftLine, BookingRequest, BookingRequestLine, Opening, User
from queries import booking_days, booking_gates, receipts
from queries import town as town_queries
from queries.booking_days import ChildDay, Verdict
from services import audit, outbox
from services.booking_drafts import Author
from services.references import new_reference
from services.transaction import write_transaction

# --- « Valider » --------------------------------------------------------------------------------------------


def submit(author: Author, key: str, author_name: str, email: str, now: datetime) -> str:
    """Turn the draft into one request and return its reference.

    A draft makes one request whatever the number of taps, tabs and reloads: the first validation marks the
    draft in its own transaction, the others find its request. Raises NotFound for another person's draft,
    Refused `empty` when there is nothing to validate, `gated` when the town wants something
    done before a day is booked; giving days up is always possible.
    """
    with write_transaction() as session:
        draft = _claim(session, author, key, now)
        if draft is None:
            return _reference_of(session, author, key)
        draft_id, household_id = draft
        _lock_openings(
            session, select(BookingDraftLine.opening_id).where(BookingDraftLine.draft_id == draft_id)
        )
        wishes = booking_days.wishes(draft_id)
        if not wishes:
            raise Refused("empty", "Votre demande est vide. Choisissez au moins un jour.")
        if any(wish.wish is LineAction.BOOK for wish in wishes):
            today = paris_now(now).date()
            pairs = {(wish.child_id, wish.facility_id) for wish in wishes if wish.wish is LineAction.BOOK}
            guardian_id = booking_gates.guardian_of(author.user_id)
            refuse_closed(
                booking_gates.gates([household_id], guardian_id, town_queries.settings(), today)
                + booking_gates.document_gates(household_id, pairs, today)
            )
        request = BookingRequest(
            reference=new_reference(session, BookingRequest),
            household_id=household_id,
            author_user_id=author.user_id,
            author_name=author_name,
            channel=Channel.PORTAL,
            draft_id=draft_id,
            created_at=now,
        )
        session.add(request)
        session.flush()
        lines = _settle_all(session, request, wishes, now)
        _announce(session, request, MailKind.BOOKING_RECEIPT, email, now, [line.id for line in lines])
        _record(session, request, "booking_request.submitted", lines, author.user_id, now)
        return request.reference


def _claim(session: Session, author: Author, key: str, now: datetime) -> tuple[int, int] | None:
    """Mark the draft as validated; None when it is not an open draft of the author."""
    row = session.execute(
        update(BookingDraft)
        .where(
            BookingDraft.key == key,
            BookingDraft.user_id == author.user_id,
            BookingDraft.household_id.in_(author.household_ids),
            BookingDraft.submitted_at.is_(None),
        )
        .values(submitted_at=now, updated_at=now)
        .returning(BookingDraft.id, BookingDraft.household_id)
    ).one_or_none()
    return None if row is None else (row.id, row.household_id)


def _reference_of(session: Session, author: Author, key: str) -> str:
    reference = session.scalar(
        select(BookingRequest.reference)
        .join(BookingDraft, BookingDraft.id == BookingRequest.draft_id)
        .where(BookingDraft.key == key, BookingDraft.user_id == author.user_id)
    )
    if reference is None:
        raise NotFound
    return reference


def _lock_openings(session: Session, opening_ids: object) -> None:
    """Hold these openings until the commit (PostgreSQL; SQLite has one writer), always in the same order."""
    session.execute(
        select(Opening.id).where(Opening.id.in_(opening_ids)).order_by(Opening.id).with_for_update()
    )


@dataclass(slots=True)
class _Settled:
    """A wish and what became of it; `booking` is a new row, `booking_id` one that existed before."""

    wish: ChildDay
    verdict: Verdict
    booking: Booking | None = None
    booking_id: int | None = None


def _settle_all(
    session: Session, request: BookingRequest, wishes: Sequence[ChildDay], now: datetime
) -> list[BookingRequestLine]:
    """Decide every wish, the cancellings first: the place they give back may serve a sibling."""
    rules = booking_days.rules_for(wishes, request.household_id, wishes[0].day, wishes[-1].day)
    counts = {wish.opening_id: (wish.booked, wish.waiting) for wish in wishes}
    settled = []
    for wish in sorted(wishes, key=lambda wish: wish.wish is not LineAction.CANCEL):
        booked, waiting = counts[wish.opening_id]
        wish = replace(wish, booked=booked, waiting=waiting)
        verdict = booking_days.judge(wish, wish.wish, wish.wish_type_id, rules, now)
        one = _settle(session, request, wish, verdict, now)
        counts[wish.opening_id] = _counts_after(one)
        settled.append(one)
    session.add_all(one.booking for one in settled if one.booking is not None)
    session.flush()
    lines = [_line(request, one, now) for one in sorted(settled, key=lambda one: one.wish.day)]
    session.add_all(lines)
    session.flush()
    return lines


def _settle(
    session: Session, request: BookingRequest, wish: ChildDay, verdict: Verdict, now: datetime
) -> _Settled:
    fulfilled = booking_days.unchanged(wish, verdict)
    if fulfilled is not None:
        return _Settled(wish, replace(verdict, state=LineState.WITHDRAWN, sentence=fulfilled.sentence))
    if verdict.state is LineState.REFUSED:
        return _Settled(wish, verdict)
    if wish.wish is LineAction.CANCEL:
        return _settle_cancelling(session, wish, verdict, now)
    if booking_days.is_switch(wish, wish.wish_type_id):
        return _settle_switch(session, request, wish, verdict, now)
    if verdict.state is not LineState.WAITING and not _take_place(session, wish.opening_id):
        verdict = _without_place(wish, verdict)
    if verdict.state is LineState.REFUSED:
        return _Settled(wish, verdict)
    if verdict.state is LineState.WAITING:
        _count(session, wish.opening_id, waiting=1)
    return _Settled(wish, verdict, booking=_new_booking(request, wish, verdict, now))


def _take_place(session: Session, opening_id: int) -> bool:
    """Take one place if there is one that nobody waits for; False when the day is full (S100)."""
    taken = session.execute(
        update(Opening)
        .where(
            Opening.id == opening_id,
            or_(Opening.capacity.is_(None), Opening.booked + Opening.waiting < Opening.capacity),
        )
        .values(booked=Opening.booked + 1)
    )
    return taken.rowcount == 1


def _without_place(wish: ChildDay, verdict: Verdict) -> Verdict:
    """The last place went to somebody else: the waiting list when there is one."""
    if wish.has_waiting_list:
        rank = wish.waiting + 1
        sentence = booking_days.waiting_sentence(rank)
        return replace(verdict, state=LineState.WAITING, sentence=sentence, rank=rank)
    return Verdict(LineState.REFUSED, FULL.code, FULL.message, None)


def _count(session: Session, opening_id: int, booked: int = 0, waiting: int = 0) -> None:
    """Move the counters of an opening; CHECK constraints refuse what cannot be."""
    session.execute(
        update(Opening)
        .where(Opening.id == opening_id)
        .values(booked=Opening.booked + booked, waiting=Opening.waiting + waiting)
    )


def _counts_after(one: _Settled) -> tuple[int, int]:
    """The counters of the opening once this wish is settled."""
    booked, waiting = one.wish.booked, one.wish.waiting
    if one.booking is not None and not booking_days.is_switch(one.wish, one.wish.wish_type_id):
        return (booked, waiting + 1) if one.booking.state is BookingState.WAITING else (booked + 1, waiting)
    if one.wish.wish is LineAction.CANCEL and one.verdict.state is LineState.ACCEPTED:
        gives_place = one.wish.booking_state in PLACE_HOLDING_STATES
        return (booked - 1, waiting) if gives_place else (booked, waiting - 1)
    return booked, waiting


def _new_booking(request: BookingRequest, wish: ChildDay, verdict: Verdict, now: datetime) -> Booking:
    return Booking(
        household_id=request.household_id,
        child_id=wish.child_id,
        opening_id=wish.opening_id,
        activity_id=wish.activity_id,
        presence_type_id=wish.wish_type_id,
        day=wish.day,
        state=BookingState(verdict.state.value),
        price_cents=verdict.price_cents,
        created_at=now,
        updated_at=now,
    )


def _settle_cancelling(session: Session, wish: ChildDay, verdict: Verdict, now: datetime) -> _Settled:
    if verdict.state is LineState.ACCEPTED:
        end_booking(
            session, wish.booking_id, wish.opening_id, wish.booking_state, BookingState.CANCELLED, now
        )
    return _Settled(wish, verdict, booking_id=wish.booking_id)


def _settle_switch(
    session: Session, request: BookingRequest, wish: ChildDay, verdict: Verdict, now: datetime
) -> _Settled:
    """Another presence type on a booked day: the place is kept, the former booking ends once accepted."""
    if verdict.state is LineState.PENDING:
        return _Settled(wish, verdict, booking_id=wish.booking_id)
    _set_state(session, wish.booking_id, BookingState.CANCELLED, now)
    return _Settled(wish, verdict, booking=_new_booking(request, wish, verdict, now))


def end_booking(
    session: Session, booking_id: int, opening_id: int, state: BookingState, end: BookingState, now: datetime
) -> None:
    """End a booking that is in `state`: its place goes back, what was still asked about it is withdrawn.

    Inside the caller's transaction.
    """
    _set_state(session, booking_id, end, now)
    if state in PLACE_HOLDING_STATES:
        _count(session, opening_id, booked=-1)
    else:
        _count(session, opening_id, waiting=-1)
    session.execute(
        update(BookingRequestLine)
        .where(
            BookingRequestLine.booking_id == booking_id,
            BookingRequestLine.state.in_([LineState.PENDING, LineState.WAITING]),
        )
        .values(state=LineState.WITHDRAWN, decided_at=now)
    )


def _set_state(session: Session, booking_id: int, state: BookingState, now: datetime) -> None:
    session.execute(update(Booking).where(Booking.id == booking_id).values(state=state, updated_at=now))


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
    """What the receipt says beside a line: nothing when all went as usual, never a silent supplement."""
    is_usual = verdict.state is LineState.ACCEPTED and not verdict.has_extra
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
    line of a waiting list finds no place, Refused `reason_missing` for a refusal without reason.
    """
    reason = reason.strip()
    if not accept and not reason:
        raise Refused("reason_missing", "Indiquez le motif du refus\u00a0: la famille le lira.")
    with write_transaction() as session:
        lines = _lines_to_decide(session, line_ids, facility_ids)
        for line in lines:
            _decide(session, line, accept, now)
            line.state = LineState.ACCEPTED if accept else LineState.REFUSED
            line.reason, line.decided_at, line.decided_by_user_id = reason, now, actor_user_id
        session.flush()
        action = "booking_request.accepted" if accept else "booking_request.refused"
        for request, own in _by_request(session, lines):
            email = session.scalar(select(User.email).where(User.id == request.author_user_id))
            _announce(session, request, MailKind.BOOKING_DECISION, email, now, [line.id for line in own])
            _record(session, request, action, own, actor_user_id, now)
        return len(lines)


def _lines_to_decide(
    session: Session, line_ids: Collection[int], facility_ids: Collection[int] | None
) -> list[BookingRequestLine]:
    """The lines, locked with their openings. Raises NotFound or Stale."""
    wanted = select(BookingRequestLine).where(BookingRequestLine.id.in_(set(line_ids)))
    if facility_ids is not None:
        wanted = wanted.where(BookingRequestLine.facility_id.in_(facility_ids))
    _lock_openings(session, wanted.with_only_columns(BookingRequestLine.opening_id))
    lines = list(session.scalars(wanted.order_by(BookingRequestLine.id).with_for_update()))
    if not lines or len(lines) != len(set(line_ids)):
        raise NotFound
    if any(line.state not in (LineState.PENDING, LineState.WAITING) for line in lines):
        raise Stale("Une de ces demandes a déjà reçu une réponse. Voici la situation actuelle.")
    return lines


def _decide(session: Session, line: BookingRequestLine, accept: bool, now: datetime) -> None:
    booking = session.get(Booking, line.booking_id)
    if booking is None or booking.state not in ACTIVE_STATES:
        raise Stale("Cette réservation a changé entre-temps. Voici la situation actuelle.")
    is_switch = booking.presence_type_id != line.presence_type_id
    if line.action is LineAction.CANCEL:
        if accept:
            _end_as(session, booking, BookingState.CANCELLED, now)
    elif is_switch:
        if accept:
            _switch(session, line, booking, now)
    elif not accept:
        _end_as(session, booking, BookingState.REFUSED, now)
    else:
        _accept_booking(session, line, booking, now)


def _end_as(session: Session, booking: Booking, end: BookingState, now: datetime) -> None:
    state = booking.state
    end_booking(session, booking.id, booking.opening_id, state, end, now)


def _accept_booking(session: Session, line: BookingRequestLine, booking: Booking, now: datetime) -> None:
    if booking.state is BookingState.WAITING and not _take_waiting_place(session, booking.opening_id):
        raise Refused("full", f"Il n’y a plus de place le {format_day(line.day)}. Rien n’a été changé.")
    booking.state, booking.updated_at = BookingState.ACCEPTED, now


def _take_waiting_place(session: Session, opening_id: int) -> bool:
    """Move one child from the waiting list to a place; False when there is none."""
    taken = session.execute(
        update(Opening)
        .where(Opening.id == opening_id, or_(Opening.capacity.is_(None), Opening.booked < Opening.capacity))
        .values(booked=Opening.booked + 1, waiting=Opening.waiting - 1)
    )
    return taken.rowcount == 1


def _switch(session: Session, line: BookingRequestLine, former: Booking, now: datetime) -> None:
    """End the former booking and make the new one on the same place."""
    former.state, former.updated_at = BookingState.CANCELLED, now
    session.flush()
    booking = Booking(
        household_id=former.household_id,
        child_id=former.child_id,
        opening_id=former.opening_id,
        activity_id=former.activity_id,
        presence_type_id=line.presence_type_id,
        day=former.day,
        state=BookingState.ACCEPTED,
        price_cents=line.price_cents,
        created_at=now,
        updated_at=now,
    )
    session.add(booking)
    session.flush()
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
    email: str,
    now: datetime,
    line_ids: Sequence[int],
) -> None:
    """Tell the author: the mail shows the lines as the receipt does."""
    outbox.queue(
        session,
        kind,
        to=email,
        now=now,
        user_id=request.author_user_id,
        household_id=request.household_id,
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
        channel=Channel.PORTAL,
        action=action,
        object_type="booking_request",
        object_id=request.id,
        household_id=request.household_id,
        after={
            "reference": request.reference,
            "lines": [line.id for line in lines],
            "states": Counter(line.state.value for line in lines),
        },
    )
