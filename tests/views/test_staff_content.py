"""Links, resources and documents on screen (S28, S29, S75)."""

from io import BytesIO

import pytest

from adapters.clock import FixedClock
from domain.enums import DocumentOwner, DocumentValidity, StaffRole
from models import AuditEvent, DocumentCategory, DocumentCategoryFacility, News, Resource, UsefulLink
from services.file_stores import Place
from tests import stored_files
from tests.views.reading import text
from tests.views.uploads import send_file_form

pytestmark = pytest.mark.files

HOME = "/gestion/contenus"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


@pytest.fixture
def parent(app, world):
    client = app.test_client()
    client.sign_in(world.parent(world.household()))
    return client


def publish(client, content: bytes = PDF, name: str = "Règlement intérieur.pdf"):
    typed = {"title": "Règlement intérieur", "position": "1", "is_active": "y"}
    return send_file_form(client, f"{HOME}/ressources/nouvelle", typed, (name, content))


def files(app) -> list[bytes]:
    return stored_files.contents(app, Place.FILES)


@pytest.fixture(autouse=True)
def _empty_store(app):
    yield
    stored_files.lose(app, Place.FILES)


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_publish(client, world, role):
    client.sign_in(world.staff(role))

    assert client.get(HOME).status_code == 403


# --- Links --------------------------------------------------------------------------------------


def test_a_link_is_shown_to_families_until_it_is_hidden(client, agent, world, parent):
    client.submit(f"{HOME}/liens/nouveau", {"title": "CAF", "url": "https://www.caf.fr/"})
    parent.get("/liens-utiles")
    assert "CAF" in text(parent)
    link = world.one(UsefulLink)

    client.submit(f"{HOME}/liens/{link.id}", {"is_active": None}, form=f"{HOME}/liens/{link.id}")

    parent.get("/liens-utiles")
    assert "CAF" not in text(parent)
    assert [event.action for event in world.all(AuditEvent)] == ["useful_link.created", "useful_link.updated"]


def test_links_follow_their_order(client, agent, world, parent):
    for position, title in (("2", "Après"), ("1", "Avant")):
        client.submit(
            f"{HOME}/liens/nouveau", {"title": title, "url": "https://exemple.fr/", "position": position}
        )

    parent.get("/liens-utiles")

    assert text(parent).index("Avant") < text(parent).index("Après")


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "ftp://exemple.fr/", "//exemple.fr", "www.caf.fr", "https://",
     "https://moi:secret@exemple.fr/", "https://exemple.fr/a b", "http://[::1"],
)  # fmt: skip
def test_only_addresses_of_the_web_are_accepted(client, agent, world, url):
    client.excused.add("inline")  # what was typed comes back in its field, where it runs nowhere

    answer = client.submit(f"{HOME}/liens/nouveau", {"title": "Piège", "url": url})

    assert answer.status_code == 422
    assert "par exemple https://www.caf.fr/" in client.page.find(id="url-erreur").get_text()
    assert client.page.find(id="title")["value"] == "Piège"
    assert world.all(UsefulLink) == []


def test_a_link_is_deleted(client, agent, world):
    client.submit(f"{HOME}/liens/nouveau", {"title": "CAF", "url": "https://www.caf.fr/"})
    page = f"{HOME}/liens/{world.one(UsefulLink).id}"

    client.submit(page, form=f"{page}/supprimer")

    assert world.all(UsefulLink) == []


# --- Resources ----------------------------------------------------------------------------------


def test_a_pdf_is_published_and_read_by_families(client, agent, world, parent):
    client.get(f"{HOME}/ressources/nouvelle")
    assert "10 Mo au plus, au format PDF." in text(client)

    assert publish(client).status_code == 303

    resource = world.one(Resource)
    for reader, address in (
        (parent, f"/ressources/{resource.id}"),
        (client, f"{HOME}/ressources/{resource.id}/fichier"),
    ):
        with reader.get(address) as answer:
            assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert resource.file_name == "Règlement intérieur.pdf"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"MZ\x90\x00 un programme", "n’est pas un PDF complet"),
        (b"%PDF-1.7 coupe en route", "n’est pas un PDF complet"),
        (b"", "Ce fichier est vide"),
        (PDF + b" " * (10 * 1024 * 1024), "dépasse 10 Mo"),
    ],
)
def test_what_is_not_a_pdf_is_refused(app, client, agent, world, content, message):
    answer = publish(client, content)

    assert answer.status_code == 422
    assert message in client.page.find(id="file-erreur").get_text().replace("\u00a0", " ")
    assert client.page.find(id="title")["value"] == "Règlement intérieur"
    assert (world.all(Resource), files(app)) == ([], [])


def test_a_huge_body_is_refused_before_it_is_read(client, agent, world):
    answer = publish(client, b"x" * (12 * 1024 * 1024))

    assert answer.status_code == 413
    assert world.all(Resource) == []


