"""Menus of the canteen (R34): a week typed in one screen, allergens ticked, read by everybody."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.enums import Allergen, StaffRole
from models import AuditEvent, Menu, MenuDish
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
    assert "Cuisine centrale, cette semaine Écoles de Cahors" in said
    assert (
        "Lundi 11 janvier Carottes râpées Allergènes : moutarde, sulfites "
        "Poisson pané Allergènes : gluten, œufs, poisson" in said
    )
    assert "Mardi 12 janvier, aujourd’hui Lentilles Vendredi 15 janvier Gâteau" in said
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
    client.get("/menus")
    assert "Cuisine centrale, la semaine prochaine Écoles de Cahors Lundi 18 janvier Carottes râpées" in text(
        client
    )


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


def test_menus_ask_a_fixed_number_of_questions(client, world, page):
    client.submit(page, TYPED, form=FORM, follow=True)
    for address in (page, "/menus"):
        client.get(address)
        with statements.at_most(MOST_STATEMENTS):
            client.get(address)
