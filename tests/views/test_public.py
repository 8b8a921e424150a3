"""What anybody may read without an access: structures, how to register (S02, S03, S18)."""

import re
from datetime import date

from adapters.mail import FolderTransport
from tests.accesses import deliver, open_access
from tests.factories import weekdays


def test_the_structures_in_use_are_listed_with_all_that_helps_to_reach_them(client, world):
    world.facility(
        "Écoles de Cahors",
        address="73 boulevard Gambetta, 46000 Cahors",
        phone="05 65 11 22 33",
        email="ecoles@example.org",
        opening_hours="Lundi au vendredi, 8\u00a0h à 18\u00a0h\nFermé le mercredi",
    )
    world.facility("Ancienne école", is_active=False)
    client.get("/structures")
    text = client.page.main.get_text(" ")
    for part in (
        "Écoles de Cahors",
        "boulevard Gambetta",
        "05 65 11 22 33",
        "ecoles@example.org",
        "8\u00a0h",
        "Fermé",
    ):
        assert part in text
    assert "Ancienne école" not in text
    links = {link["href"] for link in client.page.main.find_all("a")}
    assert {"tel:+33565112233", "mailto:ecoles@example.org"} <= links


def test_a_town_without_structures_says_so_kindly(client, world):
    assert client.get("/structures").status_code == 200
    assert "pas encore publiées" in client.page.main.get_text()


def test_how_to_register_is_the_towns_own_text_with_a_number_to_tap(client, world):
    world.settings(
        registration_text="Appelez-nous.\n\nApportez <b>votre livret</b>.", phone="+33 5 65 11 22 33"
    )
    client.get("/inscription")
    paragraphs = [tag.get_text() for tag in client.page.main.find_all("p")]
    assert paragraphs[:2] == ["Appelez-nous.", "Apportez <b>votre livret</b>."]
    assert client.page.main.find("a", href="tel:+33565112233")


def test_the_contact_stands_on_every_page_without_an_account(client, world):
    world.settings(phone="05 65 11 22 33", email="famille@example.org")
    for address in ("/", "/structures", "/inscription", "/mot-de-passe-oublie", "/nulle-part"):
        client.get(address)
        links = {link["href"] for link in client.page.footer.find_all("a")}
        assert {"tel:+33565112233", "mailto:famille@example.org"} <= links, address


def test_the_demonstrations_mails_are_not_found_in_a_real_town(client):
    assert client.get("/demonstration/mails").status_code == 404


def test_a_demonstration_shows_its_mails_with_links_to_follow(client, world, app, monkeypatch):
    monkeypatch.setitem(app.config, "DEMO", True)
    client.get("/demonstration/mails")
    assert "Aucun mail" in client.page.main.get_text()
    open_access(world, app)
    deliver(world, FolderTransport(app.config["MAIL_FOLDER"]))
    client.get("/demonstration/mails")
    client.get(client.page.main.find("td").a["href"])
    link = client.page.main.find("a", href=re.compile(r"^https://portail\.test/go/[A-Z0-9]{50}$"))
    assert link is not None
    assert client.get("/demonstration/mails/..%2fsecret_key").status_code == 404


def test_the_reglement_in_force_is_read_by_anybody_as_sentences(client, world):
    made = world.canteen(weekdays(date(2027, 1, 12), date(2027, 3, 31)))
    world.presence_type(made.activity, "Panier", price="2.50")
    client.get("/reglement")
    text = client.page.main.get_text(" ").replace("\u00a0", " ")
    assert client.page.h1.get_text() == "Règlement des activités"
    assert "en vigueur depuis le lundi 1er septembre 2025" in text
    assert "jusqu’à la veille du jour concerné" in text
    assert "2,50 €" in text
    assert "activites." not in text  # where each rule stands in the file is the service’s business
    assert made.activity.name in text


def test_a_version_to_come_is_not_shown_before_its_day(client, world):
    world.canteen(weekdays(date(2027, 1, 12), date(2027, 3, 31)))
    world.rulebook["reglement"]["nom"] = "Règlement de demain"
    world.write_rulebook(valid_from=date(2027, 1, 13))
    client.get("/reglement")
    assert "Règlement de demain" not in client.page.main.get_text()


def test_a_town_without_reglement_says_so_kindly(client, world):
    assert client.get("/reglement").status_code == 200
    assert "pas encore publié" in client.page.main.get_text()


def test_every_public_page_leads_to_the_reglement(client, world):
    for address in ("/", "/structures", "/inscription", "/mot-de-passe-oublie"):
        client.get(address)
        assert client.page.footer.find("a", href="/reglement"), address
