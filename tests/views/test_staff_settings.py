"""The town's settings on screen (S02, S03)."""

import pytest

from domain.enums import StaffRole
from models import AuditEvent, Setting
from tests.views.reading import text

HOME = "/gestion/reglages"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


@pytest.fixture
def reachable(world):
    """The service has given its telephone and mail."""
    world.settings(phone="05 36 49 01 00", email="accueil@cahors.example")


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
def test_only_administrators_change_the_settings(client, world, role):
    client.sign_in(world.staff(role))

    assert client.get(HOME).status_code == 403


def test_a_family_does_not_know_the_page(client, world):
    client.sign_in(world.parent(world.household()))

    assert client.get(HOME).status_code == 404


def test_the_contact_changes_on_every_page(client, agent, world):
    client.submit(
        HOME, {"name": "Grand Cahors", "phone": "0536490100", "email": "Accueil@Cahors.example"}, follow=True
    )

    footer = client.page.footer
    assert footer.find("a", href="tel:+33536490100").get_text(strip=True).endswith("05 36 49 01 00")
    assert footer.find("a", href="mailto:accueil@cahors.example")
    assert "Grand Cahors" in client.page.header.get_text()


def test_how_to_register_is_written_by_the_service(app, client, agent, reachable):
    words = "Prenez rendez-vous par téléphone.\n\nVenez avec votre livret de famille."
    client.submit(HOME, {"registration_text": words}, follow=True)

    stranger = app.test_client()
    stranger.get("/inscription")
    assert "Prenez rendez-vous par téléphone. Venez avec votre livret de famille." in text(stranger)
    assert stranger.page.main.find("a", href="tel:+33536490100")


def test_the_journal_keeps_only_what_changed(client, agent, reachable, world):
    client.submit(HOME, {"name": "Grand Cahors"})
    client.submit(HOME, {"name": "Grand Cahors"})

    event = world.one(AuditEvent)
    assert (event.action, event.before, event.after) == (
        "settings.updated", {"name": "Votre commune"}, {"name": "Grand Cahors"},
    )  # fmt: skip
    assert {one.key for one in world.all(Setting)} == {"name", "phone", "email"}


def test_bad_settings_are_refused_at_their_field_and_kept(client, agent, world):
    answer = client.submit(
        HOME, {"name": " ", "email": "pas une adresse", "phone": "12", "address": "72 rue Wilson"}
    )

    assert answer.status_code == 422
    assert client.page.find(id="name-erreur").get_text() == "Indiquez le nom de la commune."
    assert "Indiquez une adresse complète" in client.page.find(id="email-erreur").get_text()
    assert "Indiquez un numéro complet" in client.page.find(id="phone-erreur").get_text()
    assert client.page.find(id="address")["value"] == "72 rue Wilson"
    assert world.all(Setting) == []


def test_another_zone_leads_to_the_calendar(client, agent, reachable):
    client.submit(HOME, {"school_zone": "A"}, follow=True)

    assert client.page.h1.get_text() == "Calendrier"
    assert "remplissez maintenant le calendrier" in text(client)


def test_a_forged_zone_is_refused(client, agent, world):
    answer = client.submit(HOME, forged={"school_zone": "Z"})

    assert answer.status_code == 422
    assert world.all(Setting) == []
