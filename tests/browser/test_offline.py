"""A phone that loses the network marks all the same; what others noted meanwhile is never lost (R31, R58)."""

import pytest
from playwright.sync_api import expect

from domain.enums import AttendanceMark, OfflineState, SessionKind, StaffRole
from models import Attendance, OfflineMark
from tests.browser.test_attendance import CHILDREN, DAY, full_canteen

MARKS, MET = 40, 3
PATIENCE_MS = 20_000
LOST = "net::ERR_INTERNET_DISCONNECTED"
WAITING = "pointages en attente, pas encore enregistrés"


@pytest.fixture
def canteen(world):
    return full_canteen(world)


def address(canteen):
    return f"/gestion/pointage/{canteen.activity.id}/{DAY.isoformat()}"


def until(page, holds):
    """Wait until this expression is true: the policy of the pages forbids Playwright's own way."""
    for _ in range(100):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(holds)


def opened(visit, user, canteen):
    """The list on a phone, once the browser keeps it."""
    page = visit(user)
    page.goto(address(canteen))
    until(page, "navigator.serviceWorker.controller !== null")
    page.goto(address(canteen))
    until(page, "caches.open('listes').then((all) => all.keys()).then((keys) => keys.length === 1)")
    return page


def test_forty_marks_without_a_network_and_another_device_meanwhile(visit, world, canteen):
    karim = world.staff(StaffRole.DIRECTOR, [canteen.facility], first_name="Karim")
    visit.expects(LOST, "net::ERR_FAILED")
    phone = opened(visit, karim, canteen)
    rows = phone.locator("li[id^=enfant-]")
    ids = rows.evaluate_all("all => all.map(one => one.id)")[:MARKS]

    phone.context.set_offline(True)
    for one in ids:
        phone.locator(f"#{one}").get_by_role("button", name="Présent").tap()
    expect(phone.locator("#hors-ligne")).to_contain_text(f"{MARKS} {WAITING}")
    counted = f"{MARKS} pointages en attente, {CHILDREN - MARKS} enfants à pointer"
    expect(phone.locator("#compte")).to_contain_text(counted)
    phone.reload()  # the page was closed: list and marks are still there
    expect(phone.locator("#hors-ligne")).to_contain_text(f"{MARKS} {WAITING}")
    expect(phone.locator("[data-waiting]")).to_have_count(MARKS)
    assert world.all(Attendance) == []

    desk = visit(world.staff(first_name="Agnès"), 1280)
    desk.goto(address(canteen))
    for one in ids[:MET]:
        desk.locator(f"#{one}").get_by_role("button", name="Absent").click()
        expect(desk.locator(f"#{one} .away[aria-pressed=true]")).to_have_count(1)
    phone.context.set_offline(False)

    told = f"{MARKS - MET} pointages hors ligne enregistrés, {MET} à régler."
    expect(phone.locator("#hors-ligne")).to_contain_text(told, timeout=PATIENCE_MS)
    expect(phone.locator("#a-regler")).to_contain_text("Karim MARTIN a noté présent")
    marks = [one.mark for one in world.all(Attendance)]
    assert (marks.count(AttendanceMark.ABSENT), len(marks)) == (MET, MARKS)
    assert [one.state for one in world.all(OfflineMark)].count(OfflineState.CONFLICT) == MET

    phone.locator("#a-regler").get_by_role("button", name="Il était présent").first.tap()
    expect(phone.locator("#a-regler li")).to_have_count(MET - 1)


def test_what_the_phone_keeps_goes_when_somebody_signs_in_or_out(visit, world, canteen):
    visit.expects(LOST, "net::ERR_FAILED")
    page = opened(visit, world.staff(), canteen)
    page.context.set_offline(True)
    page.goto(address(canteen))
    page.goto("/gestion")
    expect(page.get_by_role("heading", name="Pas de connexion")).to_be_visible()
    page.goto(page.get_by_role("link", name="Pointage, Cantine").get_attribute("href"))
    expect(page.locator("li[id^=enfant-]")).to_have_count(CHILDREN, timeout=PATIENCE_MS)
    page.context.set_offline(False)
    visit.expects(422)
    page.context.clear_cookies()  # the session is over: somebody else signs in on this phone
    page.goto("/structures")
    page.goto("/")
    page.get_by_label("Adresse e-mail").fill("autre@example.org")
    page.get_by_label("Mot de passe").first.fill("mauvais")
    page.get_by_role("button", name="Se connecter").click()
    until(page, "caches.has('listes').then((has) => !has)")


def test_marks_wait_while_nobody_is_signed_in(visit, world, canteen):
    """The session ended meanwhile: nothing is sent, nothing is lost, the person is asked to sign in."""
    visit.expects(LOST, "net::ERR_FAILED")
    karim = world.staff()
    page = opened(visit, karim, canteen)
    page.context.set_offline(True)
    page.locator("button.mark.away").first.tap()
    expect(page.locator("#hors-ligne")).to_contain_text("1 pointage en attente, pas encore enregistré")
    asked = []
    page.once("dialog", lambda one: (asked.append(one.message), one.dismiss()))
    page.locator("header summary").click()
    page.get_by_role("button", name="Se déconnecter").click()
    assert "Se déconnecter les efface" in asked[0]
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.context.set_offline(False)
    expect(page.locator("#hors-ligne")).to_contain_text("Vous n’êtes plus connecté", timeout=PATIENCE_MS)
    assert world.all(Attendance) == []

    visit.sign_in(page.context, world.staff(first_name="Zoé"), SessionKind.FULL)
    page.goto(address(canteen))
    expect(page.locator("#hors-ligne")).to_contain_text("par une autre personne attend")
    assert world.all(Attendance) == []

    page.context.add_cookies(cookies)
    page.goto(address(canteen))
    expect(page.locator("#hors-ligne")).to_contain_text(
        "1 pointage hors ligne enregistré.", timeout=PATIENCE_MS
    )
    assert [one.author_user_id for one in world.all(Attendance)] == [karim.id]


def test_a_phone_that_keeps_nothing_promises_nothing(visit, world, canteen):
    visit.expects(LOST, "net::ERR_FAILED")
    page = visit(world.staff())
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    page.goto(address(canteen))
    page.context.set_offline(True)
    page.locator("button.mark.here").first.tap()
    expect(page.locator("#hors-ligne")).to_contain_text("un pointage fait maintenant n’est pas enregistré")
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)
