"""How to reach the service: as its settings say, nothing invented while they say nothing (S03, S19)."""

import pytest

from tests.accesses import deliver, parent_with_password
from tests.views.reading import text

PUBLIC = ("/", "/inscription", "/mot-de-passe-oublie/envoye", "/structures")
FAMILY = ("/accueil", "/mes-enfants", "/mon-foyer", "/documents")
PHONE, EMAIL = "05 36 49 01 00", "accueil@cahors.example"
SETTINGS = [{}, {"phone": PHONE}, {"email": EMAIL}, {"phone": PHONE, "email": EMAIL}]


def contact_links(page):
    return {link["href"] for link in page.find_all("a") if link["href"].startswith(("tel:", "mailto:"))}


@pytest.mark.parametrize("known", SETTINGS)
def test_pages_show_what_is_known_and_nothing_else(client, world, known):
    if known:
        world.settings(**known)
    links = {"phone": "tel:+33536490100", "email": f"mailto:{EMAIL}"}
    for address in PUBLIC:
        client.get(address)
        assert contact_links(client.page) == {links[key] for key in known}, address
    client.sign_in(world.parent(world.household()))
    for address in FAMILY:
        client.get(address)
        assert contact_links(client.page) == {links[key] for key in known}, address
        assert " : ." not in text(client)


@pytest.mark.parametrize("known", SETTINGS)
def test_mails_show_what_is_known_and_nothing_else(app, client, world, known):
    if known:
        world.settings(**known)
    parent_with_password(world)
    client.submit("/mot-de-passe-oublie", {"email": "claire@example.org"})
    mail = deliver(world).sent[0]

    plain = mail.get_body(("plain",)).get_content().replace("\u00a0", " ")
    html = mail.get_body(("html",)).get_content()
    ending = f" : {', '.join(known.values())}" if known else "."
    assert f"Nous sommes à votre écoute{ending}\r\n" in plain.replace("\r\n", "\n").replace("\n", "\r\n")
    assert ("tel:" in html, "mailto:" in html) == ("phone" in known, "email" in known)
    assert mail.get("Reply-To") == known.get("email")


def test_settings_say_first_what_is_missing(client, world):
    client.sign_in(world.staff())
    client.get("/gestion/reglages")
    assert "Il manque le nom de la commune, le téléphone du service et le mail du service" in text(client)

    world.settings(name="Cahors", phone=PHONE, email=EMAIL)
    client.get("/gestion/reglages")
    assert "Il manque" not in text(client)


def test_opening_an_access_warns_that_families_have_nobody_to_ask(client, world):
    household = world.household()
    guardian = world.guardian(household)
    client.sign_in(world.staff())
    page = f"/gestion/familles/{household.id}/adultes/{guardian.id}/acces/ouvrir"

    client.get(page)
    assert "la famille ne saura pas à qui s’adresser" in text(client)
    answer = client.submit(page, {"email": "claire@example.org", "channel": "phone"})
    assert answer.status_code == 303

    world.settings(phone=PHONE)
    client.get(page.replace("ouvrir", "renvoyer"))
    assert "la famille ne saura pas à qui s’adresser" not in text(client)
