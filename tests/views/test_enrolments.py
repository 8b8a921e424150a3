"""« Inscrire à une activité »: what a family sees and sends, what the service decides (R17)."""

from datetime import date

import pytest

from domain.enums import DocumentOwner, EnrolmentState, StaffRole, ValidationMode
from models import DocumentCategory, Enrolment, EnrolmentRequest
from tests import statements
from tests.services.test_enrolments import RULED, Bench
from tests.views.reading import text

DESK = "/gestion/a-traiter"
REFUSE = ("decision", "refuser")


@pytest.fixture
def bench(world):
    return Bench(world, ValidationMode.MANUAL)


@pytest.fixture
def claire(client, bench):
    client.sign_in(bench.claire)
    return client


@pytest.fixture
def director(world, bench):
    return world.staff(StaffRole.DIRECTOR, [bench.centre])


def choices(bench):
    return f"/mes-enfants/{bench.leo.id}/inscription"


def wish(bench):
    return f"{choices(bench)}/{bench.workshop.id}"


def send(claire, bench):
    """« Envoyer la demande » with the days that are proposed."""
    return claire.submit(wish(bench))


def kept(client, address):
    """The form that somebody has on screen, sent later whatever happened meanwhile."""
    client.get(address)
    fields = client.page.select("main form[method=post] input[name]")
    values = {field["name"]: field["value"] for field in fields}
    return lambda **typed: client.post(address, data=values | typed)


def test_from_my_children_to_a_request_that_waits(claire, bench):
    claire.get("/mes-enfants")
    assert claire.page.main.find("a", href=choices(bench))
    claire.get(choices(bench))
    assert "Les Marmottes" in text(claire)
    assert "Le service répond à chaque demande." in text(claire)
    answer = send(claire, bench)
    assert answer.status_code == 303
    claire.get(answer.headers["Location"])
    assert "Le service répond avant le jeudi 14 janvier, 10 h" in text(claire)
    request = bench.row()
    assert (request.first_day, request.last_day) == (date(2027, 1, 12), date(2027, 8, 31))
    claire.get(choices(bench))
    assert "Demande en cours" in text(claire)
    claire.get(f"/mes-enfants/{bench.leo.id}")
    assert "En cours de validation" in text(claire)
    claire.get("/reservations")
    assert request.reference in text(claire)


def test_what_is_missing_is_said_at_once_with_where_to_send_it(claire, bench, world):
    category = world.add(DocumentCategory(name="Assurance", owner=DocumentOwner.CHILD))
    bench.rule({"pieces": [{"nom": "assurance"}, {"nom": "certificat de natation"}], **RULED})
    claire.get(wish(bench))
    said = text(claire)
    assert "Il manque la pièce « assurance »." in said
    assert "Il manque la pièce « certificat de natation ». Apportez-la au service." in said
    assert "L’enfant doit avoir trois ans." in said  # the rules, for everybody
    links = [link["href"] for link in claire.page.find_all("a", string="Déposer ce document")]
    assert links == [f"/documents/{category.id}/enfant/{bench.leo.id}"]


def test_a_refusal_of_the_rules_is_said_before_and_after_sending(claire, bench, world):
    bench.rule()
    bench.leo = world.child(bench.home, "Ana", birth_date=date(2025, 1, 1))
    claire.get(wish(bench))
    assert "L’enfant doit avoir trois ans." in text(claire)
    assert not claire.page.select("form[method=post] input[name=cle]")
    bench.rule({})
    later = kept(claire, wish(bench))  # a page that was opened before the rule
    bench.rule()
    assert later().status_code == 422
    assert "L’enfant doit avoir trois ans." in text(claire)
    assert not world.all(EnrolmentRequest)


def test_other_days_are_checked_by_their_address(claire, bench):
    claire.get(f"{wish(bench)}?du=2027-03-01&au=2027-04-30")
    assert "Envoyer la demande, du 01/03/2027 au 30/04/2027" in text(claire)
    claire.get(f"{wish(bench)}?du=demain&au=2027-04-30")
    assert "du 12/01/2027 au 31/08/2027" in text(claire)


def test_a_blank_day_is_no_day(claire, bench):
    assert claire.submit(wish(bench), forged={"au": " "}).status_code == 422
    assert "Indiquez le dernier jour." in claire.page.main.get_text()


