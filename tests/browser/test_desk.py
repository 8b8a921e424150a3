"""« À traiter » without a mouse: ten cases of every kind decided one after the other (S35, S108 to S110)."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from domain.enums import (
    BookingState,
    ChangeState,
    DocumentOwner,
    DocumentState,
    FileSection,
    LineState,
    StaffRole,
)
from models import AuditEvent, BookingRequest, BookingRequestLine, ChangeLine, Document, DocumentCategory
from services.document_readings import READ
from services.transaction import write_transaction
from tests.browser.test_keyboard import activate, tab_to
from tests.school_family import SCHOOL_DAYS, SchoolFamily

REASON = "Joignez un justificatif de moins de trois mois."


@pytest.fixture
def waiting(world):
    """Ten cases: five changes, three documents, two booking requests, in turns."""
    family = SchoolFamily(world)
    proof = world.add(DocumentCategory(name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD))
    for number in range(5):
        home = world.household(f"FAMILLE {number}")
        parent = world.parent(home, f"Paul {number}")
        lines = {"address": ("12 rue Nationale", f"{number} impasse des Saules")}
        world.change(home, parent, FileSection.HOUSEHOLD_ADDRESS, lines, hours_ago=50 - 4 * number)
        if number < 3:
            world.sent_document(home, proof, hours_ago=49 - 4 * number)
    for number in range(2):
        ask(family, number)
    return family


def ask(family: SchoolFamily, number: int) -> None:
    """A request for one day, with the booking that holds the place."""
    day, world = SCHOOL_DAYS[20 + number], family.world
    booking = family.book(family.leo, day, BookingState.PENDING)
    asked = family.ask(f"R-AAAA-AA{number:02d}", family.leo, [day], LineState.PENDING, booking_id=booking.id)
    with world.app.app_context(), write_transaction() as session:
        sent = world.now - timedelta(hours=48 - 4 * number)
        session.execute(update(BookingRequest).where(BookingRequest.id == asked.id).values(created_at=sent))


def shown_case(page: Page) -> str:
    return page.locator("tr.selected a").get_attribute("href")


def next_comes(page: Page, former: str) -> None:
    """The answer leads to another case, the keyboard on its title."""
    page.wait_for_url(lambda url: former not in url)
    expect(page.locator(".alert.ok")).to_be_visible()


def test_ten_cases_by_keyboard_alone(visit, world, waiting):
    page = visit(world.staff(StaffRole.RECEPTION), width=1280)
    page.goto("/gestion/a-traiter")
    activate(page, page.locator(".queue td a").first)
    for number in range(9):
        expect(page.locator("#cas")).to_be_focused()
        former = shown_case(page)
        if number == 1:  # without shortcuts: Tab and Enter
            activate(page, page.get_by_role("button", name="Accepter", exact=True))
        elif number == 3:
            page.keyboard.press("r")
            expect(page.locator("#reason")).to_be_focused()
            page.keyboard.type(REASON)  # j, a and r are letters here
            activate(page, page.get_by_role("button", name="Refuser avec ce motif"))
        else:
            page.keyboard.press("a")
        next_comes(page, former)
    page.keyboard.press("a")
    expect(page.get_by_text("Rien n’attend de réponse.")).to_be_visible()

    states = [line.state for line in world.all(ChangeLine)]
    states += [one.state for one in world.all(Document)]
    states += [line.state for line in world.all(BookingRequestLine)]
    refused = (ChangeState.REFUSED, DocumentState.REFUSED, LineState.REFUSED)
    accepted = (ChangeState.ACCEPTED, DocumentState.ACCEPTED, LineState.ACCEPTED)
    assert len([state for state in states if state in refused]) == 1
    assert len([state for state in states if state in accepted]) == 9
    reasons = [row.reason for table in (ChangeLine, Document, BookingRequestLine) for row in world.all(table)]
    assert sorted(reasons)[-1] == REASON
    assert len(world.all(select(AuditEvent).where(AuditEvent.action == READ))) == 3


def test_the_letters_go_to_the_next_case_and_back_and_can_be_put_off(visit, world, waiting):
    page = visit(world.staff(StaffRole.RECEPTION), width=1280)
    page.goto("/gestion/a-traiter")
    first = shown_case(page)
    page.keyboard.press("j")
    expect(page.locator("tr.selected a")).not_to_have_attribute("href", first)
    page.keyboard.press("k")
    expect(page.locator("tr.selected a")).to_have_attribute("href", first)

    off = page.get_by_role("button", name="Désactiver les raccourcis")
    tab_to(page, off)
    page.keyboard.press("Enter")
    page.reload()
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Activer les raccourcis", exact=True)).to_be_visible()
    assert shown_case(page) == first
    assert {line.state for line in world.all(ChangeLine)} == {ChangeState.PENDING}


def test_a_phone_shows_the_queue_then_the_case_alone(visit, world, waiting):
    page = visit(world.staff(StaffRole.RECEPTION), width=360, scripts=False)
    page.goto("/gestion/a-traiter")
    expect(page.locator(".case")).to_be_hidden()
    page.locator(".queue td a").first.click()
    expect(page.locator(".case")).to_be_visible()
    expect(page.locator(".queue")).to_be_hidden()
    page.get_by_role("button", name="Accepter", exact=True).click()
    expect(page.locator(".alert.ok")).to_be_visible()
    page.get_by_role("button", name="Afficher le document").click()  # the second case is a document
    assert page.locator("#pages img").count() == 2
