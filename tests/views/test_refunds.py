"""Advances, refunds and the end of the day as agents and families see them (R46)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from domain.enums import PaymentMethod, PaymentState, StaffRole
from extensions import db
from models import Payment, Refund
from queries import payments as payment_queries
from tests.school_family import words
from tests.statements import recorded

DAY = "/gestion/facturation/reglements"
JANUARY = date(2027, 1, 1)


@pytest.fixture
def household(world):
    return world.household()


@pytest.fixture
def regie(world):
    return world.regie()


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


def account(household):
    return f"{DAY}/foyers/{household.id}"


def bill(world, regie, household, cents):
    return world.invoice(regie, household, JANUARY, [{"label": "Repas", "amount_cents": cents}])


def test_an_advance_is_given_back(agent, world, regie, household):
    payment = world.payment(regie, household, 1500)
    agent.get(account(household))
    assert "15,00 € d’avance. Ils paieront la prochaine facture" in words(agent.page.main)
    page = f"{DAY}/{payment.id}/rembourser"
    agent.get(page)
    assert agent.page.find(id="amount")["value"] == "15,00"
    agent.submit(page, {"amount": "5", "method": "transfer", "reason": "Départ"}, follow=True)
    said = words(agent.page.main)
    assert "10,00 € d’avance" in said
    assert "5,00 € rendus à la famille" in said
    made = world.one(Refund)
    cancelling = f"{DAY}/remboursements/{made.id}/annuler"
    assert agent.submit(cancelling, {"reason": ""}).status_code == 422
    agent.submit(cancelling, {"reason": "Virement revenu"}, follow=True)
    assert "Virement revenu" in words(agent.page.main)
    assert "15,00 € d’avance" in words(agent.page.main)


def test_more_than_the_advance_is_refused_beside_the_field(agent, world, regie, household):
    payment = world.payment(regie, household, 1500)
    typed = {"amount": "15,01", "method": "cash", "reason": "Départ"}
    assert agent.submit(f"{DAY}/{payment.id}/rembourser", typed).status_code == 422
    assert "Indiquez un montant jusqu’à 15,00 €" in words(agent.page.select_one(".field.bad"))
    assert world.all(Refund) == []


def test_an_advance_pays_the_bills_that_are_open(agent, world, regie, household):
    world.payment(regie, household, 1500)
    bill(world, regie, household, 2000)
    agent.get(account(household))
    assert "Rembourser" not in words(agent.page.main)
    agent.submit(account(household), form="form[action$='/avances']", follow=True)
    assert "5,00 € à régler" in words(agent.page.main)
    assert "15,00 € d’avance paient les factures à régler" in words(agent.page)


def test_the_family_reads_advances_refunds_and_what_bounced(client, world, regie, household):
    parent = world.parent(household)
    issued = bill(world, regie, household, 2000)
    world.refund(world.payment(regie, household, 1500), 400, reason="Double paiement")
    bounced = {"state": PaymentState.BOUNCED, "cancelled_at": world.now, "cancel_reason": "Sans provision"}
    world.payment(regie, household, 2000, **bounced)
    other = world.household("MARTY")
    world.payment(regie, other, 777)
    client.sign_in(parent)
    with recorded() as statements:
        client.get("/factures")
    assert len(statements) <= 8
    said = words(client.page.main)
    assert "Payé d’avance Régie périscolaire, pour la prochaine facture 11,00 €" in said
    assert "Double paiement 4,00 €" in said
    assert "Sans provision 20,00 €" in said
    assert "7,77" not in said
    client.get(f"/factures/{issued.id}")
    alert = words(client.page.select_one(".alert.stop"))
    assert "Votre règlement de 20,00 € (chèque), reçu le mardi 12 janvier 2027, a été rejeté" in alert
    assert "Motif : Sans provision" in alert


def test_a_family_without_any_sees_no_such_section(client, world, regie, household):
    client.sign_in(world.parent(household))
    client.get("/factures")
    assert client.page.find(id="avances") is None


def test_the_day_adds_up_to_its_rows(agent, world, regie, household):
    """Received, given back, bounced and cancelled on two days: each total is the sum of its rows."""
    today, former = world.now.date(), world.now.date() - timedelta(days=1)
    cancelled = {"cancelled_at": world.now, "cancel_reason": "x"}
    sports = world.regie("Régie des sports")
    world.payment(regie, household, 1000)
    world.payment(regie, household, 250, method=PaymentMethod.CASH)
    world.payment(sports, household, 3000, method=PaymentMethod.CASH)
    world.payment(regie, household, 9999, state=PaymentState.CANCELLED, **cancelled)
    world.payment(regie, household, 500, state=PaymentState.BOUNCED, received_on=former, **cancelled)
    world.payment(regie, household, 70, state=PaymentState.BOUNCED, **cancelled)
    old = world.payment(regie, household, 800, received_on=former)
    world.refund(old, 300)
    world.refund(old, 100, method=PaymentMethod.CASH, refunded_on=former)
    with world.app.app_context():
        report = payment_queries.day_report(today)
        counted = Payment.state != PaymentState.CANCELLED
        received = db.session.scalar(
            select(func.sum(Payment.amount_cents)).where(Payment.received_on == today, counted)
        )
        former_report = payment_queries.day_report(former)
    assert report.received_cents == received == 1000 + 250 + 3000 + 70
    assert (report.refunded_cents, report.bounced_cents) == (300, 570)
    assert report.cents == 4320 - 300 - 570
    assert sum(total.payments for total in report.totals) == 4
    assert (former_report.received_cents, former_report.refunded_cents) == (1300, 100)
    assert former_report.bounced_cents == 0
    agent.get(DAY)
    said = words(agent.page.main)
    assert "Total : 34,50 €" in said
    assert "43,20 € reçus, 3,00 € rendus, 5,70 € rejetés par la banque" in said
    assert "Chèque Régie périscolaire 2 10,70 € – 5,70 €" in said
    assert "Espèces Régie périscolaire 1 2,50 € – –" in said
    assert "Virement Régie périscolaire – – 3,00 € –" in said
    assert "Espèces Régie des sports 1 30,00 € – –" in said