def test_a_replaced_file_leaves_nothing_behind(app, client, agent, world):
    publish(client)
    page = f"{HOME}/ressources/{world.one(Resource).id}"
    newer = PDF + b"\n% 2027"

    client.submit(page, {"file": (BytesIO(newer), "../../2027.pdf")}, form=page)

    assert files(app) == [newer]
    assert world.one(Resource).file_name == "2027.pdf"


def test_a_title_changes_without_its_file(app, client, agent, world):
    publish(client)
    page = f"{HOME}/ressources/{world.one(Resource).id}"

    client.submit(page, {"title": "Règlement 2027"}, form=page)

    assert files(app) == [PDF]
    assert world.one(Resource).title == "Règlement 2027"


def test_a_deleted_resource_takes_its_file_with_it(app, client, agent, world):
    publish(client)
    page = f"{HOME}/ressources/{world.one(Resource).id}"

    client.submit(page, form=f"{page}/supprimer")

    assert (world.all(Resource), files(app)) == ([], [])


# --- Document categories ------------------------------------------------------------------------


def test_a_document_category_is_configured(client, agent, world):
    client.submit(
        f"{HOME}/documents/nouveau",
        {"name": "Attestation d’assurance", "description": "Pour l’année scolaire.", "owner": "child"},
    )

    category = world.one(DocumentCategory)
    assert (category.owner, category.is_required) == (DocumentOwner.CHILD, True)


def test_age_validity_and_structures_are_configured(client, agent, world):
    school, camp = world.facility(), world.facility("ALSH Saint-Géry")
    typed = {
        "name": "Certificat de natation", "owner": "child", "validity": "months", "max_age_months": "6",
        "gates_booking": "y", "facilities": [str(camp.id)],
    }  # fmt: skip
    client.submit(f"{HOME}/documents/nouveau", typed)
    assert "combien de mois" in client.page.find(id="validity_months-erreur").get_text()
    client.submit(f"{HOME}/documents/nouveau", typed | {"validity_months": "24"})
    category = world.one(DocumentCategory)
    assert (category.validity, category.validity_months, category.max_age_months, category.gates_booking) == (
        DocumentValidity.MONTHS, 24, 6, True,
    )  # fmt: skip
    assert [row.facility_id for row in world.all(DocumentCategoryFacility)] == [camp.id]
    page = f"{HOME}/documents/{category.id}"
    client.submit(page, {"facilities": [str(school.id)]})
    assert [row.facility_id for row in world.all(DocumentCategoryFacility)] == [school.id]


def test_an_effect_says_whom_it_concerns(client, agent, world):
    typed = {"name": "Ressources", "owner": "child", "effect": "quotient"}
    client.submit(f"{HOME}/documents/nouveau", typed)
    assert "le foyer" in client.page.find(id="owner-erreur").get_text()
    assert world.all(DocumentCategory) == []


def test_two_categories_do_not_share_a_name(client, agent, world):
    for _ in range(2):
        answer = client.submit(
            f"{HOME}/documents/nouveau", {"name": "Livret de famille", "owner": "household"}
        )

    assert answer.status_code == 422
    assert "porte déjà ce nom" in client.page.find(id="name-erreur").get_text()
    assert len(world.all(DocumentCategory)) == 1


# --- News ---------------------------------------------------------------------------------------


def test_news_are_read_by_families_and_visitors_between_two_days(app, client, agent, world, parent):
    typed = {
        "title": "Fête",
        "text": "Samedi.\n\nVenez nombreux.",
        "first_day": "2027-01-13",
        "last_day": "2027-01-14",
    }
    client.submit(f"{HOME}/actualites/nouvelle", typed, follow=True)
    assert "À venir" in text(client)
    visitor = app.test_client()
    for day, is_read in ((12, False), (13, True), (14, True), (15, False)):
        app.config["CLOCK"] = FixedClock(world.now.replace(day=day))
        for reader, page in ((parent, "/accueil"), (visitor, "/")):
            parent.sign_in(world.parent(world.household()))
            reader.get(page)
            assert ("Venez nombreux." in text(reader)) is is_read
    assert [event.action for event in world.all(AuditEvent)] == ["news.created"]


def test_news_are_changed_hidden_and_removed(client, agent, world, parent):
    page = f"{HOME}/actualites/{world.news().id}"
    parent.get("/accueil")
    assert "Elles ouvrent lundi." in text(parent)
    client.submit(page, {"is_active": None}, form=page)
    parent.get("/accueil")
    assert "Elles ouvrent lundi." not in text(parent)
    client.get(page)
    client.submit(page, form=f"{page}/supprimer")
    assert world.all(News) == []


def test_news_do_not_end_before_they_begin(client, agent, world):
    typed = {"title": "Fête", "text": "Samedi.", "first_day": "2027-01-13", "last_day": "2027-01-12"}
    assert client.submit(f"{HOME}/actualites/nouvelle", typed).status_code == 422
    assert "Le dernier jour vient après le premier." in text(client)
    assert world.all(News) == []
