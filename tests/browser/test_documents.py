"""A document is sent from a telephone, with scripts and without (S71, S76)."""

import os
from pathlib import Path

import pytest

from domain.enums import DocumentOwner
from models import Document, DocumentCategory
from tests.document_files import picture, send
from tests.school_family import SchoolFamily

SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def family(world) -> SchoolFamily:
    return SchoolFamily(world)


@pytest.fixture
def home(world) -> DocumentCategory:
    return world.add(
        DocumentCategory(
            name="Justificatif de domicile", owner=DocumentOwner.HOUSEHOLD, max_age_months=3,
            description="Facture d’énergie ou d’eau, bail ou acte de propriété, de moins de trois mois.",
        )
    )  # fmt: skip


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(picture(size=(900, 1200)))
    return path


def shot(page, name: str) -> None:
    """A picture to look at, when a folder is given for them."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_a_document_is_sent_with_its_progress(visit, family, home, photo, world):
    world.add(DocumentCategory(name="Attestation d’assurance", owner=DocumentOwner.CHILD, position=1))
    page = visit(user=family.claire)
    page.goto("/documents")
    shot(page, "documents-360")
    page.locator(f'a[href="/documents/{home.id}/foyer/{family.household.id}"]').click()
    page.locator("#issued_on").fill("2026-09-05")
    page.locator("#issued_on").dispatch_event("change")
    assert page.locator("[data-too-old]").is_visible()
    page.locator("#files").set_input_files([photo, photo])
    shot(page, "deposer-360")
    page.get_by_role("button", name="Envoyer au service").click()
    page.get_by_role("heading", name="Bien reçu").wait_for()
    assert page.url.endswith(f"/documents/transmis/{world.one(Document).id}")
    shot(page, "transmis-360")
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('saisie:')).length") == 0
    desk = visit(user=family.claire, width=1280)
    desk.goto("/documents")
    shot(desk, "documents-1280")


def test_it_works_without_scripts(visit, family, home, photo, world):
    page = visit(user=family.claire, scripts=False)
    page.goto(f"/documents/{home.id}/foyer/{family.household.id}")
    page.locator("#files").set_input_files(photo)
    page.get_by_role("button", name="Envoyer au service").click()
    page.get_by_role("heading", name="Bien reçu").wait_for()
    assert world.one(Document).page_count == 1


def test_the_tree_folds_by_keyboard(visit, family, home):
    page = visit(user=family.claire)
    page.goto("/documents")
    branch = page.locator(f"#foyer-{family.household.id}")
    branch.locator("summary").focus()
    page.keyboard.press("Enter")
    assert branch.get_attribute("open") is None
    page.keyboard.press("Space")
    assert branch.get_attribute("open") is not None


def test_going_back_keeps_what_was_typed(visit, family, home):
    page = visit(user=family.claire)
    page.goto("/documents")
    address = f"/documents/{home.id}/foyer/{family.household.id}"
    page.locator(f'a[href="{address}"]').click()
    page.locator("#comment").fill("Le bail est au nom de ma mère.")
    page.get_by_role("link", name="Mes documents").click()
    page.locator(f'a[href="{address}"]').click()
    assert page.locator("#comment").input_value() == "Le bail est au nom de ma mère."


def test_a_cut_network_is_told_and_sending_again_makes_one_document(visit, family, home, photo, world):
    visit.expects("net::ERR_FAILED")
    page = visit(user=family.claire)
    page.goto(f"/documents/{home.id}/foyer/{family.household.id}")
    page.locator("#files").set_input_files(photo)
    key = page.locator("#upload_key").input_value()
    send_button = page.get_by_role("button", name="Envoyer au service")
    # The server has received it, but the answer is lost on the way.
    send(world, family.household, home, key=key, user=family.claire)
    page.route(
        "**/documents/*/foyer/*",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    send_button.click()
    page.get_by_text("La connexion est coupée").wait_for()
    page.unroute("**/documents/*/foyer/*")
    send_button.click()
    page.get_by_role("heading", name="Bien reçu").wait_for()
    assert len(world.all(Document)) == 1


def test_a_file_too_big_is_told_before_it_is_sent(visit, family, home, tmp_path):
    heavy = tmp_path / "film.jpg"
    heavy.write_bytes(b"\xff\xd8\xff" + b"0" * (12 * 1024 * 1024 + 1))
    page = visit(user=family.claire)
    page.goto(f"/documents/{home.id}/foyer/{family.household.id}")
    page.locator("#files").set_input_files(heavy)
    page.get_by_text("dépasse 12").wait_for()
    assert page.locator("#files").input_value() == ""
