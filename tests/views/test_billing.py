"""The billing of a month as the service sees it: prepare, look, issue, correct (R42)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.enums import AttendanceMark, InvoiceState, OnlineMode, StaffRole
from models import Activity, Attendance, BillingRun, Booking, Invoice, Regie, User
from services import billing
from services.transaction import write_transaction
from tests.payfip_bench import stand_in
from tests.school_family import words
from tests.services.test_billing import DAYS, DECEMBER, Office
from tests.statements import at_most

__all__ = ["stand_in"]

HOME = "/gestion/facturation"


@pytest.fixture
def office(world):
    return Office(world)


@pytest.fixture
def agent(client, office):
    client.sign_in(office.agent)
    return client


def test_a_month_goes_from_draft_to_issued_bills(agent, office):
    office.family()
    agent.submit(HOME, {"regie": str(office.regie.id), "month": DECEMBER.isoformat()}, follow=True)
    said = words(agent.page.main)
    assert "Décembre 2026" in said
    assert "6,40 €" in said
    assert "SOLIGNAC" in said
    run = agent.page.main.select_one("a.button[href$=emettre]")["href"]
    agent.get(run)
    said = words(agent.page.main)
    assert "1 facture, 6,40 € au total" in said
    assert "ne change plus" in said
    agent.submit(run, {}, follow=True)
    assert "RP-2027-000001" in words(agent.page.main)
    assert office.bill().state is InvoiceState.UNSETTLED


def test_the_month_of_the_family_is_the_draft_to_the_cent_then_its_bill(client, office):
    """Presences, and an absence that stays due in part."""
    office.family(meals=3)
    missed = office.world.all(Booking)[1]
    with office.world.app.app_context(), write_transaction() as session:
        session.get_one(Booking, missed.id).due_cents = 150
        session.scalars(
            select(Attendance).where(Attendance.booking_id == missed.id)
        ).one().mark = AttendanceMark.ABSENT
    run_id = office.prepare()
    assert office.bill().total_cents == 790
    client.sign_in(office.world.one(select(User).where(User.email == "solignac@example.org")))

    def shown():
        client.get("/factures/mois/2026-12")
        return words(client.page.main)

    assert "Total provisoire 7,90 €" in shown()
    rows = [words(one.select_one("summary")) for one in client.page.main.select("details")]
    assert rows == ["Cantine, repas enfant : 2 × 3,20 € 6,40 €",
                    "Cantine, repas enfant, mardi 8 décembre 1,50 €"]  # fmt: skip
    assert "Repas enfant, tarif unique : 3,20 €." in words(client.page.main)
    office.issue(run_id)
    said = shown()
    assert "Facture RP-2027-000001 7,90 €" in said
    assert "provisoire" not in said.lower()


def test_an_old_draft_is_prepared_again(agent, office):
    """Its month is no longer among the twelve that the list offers."""
    office.family(days=[day - timedelta(days=28) for day in DAYS])
    old = date(2025, 10, 1)
    run = office.world.billing_run(office.regie, old)
    agent.get(f"{HOME}/{run.id}")
    form = {"regie": str(office.regie.id), "month": old.isoformat()}
    assert agent.submit(f"{HOME}/{run.id}", form).status_code == 303
    never = {"regie": str(office.regie.id), "month": "2025-09-01"}
    assert agent.submit(f"{HOME}/{run.id}", never).status_code == 422


def test_a_month_in_preparation_is_followed_with_and_without_scripts(agent, office, monkeypatch):
    monkeypatch.setattr(billing, "AT_ONCE", 0)
    office.family()
    form = {"regie": str(office.regie.id), "month": DECEMBER.isoformat()}
    agent.submit(HOME, form, follow=True)
    run = office.world.one(BillingRun)
    page, state = f"{HOME}/{run.id}", f"{HOME}/{run.id}/preparation"
    assert "Brouillon en préparation" in words(agent.page.main)
    assert "Préparer de nouveau" not in words(agent.page.main)
    assert "Rien n’est à facturer" not in words(agent.page.main)
    assert agent.page.main.select_one("#preparation a")["href"] == state
    again = agent.get(state, headers={"HX-Request": "true"})
    assert "Brouillon en préparation" in again.text
    assert agent.get(state).status_code == 303
    assert agent.get(f"{page}/emettre").status_code == 303
    with office.world.app.app_context():
        billing.make_asked(office.world.now)
    assert agent.get(state, headers={"HX-Request": "true"}).headers["HX-Redirect"] == page
    agent.get(page)
    assert "6,40 €" in words(agent.page.main)
    assert agent.page.main.select_one("#preparation") is None


def test_what_blocks_is_shown_and_the_button_is_not(agent, office):
    office.family(mark=None)
    run_id = office.prepare()
    agent.get(f"{HOME}/{run_id}")
    said = words(agent.page.main)
    assert "Brouillon bloqué" in said
    assert "ni présent ni absent" in said
    assert agent.page.main.select_one("a[href$=emettre]") is None
    assert agent.submit(f"{HOME}/{run_id}/emettre", {}).status_code == 422
    assert "points bloquants" in words(agent.page.main)


def test_the_bills_of_a_run_are_found_by_name(agent, office):
    office.family("SOLIGNAC")
    office.family("MARTIN")
    run_id = office.issued()
    with at_most(12):
        agent.get(f"{HOME}/{run_id}?q=000002")
    table = words(agent.page.main.select_one("#factures"))
    assert "MARTIN" in table
    assert "SOLIGNAC" not in table


def test_a_credit_note_is_made_from_the_bill(agent, office):
    office.family()
    office.issued()
    bill = office.bill()
    line = office.lines(bill)[0]
    address = f"{HOME}/factures/{bill.id}/avoir"
    assert agent.submit(address, {f"line_{line.id}": "9", "reason": "Erreur"}).status_code == 422
    assert "au plus 3,20 €" in words(agent.page.main)
    agent.submit(address, {f"line_{line.id}": "3,20", "reason": "Repas facturé deux fois"}, follow=True)
    assert "Avoir RP-2027-000002" in words(agent.page.main)
    assert "Repas facturé deux fois" in words(agent.page.main)
    agent.get(f"{HOME}/factures/{bill.id}")
    assert "Reste à régler : 3,20 €" in words(agent.page.main)


REGIE = {"name": "Régie enfance", "code": "enf", "due_days": "20", "position": "1"}


def test_a_regie_is_created_then_chosen_by_an_activity(agent, office):
    codes = {"treasury_post": "046 009", "collectivity_code": "401", "accounting_article": "7067"}
    agent.submit(f"{HOME}/regies/nouvelle", REGIE | codes | {"iban": "FR76 3000 6000 0112 3456 7890 189"})
    made = office.world.one(select(Regie).where(Regie.code == "ENF"))
    assert (made.iban, made.due_days) == ("FR7630006000011234567890189", 20)
    assert (made.treasury_post, made.collectivity_code, made.accounting_article) == ("046009", "401", "7067")
    agent.submit(
        f"/gestion/structures/activites/{office.canteen.activity.id}/modifier",
        {"regie_id": str(made.id), "product_code": "CANT"},
    )
    activity = office.world.one(select(Activity))
    assert (activity.regie_id, activity.product_code) == (made.id, "CANT")


def test_the_number_of_the_payment_service_is_asked_for_by_name(agent, office, stand_in):
    typed = REGIE | {"online_mode": "test", "payfip_client": "012345"}
    agent.submit(f"{HOME}/regies/nouvelle", typed, follow=True)
    assert "PayFiP connaît ce numéro : VILLE DE DEMONSTRATION" in words(agent.page.main)
    made = office.world.one(select(Regie).where(Regie.code == "ENF"))
    page = f"{HOME}/regies/{made.id}"
    assert agent.submit(page, {"payfip_client": "000000"}).status_code == 422
    assert "inconnu" in words(agent.page.main)
    assert agent.submit(page, {"payfip_client": ""}).status_code == 422
    assert "Sans ce numéro, aucun paiement en ligne" in words(agent.page.main)
    stand_in.service.is_down = True
    agent.submit(page, {"online_mode": "production"}, follow=True)
    assert "PayFiP ne répond pas" in words(agent.page.main)
    kept = office.world.one(select(Regie).where(Regie.code == "ENF"))
    assert (kept.payfip_client, kept.online_mode) == ("012345", OnlineMode.PRODUCTION)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iban": "FR7630006000011234567890188"}, "IBAN"),
        ({"bic": "XX"}, "8 ou 11 signes"),
        ({"treasury_post": "12"}, "6 ou 7 chiffres"),
        ({"budget_code": "abc"}, "1 ou 2 lettres"),
        ({"code": "régie"}, "sans accent"),
        ({"code": "RP"}, "déjà ce nom ou ce code"),
    ],
)
def test_what_is_wrong_in_a_regie_is_said(agent, office, changes, said):
    assert agent.submit(f"{HOME}/regies/nouvelle", REGIE | changes).status_code == 422
    assert said in words(agent.page.main)
    assert len(office.world.all(Regie)) == 1


def test_the_code_of_issued_bills_never_changes(agent, office):
    office.family()
    office.issued()
    assert agent.submit(f"{HOME}/regies/{office.regie.id}", {"code": "AUTRE"}).status_code == 422
    assert "portent déjà ce code" in words(agent.page.main)


def test_reception_reads_and_does_not_bill(client, office):
    home = office.family()
    run_id = office.prepare()
    client.sign_in(office.world.staff(StaffRole.RECEPTION))
    client.get(f"{HOME}/{run_id}")
    assert client.page.main.select_one("a[href$=emettre]") is None
    assert client.get(f"{HOME}/{run_id}/emettre").status_code == 403
    assert office.world.one(select(Invoice).where(Invoice.household_id == home.id)).month == date(
        DAYS[0].year, DAYS[0].month, 1
    )
