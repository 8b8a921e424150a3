"""What the bookings of a town must be at any instant, whatever crashed or competed: nothing half made."""

import re
from collections import Counter
from itertools import pairwise

from sqlalchemy import select

from domain.enums import BookingState, MailKind
from domain.workflow import ACTIVE_STATES, PLACE_HOLDING_STATES, booking_may_become
from extensions import db
from models import (
    AuditEvent,
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    Opening,
    OutgoingMail,
    PlaceLimit,
    PresenceType,
)
from tests.factories import World

END_STATES = frozenset(BookingState) - ACTIVE_STATES


def assert_books_balance(world: World) -> None:
    """Every opening counts its bookings; every request is whole, and every booking comes from one.

    For towns where each booking came through a validated draft.
    """
    with world.app.app_context():
        _assert_counters()
        _assert_limits()
        _assert_history(from_the_first=True)
        _assert_requests_are_whole()
        _assert_no_booking_without_line()
        if db.engine.dialect.name == "sqlite":
            assert db.session.execute(db.text("PRAGMA integrity_check")).scalar_one() == "ok"
            assert db.session.execute(db.text("PRAGMA foreign_key_check")).all() == []


def assert_places_are_counted(world: World) -> None:
    """Every opening and every limit of it counts its bookings, and none holds more than its places."""
    with world.app.app_context():
        _assert_counters()
        _assert_limits()


def assert_history_explains(world: World, *, from_the_first: bool = True) -> None:
    """The events of each booking, one after the other, lead by legal steps to the state that it has; those
    that a test wrote as they stand have a history only since, unless `from_the_first`."""
    with world.app.app_context():
        _assert_history(from_the_first)


def _assert_counters() -> None:
    rows = Counter(map(tuple, db.session.execute(select(Booking.opening_id, Booking.state))))
    for opening in db.session.scalars(select(Opening)):
        held = sum(rows[opening.id, state] for state in PLACE_HOLDING_STATES)
        waiting = rows[opening.id, BookingState.WAITING]
        assert (opening.booked, opening.waiting) == (held, waiting), opening.day
        assert opening.capacity is None or held <= opening.capacity, opening.day


def _assert_limits() -> None:
    seats = Counter(
        map(
            tuple,
            db.session.execute(
                select(Booking.opening_id, Booking.group_id, PresenceType.parts)
                .join(PresenceType, PresenceType.id == Booking.presence_type_id)
                .where(Booking.state.in_(PLACE_HOLDING_STATES))
            ),
        )
    )
    for limit in db.session.scalars(select(PlaceLimit)):
        held = sum(
            many
            for (opening_id, group_id, parts), many in seats.items()
            if opening_id == limit.opening_id
            and limit.group_id in (None, group_id)
            and (not limit.part or limit.part & parts)
        )
        assert limit.booked == held <= limit.capacity, (limit.opening_id, limit.group_id, limit.part)


def _assert_history(from_the_first: bool) -> None:
    chains: dict[int, list[BookingEvent]] = {}
    for event in db.session.scalars(select(BookingEvent).order_by(BookingEvent.id)):
        chains.setdefault(event.booking_id, []).append(event)
    for booking in db.session.scalars(select(Booking)):
        chain = chains.get(booking.id, [])
        if not chain and not from_the_first:
            continue
        assert chain, booking.id
        ends = (chain[-1].state, chain[-1].household_id)
        assert ends == (booking.state, booking.household_id), booking.id
        assert not from_the_first or chain[0].state not in END_STATES, booking.id
        assert all(_is_step(*steps) for steps in pairwise(chain)), booking.id


def _is_step(before: BookingEvent, after: BookingEvent) -> bool:
    """The next state in the same household; or the same state with a reason, an absence or another home."""
    if before.state is after.state:
        return after.reason != ""
    return before.household_id == after.household_id and booking_may_become(before.state, after.state)


def _assert_requests_are_whole() -> None:
    """A validated draft has one request with a line a wish, one audit row and one mail; another has none."""
    requests = {request.draft_id: request for request in db.session.scalars(select(BookingRequest))}
    wishes = Counter(db.session.scalars(select(BookingDraftLine.draft_id)))
    lines = Counter(db.session.scalars(select(BookingRequestLine.request_id)))
    acts = Counter(
        db.session.scalars(
            select(AuditEvent.object_id).where(AuditEvent.object_type == BookingRequest.__tablename__)
        )
    )
    mails = list(
        db.session.scalars(select(OutgoingMail.text).where(OutgoingMail.kind == MailKind.BOOKING_RECEIPT))
    )
    for draft in db.session.scalars(select(BookingDraft)):
        request = requests.get(draft.id)
        assert (draft.submitted_at is None) == (request is None), draft.key
        if request is not None:
            assert (lines[request.id], acts[request.id]) == (wishes[draft.id], 1), request.reference
    references = Counter(request.reference for request in requests.values())
    assert references == Counter(
        word for mail in mails for word in set(re.findall(r"[\w-]+", mail)) if word in references
    )
    assert len(mails) == len(requests)


def _assert_no_booking_without_line() -> None:
    booked = set(db.session.scalars(select(Booking.id)))
    assert booked == set(
        db.session.scalars(
            select(BookingRequestLine.booking_id).where(BookingRequestLine.booking_id.is_not(None))
        )
    )
