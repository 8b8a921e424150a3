"""Two agents issue or prepare at once: one campaign, numbers in a row (R42)."""

from dataclasses import dataclass
from datetime import date, datetime

import pytest
from sqlalchemy import select

from domain.errors import Stale
from models import BillingRun, Invoice, InvoiceSequence, OutgoingMail, Regie
from queries.reading import read
from services import billing
from services.accounts import Author
from services.transaction import write_transaction
from tests.races.rounds import race
from tests.races.test_places import all_at_once
from tests.services.test_billing import BEFORE, DECEMBER, NOVEMBER, Office

pytestmark = pytest.mark.race

TRIES = 4
MONTHS = [date(2026, number, 6) for number in range(7, 11)]


@dataclass(frozen=True, slots=True)
class Issue:
    """One agent issues a month, in a server process."""

    run_id: int
    author: Author
    now: datetime

    def __call__(self) -> str:
        billing.issue(self.run_id, self.author, self.now)
        return "issued"


@dataclass(frozen=True, slots=True)
class NumberOfALastBill:
    """What a careless issue would give: the number after the one that it read before holding anything."""

    def __call__(self) -> int:
        last = read(select(InvoiceSequence.last_number), {}).scalar_one_or_none()
        return (last or 0) + 1


@pytest.fixture
def office(world):
    return Office(world)


def issue(office, run_id):
    return lambda: billing.issue(run_id, office.author, office.world.now)


def numbers(office):
    return sorted(bill.number for bill in office.bills())


def test_one_month_issued_by_several_is_one_campaign(office):
    for name in ("UN", "DEUX", "TROIS"):
        office.family(name, 1)
    run_id = office.prepare()
    outcomes = all_at_once(office.world.app, [issue(office, run_id)] * TRIES)
    assert outcomes.count(None) == 1, outcomes
    assert all(one is None or isinstance(one, Stale) for one in outcomes), outcomes
    assert numbers(office) == [1, 2, 3]
    assert len(office.world.all(OutgoingMail)) == 3


def test_two_months_issued_at_once_share_one_row_of_numbers(office):
    for name in ("UN", "DEUX", "TROIS"):
        office.family(name, 1)
        office.family(f"{name}AVANT", 1, BEFORE)
    runs = [office.prepare(NOVEMBER), office.prepare(DECEMBER)]
    outcomes = all_at_once(office.world.app, [issue(office, run_id) for run_id in runs])
    assert outcomes == [None, None]
    assert numbers(office) == [1, 2, 3, 4, 5, 6]
    assert office.world.one(InvoiceSequence).last_number == 6


def test_several_drafts_at_once_are_one(office):
    office.family("UN", 1)
    author, now = office.author, office.world.now
    acts = [lambda: billing.prepare(office.regie.id, DECEMBER, author, now)] * TRIES
    outcomes = all_at_once(office.world.app, acts)
    assert set(outcomes) == {office.world.one(BillingRun).id}, outcomes
    assert len(office.world.all(Invoice)) == 1


def test_numbers_read_before_the_lock_are_given_twice(office):
    """The control: without holding the régie before reading the row of numbers, two get the same."""

    def careless():
        with office.world.app.app_context():
            last = office.world.all(select(InvoiceSequence))
        return (last[0].last_number if last else 0) + 1

    def careful():
        with write_transaction() as session:
            session.get(Regie, office.regie.id, with_for_update={"key_share": True})
            return billing.take_numbers(session, office.regie.id, 2027, 1)

    assert len(set(all_at_once(office.world.app, [careless] * TRIES))) == 1
    assert sorted(all_at_once(office.world.app, [careful] * TRIES)) == [1, 2, 3, 4]


def test_months_issued_at_once_by_two_processes_share_one_row_of_numbers(office):
    """Two rounds of two months; in the last one both read the row of numbers first, as the control."""
    world, canteen = office.world, office.canteen
    canteen.openings.extend(world.openings(canteen.activity, canteen.period, MONTHS))
    for name in ("UN", "DEUX"):
        office.family(name, len(MONTHS), MONTHS)
    acts = [Issue(office.prepare(one.replace(day=1)), office.author, world.now) for one in MONTHS]
    careless = NumberOfALastBill()
    plans = [[acts[0], acts[1], careless], [acts[2], acts[3], careless]]
    first, second = race(world.app, plans)
    assert [*first[:2], *second[:2]] == ["issued"] * 4
    assert numbers(office) == list(range(1, 9))
    assert first[2] == second[2] == "9"
