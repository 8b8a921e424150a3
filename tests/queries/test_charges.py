"""What a month costs each household: which days become lines, at what price, and what must be looked at."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.calendar import midday
from domain.enums import (
    AbsenceState,
    AttendanceMark,
    BookingState,
    Channel,
    FindingKind,
    InvoiceLineKind,
    InvoiceState,
    LineAction,
    LineState,
)
from domain.french import NBSP
from models import Absence, Attendance, Booking, BookingRequest, BookingRequestLine
from queries.charges import month_bills
from queries.provisional_month import provisional_month
from tests import rulebook_texts as written
from tests import statements
from tests.booking_bench import FEBRUARY, MONDAY, TUESDAY, Bench
from tests.factories import World

JANUARY = date(2027, 1, 1)
NOW = datetime(2027, 1, 29, 18, tzinfo=UTC)
DAYS = [date(2027, 1, 4), date(2027, 1, 5), date(2027, 1, 7), date(2027, 1, 8)]
EARLY = datetime(2026, 12, 1, 9, tzinfo=UTC)


class Town:
    """A canteen with a régie, a family and its child, and short words for its days."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.canteen = world.canteen(DAYS)
        self.regie = world.regie("Régie périscolaire", self.canteen.activity)
        self.home = world.household()
        self.child = world.child(self.home)

    def book(self, number: int, mark: AttendanceMark | None = AttendanceMark.PRESENT, **columns):
        opening = self.canteen.openings[number]
        home, child = columns.pop("home", self.home), columns.pop("child", self.child)
        values = {"created_at": EARLY} | columns
        booking = self.world.booking(home, child, opening, self.canteen.meal, **values)
        if mark is not None:
            self.world.attendance(booking, mark, author_user_id=self.agent.id)
        return booking

    @property
    def agent(self):
        if not hasattr(self, "_agent"):
            self._agent = self.world.staff()
        return self._agent

    def absent(self, number: int, due_cents: int | None, *explanation: str):
        booking = self.book(number, None, due_cents=due_cents)
        self.world.add(
            Absence(
                booking_id=booking.id,
                state=AbsenceState.DECLARED,
                explanation=list(explanation),
                author_name="Claire",
                declared_at=EARLY,
            )
        )
        return booking

    def given_up(self, booking):
        """A request of the family to cancel it, that was accepted."""
        parent = self.world.parent(self.home)
        request = self.world.add(
            BookingRequest(
                reference="R-1",
                household_id=self.home.id,
                author_user_id=parent.id,
                author_name="Claire SOLIGNAC",
                channel=Channel.PORTAL,
                created_at=EARLY,
            )
        )
        self.world.add(
            BookingRequestLine(
                request_id=request.id,
                booking_id=booking.id,
                child_id=booking.child_id,
                facility_id=self.canteen.facility.id,
                opening_id=booking.opening_id,
                presence_type_id=booking.presence_type_id,
                day=booking.day,
                action=LineAction.CANCEL,
                state=LineState.ACCEPTED,
            )
        )

    def bills(self, now=NOW, **chosen):
        with self.world.app.app_context():
            return month_bills(JANUARY, now, **chosen)

    def bill(self, now=NOW, **chosen):
        (found,) = self.bills(now, **chosen)
        return found


@pytest.fixture
def town(world):
    return Town(world)


def kinds(found):
    return [one.kind for one in found]


def test_a_presence_is_a_line_that_says_its_arithmetic(town):
    table = written.table(
        {"quotient": {"a": "700"}, "valeur": "2.10"},
        {"quotient": {"plus_de": "700"}, "valeur": "3.20"},
        {"quotient": "inconnu", "valeur": "5.00"},
    )
    town.world.rulebook["activites"]["cantine"]["tarif"]["prix"]["cas"][0]["valeur"] = table
    version = town.world.write_rulebook()
    town.world.quotient(town.home, 845)
    booking = town.book(1)
    bill = town.bill()
    (line,) = bill.charges
    assert (line.kind, line.amount_cents, bill.total_cents) == (InvoiceLineKind.PRESENCE, 320, 320)
    assert line.label == f"Cantine, repas enfant, mardi 5{NBSP}janvier"
    assert line.explanation[0].startswith(
        f"Repas enfant du mardi 5{NBSP}janvier, quotient familial 845, tranche B"
    )
    assert line.explanation[0].endswith(f"3,20{NBSP}€.")
    assert "en vigueur depuis le" in line.explanation[-1]
    assert (line.booking_id, line.child_id, line.day) == (booking.id, town.child.id, DAYS[1])
    assert (line.rulebook_version_id, line.quotient_hundredths) == (version.id, 84500)
    assert (bill.household_id, bill.regie_id, bill.findings) == (town.home.id, town.regie.id, ())
    assert not line.is_provisional


