"""On a phone, by thumb and by keyboard: menus, contact, passwords, « Valider » (S03, S21, S27, S98)."""

import pytest
from playwright.sync_api import Locator, expect

from tests.accesses import activation_token, deliver, open_access
from tests.booking_bench import SCHOOL_DAYS, Bench
from tests.browser.looks import TARGET
from tests.factories import PASSWORD
from tests.school_family import SchoolFamily

MENU = {
    "Mon foyer": "/mon-foyer",
    "Modifier mon compte utilisateur": "/mon-compte",
    "Mes enfants": "/mes-enfants",
    "Factures et règlements": "/factures",
    "Transmettre un document": "/documents",
    "Réaliser des inscriptions ou des annulations": "/planning",
    "Liens utiles": "/liens-utiles",
    "Ressources": "/ressources",
}
# The address of what has the focus, empty when it is no link.
FOCUSED = "document.activeElement.pathname || ''"


def test_every_menu_is_two_taps_away(visit, world):
    page = visit(SchoolFamily(world).claire)
    for name, address in MENU.items():
        page.goto("/reservations/nouvelle")
        page.get_by_role("navigation", name="Rubriques").get_by_role("link", name="Accueil").tap()
        page.get_by_role("navigation", name="Tout le portail").get_by_role("link", name=name).tap()
        expect(page).to_have_url(address)


@pytest.mark.parametrize("width", [360, 1280])
def test_every_menu_is_reached_by_keyboard(visit, world, width):
    page = visit(SchoolFamily(world).claire, width)
    page.goto("/accueil")
    page.locator("body").press("Tab")
    reached = [page.evaluate(FOCUSED)]
    for _ in range(page.locator("a, button, summary").count()):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    assert set(MENU.values()) | {"/accueil"} <= set(reached)


@pytest.mark.parametrize("address", ["/", "/structures", "/accueil", "/planning", "/mes-enfants"])
def test_the_contact_at_the_foot_is_under_the_thumb(visit, world, address):
    """S03: large enough, and not under the tabs that stay at the bottom."""
    world.settings(phone="05 36 49 01 00", email="accueil@cahors.example")
    page = visit(SchoolFamily(world).claire if address not in ("/", "/structures") else None)
    page.goto(address)
    for kind in ("tel:", "mailto:"):
        can_be_tapped(page.locator(f'footer a[href^="{kind}"]'))


def can_be_tapped(link: Locator) -> None:
    link.tap(trial=True)
    assert link.bounding_box()["height"] >= TARGET


def test_a_password_can_be_shown_hidden_and_pasted(visit, world, app):
    open_access(world, app)
    page = visit()
    page.goto("/go/" + activation_token(deliver(world)))
    field = page.get_by_label("Votre mot de passe", exact=True)
    expect(field).to_have_attribute("type", "password")
    page.get_by_role("button", name="Afficher le mot de passe").tap()
    expect(field).to_have_attribute("type", "text")
    field.fill(PASSWORD)
    for keys in ("Control+a", "Control+x"):
        field.press(keys)
    expect(field).to_have_value("")
    page.get_by_role("button", name="Masquer le mot de passe").tap()
    expect(field).to_have_attribute("type", "password")
    field.press("Control+v")
    expect(field).to_have_value(PASSWORD)


def test_validate_stays_in_sight_on_a_long_recap(visit, world):
    bench = Bench(world)
    key = bench.start()
    for day in SCHOOL_DAYS[15:30]:
        bench.touch(key, day)
    page = visit(bench.claire)
    page.goto(f"/reservations/{key}/recapitulatif")
    validate = page.get_by_role("button", name="Valider")
    expect(validate).to_be_in_viewport(ratio=1)
    can_be_tapped(validate)
