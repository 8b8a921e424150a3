"""What a family downloads, as Chromium counts it (issue figures; S17)."""

import gzip
from datetime import date
from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, Response

from services import town_identity
from services.accounts import Author
from tests.booking_bench import Bench
from tests.school_family import SCHOOL_DAYS, SchoolFamily

KB = 1000
FIRST_VISIT_BYTES, FIRST_VISIT_REQUESTS = 90 * KB, 8
AGENDA_BYTES, TOUCHED_DAY_BYTES = 8 * KB, 1 * KB


def transferred(response: Response) -> int:
    sizes = response.request.sizes()
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]


def gzipped(body: bytes) -> int:
    """What the proxy in front of a real town sends."""
    return len(gzip.compress(body, 6))


def load(page: Page, address: str) -> list[Response]:
    received: list[Response] = []
    page.on("response", lambda response: received.append(response))
    page.goto(address, wait_until="networkidle")
    return received


def test_the_first_visit_to_sign_in_is_light(visit):
    received = load(visit(), "/")
    weights = {response.url: transferred(response) for response in received}
    assert any(url.endswith(".woff2") for url in weights), "the font counts too"
    assert {response.status for response in received} == {200}
    assert sum(weights.values()) <= FIRST_VISIT_BYTES, weights
    assert len(weights) <= FIRST_VISIT_REQUESTS, list(weights)


def test_a_town_with_its_own_look_stays_light(visit, world, app):
    """The heaviest logo that is taken, and the stylesheet of a colour (R59)."""
    noise = BytesIO()
    Image.effect_noise((800, 200), 120).convert("RGB").save(noise, "PNG")
    author = Author(world.staff().id)
    with app.test_request_context(method="POST"):
        town_identity.save_colour("#7a1f5c", author=author, now=world.now)
        town_identity.save_logo(noise.getvalue(), author=author, now=world.now)
    received = load(visit(), "/")
    weights = {response.url: transferred(response) for response in received}
    assert {response.status for response in received} == {200}
    assert [url for url in weights if "/couleurs/" in url or "/logo/" in url]
    assert sum(weights.values()) <= FIRST_VISIT_BYTES, weights


def test_a_second_page_downloads_no_file_again(visit, world):
    page = visit()
    load(page, "/")
    received = load(page, "/structures")
    assert [response.url for response in received if transferred(response)] == [page.url]


def test_the_agenda_of_two_children_is_light(visit, world):
    family = SchoolFamily(world)
    for child in (family.marie, family.leo):
        for day in SCHOOL_DAYS:
            family.book(child, day)
    agenda = load(visit(family.claire), "/planning/2027-01")[0]
    assert gzipped(agenda.body()) <= AGENDA_BYTES


def test_a_touched_day_is_light(visit, world):
    bench = Bench(world)
    page = visit(bench.claire)
    page.goto(f"/reservations/{bench.start()}/planning")
    with page.expect_response("**/jours") as touched:
        page.locator(f"#j-{date(2027, 2, 1)}").click()
    assert touched.value.status == 200
    assert gzipped(touched.value.body()) <= TOUCHED_DAY_BYTES
