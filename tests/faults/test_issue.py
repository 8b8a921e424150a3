"""`kill -9` in the middle of an issue: all the bills of a month or none, numbers without a gap (R42).

The process that issues is a copy of this one, killed at any moment of its work; its database is a real one.
"""

import os
import random
import signal
import time
from datetime import UTC, date, datetime

import click
import pytest
from sqlalchemy import func, select

from domain.calendar import add_months
from domain.enums import AttendanceMark, BookingState, InvoiceState, MailKind, RunState
from models import Attendance, AuditEvent, BillingRun, Booking, Invoice, InvoiceLine, OutgoingMail
from services import billing
from services.accounts import Author
from tests.running_town import Town

pytestmark = pytest.mark.fault

FAMILIES = 25
FIRST, LATER = date(2025, 10, 1), datetime(2050, 1, 3, 9, tzinfo=UTC)


class Office:
    """A canteen whose families eat once a month, for as many months as are wanted."""

    def __init__(self, town: Town) -> None:
        self.town, self.world = town, town.world
        self.canteen = self.world.canteen([FIRST])
        self.regie = self.world.regie("Régie cantine", self.canteen.activity)
        self.agent = self.world.staff()
        self.children = []
        for number in range(FAMILIES):
            home = self.world.household(f"FOYER{number}")
            self.world.parent(home, email=f"foyer{number}@example.org")
            self.children.append((home.id, self.world.child(home).id))

    def month(self, number: int) -> int:
        """A month more, drafted; the id of its run."""
        first = date(*add_months(FIRST.year, FIRST.month, number + 1), 1)
        (opening,) = self.world.openings(self.canteen.activity, self.canteen.period, [first])
        shared = {
            "opening_id": opening.id,
            "activity_id": opening.activity_id,
            "presence_type_id": self.canteen.meal.id,
            "day": first,
        }
        bookings = [
            Booking(household_id=home, child_id=child, state=BookingState.ACCEPTED, price_cents=320,
                    created_at=LATER, updated_at=LATER, **shared)
            for home, child in self.children
        ]  # fmt: skip
        self.world.add(*bookings)
        self.world.add(
            *(
                Attendance(household_id=one.household_id, child_id=one.child_id, booking_id=one.id,
                           mark=AttendanceMark.PRESENT, author_user_id=self.agent.id, author_name="Agnès",
                           marked_at=LATER, **shared)
                for one in bookings
            )
        )  # fmt: skip
        with self.town.app.app_context():
            return billing.prepare(self.regie.id, first, Author(self.agent.id), LATER)

    def issue_cut(self, run_id: int, after: float) -> bool:
        """Issue in another process and kill it; whether it was still at work."""
        pid = os.fork()
        if pid == 0:
            try:
                with self.town.app.app_context():
                    billing.issue(run_id, Author(self.agent.id), LATER)
            finally:
                os._exit(0)
        time.sleep(after)
        was_at_work = os.waitpid(pid, os.WNOHANG)[0] == 0
        if was_at_work:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return was_at_work

    def issued(self, run_id: int) -> bool:
        """Whether the month is issued, whole; fails when it is neither whole nor untouched."""
        state = self.world.one(select(BillingRun.state).where(BillingRun.id == run_id))
        bills = self.world.all(select(Invoice).where(Invoice.run_id == run_id))
        is_issued = state is RunState.ISSUED
        assert len(bills) == FAMILIES
        wanted = InvoiceState.UNSETTLED if is_issued else InvoiceState.DRAFT
        assert {bill.state for bill in bills} == {wanted}
        assert all((bill.number is not None) is is_issued for bill in bills)
        return is_issued

    def count(self, query) -> int:
        return self.world.one(query)


def test_an_issue_that_is_killed_leaves_a_whole_month_or_an_untouched_one(town, sized):
    cycles = sized(ordinary=20, full=300)
    rng = random.Random(2027)  # noqa: S311  moments, not secrets
    office = Office(town)
    began = time.monotonic()
    run_id = office.month(0)
    with town.app.app_context():
        billing.issue(run_id, Author(office.agent.id), LATER)
    longest = time.monotonic() - began
    months, cut, undone = 1, 0, 0
    run_id = office.month(months)
    for _ in range(cycles):
        cut += office.issue_cut(run_id, rng.uniform(0, longest / 2))
        if office.issued(run_id):
            months += 1
            run_id = office.month(months)
        else:
            undone += 1
    while not office.issued(run_id):
        office.issue_cut(run_id, 10)
    numbers = office.world.all(select(Invoice.number).where(Invoice.number.is_not(None)))
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    mails = select(func.count(OutgoingMail.id)).where(OutgoingMail.kind == MailKind.INVOICE_ISSUED)
    told = select(func.count(AuditEvent.id)).where(AuditEvent.action == "billing_run.issued")
    assert office.count(mails) == len(numbers) == FAMILIES * office.count(told)
    assert office.count(select(func.count(InvoiceLine.id))) == len(numbers)
    assert cut, "the kills must fall into the work"
    assert undone
    click.echo(f"{cycles} kills, {cut} amid the work, {undone} undone; {len(numbers)} bills without a gap")
