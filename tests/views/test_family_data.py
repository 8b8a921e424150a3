"""« Mes données », and the same for a family on paper, on screen (R54)."""

import io
import json
import zipfile

import pytest

from domain.enums import StaffRole
from tests.views.reading import text

PAGE = "/mon-compte/donnees"


@pytest.fixture
def family(world):
    household = world.household()
    user = world.parent(household)
    world.child(household, "Léo")
    return household, user


def data(answer) -> dict:
    bundle = zipfile.ZipFile(io.BytesIO(answer.data))
    return json.loads(bundle.read("mes-donnees.json"))


def test_a_parent_takes_its_data_and_reads_what_to_do_else(client, world, family):
    client.sign_in(family[1])
    world.settings(**{"legal.dpo": "dpo@cahors.example"})
    client.get(PAGE)
    assert "dpo@cahors.example" in text(client)
    assert "effacement" in text(client)
    answer = client.submit(PAGE)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mes-donnees.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert data(answer)["Enfants"][0]["Enfant"] == "Léo"


def test_the_account_leads_to_it(client, family):
    client.sign_in(family[1])
    client.get("/mon-compte")
    assert client.page.find("a", href=PAGE)


def test_an_administrator_hands_it_over_for_a_family_without_access(client, world):
    household = world.household("MARTIN")
    guardian = world.guardian(household, "Nadia")
    client.sign_in(world.staff())
    client.get(f"/gestion/familles/{household.id}")
    address = f"/gestion/familles/{household.id}/adultes/{guardian.id}/donnees"
    assert client.page.find("a", href=address)
    answer = client.submit(address)
    assert {"Information": "Prénom", "Valeur": "Nadia"} in data(answer)["Moi"]


def test_an_adult_of_another_file_is_not_found(client, world):
    household, other = world.household(), world.household("MARTIN")
    guardian = world.guardian(other)
    client.sign_in(world.staff())
    assert client.get(f"/gestion/familles/{household.id}/adultes/{guardian.id}/donnees").status_code == 404


def test_reception_does_not_hand_it_over(client, world):
    household = world.household()
    guardian = world.guardian(household)
    client.sign_in(world.staff(StaffRole.RECEPTION))
    assert client.get(f"/gestion/familles/{household.id}/adultes/{guardian.id}/donnees").status_code == 403
