"""The staff's answers to lines that wait: stale, full, out of scope, what the family is told (S106, S108)."""

import pytest
from sqlalchemy import select

from domain.enums import BookingState, LineState, MailKind, ValidationMode
from domain.errors import NotFound, Refused, Stale
from models import AuditEvent, Booking, BookingRequestLine, Opening, OutgoingMail
from queries import receipts
from services import booking_requests
from services.booking_drafts import Wanted
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, THURSDAY, TUESDAY, Bench


@pytest.fixture
def bench(world):
    """A school whose director validates every request; two days are asked."""
    bench = Bench(world, capacity=5, validation_mode=ValidationMode.MANUAL)
    bench.agent = world.staff()
    bench.reference = bench.ask(MONDAY, TUESDAY)
    return bench


def decide(bench, lines, *, accept=True, reason="", facility_ids=None):
    with bench.app.app_context():
        return booking_requests.decide_lines(
            [line.id for line in lines],
            accept=accept,
            reason=reason,
            actor_user_id=bench.agent.id,
            facility_ids=facility_ids,
            now=bench.world.now,
        )


def waiting_line(bench, day):
    """A line in the waiting list of a day whose places are all taken."""
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True
        opening = session.get_one(Opening, bench.opening(day).id)
        opening.capacity = opening.booked
    bench.ask(day)
    return bench.lines()[-1]


def test_accepting_lines_accepts_their_bookings(bench):
    assert decide(bench, bench.lines()) == 2
    assert bench.states() == [LineState.ACCEPTED] * 2
    assert {booking.state for booking in bench.world.all(Booking)} == {BookingState.ACCEPTED}
    assert bench.counts(MONDAY) == (1, 0)
    assert bench.lines()[0].decided_by_user_id == bench.agent.id


def test_refusing_gives_the_place_back_and_tells_why(bench):
    decide(bench, bench.lines()[:1], accept=False, reason="Effectif atteint ce jour-là.")
    assert bench.states() == [LineState.REFUSED, LineState.PENDING]
    assert bench.counts(MONDAY) == (0, 0)
    mail = bench.world.one(select(OutgoingMail).where(OutgoingMail.kind == MailKind.BOOKING_DECISION))
    assert "Effectif atteint ce jour-là." in mail.text
    assert "lun. 1er février" in mail.text.replace("\xa0", " ")
    assert "mar. 2" not in mail.text.replace("\xa0", " ")


def test_the_answer_says_how_many_days_still_wait(bench):
    decide(bench, bench.lines()[:1], accept=False, reason="Effectif atteint ce jour-là.")
    decide(bench, bench.lines()[1:])
    first, last = bench.world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.BOOKING_DECISION))
    for told in (first.text, first.html):
        assert "1\xa0jour attend encore une réponse, envoyée par mail." in told
        assert "Total estimé" not in told
    for told in (last.text, last.html):
        assert "attend encore" not in told
        assert "Total estimé" in told


def test_the_receipt_of_a_half_answered_request_says_how_many_days_wait(bench):
    decide(bench, bench.lines()[:1], accept=False, reason="Effectif atteint ce jour-là.")
    found = bench.read(lambda: receipts.receipt(bench.reference, [bench.home.id], bench.world.now))
    assert "1\xa0jour attend encore une réponse" in found.summary
    assert found.tone == "wait"


def test_a_change_of_presence_type_counts_the_difference_before_and_after_the_answer(bench):
    """A manual facility: the former booking stands until the answer, then ends as the new one begins."""
    decide(bench, bench.lines())
    dear = bench.world.presence_type(bench.canteen.activity, "Repas bio", cents=470)
    reference = bench.ask(MONDAY, type_id=dear.id)
    told = []
    for _ in range(2):
        found = bench.read(lambda: receipts.receipt(reference, [bench.home.id], bench.world.now))
        told.append(
            (found.children[0].parts[0].replaces, found.children[0].parts[0].price, found.total_cents)
        )
        if len(told) == 1:
            decide(bench, bench.lines()[-1:])
    assert told == [("remplace Repas enfant, 3,20\xa0€", "+1,50\xa0€", 150)] * 2
    assert [booking.price_cents for booking in bench.world.all(Booking)][-1] == 470


