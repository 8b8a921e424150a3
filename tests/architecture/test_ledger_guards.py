"""What the database itself refuses to do to an issued bill, on both engines (R42, S59)."""

from datetime import date

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DBAPIError

from domain.enums import InvoiceLineKind, InvoiceState
from domain.ledger import INVOICE_TRANSITIONS
from models import Invoice, InvoiceLine
from services.transaction import write_transaction

JANUARY = date(2027, 1, 1)


@pytest.fixture
def bill(world):
    """Builds a bill of 3,20 € in a state."""
    household, regie = world.household(), world.regie()

    def build(state: InvoiceState) -> Invoice:
        lines = [{"label": "Repas du 4 janvier", "amount_cents": 320}]
        return world.invoice(regie, household, JANUARY, lines, state)

    return build


def attempt(app, statement):
    """True when the database takes the statement."""
    try:
        with app.app_context(), write_transaction() as session:
            session.execute(statement)
    except DBAPIError:
        return False
    return True


STEPS = [(before, after) for before in InvoiceState for after in InvoiceState if before is not after]
# No single update makes these: a number comes or goes with them.
TOGETHER = {InvoiceState.DRAFT, InvoiceState.CARRIED}


@pytest.mark.parametrize(
    ("before", "after"),
    [step for step in STEPS if InvoiceState.DRAFT not in step and not set(step) & TOGETHER],
)
def test_only_the_states_that_may_follow(app, bill, before, after):
    steps = {InvoiceState.CANCELLED, InvoiceState.PAID_ONLINE, InvoiceState.PARTIAL, InvoiceState.PAYING}
    start = bill(InvoiceState.UNSETTLED if before in steps else before)
    if start.state is not before:
        assert attempt(app, update(Invoice).where(Invoice.id == start.id).values(state=before))
    change = update(Invoice).where(Invoice.id == start.id).values(state=after)
    assert attempt(app, change) == (after in INVOICE_TRANSITIONS[before])


@pytest.mark.parametrize("column", ["total_cents", "recipient_name", "number", "due_day"])
def test_an_issued_bill_never_changes(app, world, bill, column):
    values = {
        "total_cents": 310,
        "recipient_name": "Autre",
        "number": 99,
        "due_day": date(2028, 1, 1),
    }
    issued = bill(InvoiceState.UNSETTLED)
    change = update(Invoice).where(Invoice.id == issued.id).values({column: values[column]})
    assert not attempt(app, change)
    assert attempt(app, update(Invoice).where(Invoice.id == issued.id).values(settled_cents=320))


def test_an_issued_bill_keeps_its_lines(app, bill):
    issued = bill(InvoiceState.UNSETTLED)
    ours = InvoiceLine.invoice_id == issued.id
    assert not attempt(app, update(InvoiceLine).where(ours).values(amount_cents=1))
    assert not attempt(app, delete(InvoiceLine).where(ours))
    assert not attempt(app, delete(Invoice).where(Invoice.id == issued.id))
    line = {"position": 2, "kind": InvoiceLineKind.PRESENCE, "label": "Goûter", "amount_cents": 50}
    assert not attempt(app, insert(InvoiceLine).values(invoice_id=issued.id, explanation=[], **line))


def test_a_draft_is_made_again_at_will(app, world, bill):
    draft = bill(InvoiceState.DRAFT)
    assert attempt(app, update(InvoiceLine).where(InvoiceLine.invoice_id == draft.id).values(amount_cents=1))
    assert attempt(app, delete(Invoice).where(Invoice.id == draft.id))
    assert world.all(InvoiceLine) == []


def test_the_total_is_that_of_the_lines(app, bill):
    draft = bill(InvoiceState.DRAFT)
    issue = {
        "state": InvoiceState.UNSETTLED,
        "year": 2027,
        "number": 7,
        "reference": "RP-2027-000007",
        "issue_day": JANUARY,
        "due_day": JANUARY,
    }
    change = update(Invoice).where(Invoice.id == draft.id)
    assert not attempt(app, change.values(**issue, total_cents=310))
    assert attempt(app, change.values(**issue, total_cents=320))


def test_nobody_settles_more_than_the_bill(app, bill):
    issued = bill(InvoiceState.UNSETTLED)
    assert not attempt(app, update(Invoice).where(Invoice.id == issued.id).values(settled_cents=321))
