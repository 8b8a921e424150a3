"""The billing of a month: the same draft twice, what forbids to issue, numbers without a gap, what is frozen
(R42). The month is December 2026, seen from the 12th of January."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from domain.enums import (
    AttendanceMark,
    FindingKind,
    InvoiceKind,
    InvoiceLineKind,
    InvoiceState,
    Residency,
    RunState,
)
from domain.errors import NotFound, Refused, Stale
from models import (
    AuditEvent,
    BillingFinding,
    BillingRun,
    Booking,
    Invoice,
    InvoiceLine,
    InvoiceSequence,
    OutgoingMail,
    Payment,
)
from services import attendance, billing, credit_notes
from services.accounts import Author
from services.transaction import write_transaction
from tests.statements import recorded

NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
DAYS = [date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 10), date(2026, 12, 11)]
BEFORE = [day - timedelta(days=28) for day in DAYS]
EARLY = datetime(2026, 10, 1, 9, tzinfo=UTC)
PRICE = 320


class Office:
    """A canteen billed by a régie, families whose children came, and the agent who bills."""

    def __init__(self, world):
        self.world = world
        world.facts = []
        self.canteen = world.canteen([*BEFORE, *DAYS])
        self.regie = world.regie("Régie périscolaire", self.canteen.activity)
        self.agent = world.staff()
        self.author = Author(self.agent.id)

    def family(self, name="SOLIGNAC", meals=2, days=DAYS, mark=AttendanceMark.PRESENT, **columns):
        home = self.world.household(name, **columns)
        self.world.parent(home, email=f"{name.lower()}@example.org")
        child = self.world.child(home)
        for day in days[:meals]:
            self.meal(home, child, day, mark)
        return home

    def meal(self, home, child, day, mark=AttendanceMark.PRESENT):
        opening = next(one for one in self.canteen.openings if one.day == day)
        booking = self.world.booking(home, child, opening, self.canteen.meal, created_at=EARLY)
        if mark is not None:
            self.world.attendance(booking, mark, author_user_id=self.agent.id)
        return booking

    def prepare(self, month=DECEMBER):
        with self.world.app.app_context():
            return billing.prepare(self.regie.id, month, self.author, self.world.now)

    def issue(self, run_id):
        with self.world.app.app_context():
            billing.issue(run_id, self.author, self.world.now)

    def issued(self, month=DECEMBER):
        run_id = self.prepare(month)
        self.issue(run_id)
        return run_id

    def credit(self, bill, cents, reason="Repas facturé deux fois"):
        with self.world.app.app_context():
            return credit_notes.credit(bill.id, cents, reason, self.author, self.world.now)

    def minimum(self, amount, carried):
        minimum = {"montant": amount, "report": "oui" if carried else "non"}
        self.world.rulebook["facturation"] = {"minimum": minimum}
        self.world.write_rulebook()

    def bills(self):
        return self.world.all(select(Invoice).order_by(Invoice.id))

    def bill(self):
        return self.world.one(select(Invoice).where(Invoice.kind == InvoiceKind.INVOICE))

    def lines(self, bill):
        found = select(InvoiceLine).where(InvoiceLine.invoice_id == bill.id)
        return self.world.all(found.order_by(InvoiceLine.position))

    def findings(self):
        return self.world.all(select(BillingFinding).order_by(BillingFinding.id))


@pytest.fixture
def office(world):
    return Office(world)


def as_written(office):
    """The rows of the draft, without their own ids."""
    return [
        (
            bill.household_id,
            bill.state,
            bill.recipient_name,
            bill.recipient_address,
            bill.total_cents,
            [(line.position, line.label, line.amount_cents, line.explanation) for line in office.lines(bill)],
        )
        for bill in office.bills()
    ]


def test_twice_gives_the_same_rows(office):
    office.family("SOLIGNAC", 2)
    office.family("MARTIN", 3)
    run_id = office.prepare()
    before = as_written(office)
    assert [one[4] for one in before] == [2 * PRICE, 3 * PRICE]
    assert before[0][2:4] == ("Claire SOLIGNAC", "12 rue Nationale\n46000 Cahors")
    assert office.prepare() == run_id
    assert as_written(office) == before
    assert office.world.one(BillingRun).state is RunState.DRAFT
    assert not office.world.all(OutgoingMail)


def test_issued_bills_are_numbered_dated_frozen_and_announced(office):
    for name in ("SOLIGNAC", "MARTIN", "PETIT"):
        office.family(name)
    office.issued()
    today = office.world.now.date()
    bills = office.bills()
    assert [bill.number for bill in bills] == [1, 2, 3]
    assert bills[0].reference == "RP-2027-000001"
    assert {(bill.state, bill.issue_day, bill.due_day) for bill in bills} == {
        (InvoiceState.UNSETTLED, today, today + timedelta(days=30))
    }
    run = office.world.one(BillingRun)
    assert (run.state, run.issue_day) == (RunState.ISSUED, today)
    assert len(office.world.all(OutgoingMail)) == 3
    event = office.world.one(select(AuditEvent).where(AuditEvent.action == "billing_run.issued"))
    assert event.after["invoices"] == 3
    with pytest.raises(DatabaseError), office.world.app.app_context(), write_transaction() as session:
        session.get_one(Invoice, bills[0].id).total_cents = 1


def test_an_issued_month_is_neither_issued_nor_prepared_again(office):
    office.family()
    run_id = office.issued()
    with pytest.raises(Stale, match="déjà émis"):
        office.issue(run_id)
    with pytest.raises(Stale, match="déjà émis"):
        office.prepare()
    assert len(office.bills()) == 1


def test_an_unmarked_day_forbids_to_issue(office):
    home = office.family(meals=1)
    office.family("PETIT", 1, mark=None)
    run_id = office.prepare()
    assert [(one.kind, one.is_blocking) for one in office.findings()] == [(FindingKind.UNMARKED, True)]
    with pytest.raises(Refused) as refusal:
        office.issue(run_id)
    assert refusal.value.code == "blocked"
    assert {bill.state for bill in office.bills()} == {InvoiceState.DRAFT}
    assert home.id in {bill.household_id for bill in office.bills()}


def test_a_draft_older_than_a_change_is_not_issued(office):
    home = office.family(meals=1)
    run_id = office.prepare()
    office.meal(home, office.world.child(home, "Mia"), DAYS[1])
    with pytest.raises(Stale, match="SOLIGNAC"):
        office.issue(run_id)
    office.prepare()
    office.issue(run_id)
    assert office.bill().total_cents == 2 * PRICE


@pytest.mark.parametrize("what", ["mark", "booking", "quotient", "nothing", "another month"])
def test_what_changes_while_bills_are_issued_is_seen(office, monkeypatch, what):
    """Between the last calculation and the transaction of the issue."""
    home = office.family(meals=2)
    child, mia = office.world.all(Booking)[0].child_id, office.world.child(home, "Mia")
    run_id = office.prepare()
    mark = attendance.mark
    agent, roll = (
        attendance.Agent(office.agent.id, None),
        attendance.Roll(office.canteen.activity.id, DAYS[0]),
    )
    changes = {
        "mark": lambda: mark(agent, roll, child, AttendanceMark.ABSENT, office.world.now),
        "booking": lambda: office.meal(home, mia, DAYS[1]),
        "quotient": lambda: office.world.quotient(home, 500),
        "nothing": lambda: None,
        "another month": lambda: office.meal(home, mia, BEFORE[1]),
    }
    is_seen = what not in ("nothing", "another month")

    @contextmanager
    def meanwhile():
        changes[what]()
        with write_transaction() as session:
            yield session

    monkeypatch.setattr(billing, "write_transaction", meanwhile)
    if not is_seen:
        office.issue(run_id)
        assert office.bill().number == 1
        return
    with pytest.raises(Stale, match="vient de changer"):
        office.issue(run_id)
    assert {bill.state for bill in office.bills()} == {InvoiceState.DRAFT}
    assert not office.world.all(InvoiceSequence)


def test_a_month_that_is_not_over_is_drafted_only(office):
    office.family()
    run_id = office.prepare(JANUARY)
    with pytest.raises(Refused) as refusal:
        office.issue(run_id)
    assert refusal.value.code == "not_over"
    with pytest.raises(Refused) as refusal:
        office.prepare(date(2027, 2, 1))
    assert refusal.value.code == "to_come"


def test_an_unknown_run_or_regie_is_not_found(office):
    with pytest.raises(NotFound):
        office.issue(99)
    with pytest.raises(NotFound), office.world.app.app_context():
        billing.prepare(99, DECEMBER, office.author, office.world.now)


def test_a_bill_under_the_minimum_waits_for_the_next(office):
    home = office.family(meals=1, days=BEFORE)
    child = office.world.child(home, "Mia")
    office.minimum("5.00", carried=True)
    office.issued(NOVEMBER)
    (small,) = office.bills()
    assert (small.state, small.number, small.reference) == (InvoiceState.CARRIED, None, None)
    assert not office.world.all(OutgoingMail)
    office.meal(home, child, DAYS[0])
    office.issued()
    _, bill = office.bills()
    assert (bill.number, bill.total_cents, bill.state) == (1, 2 * PRICE, InvoiceState.UNSETTLED)
    last = office.lines(bill)[-1]
    assert (last.kind, last.amount_cents) == (InvoiceLineKind.CARRIED, PRICE)
    assert last.carried_from_id == small.id


def test_the_minimum_is_that_of_each_family(office):
    """« Sous 5 €, la facture attend, sauf pour les familles hors commune. »"""
    office.family("DICI", 1)
    office.family("DAILLEURS", 1, residency=Residency.NON_RESIDENT)
    unless = {"residence": "hors_commune"}
    office.world.rulebook["facturation"] = {"minimum": {"montant": "5.00", "report": "oui", "sauf": unless}}
    office.world.write_rulebook()
    office.issued()
    assert [(one.state, one.number) for one in office.bills()] == [
        (InvoiceState.CARRIED, None),
        (InvoiceState.UNSETTLED, 1),
    ]


def test_a_minimum_that_is_given_up_makes_a_bill_of_zero(office):
    office.family(meals=1)
    office.minimum("5.00", carried=False)
    office.issued()
    bill = office.bill()
    assert (bill.total_cents, bill.state, bill.number) == (0, InvoiceState.SETTLED, 1)
    assert office.lines(bill)[-1].amount_cents == -PRICE


def test_money_paid_in_advance_pays_the_new_bill(office):
    home = office.family(meals=2)
    office.world.payment(office.regie, home, 500)
    office.issued()
    bill = office.bill()
    assert (bill.state, bill.settled_cents) == (InvoiceState.PARTIAL, 500)
    assert office.world.one(Payment).allocated_cents == 500


def test_the_amounts_are_compared_with_those_of_before(office):
    home = office.family(meals=4)
    line = {"label": "Repas", "amount_cents": 9000}
    office.world.invoice(office.regie, home, NOVEMBER, [line])
    office.prepare()
    (finding,) = office.findings()
    assert (finding.kind, finding.is_blocking) == (FindingKind.DIFFERENCE, False)


def test_statements_do_not_grow_with_the_families(office):
    def cost():
        with recorded() as statements:
            run_id = office.prepare()
        return len(statements), run_id

    office.family("UN")
    first, _ = cost()
    for number in range(6):
        office.family(f"FOYER{number}")
    more, run_id = cost()
    assert more <= first + 2
    with recorded() as statements:
        office.issue(run_id)
    assert len(statements) <= 48


# --- A large town: the worker makes the draft


@pytest.fixture
def large(office, monkeypatch):
    """Everything beyond one household is for the worker."""
    monkeypatch.setattr(billing, "AT_ONCE", 1)
    for name in ("SOLIGNAC", "MARTIN"):
        office.family(name)
    return office


def asked(office):
    with office.world.app.app_context():
        return billing.ask(office.regie.id, DECEMBER, office.author, office.world.now)


def work(office):
    with office.world.app.app_context():
        billing.make_asked(office.world.now)


def test_the_worker_makes_the_draft_of_a_large_town_once(large):
    run_id = asked(large)
    assert asked(large) == run_id
    run = large.world.one(BillingRun)
    assert (run.state, run.drafted_at) == (RunState.PREPARING, large.world.now)
    assert run.author_name
    assert large.bills() == []
    with pytest.raises(Refused, match="se prépare encore"):
        large.issue(run_id)
    work(large)
    work(large)
    assert large.world.one(BillingRun).state is RunState.DRAFT
    assert [bill.total_cents for bill in large.bills()] == [2 * PRICE, 2 * PRICE]
    told = large.world.all(select(AuditEvent.action).where(AuditEvent.object_type == "billing_run"))
    assert told == ["billing_run.asked", "billing_run.prepared"]
    large.issue(run_id)


def test_a_small_town_has_its_draft_at_once(office):
    office.family()
    asked(office)
    assert office.world.one(BillingRun).state is RunState.DRAFT
    assert office.bill().total_cents == 2 * PRICE


def test_a_draft_left_by_a_killed_worker_is_made_by_the_next(large, monkeypatch):
    asked(large)
    write = billing._write

    def killed(*_written):
        raise KeyboardInterrupt

    monkeypatch.setattr(billing, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        work(large)
    assert large.world.one(BillingRun).state is RunState.PREPARING
    monkeypatch.setattr(billing, "_write", write)
    work(large)
    assert len(large.bills()) == 2


def test_a_draft_that_cannot_be_made_says_so_and_is_asked_again(large, monkeypatch, caplog):
    asked(large)
    drafted = billing._drafted

    def broken(*_asked):
        raise ValueError("unforeseen")

    monkeypatch.setattr(billing, "_drafted", broken)
    work(large)
    run = large.world.one(BillingRun)
    assert run.state is RunState.DRAFT
    assert run.problem.startswith("Une erreur a arrêté la préparation")
    assert "unforeseen" in caplog.text
    monkeypatch.setattr(billing, "_drafted", drafted)
    asked(large)
    work(large)
    assert (large.world.one(BillingRun).problem, len(large.bills())) == ("", 2)


# --- Credit notes


def test_a_credit_note_takes_a_line_back(office):
    office.family(meals=2)
    office.issued()
    bill = office.bill()
    line = office.lines(bill)[0]
    note_id = office.credit(bill, {line.id: PRICE})
    note = office.world.one(select(Invoice).where(Invoice.id == note_id))
    assert (note.kind, note.number, note.total_cents) == (InvoiceKind.CREDIT_NOTE, 2, -PRICE)
    assert (note.corrects_id, note.state) == (bill.id, InvoiceState.SETTLED)
    (correction,) = office.lines(note)
    assert (correction.kind, correction.corrects_line_id) == (InvoiceLineKind.CORRECTION, line.id)
    after = office.bill()
    assert (after.total_cents, after.credited_cents) == (2 * PRICE, PRICE)
    assert after.state is InvoiceState.UNSETTLED
    with pytest.raises(Refused, match="au plus"):
        office.credit(bill, {line.id: 1})


def test_a_bill_taken_back_whole_is_cancelled_and_its_money_is_an_advance(office):
    home = office.family(meals=2)
    office.world.payment(office.regie, home, 500)
    office.issued()
    bill = office.bill()
    office.credit(bill, {line.id: line.amount_cents for line in office.lines(bill)})
    assert (office.bill().state, office.bill().settled_cents) == (InvoiceState.CANCELLED, 0)
    assert office.world.one(Payment).allocated_cents == 0
    with pytest.raises(Stale):
        office.credit(bill, {office.lines(bill)[0].id: 1})


@pytest.mark.parametrize(
    ("cents", "reason", "code"),
    [(PRICE, " ", "no_reason"), (0, "Erreur", "amount"), (PRICE + 1, "Erreur", "too_much")],
)
def test_what_is_wrong_makes_no_credit_note(office, cents, reason, code):
    office.family(meals=2)
    office.issued()
    bill = office.bill()
    with pytest.raises(Refused) as refusal:
        office.credit(bill, {office.lines(bill)[0].id: cents}, reason)
    assert refusal.value.code == code
    assert len(office.bills()) == 1
    assert office.world.one(InvoiceSequence).last_number == 1


def test_a_line_of_another_bill_or_a_draft_is_not_credited(office):
    office.family("SOLIGNAC", 1)
    office.family("MARTIN", 1)
    run_id = office.prepare()
    draft, other = office.bills()
    with pytest.raises(NotFound):
        office.credit(draft, {office.lines(draft)[0].id: 1})
    office.issue(run_id)
    with pytest.raises(NotFound):
        office.credit(draft, {office.lines(other)[0].id: 1})
    assert office.world.one(select(func.count()).select_from(Invoice)) == 2
