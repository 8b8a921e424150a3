"""Wishes, then places by the criteria of the règlement: once, told to each family, done again (R17)."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from domain.enums import (
    AccountStatus,
    BookingState,
    LineState,
    MailKind,
    PlacesMode,
    Residency,
    ValidationMode,
)
from domain.errors import NotFound, Refused
from models import (
    Activity,
    Allotment,
    AllotmentRank,
    AuditEvent,
    Booking,
    BookingEvent,
    BookingPeriod,
    BookingRequestLine,
    Enrolment,
    Opening,
    OutgoingMail,
    User,
)
from queries import allotments, desk, staff_requests
from services import allotments as allotting
from services import booking_drafts, booking_life, booking_requests, facilities, outbox
from services.accounts import Author
from services.booking_drafts import Wanted
from services.facilities import PeriodData
from services.transaction import write_transaction
from tests.allotment_bench import AFTERWARDS, CLOSES, FIRST, RESIDENTS_FIRST, SECOND, Holidays

ACCEPTED, WAITING, REFUSED = BookingState.ACCEPTED, BookingState.WAITING, BookingState.REFUSED


@pytest.fixture
def holidays(world):
    return Holidays(world)


def far(holidays, name):
    return holidays.home(name, residency=Residency.NON_RESIDENT)


def wish_in_turn(clock, *benches, days=(FIRST,)):
    """Each family wishes a minute after the one before."""
    for bench in benches:
        bench.ask(*days)
        clock.advance(minutes=1)


# --- Wishing ------------------------------------------------------------------------------------------------


def test_a_wish_takes_no_place_even_on_a_full_day(holidays):
    bench = holidays.home("SOLIGNAC")
    holidays.change(Opening, holidays.canteen.openings[0].id, capacity=0)
    bench.ask(FIRST)
    (booking,) = holidays.world.all(Booking)
    assert booking.state is BookingState.REQUESTED
    assert bench.states() == [LineState.PENDING]
    assert holidays.counts() == (0, 0)
    assert bench.lines()[0].reason == "Vœu\u00a0: réponse après le mercredi 20\u00a0janvier, 18\u00a0h."


def test_a_wish_is_withdrawn_freely_until_the_period_closes(holidays):
    """The limit of cancelling the day is long over: it does not count for a wish."""
    bench = holidays.home("SOLIGNAC")
    holidays.world.limits(holidays.activity, "annuler", {"etapes": [], "ensuite": "refus"})
    bench.ask(FIRST)
    bench.ask(FIRST, wanted=Wanted.CANCEL)
    assert holidays.states() == {"SOLIGNAC": BookingState.CANCELLED}
    assert bench.states() == [LineState.WITHDRAWN, LineState.ACCEPTED]
    assert holidays.world.one(Booking).due_cents == 0


def test_nothing_is_wished_for_once_the_period_is_closed(holidays, clock):
    bench = holidays.home("SOLIGNAC")
    key = bench.start()
    clock.move_to(CLOSES)
    with pytest.raises(Refused) as refusal:
        bench.touch(key, FIRST)
    assert refusal.value.code == "period_over"
    assert refusal.value.message.endswith("18\u00a0h\u00a0: les places vont être attribuées.")


def test_nobody_decides_a_wish_by_hand(holidays):
    bench = holidays.home("SOLIGNAC")
    bench.ask(FIRST)
    (line,) = bench.lines()
    with pytest.raises(Refused) as refusal, holidays.app.app_context():
        booking_requests.decide_lines(
            [line.id], accept=True, reason="", actor_user_id=holidays.agent.id, facility_ids=None,
            now=holidays.world.now,
        )  # fmt: skip
    assert refusal.value.code == "not_by_hand"
    viewer = desk.Viewer(None, frozenset(desk.CaseKind), reads_medical=False)
    now = holidays.world.now
    assert not bench.read(lambda: desk.queue(viewer, now, now.date(), desk.Filters())).cases
    assert not bench.read(lambda: staff_requests.queue(None, now)).cases
    assert not bench.read(lambda: staff_requests.queues_by_facility(None, now))


# --- The allotment ------------------------------------------------------------------------------------------


def test_places_go_to_the_criteria_then_to_the_first_who_asked(holidays, clock):
    benches = [far(holidays, "LOIN"), holidays.home("PREMIER"), holidays.home("SECOND")]
    wish_in_turn(clock, *benches)
    assert holidays.allot() == 3
    assert holidays.states() == {"LOIN": WAITING, "PREMIER": ACCEPTED, "SECOND": ACCEPTED}
    assert holidays.counts() == (2, 1)
    assert holidays.world.one(BookingPeriod).allotted_at == AFTERWARDS
    lines = {line.booking_id: line for line in holidays.world.all(BookingRequestLine)}
    for booking in holidays.world.all(Booking):
        assert lines[booking.id].state.value == booking.state.value
        assert (lines[booking.id].decided_at is None) is (booking.state is WAITING)


def test_the_waiting_list_follows_the_ranks_not_the_requests(holidays, clock):
    holidays.change(Opening, holidays.canteen.openings[0].id, capacity=0)
    wish_in_turn(clock, far(holidays, "LOIN"), holidays.home("PREMIER"), holidays.home("SECOND"))
    holidays.allot()
    orders = {one.waiting_order: one.household_id for one in holidays.world.all(Booking)}
    ranks = {one.rank: one for one in holidays.world.all(AllotmentRank)}
    bookings = {one.id: one.household_id for one in holidays.world.all(Booking)}
    assert orders == {rank: bookings[one.booking_id] for rank, one in ranks.items()}
    assert bookings[ranks[3].booking_id] == min(bookings.values())


def test_without_a_waiting_list_the_others_are_refused(world, clock):
    holidays = Holidays(world, places=1, waiting_list=False)
    wish_in_turn(clock, holidays.home("PREMIER"), holidays.home("SECOND"))
    holidays.allot()
    assert holidays.states() == {"PREMIER": ACCEPTED, "SECOND": REFUSED}
    assert holidays.counts() == (1, 0)


def test_a_short_waiting_list_takes_the_best_ranks(world, clock):
    holidays = Holidays(world, places=1)
    holidays.change(Activity, holidays.activity.id, waiting_places=1)
    wish_in_turn(clock, *(holidays.home(f"F{number}") for number in range(3)))
    holidays.allot()
    assert holidays.states() == {"F0": ACCEPTED, "F1": WAITING, "F2": REFUSED}


def test_in_a_manual_structure_the_places_are_held_and_wait_for_it(world, clock):
    holidays = Holidays(world, places=1, mode=ValidationMode.MANUAL)
    wish_in_turn(clock, holidays.home("PREMIER"))
    holidays.allot()
    assert holidays.states() == {"PREMIER": BookingState.PENDING}
    assert holidays.counts() == (1, 0)
    (line,) = holidays.world.all(BookingRequestLine)
    assert (line.state, line.decided_at) == (LineState.PENDING, None)
    viewer = desk.Viewer(None, frozenset(desk.CaseKind), reads_medical=False)
    with holidays.app.app_context():
        assert len(desk.queue(viewer, AFTERWARDS, AFTERWARDS.date(), desk.Filters()).cases) == 1


def test_a_closed_day_gives_no_place(holidays, clock):
    wish_in_turn(clock, holidays.home("PREMIER"), days=(FIRST, SECOND))
    holidays.change(Opening, holidays.canteen.openings[0].id, closed_reason="Grève")
    holidays.allot()
    assert holidays.states(FIRST) == {"PREMIER": REFUSED}
    assert holidays.states(SECOND) == {"PREMIER": ACCEPTED}


def test_a_child_who_is_not_enrolled_any_more_gets_neither_a_place_nor_a_rank_on_the_list(holidays, clock):
    gone, second, third = (holidays.home(name) for name in ("PARTI", "DEUXIÈME", "TROISIÈME"))
    wish_in_turn(clock, gone, second, third)
    with holidays.app.app_context(), write_transaction() as session:
        session.execute(delete(Enrolment).where(Enrolment.child_id == gone.leo.id))
    holidays.allot()
    assert holidays.states() == {"PARTI": REFUSED, "DEUXIÈME": ACCEPTED, "TROISIÈME": ACCEPTED}
    assert holidays.counts() == (2, 0)
    (line,) = (row for row in holidays.world.all(AllotmentRank) if not row.is_admitted)
    assert line.reason.endswith("l’enfant n’est plus inscrit ce jour-là.")
    with holidays.app.app_context():
        assert not allotments.replay(holidays.period.id).changed


def test_brothers_and_sisters_get_their_places_together(world):
    holidays = Holidays(world, places=2, allocation=RESIDENTS_FIRST | {"egalite": "aucun_ordre"})
    for number in range(4):
        bench = holidays.home(f"F{number}", ("Léo", "Marie"))
        key = bench.start()
        bench.touch(key, FIRST)
        with bench.app.app_context():
            booking_drafts.choose_child(bench.author, key, bench.siblings[0].id, world.now)
        bench.touch(key, FIRST)
        bench.submit(key)
    holidays.allot()
    given = [one.household_id for one in world.all(Booking) if one.state is ACCEPTED]
    assert len(given) == 2
    assert len(set(given)) == 1


def test_each_family_has_one_mail_with_its_own_reason(holidays, clock):
    wish_in_turn(
        clock, far(holidays, "LOIN"), holidays.home("PREMIER"), holidays.home("SECOND"), days=(FIRST, SECOND)
    )
    holidays.allot()
    mails = holidays.world.all(
        select(OutgoingMail).where(OutgoingMail.kind == MailKind.ALLOTMENT_RESULT).order_by(OutgoingMail.id)
    )
    assert len(mails) == 3
    assert mails[0].text.count("Aucun critère rempli. Rang 3 sur 3\u00a0demandes\u00a0: plus de place") == 2
    assert "Critère 1 rempli. À égalité avec 1\u00a0autre demande" in mails[1].text
    assert "place attribuée" in mails[1].html


def test_the_history_and_the_journal_say_what_happened(holidays, clock):
    wish_in_turn(clock, holidays.home("PREMIER"))
    holidays.allot()
    events = holidays.world.all(select(BookingEvent).order_by(BookingEvent.id))
    assert [event.state for event in events] == [BookingState.REQUESTED, ACCEPTED]
    assert events[1].reason == "Critère 1 rempli. Rang 1 sur 1\u00a0demande\u00a0: place attribuée."
    assert events[1].actor_name == "Agnès MARTIN"
    actions = [event.action for event in holidays.world.all(AuditEvent)]
    assert {"allotment.made", "booking.allotted", "booking_period.updated"} <= set(actions)


def test_afterwards_the_places_left_go_first_come(holidays, clock):
    wish_in_turn(clock, holidays.home("PREMIER"))
    holidays.allot()
    clock.move_to(AFTERWARDS)
    late = holidays.home("TARD")
    late.ask(FIRST)
    assert holidays.states() == {"PREMIER": ACCEPTED, "TARD": ACCEPTED}
    assert holidays.counts() == (2, 0)


# --- When it is refused -------------------------------------------------------------------------------------


def refused(holidays, **options):
    with pytest.raises(Refused) as refusal:
        holidays.allot(**options)
    return refusal.value.code


def test_it_runs_once(holidays, clock):
    wish_in_turn(clock, holidays.home("PREMIER"))
    holidays.allot()
    assert refused(holidays) == "already_allotted"
    assert len(holidays.world.all(Allotment)) == 1
    assert len(holidays.world.all(OutgoingMail)) == 2  # the receipt and the answer


@pytest.mark.parametrize("early", [timedelta(days=3), timedelta(seconds=-59)])
def test_not_before_every_wish_is_in(holidays, clock, early):
    wish_in_turn(clock, holidays.home("PREMIER"))
    assert refused(holidays, now=CLOSES - early) == "still_open"


def test_not_without_a_wish_nor_for_a_first_come_period(holidays):
    assert refused(holidays) == "no_wish"
    holidays.change(BookingPeriod, holidays.period.id, places_mode=PlacesMode.FIRST_COME)
    assert refused(holidays) == "no_allotment"


def test_not_when_the_reglement_does_not_say_who_comes_first(world, clock):
    holidays = Holidays(world, allocation=None)
    wish_in_turn(clock, holidays.home("PREMIER"))
    assert refused(holidays) == "no_criteria"
    assert holidays.states() == {"PREMIER": BookingState.REQUESTED}


def test_a_run_that_was_cut_goes_on_and_tells_each_family_once(holidays, clock):
    """The first run gave its places and told the families, but could not close the period."""
    wish_in_turn(clock, holidays.home("PREMIER"))
    holidays.allot()
    with holidays.app.app_context(), write_transaction() as session:
        session.execute(update(BookingPeriod).values(allotted_at=None))
    holidays.allot("autre", AFTERWARDS + timedelta(minutes=5))
    assert holidays.world.one(Allotment).seed == "graine"
    assert holidays.world.one(BookingPeriod).allotted_at is not None
    kinds = [mail.kind for mail in holidays.world.all(OutgoingMail)]
    assert kinds.count(MailKind.ALLOTMENT_RESULT) == 1


def test_the_answer_of_another_period_is_no_answer_of_this_one(holidays, clock, monkeypatch):
    """The run was cut before it told; meanwhile the family had the mail of another period."""
    family = holidays.home("PREMIER")
    wish_in_turn(clock, family)
    with monkeypatch.context() as patched:
        patched.setattr(allotting, "_tell_families", cut)
        with pytest.raises(InterruptedError):
            holidays.allot()
    with holidays.app.app_context():
        result = allotments.own_result(holidays.period.id, [family.home.id])
        with write_transaction() as session:
            later = AFTERWARDS + timedelta(minutes=2)
            kind, about = MailKind.ALLOTMENT_RESULT, {"result": result, "period_id": holidays.period.id + 1}
            outbox.queue_household(session, kind, family.home.id, now=later, **about)
    holidays.allot(now=AFTERWARDS + timedelta(minutes=5))
    kinds = [mail.kind for mail in holidays.world.all(OutgoingMail)]
    assert kinds.count(MailKind.ALLOTMENT_RESULT) == 2


def cut(_run):
    raise InterruptedError


# --- Simulated and done again -------------------------------------------------------------------------------


def test_a_simulation_says_what_the_allotment_then_does_and_writes_nothing(world, clock):
    holidays = Holidays(world, allocation=RESIDENTS_FIRST | {"egalite": "aucun_ordre"})
    wish_in_turn(clock, *(holidays.home(f"F{number}") for number in range(6)), days=(FIRST, SECOND))
    with world.app.app_context():
        board = allotments.simulation(holidays.period.id, "tirage", world.now)
    assert {one.state for one in world.all(Booking)} == {BookingState.REQUESTED}
    assert (board.admitted, len(board.lines), len(board.families)) == (4, 12, 6)
    holidays.allot("tirage")
    with world.app.app_context():
        result = allotments.result(holidays.period.id)
    assert [line._replace(state=None) for line in result.lines] == list(board.lines)
    assert (result.days, result.criteria) == (board.days, board.criteria)


def test_the_same_inputs_and_draw_give_the_same_places_again(holidays, clock):
    wish_in_turn(clock, *(holidays.home(f"F{number}") for number in range(4)), days=(FIRST, SECOND))
    holidays.allot()
    late = holidays.home("TARD")
    clock.move_to(AFTERWARDS)
    late.ask(FIRST)  # what comes later changes nothing
    with holidays.app.app_context():
        replay = allotments.replay(holidays.period.id)
    assert (replay.wishes, replay.changed) == (8, ())
    with holidays.app.app_context(), write_transaction() as session:
        session.execute(update(Allotment).values(seed="autre"))
        session.execute(update(AllotmentRank).where(AllotmentRank.rank == 1).values(is_admitted=False))
    with holidays.app.app_context():
        assert len(allotments.replay(holidays.period.id).changed) == 2


def test_a_family_reads_its_own_wishes_alone(holidays, clock):
    first, second = holidays.home("PREMIER"), holidays.home("SECOND")
    wish_in_turn(clock, first, second)
    holidays.allot()
    with holidays.app.app_context():
        own = allotments.own_result(holidays.period.id, [second.home.id])
        assert [(name, len(days)) for name, days in own.children] == [("Léo", 1)]
        with pytest.raises(NotFound):
            allotments.own_result(holidays.period.id, [holidays.home("AUTRE").home.id])


def test_a_day_that_passes_to_the_other_household_keeps_the_answer_where_it_was_given(holidays, clock):
    """Why the first family came before others is not for the second one to read (security 1.3)."""
    first, second = holidays.home("PREMIER"), holidays.home("SECOND")
    wish_in_turn(clock, first)
    holidays.allot()
    with holidays.app.app_context(), write_transaction() as session:
        booking = session.scalars(select(Booking)).one()
        booking_life.change_home(
            session, booking, second.home.id, None, booking_life.THE_PORTAL, holidays.world.now, "Échange"
        )
    with holidays.app.app_context():
        assert len(allotments.own_result(holidays.period.id, [first.home.id]).children) == 1
        assert allotments.answered_households(holidays.period.id) == [first.home.id]
        with pytest.raises(NotFound):
            allotments.own_result(holidays.period.id, [second.home.id])


def test_a_suspended_account_gets_no_mail_of_the_result(holidays, clock):
    family = holidays.home("PREMIER")
    wish_in_turn(clock, family)
    holidays.change(User, family.claire.id, status=AccountStatus.SUSPENDED)
    holidays.allot()
    assert (
        holidays.world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.ALLOTMENT_RESULT)) == []
    )


def test_a_missing_fact_puts_the_family_last_and_says_it(world, clock):
    world.rulebook["faits"]["agent"] = "oui_non"
    criteria = {"classement": "points", "egalite": "ordre_d_arrivee", "points": "agent * 10"}
    world.rulebook["faits"]["agent"] = "nombre"
    holidays = Holidays(world, places=1, allocation=criteria)
    unknown, known = holidays.home("INCONNU"), holidays.home("CONNU")
    world.rule_fact(known.home, "agent", "1")
    wish_in_turn(clock, unknown, known)
    holidays.allot()
    assert holidays.states() == {"INCONNU": WAITING, "CONNU": ACCEPTED}
    reasons = {one.rank: one.reason for one in world.all(AllotmentRank)}
    assert reasons[1].startswith("10\u00a0points. Rang 1")
    assert reasons[2].startswith("Il manque une information au dossier")


# --- The mode of a period -----------------------------------------------------------------------------------


def period_data(period, **columns):
    values = {
        "name": period.name, "first_day": period.first_day, "last_day": period.last_day,
        "opens_at": period.opens_at, "closes_at": CLOSES, "places_mode": PlacesMode.ALLOTMENT,
    }  # fmt: skip
    return PeriodData(**values | columns)


def update_refused(holidays, **columns):
    with holidays.app.app_context(), pytest.raises(Refused) as refusal:
        facilities.update_period(
            holidays.period.id, period_data(holidays.period, **columns),
            author=Author(holidays.agent.id), now=holidays.world.now,
        )  # fmt: skip
    return refusal.value.code


def test_wishes_have_an_end(holidays):
    assert update_refused(holidays, closes_at=None) == "closing_missing"


def test_the_mode_does_not_change_under_the_families(holidays, clock):
    wish_in_turn(clock, holidays.home("PREMIER"))
    assert update_refused(holidays, places_mode=PlacesMode.FIRST_COME) == "mode_fixed"
    holidays.allot()
    assert update_refused(holidays, closes_at=CLOSES + timedelta(days=20)) == "allotting"
