"""Waiting lists that run themselves (R18): offered in turn, for a time, and nobody waits in the dark."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from domain.enums import BookingState, Channel, LineState, MailKind, ValidationMode
from domain.errors import NotFound, Refused, Stale
from models import (
    Activity,
    AuditEvent,
    Booking,
    BookingEvent,
    BookingRequestLine,
    Enrolment,
    Facility,
    HouseholdChild,
    Opening,
    OutgoingMail,
)
from services import booking_requests, waiting_lists
from services.booking_drafts import Wanted
from services.booking_life import Actor
from services.transaction import write_transaction
from tests.booking_bench import MONDAY, Bench
from tests.rulebook_texts import ALWAYS, EVENING_BEFORE, NEVER

ACCEPTED, OFFERED, WAITING = BookingState.ACCEPTED, BookingState.OFFERED, BookingState.WAITING


class Queue:
    """One place on Monday: Léo has it; Zoé, then Tom, wait for it."""

    def __init__(self, world, **facility):
        self.holder = Bench(world, capacity=1, **facility)
        self.set(Activity, has_waiting_list=True)
        self.first = self.holder.neighbour("MARTY", "Zoé")
        self.second = self.holder.neighbour("VIDAL", "Tom")
        for family in (self.holder, self.first, self.second):
            family.ask(MONDAY)

    def set(self, table, **columns):
        with self.holder.app.app_context(), write_transaction() as session:
            for row in session.scalars(select(table)):
                for name, value in columns.items():
                    setattr(row, name, value)

    def free(self):
        self.holder.ask(MONDAY, wanted=Wanted.CANCEL)

    def run(self, act, *values):
        with self.holder.app.app_context():
            return act(*values)

    def answer(self, act, family, now=None):
        actor = Actor(family.claire.id, "Claire MARTY", Channel.PORTAL)
        return self.run(act, family.booking.id, [family.home.id], actor, now or self.holder.world.now)

    def states(self):
        return [self.first.booking.state, self.second.booking.state]

    def mails(self, kind):
        return self.holder.world.all(
            select(OutgoingMail).where(OutgoingMail.kind == kind).order_by(OutgoingMail.id)
        )

    def line(self, family):
        return self.holder.world.one(
            select(BookingRequestLine).where(BookingRequestLine.child_id == family.leo.id)
        )


@pytest.fixture
def queue(world):
    return Queue(world)


def test_a_freed_place_is_offered_to_the_first_who_is_told_until_when(queue):
    queue.free()
    assert queue.states() == [OFFERED, WAITING]
    assert queue.holder.counts(MONDAY) == (1, 1)
    assert queue.first.booking.offer_expires_at == queue.holder.world.now + timedelta(hours=24)
    (mail,) = queue.mails(MailKind.PLACE_OFFER)
    assert mail.to_address == queue.first.claire.email
    assert "mercredi 13\u00a0janvier, 10\u00a0h" in mail.text
    assert f"https://portail.test/reservations/places/{queue.first.booking.id}" in mail.text


def test_an_offer_never_outlives_the_limit_of_the_day(queue, clock):
    queue.holder.world.limits(queue.holder.canteen.activity, "reserver", EVENING_BEFORE)
    clock.move_to(datetime.fromisoformat("2027-01-31T11:00:00+00:00"))
    queue.free()
    assert queue.first.booking.offer_expires_at == datetime.fromisoformat("2027-01-31T17:00:00+00:00")


def test_nothing_is_offered_once_the_day_can_no_longer_be_booked(queue, clock):
    queue.holder.world.limits(queue.holder.canteen.activity, "annuler", ALWAYS)
    clock.move_to(datetime.fromisoformat("2027-02-01T06:00:00+00:00"))
    queue.free()
    assert queue.states() == [WAITING, WAITING]


def test_an_accepted_offer_is_a_booking_and_its_line_says_so(queue):
    queue.free()
    assert queue.answer(waiting_lists.accept, queue.first) is ACCEPTED
    assert queue.states() == [ACCEPTED, WAITING]
    assert queue.line(queue.first).state is LineState.ACCEPTED
    assert queue.holder.counts(MONDAY) == (1, 1)
    history = queue.holder.world.all(
        select(BookingEvent)
        .where(BookingEvent.booking_id == queue.first.booking.id)
        .order_by(BookingEvent.id)
    )
    assert [(step.state, step.actor_name) for step in history] == [
        (WAITING, "Claire SOLIGNAC"),
        (OFFERED, ""),
        (ACCEPTED, "Claire MARTY"),
    ]


def test_where_the_structure_validates_the_place_is_kept_until_it_does(world):
    queue = Queue(world)
    queue.free()
    queue.set(Facility, validation_mode=ValidationMode.MANUAL)
    assert queue.answer(waiting_lists.accept, queue.first) is BookingState.PENDING
    line = queue.line(queue.first)
    assert (line.state, line.decided_at) == (LineState.PENDING, None)
    decide(queue, queue.first)
    assert queue.first.booking.state is ACCEPTED


def test_a_place_left_goes_to_the_next(queue):
    queue.free()
    queue.answer(waiting_lists.give_up, queue.first)
    assert queue.states() == [BookingState.CANCELLED, OFFERED]
    line = queue.line(queue.first)
    assert (line.state, line.reason) == (LineState.WITHDRAWN, waiting_lists.GIVEN_UP)
    assert queue.holder.counts(MONDAY) == (1, 0)


def test_an_offer_without_answer_goes_to_the_next_and_the_family_is_told_once(queue):
    queue.free()
    later = queue.holder.world.now + timedelta(hours=24)
    assert queue.run(waiting_lists.expire, later - timedelta(seconds=1)) == 0
    assert [queue.run(waiting_lists.expire, later) for _ in range(2)] == [1, 0]
    assert queue.states() == [BookingState.REFUSED, OFFERED]
    assert queue.line(queue.first).reason == waiting_lists.LOST
    (mail,) = queue.mails(MailKind.PLACE_LOST)
    assert mail.to_address == queue.first.claire.email
    assert waiting_lists.LOST in mail.text
    assert queue.holder.counts(MONDAY) == (1, 0)


@pytest.mark.parametrize("act", [waiting_lists.accept, waiting_lists.give_up])
def test_what_is_not_offered_any_more_is_stale(queue, act):
    with pytest.raises(Stale):
        queue.answer(act, queue.first)
    queue.free()
    with pytest.raises(Stale):  # the worker has not passed yet
        queue.answer(act, queue.first, queue.holder.world.now + timedelta(hours=24))
    assert queue.states() == [OFFERED, WAITING]


@pytest.mark.parametrize("act", [waiting_lists.accept, waiting_lists.give_up])
def test_another_familys_offer_is_not_found(queue, act):
    queue.free()
    actor = Actor(queue.second.claire.id, "Claire", Channel.PORTAL)
    with pytest.raises(NotFound):
        queue.run(act, queue.first.booking.id, [queue.second.home.id], actor, queue.holder.world.now)


@pytest.mark.parametrize("offered", [False, True])
def test_a_family_leaves_the_list_or_the_offer_at_any_time_and_owes_nothing(queue, clock, offered):
    if offered:
        queue.free()
    queue.holder.world.limits(queue.holder.canteen.activity, "annuler", NEVER)
    queue.first.ask(MONDAY, wanted=Wanted.CANCEL)
    assert queue.first.booking.state is BookingState.CANCELLED
    assert queue.first.booking.due_cents == 0
    assert queue.second.booking.state is (OFFERED if offered else WAITING)


def test_an_offer_is_not_answered_by_hand(queue):
    queue.free()
    with pytest.raises(Refused) as refusal:
        decide(queue, queue.first)
    assert refusal.value.code == "not_by_hand"
    with pytest.raises(Refused) as refusal:
        decide(queue, queue.second)
    assert refusal.value.code == "full"


def decide(queue, family):
    return queue.run(
        lambda: booking_requests.decide_lines(
            [queue.line(family).id],
            accept=True,
            reason="",
            actor_user_id=queue.holder.world.staff().id,
            facility_ids=None,
            now=queue.holder.world.now,
        )
    )


def test_the_waiting_ends_when_the_day_can_no_longer_be_booked(queue):
    world = queue.holder.world
    world.limits(queue.holder.canteen.activity, "reserver", EVENING_BEFORE)
    last = datetime.fromisoformat("2027-01-31T17:00:00+00:00")
    assert queue.run(waiting_lists.tidy, last) == 0
    too_late = last + timedelta(minutes=1)
    assert [queue.run(waiting_lists.tidy, too_late) for _ in range(2)] == [2, 0]
    assert queue.states() == [BookingState.REFUSED] * 2
    assert queue.line(queue.second).reason == waiting_lists.TOO_LATE
    assert [mail.to_address for mail in queue.mails(MailKind.PLACE_LOST)] == [
        queue.first.claire.email,
        queue.second.claire.email,
    ]
    assert queue.holder.counts(MONDAY) == (1, 0)
    assert len([e for e in world.all(AuditEvent) if e.action == "booking.wait_ended"]) == 2


def test_a_town_brought_up_to_date_offers_the_places_that_stood_free(queue):
    """The former lists let a day stand free while children waited."""
    queue.set(Opening, capacity=2)
    assert queue.run(waiting_lists.tidy, queue.holder.world.now) == 0
    assert queue.states() == [OFFERED, WAITING]


def test_those_whom_an_allotment_ordered_come_first(queue):
    with queue.holder.app.app_context(), write_transaction() as session:
        session.get_one(Booking, queue.second.booking.id).waiting_order = 1
    queue.free()
    assert queue.states() == [WAITING, OFFERED]


def test_a_household_that_reads_the_name_alone_takes_no_place(queue):
    """It could not book the day either; the place goes on to the next once the time is over."""
    queue.free()
    queue.set(HouseholdChild, is_restricted=True)
    with pytest.raises(NotFound):
        queue.answer(waiting_lists.accept, queue.first)
    assert queue.states() == [OFFERED, WAITING]


def test_nothing_is_offered_to_a_household_that_reads_the_name_alone(queue):
    with queue.holder.app.app_context(), write_transaction() as session:
        session.get_one(HouseholdChild, (queue.first.home.id, queue.first.leo.id)).is_restricted = True
    queue.free()
    assert queue.states() == [WAITING, OFFERED]


def end_enrolment(queue, family, last_day=None):
    """The service ends the enrolment before Monday, or takes it away."""
    with queue.holder.app.app_context(), write_transaction() as session:
        row = session.scalars(select(Enrolment).where(Enrolment.child_id == family.leo.id)).one()
        if last_day is None:
            session.delete(row)
        else:
            row.last_day = last_day


@pytest.mark.parametrize("last_day", [None, MONDAY - timedelta(days=1)])
def test_nothing_is_offered_to_a_child_who_is_not_enrolled_any_more(queue, last_day):
    end_enrolment(queue, queue.first, last_day)
    queue.free()
    assert queue.states() == [WAITING, OFFERED]
    now = queue.holder.world.now
    assert [queue.run(waiting_lists.tidy, now) for _ in range(2)] == [1, 0]
    assert queue.states() == [BookingState.REFUSED, OFFERED]
    line = queue.line(queue.first)
    assert (line.state, line.reason) == (LineState.REFUSED, waiting_lists.NOT_ENROLLED)
    (mail,) = queue.mails(MailKind.PLACE_LOST)
    assert mail.to_address == queue.first.claire.email
    assert waiting_lists.NOT_ENROLLED in mail.text
    assert queue.holder.counts(MONDAY) == (1, 0)


def test_the_last_day_of_an_enrolment_is_one_of_its_days(queue):
    end_enrolment(queue, queue.first, MONDAY)
    assert queue.run(waiting_lists.tidy, queue.holder.world.now) == 0
    queue.free()
    assert queue.states() == [OFFERED, WAITING]


def test_an_offer_to_a_child_who_is_not_enrolled_any_more_goes_to_the_next_at_once(queue):
    queue.free()
    end_enrolment(queue, queue.first)
    assert queue.run(waiting_lists.expire, queue.holder.world.now) == 1
    assert queue.states() == [BookingState.REFUSED, OFFERED]
    (mail,) = queue.mails(MailKind.PLACE_LOST)
    assert waiting_lists.NOT_ENROLLED in mail.text


def test_an_offer_is_not_taken_by_a_child_who_is_not_enrolled_any_more(queue):
    queue.free()
    end_enrolment(queue, queue.first)
    with pytest.raises(Stale, match="plus inscrit"):
        queue.answer(waiting_lists.accept, queue.first)
    assert queue.states() == [OFFERED, WAITING]
