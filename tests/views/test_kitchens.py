"""Kitchens on screen (R32): set up, read by day and by week, taken away as files."""

import io
from datetime import date

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from domain.enums import BookingState, StaffRole
from models import Activity, AuditEvent, Booking, Child, Kitchen, MealCount, ProductionStep
from services import meal_counts
from services.transaction import write_transaction
from tests import statements
from tests.school_family import SchoolFamily
from tests.views.reading import text

THURSDAY = date(2027, 1, 14)
PAGE = "/gestion/cuisines"
MOST_STATEMENTS = 12


@pytest.fixture
def family(world):
    family = SchoolFamily(world)
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Child, family.marie.id).diet = "Sans porc"
    return family


@pytest.fixture
def kitchen(world, family):
    kitchen = world.kitchen("Cuisine centrale", family.canteen.activity)
    world.step(kitchen, 2)
    world.step(kitchen, 0, 9 * 60, name="Le matin")
    return kitchen


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff())
    return client


def test_a_kitchen_is_set_up_on_screen(agent, world, family):
    activity = family.canteen.activity
    agent.get(PAGE)
    assert "Une cuisine prépare les repas" in text(agent)

    agent.submit(
        f"{PAGE}/nouvelle", {"name": "Cuisine centrale", "activities": [str(activity.id)]}, follow=True
    )
    assert "Aucune étape" in text(agent)
    kitchen = world.one(Kitchen)
    step = {"name": "J-3", "days_before": "3", "clock": "10h"}
    agent.submit(f"{PAGE}/{kitchen.id}/etapes/nouvelle", step, follow=True)
    assert "J-3, 10 h" in text(agent)
    agent.submit(f"{PAGE}/{kitchen.id}/etapes/nouvelle", step)
    assert "Une autre étape de cette cuisine a déjà lieu à ce moment." in text(agent)
    agent.submit(f"{PAGE}/{kitchen.id}/etapes/nouvelle", step | {"clock": "24:00"})
    assert "Indiquez une heure entre 00:00 et 23:59." in text(agent)
    agent.submit(f"{PAGE}/nouvelle", {"name": "Cuisine centrale"})
    assert "Une autre cuisine porte déjà ce nom." in text(agent)

    assert world.one(select(Activity).where(Activity.id == activity.id)).kitchen_id == kitchen.id
    agent.submit(
        f"{PAGE}/{kitchen.id}/modifier", {"name": "Cuisine de Cahors", "activities": []}, follow=True
    )
    assert "Cuisine de Cahors Aucune activité" in text(agent)
    assert world.one(select(Activity).where(Activity.id == activity.id)).kitchen_id is None
    actions = {event.action for event in world.all(AuditEvent)}
    assert {"kitchen.created", "kitchen.updated", "activity.updated", "production_step.created"} <= actions


def test_a_step_goes_until_it_took_a_count(agent, world, app, family, kitchen):
    steps = world.all(select(ProductionStep).order_by(ProductionStep.days_before))
    with app.app_context():
        meal_counts.take_due(world.now)

    used = agent.submit(f"{PAGE}/etapes/{steps[1].id}", form="form[action$='/supprimer']")
    assert used.status_code == 422
    assert "Cette étape a déjà relevé des repas" in text(agent)
    agent.submit(
        f"{PAGE}/etapes/{steps[1].id}",
        {"name": "Confirmation", "is_active": None},
        form="form.narrow",
        follow=True,
    )
    assert "Hors service" in text(agent)
    unused = world.step(kitchen, 21)
    agent.submit(f"{PAGE}/etapes/{unused.id}", form="form[action$='/supprimer']", follow=True)
    assert {one.name for one in world.all(ProductionStep)} == {"Confirmation", "Le matin"}
    assert "J-2" in {one.step_name for one in world.all(MealCount)}  # it keeps the name of its time


def test_the_day_shows_classes_diets_steps_and_what_changed(agent, world, app, family, kitchen):
    family.book(family.leo, THURSDAY)
    with app.app_context():
        meal_counts.take_due(world.now)
    family.book(family.marie, THURSDAY)

    agent.get(f"{PAGE}/{kitchen.id}?jour={THURSDAY}")

    said = text(agent)
    assert "2 repas" in said
    assert "Classe Ordinaire Sans porc Total CE2 1 1 2 Total 1 1 2" in said
    assert "J-2 : voir ce relevé mardi 12 janvier, 10 h 1 +1 sans porc" in said
    assert "Le matin à venir, jeudi 14 janvier, 9 h" in said
    assert "Depuis J-2 : +1 sans porc." in said
    agent.get(agent.page.select_one("a[href*='etape=']")["href"])
    said = text(agent)
    assert "Repas tels que relevés à l’étape « J-2 », mardi 12 janvier, 10 h." in said
    assert "Classe Ordinaire Total CE2 1 1 Total 1 1 Depuis J-2 : +1 sans porc." in said
    agent.get(f"{PAGE}/{kitchen.id}/semaine?jour={THURSDAY}")
    assert "jeudi 14 janvier 2 Ordinaire : 1 Sans porc : 1 J-2, 1 repas +1 sans porc" in text(agent)
    agent.get(f"{PAGE}/{kitchen.id}?jour=2027-01-13")
    assert "Aucun repas n’est prévu ce jour-là." in text(agent)


