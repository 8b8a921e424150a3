"""Direct debits as a parent, an agent and the régie see them (R46)."""

from datetime import date, timedelta

import pypdfium2
import pytest
from sqlalchemy import select

from domain.enums import DebitState, InvoiceState, MandateState, OnlineMode, StaffRole
from models import AuditEvent, Debit, DebitBatch, Invoice, Mandate, Regie
from tests.school_family import words

IBAN = "FR76 3000 6000 0112 3456 7890 189"
PAGE, DESK = "/factures/prelevement", "/gestion/facturation/prelevements"
DAY = date(2027, 2, 1)


@pytest.fixture
def regie(world):
    return world.debit_regie(online_mode=OnlineMode.TEST, payfip_client="012345")


@pytest.fixture
def household(world):
    return world.household()


@pytest.fixture
def parent(client, world, household):
    client.sign_in(world.parent(household))
    return client


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.COLLECTOR))
    return client


@pytest.fixture
def bill(world, regie, household):
    return world.invoice(regie, household, date(2027, 1, 1), [{"label": "Repas", "amount_cents": 4320}])


def pdf_text(content):
    pages = pypdfium2.PdfDocument(content)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())


def sign(parent, household, regie, **changes):
    typed = {"holder_name": "Claire SOLIGNAC", "iban": IBAN, "agrees": "y"}
    page = f"{PAGE}/{household.id}/regies/{regie.id}"
    return parent.submit(page, {**typed, **changes}, follow=True)


