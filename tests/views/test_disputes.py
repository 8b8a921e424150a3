"""A contest reaches the service by mail, and its credit note is one form away (R43)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import DisputeState, MailKind
from models import InvoiceLine, OutgoingMail
from services import line_disputes
from services.accounts import Author
from tests.school_family import words

JANUARY = date(2027, 1, 1)
LINE = {"label": "Repas du 4 janvier", "amount_cents": 320}
STAFF = "/gestion/facturation/contestations"


@pytest.fixture
def household(world):
    return world.household()


def contested(world, household, **regie):
    """A bill whose line an adult of the household contests; the mails that this wrote."""
    bill = world.invoice(world.regie(**regie), household, JANUARY, [LINE])
    line = world.one(select(InvoiceLine).where(InvoiceLine.invoice_id == bill.id))
    author = Author(world.parent(household).id)
    with world.app.app_context():
        line_disputes.contest(line.id, bill.id, [household.id], "Léo était malade.", author, world.now)
    return world.all(OutgoingMail)


def test_the_regie_is_told_by_mail(world, household):
    world.settings(email="periscolaire@example.org")
    (mail,) = contested(world, household, email="regie@example.org")
    assert (mail.kind, mail.to_address) == (MailKind.DISPUTE_RECEIVED, "regie@example.org")
    assert "SOLIGNAC" in mail.subject
    for part in (mail.text, mail.html):
        assert "Repas du 4 janvier" in part
        assert f"{STAFF}/1" in part
        assert "malade" not in part  # what the family wrote stays on the portal


def test_the_service_is_told_where_the_regie_has_no_address(world, household):
    world.settings(email="periscolaire@example.org")
    (mail,) = contested(world, household)
    assert mail.to_address == "periscolaire@example.org"


def test_without_any_address_the_contest_is_kept_all_the_same(world, household):
    assert contested(world, household) == []


def test_an_accepted_contest_leads_to_its_credit_note(client, world, household):
    lines = [{"label": "Repas du 3 janvier", "amount_cents": 250}, LINE]
    bill = world.invoice(world.regie(), household, JANUARY, lines)
    line = world.one(select(InvoiceLine).where(InvoiceLine.label == LINE["label"]))
    answered = {"state": DisputeState.ACCEPTED, "answer": "Vous avez raison.", "answered_at": world.now}
    dispute = world.dispute(bill, world.parent(household), **answered)
    with world.app.app_context():
        assert dispute.line_id != line.id
    client.sign_in(world.staff())
    client.get(STAFF)
    assert "avoir à faire" in words(client.page.main)
    client.get(f"{STAFF}/{dispute.id}")
    link = client.page.find("a", string="Faire l’avoir de cette ligne")["href"]
    client.get(link)
    assert client.page.find(id=f"line_{dispute.line_id}")["value"] == "2,50"
    assert client.page.find(id=f"line_{line.id}") is None
    client.submit(link, {}, follow=True)
    assert "-2,50 €" in words(client.page.main).replace("−", "-")
    assert "Contestation acceptée, Repas du 3 janvier" in words(client.page.main)
    client.get(f"{STAFF}/{dispute.id}")
    assert "2,50 € de cette ligne sont rendus par un avoir" in words(client.page.main)
    client.get(STAFF)
    assert "avoir à faire" not in words(client.page.main)


@pytest.mark.parametrize("state", [DisputeState.OPEN, DisputeState.REFUSED])
def test_no_credit_note_is_proposed_before_or_without_reason(client, world, household, state):
    bill = world.invoice(world.regie(), household, JANUARY, [LINE])
    answered = {} if state is DisputeState.OPEN else {"answered_at": world.now, "answer": "Non."}
    dispute = world.dispute(bill, world.parent(household), state=state, **answered)
    client.sign_in(world.staff())
    client.get(f"{STAFF}/{dispute.id}")
    assert "Faire l’avoir" not in words(client.page.main)
