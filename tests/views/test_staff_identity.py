"""The identity of the town: a readable colour, a harmless logo, on every page (R59)."""

import io

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from domain.enums import StaffRole
from domain.errors import Refused
from models import AuditEvent, Setting
from services import town_identity
from services.accounts import Author
from services.file_stores import Place
from tests import stored_files
from tests.document_files import picture
from tests.views.reading import text

pytestmark = pytest.mark.files

PAGE = "/gestion/reglages/identite"
PLUM = "#7a1f5c"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


def logo(content: bytes, name: str = "logo.png") -> FileStorage:
    return FileStorage(io.BytesIO(content), name)


def colour_link(page):
    return page.head.find("link", rel="stylesheet", href=lambda href: href.startswith("/couleurs/"))


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_choose_the_identity(client, world, role):
    client.sign_in(world.staff(role))
    assert client.get(PAGE).status_code == 403


def test_the_colour_reaches_every_page(app, client, agent):
    client.submit(PAGE, {"colour": PLUM}, follow=True)
    assert "L’identité de la commune est enregistrée." in text(client)

    stranger = app.test_client()
    stranger.get("/structures")
    assert stranger.page.head.find("meta", attrs={"name": "theme-color"})["content"] == PLUM
    style = stranger.get(colour_link(stranger.page)["href"])
    assert style.mimetype == "text/css"
    assert "--brand:#7a1f5c;" in style.get_data(as_text=True)
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in style.headers
    assert "Set-Cookie" not in client.get(colour_link(stranger.page)["href"]).headers


def test_a_town_without_a_colour_downloads_nothing_more(client):
    client.get("/structures")
    assert colour_link(client.page) is None


def test_a_colour_that_is_hard_to_read_is_refused_with_the_nearest(client, agent, world):
    answer = client.submit(PAGE, {"colour": "#FFCC00"})

    assert answer.status_code == 422
    assert (
        "La plus proche qui convient, #7a6200, est choisie" in client.page.find(id="colour-erreur").get_text()
    )
    assert client.page.find(id="colour")["value"] == "#7a6200"
    assert world.all(Setting) == []


@pytest.mark.parametrize("typed", ["red", "", "#7a1f5c;}body{display:none"])
def test_what_is_no_colour_is_refused(client, agent, world, typed):
    client.get(PAGE)
    assert client.submit(PAGE, {"colour": typed}).status_code == 422
    assert world.all(Setting) == []


@pytest.mark.parametrize("name", ["ffcc00", "7A1F5C", "7a1f5", "7a1f5c;", "rouge"])
def test_no_other_stylesheet_is_served(client, name):
    assert client.get(f"/couleurs/{name}.css").status_code == 404


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_logo_is_made_small_and_served_to_everybody(app, client, agent, kind):
    client.submit(PAGE, {"logo": logo(picture(kind, (900, 600)))}, follow=True)

    stranger = app.test_client()
    stranger.get("/structures")
    shown = stranger.page.header.find("img")
    served = stranger.get(shown["src"])
    assert served.mimetype == "image/png"
    assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(served.data)) as image:
        assert image.format == "PNG"
        assert image.size == (144, 96) == (int(shown["width"]), int(shown["height"]))


def test_a_heavy_logo_is_made_light(client, agent):
    noise = Image.effect_noise((800, 200), 120).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    client.submit(PAGE, {"logo": logo(out.getvalue())}, follow=True)
    assert len(client.get(client.page.header.find("img")["src"]).data) < 20_000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "Un logo SVG s’enregistre d’abord"),
        (b"<html><script>alert(1)</script></html>", "Choisissez une image PNG, JPEG ou WebP"),
        (picture("PNG")[:60], "Cette image est abîmée"),
        (picture("GIF"), "Choisissez une image PNG, JPEG ou WebP"),
    ],
)
def test_what_is_no_harmless_picture_is_refused(app, client, agent, world, content, sentence):
    client.get(PAGE)
    answer = client.submit(PAGE, {"logo": logo(content)})

    assert answer.status_code == 422
    assert sentence in client.page.find(id="logo-erreur").get_text().replace("\u00a0", " ")
    assert "logo" not in {one.key for one in world.all(Setting)}
    assert not list((app.config["INSTANCE"] / "files").glob("*.png"))


def test_a_picture_above_four_megabytes_is_refused(app, world):
    author = Author(world.staff().id)
    with app.test_request_context(method="POST"), pytest.raises(Refused, match="dépasse 4"):
        town_identity.save_logo(bytes(town_identity.LOGO_LIMIT_BYTES + 1), author=author, now=world.now)


def test_a_new_logo_takes_the_place_of_the_former(app, client, agent, world):
    client.submit(PAGE, {"logo": logo(picture("PNG", (40, 40)))}, follow=True)
    former = client.page.header.find("img")["src"]
    client.submit(PAGE, {"logo": logo(picture("PNG", (80, 40)))}, form=PAGE, follow=True)

    assert client.page.header.find("img")["src"] != former
    assert client.get(former).status_code == 404
    assert len(stored_files.contents(app, Place.FILES)) == 1

    client.submit(PAGE, form=f"{PAGE}/retirer-le-logo", follow=True)
    assert client.page.header.find("img") is None
    assert not list((app.config["INSTANCE"] / "files").glob("*.png"))
    assert {one.action for one in world.all(AuditEvent)} == {"settings.updated"}


def test_the_address_of_the_logo_opens_no_other_file(client):
    for name in ("", "x.png", "0" * 32 + ".pdf", "0" * 32 + ".png"):
        assert client.get(f"/logo/{name}").status_code == 404
