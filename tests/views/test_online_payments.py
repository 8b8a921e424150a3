"""« Payer en ligne » as a family and the service meet it (S57, S60, R45)."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from domain.enums import InvoiceState, OnlineMode, OnlineState, StaffRole
from models import OnlinePayment
from tests.payfip_bench import stand_in, till
from tests.school_family import words
from tests.statements import at_most
from tests.swap import assert_swap_equals_reload

__all__ = ["stand_in", "till"]

NOTICE = "/factures/paiements/avis"


@pytest.fixture
def claire(client, till):
    client.sign_in(till.parent)
    return client


def pay(claire, page="/factures"):
    """Press the button and come back from the payment page. Returns the operation."""
    response = claire.submit(page, form="/factures/payer")
    assert response.status_code == 303
    return parse_qs(urlsplit(response.location).query)["idop"][0]


def page_of(till):
    (attempt,) = till.world.all(OnlinePayment)
    return f"/factures/paiements/{attempt.key}"


def test_a_family_pays_and_reads_its_receipt(claire, till):
    bill = till.bill(4320)
    claire.get("/factures")
    assert "Payer en ligne : 43,20 €" in words(claire.page.main)
    response = claire.submit(f"/factures/{bill}", form="/factures/payer")
    operation = parse_qs(urlsplit(response.location).query)["idop"][0]
    assert response.location.startswith(f"{till.server.base}/paiementws.web?idop=")
    till.service.decide(operation, "P", notices=0)
    order = till.service.operations[operation].order
    returned = claire.get(urlsplit(order["urlredirect"]).path, follow_redirects=True)
    assert returned.request.path == page_of(till)
    assert "Paiement en cours" in words(claire.page.main), "reading decides nothing"
    assert "load" in claire.page.select_one("#paiement form")["hx-trigger"]
    assert_swap_equals_reload(claire, page_of(till), form="#paiement form")
    assert claire.page.select_one("#paiement form") is None
    assert "Paiement reçu 43,20 €" in words(claire.page.main)
    claire.get(f"/factures/{bill}")
    assert "Payée en ligne" in words(claire.page.main)
    assert "Carte bancaire, en ligne" in words(claire.page.main)
    assert claire.page.find("a", string="Voir le reçu")["href"] == page_of(till)


def test_several_bills_are_paid_with_one_button(claire, till):
    bills = [till.bill(1000), till.bill(2000)]
    claire.get("/factures")
    assert "Payer mes 2 factures : 30,00 €" in words(claire.page.main)
    till.service.decide(pay(claire), "V", notices=0)
    claire.submit(page_of(till), form="#paiement form")
    assert "Prélèvement accepté 30,00 €" in words(claire.page.main)
    assert {till.state(bill)[0] for bill in bills} == {InvoiceState.PAID_ONLINE}


def test_a_running_payment_hides_the_button_and_explains_itself(claire, till):
    bill = till.bill()
    pay(claire)
    for page in ("/factures", f"/factures/{bill}"):
        claire.get(page)
        assert claire.page.find("form", action="/factures/payer") is None
        assert "Un paiement en ligne est en cours" in words(claire.page.main)
        assert claire.page.find("a", string="Voir ce paiement")["href"] == page_of(till)
    claire.get(page_of(till))
    assert "Ne payez pas une deuxième fois" in words(claire.page.main)
    assert claire.page.find("a", string="Reprendre le paiement")["href"].startswith(till.server.base)


def test_a_page_shown_before_is_refused_with_a_sentence(claire, till):
    bill = till.bill()
    claire.get("/factures")
    form = claire.page.find("form", action="/factures/payer")
    old = {field["name"]: field["value"] for field in form.find_all("input")}
    pay(claire, f"/factures/{bill}")
    response = claire.post("/factures/payer", data=old)
    assert response.status_code == 422
    assert "déjà en cours" in words(claire.page.main)


def test_asking_while_nothing_is_known_shows_the_page_as_it_is(claire, till):
    till.bill()
    pay(claire)
    assert_swap_equals_reload(claire, page_of(till), form="#paiement form")
    assert "Paiement en cours" in words(claire.page.main)


@pytest.mark.parametrize(
    ("result", "said"), [("R", "Paiement refusé"), ("Z", "Paiement refusé"), ("A", "Paiement abandonné")]
)
def test_what_failed_is_said_and_may_be_tried_again(claire, till, result, said):
    till.bill()
    till.service.decide(pay(claire), result, notices=0)
    claire.submit(page_of(till), form="#paiement form")
    assert said in words(claire.page.main)
    assert "Rien n’a été débité" in words(claire.page.main)
    claire.get("/factures")
    assert claire.page.find("form", action="/factures/payer")


def test_an_odd_result_asks_the_family_to_wait(claire, till):
    till.bill()
    till.service.decide(pay(claire), "Q", notices=0)
    claire.submit(page_of(till), form="#paiement form")
    assert "Paiement à vérifier" in words(claire.page.main)
    assert "code inconnu" not in words(claire.page.main)


def test_the_receipt_needs_no_session_and_no_guess_opens_it(client, app, till):
    client.sign_in(till.parent)
    till.bill()
    till.service.decide(pay(client), "P", notices=0)
    stranger = app.test_client()
    stranger.submit(page_of(till), form="#paiement form")
    assert "Paiement reçu" in words(stranger.page.main)
    assert till.household.name not in words(stranger.page.main)
    assert stranger.get(f"/factures/paiements/{'Z' * 32}").status_code == 404


def test_the_query_of_the_return_decides_nothing(claire, till):
    bill = till.bill()
    operation = pay(claire)
    forged = {"idop": operation, "resultrans": "P", "montant": "4320"}
    back = f"{page_of(till)}/retour"
    for response in (claire.get(back, query_string=forged), claire.post(back, data=forged)):
        assert (response.status_code, urlsplit(response.location).path) == (303, page_of(till))
    claire.get(page_of(till), query_string=forged)
    claire.submit(page_of(till), form="#paiement form")
    assert till.state(bill) == (InvoiceState.PAYING, 0)


def test_a_notification_is_answered_at_once_whatever_it_says(app, claire, till):
    bill = till.bill()
    operation = pay(claire)
    till.service.decide(operation, "P", notices=0)
    service = app.test_client()
    before = till.world.one(OnlinePayment).next_check_at
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    for data in ({}, {"idop": "nobody"}, {"idop": "x" * 5000}, {"idop": operation, "resultrans": "R"}):
        assert service.post(NOTICE, data=data, headers=elsewhere).status_code == 200
    assert till.state(bill) == (InvoiceState.PAYING, 0)
    assert till.world.one(OnlinePayment).next_check_at < before
    till.work()
    assert till.state(bill) == (InvoiceState.PAID_ONLINE, 4320)


def test_guesses_of_operations_are_soon_not_looked_at(app, claire, till):
    till.bill()
    operation = pay(claire)
    service = app.test_client()
    for number in range(60):
        service.post(NOTICE, data={"idop": f"guess {number}"}, environ_base={"REMOTE_ADDR": "198.51.100.7"})
    before = till.world.one(OnlinePayment).next_check_at
    guess = {"data": {"idop": operation}, "environ_base": {"REMOTE_ADDR": "198.51.100.7"}}
    assert service.post(NOTICE, **guess).status_code == 200
    assert till.world.one(OnlinePayment).next_check_at == before
    assert service.post(NOTICE, data={"idop": operation}).status_code == 200
    assert till.world.one(OnlinePayment).next_check_at < before


def test_a_service_that_is_down_says_what_to_do(claire, till):
    till.bill()
    till.service.is_down = True
    response = claire.submit("/factures", form="/factures/payer")
    assert response.status_code == 422
    assert "Rien n’a été débité" in words(claire.page.main)
    till.service.is_down = False
    operation = pay(claire)
    till.service.decide(operation, "P", notices=0)
    till.service.is_down = True
    paid = till.world.one(select(OnlinePayment).where(OnlinePayment.state == OnlineState.PENDING))
    claire.submit(f"/factures/paiements/{paid.key}", form="#paiement form")
    assert "Le service de paiement ne répond pas" in words(claire.page.main)


@pytest.mark.parametrize("invoice", ["", "zéro", "9" * 30, "-1"])
def test_a_forged_form_finds_nothing(claire, till, invoice):
    till.bill()
    forged = {"invoice": invoice}
    response = claire.submit("/factures", form="/factures/payer", forged=forged)
    assert response.status_code == 404


def test_a_regie_without_online_payment_shows_no_button(claire, till):
    till.regie = till.world.regie("Autre régie", online_mode=OnlineMode.OFF)
    bill = till.bill()
    for page in ("/factures", f"/factures/{bill}"):
        claire.get(page)
        assert claire.page.find("form", action="/factures/payer") is None


def test_forms_may_lead_to_the_payment_page_and_nowhere_else(app, client):
    policy = client.get("/").headers["Content-Security-Policy"]
    (allowed,) = re.findall(r"form-action ([^;]+);", policy)
    origin = urlsplit(app.config["PAYFIP_URL"])
    assert allowed == f"'self' {origin.scheme}://{origin.netloc}"


def test_the_pages_cost_few_statements(claire, till):
    bill = till.bill()
    pay(claire)
    for page, most in (("/factures", 8), (f"/factures/{bill}", 10), (page_of(till), 6)):
        with at_most(most):
            claire.get(page)


# --- The service --------------------------------------------------------------------------------

STAFF = "/gestion/facturation/reglements/en-ligne"


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


def waiting(till, result=""):
    """An attempt of the family that waits, or to which the service answered so."""
    attempt = till.begin(till.bill())
    if result:
        till.choose(attempt, result)
    return attempt


def test_the_service_asks_now_and_reads_the_answer(agent, till):
    attempt = waiting(till, "P")
    agent.get(STAFF)
    assert "Redemandé mardi 12 janvier" in words(agent.page.main)
    agent.submit(STAFF, form=f"{STAFF}/{attempt.id}/verifier", follow=True)
    said = words(agent.page.main)
    assert "Le service de paiement a répondu : payé" in said
    assert "Aucun paiement n’attend de résultat" in said
    assert "Carte bancaire, en ligne, 43,20 €" in said
    assert agent.page.select_one("a[href$='/rejet']")


def test_what_is_to_be_checked_is_told_on_the_pages_of_money_and_decided_with_a_reason(agent, till):
    attempt = waiting(till, "Q")
    till.resolve(attempt)
    agent.get("/gestion/facturation/reglements")
    assert "1 paiement en ligne à vérifier" in words(agent.page.main)
    agent.get(STAFF)
    assert "code inconnu du portail : Q" in words(agent.page.main)
    page = f"{STAFF}/{attempt.id}/decider"
    agent.get(page)
    assert agent.page.find(id="amount")["value"] == "43,20"
    assert agent.submit(page, {"outcome": "online_card"}).status_code == 422
    assert agent.submit(page, {"reason": "Relevé"}).status_code == 422
    agent.submit(page, {"outcome": "online_card", "reason": "Relevé du 14 janvier"}, follow=True)
    assert "Relevé du 14 janvier" in words(agent.page.main)
    assert till.again(attempt).state is OnlineState.PAID
    assert agent.submit(page, {"outcome": "rien", "reason": "Encore"}).status_code == 409


def test_a_regie_without_money_is_told_to_the_service(agent, till):
    agent.get("/gestion/facturation/reglements")
    assert "Essai : aucun argent ne circule" in words(agent.page.main)


def test_a_silent_service_is_said_to_the_agent(agent, till):
    attempt = waiting(till)
    till.service.is_down = True
    answer = agent.submit(STAFF, form=f"{STAFF}/{attempt.id}/verifier")
    assert answer.status_code == 422
    assert "ne répond pas" in words(agent.page.main)


def test_a_bounced_debit_is_seen_on_both_sides(agent, app, till):
    attempt = waiting(till, "V")
    till.resolve(attempt)
    agent.get(STAFF)
    bounce = agent.page.select_one("a[href$='/rejet']")["href"]
    agent.submit(bounce, {"reason": "Compte clôturé"}, follow=True)
    agent.get(STAFF)
    assert "Rejeté par la banque" in words(agent.page.main)
    family = app.test_client()
    family.get(page_of(till))
    assert "Paiement rejeté par la banque" in words(family.page.main)
