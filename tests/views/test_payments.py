"""The cash desk as an agent sees it (R46, S58, S111)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.enums import InvoiceState, PaymentState, StaffRole
from models import Invoice, Payment
from tests.school_family import words
from tests.statements import recorded

JANUARY = date(2027, 1, 1)
DAY = "/gestion/facturation/reglements"


@pytest.fixture
def household(world):
    return world.household()


@pytest.fixture
def bill(world, household):
    lines = [{"label": "Repas du 4 janvier", "amount_cents": 4320}]
    return world.invoice(world.regie(), household, JANUARY, lines)


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


def account(household):
    return f"{DAY}/foyers/{household.id}"


def receive(agent, household, **changes):
    typed = {"amount": "43,20", "method": "cheque", "received_on": "2027-01-12", "reference": "0012345"}
    return agent.submit(f"{account(household)}/nouveau", typed | changes, follow=True)


def test_a_payment_settles_a_bill(agent, world, household, bill):
    agent.get(account(household))
    assert "43,20 € à régler" in words(agent.page.main)
    assert receive(agent, household).request.path == account(household)
    assert "Soldée le mardi 12 janvier 2027" in words(agent.page.main)
    assert "Chèque" in words(agent.page.main)
    assert world.one(Invoice).state is InvoiceState.SETTLED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": ""}, "Indiquez le montant reçu"),
        ({"amount": "quarante"}, "Indiquez un montant en euros"),
        ({"amount": "0"}, "Indiquez un montant supérieur à zéro"),
        ({"received_on": "2027-01-13"}, "Ce jour n’est pas encore passé"),
        ({"received_on": ""}, "Indiquez le jour de l’encaissement"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(agent, world, household, bill, changes, said):
    response = receive(agent, household, **changes)
    assert response.status_code == 422
    assert said in words(agent.page.main)
    assert agent.page.find(id="reference")["value"] == "0012345"
    assert world.all(Payment) == []


def test_the_same_page_sent_twice_is_one_payment(agent, world, household, bill):
    page = f"{account(household)}/nouveau"
    agent.get(page)
    key = agent.page.find("input", attrs={"name": "submission_key"})["value"]
    for _ in range(2):
        receive(agent, household, submission_key=key)
    assert len(world.all(Payment)) == 1


def test_a_payment_is_taken_back_with_its_reason(agent, world, household, bill):
    receive(agent, household)
    payment = world.one(Payment)
    page = f"{DAY}/{payment.id}/annuler"
    assert agent.submit(page, {"reason": ""}).status_code == 422
    agent.submit(page, {"reason": "Chèque sans provision"}, follow=True)
    said = words(agent.page.main)
    assert "Annulé" in said
    assert "Chèque sans provision" in said
    assert "43,20 € à régler" in said
    assert world.one(Payment).state is PaymentState.CANCELLED


def test_the_treasury_confirms(agent, world, household, bill):
    page = f"{account(household)}/tresor/{bill.id}"
    agent.submit(page, {"confirmed_on": "2027-01-12"}, follow=True)
    assert "Soldée le mardi 12 janvier 2027" in words(agent.page.main)
    assert agent.submit(page, {"confirmed_on": "2027-01-12"}).status_code == 409


def test_the_bill_of_another_household_is_not_confirmed_here(agent, world, bill):
    other = world.household("MARTY")
    assert agent.get(f"{account(other)}/tresor/{bill.id}").status_code == 404


def test_the_day_gives_its_totals(agent, world, household, bill):
    receive(agent, household)
    receive(agent, household, amount="10", method="cash")
    agent.get(DAY)
    said = words(agent.page.main)
    assert "Total : 53,20 €" in said
    assert "Chèque Régie périscolaire 1 43,20 €" in said
    agent.get(f"{DAY}?jour=2027-01-11")
    assert "Aucun règlement reçu ce jour-là" in words(agent.page.main)
    agent.get(f"{DAY}?jour=demain")
    assert "Total : 53,20 €" in words(agent.page.main)


def test_what_is_owed_is_told_by_age(agent, world, household, app):
    regie = world.regie()
    today = world.now.date()
    for late in (-5, 10, 45, 70, 100):
        lines = [{"label": "Repas", "amount_cents": 1000 + late}]
        world.invoice(regie, household, JANUARY, lines, due_day=today - timedelta(days=late))
    agent.get(f"{DAY}/impayes")
    row = words(agent.page.select_one("tbody tr"))
    assert "9,95 € 10,10 € 10,45 € 10,70 € 11,00 € 52,20 €" in row
    assert "5 factures" in row


def test_a_debt_that_is_paid_leaves_the_list(agent, world, household, bill):
    receive(agent, household)
    agent.get(f"{DAY}/impayes")
    assert "Aucune facture n’est à régler" in words(agent.page.main)


def test_a_director_does_not_see_the_money(client, world, household, bill):
    client.sign_in(world.staff(StaffRole.DIRECTOR, [world.facility()]))
    for page in (DAY, f"{DAY}/impayes", account(household), f"{account(household)}/nouveau"):
        assert client.get(page).status_code in (403, 404)


def test_an_account_costs_the_same_whatever_it_holds(agent, world, household, bill):
    def cost():
        with recorded() as statements:
            agent.get(account(household))
        return len(statements)

    receive(agent, household, amount="1")
    few = cost()
    for number in range(5):
        receive(agent, household, amount="1", reference=str(number))
    assert cost() == few
    assert world.one(select(Invoice)).settled_cents == 600
