"""Deposit slips as an agent makes and reads them (R46)."""

import pypdfium2
import pytest

from domain.enums import PaymentMethod, StaffRole
from models import DepositSlip
from tests.school_family import words
from tests.statements import recorded

PAGE = "/gestion/facturation/bordereaux"


@pytest.fixture
def regie(world):
    return world.regie()


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


@pytest.fixture
def cheques(world, regie):
    """Two cheques of 12,00 € and 8,50 €."""
    household = world.household()
    return [world.payment(regie, household, cents, reference=f"n° {cents}") for cents in (1200, 850)]


def new_page(regie, means="cheques"):
    return f"{PAGE}/regies/{regie.id}/{means}/nouveau"


def test_everything_that_waits_is_ticked(agent, world, regie, cheques):
    agent.get(PAGE)
    assert "Chèque Régie périscolaire, 2 règlements 20,50 €" in words(agent.page.main)
    agent.get(new_page(regie))
    assert len(agent.page.select("input[name=payments][checked]")) == 2
    agent.submit(new_page(regie), {"reference": "DFT 12"}, follow=True)
    said = words(agent.page.main)
    assert "Bordereau n° 1 de 2027" in said
    assert "Total : 20,50 €, 2 règlements" in said
    assert "référence DFT 12" in said
    agent.get(PAGE)
    assert "Tout ce qui a été reçu est déposé" in words(agent.page.main)
    assert "n° 1 de 2027, chèque" in words(agent.page.main)


def test_what_is_not_ticked_waits_for_another_slip(agent, world, regie, cheques):
    agent.submit(new_page(regie), {"payments": [str(cheques[0].id)]})
    assert world.one(DepositSlip).total_cents == 1200
    agent.get(PAGE)
    assert "1 règlement 8,50 €" in words(agent.page.main)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"payments": []}, "Cochez au moins un règlement à déposer"),
        ({"deposited_on": ""}, "Indiquez le jour du dépôt"),
        ({"deposited_on": "2027-01-13"}, "Ce jour n’est pas encore passé"),
        ({"deposited_on": "2027-01-11"}, "Un de ces règlements est arrivé après"),
    ],
)
def test_what_is_wrong_is_said(agent, world, regie, cheques, changes, said):
    assert agent.submit(new_page(regie), changes).status_code == 422
    assert said in words(agent.page.main)
    assert world.all(DepositSlip) == []


def test_the_same_page_sent_twice_is_one_slip(agent, world, regie, cheques):
    agent.get(new_page(regie))
    sent = {"payments": [str(one.id) for one in cheques], "deposited_on": "2027-01-12"}
    sent["submission_key"] = agent.page.find("input", attrs={"name": "submission_key"})["value"]
    sent["csrf_token"] = agent.page.find("input", attrs={"name": "csrf_token"})["value"]
    answers = [agent.post(new_page(regie), data=sent) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert answers[0].location == answers[1].location


def test_nothing_to_deposit_leads_back_to_the_list(agent, regie):
    answer = agent.get(new_page(regie), follow_redirects=True)
    assert answer.request.path == PAGE
    assert "Rien n’attend d’être déposé" in words(agent.page)


def test_the_paper_says_the_same(agent, world, regie, cheques):
    slip = world.deposit_slip(regie, *cheques)
    pages = pypdfium2.PdfDocument(agent.get(f"{PAGE}/{slip.id}/pdf").data)
    text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())
    for part in ("Bordereau de versement n° 1 de 2027", "SOLIGNAC", "n° 850", "8,50 €", "2 règlements"):
        assert part in text
    assert text.count("20,50 €") == 2


def test_a_deposited_payment_offers_to_bounce_not_to_be_cancelled(agent, world, regie, cheques):
    world.deposit_slip(regie, cheques[0])
    agent.get(f"/gestion/facturation/reglements/foyers/{cheques[0].household_id}")
    said = words(agent.page.main)
    assert said.count("Annuler") == 1
    assert "Bordereau n° 1" in said
    page = f"/gestion/facturation/reglements/{cheques[0].id}/annuler"
    assert agent.submit(page, {"reason": "Erreur"}).status_code == 422
    assert "Déposé avec le bordereau n° 1 : signalez un rejet de la banque" in words(agent.page.main)
    agent.submit(f"/gestion/facturation/reglements/{cheques[0].id}/rejet", {"reason": "Sans provision"})
    agent.get(f"{PAGE}/1")
    assert "Rejeté par la banque" in words(agent.page.main)


def test_the_list_costs_the_same_whatever_it_holds(agent, world, regie, cheques):
    def cost():
        with recorded() as statements:
            agent.get(PAGE)
        return len(statements)

    world.deposit_slip(regie, cheques[0])
    few = cost()
    household = world.household("MARTY")
    for number in range(2, 5):
        world.deposit_slip(regie, world.payment(regie, household, 100), number=number)
        world.payment(regie, household, 100, method=PaymentMethod.CASH)
    assert cost() == few