def test_a_refusal_needs_a_reason(bench):
    with pytest.raises(Refused, match="motif"):
        decide(bench, bench.lines(), accept=False, reason="  ")
    assert bench.states() == [LineState.PENDING] * 2


def test_a_second_answer_is_stale_and_changes_nothing(bench):
    decide(bench, bench.lines()[:1])
    with pytest.raises(Stale):
        decide(bench, bench.lines(), accept=False, reason="Trop tard.")
    assert bench.states() == [LineState.ACCEPTED, LineState.PENDING]


def test_a_line_withdrawn_by_the_family_is_stale(bench):
    (monday, _) = bench.lines()
    bench.ask(MONDAY, wanted=Wanted.CANCEL)
    with pytest.raises(Stale):
        decide(bench, [monday])
    assert bench.counts(MONDAY) == (0, 0)


def test_a_line_of_another_facility_is_not_found(bench):
    elsewhere = bench.world.facility("ALSH Saint-Géry")
    with pytest.raises(NotFound):
        decide(bench, bench.lines(), facility_ids=[elsewhere.id])
    with pytest.raises(NotFound):
        decide(bench, [BookingRequestLine(id=999)])
    assert bench.states() == [LineState.PENDING] * 2
    assert decide(bench, bench.lines(), facility_ids=[bench.canteen.facility.id]) == 2


def test_a_waiting_line_takes_a_place_only_if_there_is_one(bench):
    line = waiting_line(bench, THURSDAY)
    with pytest.raises(Refused, match="plus de place"):
        decide(bench, [line])
    assert bench.counts(THURSDAY) == (0, 1)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Opening, bench.opening(THURSDAY).id).capacity = 1
    decide(bench, [line])
    assert bench.counts(THURSDAY) == (1, 0)
    assert bench.lines()[-1].state is LineState.ACCEPTED


def test_a_full_day_stops_the_whole_batch(bench):
    line = waiting_line(bench, THURSDAY)
    with pytest.raises(Refused):
        decide(bench, [*bench.lines()[:2], line])
    assert bench.states() == [LineState.PENDING, LineState.PENDING, LineState.WAITING]


def test_refusing_a_waiting_line_shortens_the_list(bench):
    line = waiting_line(bench, THURSDAY)
    decide(bench, [line], accept=False, reason="Complet.")
    assert bench.counts(THURSDAY) == (0, 0)


def test_accepting_a_cancelling_frees_the_place_and_refusing_keeps_the_booking(bench):
    decide(bench, bench.lines())
    bench.ask(MONDAY, TUESDAY, wanted=Wanted.CANCEL)
    monday, tuesday = bench.lines()[2:]
    decide(bench, [monday])
    decide(bench, [tuesday], accept=False, reason="Le repas est commandé.")
    assert (bench.counts(MONDAY), bench.counts(TUESDAY)) == ((0, 0), (1, 0))
    states = [booking.state for booking in bench.world.all(select(Booking).order_by(Booking.day))]
    assert states == [BookingState.CANCELLED, BookingState.ACCEPTED]
    assert bench.states()[2:] == [LineState.ACCEPTED, LineState.REFUSED]


def test_a_change_of_presence_type_waits_and_then_replaces_the_booking(bench):
    decide(bench, bench.lines())
    other = bench.world.presence_type(bench.canteen.activity, "Repas sans viande")
    bench.ask(MONDAY, type_id=other.id)
    line = bench.lines()[-1]
    assert line.state is LineState.PENDING
    assert bench.counts(MONDAY) == (1, 0)
    decide(bench, [line])
    active = bench.world.one(
        select(Booking).where(Booking.day == MONDAY, Booking.state == BookingState.ACCEPTED)
    )
    assert active.presence_type_id == other.id
    assert bench.counts(MONDAY) == (1, 0)


def test_one_mail_and_one_event_a_request(bench):
    bench.ask(THURSDAY)
    decide(bench, bench.lines())
    decisions = bench.world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.BOOKING_DECISION))
    assert len(decisions) == 2
    events = bench.world.all(
        select(AuditEvent).where(AuditEvent.action == "booking_request.accepted").order_by(AuditEvent.id)
    )
    assert [len(event.after["lines"]) for event in events] == [2, 1]
    assert {event.actor_user_id for event in events} == {bench.agent.id}
