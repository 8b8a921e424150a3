"""Without a mouse: every act by the keyboard, the focus seen and never lost, changes announced (S84, S89)."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from models import BookingRequest
from tests.browser.journey import MONDAY, SigningFamily, bookings, day, is_step, reference, steps_done
from tests.factories import PASSWORD
from tests.school_family import SchoolFamily

MOST_TABS = 60
# A ring around what has the focus; radios of a frame or a bar draw it on the words beside them.
HAS_RING = """() => {
  const rings = (tag) => {
    const { boxShadow, outlineStyle, outlineWidth } = getComputedStyle(tag);
    return boxShadow !== "none" || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
  };
  const here = document.activeElement;
  // Inside a date, the browser's own button of the calendar draws its own ring.
  if (here.type === "date" && !here.matches(":focus-visible")) return true;
  const frame = here.closest("label") || here;
  return [here, frame, ...frame.querySelectorAll("*")].some(rings);
}"""
# Texts that appear in the live regions that the page already had: only those are read aloud everywhere.
LISTEN = """() => {
  window.heard = [];
  for (const region of document.querySelectorAll('[role="status"], [role="alert"]')) {
    new MutationObserver(() => window.heard.push(region.textContent.trim()))
      .observe(region, { childList: true, subtree: true, characterData: true });
  }
}"""


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus; whatever takes it on the way shows it."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        assert page.evaluate(HAS_RING), f"No ring on {focused(page)}"
        if wanted.evaluate("tag => tag === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached by the Tab key.")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def activate(page: Page, wanted: Locator, key: str = "Enter") -> None:
    tab_to(page, wanted)
    page.keyboard.press(key)


def test_sign_in_by_keyboard(visit, world):
    family = SigningFamily(world)
    page = visit(width=1280)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    tab_to(page, page.get_by_label("Adresse e-mail"))
    page.keyboard.type(family.claire.email)
    tab_to(page, page.get_by_label("Mot de passe", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bonjour Claire")


def test_the_skip_link_leads_past_the_menus(visit, world):
    page = visit(SchoolFamily(world).claire, 1280)
    page.goto("/planning")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    activate(page, page.get_by_role("main").get_by_role("link", name="Nouvelle réservation"))
    is_step(page, 1)


def test_another_month_and_a_day_by_keyboard(visit, world):
    """S84: the address carries the month, the back button returns."""
    page = visit(SchoolFamily(world).claire, 1280)
    page.goto("/planning")
    activate(page, page.get_by_role("link", name="Février 2027"))
    expect(page).to_have_url("/planning/2027-02")
    expect(page.get_by_role("heading", name="Février 2027")).to_be_visible()
    activate(page, page.locator('a[href$="/2027-02-01"]'))
    expect(page.locator("#jour-titre")).to_be_focused()
    activate(page, page.get_by_role("link", name="Réserver ce jour"))
    is_step(page, 1)
    page.go_back()
    page.go_back()
    page.go_back()
    expect(page).to_have_url("/planning")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_request_is_made_by_keyboard_alone(visit, world, width):
    page = visit(SchoolFamily(world).claire, width)
    page.goto("/reservations/nouvelle")
    activate(page, page.get_by_label("Marie"), "Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Léo")).to_be_checked()
    activate(page, page.get_by_role("button", name="Suivant"))
    is_step(page, 3)
    activate(page, steps_done(page).nth(1))
    is_step(page, 2)
    tab_to(page, page.get_by_label("Janvier 2027"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Février 2027")).to_be_checked()
    activate(page, page.get_by_role("button", name="Suivant"))
    is_step(page, 3)
    activate(page, day(page, MONDAY))
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "true")
    expect(day(page, MONDAY)).to_be_focused()
    activate(page, page.get_by_role("link", name="Récapitulatif"))
    is_step(page, 4)
    activate(page, page.get_by_role("button", name="Valider"))
    reference(page)
    assert bookings(world) == [(MONDAY, "accepted")]
    assert len(world.all(BookingRequest)) == 1


def test_a_touched_day_keeps_the_focus_and_is_announced(visit, world):
    page = visit(SchoolFamily(world).claire, 1280)
    start = SchoolDraft(page)
    start.open()
    page.evaluate(LISTEN)
    for key, pressed, heard in (("Enter", "true", "3,20"), ("Space", "false", "Aucun jour choisi")):
        day(page, MONDAY).focus()
        page.keyboard.press(key)
        expect(day(page, MONDAY)).to_have_attribute("aria-pressed", pressed)
        expect(day(page, MONDAY)).to_be_focused()
        page.wait_for_function("words => window.heard.some((text) => text.includes(words))", arg=heard)


class SchoolDraft:
    """Step 3 for Léo, February."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self) -> None:
        page = self.page
        page.goto("/reservations/nouvelle")
        page.get_by_label("Léo").check()
        page.get_by_role("button", name="Suivant").click()
        is_step(page, 3)
        page.get_by_role("link", name="Février 2027").click()
        page.get_by_role("heading", name="Février 2027").wait_for()


def test_another_month_of_the_wizard_keeps_the_focus(visit, world):
    page = visit(SchoolFamily(world).claire, 1280)
    SchoolDraft(page).open()
    activate(page, page.get_by_role("link", name="Janvier 2027"))
    expect(page.get_by_role("heading", name="Janvier 2027")).to_be_visible()
    expect(
        page.get_by_role("heading", name="Janvier 2027")
    ).to_be_focused()  # the link that was pressed is gone


def test_a_forgotten_child_is_told_where_it_is_missing(visit, world):
    """S89: the summary takes the focus, its link leads to the choice, the error is tied to the field."""
    visit.expects(422)
    page = visit(SchoolFamily(world).claire, 1280)
    page.goto("/reservations/nouvelle")
    activate(page, page.get_by_role("button", name="Suivant"))
    summary = page.locator("#erreurs")
    expect(summary).to_be_focused()
    activate(page, summary.get_by_role("link"))
    expect(page.get_by_label("Marie")).to_be_focused()
    expect(page.get_by_role("group", name="Enfant")).to_have_accessible_description(
        re.compile("Choisissez l’enfant")
    )


def test_a_refused_sign_in_is_told_at_once(visit, world):
    visit.expects(422)
    page = visit(width=1280)
    page.goto("/")
    page.get_by_label("Adresse e-mail").fill("claire@example.org")
    page.get_by_label("Mot de passe", exact=True).fill("autre chose")
    page.keyboard.press("Enter")
    expect(page.locator("#refus")).to_be_focused()
