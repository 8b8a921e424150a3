"""The portal on the home screen of a phone: its name, colour, icons, and a page without a network (R58)."""

import io
import re

import pytest
from PIL import Image

from services import town_identity
from services.accounts import Author
from tests.document_files import picture

MIDDLE, EDGE = 0.5, 0.02


def application(client):
    client.get("/")
    address = client.page.head.find("link", rel="manifest")["href"]
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/manifest+json")
    return answer


def drawn(client, address):
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert "immutable" in answer.headers["Cache-Control"]
    return Image.open(io.BytesIO(answer.data)).convert("RGB")


def at(icon, *place):
    return icon.getpixel(tuple(int(part * icon.width) for part in place))


def test_a_phone_learns_the_name_the_colour_and_the_first_page_of_the_town(client, world):
    world.settings(name="Grand Cahors", colour="#7a1f5c")
    answer = application(client)
    told = answer.json
    assert (told["name"], told["short_name"]) == ("Portail famille, Grand Cahors", "Grand Cahors")
    assert (told["display"], told["lang"], told["scope"]) == ("standalone", "fr", "/")
    assert told["theme_color"] == client.page.find("meta", {"name": "theme-color"})["content"] == "#7a1f5c"
    assert client.get(told["start_url"]).status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("has_logo", [False, True])
def test_icons_have_the_sizes_they_say_and_a_mask_cuts_nothing(client, app, world, has_logo):
    world.settings(colour="#7a1f5c")
    if has_logo:
        with app.test_request_context(method="POST"):
            wide = picture("PNG", (300, 60))
            town_identity.save_logo(wide, author=Author(world.staff().id), now=world.now)
    ground = (255, 255, 255) if has_logo else (122, 31, 92)
    icons = application(client).json["icons"]
    assert {(one["sizes"], one["purpose"]) for one in icons} == {
        (size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")
    }
    apple = client.page.head.find("link", rel="apple-touch-icon")["href"]
    for one in [*icons, {"src": apple, "sizes": "180x180", "purpose": "any"}]:
        icon = drawn(client, one["src"])
        assert "{}x{}".format(*icon.size) == one["sizes"]
        assert at(icon, EDGE, EDGE) == at(icon, MIDDLE, EDGE) == ground
        if one["purpose"] == "maskable":  # the safe zone is a circle of 80 % of the side
            assert at(icon, 0.5 - 0.4 * 0.71, 0.5 - 0.4 * 0.71) == at(icon, 0.11, MIDDLE) == ground
    assert len({pixel for _, pixel in icon.getcolors(4096)}) > 1, "something is drawn"


def test_the_address_of_an_icon_is_that_of_the_look_of_the_town(client, world):
    assert client.get("/icones/192/0e5a5a.png").status_code == 200
    for unknown in ("/icones/192/7a1f5c.png", "/icones/1024/0e5a5a.png"):
        assert client.get(unknown).status_code == 404
    world.settings(colour="#7a1f5c")
    assert client.get("/icones/192/0e5a5a.png").status_code == 404


def test_the_browser_takes_a_new_worker_with_each_version_and_each_look(client, world):
    first = client.get("/sans-reseau")
    assert (first.mimetype, first.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    assert "worker-src 'self'" in first.headers["Content-Security-Policy"]
    named = re.findall(r'"(/[^"]+)"', first.text)
    for address in named:
        with client.get(address) as answer:
            assert answer.status_code == 200, address
    world.settings(colour="#7a1f5c")
    second = client.get("/sans-reseau")
    assert second.text != first.text
    assert "/couleurs/7a1f5c.css" in second.text


def test_the_page_without_a_network_tells_of_nobody(client, world):
    client.sign_in(world.staff())
    client.get("/hors-ligne")
    assert client.page.h1.get_text() == "Pas de connexion"
    assert "Agnès" not in client.page.get_text()
