"""An agent books for a family at the counter, on a desk and on a telephone (S116)."""

import pytest
from playwright.sync_api import Page

from domain.enums import StaffRole
from models import BookingRequest
from tests.booking_bench import MONDAY, THURSDAY, Bench
from tests.browser.conftest import DESK, PHONE
from tests.browser.looks import faults_of_access, faults_of_layout, small_targets


def faults_of(page: Page, width: int) -> list[str]:
    small = small_targets(page) if width == PHONE else []
    return faults_of_layout(page, width) + small + faults_of_access(page)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_late_day_is_booked_with_its_reason(visit, world, clock, width):
    bench = Bench(world)
    clock.move_to(clock.now().replace(month=1, day=31, hour=20))
    page = visit(user=world.staff(StaffRole.RECEPTION), width=width)
    page.goto(f"/gestion/familles/{bench.home.id}")
    page.get_by_role("link", name="Réserver pour cette famille").click()
    page.get_by_role("radio", name="au guichet").check()
    page.get_by_role("button", name="Suivant").click()
    for day in (MONDAY, THURSDAY):
        page.locator(f"#j-{day}").click()
    page.locator("#total").get_by_text("2 repas").wait_for()
    assert faults_of(page, width) == []
    page.get_by_role("link", name="Récapitulatif").click()
    assert faults_of(page, width) == []
    page.get_by_label("Motif pour passer outre une règle").fill("Maman hospitalisée cette nuit")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("Le service passe outre.").wait_for()
    assert faults_of(page, width) == []
    page.get_by_role("button", name="Valider").click()
    page.get_by_role("link", name="Imprimer").wait_for()
    assert faults_of(page, width) == []
    page.goto(f"/gestion/familles/{bench.home.id}/enfants/{bench.leo.id}/jours?jour={MONDAY}")
    assert faults_of(page, width) == []
    assert world.one(BookingRequest).override_reason == "Maman hospitalisée cette nuit"
