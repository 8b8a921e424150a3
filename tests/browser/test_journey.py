"""A parent on a phone, with scripts and without: the same acts leave the same rows (R57, S88 to S102)."""

import pytest
from playwright.sync_api import expect

from models import BookingDraft, BookingDraftLine, BookingRequest
from tests.browser.journey import (
    MONDAY,
    THURSDAY,
    SigningFamily,
    bookings,
    day,
    follow,
    is_step,
    lines,
    next_step,
    reference,
    sign_in,
    steps_done,
    to_planning,
    to_recap,
    touch,
    validate,
)
from tests.school_family import SchoolFamily

WAYS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


@WAYS
def test_a_parent_books_and_cancels(visit, world, scripts):
    family = SigningFamily(world)
    page = visit(scripts=scripts)
    page.goto("/")
    sign_in(page, family.claire)
    follow(page, "Planning")
    to_planning(page)
    touch(page, MONDAY)
    touch(page, THURSDAY)
    to_recap(page)
    expect(page.get_by_role("main")).to_contain_text("6,40 €")
    booked = validate(page)
    expect(page.get_by_role("main")).to_contain_text("Acceptée")

    page.goto(f"/planning/{MONDAY:%Y-%m}")
    page.get_by_role("link", name="Repas").first.click()
    page.get_by_role("button", name="Annuler").click()
    is_step(page, 4)
    cancelled = validate(page)

    follow(page, "Historique de mes demandes")
    for one in (booked, cancelled):
        expect(page.get_by_role("heading", name=one)).to_be_visible()
    assert bookings(world) == [(MONDAY, "cancelled"), (THURSDAY, "accepted")]
    assert lines(world) == [
        (MONDAY, "book", "accepted"),
        (MONDAY, "cancel", "accepted"),
        (THURSDAY, "book", "accepted"),
    ]
    assert [row.reference for row in world.all(BookingRequest)] == [booked, cancelled]
    assert all(draft.submitted_at for draft in world.all(BookingDraft))


@WAYS
def test_a_session_that_ends_at_step_3_resumes_there(visit, world, clock, scripts):
    """S102: the draft is on the server, sign-in leads back to it."""
    family = SigningFamily(world)
    visit.expects(401)
    page = visit(family.claire, scripts=scripts)
    page.goto("/planning")
    to_planning(page)
    touch(page, MONDAY)
    clock.advance(hours=3)
    day(page, THURSDAY).click()
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()
    sign_in(page, family.claire)
    is_step(page, 3)
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "true")
    touch(page, THURSDAY)
    assert len(world.all(BookingDraft)) == 1
    assert len(world.all(BookingDraftLine)) == 2


@WAYS
def test_going_back_and_forth_loses_nothing(visit, world, scripts):
    """S90: the arrows, the steps, the browser's back button and a reload."""
    family = SchoolFamily(world)
    page = visit(family.claire, scripts=scripts)
    page.goto("/planning")
    to_planning(page)
    touch(page, MONDAY)
    follow(page, "Janvier 2027")
    expect(page.get_by_role("heading", name="Janvier 2027")).to_be_visible()
    page.go_back()
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "true")
    to_recap(page)
    page.go_back()
    is_step(page, 3)
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "true")
    steps_done(page).nth(1).click()
    expect(page.get_by_label("Février 2027")).to_be_checked()
    page.get_by_role("link", name="Précédent").click()
    expect(page.get_by_label("Léo")).to_be_checked()
    next_step(page)
    expect(day(page, MONDAY)).to_have_attribute("aria-pressed", "true")
    to_recap(page)
    validate(page)
    assert bookings(world) == [(MONDAY, "accepted")]


@WAYS
def test_a_double_tap_makes_one_request(visit, world, scripts):
    family = SchoolFamily(world)
    page = visit(family.claire, scripts=scripts)
    page.goto("/planning")
    to_planning(page)
    touch(page, MONDAY)
    to_recap(page)
    page.get_by_role("button", name="Valider").dblclick()
    shown = reference(page)
    page.reload()
    page.go_back()
    assert [row.reference for row in world.all(BookingRequest)] == [shown]
    assert bookings(world) == [(MONDAY, "accepted")]


def test_closed_establishments_are_as_wide_as_the_open_one(visit, world):
    family = SchoolFamily(world)
    for name in ("ALSH Saint-Géry", "Crèche"):
        world.enrol(family.leo, world.canteen([MONDAY], name=name).facility)
    page = visit(family.claire)
    page.goto("/planning")
    follow(page, "Nouvelle réservation")
    page.get_by_label("Léo").check()
    next_step(page)
    is_step(page, 2)
    widths = [card.bounding_box()["width"] for card in page.locator("fieldset details.card").all()]
    assert len(widths) == 3
    assert set(widths) == {page.locator("fieldset").bounding_box()["width"]}


def test_the_badge_of_a_sibling_is_not_squeezed(visit, world):
    page = visit(SchoolFamily(world).claire)
    page.goto("/planning")
    to_planning(page)
    badge = page.locator("#recopier .option .initial").bounding_box()
    assert badge["width"] >= badge["height"]


def test_two_tabs_validate_one_request(visit, world):
    family = SchoolFamily(world)
    first = visit(family.claire)
    first.goto("/planning")
    to_planning(first)
    touch(first, MONDAY)
    to_recap(first)
    second = first.context.new_page()
    second.goto(first.url)
    references = {validate(first), validate(second)}
    assert references == {row.reference for row in world.all(BookingRequest)}
    assert len(references) == 1
