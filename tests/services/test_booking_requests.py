"""« Valider »: each line gets its own outcome, decided by the server alone (S98 to S105)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.enums import BookingState, LineAction, LineState, MailKind, ValidationMode
from domain.errors import NotFound, Refused
from models import (
    AuditEvent,
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingRequest,
    Enrolment,
    Opening,
    OutgoingMail,
)
from queries import receipts
from services import booking_requests
from services.booking_drafts import Author, Wanted
from services.transaction import write_transaction
from tests.booking_bench import FRIDAY, MONDAY, THURSDAY, TUESDAY, Bench
from tests.rulebook_texts import ALWAYS, EVENING_BEFORE, NEVER, days_before, until

LATE_ON_REQUEST = EVENING_BEFORE | {"ensuite": "sur_demande"}


@pytest.fixture
def bench(world):
    return Bench(world)


def change(bench, table, **columns):
    """Change every row of a table behind the family's back."""
    with bench.app.app_context(), write_transaction() as session:
        for row in session.scalars(select(table)):
            for name, value in columns.items():
                setattr(row, name, value)


def fill(bench, day):
    other = bench.world.child(bench.world.household("MARTY"), "Zoé")
    return bench.world.booking(bench.home, other, bench.opening(day), bench.canteen.meal)


def also(bench, child):
    """The newest draft asks for Monday for this child too."""
    bench.world.add(
        BookingDraftLine(
            draft_id=bench.world.all(select(BookingDraft).order_by(BookingDraft.id))[-1].id,
            child_id=child.id,
            opening_id=bench.opening(MONDAY).id,
            presence_type_id=bench.meal_id,
            day=MONDAY,
            action=LineAction.BOOK,
        )
    )


def full_day(world):
    """One place on Monday: Léo has it, Zoé waits for it, Tom has not asked yet."""
    bench = Bench(world, capacity=1)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True
    first, newcomer = bench.neighbour(), bench.neighbour("VIDAL", "Tom")
    bench.ask(MONDAY)
    first.ask(MONDAY)
    return bench, first, newcomer


def test_an_automatic_facility_accepts_at_once(bench):
    reference = bench.ask(MONDAY, TUESDAY)
    request = bench.world.one(BookingRequest)
    assert (request.reference, request.author_name) == (reference, "Claire SOLIGNAC")
    assert bench.states() == [LineState.ACCEPTED] * 2
    assert [booking.state for booking in bench.world.all(Booking)] == [BookingState.ACCEPTED] * 2
    assert bench.counts(MONDAY) == (1, 0)
    assert bench.lines()[0].price_cents == 320
    assert bench.lines()[0].explanation[0].startswith("Tarif unique")


def test_a_manual_facility_submits_and_holds_the_place(world):
    bench = Bench(world, validation_mode=ValidationMode.MANUAL, capacity=1)
    bench.ask(MONDAY)
    assert bench.states() == [LineState.PENDING]
    assert bench.world.one(Booking).state is BookingState.PENDING
    assert bench.counts(MONDAY) == (1, 0)


def test_switching_the_mode_changes_the_next_request_only(bench):
    bench.ask(MONDAY)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.facility).validation_mode = ValidationMode.MANUAL
    bench.ask(TUESDAY)
    assert bench.states() == [LineState.ACCEPTED, LineState.PENDING]


def test_a_full_day_waits_when_the_activity_has_a_list(world):
    bench = Bench(world, capacity=1)
    key = bench.start()
    bench.touch(key, MONDAY)
    fill(bench, MONDAY)  # the place goes while the parent looks at the recap
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.activity).has_waiting_list = True
    bench.submit(key)
    assert bench.states() == [LineState.WAITING]
    assert bench.counts(MONDAY) == (1, 1)
    assert bench.lines()[0].reason == "Complet\xa0: 1er sur la liste d’attente."


def test_a_full_day_is_refused_without_a_list(world):
    bench = Bench(world, capacity=1)
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, TUESDAY)
    fill(bench, MONDAY)
    bench.submit(key)
    assert bench.states() == [LineState.REFUSED, LineState.ACCEPTED]
    assert "plus de place" in bench.lines()[0].reason
    assert len(bench.world.all(select(Booking).where(Booking.child_id == bench.leo.id))) == 1


def test_siblings_of_one_request_do_not_share_the_last_place(world):
    bench = Bench(world, capacity=1)
    marie = bench.other_child()
    key = bench.start()
    bench.touch(key, MONDAY)
    also(bench, marie)
    bench.submit(key)
    assert sorted(bench.states()) == [LineState.ACCEPTED, LineState.REFUSED]
    assert bench.counts(MONDAY) == (1, 0)


