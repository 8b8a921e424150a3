"""The sheet of a child for the service: safety at once, health by a right and an act (S43 to S52, S115)."""

import pytest
from sqlalchemy import select

from domain.enums import FileSection, StaffRole
from domain.family_file import Person, authorisation_field, person_to_text
from models import AuditEvent
from queries import medical
from services.medical_readings import READ
from tests.school_family import SchoolFamily, words
from tests.views.reading import text

ALLERGY = "arachide et noisette"


@pytest.fixture
def family(world):
    return SchoolFamily(world)


@pytest.fixture
def leo(family):
    family.world.health(family.leo, food_allergies=ALLERGY)
    return family.leo


def sheet(family, child) -> str:
    return f"/gestion/familles/{family.household.id}/enfants/{child.id}"


def readings(world) -> list[AuditEvent]:
    return world.all(select(AuditEvent).where(AuditEvent.action == READ))


def test_the_sheet_tells_school_diet_people_and_answers(client, world, family):
    leo = family.leo
    world.pick_up(leo)
    alone = world.question(is_per_facility=True)
    world.answer(leo, alone, is_allowed=True, facility_id=family.canteen.facility.id)
    world.question("Peut être photographié")
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(sheet(family, leo))

    said = text(client)
    assert "04/05/2019, 7 ans" in said
    assert "Nadia BENALI , grand-mère Vient chercher l’enfant" in said
    assert "Peut partir seul Écoles de Cahors Oui Claire SOLIGNAC" in said
    assert "Peut être photographié sans réponse" in said
    assert "Régime alimentaire Modifier le régime Ordinaire" in said


def test_what_concerns_safety_is_told_as_soon_as_it_is_declared(client, world, family):
    """Somebody removed, a « non » to a question of safety (S52)."""
    leo, claire = family.leo, family.claire
    nadia = world.pick_up(leo)
    alone = world.question(is_safety=True)
    world.answer(leo, alone, is_allowed=True)
    known = person_to_text(Person("Nadia", "BENALI", "grand-mère", "06 12 34 56 78"))
    world.change(
        family.household, claire, FileSection.CHILD_PEOPLE, {"person": (known, None)}, child=leo, person=nadia
    )
    answer = {authorisation_field(alone.id, None): ("oui", "non")}
    world.change(family.household, claire, FileSection.CHILD_AUTHORISATIONS, answer, child=leo)
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(sheet(family, leo))

    said = words(client.page.select_one(".alert.stop"))
    assert "Nadia BENALI ne vient plus chercher Léo." in said
    assert "Peut partir seul : non." in said.replace("\u00a0", " ")
    assert "déclaré, contrôle en cours" in words(client.page.find(id="personnes").find_parent("section"))


def test_somebody_added_does_not_fetch_the_child_before_the_control(client, world, family):
    added = {"added_person:x1": (None, person_to_text(Person("Paul", "ROUX", "voisin")))}
    world.change(family.household, family.claire, FileSection.CHILD_PEOPLE, added, child=family.leo)
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(sheet(family, family.leo))

    assert "Viendra chercher l’enfant une fois le contrôle fait" in text(client)


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.ADMINISTRATOR])
def test_no_role_gives_the_medical_right(client, world, family, leo, role):
    client.sign_in(world.staff(role))

    client.get(sheet(family, leo))

    assert "Renseignements réservés" in words(client.page.find(id="sante"))
    assert "Afficher" not in words(client.page.find(id="sante"))
    assert client.post(f"{sheet(family, leo)}/sante").status_code == 400  # nobody posts without a token
    assert readings(world) == []


def test_health_is_shown_by_an_act_that_the_journal_keeps(client, world, family, leo):
    agent = world.staff(StaffRole.RECEPTION, can_read_medical=True)
    client.sign_in(agent)
    client.get(sheet(family, leo))
    assert ALLERGY not in text(client)
    assert readings(world) == []

    client.submit(sheet(family, leo), form="#sante form")

    assert f"Allergies alimentaires {ALLERGY}" in text(client)
    (event,) = readings(world)
    assert (event.object_type, event.object_id, event.actor_user_id) == ("child", leo.id, agent.id)
    assert event.before is None
    assert event.after == {"place": "la fiche de l’enfant"}


def test_htmx_receives_the_section_that_the_whole_page_shows(client, world, family, leo):
    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))

    client.submit(sheet(family, leo), form="#sante form", htmx=True)
    fragment = client.page.find(id="sante")
    client.submit(sheet(family, leo), form="#sante form")

    assert words(fragment) == words(client.page.find(id="sante"))
    assert len(readings(world)) == 2


def test_a_declared_allergy_stands_beside_the_official_value(client, world, family, leo):
    change = {"food_allergies": (ALLERGY, "arachide, noisette et kiwi")}
    world.change(family.household, family.claire, FileSection.CHILD_MEDICAL, change, child=leo)
    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))

    client.submit(sheet(family, leo), form="#sante form")

    said = words(client.page.find(id="sante"))
    assert f"{ALLERGY} arachide, noisette et kiwi déclaré, contrôle en cours" in said


def test_a_waiting_change_of_health_is_not_named_without_the_right(client, world, family, leo):
    change = {"food_allergies": (ALLERGY, "kiwi")}
    world.change(family.household, family.claire, FileSection.CHILD_MEDICAL, change, child=leo)
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(sheet(family, leo))

    waiting = words(client.page.find(id="attente").find_parent("section"))
    assert "Renseignements réservés" in waiting
    assert "médicaux" not in waiting
    assert "kiwi" not in text(client)


def test_the_register_of_readings_is_told(app, client, world, family, leo):
    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))
    client.submit(sheet(family, leo), form="#sante form")

    client.get(sheet(family, leo))

    assert "Agnès MARTIN mardi 12 janvier 2027, 10 h, la fiche de l’enfant" in text(client)
    with app.app_context():
        assert [one.reader for one in medical.readings_of(leo.id)] == ["Agnès MARTIN"]
        assert medical.readings_of(family.marie.id) == ()


def test_a_director_reads_the_children_of_its_structures_only(client, world, family, leo):
    other = world.facility("ALSH Saint-Géry")
    client.sign_in(world.staff(StaffRole.DIRECTOR, [other], can_read_medical=True))
    assert client.get(sheet(family, leo)).status_code == 404
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility], can_read_medical=True))
    client.submit(sheet(family, leo), form="#sante form")
    assert ALLERGY in text(client)
