"""The reminders as the service sees them: worded, tried on a real bill, told where the debt is read (R44)."""

from datetime import date, timedelta

import pytest

from models import InvoiceReminder, ReminderLevel
from tests.school_family import words
from tests.statements import at_most

HOME = "/gestion/facturation/relances"
SOUND = {
    "is_active": "y",
    "days": "10",
    "side": "after",
    "subject": "Rappel de {mois}",
    "text": "Il reste {reste}.",
}


@pytest.fixture
def bill(world):
    household = world.household()
    return world.invoice(
        world.regie(), household, date(2027, 1, 1), [{"label": "Repas", "amount_cents": 4550}]
    )


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff())
    return client


def test_a_level_is_tried_on_a_real_bill_then_kept(agent, world, bill):
    agent.get(HOME)
    said = words(agent.page.main)
    assert "Relance 1, 5 jours avant l’échéance" in said
    assert "Dernier avis avant le Trésor public" in said
    agent.get(f"{HOME}/2")
    assert "RP-2027-000001" in words(agent.page.main.select_one("[aria-labelledby=apercu]"))
    agent.submit(f"{HOME}/2", SOUND, button=("step", "preview"))
    said = words(agent.page.main.select_one("[aria-labelledby=apercu]"))
    assert "Rappel de janvier 2027" in said
    assert "Il reste 45,50 €." in said
    assert world.all(ReminderLevel) == []
    agent.submit(f"{HOME}/2", SOUND, button=("step", "save"), follow=True)
    assert "Relance 2, 10 jours après l’échéance" in words(agent.page.main)
    assert world.one(ReminderLevel).text == "Il reste {reste}."


@pytest.mark.parametrize("step", ["preview", "save"])
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": "Bonjour {nom}"}, "Le mot « {nom} » n’est pas connu"),
        ({"text": " "}, "Écrivez le texte du mail"),
        ({"days": "0,5"}, "nombre entier"),
        ({"days": "40"}, "avant la relance 3"),
    ],
)
def test_what_cannot_be_is_said_under_its_field(agent, world, bill, step, typed, said):
    assert agent.submit(f"{HOME}/2", SOUND | typed, button=("step", step)).status_code == 422
    assert said in words(agent.page.main.select_one(".field.bad .error"))
    assert world.all(ReminderLevel) == []


def test_without_a_bill_the_page_says_when_the_preview_comes(agent, world):
    agent.get(f"{HOME}/1")
    assert "dès la première émission" in words(agent.page.main)


def test_the_bill_and_the_list_of_debts_tell_the_reminders(agent, world, bill):
    for level, days in ((1, 2), (2, 1)):
        world.add(InvoiceReminder(invoice_id=bill.id, level=level, sent_at=world.now - timedelta(days=days)))
    agent.get(f"/gestion/facturation/factures/{bill.id}")
    said = words(agent.page.main)
    assert "Relance 1 envoyée le dimanche 10 janvier 2027" in said
    assert "Relance 2 envoyée le lundi 11 janvier 2027" in said
    with at_most(5):
        agent.get("/gestion/facturation/reglements/impayes")
    assert "Relance 2 envoyée le lundi 11 janvier" in words(agent.page.main)
