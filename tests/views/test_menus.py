"""Menus of the canteen (R34): a week typed in one screen, allergens ticked, read by everybody."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from domain.enums import Allergen, StaffRole
from models import Activity, AuditEvent, Menu, MenuDish
from services.transaction import write_transaction
from tests import statements
from tests.school_family import SchoolFamily
from tests.views.reading import text

MONDAY = date(2027, 1, 11)
MOST_STATEMENTS = 10


@pytest.fixture
def family(world):
    return SchoolFamily(world)


@pytest.fixture
def kitchen(world, family):
    return world.kitchen("Cuisine centrale", family.canteen.activity)


@pytest.fixture
def page(client, world, kitchen):
    client.sign_in(world.staff())
    return f"/gestion/cuisines/{kitchen.id}/menus?jour={MONDAY}"


def dish(day: date, line: int, name: str, *allergens: str) -> dict:
    prefix = f"jour_{day:%Y%m%d}-{line}"
    return {f"{prefix}-name": name, f"{prefix}-allergens": list(allergens)}


FORM = "form[data-warn-unsaved]"
TYPED = (
    dish(MONDAY, 0, "Carottes râpées", "mustard", "sulphites")
    | dish(MONDAY, 1, "Poisson pané", "gluten", "fish", "eggs")
    | dish(date(2027, 1, 12), 0, "Lentilles")
    | dish(date(2027, 1, 15), 2, "Gâteau", "gluten", "milk")
)


def test_a_week_is_typed_in_one_screen_and_read_by_everybody(client, world, family, page):
    client.submit(page, TYPED, form=FORM, follow=True)
    assert "Les menus sont enregistrés" in text(client)
    assert "Allergènes : moutarde, sulfites" in text(client)

    client.delete_cookie(world.app.config["SESSION_COOKIE_NAME"])
    client.get("/menus")
    said = text(client)
    assert (
        "Cuisine centrale Écoles de Cahors Mardi 12 janvier, aujourd’hui Lentilles Vendredi 15 janvier Gâteau"
        in said
    )
    assert (
        "Cuisine centrale Lundi 11 janvier Carottes râpées Allergènes : moutarde, sulfites "
        "Poisson pané Allergènes : gluten, œufs, poisson" in said
    )
    client.get("/structures")
    assert "Menus de la cantine" in text(client)
    client.sign_in(family.claire)
    client.get("/accueil")
    assert client.page.find("a", href="/menus")
    (event,) = world.all(select(AuditEvent).where(AuditEvent.action == "menu.written"))
    assert event.after["2027-01-11"][0] == "Carottes râpées (mustard,sulphites)"


def test_the_fourteen_allergens_can_be_ticked_for_each_dish(client, world, page):
    every = [one.value for one in Allergen]
    client.submit(page, dish(MONDAY, 0, "Tout", *every), form=FORM, follow=True)
    assert world.one(MenuDish).allergens == ",".join(every)
    boxes = client.page.select(f"input[name='jour_{MONDAY:%Y%m%d}-0-allergens'][checked]")
    assert [one["value"] for one in boxes] == every


def test_a_day_that_is_emptied_has_no_menu_and_the_same_week_changes_nothing(client, world, page):
    client.submit(page, TYPED, form=FORM, follow=True)
    client.submit(page, {}, form=FORM, follow=True)
    assert "Les menus n’ont pas changé." in text(client)
    client.submit(page, dish(date(2027, 1, 12), 0, ""), form=FORM, follow=True)
    assert {one.day for one in world.all(Menu)} == {MONDAY, date(2027, 1, 15)}
    assert len(world.all(select(AuditEvent).where(AuditEvent.action == "menu.written"))) == 2


def test_allergens_without_a_dish_are_refused_and_nothing_is_lost(client, world, page):
    response = client.submit(page, dish(MONDAY, 0, "", "milk") | dish(MONDAY, 1, "Riz"), form=FORM)
    assert response.status_code == 422
    assert "Indiquez le nom du plat, ou décochez ses allergènes." in text(client)
    assert client.page.select_one(f"input[name='jour_{MONDAY:%Y%m%d}-1-name']")["value"] == "Riz"
    assert world.all(Menu) == []


def test_a_week_is_copied_onto_the_days_that_have_none(client, world, kitchen, page):
    client.submit(page, TYPED, form=FORM, follow=True)
    following = page.replace(str(MONDAY), "2027-01-18")
    client.submit(following, dish(date(2027, 1, 19), 0, "Soupe"), form=FORM, follow=True)
    copy = "form[action*='/copier']"
    client.submit(following, {"source": "2027-01-13"}, form=copy, follow=True)
    assert "2 jours copiés." in text(client)
    names = (
        select(MenuDish.name)
        .join(Menu)
        .where(Menu.day >= date(2027, 1, 18))
        .order_by(Menu.day, MenuDish.position)
    )
    assert world.all(names) == ["Carottes râpées", "Poisson pané", "Soupe", "Gâteau"]
    client.submit(following, {"source": "2027-03-01"}, form=copy)
    assert "Cette semaine n’a aucun menu" in text(client)
    client.get("/menus?semaine=suivante")
    assert "Cuisine centrale Écoles de Cahors Lundi 18 janvier Carottes râpées" in text(client)


def test_the_menu_of_the_day_stands_in_the_instructions(client, world, family, page):
    client.submit(page, dish(date(2027, 1, 12), 0, "Omelette", "eggs"), form=FORM, follow=True)
    client.sign_in(world.staff(StaffRole.LEADER, [family.canteen.facility]))
    family.book(family.leo, date(2027, 1, 12))
    client.get(f"/gestion/structures/{family.canteen.facility.id}/consignes")
    assert "Menu du jour Omelette Allergènes : œufs" in text(client)


def test_nothing_is_published_and_a_closed_kitchen_is_not_read(client, world, family):
    closed = world.kitchen("Ancienne cuisine", is_active=False)
    menu = world.add(Menu(kitchen_id=closed.id, day=MONDAY))
    world.add(MenuDish(menu_id=menu.id, position=1, name="Soupe"))
    client.get("/menus")
    assert "Aucun menu n’est publié" in text(client)
    client.sign_in(family.claire)
    client.get("/accueil")
    assert not client.page.find("a", href="/menus")


def test_on_a_week_end_everybody_reads_the_next_week(client, world, clock, page):
    client.submit(page.replace(str(MONDAY), "2027-01-18"), dish(date(2027, 1, 18), 0, "Soupe"), form=FORM)
    clock.move_to(datetime(2027, 1, 16, 9, tzinfo=UTC))
    client.get("/menus")
    assert "Lundi 18 janvier Soupe" in text(client)
    client.get("/menus?semaine=actuelle")
    assert "Aucun menu n’est publié pour cette semaine." in text(client)


def test_a_family_chooses_its_structure(client, world, family, kitchen, page):
    client.submit(page, TYPED, form=FORM)
    nursery = world.facility("Crèche Bleue")
    other = world.kitchen("Cuisine de la crèche", world.activity(nursery, "Repas"))
    client.submit(page.replace(f"/{kitchen.id}/", f"/{other.id}/"), dish(MONDAY, 0, "Purée"), form=FORM)
    client.get("/menus")
    assert "Purée" in text(client)
    assert "Carottes" in text(client)
    client.get(f"/menus?structure={nursery.id}")
    assert "Purée" in text(client)
    assert "Carottes" not in text(client)
    assert client.page.find("option", selected=True)["value"] == str(nursery.id)
    client.get("/menus?structure=99999")
    assert "Carottes" in text(client)


# --- Whose menus they are, and two agents on one week -------------------------------------------------------


@pytest.mark.parametrize("role", [StaffRole.DIRECTOR, StaffRole.LEADER])
def test_a_structure_types_the_menus_of_its_kitchen(client, world, family, kitchen, page, role):
    client.sign_in(world.staff(role, [family.canteen.facility]))
    client.get(f"/gestion/cuisines/{kitchen.id}")
    assert "Menus" in text(client)
    client.submit(page, TYPED, form=FORM, follow=True)
    assert "Les menus sont enregistrés" in text(client)

    client.sign_in(world.staff(role, [world.facility("Ailleurs")]))
    assert client.get(page).status_code == 404


def test_a_kitchen_that_serves_others_is_not_theirs(client, world, family, kitchen, page):
    shared = world.activity(world.facility("Une autre école"), "Cantine")
    with world.app.app_context(), write_transaction() as session:
        session.get_one(Activity, shared.id).kitchen_id = kitchen.id
    client.sign_in(world.staff(StaffRole.DIRECTOR, [family.canteen.facility]))
    client.get(f"/gestion/cuisines/{kitchen.id}")
    assert client.page.find("a", href=re.compile("/menus")) is None
    assert client.get(page).status_code == 422
    assert "cuisine aussi pour d’autres structures que les vôtres" in text(client)
    assert world.all(Menu) == []


def opened(client, page):
    """The form as an agent has it on screen."""
    client.get(page)
    return {one["name"]: one.get("value", "") for one in client.page.select(f"{FORM} input[type=hidden]")}


def test_two_agents_on_one_week_keep_what_each_typed(client, world, page):
    mine = opened(client, page)
    client.submit(page, dish(MONDAY, 0, "Soupe"), form=FORM)
    answer = client.post(page, data=mine | dish(date(2027, 1, 12), 0, "Gratin"))
    assert answer.status_code == 303
    assert sorted(world.all(select(MenuDish.name))) == ["Gratin", "Soupe"]


def test_two_agents_on_one_day_are_told_before_anything_is_lost(client, world, page):
    mine = opened(client, page)
    client.submit(page, dish(MONDAY, 0, "Soupe", "celery") | dish(date(2027, 1, 14), 0, "Riz"), form=FORM)
    typed = dish(MONDAY, 0, "Salade") | dish(date(2027, 1, 12), 0, "Gratin")
    assert client.post(page, data=mine | typed).status_code == 409
    assert "Quelqu’un d’autre a enregistré lundi 11 janvier pendant que vous écriviez" in text(client)
    assert "Enregistré entre-temps Soupe (céleri)" in text(client)
    shown = {one["name"]: one.get("value") for one in client.page.select(f"{FORM} input[type=text]")}
    assert [shown[f"jour_202701{day}-0-name"] for day in (11, 12, 14)] == ["Salade", "Gratin", "Riz"]
    assert sorted(world.all(select(MenuDish.name))) == ["Riz", "Soupe"]

    again = client.page.select(f"{FORM} input[type=hidden]")
    kept = typed | dish(date(2027, 1, 14), 0, "Riz")
    client.post(page, data={one["name"]: one.get("value", "") for one in again} | kept)
    assert sorted(world.all(select(MenuDish.name))) == ["Gratin", "Riz", "Salade"]


def test_menus_ask_a_fixed_number_of_questions(client, world, page):
    client.submit(page, TYPED, form=FORM, follow=True)
    for address in (page, "/menus"):
        client.get(address)
        with statements.at_most(MOST_STATEMENTS):
            client.get(address)
