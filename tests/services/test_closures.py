"""Closing days: one act, each family told once, nothing credited twice (R12)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import AbsenceState, AccountStatus, BookingState, LineState, MailKind
from domain.errors import NotFound, Refused
from models import (
    Absence,
    AuditEvent,
    Booking,
    BookingEvent,
    Closure,
    Opening,
    OutgoingMail,
    SchoolClass,
    Schooling,
    User,
)
from queries import closures as closure_queries
from queries.closures import Wish
from services import absences, booking_life, booking_requests, closures, openings
from services.absences import Teller
from services.accounts import Author
from services.transaction import write_transaction
from tests import rulebook_texts as written
from tests import statements
from tests.booking_bench import FRIDAY, MONDAY, THURSDAY, TUESDAY, Bench


@pytest.fixture
def bench(world):
    return Bench(world)


@pytest.fixture
def agent(bench):
    return Author(bench.world.staff().id)


def wish(bench, first=MONDAY, last=None, cause="", **columns):
    values = {"activity_id": None, "class_id": None} | columns
    return Wish(bench.canteen.facility.id, first=first, last=last or first, cause=cause, **values)


def close(bench, agent, wanted=None, reason="Grève du personnel", scope=None):
    with bench.app.app_context():
        return closures.close(wanted or wish(bench), reason, scope=scope, author=agent, now=bench.world.now)


def lift(bench, agent, closure_id, scope=None):
    with bench.app.app_context():
        return closures.lift(closure_id, scope=scope, author=agent, now=bench.world.now)


def mails(bench, kind=MailKind.CLOSURE):
    rows = bench.world.all(select(OutgoingMail).where(OutgoingMail.kind == kind).order_by(OutgoingMail.id))
    return [one.text.replace("\xa0", " ") for one in rows]


def states(bench):
    return [one.state for one in bench.world.all(select(Booking).order_by(Booking.id))]


def school_class(bench, *children):
    row = bench.world.add(SchoolClass(facility_id=bench.canteen.facility.id, school_year=2026, name="CE1"))
    for child in children:
        bench.world.add(
            Schooling(
                child_id=child.id,
                school_year=2026,
                facility_id=bench.canteen.facility.id,
                level="CE1",
                class_id=row.id,
            )
        )
    return row


def absent(bench, booking):
    """An absence of that day was declared."""
    bench.world.add(
        Absence(
            booking_id=booking.id,
            state=AbsenceState.DECLARED,
            author_name="Claire SOLIGNAC",
            declared_at=bench.world.now,
        )
    )


def suspend(bench):
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(User, bench.claire.id).status = AccountStatus.SUSPENDED


# --- Closing ------------------------------------------------------------------------------------------------


def test_bookings_are_cancelled_credited_and_told_once(bench, agent):
    marie = bench.other_child()
    bench.world.parent(bench.home, "Paul")
    bench.ask(MONDAY, TUESDAY, FRIDAY)
    bench.world.booking(bench.home, marie, bench.opening(MONDAY), bench.canteen.meal)

    made = close(bench, agent, wish(bench, MONDAY, TUESDAY))

    assert (made.bookings, made.households, made.credit_cents) == (3, 1, 960)
    bookings = bench.world.all(select(Booking).order_by(Booking.day, Booking.id))
    assert [(one.state, one.due_cents) for one in bookings] == [
        (BookingState.CANCELLED, 0),
        (BookingState.CANCELLED, 0),
        (BookingState.CANCELLED, 0),
        (BookingState.ACCEPTED, None),
    ]
    assert [bench.counts(day) for day in (MONDAY, TUESDAY, FRIDAY)] == [(0, 0), (0, 0), (1, 0)]
    assert [bench.opening(day).closed_reason for day in (MONDAY, FRIDAY)] == ["Grève du personnel", None]
    told = mails(bench)
    assert len(told) == 2  # both adults, once
    assert (
        "Léo, Cantine, Repas enfant : lundi 1er février, mardi 2 février (6,40 € ne sont plus dus)" in told[0]
    )
    assert "Marie, Cantine, Repas enfant : lundi 1er février (3,20 € ne sont plus dus)" in told[0]
    assert "En tout, 9,60 € ne sont plus dus." in told[0]
    (event,) = bench.world.all(select(AuditEvent).where(AuditEvent.action == "closure.made"))
    assert (event.after["bookings"], event.after["credit_cents"]) == (3, 960)
    steps = bench.world.all(select(BookingEvent).where(BookingEvent.closure_id == made.closure_id))
    assert {(one.reason, one.actor_name) for one in steps} == {("Grève du personnel", "Agnès MARTIN")}


def test_what_the_family_had_cancelled_is_not_credited_again(bench, agent):
    bench.ask(MONDAY)
    with bench.app.app_context():
        teller = Teller(bench.claire.id, (bench.home.id,), "Claire SOLIGNAC")
        absences.declare(teller, absences.Wish(bench.leo.id, MONDAY, MONDAY), bench.world.now)
    made = close(bench, agent)
    assert (made.bookings, made.households, made.credit_cents) == (0, 0, 0)
    assert mails(bench) == []
    booking = bench.world.one(Booking)
    assert (booking.state, booking.due_cents) == (BookingState.CANCELLED, 0)


def test_what_an_absence_had_given_back_is_not_credited_again(bench, agent):
    """2,20 € were given back for an illness: the closure gives back the rest."""
    bench.ask(MONDAY)
    booking = bench.world.one(Booking)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Booking, booking.id).due_cents = 100
    absent(bench, booking)
    made = close(bench, agent)
    assert made.credit_cents == 100
    assert "1,00 € ne sont plus dus" in mails(bench)[0]
    page = bench.read(lambda: closure_queries.closure(made.closure_id, None))
    assert page.credit_cents == 100


def test_the_same_form_sent_twice_is_one_closure(bench, agent):
    bench.ask(MONDAY)
    first = close(bench, agent)
    again = close(bench, agent)
    assert (again.closure_id, again.bookings) == (first.closure_id, 0)
    assert len(bench.world.all(Closure)) == 1
    assert len(mails(bench)) == 1


def test_waiting_and_pending_end_without_credit(world):
    bench = Bench(world, capacity=1)
    for child, state in (
        (bench.leo, BookingState.ACCEPTED),
        (bench.other_child(), BookingState.WAITING),
    ):
        world.booking(bench.home, child, bench.opening(MONDAY), bench.canteen.meal, state)
    made = close(bench, Author(world.staff().id))
    assert (made.bookings, made.credit_cents) == (2, 320)
    assert bench.counts(MONDAY) == (0, 0)
    assert set(states(bench)) == {BookingState.CANCELLED}


def test_what_was_asked_is_withdrawn(world):
    bench = Bench(world, validation_mode="manual")
    bench.ask(MONDAY)
    close(bench, Author(world.staff().id))
    assert bench.states() == [LineState.WITHDRAWN]


def test_one_activity_alone(bench, agent):
    other = bench.world.activity(bench.canteen.facility, "Garderie")
    evening = bench.world.presence_type(other, "Garderie")
    (opening,) = bench.world.openings(other, bench.canteen.period, [MONDAY])
    bench.world.booking(bench.home, bench.leo, opening, evening)
    bench.ask(MONDAY)
    made = close(bench, agent, wish(bench, activity_id=other.id))
    assert made.bookings == 1
    assert sorted(states(bench)) == [BookingState.ACCEPTED, BookingState.CANCELLED]


def test_a_class_ends_for_its_children_alone_and_cannot_book_the_day(bench, agent):
    marie = bench.other_child()
    trip = school_class(bench, marie)
    bench.ask(MONDAY)
    bench.world.booking(bench.home, marie, bench.opening(MONDAY), bench.canteen.meal)
    made = close(bench, agent, wish(bench, class_id=trip.id), "Sortie au théâtre")
    assert made.bookings == 1
    assert bench.opening(MONDAY).closed_reason is None
    assert bench.counts(MONDAY) == (1, 0)
    key = bench.start(marie)
    with pytest.raises(Refused) as refusal:
        bench.touch(key, MONDAY)
    assert refusal.value.code == "closed"
    assert "Fermé ce jour-là (Sortie au théâtre)" in refusal.value.message.replace("\xa0", " ")


def test_a_place_that_a_class_leaves_is_offered_to_who_waits(world):
    bench = Bench(world, capacity=1)
    marie = bench.other_child()
    trip = school_class(bench, bench.leo)
    bench.world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal)
    bench.world.booking(bench.home, marie, bench.opening(MONDAY), bench.canteen.meal, BookingState.WAITING)
    close(bench, Author(world.staff().id), wish(bench, class_id=trip.id))
    assert bench.world.one(select(Booking).where(Booking.child_id == marie.id)).state is BookingState.OFFERED


@pytest.mark.parametrize(
    ("cause", "credit"), [("greve", 320), ("sortie_scolaire", 0), ("", 320), ("neige", 320)]
)
def test_the_rule_decides_what_stays_due_for_a_cause_that_it_knows(bench, agent, cause, credit):
    """The règlement bills a school trip; what it does not name is not billed, since nothing is given."""
    written.add_absences(bench.world.rulebook, bench.canteen.activity.rule_name)
    bench.world.write_rulebook()
    bench.ask(MONDAY)
    assert close(bench, agent, wish(bench, cause=cause)).credit_cents == credit
    assert bench.world.one(Booking).due_cents == 320 - credit


def test_an_activity_without_absence_rules_leaves_nothing_due(bench, agent):
    """Whatever the rules of another activity of the structure say of the cause."""
    written.add_absences(bench.world.rulebook, bench.canteen.activity.rule_name)
    other = bench.world.activity(bench.canteen.facility, "Garderie")
    evening = bench.world.presence_type(other, "Garderie")
    (opening,) = bench.world.openings(other, bench.canteen.period, [MONDAY])
    bench.world.booking(bench.home, bench.leo, opening, evening)
    bench.ask(MONDAY)
    assert close(bench, agent, wish(bench, cause="sortie_scolaire")).credit_cents == 320
    due = {one.activity_id: one.due_cents for one in bench.world.all(Booking)}
    assert due == {other.id: 0, bench.canteen.activity.id: 320}


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (date(2027, 1, 11), MONDAY, "past"),
        (TUESDAY, MONDAY, "order"),
        (MONDAY, date(2028, 2, 2), "too_long"),
        (date(2027, 2, 6), date(2027, 2, 7), "no_opening"),
    ],
)
def test_days_that_cannot_close(bench, agent, first, last, code):
    with pytest.raises(Refused) as refusal:
        close(bench, agent, wish(bench, first, last))
    assert refusal.value.code == code


def test_a_director_closes_its_own_structures_alone(bench, agent):
    elsewhere = bench.world.facility("École Hugo")
    with pytest.raises(NotFound):
        close(bench, agent, scope=frozenset({elsewhere.id}))
    activity = bench.world.activity(elsewhere, "Garderie")
    with pytest.raises(NotFound):
        close(bench, agent, wish(bench, activity_id=activity.id))
    assert bench.world.all(Closure) == []


def test_days_opened_later_inside_a_closure_are_closed(bench, agent):
    made = close(bench, agent, wish(bench, MONDAY, date(2027, 2, 7)))
    wednesday = date(2027, 2, 3)
    with bench.app.app_context():
        openings.open_days(
            bench.canteen.activity.id,
            bench.canteen.period.id,
            [wednesday, date(2027, 2, 10)],
            None,
            author=agent,
            now=bench.world.now,
        )
    assert bench.opening(wednesday).closed_reason == "Grève du personnel"
    assert bench.opening(date(2027, 2, 10)).closed_reason is None
    with bench.app.app_context(), pytest.raises(Refused) as refusal:
        openings.reopen_day(bench.opening(wednesday).id, author=agent, now=bench.world.now)
    assert refusal.value.code == "closure"
    assert lift(bench, agent, made.closure_id) == 0


def test_the_preview_says_what_the_act_does(bench, agent):
    bench.ask(MONDAY, THURSDAY)
    wanted = wish(bench, MONDAY, FRIDAY)
    preview = bench.read(lambda: closure_queries.preview(wanted, bench.world.now))
    assert (len(preview.days), preview.bookings, preview.children, preview.households) == (4, 2, 1, 1)
    made = close(bench, agent, wanted)
    assert (preview.credit_cents, preview.kept_cents) == (made.credit_cents, 0)


def test_the_statements_do_not_grow_with_the_bookings(world):
    bench = Bench(world)
    agent = Author(world.staff().id)
    for number in range(12):
        child = bench.other_child(f"Enfant {number}")
        world.booking(bench.home, child, bench.opening(MONDAY), bench.canteen.meal)
    with bench.app.app_context(), statements.at_most(30):
        closures.close(wish(bench), "Neige", scope=None, author=agent, now=world.now)
    assert len(states(bench)) == 12


# --- Lifting ------------------------------------------------------------------------------------------------


def test_lifting_opens_the_days_and_tells_the_families(bench, agent):
    bench.ask(MONDAY)
    made = close(bench, agent)
    assert lift(bench, agent, made.closure_id) == 1
    assert lift(bench, agent, made.closure_id) == 0
    assert bench.opening(MONDAY).closed_reason is None
    assert states(bench) == [BookingState.CANCELLED]
    assert "Vous pouvez de nouveau réserver" in mails(bench)[-1]
    assert len(mails(bench)) == 2
    bench.ask(MONDAY)
    assert states(bench) == [BookingState.CANCELLED, BookingState.ACCEPTED]


def test_a_day_booked_again_after_its_closure_is_not_owed_twice(bench, agent):
    """A school trip leaves the day due; it is lifted and the child eats at the canteen after all."""
    written.add_absences(bench.world.rulebook, bench.canteen.activity.rule_name)
    bench.world.write_rulebook()
    bench.ask(MONDAY, TUESDAY)
    made = close(bench, agent, wish(bench, MONDAY, TUESDAY, cause="sortie_scolaire"))
    lift(bench, agent, made.closure_id)
    bench.ask(MONDAY)
    rows = bench.world.all(select(Booking).order_by(Booking.day, Booking.id))
    assert [(one.day, one.state, one.due_cents) for one in rows] == [
        (MONDAY, BookingState.CANCELLED, 0),
        (MONDAY, BookingState.ACCEPTED, None),
        (TUESDAY, BookingState.CANCELLED, 320),
    ]
    steps = bench.world.all(
        select(BookingEvent).where(BookingEvent.booking_id == rows[0].id).order_by(BookingEvent.id)
    )
    assert (steps[-1].state, steps[-1].reason) == (BookingState.CANCELLED, booking_life.BOOKED_AGAIN)
    assert steps[-1].actor_name == "Claire SOLIGNAC"
    # The closure itself took nothing off, whatever came after it.
    assert bench.read(lambda: closure_queries.closure(made.closure_id, None)).credit_cents == 0


def test_a_day_asked_again_stays_due_until_the_service_accepts_it(world):
    bench = Bench(world, validation_mode="manual")
    agent = Author(world.staff().id)
    written.add_absences(world.rulebook, bench.canteen.activity.rule_name)
    world.write_rulebook()
    world.booking(bench.home, bench.leo, bench.opening(MONDAY), bench.canteen.meal, price_cents=320)
    lift(bench, agent, close(bench, agent, wish(bench, cause="sortie_scolaire")).closure_id)
    bench.ask(MONDAY)

    def due():
        rows = world.all(select(Booking).order_by(Booking.id))
        return [(one.state, one.due_cents) for one in rows]

    assert due() == [(BookingState.CANCELLED, 320), (BookingState.PENDING, None)]
    with bench.app.app_context():
        booking_requests.decide_lines(
            [bench.lines()[-1].id],
            accept=True,
            reason="",
            actor_user_id=agent.user_id,
            facility_ids=None,
            now=world.now,
        )
    assert due() == [(BookingState.CANCELLED, 0), (BookingState.ACCEPTED, None)]


def test_another_closure_keeps_its_days_closed(bench, agent):
    strike = close(bench, agent, wish(bench, MONDAY, TUESDAY))
    close(bench, agent, wish(bench, TUESDAY, activity_id=bench.canteen.activity.id), "Travaux")
    lift(bench, agent, strike.closure_id)
    assert [bench.opening(day).closed_reason for day in (MONDAY, TUESDAY)] == [None, "Travaux"]


def test_lifting_is_for_those_who_answer_for_the_structure(bench, agent):
    made = close(bench, agent)
    with pytest.raises(NotFound):
        lift(bench, agent, made.closure_id, scope=frozenset())
    assert bench.world.one(Closure).lifted_at is None
    assert {one.closed_reason for one in bench.world.all(Opening)} == {None, "Grève du personnel"}


def test_a_suspended_account_gets_no_mail(bench, agent):
    bench.ask(MONDAY)
    suspend(bench)
    close(bench, agent)
    assert mails(bench) == []