def test_a_parent_signs_reads_and_revokes_a_mandate(parent, world, household, regie):
    parent.get("/factures")
    assert "Prélèvement automatique" in words(parent.page.main)
    parent.get(f"{PAGE}/{household.id}/regies/{regie.id}")
    said = words(parent.page.main)
    assert "vous autorisez Régie périscolaire de Cahors à envoyer des instructions" in said
    assert "remboursé par votre banque" in said
    assert sign(parent, household, regie).request.path == PAGE
    signed = world.one(Mandate)
    assert (signed.state, signed.iban, signed.signed_on) == (
        MandateState.WAITING, "FR7630006000011234567890189", date(2027, 1, 12),
    )  # fmt: skip
    said = words(parent.page.main)
    assert "compte qui finit par 0189" in said
    assert "3456" not in said
    text = pdf_text(parent.get(f"{PAGE}/mandats/{signed.id}/pdf").data)
    for part in (IBAN, signed.reference, "FR72ZZZ123456", "mardi 12 janvier 2027", "Claire SOLIGNAC"):
        assert part in text
    parent.submit(f"{PAGE}/mandats/{signed.id}/revoquer", {}, follow=True)
    assert world.one(Mandate).state is MandateState.REVOKED
    assert "Révoqué par la famille" in words(parent.page.main)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iban": "FR76 3000 6000 0112 3456 7890 188"}, "IBAN"),
        ({"holder_name": ""}, "Indiquez le nom du titulaire"),
        ({"agrees": None}, "Cochez cette case pour signer le mandat"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_signed(parent, world, household, regie, changes, said):
    assert sign(parent, household, regie, **changes).status_code == 422
    assert said in words(parent.page.select_one("#erreurs"))
    assert world.all(Mandate) == []


def test_without_an_ics_nothing_is_offered(parent, world, household):
    other = world.regie("Régie des sports")
    parent.get("/factures")
    assert "Prélèvement automatique" not in words(parent.page.main)
    assert parent.get(f"{PAGE}/{household.id}/regies/{other.id}").status_code == 404


def test_the_other_parent_reads_only_the_end_of_the_account(client, world, household, regie):
    claire = world.guardian(household)
    mandate = world.mandate(regie, household, claire)
    client.sign_in(world.parent(household, "Paul"))
    text = pdf_text(client.get(f"{PAGE}/mandats/{mandate.id}/pdf").data)
    assert "IBAN qui finit par 0189" in text
    assert "3000" not in text


def test_an_announced_bill_says_the_day_and_is_not_paid_online(parent, world, household, regie, bill):
    world.debit(world.mandate(regie, household), bill, DAY)
    for page in ("/factures", f"/factures/{bill.id}"):
        parent.get(page)
        said = words(parent.page.main)
        assert "Prélèvement prévu le lundi 1er février 2027" in said
        assert "Payer en ligne" not in said
    assert "43,20 €. Vous n’avez rien à faire" in words(parent.page.main)
    text = pdf_text(parent.get(f"/factures/{bill.id}/pdf").data)
    assert "Prélèvement automatique de 43,20 € le lundi 1er février 2027" in text
    assert "Virement" not in text


def test_the_service_checks_a_mandate_and_enters_one_from_paper(agent, world, household, regie):
    waiting = world.mandate(regie, household, state=MandateState.WAITING, accepted_at=None)
    agent.get(DESK)
    assert "1 mandat attend votre vérification" in words(agent.page.main)
    agent.submit(f"{DESK}/mandats", {}, form=f'form[action$="/{waiting.id}/accepter"]')
    assert world.one(Mandate).state is MandateState.ACTIVE
    other = world.household("MARTY")
    world.guardian(other, "Paul")
    page = f"{DESK}/mandats/foyers/{other.id}"
    agent.submit(f"{page}/nouveau", {"holder_name": "Paul MARTY", "iban": IBAN}, follow=True)
    assert agent.get(page).status_code == 200
    said = words(agent.page.main)
    assert "En service" in said
    assert "finit par 0189" in said


def test_the_regie_prepares_takes_settles_and_rejects(agent, world, household, regie, bill):
    world.mandate(regie, household)
    without = world.household("MARTY")
    world.invoice(regie, without, date(2027, 1, 1), [{"label": "x", "amount_cents": 100}])
    page = f"{DESK}/regies/{regie.id}/nouveau?jour={DAY}"
    agent.get(page)
    said = words(agent.page.main)
    assert "1 facture peut être prélevée, 43,20 €" in said
    assert "1 facture ouverte n’a pas de mandat de prélèvement" in said
    agent.submit(page, {}, follow=True)
    batch = world.one(DebitBatch)
    assert "sans numéro" in words(agent.page.main)
    agent.get(f"{DESK}/{batch.id}")
    token = agent.page.find("input", attrs={"name": "csrf_token"})["value"]
    file = agent.post(f"{DESK}/{batch.id}/fichier", data={"csrf_token": token})
    assert file.mimetype == "application/xml"
    assert "prlv-rp-2027-1.xml" in file.headers["Content-Disposition"]
    assert b"43.20" in file.data
    debit = world.one(Debit)
    agent.submit(f"{DESK}/rejets/{debit.id}", {"code": "AC04", "rejected_on": "2027-01-12"}, follow=True)
    said = words(agent.page)
    assert "Compte clôturé (AC04)" in said
    assert "Son mandat a pris fin avec ce motif" in said
    assert world.one(select(Invoice).where(Invoice.id == bill.id)).state is InvoiceState.UNSETTLED
    actions = {one.action for one in world.all(AuditEvent)}
    assert {
        "debit_batch.drafted",
        "debit_batch.prepared",
        "debit_batch.file_taken",
        "debit.rejected",
    } <= actions


def test_a_batch_is_settled_on_the_day_of_the_money(agent, world, household, regie, bill):
    debit = world.debit(world.mandate(regie, household), bill, date(2027, 1, 11))
    agent.get(f"{DESK}/{debit.batch_id}")
    assert "Encaisser le lot" in words(agent.page.main)
    agent.submit(f"{DESK}/{debit.batch_id}/encaisser", {"settled_on": "2027-01-12"}, follow=True)
    assert "Encaissé le mardi 12 janvier 2027" in words(agent.page.main)
    assert world.one(Debit).state is DebitState.COLLECTED
    assert world.one(Invoice).state is InvoiceState.SETTLED


@pytest.mark.parametrize(
    ("day", "said"),
    [("2027-01-30", "Les banques ne prélèvent pas ce jour-là"), ("2027-01-11", "Choisissez un jour à venir"),
     ("bientôt", "Indiquez un jour")],
)  # fmt: skip
def test_a_day_that_no_bank_keeps_is_said(agent, regie, day, said):
    agent.get(f"{DESK}/regies/{regie.id}/nouveau?jour={day}")
    assert said in words(agent.page.main)


def test_what_is_left_out_says_why(agent, world, household, regie, bill):
    world.mandate(regie, household)
    soon = DAY - timedelta(days=11)
    agent.get(f"{DESK}/regies/{regie.id}/nouveau?jour={soon}")
    assert "La famille doit être prévenue 14 jours avant" in words(agent.page.main)


def test_the_ics_of_a_regie_is_checked(client, world, regie):
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    page = f"/gestion/facturation/regies/{regie.id}"
    assert client.submit(page, {"creditor_identifier": "FR00ZZZ123456"}).status_code == 422
    assert "Cet ICS n’est pas valable" in words(client.page.main)
    client.submit(page, {"creditor_identifier": "fr72 zzz 123456", "payfip_client": "", "online_mode": "off"})
    assert world.one(Regie).creditor_identifier == "FR72ZZZ123456"