def test_an_automatic_structure_enrols_at_once(client, world):
    bench, claire = Bench(world), client
    claire.sign_in(bench.claire)
    bench.rule()
    claire.get(wish(bench))
    assert "l’inscription est enregistrée dès l’envoi" in text(claire)
    answer = send(claire, bench)
    claire.get(answer.headers["Location"])
    assert "L’inscription de Léo est acceptée" in text(claire)
    claire.get(f"/mes-enfants/{bench.leo.id}")
    assert "Les Marmottes · Atelier" in text(claire)


def test_a_request_is_taken_back_until_it_is_answered(claire, bench):
    reference = bench.ask()
    page = f"/mes-enfants/inscriptions/{reference}"
    claire.get(page)
    token = {"csrf_token": claire.page.select_one("main input[name=csrf_token]")["value"]}
    assert claire.submit(page).status_code == 303
    assert bench.row().state is EnrolmentState.WITHDRAWN
    assert claire.post(f"{page}/retirer", data=token).status_code == 409
    assert "Retirée" in text(claire)


def test_a_child_without_structure_finds_the_way_from_the_wizard(claire, bench):
    claire.submit("/reservations/nouvelle", {}, follow=True)
    assert claire.page.main.find("a", href=choices(bench))


def test_the_director_decides_in_the_queue(client, bench, director):
    bench.rule()
    reference = bench.ask()
    client.sign_in(director)
    client.get(DESK)
    said = text(client)
    assert "Inscription de Léo" in said
    assert "Rempli" in said
    assert "Trois ans" in said
    page = f"{DESK}/inscriptions/{reference}"
    refused = client.submit(page, {"reason": ""}, button=REFUSE)
    assert refused.status_code == 422
    assert "Indiquez le motif du refus" in text(client)
    later = kept(client, page)
    days = {"first_day": "2027-02-01", "last_day": "2027-07-02"}
    assert client.submit(page, days, button=("decision", "accepter")).status_code == 303
    assert bench.world.one(Enrolment).first_day == date(2027, 2, 1)
    late = later(decision="refuser", reason="Complet.")
    assert late.status_code == 409
    assert "déjà reçu une réponse" in text(client)
    assert "Acceptée" in text(client)


def test_another_director_sees_nothing(client, bench, world):
    reference = bench.ask()
    client.sign_in(world.staff(StaffRole.DIRECTOR, [world.facility("Ailleurs")]))
    client.get(DESK)
    assert "Léo" not in text(client)
    assert client.get(f"{DESK}/inscriptions/{reference}").status_code == 404


def test_papers_of_health_are_not_named_without_the_right(client, bench, world):
    world.add(DocumentCategory(name="PAI", owner=DocumentOwner.CHILD, is_medical=True))
    bench.rule({"pieces": [{"nom": "PAI"}]})
    reference = bench.ask()
    client.sign_in(world.staff())
    client.get(f"{DESK}/inscriptions/{reference}")
    assert "PAI" not in text(client)
    assert "Un document réservé est à voir." in text(client)
    client.sign_in(world.staff(can_read_medical=True))
    client.get(f"{DESK}/inscriptions/{reference}")
    assert "Il manque la pièce « PAI »." in text(client)


def test_the_choices_cost_the_same_with_more_activities(claire, bench, world):
    bench.rule(RULED)
    claire.get(choices(bench))
    with statements.at_most(12) as first:
        claire.get(choices(bench))
    for number in range(3):
        world.activity(bench.centre, f"Atelier {number}")
    claire.get(choices(bench))
    with statements.at_most(len(first)):
        claire.get(choices(bench))


def test_an_agent_enrols_a_child_in_one_activity(client, bench, world):
    client.sign_in(world.staff())
    family = f"/gestion/familles/{bench.home.id}"
    elsewhere = world.activity(world.facility("Ailleurs"), "Danse")
    typed = {"facility_id": str(bench.centre.id), "activity_id": str(elsewhere.id), "group_name": ""}
    page = f"{family}/enfants/{bench.leo.id}/inscriptions/nouvelle"
    assert client.submit(page, typed).status_code == 422
    assert "Cette activité n’est pas de cette structure" in text(client)
    assert client.submit(page, typed | {"activity_id": str(bench.workshop.id)}).status_code == 303
    assert bench.world.one(Enrolment).activity_id == bench.workshop.id
    client.get(family)
    assert "Les Marmottes · Atelier" in text(client)
    edit = f"{family}/inscriptions/{bench.world.one(Enrolment).id}/modifier"
    assert client.submit(edit, {"last_day": "2027-07-02"}).status_code == 303
    assert bench.world.one(Enrolment).activity_id == bench.workshop.id
