"""Marking who came (R30): the basis of the bill, with what a mark makes of an absence (S73)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.enums import AbsenceState, AttendanceMark, BookingState, LineState, RunState, StaffRole
from domain.errors import NotFound, Refused, Stale
from models import (
    Absence,
    Attendance,
    AuditEvent,
    BillingRun,
    Booking,
    BookingEvent,
    BookingRequestLine,
    CustodyException,
    OutgoingMail,
)
from queries import attendance as attendance_queries
from services import absences, attendance, booking_requests
from services.absences import Teller, Wish
from services.attendance import Agent, Details, Roll
from tests import rulebook_texts as written
from tests import statements
from tests.school_family import SchoolFamily

# It is Tuesday 12 January 2027, 10 h.
MONDAY, TUESDAY, THURSDAY = date(2027, 1, 11), date(2027, 1, 12), date(2027, 1, 14)
PRESENT, ABSENT = AttendanceMark.PRESENT, AttendanceMark.ABSENT


class Yard(SchoolFamily):
    """The canteen of Léo and Marie, and the agent who marks them."""

    def __init__(self, world):
        super().__init__(world)
        self.agent = Agent(world.staff(StaffRole.RECEPTION).id, None)

    def roll(self, day=TUESDAY):
        return Roll(self.canteen.activity.id, day)

    def mark(self, child, wanted, day=TUESDAY, details=None, agent=None):
        with self.world.app.app_context():
            attendance.mark(agent or self.agent, self.roll(day), child.id, wanted, self.world.now, details)

    def unmark(self, child, day=TUESDAY):
        with self.world.app.app_context():
            attendance.unmark(self.agent, self.roll(day), child.id, self.world.now)

    def mark_rest(self, day=TUESDAY):
        with self.world.app.app_context():
            return attendance.mark_rest(self.agent, self.roll(day), self.world.now)

    def add(self, child, day=TUESDAY, agent=None, presence=None):
        with self.world.app.app_context():
            attendance.add_unexpected(
                agent or self.agent,
                self.roll(day),
                child.id,
                (presence or self.canteen.meal).id,
                self.world.now,
            )

    def tell_absent(self, child, day=TUESDAY):
        teller = Teller(self.claire.id, (self.household.id,), "Claire SOLIGNAC")
        with self.world.app.app_context():
            absences.declare(teller, Wish(child.id, day, day), self.world.now)

    def marks(self):
        rows = self.world.all(select(Attendance).order_by(Attendance.child_id))
        return {row.child_id: row.mark for row in rows}

    def events(self):
        wanted = select(AuditEvent).where(AuditEvent.object_type == "attendance").order_by(AuditEvent.id)
        return self.world.all(wanted)

    def close_month(self):
        regie = self.world.regie("Régie périscolaire", self.canteen.activity)
        self.world.add(
            BillingRun(
                regie_id=regie.id,
                month=date(2027, 1, 1),
                state=RunState.ISSUED,
                author_name="Agnès MARTIN",
                drafted_at=self.world.now,
                issued_at=self.world.now,
            )
        )


@pytest.fixture
def yard(world):
    yard = Yard(world)
    yard.booked = yard.book(yard.leo, TUESDAY)
    return yard


def test_a_mark_is_told_once_however_often_it_is_tapped(yard):
    yard.mark(yard.leo, PRESENT)
    yard.mark(yard.leo, PRESENT)

    row = yard.world.one(Attendance)
    assert (row.mark, row.booking_id, row.household_id, row.author_name) == (
        PRESENT, yard.booked.id, yard.household.id, "Agnès MARTIN",
    )  # fmt: skip
    (event,) = yard.events()
    assert (event.action, event.before, event.after["mark"]) == ("attendance.marked", None, "present")
    assert yard.world.all(Absence) == []


def test_absent_without_a_word_is_an_absence_that_the_reglement_judges_and_present_takes_it_back(yard):
    written.add_absences(yard.world.rulebook, yard.canteen.activity.rule_name)
    yard.world.write_rulebook()
    yard.mark(yard.leo, ABSENT)
    yard.mark(yard.leo, ABSENT)

    absence = yard.world.one(Absence)
    assert (absence.state, absence.is_observed, absence.author_name) == (
        AbsenceState.DECLARED, True, "Agnès MARTIN",
    )  # fmt: skip
    assert absence.explanation
    assert yard.world.all(OutgoingMail) == []

    yard.mark(yard.leo, PRESENT)

    booking = yard.world.one(Booking)
    assert (yard.marks(), yard.world.all(Absence)) == ({yard.leo.id: PRESENT}, [])
    assert (booking.state, booking.price_cents, booking.due_cents) == (BookingState.ACCEPTED, 320, None)
    said = [event.reason.replace("\xa0", " ") for event in yard.world.all(BookingEvent)]
    assert said[0].startswith("Absence.")
    assert said[1:] == ["Pointage : l’enfant était présent."]


def test_the_absence_that_a_family_told_outlives_the_mark_but_not_the_child(yard):
    yard.tell_absent(yard.leo)
    yard.mark(yard.leo, ABSENT)
    yard.unmark(yard.leo)
    assert yard.marks() == {}
    assert yard.world.one(Absence).is_observed is False

    yard.mark(yard.leo, PRESENT)
    assert yard.world.all(Absence) == []


def test_taking_a_mark_back_takes_its_absence(yard):
    yard.mark(yard.leo, ABSENT)
    yard.unmark(yard.leo)
    yard.unmark(yard.leo)
    assert (yard.marks(), yard.world.all(Absence)) == ({}, [])
    assert [event.action for event in yard.events()] == ["attendance.marked", "attendance.unmarked"]


def test_times_and_a_note_stay_until_the_child_is_absent(yard):
    yard.mark(yard.leo, PRESENT, details=Details(485, 990, "arrive avec son frère"))
    yard.mark(yard.leo, PRESENT)
    row = yard.world.one(Attendance)
    assert (row.arrived_minute, row.left_minute, row.note) == (485, 990, "arrive avec son frère")
    yard.mark(yard.leo, ABSENT)
    row = yard.world.one(Attendance)
    assert (row.arrived_minute, row.left_minute) == (None, None)


@pytest.mark.parametrize(
    ("wanted", "details"),
    [(PRESENT, Details(990, 485)), (ABSENT, Details(485)), (PRESENT, Details(None, 1440))],
)
def test_impossible_times_are_refused(yard, wanted, details):
    with pytest.raises(Refused) as refused:
        yard.mark(yard.leo, wanted, details=details)
    assert refused.value.code == "hours"
    assert yard.marks() == {}


def test_the_rest_are_present_but_those_whose_family_told(yard):
    yard.book(yard.marie, TUESDAY)
    tom = yard.world.child(yard.household, "Tom")
    nino = yard.world.child(yard.household, "Nino")
    yard.book(tom, TUESDAY, BookingState.PENDING)
    yard.book(nino, TUESDAY)
    yard.mark(nino, ABSENT)
    yard.tell_absent(yard.marie)

    assert yard.mark_rest() == 2
    assert yard.mark_rest() == 0
    assert yard.marks() == {yard.leo.id: PRESENT, yard.marie.id: ABSENT, nino.id: ABSENT}


def test_a_child_marked_absent_before_its_request_is_accepted_is_absent(yard):
    """The mark came first: the bill and the family read the same absence."""
    tom = yard.world.child(yard.household, "Tom")
    booking = yard.book(tom, TUESDAY, BookingState.PENDING)
    request = yard.ask("R-1", tom, [TUESDAY], LineState.PENDING, booking_id=booking.id)
    yard.mark(tom, ABSENT)
    assert yard.world.all(Absence) == []
    line = yard.world.one(select(BookingRequestLine).where(BookingRequestLine.request_id == request.id))
    with yard.world.app.app_context():
        booking_requests.decide_lines(
            [line.id],
            accept=True,
            reason="",
            actor_user_id=yard.agent.user_id,
            facility_ids=None,
            now=yard.world.now,
        )
    absence = yard.world.one(Absence)
    assert (absence.booking_id, absence.is_observed) == (booking.id, True)
    assert absence.explanation


def test_the_rest_costs_the_same_statements_for_two_or_twenty_children(yard):
    def few_and_many():
        for number in range(20):
            yard.book(yard.world.child(yard.household, f"Enfant {number}"), THURSDAY - timedelta(days=3))
        with statements.recorded() as first:
            yard.mark_rest(TUESDAY)
        with statements.recorded() as second:
            yard.mark_rest(MONDAY)
        return len(first), len(second)

    one, twenty = few_and_many()
    assert twenty <= one + 1


def test_tomorrow_is_not_marked(yard):
    yard.book(yard.leo, THURSDAY)
    with pytest.raises(Refused) as refused:
        yard.mark(yard.leo, PRESENT, THURSDAY)
    assert refused.value.code == "future"


def test_a_billed_month_is_frozen(yard):
    yard.close_month()
    for act in (
        lambda: yard.mark(yard.leo, PRESENT),
        lambda: yard.unmark(yard.leo),
        yard.mark_rest,
        lambda: yard.add(yard.marie),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "issued"
    assert "janvier 2027" in refused.value.message
    assert yard.marks() == {}


def test_a_director_marks_in_its_own_structures(yard):
    elsewhere = yard.world.facility("ALSH")
    stranger = Agent(yard.world.staff(StaffRole.DIRECTOR, [elsewhere]).id, [elsewhere.id])
    with pytest.raises(NotFound):
        yard.mark(yard.leo, PRESENT, agent=stranger)
    own = Agent(stranger.user_id, [yard.canteen.facility.id])
    yard.mark(yard.leo, PRESENT, agent=own)
    assert yard.marks() == {yard.leo.id: PRESENT}


def test_who_is_not_expected_any_more_is_stale_who_never_was_is_unknown(yard):
    yard.book(yard.marie, TUESDAY, BookingState.CANCELLED)
    with pytest.raises(Stale):
        yard.mark(yard.marie, PRESENT)
    with pytest.raises(NotFound):
        yard.mark(yard.world.child(yard.household, "Tom"), PRESENT)


def test_an_unexpected_child_is_present_and_cannot_be_absent(yard):
    yard.add(yard.marie)
    yard.add(yard.marie)
    row = yard.world.one(Attendance)
    assert (row.child_id, row.booking_id, row.household_id) == (yard.marie.id, None, yard.household.id)
    assert row.presence_type_id == yard.canteen.meal.id
    with pytest.raises(Refused) as refused:
        yard.mark(yard.marie, ABSENT)
    assert refused.value.code == "unexpected"
    yard.unmark(yard.marie)
    assert yard.marks() == {}


def test_a_child_who_is_expected_after_all_is_marked_present(yard):
    yard.mark(yard.leo, ABSENT)
    yard.add(yard.leo)
    assert (yard.marks(), yard.world.all(Absence)) == ({yard.leo.id: PRESENT}, [])
    assert yard.world.one(Attendance).booking_id == yard.booked.id


def test_the_household_of_the_day_pays_for_an_unexpected_child(yard):
    second = yard.world.household("DURAND", number=1)
    yard.world.share(yard.marie, second)
    yard.world.custody(yard.marie, yard.household, second)
    yard.world.add(
        CustodyException(child_id=yard.marie.id, household_id=second.id, first_day=TUESDAY, last_day=TUESDAY)
    )
    yard.add(yard.marie)
    assert yard.world.one(Attendance).household_id == second.id


def test_a_director_adds_enrolled_children_alone_and_presences_of_the_activity(yard):
    own = Agent(yard.world.staff(StaffRole.DIRECTOR, [yard.canteen.facility]).id, [yard.canteen.facility.id])
    tom = yard.world.child(yard.household, "Tom")
    with pytest.raises(NotFound):
        yard.add(tom, agent=own)
    other = yard.world.presence_type(yard.world.activity(yard.canteen.facility, "Garderie"), "Soir")
    with pytest.raises(NotFound):
        yard.add(tom, presence=other)
    yard.add(tom)
    assert yard.marks() == {tom.id: PRESENT}


def test_a_month_lists_its_past_bookings_without_a_mark(yard):
    yard.book(yard.leo, MONDAY)
    yard.book(yard.marie, MONDAY, BookingState.PENDING)
    yard.book(yard.leo, THURSDAY)
    regie = yard.world.regie("Régie", yard.canteen.activity)

    def found(regie_id=None):
        with yard.world.app.app_context(), statements.at_most(1):
            return attendance_queries.unmarked(date(2027, 1, 1), TUESDAY, regie_id=regie_id)

    assert [(one.day, one.activity, one.children) for one in found(regie.id)] == [(MONDAY, "Cantine", 1)]
    assert found(regie.id + 1) == ()
    yard.mark_rest(MONDAY)
    assert found() == ()
