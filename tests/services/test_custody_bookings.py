"""Each of two households books and pays its own days, and bookings follow the child (R02)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import BookingState, CustodySplit, LineAction, LineState, MailKind, ValidationMode
from domain.errors import NotFound, Refused
from models import (
    AuditEvent,
    Booking,
    BookingDraft,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    CustodyException,
    Guardian,
    HouseholdChild,
    Opening,
    OutgoingMail,
)
from queries.custody import fingerprint
from services import absences, booking_copies, booking_drafts, booking_requests, custody
from services.absences import Teller, Wish
from services.accounts import Author as Agent
from services.booking_drafts import Author, Wanted
from services.custody import NewCalendar, NewException
from services.transaction import write_transaction
from tests import statements
from tests.entangled import Entangled
from tests.rulebook_texts import NEVER, table

# Week 4 of 2027 is even: at the SOLIGNAC. Week 5 is odd: at the MARTIN.
EVEN, ODD, NEXT_EVEN = date(2027, 1, 25), date(2027, 2, 1), date(2027, 2, 8)
JANUARY, FEBRUARY = date(2027, 1, 1), date(2027, 2, 1)
AT_THE_OTHERS = "Ce jour-là, Léo est chez son autre foyer."


@pytest.fixture
def two(world) -> Entangled:
    """A meal costs 3,20 € up to a quotient of 700, 5,10 € above: at the MARTIN."""
    family = Entangled(world)
    prices = world.rulebook["activites"][family.canteen.activity.rule_name]["tarif"]["prix"]["cas"]
    prices[0]["valeur"] = table(
        {"quotient": {"a": "700"}, "valeur": "3.20"},
        {"quotient": {"plus_de": "700"}, "valeur": "5.10"},
        {"quotient": "inconnu", "valeur": "3.20"},
    )
    world.write_rulebook()
    return family


@pytest.fixture
def shared(two) -> Entangled:
    two.world.custody(two.leo, two.solignac, two.martin)
    return two


def author(two, who="claire"):
    user, home = (two.claire, two.solignac) if who == "claire" else (two.karim, two.martin)
    return Author(user.id, (home.id,))


def draft(two, who="claire", month=FEBRUARY):
    with two.world.app.app_context():
        key = booking_drafts.start(author(two, who), two.leo.id, month, two.world.now)
        booking_drafts.choose_place(author(two, who), key, two.canteen.facility.id, month, two.world.now)
    return key


def touch(two, key, day, who="claire", wanted=Wanted.BOOK):
    with two.world.app.app_context():
        return booking_drafts.set_day(author(two, who), key, day, wanted, two.canteen.meal.id, two.world.now)


def ask(two, *days, who="claire"):
    key = draft(two, who)
    for day in days:
        touch(two, key, day, who)
    with two.world.app.app_context():
        return booking_requests.submit(author(two, who), key, "Claire SOLIGNAC", two.world.now)


def set_calendar(two, even, day=date(2027, 1, 13)):
    new = NewCalendar(day, even.id, 0, CustodySplit.WEEKS, CustodySplit.WEEKS)
    agent = two.world.staff()
    with two.world.app.app_context():
        custody.set_calendar(
            two.solignac.id,
            two.leo.id,
            new,
            seen=fingerprint(two.leo.id),
            author=Agent(agent.id),
            now=two.world.now,
        )


def bookings(two):
    return two.world.all(select(Booking).order_by(Booking.day))


# --- Who books ----------------------------------------------------------------------------------------------


def test_each_household_books_its_own_days_alone(shared):
    touch(shared, draft(shared), EVEN)
    with pytest.raises(Refused, match=AT_THE_OTHERS) as refused:
        touch(shared, draft(shared), ODD)
    assert refused.value.code == "other_home"
    touch(shared, draft(shared, "karim"), ODD, "karim")
    with pytest.raises(Refused, match=AT_THE_OTHERS):
        touch(shared, draft(shared, "karim"), EVEN, "karim")


def test_without_a_calendar_both_may_book(two):
    touch(two, draft(two), ODD)
    touch(two, draft(two, "karim"), ODD, "karim")


def test_before_the_first_calendar_nobody_is_refused(two):
    two.world.custody(two.leo, two.solignac, two.martin, valid_from=date(2027, 2, 8))
    touch(two, draft(two), ODD)


def test_what_was_touched_before_the_calendar_is_refused_at_the_end(two):
    key = draft(two)
    touch(two, key, EVEN)
    touch(two, key, ODD)
    two.world.custody(two.leo, two.solignac, two.martin)
    with two.world.app.app_context():
        booking_requests.submit(author(two), key, "Claire SOLIGNAC", two.world.now)
    lines = two.world.all(select(BookingRequestLine).order_by(BookingRequestLine.day))
    assert [(line.state, line.reason) for line in lines] == [
        (LineState.ACCEPTED, ""),
        (LineState.REFUSED, AT_THE_OTHERS),
    ]
    assert [one.day for one in bookings(two)] == [EVEN]


def test_copies_leave_the_other_households_days_out_with_the_reason(shared):
    key = draft(shared, month=JANUARY)
    touch(shared, key, EVEN)
    with shared.world.app.app_context():
        copied = booking_copies.copy_days(
            author(shared), key, JANUARY, date(2027, 2, 26), (), (), shared.world.now
        )
    assert copied.added == {"Léo": [NEXT_EVEN, date(2027, 2, 22)]}
    assert copied.skipped == {("Léo", AT_THE_OTHERS): [ODD, date(2027, 2, 15)]}


def test_an_adult_of_both_households_books_for_the_one_of_the_day(shared):
    guardian = shared.world.one(select(Guardian).where(Guardian.user_id == shared.claire.id))
    shared.world.join(shared.martin, guardian)
    both = Author(shared.claire.id, (shared.solignac.id, shared.martin.id))
    homes = []
    for day in (EVEN, ODD):
        with shared.world.app.app_context():
            key = booking_drafts.start(both, shared.leo.id, JANUARY, shared.world.now, day)
        homes.append(shared.world.one(select(BookingDraft).where(BookingDraft.key == key)).household_id)
    assert homes == [shared.solignac.id, shared.martin.id]


# --- What is seen -------------------------------------------------------------------------------------------


def test_the_wizard_shows_the_days_of_the_other_household(client, shared):
    client.sign_in(shared.claire)
    key = draft(shared)
    client.get(f"/reservations/{key}/planning")
    day = client.page.select_one(f"#j-{ODD}")
    assert "away" in day["class"]
    assert (
        day["aria-label"].replace("\xa0", " ")
        == "lundi 1er février : Ce jour-là, Léo est chez son autre foyer."
    )
    assert "autre foyer" in day.text
    assert "open" in client.page.select_one(f"#j-{NEXT_EVEN}")["class"]


def test_the_agenda_marks_the_days_at_the_other_household(client, shared):
    client.sign_in(shared.claire)
    client.get("/planning/2027-02")
    days = {link["href"][-10:]: link for link in client.page.select("table.month a.day")}
    assert "Léo\xa0: chez son autre foyer" in days[str(ODD)].text
    assert "autre foyer" not in days[str(NEXT_EVEN)].text
    assert "maison\xa0: chez son autre foyer" in client.page.select_one("ul.legend").text
    client.get(f"/planning/2027-02/jours/{ODD}")
    assert "Ce jour-là, Léo est chez son autre foyer" in client.page.select_one("#jour").text


def test_what_the_other_household_booked_is_said_once(client, shared):
    shared.book(shared.martin, shared.leo, ODD)
    client.sign_in(shared.claire)
    client.get("/planning/2027-02")
    cell = client.page.select_one(f"table.month a[href$='{ODD}']")
    assert "réservé par l’autre foyer" in cell.text
    assert "chez son autre foyer" not in cell.text


@pytest.mark.parametrize("address", ["/planning/2027-02", f"/planning/2027-02/jours/{ODD}"])
def test_an_ordinary_family_costs_no_statement_more(client, two, address):
    client.sign_in(two.claire)
    alone = {"HX-Request": "true"}
    client.get(address, headers=alone)
    with statements.recorded() as without:
        client.get(address, headers=alone)
    two.world.custody(two.leo, two.solignac, two.martin)
    with statements.recorded() as shared:
        client.get(address, headers=alone)
    assert not [one for one in without if "even_household_id" in one]
    assert len(shared) == len(without) + 1


# --- Bookings follow the child ------------------------------------------------------------------------------


def test_a_new_calendar_takes_the_coming_bookings_along_at_the_other_price(two):
    ask(two, EVEN, ODD)
    set_calendar(two, two.solignac)
    kept, moved = bookings(two)
    assert (kept.household_id, moved.household_id) == (two.solignac.id, two.martin.id)
    assert moved.state is BookingState.ACCEPTED
    assert (kept.price_cents, moved.price_cents) == (320, 510)
    assert two.world.one(select(Opening).where(Opening.day == ODD)).booked == 1
    event = two.world.all(select(BookingEvent).where(BookingEvent.booking_id == moved.id))[-1]
    assert (event.state, event.actor_name) == (BookingState.ACCEPTED, "Agnès MARTIN")
    assert event.reason == "Jour passé à l’autre foyer de l’enfant."


def test_the_former_household_reads_that_it_left_the_other_that_it_came(client, two):
    reference = ask(two, EVEN, ODD)
    set_calendar(two, two.solignac)
    client.sign_in(two.claire)
    client.get(f"/reservations/demandes/{reference}")
    assert "Jour passé à l’autre foyer de l’enfant." in client.page.main.text
    received = two.world.one(select(BookingRequest).where(BookingRequest.household_id == two.martin.id))
    client.sign_in(two.karim)
    client.get(f"/reservations/demandes/{received.reference}")
    assert "Jour repris de l’autre foyer de l’enfant." in client.page.main.text
    mails = two.world.all(select(OutgoingMail).where(OutgoingMail.kind == MailKind.CUSTODY_SWAP))
    by_home = {mail.household_id: mail.text for mail in mails}
    assert "que votre foyer ne paie plus : lun. 1er février" in by_home[two.solignac.id].replace("\xa0", " ")
    assert "désormais à votre foyer, à votre tarif : lun. 1er février" in by_home[two.martin.id].replace(
        "\xa0", " "
    )
    assert "ZZ" not in by_home[two.solignac.id]
    events = two.world.all(select(AuditEvent).where(AuditEvent.action.like("booking.%_home")))
    assert {event.household_id for event in events} == {two.solignac.id, two.martin.id}


def test_a_pending_day_waits_for_the_same_answer_in_the_other_household(two):
    facility = two.canteen.facility
    with two.world.app.app_context(), write_transaction() as session:
        session.merge(facility).validation_mode = ValidationMode.MANUAL
    ask(two, ODD)
    set_calendar(two, two.solignac)
    former, line = two.world.all(select(BookingRequestLine).order_by(BookingRequestLine.id))
    assert (former.state, line.state) == (LineState.WITHDRAWN, LineState.PENDING)
    (booking,) = bookings(two)
    assert (booking.household_id, booking.state) == (two.martin.id, BookingState.PENDING)
    with two.world.app.app_context():
        booking_requests.decide_lines(
            [line.id],
            accept=True,
            reason="",
            actor_user_id=two.world.staff().id,
            facility_ids=None,
            now=two.world.now,
        )
    assert bookings(two)[0].state is BookingState.ACCEPTED


def test_an_exception_moves_its_days_and_taking_it_back_brings_them_home(shared):
    ask(shared, EVEN)
    agent = Agent(shared.world.staff().id)
    new = NewException(shared.martin.id, EVEN, EVEN)
    with shared.world.app.app_context():
        custody.add_exception(shared.solignac.id, shared.leo.id, new, author=agent, now=shared.world.now)
    assert bookings(shared)[0].household_id == shared.martin.id
    exception = shared.world.one(CustodyException)
    with shared.world.app.app_context():
        custody.remove_exception(shared.solignac.id, exception.id, author=agent, now=shared.world.now)
    assert bookings(shared)[0].household_id == shared.solignac.id


def test_today_the_past_and_what_nobody_covers_stay(two):
    today = date(2027, 1, 12)
    past = two.book(two.solignac, two.leo, today)
    set_calendar(two, two.martin, date(2027, 1, 5))  # week 2 is even: at the MARTIN
    (booking,) = bookings(two)
    assert (booking.id, booking.household_id) == (past.id, two.solignac.id)


def test_an_absence_told_by_one_household_stays_its_own(two):
    """Its whole price stays due: the other household neither pays it nor reads it."""
    ask(two, ODD)
    two.world.limits(two.canteen.activity, "annuler", NEVER)
    teller = Teller(two.claire.id, (two.solignac.id,), "Claire SOLIGNAC")
    with two.world.app.app_context():
        absences.declare(teller, Wish(two.leo.id, ODD, ODD), two.world.now)
    set_calendar(two, two.solignac)
    (booking,) = bookings(two)
    assert (booking.household_id, booking.due_cents) == (two.solignac.id, None)


def test_a_household_that_reads_the_name_alone_receives_nothing(two):
    ask(two, ODD)
    with two.world.app.app_context(), write_transaction() as session:
        session.get_one(HouseholdChild, (two.martin.id, two.leo.id)).is_restricted = True
    set_calendar(two, two.solignac)
    assert bookings(two)[0].household_id == two.solignac.id


def test_the_former_household_cannot_cancel_what_left(two):
    ask(two, ODD)
    set_calendar(two, two.solignac)
    with two.world.app.app_context(), pytest.raises(NotFound):
        booking_drafts.start_cancelling(author(two), bookings(two)[0].id, two.world.now)
    line = two.world.all(select(BookingRequestLine))[0]
    assert line.action is LineAction.BOOK
