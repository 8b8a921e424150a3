"""The statement of account: every movement, and the balance of the ledger (S54, R46, S61)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.account_statement import Entry, years
from domain.enums import InvoiceKind, PaymentMethod, PaymentState
from models import Invoice, InvoiceLine, Payment, Refund
from services import credit_notes, payments
from services.accounts import Author
from services.payments import Received
from services.transaction import write_transaction
from tests.school_family import words
from tests.statements import at_most
from tests.views.test_certificates import page, pdf

JANUARY = date(2027, 1, 12)


@pytest.fixture
def home(world):
    return world.household()


@pytest.fixture
def claire(client, world, home):
    client.sign_in(world.parent(home))
    return client


@pytest.fixture
def agent(world):
    return Author(world.staff().id)


@pytest.fixture
def regie(world):
    return world.regie()


def receive(world, regie, home, agent, cents: int, key: str, day: date = JANUARY) -> int:
    sent = Received(regie.id, home.id, PaymentMethod.CHEQUE, cents, day, f"n° {key}", key)
    with world.app.app_context():
        return payments.receive(sent, agent, world.now)


@pytest.fixture
def busy(world, home, regie, agent):
    """Two bills, a payment, one that was cancelled, a credit note, and money that is given back."""
    first, second = (
        world.invoice(regie, home, date(2026, month, 1), [{"label": "Repas", "amount_cents": cents}])
        for month, cents in ((11, 5000), (12, 3000))
    )
    receive(world, regie, home, agent, 4000, "1")
    wrong = receive(world, regie, home, agent, 900, "2")
    extra = receive(world, regie, home, agent, 6000, "3")
    line = world.one(select(InvoiceLine).where(InvoiceLine.invoice_id == second.id))
    with world.app.app_context():
        payments.cancel(wrong, "Chèque sans signature", agent, world.now)
        credit_notes.credit(second.id, {line.id: 1000}, "Léo était malade", agent, world.now)
        with write_transaction() as session:
            session.get_one(Payment, extra).refunded_cents = 500
            session.add(
                Refund(
                    payment_id=extra, amount_cents=500, method=PaymentMethod.TRANSFER, refunded_on=JANUARY,
                    reason="Trop versé", submission_key="r", author_name="Agnès", created_at=world.now,
                )
            )  # fmt: skip
    return first


def owed(world, home) -> int:
    """What the ledger says: what is left of the bills, less the money that waits."""
    own_bills = (Invoice.household_id == home.id, Invoice.kind == InvoiceKind.INVOICE)
    own_money = (Payment.household_id == home.id, Payment.state == PaymentState.VALID)
    bills, money = world.all(select(Invoice).where(*own_bills)), world.all(select(Payment).where(*own_money))
    left = sum(bill.total_cents - bill.credited_cents - bill.settled_cents for bill in bills)
    return left - sum(one.amount_cents - one.allocated_cents - one.refunded_cents for one in money)


def test_the_balance_is_that_of_the_ledger(claire, world, home, busy):
    assert owed(world, home) == -2500
    said = page(claire, "/factures/releve")
    assert "Payé d’avance 25,00 €" in said
    assert "solde −25,00 €" in said
    assert "Payé d’avance 25,00 €" in pdf(claire, f"/factures/releve/{home.id}/pdf")


def test_every_movement_is_told_with_what_is_owed_after_it(claire, home, busy):
    page(claire, "/factures/releve")
    rows = [words(row) for row in claire.page.select("main dl > div")]
    assert rows == [
        "Règlement : chèque annulé mardi 12 janvier 2027, Chèque sans signature 9,00 € solde −25,00 €",
        "Remboursement : virement mardi 12 janvier 2027, Trop versé 5,00 € solde −34,00 €",
        "Règlement : chèque mardi 12 janvier 2027, n° 3 −60,00 € solde −39,00 €",
        "Règlement : chèque mardi 12 janvier 2027, n° 2 −9,00 € solde 21,00 €",
        "Règlement : chèque mardi 12 janvier 2027, n° 1 −40,00 € solde 30,00 €",
        "Avoir de décembre 2026 mardi 12 janvier 2027, RP-2027-000003 −10,00 € solde 70,00 €",
        "Facture de décembre 2026 mardi 12 janvier 2027, RP-2027-000002 30,00 € solde 80,00 €",
        "Facture de novembre 2026 mardi 12 janvier 2027, RP-2027-000001 50,00 € solde 50,00 €",
    ]
    paper = pdf(claire, f"/factures/releve/{home.id}/pdf")
    for known in ("Avoir de décembre 2026 −10,00 € 70,00 €", "12/01/2027", "Trop versé"):
        assert known in paper


def test_several_years_and_régies_stand_apart(claire, world, home, regie, agent):
    world.invoice(regie, home, date(2026, 12, 1), [{"label": "Repas", "amount_cents": 3000}])
    receive(world, regie, home, agent, 1000, "1", date(2026, 12, 24))
    summer = world.regie("Régie des séjours")
    world.invoice(summer, home, date(2026, 12, 1), [{"label": "Séjour", "amount_cents": 700}])
    said = page(claire, "/factures/releve")
    assert [words(one) for one in claire.page.select("main summary")] == [
        "Régie des séjours, 2027",
        "Régie périscolaire, 2027",
        "Régie périscolaire, 2026",
    ]
    assert "Solde au 1er janvier 2027 solde −10,00 €" in said
    assert "Reste à payer 27,00 €" in said


def test_an_account_without_a_movement_says_so(claire, home):
    assert "Rien n’a encore été facturé ni reçu." in page(claire, "/factures/releve")
    assert "Reste à payer 0,00 €" in pdf(claire, f"/factures/releve/{home.id}/pdf")


def test_somebody_else_s_account_is_not_found(client, world, home, busy):
    client.sign_in(world.parent(world.household("MARTIN"), "Nadia"))
    assert client.get(f"/factures/releve/{home.id}/pdf").status_code == 404
    assert "Novembre" not in page(client, "/factures/releve")


def test_the_page_asks_as_much_whatever_the_account(claire, busy):
    with at_most(9):
        claire.get("/factures/releve")


ENTRIES = st.lists(
    st.builds(
        Entry, st.integers(0, 900).map(lambda days: JANUARY + timedelta(days=days)), st.integers(0, 4),
        st.just("x"), st.integers(-9999, 9999),
    ),
    min_size=1,
)  # fmt: skip


@given(ENTRIES)
def test_the_years_follow_each_other(entries):
    found = years(entries)
    assert found[-1].after_cents == sum(entry.cents for entry in entries)
    assert [year.before_cents for year in found[1:]] == [year.after_cents for year in found[:-1]]
    assert sorted(year.year for year in found) == [year.year for year in found]
    assert sum(len(year.told) for year in found) == len(entries)
