"""What remains in the browser after sign-out (security F9, S25)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from models import UserSession
from tests.browser.journey import SigningFamily, follow, sign_in

PRIVATE = ("Léo", "SOLIGNAC", "Claire", "Nationale")


@pytest.fixture(scope="module")
def remembering(launch) -> Iterator[Browser]:
    """Chromium with the real back/forward cache, which Playwright turns off unless told otherwise."""
    browser = launch(ignore_default_args=["--disable-back-forward-cache"])
    yield browser
    browser.close()


def go_back(page: Page) -> None:
    """The back button; a page restored from memory tells no load that one could wait for."""
    page.evaluate("history.back()")


def test_this_browser_restores_pages_from_memory(visit, remembering, world):
    """Without this, the test below could pass on a browser that forgets everything."""
    page = visit(browser=remembering)
    page.goto("/structures")
    page.evaluate("window.kept = true")
    page.goto("/inscription")
    go_back(page)
    expect(page).to_have_url("/structures")
    assert page.evaluate("window.kept")


def test_after_sign_out_the_back_button_shows_nothing_private(visit, remembering, world):
    family = SigningFamily(world)
    page = visit(browser=remembering)
    page.goto("/")
    sign_in(page, family.claire)
    for name in ("Planning", "Mon foyer"):
        follow(page, name)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.locator("summary").filter(has_text="Mon compte").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_text("Vous êtes déconnecté.")).to_be_visible()
    for _ in range(3):
        address = page.url
        go_back(page)
        expect(page).not_to_have_url(address)
        expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
        shown = page.locator("body").inner_text()
        assert [word for word in PRIVATE if word in shown] == []
    assert world.all(UserSession) == []
