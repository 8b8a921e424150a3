"""Durations, preview and confirmation of the erasure, on screen (R54)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.enums import StaffRole
from models import Household, Setting
from services import erasures
from tests.views.reading import text

PAGE = "/gestion/conservation"


@pytest.fixture
def agent(world, client):
    user = world.staff()
    client.sign_in(user)
    return user


@pytest.fixture
def past_family(world):
    return world.household("ANCIENNE", created_at=world.now - timedelta(days=1_200))


def test_each_duration_says_its_bounds_and_their_source(client, agent):
    client.get(PAGE)
    assert "En mois, de 120 à 180" in text(client)
    assert "L. 123-22" in text(client)
    assert "24 heures pour une famille" in text(client)


def test_a_duration_is_saved_and_one_outside_the_law_is_refused(client, agent, world):
    client.submit(PAGE, {"family": "36"})
    assert world.one(select(Setting).where(Setting.key == "retention.family")).value == "36"
    answer = client.submit(PAGE, {"accounting": "12"})
    assert answer.status_code == 422
    assert "entre 120 et 180" in text(client)


def test_the_preview_names_families_then_the_confirmation_erases_them(client, agent, world, past_family, app):
    client.get(f"{PAGE}/apercu")
    assert "ANCIENNE" in text(client)
    assert "1 dossier de famille" in text(client)
    refused = client.submit(f"{PAGE}/apercu")
    assert refused.status_code == 422
    assert "avez relu la liste" in text(client)
    client.submit(f"{PAGE}/apercu", {"is_understood": "y"}, follow=True)
    assert "dans la minute" in text(client)
    assert world.one(select(Household)).name == "ANCIENNE", "the worker does it"
    with app.app_context():
        erasures.work(world.now)
    assert world.one(select(Household)).name == "Dossier effacé"
    client.get(f"{PAGE}/apercu")
    assert "Rien n’a été gardé plus longtemps que prévu" in text(client)


def test_a_list_that_changed_meanwhile_is_shown_again(client, agent, world, past_family):
    client.get(f"{PAGE}/apercu")
    world.household("AUTRE", created_at=world.now - timedelta(days=1_200))
    typed = {one["name"]: one["value"] for one in client.page.select("main input[type=hidden]")}
    stale = client.post(f"{PAGE}/effacer", data={**typed, "is_understood": "y"})
    assert stale.status_code == 409
    assert "AUTRE" in text(client)


def test_an_erased_family_is_out_of_the_search(client, agent, world, past_family, app):
    client.get("/gestion/familles")
    assert "ANCIENNE" in text(client)
    with app.app_context():
        erasures.erase_family(past_family.id, author=None, now=world.now)
    client.get("/gestion/familles")
    assert "ANCIENNE" not in text(client)
    assert "Dossier effacé" not in text(client)


@pytest.mark.parametrize("role", [StaffRole.RECEPTION, StaffRole.DIRECTOR])
@pytest.mark.parametrize("page", [PAGE, f"{PAGE}/apercu"])
def test_only_administrators_erase(client, world, role, page):
    client.sign_in(world.staff(role))
    assert client.get(page).status_code == 403


def test_families_are_told_first_and_the_preview_says_who_was(client, agent, world, past_family, app):
    world.parent(past_family)
    client.get(f"{PAGE}/apercu")
    shown = text(client)
    assert "1 famille prévenue d’abord" in shown
    assert "pas encore" in shown
    assert "Effacer définitivement" not in shown
    client.submit(f"{PAGE}/apercu", form=f"{PAGE}/prevenir", follow=True)
    assert "Les mails partent dans la minute." in text(client)
    with app.app_context():
        erasures.work(world.now)
    client.get(f"{PAGE}/apercu")
    shown = text(client)
    assert "le mardi 12 janvier 2027" in shown
    assert "à partir du jeudi 11 février 2027" in shown
    assert "Prévenir les familles" not in shown


def test_a_file_without_any_address_says_so(client, agent, past_family):
    client.get(f"{PAGE}/apercu")
    assert "aucune adresse" in text(client)