def test_a_past_day_without_mark_is_provisional_and_blocks(town):
    booking = town.book(0, None)
    bill = town.bill()
    (finding,) = bill.findings
    assert (finding.kind, finding.is_blocking, finding.booking_id) == (FindingKind.UNMARKED, True, booking.id)
    assert bill.charges[0].is_provisional
    early = town.bill(datetime(2027, 1, 4, 9, tzinfo=UTC))  # the day is not over
    assert (early.findings, early.charges[0].is_provisional) == ((), True)


def test_an_absence_owes_exactly_what_the_family_was_told(town):
    town.absent(0, 150, "Absence non justifiée : 1,50 € restent dus.")
    town.absent(1, 0, "Maladie justifiée : rien n’est dû.")
    town.absent(2, None, "Le règlement ne prévoit pas de remise.")
    bill = town.bill()
    assert kinds(bill.charges) == [InvoiceLineKind.ABSENCE] * 2
    assert [one.amount_cents for one in bill.charges] == [150, 320]
    assert bill.charges[0].explanation[1:] == ("Absence non justifiée : 1,50 € restent dus.",)
    assert bill.findings == ()


def test_a_late_cancelling_owes_what_was_told_and_an_early_one_nothing(town):
    town.book(0, None, state=BookingState.CANCELLED, due_cents=320)
    town.book(1, None, state=BookingState.CANCELLED, due_cents=0)
    town.book(2, None, state=BookingState.REFUSED)
    bill = town.bill()
    assert [(one.kind, one.amount_cents) for one in bill.charges] == [(InvoiceLineKind.ABSENCE, 320)]


def unexpected(town, number, **columns):
    opening = town.canteen.openings[number]
    values = {
        "child_id": town.child.id,
        "household_id": town.home.id,
        "presence_type_id": town.canteen.meal.id,
        "mark": AttendanceMark.PRESENT,
        "author_user_id": town.agent.id,
        "author_name": "Agnès MARTIN",
        "marked_at": EARLY,
    }
    return town.world.add(
        Attendance(
            opening_id=opening.id, activity_id=opening.activity_id, day=opening.day, **values | columns
        )
    )


def add_adjustment(town, name, when, cents):
    """A supplement on a meal, when a condition holds or a limit asks."""
    town.world.rulebook["activites"]["cantine"]["tarif"]["ajustements"] = [
        {"nom": name, "si": when, "operation": "ajouter", "valeur": cents, "portee": "presence"}
    ]
    return town.world.write_rulebook()


def test_a_child_nobody_expected_is_priced_as_unbooked(town):
    add_adjustment(town, "sans_reservation", {"etat": "non_reserve"}, "2.00")
    town.book(0)
    unexpected(town, 1)
    bill = town.bill()
    assert [one.amount_cents for one in bill.charges] == [320, 520]
    assert "Présence sans réservation." in bill.charges[1].explanation
    assert bill.charges[1].booking_id is None


def test_a_child_who_comes_after_cancelling_pays_its_presence_alone(town):
    town.book(0, None, state=BookingState.CANCELLED, due_cents=320)
    unexpected(town, 0)
    assert kinds(town.bill().charges) == [InvoiceLineKind.PRESENCE]


@pytest.mark.parametrize("state", [BookingState.CANCELLED, BookingState.REFUSED, BookingState.WAITING])
def test_a_child_who_came_on_a_booking_that_does_not_hold_is_billed_as_unbooked(town, state):
    town.book(0, AttendanceMark.PRESENT, state=state, due_cents=0)
    (line,) = town.bill().charges
    assert (line.kind, line.booking_id, line.day) == (InvoiceLineKind.PRESENCE, None, DAYS[0])


def test_a_late_booking_pays_the_supplement_of_its_limit(town):
    late = written.until(written.days_before(1, "18:00"))
    late["ensuite"] = {"effet": "libre", "supplements": ["hors_delai"]}
    add_adjustment(town, "hors_delai", "delai", "1.00")
    town.world.limits(town.canteen.activity, "reserver", late)
    town.book(0)
    town.book(1, created_at=midday(DAYS[1]) - timedelta(hours=6))
    assert [one.amount_cents for one in town.bill().charges] == [320, 420]


def test_times_of_the_mark_price_what_reads_them(town):
    facts = town.world.rulebook["faits"]
    facts["arrivee"] = facts["depart"] = "heure"
    cases = town.world.rulebook["activites"]["cantine"]["tarif"]["prix"]["cas"]
    cases[0]["valeur"] = "(depart - arrivee) * 0.01"
    town.world.write_rulebook()
    booking = town.book(0, None)
    town.world.attendance(booking, arrived_minute=16 * 60 + 30, left_minute=18 * 60)
    assert [one.amount_cents for one in town.bill().charges] == [90]