def test_a_child_that_nobody_expected_is_served(agent, world, app, family, kitchen):
    family.book(family.leo, THURSDAY)
    with app.app_context():
        meal_counts.take_due(world.now)
    booking = family.book(family.marie, THURSDAY, state=BookingState.CANCELLED)
    world.attendance(booking, booking_id=None)

    agent.get(f"{PAGE}/{kitchen.id}?jour={THURSDAY}")
    said = text(agent)
    assert "2 repas" in said
    assert "Dont 1 enfant non prévu." in said
    assert "Depuis J-2 : +1 non prévu." in said
    agent.get(f"{PAGE}/{kitchen.id}/semaine?jour={THURSDAY}")
    assert "2 dont 1 non prévu" in text(agent)


def test_a_scoped_agent_sees_the_sites_of_its_own(client, world, family, kitchen):
    """A kitchen that serves several structures shows the others to nobody but theirs."""
    other = world.canteen([THURSDAY], name="École Hugo")
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Activity, other.activity.id).kitchen_id = kitchen.id
    nino = world.child(world.household("MARTIN"), "Nino", diet="Végétarien")
    world.booking(world.household("MARTIN"), nino, other.openings[0], other.meal)
    family.book(family.leo, THURSDAY)
    elsewhere = world.facility("ALSH")

    for role in (StaffRole.DIRECTOR, StaffRole.LEADER):
        client.sign_in(world.staff(role, [family.canteen.facility]))
        client.get(f"{PAGE}/{kitchen.id}?jour={THURSDAY}")
        said = text(client)
        assert "1 repas" in said
        assert "Végétarien" not in said
        assert "École Hugo" not in said
        assert "Vos structures seulement" in said
        client.sign_in(world.staff(role, [elsewhere]))
        for page in ("", "/semaine", "/repas.pdf", "/repas.xlsx"):
            assert client.get(f"{PAGE}/{kitchen.id}{page}?jour={THURSDAY}").status_code == 404
        client.get(PAGE)
        assert "Aucune cuisine ne prépare de repas pour vos structures." in text(client)
        assert client.get(f"{PAGE}/{kitchen.id}/modifier").status_code == 403


def test_the_meals_as_files(agent, world, app, family, kitchen):
    family.book(family.leo, THURSDAY)
    family.book(family.marie, THURSDAY)
    with app.app_context():
        meal_counts.take_due(world.now)

    book = CalamineWorkbook.from_filelike(
        io.BytesIO(agent.get(f"{PAGE}/{kitchen.id}/repas.xlsx?jour={THURSDAY}").data)
    )
    rows = book.get_sheet_by_name("Repas").to_python()
    assert rows[1:] == [
        [THURSDAY, "Écoles de Cahors", "Cantine", "CE2", "Ordinaire", 1.0],
        [THURSDAY, "Écoles de Cahors", "Cantine", "CE2", "Sans porc", 1.0],
    ]
    assert book.get_sheet_by_name("Relevés").to_python()[1][1] == "J-2"
    weekly = CalamineWorkbook.from_filelike(
        io.BytesIO(agent.get(f"{PAGE}/{kitchen.id}/semaine.xlsx?jour={THURSDAY}").data)
    )
    assert weekly.get_sheet_by_name("Repas").to_python() == rows
    assert len(weekly.get_sheet_by_name("Relevés").to_python()) == 1 + 2 * 4  # two steps, four days
    printed = pypdfium2.PdfDocument(agent.get(f"{PAGE}/{kitchen.id}/semaine.pdf?jour={THURSDAY}").data)
    assert "Ordinaire : 1, Sans porc" in printed[0].get_textpage().get_text_range().replace("\u00a0", " ")
    assert agent.get(f"{PAGE}/{kitchen.id}/semaine.pdf?jour=2030-01-01").status_code == 404
    paper = agent.get(f"{PAGE}/{kitchen.id}/repas.pdf?jour={THURSDAY}")
    said = pypdfium2.PdfDocument(paper.data)[0].get_textpage().get_text_range().replace("\u00a0", " ")
    assert "Jeudi 14 janvier 2027, 2 repas" in said
    assert "rien n’a changé" in said


def test_a_day_that_everybody_left_is_told_on_paper_too(agent, world, app, family, kitchen):
    booking = family.book(family.leo, THURSDAY)
    with app.app_context():
        meal_counts.take_due(world.now)
    with app.app_context(), write_transaction() as session:
        session.get_one(Booking, booking.id).state = BookingState.CANCELLED

    agent.get(f"{PAGE}/{kitchen.id}?jour={THURSDAY}")
    assert "Depuis J-2 : −1 ordinaire." in text(agent)
    paper = agent.get(f"{PAGE}/{kitchen.id}/repas.pdf?jour={THURSDAY}")
    said = pypdfium2.PdfDocument(paper.data)[0].get_textpage().get_text_range().replace("\u00a0", " ")
    assert "Depuis le dernier relevé : −1 ordinaire." in said


def test_pages_ask_a_fixed_number_of_questions(agent, world, app, family, kitchen):
    for number in range(12):
        child = world.child(family.household, f"Enfant {number}")
        world.enrol(child, family.canteen.facility, group_name=f"Classe {number}")
        family.book(child, THURSDAY)
    with app.app_context():
        meal_counts.take_due(world.now)
    for page in ("", "/semaine"):
        agent.get(f"{PAGE}/{kitchen.id}{page}?jour={THURSDAY}")
        with statements.at_most(MOST_STATEMENTS):
            agent.get(f"{PAGE}/{kitchen.id}{page}?jour={THURSDAY}")
    with statements.at_most(MOST_STATEMENTS):
        agent.get(PAGE)
