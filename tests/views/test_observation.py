"""« Voir comme la famille » (R51): read only, told to the family, over when the agent may no more."""

from datetime import date, timedelta

import pytest

from domain.enums import AccountStatus, DocumentOwner, DocumentState, FileSection, StaffRole
from domain.permissions import ROLE_PERMISSIONS, Permission
from models import AuditEvent, DocumentCategory, Guardian, Household, StaffMember, User
from services.transaction import write_transaction
from tests.strict_client import HTMX
from tests.views.reading import text

LEAVE = "/quitter-l-espace"


@pytest.fixture
def household(world):
    return world.household()


@pytest.fixture
def claire(world, household):
    return world.parent(household)


@pytest.fixture
def agent(world, client):
    user = world.staff(StaffRole.RECEPTION)
    client.sign_in(user)
    return user


def file(household) -> str:
    return f"/gestion/familles/{household.id}"


def watch(client, household, follow: bool = True):
    client.get(file(household))
    action = client.page.find("form", action=lambda one: one and one.endswith("/voir"))["action"]
    return client.submit(file(household), form=action, follow=follow)


def test_an_agent_sees_the_portal_of_an_adult_and_is_told_so_on_each_page(client, agent, claire, household):
    watch(client, household)

    assert "Bonjour Claire" in text(client)
    for page in ("/accueil", "/mon-foyer", "/mes-enfants", "/mon-compte", "/planning", "/inexistante"):
        client.get(page)
        assert "Vous voyez l’espace de Claire SOLIGNAC comme la famille le voit" in text(client), page
    assert client.get(file(household)).status_code == 404


def test_leaving_brings_the_agent_back_to_the_file(client, agent, claire, household):
    watch(client, household)

    client.submit("/accueil", form=LEAVE, follow=True)

    assert "SOLIGNAC, dossier" in text(client)
    assert "comme la famille le voit" not in text(client)
    assert client.get("/accueil").status_code == 404


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_nothing_can_be_changed_while_looking(client, agent, claire, household, world, headers):
    watch(client, household)
    client.get(f"/mon-foyer/{household.id}/confirmer")
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]
    before = len(world.all(AuditEvent))

    pages = (f"/mon-foyer/{household.id}/confirmer", "/reservations/nouvelle", "/mon-compte/mot-de-passe")
    for page in pages:
        refused = client.post(page, data={"csrf_token": token}, headers=headers)
        assert refused.status_code == 403
        assert "Lecture seule" in text(client)

    assert len(world.all(AuditEvent)) == before


def test_the_family_reads_that_it_was_looked_at(app, client, agent, claire, household, world):
    watch(client, household)
    client.submit("/accueil", form=LEAVE)

    events = [(one.action, one.actor_user_id, one.household_id) for one in world.all(AuditEvent)]
    assert events == [
        ("observation.started", agent.id, household.id),
        ("observation.ended", agent.id, household.id),
    ]
    family = app.test_client()
    family.sign_in(claire)
    family.get("/mon-foyer")
    seen = "Votre espace, vu comme vous le voyez Consulté par le service, sur le portail, le mardi 12 janvier"
    assert text(family).count(seen) == 1


def test_who_signs_out_while_looking_is_signed_out(client, agent, claire, household):
    watch(client, household)
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]

    client.post("/deconnexion", data={"csrf_token": token})

    assert client.get("/accueil").status_code == 303
    assert client.get(file(household)).status_code == 303


def change(world, table: type, row_id: int, **columns) -> None:
    with world.app.app_context(), write_transaction() as session:
        row = session.get_one(table, row_id)
        for name, value in columns.items():
            setattr(row, name, value)


def test_an_agent_who_left_sees_nothing_any_more(client, agent, claire, household, world):
    watch(client, household)

    change(world, User, agent.id, status=AccountStatus.SUSPENDED)

    assert client.get("/accueil").status_code == 303


def test_an_agent_who_lost_the_right_is_an_agent_again(client, agent, claire, household, world):
    watch(client, household)

    change(world, StaffMember, world.one(StaffMember).id, role=StaffRole.DIRECTOR)

    assert client.get("/accueil").status_code == 404


def test_the_idle_time_of_agents_counts(client, agent, claire, household, app, clock):
    watch(client, household)

    clock.move_to(clock.now() + app.config["STAFF_IDLE"] + timedelta(seconds=1))

    assert client.get("/accueil").status_code == 303


def test_a_director_may_not_look(client, world, claire, household):
    canteen = world.canteen([world.now.date()])
    world.enrol(world.child(household), canteen.facility)
    client.sign_in(world.staff(StaffRole.DIRECTOR, [canteen.facility]))
    assert client.get(file(household)).status_code == 200
    assert "Voir comme" not in text(client)


