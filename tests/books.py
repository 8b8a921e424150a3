"""What the bookings of a town must be at any instant, whatever crashed or competed: nothing half made."""

from collections import Counter

from sqlalchemy import select

from domain.enums import BookingState, MailKind
from domain.workflow import PLACE_HOLDING_STATES
from extensions import db
from models import (
    AuditEvent,
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingRequest,
    BookingRequestLine,
    Opening,
    OutgoingMail,
)
from tests.factories import World


def assert_books_balance(world: World) -> None:
    """Every opening counts its bookings; every request is whole, and every booking comes from one.

    For towns where each booking came through a validated draft.
    """
    with world.app.app_context():
        _assert_counters()
        _assert_requests_are_whole()
        _assert_no_booking_without_line()
        if db.engine.dialect.name == "sqlite":
            assert db.session.execute(db.text("PRAGMA integrity_check")).scalar_one() == "ok"
            assert db.session.execute(db.text("PRAGMA foreign_key_check")).all() == []


def _assert_counters() -> None:
    rows = Counter(map(tuple, db.session.execute(select(Booking.opening_id, Booking.state))))
    for opening in db.session.scalars(select(Opening)):
        held = sum(rows[opening.id, state] for state in PLACE_HOLDING_STATES)
        waiting = rows[opening.id, BookingState.WAITING]
        assert (opening.booked, opening.waiting) == (held, waiting), opening.day
        assert opening.capacity is None or held <= opening.capacity, opening.day


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
    assert Counter(request.reference for request in requests.values()) == Counter(
        request.reference for request in requests.values() for mail in mails if request.reference in mail
    )
    assert len(mails) == len(requests)


def _assert_no_booking_without_line() -> None:
    booked = set(db.session.scalars(select(Booking.id)))
    assert booked == set(
        db.session.scalars(
            select(BookingRequestLine.booking_id).where(BookingRequestLine.booking_id.is_not(None))
        )
    )