def test_what_cannot_be_priced_is_said_and_nothing_invented(town):
    town.world.rulebook["faits"]["agent"] = {"type": "oui_non", "nom": "agent de la commune"}
    add_adjustment(town, "agent", {"agent": "oui"}, "-1.00")
    booking = town.book(0)
    bill = town.bill()
    (finding,) = bill.findings
    assert (finding.kind, finding.is_blocking, finding.booking_id) == (FindingKind.UNPRICED, True, booking.id)
    assert f"«{NBSP}agent de la commune{NBSP}»" in finding.sentence
    assert bill.charges == ()
    town.world.rule_fact(town.home, "agent", "oui")
    assert town.bill().total_cents == 220


def test_an_ended_quotient_is_unknown_and_only_told(town):
    table = written.table(
        {"quotient": {"de": "0"}, "valeur": "2.00"}, {"quotient": "inconnu", "valeur": "5.00"}
    )
    town.world.rulebook["activites"]["cantine"]["tarif"]["prix"]["cas"][0]["valeur"] = table
    town.world.write_rulebook()
    town.world.quotient(town.home, 600, valid_to=DAYS[0])
    town.book(0)
    town.book(1)
    bill = town.bill()
    assert [one.amount_cents for one in bill.charges] == [200, 500]
    assert [one.quotient_hundredths for one in bill.charges] == [60000, None]
    (finding,) = bill.findings
    assert (finding.kind, finding.is_blocking) == (FindingKind.QUOTIENT, False)
    assert finding.sentence == (
        f"Quotient familial non connu{NBSP}: 1{NBSP}jour au tarif prévu sans quotient, aucun rappel envoyé."
    )


def test_a_cap_of_the_month_is_a_line_of_its_own(town):
    town.world.rulebook["cumuls"] = [
        {
            "nom": "plafond du mois",
            "periode": "mois",
            "par": "enfant",
            "activites": ["cantine"],
            "effet": "plafond",
            "valeur": "7.00",
            "arrondi": {"au": "0.01", "vers": "plus_proche"},
        }
    ]
    town.world.write_rulebook()
    for number in range(3):
        town.book(number)
    bill = town.bill()
    last = bill.charges[-1]
    assert (bill.total_cents, last.kind, last.amount_cents) == (700, InvoiceLineKind.ADJUSTMENT, -260)
    assert last.explanation[0] == f"Plafond du mois{NBSP}: de 9,60{NBSP}€ à 7,00{NBSP}€."
    assert last.child_id == town.child.id


def test_a_fee_of_the_year_is_asked_once(town):
    town.world.rulebook["cumuls"] = [
        {
            "nom": "adhésion",
            "periode": "annee_scolaire",
            "par": "famille",
            "activites": ["cantine"],
            "effet": "ajoute",
            "valeur": "10.00",
            "arrondi": {"au": "0.01", "vers": "plus_proche"},
        }
    ]
    town.world.write_rulebook()
    town.book(0)
    assert [one.amount_cents for one in town.bill().charges] == [320, 1000]
    period = town.world.period(town.canteen.facility, date(2026, 11, 1), date(2026, 11, 30))
    (before,) = town.world.openings(town.canteen.activity, period, [date(2026, 11, 9)])
    town.world.booking(town.home, town.child, before, town.canteen.meal, created_at=EARLY)
    bill = town.bill()  # the fee is that of November; its days are not billed again
    assert [one.amount_cents for one in bill.charges] == [320]
    assert bill.findings == ()


def test_an_activity_without_regie_blocks(town):
    other = town.world.activity(town.canteen.facility, "Garderie")
    evening = town.world.presence_type(other, "Soir", 150)
    (opening,) = town.world.openings(other, town.canteen.period, DAYS[:1])
    town.world.attendance(town.world.booking(town.home, town.child, opening, evening))
    town.book(0)
    orphan, bill = town.bills()
    assert (orphan.regie_id, orphan.total_cents) == (None, 150)
    assert (bill.regie_id, bill.total_cents, bill.findings) == (town.regie.id, 320, ())
    assert kinds(orphan.findings) == [FindingKind.NO_REGIE]
    one = town.bill(regie_id=town.regie.id)
    assert (one.total_cents, kinds(one.findings)) == (320, [FindingKind.NO_REGIE])
    assert f"«{NBSP}Garderie{NBSP}»" in one.findings[0].sentence


def test_each_regie_bills_its_own(town):
    other = town.world.activity(town.canteen.facility, "Garderie")
    evening = town.world.presence_type(other, "Soir", 150)
    regie = town.world.regie("Centre de loisirs", other)
    (opening,) = town.world.openings(other, town.canteen.period, DAYS[:1])
    town.world.attendance(town.world.booking(town.home, town.child, opening, evening))
    town.book(0)
    assert {one.regie_id: one.total_cents for one in town.bills()} == {town.regie.id: 320, regie.id: 150}
    assert town.bill(regie_id=regie.id).total_cents == 150