def test_an_adult_without_access_cannot_be_looked_at(client, agent, world, household):
    adult = world.guardian(household, "Paul")
    client.get(file(household))
    assert "Voir comme" not in text(client)
    client.get("/gestion/familles/nouveau")
    token = client.page.find("input", attrs={"name": "csrf_token"})["value"]

    answer = client.post(f"{file(household)}/adultes/{adult.id}/voir", data={"csrf_token": token})

    assert answer.status_code == 404
    assert world.all(AuditEvent) == []


def test_the_flag_alone_opens_nothing_to_a_family(client, world, claire, household):
    """Whoever forged the cookie would still need to be an agent: a parent stays who it is."""
    other = world.parent(world.household("MARTIN"), "Paul")
    client.sign_in(other)
    with client.session_transaction() as cookie:
        cookie["observed"] = 1

    client.get("/accueil")

    assert "Bonjour Paul" in text(client)
    assert len(world.all(Household)) == 2


def test_what_rests_sealed_stays_sealed_for_who_looks(client, agent, claire, household, world):
    child = world.child(household)
    world.health(child, food_allergies="Arachides", has_pai="oui")
    lines = {"treatment": (None, "Ventoline")}
    world.change(household, claire, FileSection.CHILD_MEDICAL, lines, child=child)
    change(world, Guardian, world.one(Guardian).id, iban="FR7630006000011234567890189")
    watch(client, household)

    client.get(f"/mes-enfants/{child.id}")
    assert "Allergies alimentaires masqué" in text(client)
    assert "Arachides" not in client.page.get_text()
    assert "Ventoline" not in client.page.get_text()
    assert client.get(f"/mes-enfants/{child.id}/sante").status_code == 404
    client.get("/mon-compte")
    assert "IBAN masqué" in text(client)
    assert "0189" not in client.page.get_text()
    assert client.get("/mon-compte/banque").status_code == 200
    assert "0189" not in client.page.decode()


def test_a_document_of_the_family_is_not_opened_from_its_portal(app, client, agent, claire, household, world):
    category = world.add(DocumentCategory(name="Revenus", owner=DocumentOwner.HOUSEHOLD))
    document = world.sent_document(household, category, sender_user_id=claire.id)
    address = f"/documents/transmis/{document.id}/fichier"
    watch(client, household)

    assert client.get(f"/documents/transmis/{document.id}").status_code == 200
    assert client.get(address).status_code == 403
    assert "Lecture seule : ouvrez les documents d’une famille depuis" in text(client)
    family = app.test_client()
    family.sign_in(claire)
    assert family.get(address).status_code == 200


def test_why_a_document_about_health_was_refused_stays_masked(app, client, agent, claire, household, world):
    for name, is_medical in (("PAI", True), ("Revenus", False)):
        category = world.add(
            DocumentCategory(name=name, owner=DocumentOwner.HOUSEHOLD, is_medical=is_medical)
        )
        refused = {"state": DocumentState.REFUSED, "reason": f"Page du {name} illisible"}
        document = world.sent_document(household, category, **refused)
        if is_medical:
            page = f"/documents/transmis/{document.id}"
    family = app.test_client()
    family.sign_in(claire)
    assert "Page du PAI illisible" in family.get("/documents").get_data(as_text=True)
    watch(client, household)

    for address in ("/documents", page):
        client.get(address)
        assert "Page du PAI" not in text(client)
        assert "Motif : masqué" in text(client)
    client.get("/documents")
    assert "Page du Revenus illisible" in text(client)


PAPERS = (
    "/factures/{bill}/pdf",
    "/factures/attestations/fiscale/2026/{home}/pdf",
    "/factures/releve/{home}/pdf",
)


@pytest.fixture
def papers(world, household):
    lines = [{"label": "Repas", "amount_cents": 320}]
    bill = world.invoice(world.regie(), household, date(2026, 12, 1), lines)
    return [address.format(bill=bill.id, home=household.id) for address in PAPERS]


def test_an_agent_who_handles_money_may_print_it(client, agent, claire, household, papers):
    watch(client, household)
    assert [client.get(address).status_code for address in papers] == [200] * 3


def test_another_agent_may_not(client, agent, claire, household, papers, monkeypatch):
    money = {Permission.PAYMENTS_RECORD, Permission.BILLING_MANAGE}
    without = ROLE_PERMISSIONS[StaffRole.RECEPTION] - money
    monkeypatch.setitem(ROLE_PERMISSIONS, StaffRole.RECEPTION, without)
    watch(client, household)
    for address in papers:
        assert client.get(address).status_code == 403
        assert "le droit d’enregistrer des règlements" in text(client)
    assert client.get("/factures").status_code == 200