def test_a_place_given_back_serves_a_sibling_of_the_same_request(world):
    bench = Bench(world, capacity=1)
    marie = bench.other_child()
    bench.ask(MONDAY)
    key = bench.start()
    bench.touch(key, MONDAY, Wanted.CANCEL)
    also(bench, marie)
    bench.submit(key)
    assert bench.states() == [LineState.ACCEPTED] * 3
    assert bench.counts(MONDAY) == (1, 0)


def test_a_place_given_back_is_held_for_those_who_wait_and_a_newcomer_waits(world):
    bench, first, newcomer = full_day(world)
    bench.ask(MONDAY, wanted=Wanted.CANCEL)
    assert first.booking.state is BookingState.OFFERED
    newcomer.ask(MONDAY)
    assert newcomer.booking.state is BookingState.WAITING
    assert bench.counts(MONDAY) == (1, 1)


def test_a_family_does_not_give_its_place_to_a_sibling_before_those_who_wait(world):
    bench, first, _ = full_day(world)
    sister = bench.other_child()
    key = bench.start()
    bench.touch(key, MONDAY, Wanted.CANCEL)
    also(bench, sister)
    bench.submit(key)
    assert first.booking.state is BookingState.OFFERED
    own = {line.child_id: line for line in bench.lines()[-2:]}
    assert own[bench.leo.id].state is LineState.ACCEPTED
    assert own[sister.id].state is LineState.WAITING
    assert own[sister.id].reason == "Complet\u00a0: 1er sur la liste d’attente."
    assert bench.counts(MONDAY) == (1, 1)


def test_everything_is_decided_again_at_the_moment_of_validating(bench, clock):
    key = bench.start()
    for day in (MONDAY, TUESDAY, THURSDAY):
        bench.touch(key, day)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Opening, bench.opening(THURSDAY).id).closed_reason = "grève"
    clock.move_to(bench.world.now.replace(month=2, day=1, hour=12))  # Monday noon: Monday is too late
    bench.submit(key)
    assert bench.states() == [LineState.REFUSED, LineState.ACCEPTED, LineState.REFUSED]
    late, _, closed = bench.lines()
    assert "c’était réservable jusqu’au dimanche 31" in late.reason
    assert "grève" in closed.reason


def test_a_request_whose_lines_are_all_refused_is_kept_with_its_reasons(bench, clock):
    key = bench.start()
    bench.touch(key, MONDAY)
    clock.move_to(bench.world.now + timedelta(days=60))
    reference = bench.submit(key)
    assert bench.states() == [LineState.REFUSED]
    receipt = bench.read(lambda: receipts.receipt(reference, [bench.home.id], bench.world.now))
    assert receipt.summary.startswith("Rien n’a été réservé")
    assert "passé" in receipt.children[0].parts[0].reason


