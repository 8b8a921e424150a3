"""Touches that come faster than the answers: none is lost, and a double tap is one wish."""

from datetime import date

import pytest
from playwright.sync_api import expect

from models import BookingDraftLine
from tests.booking_bench import FRIDAY, MONDAY, THURSDAY, TUESDAY, Bench

pytestmark = pytest.mark.browser

CLICK_ALL = "ids => ids.forEach(id => document.getElementById(id).click())"


def test_days_touched_in_one_go_are_all_kept(visit, world):
    bench = Bench(world)
    page = visit(bench.claire)
    page.goto(f"/reservations/{bench.start()}/planning")
    days = [MONDAY, TUESDAY, THURSDAY, FRIDAY, date(2027, 2, 8)]
    page.evaluate(CLICK_ALL, [f"j-{day}" for day in days])
    expect(page.locator("#total strong")).to_contain_text("5")
    for day in days:
        expect(page.locator(f"#j-{day}")).to_have_attribute("aria-pressed", "true")
    assert sorted(line.day for line in world.all(BookingDraftLine)) == days


def test_a_double_tap_is_one_wish(visit, world):
    bench = Bench(world)
    page = visit(bench.claire)
    page.goto(f"/reservations/{bench.start()}/planning")
    page.evaluate(CLICK_ALL, [f"j-{MONDAY}", f"j-{MONDAY}"])
    expect(page.locator(f"#j-{MONDAY}")).to_have_attribute("aria-pressed", "true")
    page.wait_for_load_state("networkidle")
    assert [line.day for line in world.all(BookingDraftLine)] == [MONDAY]
    expect(page.locator(f"#j-{MONDAY}")).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_stays_on_the_touched_day(visit, world):
    bench = Bench(world)
    page = visit(bench.claire, 1280)
    page.goto(f"/reservations/{bench.start()}/planning")
    page.locator(f"#j-{MONDAY}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#j-{MONDAY}")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#j-{MONDAY}")).to_be_focused()
