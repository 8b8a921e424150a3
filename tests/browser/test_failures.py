"""A touched day when the network or the server fails: it is told, and nothing pretends to be saved."""

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from models import BookingDraftLine
from tests.browser.journey import MONDAY, THURSDAY, day, to_planning, touch
from tests.school_family import SchoolFamily

TOO_LATE = date(2027, 1, 12)


@pytest.fixture
def page(visit, world) -> Page:
    """Step 3, nothing chosen yet."""
    page = visit(SchoolFamily(world).claire)
    page.goto("/planning")
    to_planning(page)
    return page


def is_told(page: Page, sentence: str) -> None:
    expect(page.locator("#alertes")).to_contain_text(sentence)
    expect(page.locator("#alertes .alert")).to_be_in_viewport()


def nothing_is_chosen(page: Page, world) -> None:
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("link", name="Récapitulatif")).to_have_count(0)
    assert world.all(BookingDraftLine) == []


def test_without_a_network(visit, page, world):
    visit.expects("net::ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    day(page, MONDAY).click()
    is_told(page, "La connexion est coupée")
    nothing_is_chosen(page, world)
    page.context.set_offline(False)
    touch(page, MONDAY)
    expect(page.locator("#alertes")).to_be_empty()
    assert len(world.all(BookingDraftLine)) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_when_the_server_fails(visit, page, world, status):
    visit.expects(status)
    page.route(
        "**/jours",
        lambda route: route.fulfill(status=status, body="<h1>Panne</h1>", content_type="text/html"),
    )
    day(page, MONDAY).click()
    is_told(page, "Le service a rencontré une panne")
    nothing_is_chosen(page, world)
    expect(page.get_by_text("Panne", exact=True)).to_have_count(0)


def test_when_the_request_is_lost_on_the_way_the_others_still_count(visit, page, world):
    visit.expects("net::ERR_FAILED")
    page.route("**/jours", lambda route: route.abort(), times=1)
    day(page, MONDAY).click()
    is_told(page, "La connexion est coupée")
    touch(page, THURSDAY)
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "false")
    assert len(world.all(BookingDraftLine)) == 1


def test_a_day_that_cannot_be_had_says_its_rule(visit, page, world):
    visit.expects(422)
    page.get_by_role("link", name="Janvier 2027").click()
    day(page, TOO_LATE).click()
    is_told(page, "18 h")
    expect(day(page, TOO_LATE)).to_have_attribute("aria-pressed", "false")
    assert world.all(BookingDraftLine) == []