def test_a_carried_bill_is_taken_up_once(town):
    town.book(0)
    small = town.world.invoice(
        town.regie,
        town.home,
        date(2026, 12, 1),
        [{"label": "Repas", "amount_cents": 300}],
        InvoiceState.CARRIED,
    )
    line = town.bill().charges[-1]
    assert (line.kind, line.amount_cents, line.carried_from_id) == (InvoiceLineKind.CARRIED, 300, small.id)
    assert line.label == "Report de décembre 2026"
    taken = [{"label": "Report", "amount_cents": 300, "carried_from_id": small.id}]
    town.world.invoice(town.regie, town.home, JANUARY, taken, InvoiceState.DRAFT)
    assert town.bill().total_cents == 620  # the draft of this month is made again
    town.world.invoice(town.regie, town.home, JANUARY, taken)
    assert town.bill().total_cents == 320


def test_the_household_of_the_booking_pays_and_others_are_not_read(town):
    other = town.world.household("MARTY")
    town.world.share(town.child, other)
    town.book(0)
    town.book(1, home=other)
    assert {one.household_id: one.total_cents for one in town.bills()} == {town.home.id: 320, other.id: 320}
    assert [one.household_id for one in town.bills(household_ids=[other.id])] == [other.id]
    assert town.bills(household_ids=[]) == []


def test_a_day_given_up_without_a_tariff_is_told_and_asks_nothing(town):
    """Nobody told what it leaves due: a price would be made up, a month would wait for ever."""
    booking = town.book(0, None, state=BookingState.CANCELLED, price_cents=None, due_cents=None)
    town.given_up(booking)
    bill = town.bill()
    assert bill.charges == ()
    (finding,) = bill.findings
    assert (finding.kind, finding.is_blocking) == (FindingKind.UNPRICED, False)
    assert finding.booking_id == booking.id
    assert "annulé quand aucun tarif ne disait ce qui reste dû" in finding.sentence
    town.book(0, None, state=BookingState.CANCELLED, due_cents=150)
    assert (town.bill().total_cents, town.bill().findings) == (150, ())


def test_a_waiting_booking_that_ended_owes_nothing(town):
    town.book(0, None, state=BookingState.CANCELLED, price_cents=320, due_cents=None)
    assert town.bills() == []


def test_a_price_by_quotient_needs_no_section_about_the_quotient(town):
    """« Sans cette partie, le quotient est celui que la question donne » : that of the day."""
    del town.world.rulebook["quotient"]
    table = written.table(
        {"quotient": {"a": "700"}, "valeur": "2.10"},
        {"quotient": {"plus_de": "700"}, "valeur": "3.20"},
        {"quotient": "inconnu", "valeur": "5.00"},
    )
    town.world.rulebook["activites"]["cantine"]["tarif"]["prix"]["cas"][0]["valeur"] = table
    town.world.write_rulebook()
    town.world.quotient(town.home, 600, valid_from=DAYS[1], valid_to=DAYS[2])
    for number in range(4):
        town.book(number)
    bill = town.bill()
    assert [one.amount_cents for one in bill.charges] == [500, 210, 210, 500]
    assert kinds(bill.findings) == [FindingKind.QUOTIENT]


def test_as_many_statements_for_one_family_as_for_many(town):
    town.book(0)
    town.bills()  # this process meets the version
    with statements.recorded() as few:
        town.bills()
    for name in ("MARTY", "VIGNE", "ROUX"):
        home = town.world.household(name)
        town.book(1, home=home, child=town.world.child(home))
    with statements.recorded() as many:
        assert len(town.bills()) == 4
    assert len(many) == len(few) <= 8


def test_what_was_told_when_booking_is_what_the_bill_says(world):
    """R22: the price of the wizard, the month of the family and its bill are one figure."""
    bench = Bench(world)
    late = written.until(written.days_before(30, "18:00"))
    late["ensuite"] = {"effet": "libre", "supplements": ["hors_delai"]}
    world.rulebook["activites"]["cantine"]["tarif"]["ajustements"] = [
        {"nom": "hors_delai", "si": "delai", "operation": "ajouter", "valeur": "1.00", "portee": "presence"}
    ]
    world.limits(bench.canteen.activity, "reserver", late)
    bench.ask(MONDAY, TUESDAY)
    told = [one.price_cents for one in world.all(Booking)]
    assert told == [420, 420]
    with world.app.app_context():
        (bill,) = month_bills(FEBRUARY, NOW)
        month = provisional_month([bench.home.id], FEBRUARY, NOW)
    assert [one.amount_cents for one in bill.charges] == told
    assert bill.total_cents == month.total_cents
