"""Money at a glance is the ledger, by month and by activity, however many bills (S58)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.enums import InvoiceKind, InvoiceState, PaymentMethod
from domain.ledger import ISSUED_STATES, ONLINE_METHODS
from domain.money import Money, total
from extensions import db
from models import Invoice, InvoiceLine, Payment, PaymentAllocation
from queries import money
from services import credit_notes, ledger
from services.transaction import write_transaction
from tests import statements
from tests.services.test_payments import Desk

SEPTEMBER, JANUARY = date(2026, 9, 1), date(2027, 1, 1)
TODAY = date(2027, 1, 20)


@pytest.fixture
def desk(world):
    """A bill of each kind: paid online, at the desk, by the Treasury, in part, late, corrected."""
    desk = Desk(world)
    place = world.facility()
    desk.canteen, desk.care = world.activity(place), world.activity(place, name="Garderie")
    late, coming = {"due_day": TODAY - timedelta(days=1)}, {"due_day": TODAY}
    desk.mixed = bill(desk, JANUARY, 1001, 500, -33, **coming)
    pay_alone(desk, desk.mixed, 700, PaymentMethod.ONLINE_CARD)
    paid = bill(desk, JANUARY, 320, 0, 0, **late)
    desk.receive(320, invoice_ids={paid.id})
    pay_alone(desk, bill(desk, JANUARY, 430, 0, 0, **late), 430, PaymentMethod.DIRECT_DEBIT)
    treasury = bill(desk, SEPTEMBER, 250, 250, 0, **late)
    with desk.app.app_context():
        line = db.session.scalar(select(InvoiceLine.id).where(InvoiceLine.invoice_id == treasury.id))
        credit_notes.credit(treasury.id, {line: 101}, "Repas en trop", desk.agent, world.now)
    desk.confirm(treasury.id)
    bill(desk, SEPTEMBER, 777, 0, 0, **late)
    bill(desk, date(2026, 8, 1), 10_000, 0, 0, **late)  # another school year
    bill(desk, JANUARY, 5, 5, 5, state=InvoiceState.DRAFT)
    return desk


def bill(desk, month, canteen, care, discount, **columns):
    lines = [
        {"label": label, "amount_cents": cents, "activity_id": activity}
        for label, cents, activity in (
            ("Repas", canteen, desk.canteen.id),
            ("Soir", care, desk.care.id),
            ("Réduction", discount, None),
        )
        if cents
    ]
    return desk.world.invoice(desk.regie, desk.household, month, lines, **columns)


def pay_alone(desk, bill, cents, method):
    payment = desk.world.payment(desk.regie, desk.household, cents, method=method)
    with desk.app.app_context(), write_transaction() as session:
        ledger.hold(session, desk.household.id)
        ledger.pay(session, session.get_one(Payment, payment.id), [session.get_one(Invoice, bill.id)])


def glance(desk, day=TODAY, regie_id=None):
    with desk.app.app_context():
        return money.glance(day, TODAY, regie_id)


def bill_by_bill(desk, of_month):
    """The same sums, bill by bill."""
    with desk.app.app_context():
        bills = db.session.scalars(
            select(Invoice).where(Invoice.kind == InvoiceKind.INVOICE, Invoice.state.in_(ISSUED_STATES))
        )
        return total(row(one) for one in bills if of_month(one.month))


def row(one):
    paid = db.session.execute(
        select(Payment.method, PaymentAllocation.amount_cents)
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.invoice_id == one.id)
    ).all()
    online = sum(cents for method, cents in paid if method in ONLINE_METHODS)
    treasury = sum(cents for method, cents in paid if method is PaymentMethod.TREASURY)
    debit = sum(cents for method, cents in paid if method is PaymentMethod.DIRECT_DEBIT)
    desk = sum(cents for _, cents in paid) - online - debit - treasury
    left = one.total_cents - one.credited_cents - one.settled_cents
    waiting, late = (0, left) if one.due_day < TODAY else (left, 0)
    return Money(one.total_cents, one.credited_cents, online, debit, desk, treasury, waiting, late)


def test_each_month_is_the_sum_of_its_bills(desk):
    found = glance(desk)
    assert [one.month for one in found.months][::11] == [SEPTEMBER, date(2027, 8, 1)]
    for one in found.months:
        assert one.money == bill_by_bill(desk, lambda month, wanted=one.month: month == wanted)
        assert one.money.owed == sum(one.money.places)
    assert found.total == Money(
        billed=1468 + 320 + 430 + 500 + 777,
        credited=101,
        online=700,
        debit=430,
        desk=320,
        treasury=399,
        waiting=768,
        late=777,
    )


def test_activities_add_up_to_the_months_to_the_cent(desk):
    found = glance(desk)
    assert total(one.money for one in found.activities) == found.total
    canteen, care, others = found.activities
    assert canteen.name.startswith("Cantine, ")
    assert care.name.startswith("Garderie, ")
    assert others.name == ""
    assert canteen.money.billed == 1001 + 320 + 430 + 250 + 777
    assert canteen.money.credited == 101
    assert (canteen.money.desk, canteen.money.late) == (320, 777)
    assert canteen.money.treasury == 149
    assert abs(care.money.online - 700 * 500 / 1468) < 1


def test_credit_notes_are_what_was_credited(desk):
    with desk.app.app_context():
        notes = db.session.scalars(select(Invoice.total_cents).where(Invoice.kind == InvoiceKind.CREDIT_NOTE))
        assert -sum(notes) == glance(desk).total.credited


def test_one_regie_alone_and_the_years_to_choose_from(desk):
    other = desk.world.regie("Autre régie")
    desk.world.invoice(other, desk.household, JANUARY, [{"label": "Repas", "amount_cents": 7}])
    assert glance(desk).total.billed == 3495 + 7
    assert glance(desk, regie_id=other.id).total.billed == 7
    assert [one.money.billed for one in glance(desk, regie_id=other.id).activities] == [7]
    assert glance(desk).years == (2026, 2025)
    assert glance(desk, SEPTEMBER - timedelta(days=1)).total.late == 10_000


def test_three_statements_however_many_bills(desk):
    with desk.app.app_context(), statements.at_most(3):
        money.glance(TODAY, TODAY)