def test_a_child_no_longer_enrolled_is_refused(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    change(bench, Enrolment, last_day=date(2027, 1, 31))
    bench.submit(key)
    assert bench.states() == [LineState.REFUSED]
    assert "inscrit" in bench.lines()[0].reason


def test_a_late_wish_goes_where_the_rule_says(bench):
    bench.world.limits(bench.canteen.activity, "reserver", LATE_ON_REQUEST)
    today = date(2027, 1, 12)
    bench.ask(today)
    assert bench.states() == [LineState.PENDING]
    assert bench.lines()[0].reason == (
        "Hors délai depuis le lundi 11\xa0janvier, 18\xa0h\xa0: la demande est soumise à la structure."
    )


@pytest.mark.parametrize(
    ("then", "state", "cents"),
    [
        ("refus", LineState.REFUSED, None),
        ({"effet": "supplement", "supplements": ["retard"]}, LineState.ACCEPTED, 470),
        ("sur_demande", LineState.PENDING, 320),
    ],
)
def test_a_late_request_is_refused_surcharged_or_submitted_as_the_rule_says(bench, then, state, cents):
    late_costs_more(bench)
    key, today = bench.start(), date(2027, 1, 12)
    bench.world.limits(bench.canteen.activity, "reserver", ALWAYS)
    bench.touch(key, today)
    bench.world.limits(bench.canteen.activity, "reserver", EVENING_BEFORE | {"ensuite": then})
    bench.submit(key)
    assert bench.states() == [state]
    assert bench.lines()[0].price_cents == cents
    if state is LineState.ACCEPTED:
        assert bench.world.one(Booking).price_cents == 470
        assert "réservable avec supplément" in bench.lines()[0].reason
        assert "Retard\xa0: +1,50\xa0€, de 3,20\xa0€ à 4,70\xa0€." in bench.lines()[0].explanation


def test_a_provisional_price_is_said_on_the_receipt(bench):
    bench.world.rulebook["cumuls"] = [
        {
            "nom": "plafond du mois",
            "activites": ["cantine"],
            "periode": "mois",
            "par": "enfant",
            "effet": "plafond",
            "valeur": "40.00",
            "arrondi": {"au": "0.01", "vers": "plus_proche"},
        }
    ]
    bench.world.write_rulebook()
    bench.ask(MONDAY)
    assert bench.lines()[0].reason == (
        "Prix provisoire\xa0: le total de la période peut le changer (plafond du mois)."
    )


def test_a_late_cancelling_may_leave_something_due(bench):
    cancel_late(bench)
    assert bench.lines()[-1].price_cents == 160 - 320
    assert bench.world.one(Booking).state is BookingState.CANCELLED


@pytest.mark.parametrize(("rebooking", "due"), [("reservation", 160), ("modification", 0)])
def test_a_late_cancelling_stays_due_unless_booking_again_is_a_modification(bench, rebooking, due):
    bench.world.rulebook["activites"]["cantine"]["annuler_puis_reserver"] = rebooking
    cancel_late(bench)
    bench.ask(date(2027, 1, 14))
    rows = bench.world.all(select(Booking).order_by(Booking.id))
    assert [(one.state, one.due_cents) for one in rows] == [
        (BookingState.CANCELLED, due),
        (BookingState.ACCEPTED, None),
    ]


def test_a_late_cancelling_leaves_nothing_due_of_what_nobody_has_accepted(world):
    bench = Bench(world, validation_mode="manual")
    cancel_late(bench)
    booking, line = world.one(Booking), bench.lines()[-1]
    assert (booking.state, booking.due_cents) == (BookingState.CANCELLED, 0)
    assert (line.state, line.price_cents, line.reason) == (LineState.ACCEPTED, -booking.price_cents, "")
    assert bench.lines()[0].state is LineState.WITHDRAWN


def cancel_late(bench):
    """A booking cancelled once half of it stays due."""
    late_costs_more(bench)
    bench.ask(date(2027, 1, 14))
    tariff = bench.world.rulebook["activites"]["cantine"]["tarif"]
    tariff["ajustements"].append(
        {"nom": "moitie_due", "si": "delai", "operation": "multiplier", "valeur": "0.5", "portee": "presence"}
    )
    half = {"effet": "supplement", "supplements": ["moitie_due"]}
    stages = until(days_before(3, "18:00"), then=half)
    bench.world.limits(bench.canteen.activity, "annuler", stages)
    bench.ask(date(2027, 1, 14), wanted=Wanted.CANCEL)


def late_costs_more(bench):
    """The tariff knows what a late booking adds."""
    bench.world.rulebook["activites"]["cantine"]["tarif"]["ajustements"] = [
        {"nom": "retard", "si": "delai", "operation": "ajouter", "valeur": "1.50", "portee": "presence"}
    ]
    bench.world.write_rulebook()


def test_the_rule_of_the_day_of_the_act_applies_and_the_price_of_the_day_of_care(bench, clock):
    bench.world.limits(bench.canteen.activity, "reserver", NEVER, date(2027, 1, 20))
    key = bench.start()
    bench.touch(key, MONDAY)  # asked on 12 January, under the former rule
    clock.move_to(bench.world.now.replace(day=21))
    bench.submit(key)
    assert bench.states() == [LineState.REFUSED]
    assert "fermée sur le portail" in bench.lines()[0].reason


def test_cancelling_in_time_gives_the_place_back(bench):
    bench.ask(MONDAY)
    bench.ask(MONDAY, wanted=Wanted.CANCEL)
    assert bench.world.one(Booking).state is BookingState.CANCELLED
    assert bench.counts(MONDAY) == (0, 0)
    assert bench.lines()[1].price_cents == -320
    bench.ask(MONDAY)
    assert bench.counts(MONDAY) == (1, 0)


def test_cancelling_too_late_is_refused_with_the_rule_and_the_contact(bench, clock):
    bench.ask(MONDAY)
    key = bench.start()
    bench.touch(key, MONDAY, Wanted.CANCEL)
    clock.move_to(bench.world.now.replace(month=2, day=1, hour=6))
    bench.submit(key)
    line = bench.lines()[1]
    assert line.state is LineState.REFUSED
    assert "c’était annulable jusqu’au dimanche 31" in line.reason
    assert "05 65 11 22 33" in line.reason
    assert bench.counts(MONDAY) == (1, 0)


def test_a_manual_facility_decides_on_cancelling_too(bench):
    bench.ask(MONDAY)
    with bench.app.app_context(), write_transaction() as session:
        session.merge(bench.canteen.facility).validation_mode = ValidationMode.MANUAL
    bench.ask(MONDAY, wanted=Wanted.CANCEL)
    assert bench.states() == [LineState.ACCEPTED, LineState.PENDING]
    assert bench.world.one(Booking).state is BookingState.ACCEPTED
    assert bench.counts(MONDAY) == (1, 0)
    with pytest.raises(Refused, match="déjà en cours"):
        bench.touch(bench.start(), MONDAY, Wanted.CANCEL)


def test_what_nobody_accepted_yet_is_withdrawn_at_once(world):
    bench = Bench(world, validation_mode=ValidationMode.MANUAL)
    bench.ask(MONDAY)
    bench.ask(MONDAY, wanted=Wanted.CANCEL)
    assert bench.states() == [LineState.WITHDRAWN, LineState.ACCEPTED]
    assert bench.counts(MONDAY) == (0, 0)


def test_another_presence_type_on_a_booked_day_keeps_the_place(world):
    bench = Bench(world, capacity=1)
    other = world.presence_type(bench.canteen.activity, "Repas sans viande", cents=300)
    bench.ask(MONDAY)
    bench.ask(MONDAY, type_id=other.id)
    former, new = world.all(select(Booking).order_by(Booking.id))
    assert (former.state, new.state) == (BookingState.CANCELLED, BookingState.ACCEPTED)
    assert (new.presence_type_id, new.price_cents) == (other.id, 300)
    assert bench.counts(MONDAY) == (1, 0)


def test_one_draft_makes_one_request_whatever_the_taps(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    first = bench.submit(key)
    assert bench.submit(key) == first
    assert len(bench.world.all(BookingRequest)) == 1
    assert len(bench.world.all(OutgoingMail)) == 1
    assert bench.counts(MONDAY) == (1, 0)


def test_two_drafts_of_the_same_day_book_it_once(bench):
    keys = [bench.start(), bench.start()]
    for key in keys:
        bench.touch(key, MONDAY)
    for key in keys:
        bench.submit(key)
    assert bench.states() == [LineState.ACCEPTED, LineState.WITHDRAWN]
    assert bench.lines()[1].reason == "Ce jour était déjà réservé\xa0: rien n’a changé."
    assert bench.lines()[1].booking_id is None


def test_an_empty_draft_is_not_a_request_and_stays_open(bench):
    key = bench.start()
    with pytest.raises(Refused, match="vide"):
        bench.submit(key)
    assert bench.world.one(BookingDraft).submitted_at is None


def test_another_persons_draft_is_not_found(bench):
    key = bench.start()
    bench.touch(key, MONDAY)
    other = bench.world.household("MARTY")
    stranger = Author(bench.world.parent(other, "Ana").id, (other.id,))
    with bench.app.app_context(), pytest.raises(NotFound):
        booking_requests.submit(stranger, key, "Ana", bench.world.now)
    assert bench.world.all(BookingRequest) == []


def test_a_failure_half_way_leaves_nothing(bench, monkeypatch):
    key = bench.start()
    bench.touch(key, MONDAY)

    def broken(*_arguments, **_options):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(booking_requests.outbox, "queue", broken)
    with pytest.raises(RuntimeError):
        bench.submit(key)
    assert bench.world.all(Booking) == []
    assert bench.counts(MONDAY) == (0, 0)
    assert bench.world.one(BookingDraft).submitted_at is None
    monkeypatch.undo()
    bench.submit(key)
    assert bench.states() == [LineState.ACCEPTED]


def test_the_mail_shows_the_lines_of_the_receipt(bench, clock):
    key = bench.start()
    bench.touch(key, MONDAY)
    bench.touch(key, FRIDAY)
    with bench.app.app_context(), write_transaction() as session:
        session.get_one(Opening, bench.opening(FRIDAY).id).closed_reason = "grève"
    reference = bench.submit(key)
    mail = bench.world.one(OutgoingMail)
    assert (mail.kind, mail.to_address) == (MailKind.BOOKING_RECEIPT, bench.claire.email)
    assert reference in mail.subject
    receipt = bench.read(lambda: receipts.receipt(reference, [bench.home.id], bench.world.now))
    for part in receipt.children[0].parts:
        for text in (part.days_text, part.reason, part.undo):
            assert text in mail.text
    assert "grève" in mail.text
    assert f"https://portail.test/reservations/demandes/{reference}" in mail.text


def test_the_journal_says_who_asked_what(bench):
    reference = bench.ask(MONDAY, TUESDAY)
    event = bench.world.one(AuditEvent)
    assert (event.action, event.actor_user_id) == ("booking_request.submitted", bench.claire.id)
    assert event.after["reference"] == reference
    assert event.after["states"] == {"accepted": 2}


def test_a_receipt_is_its_familys(bench):
    reference = bench.ask(MONDAY)
    other = bench.world.household("MARTY")
    with bench.app.app_context(), pytest.raises(NotFound):
        receipts.receipt(reference, [other.id], bench.world.now)
