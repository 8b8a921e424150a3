"""The planning in a real browser: a phone, a desk, the keyboard, without scripts (S77, S81, S84, S86)."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from domain.enums import ActivityKind
from tests.school_family import SchoolFamily

FRIDAY = date(2027, 1, 15)
DAY = 'a[href="/planning/2027-01/jours/2027-01-15"]'


@pytest.fixture
def family(world) -> SchoolFamily:
    """Two children at two activities each on Friday 15 January: four lines on one day."""
    family = SchoolFamily(world)
    evening = world.activity(family.canteen.facility, "Garderie", ActivityKind.EVENING, position=1)
    stay = world.presence_type(evening, "Garderie soir", 110)
    (opening,) = world.openings(evening, family.canteen.period, [FRIDAY])
    for child in (family.marie, family.leo):
        family.book(child, FRIDAY)
        world.booking(family.household, child, opening, stay)
    return family


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_four_lines_of_a_friday_fit(visit, family, width):
    page = visit(family.claire, width)
    page.goto("/planning")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    frame = page.locator(DAY).bounding_box()
    chips = page.locator(f"{DAY} .chip")
    assert chips.count() == 4
    for place in range(4):
        chip = chips.nth(place)
        box = chip.bounding_box()
        assert frame["x"] <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]
        assert box["y"] + box["height"] <= frame["y"] + frame["height"]
        for part in (chip.locator(".initial"), chip.locator("svg").first):
            inside = part.bounding_box()
            assert inside["x"] + inside["width"] <= box["x"] + box["width"]


def test_labels_are_seen_on_a_desk_and_heard_on_a_phone(visit, family):
    desk = visit(family.claire, 1280)
    desk.goto("/planning")
    assert desk.locator(f"{DAY} .label").first.is_visible()
    phone = visit(family.claire)
    phone.goto("/planning")
    assert not phone.locator(f"{DAY} .label").first.is_visible()
    assert "Marie\u00a0: Repas enfant, acceptée" in phone.locator(DAY).inner_text()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_day_opens_in_place_and_the_back_button_closes_it(visit, family, width):
    page = visit(family.claire, width)
    page.goto("/planning")
    page.locator(DAY).click()
    heading = page.locator("#jour h2")
    expect(heading).to_be_focused()
    assert page.url.endswith("/planning/2027-01/jours/2027-01-15")
    assert page.locator("#jour form").count() == 4
    page.go_back()
    heading.wait_for(state="detached")
    assert page.url.endswith("/planning")


def test_the_month_and_the_day_are_reached_by_keyboard(visit, family):
    page = visit(family.claire, 1280)
    page.goto("/planning/2026-12")
    page.get_by_role("link", name="Janvier 2027").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Janvier 2027").wait_for()
    page.locator(DAY).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#jour h2")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Fermer"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/planning/2027-01$"))


def test_escape_closes_the_day_and_goes_back_to_it(visit, family):
    page = visit(family.claire, 1280)
    page.goto("/planning")
    page.locator(DAY).click()
    expect(page.locator("#jour h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#jour h2")).to_have_count(0)
    expect(page.locator(DAY)).to_be_focused()
    assert page.url.endswith("/planning/2027-01")


def test_a_label_is_read_whole_beside_the_open_day(visit, family):
    page = visit(family.claire, 1280)
    page.goto("/planning")
    page.locator(DAY).click()
    page.locator("#jour h2").wait_for()
    labels = page.locator(f"{DAY} .label")
    assert labels.count() == 4
    for place in range(4):
        assert labels.nth(place).evaluate("label => label.scrollWidth <= label.clientWidth + 1")


@pytest.mark.parametrize("scripts", [True, False])
def test_asking_for_a_cancelling_opens_on_what_to_do(visit, family, scripts):
    page = visit(family.claire, scripts=scripts)
    page.goto("/planning")
    page.get_by_role("link", name="Demander une annulation").click()
    expect(page.locator("#aide")).to_be_focused()
    assert page.locator("#aide").inner_text() == "Touchez le jour à annuler, puis «\u00a0Annuler\u00a0»."
    expect(page.locator("#mois")).to_be_in_viewport()


def test_everything_works_without_scripts(visit, family):
    page = visit(family.claire, scripts=False)
    page.goto("/planning")
    page.locator(DAY).click()
    assert page.locator("#jour h2").inner_text() == "Vendredi 15\u00a0janvier"
    page.locator("#jour button").first.click()
    assert page.url.endswith("/recapitulatif")


def test_every_menu_is_reached_in_two_taps_on_a_phone(visit, family):
    page = visit(family.claire)
    names = ("Modifier mon compte utilisateur", "Mes enfants", "Liens utiles", "Ressources")
    for name in names:
        page.goto("/planning")
        page.locator("summary").tap()
        page.locator(".menu-list").get_by_role("link", name=name).tap()
        page.locator("h1").wait_for()
        assert not page.url.endswith("/planning")
