"""Réglages: the settings in their groups, what is to be done, a search, the neighbours of a page (S106)."""

import pytest

from blueprints.staff.settings_room import GROUPS
from domain.enums import MailKind, MailState, StaffRole
from models import OutgoingMail
from tests import statements

ROOM = "/gestion/reglages/tous"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


def words(tag) -> str:
    return " ".join(tag.get_text(" ", strip=True).replace("\u00a0", " ").split())


def links(client) -> list[str]:
    return [link["href"] for link in client.page.main.select(".rooms a")]


def line(client, address: str) -> str:
    return words(client.page.main.select_one(f'.rooms a[href="{address}"]').find_parent("li"))


def test_every_setting_is_found_once_and_opens(client, agent):
    client.get(ROOM)
    found = links(client)
    assert len(found) == len(set(found)) == sum(len(group.pages) for group in GROUPS)
    for address in found:
        assert client.get(address).status_code == 200, address
    client.get("/gestion")
    tab = client.page.find("nav", attrs={"aria-label": "Rubriques"}).find_all("a")[-1]
    assert (tab["href"], words(tab)) == (ROOM, "Réglages")


def test_a_line_says_what_is_to_be_done_until_it_is(client, agent, world):
    client.get(ROOM)
    assert "À faire Il manque le nom de la commune" in line(client, "/gestion/reglages")
    assert "À faire Il manque le nom et l’adresse" in line(client, "/gestion/reglages/mentions")
    assert "À faire" not in line(client, "/gestion/mails")
    assert "Mise en route : 0 étape sur 10" in words(client.page.main)

    world.settings(name="Cahors", phone="05 36 49 01 00", email="accueil@cahors.example")
    world.add(
        OutgoingMail(
            kind=MailKind.ACTIVATION, state=MailState.ABANDONED, message_id="<1@x>", to_address="x@x.example",
            subject="Accès", created_at=world.now, next_attempt_at=world.now,
        )
    )  # fmt: skip
    client.get(ROOM)
    assert "À faire" not in line(client, "/gestion/reglages")
    assert "À faire 1 mail jamais arrivé" in line(client, "/gestion/mails")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("allergene", ["/gestion/cuisines"]),
        ("TARIF", ["/gestion/reglement"]),
        ("serveur mail", ["/gestion/reglages/serveur-de-mail"]),
        ("zzz", []),
    ],
)
def test_a_setting_is_found_by_its_words(client, agent, typed, found):
    client.get(ROOM, query_string={"q": typed})
    assert links(client) == found
    assert ("Aucun réglage" in words(client.page.main)) is not bool(found)


def test_a_setting_leads_to_the_room_and_to_its_neighbours(client, agent):
    client.get("/gestion/reglages/mentions")
    path = client.page.main.select_one(".path")
    assert (words(path), path.a["href"]) == ("Réglages › La commune", ROOM)
    near = client.page.main.find("nav", attrs={"aria-label": "La commune"}).find_all("a")
    assert [words(one) for one in near] == [
        "Commune et service",
        "Couleur et logo",
        "Calendrier",
        "Mentions légales",
    ]
    assert [words(one) for one in near if one.get("aria-current")] == ["Mentions légales"]


def test_who_may_not_open_the_room_is_not_sent_there(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    assert client.get(ROOM).status_code == 403
    client.get("/gestion/mails")
    assert client.page.main.find("a", href=ROOM) is None
    assert client.page.main.find("nav", attrs={"aria-label": "Communication"}) is None


def test_the_room_costs_few_statements(client, agent):
    client.get(ROOM)
    with statements.recorded() as sent:
        client.get(ROOM)
    assert len(sent) <= 12, len(sent)
