"""« Consignes du jour »: who comes, what they eat, who may fetch them (S45 to S48, S52, S115)."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import ActivityKind, BookingState, FileSection, StaffRole
from domain.family_file import Person, person_to_text
from models import AuditEvent, Child
from services.medical_readings import READ
from services.transaction import write_transaction
from tests import statements
from tests.school_family import SchoolFamily, words
from tests.views.reading import text

THURSDAY = date(2027, 1, 14)
MOST_STATEMENTS = 18


@pytest.fixture
def family(world):
    family = SchoolFamily(world)
    family.book(family.leo, THURSDAY)
    family.book(family.marie, THURSDAY)
    return family


def address(family, day: date = THURSDAY) -> str:
    return f"/gestion/structures/{family.canteen.facility.id}/consignes?jour={day}"


def set_diet(world, child, diet: str, note: str = "") -> None:
    with world.app.app_context(), write_transaction() as session:
        row = session.get_one(Child, child.id)
        row.diet, row.diet_note = diet, note


def test_the_children_booked_that_day(client, world, family):
    world.pick_up(family.leo)
    question = world.question("Peut partir seul", is_per_facility=True)
    world.answer(family.leo, question, is_allowed=False, facility_id=family.canteen.facility.id)
    family.book(family.marie, date(2027, 1, 15), BookingState.CANCELLED)
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(address(family))

    rows = [words(row) for row in client.page.select("#enfants tbody tr")]
    assert len(rows) == 2
    assert rows[0].startswith("SOLIGNAC Léo CE2 Cantine, Repas enfant Ordinaire Nadia BENALI, grand-mère")
    assert rows[0].endswith("Peut partir seul : non")
    assert "ses responsables seulement" in rows[1]
    client.get(address(family, date(2027, 1, 15)))
    assert "Aucun enfant n’est attendu ce jour-là." in text(client)


def test_the_kitchen_counts_accepted_diets_and_flags_declared_ones(client, world, family):
    set_diet(world, family.marie, "Sans porc")
    declared = {"diet": (None, "Végétarien"), "diet_note": (None, "œufs permis")}
    world.change(family.household, family.claire, FileSection.CHILD_DIET, declared, child=family.leo)
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(address(family))

    counts = words(client.page.find(id="effectifs").find_parent("section"))
    assert "Cantine, 2 enfants Ordinaire 1 Sans porc 1 Végétarien 0 Léo SOLIGNAC déclaré, contrôle" in counts
    assert "Ordinaire Végétarien (œufs permis) déclaré, contrôle en cours" in text(client)


def test_somebody_who_does_not_come_any_more_is_struck_at_once(client, world, family):
    nadia = world.pick_up(family.leo)
    known = person_to_text(Person("Nadia", "BENALI", "grand-mère", "06 12 34 56 78"))
    world.change(
        family.household,
        family.claire,
        FileSection.CHILD_PEOPLE,
        {"person": (known, None)},
        child=family.leo,
        person=nadia,
    )
    client.sign_in(world.staff(StaffRole.RECEPTION))

    client.get(address(family))

    assert client.page.select_one("#enfants del").get_text() == "Nadia BENALI"
    assert "ne vient plus : déclaré, contrôle en cours" in text(client)


def test_health_is_reserved_and_each_reading_noted(client, world, family):
    world.health(family.leo, food_allergies="arachide")
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(address(family))
    assert "Renseignements médicaux réservés" in text(client)
    assert "fiche sanitaire" not in text(client)

    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))
    client.submit(address(family), form="#enfants form")

    assert "arachide" in text(client)
    events = world.all(select(AuditEvent).where(AuditEvent.action == READ))
    assert {event.object_id for event in events} == {family.leo.id, family.marie.id}
    assert len(events) == 2
    assert events[0].after == {"place": "les consignes du 14/01/2027, Écoles de Cahors"}


def test_only_the_children_of_the_chosen_activity_are_read(client, world, family):
    evening = world.activity(family.canteen.facility, "Garderie", ActivityKind.EVENING, position=1)
    stay = world.presence_type(evening, "Soir")
    (opening,) = world.openings(evening, family.canteen.period, [THURSDAY])
    world.booking(family.household, family.marie, opening, stay)
    client.sign_in(world.staff(StaffRole.RECEPTION, can_read_medical=True))

    client.submit(f"{address(family)}&activite={evening.id}", form="#enfants form")

    events = world.all(select(AuditEvent).where(AuditEvent.action == READ))
    assert [event.object_id for event in events] == [family.marie.id]


def test_a_director_sees_its_own_structures(client, world, family):
    client.sign_in(world.staff(StaffRole.DIRECTOR, [world.facility("ALSH")]))
    assert client.get(address(family)).status_code == 404
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility]))
    assert client.get(address(family)).status_code == 200


@pytest.mark.parametrize("day", ["", "hier", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_today(client, world, family, day):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(address(family).partition("?")[0] + f"?jour={day}")
    assert "mardi 12 janvier 2027" in text(client)


def test_the_sheet_asks_a_fixed_number_of_questions(client, world, family):
    for number in range(30):
        child = world.child(family.household, f"Enfant {number}")
        world.enrol(child, family.canteen.facility)
        family.book(child, THURSDAY)
        world.pick_up(child)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(address(family))
    with statements.at_most(MOST_STATEMENTS):
        client.get(address(family))
