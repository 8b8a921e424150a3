"""Merging duplicates as an administrator meets it (R03)."""

from datetime import date

import pytest

from domain.enums import StaffRole
from models import AuthorisedPerson, Guardian, Household, HouseholdGuardian, User
from services import name_index
from services.transaction import write_transaction


@pytest.fixture
def administrator(client, world):
    client.sign_in(world.staff())


@pytest.fixture
def twice(world):
    """The same family entered twice."""
    kept = world.household("BENOÎT", search_text="benoit claire", city="Cahors")
    other = world.household("BENOIT", search_text="benoit claire", city="Pradines")
    for household in (kept, other):
        world.guardian(household, "Claire", last_name="BENOÎT", mobile_phone=f"06 0{household.id % 10}")
    return kept, other


def text_of(client) -> str:
    return client.page.get_text(" ", strip=True).replace("\xa0", " ")


def file_of(household) -> str:
    return f"/gestion/familles/{household.id}"


def link(client, words: str) -> str:
    (found,) = [a["href"] for a in client.page.select("main a") if words in a.get_text()]
    return found


def test_from_a_file_to_the_file_that_keeps_everything(client, administrator, world, twice):
    kept, other = twice
    client.get(file_of(kept))
    client.get(link(client, "Fusionner"))
    page = link(client, f"Comparer avec BENOIT, dossier {other.number}")
    client.get(page)
    assert "1 adulte" in text_of(client).lower()
    client.submit(page, {"address": "autre"}, follow=True)
    assert "La fusion est faite" in text_of(client)
    assert "Dossiers fusionnés" in text_of(client)
    assert next(one for one in world.all(Household) if one.id == kept.id).city == "Pradines"
    assert {one.household_id for one in world.all(HouseholdGuardian)} == {kept.id}


def test_the_address_and_the_number_of_the_merged_file_lead_to_the_kept_one(
    client, administrator, world, twice
):
    kept, other = twice
    client.submit(f"{file_of(kept)}/fusionner/comparer?quoi=foyer&id={kept.id}&avec={other.id}")
    answer = client.get(file_of(other))
    assert (answer.status_code, answer.location) == (302, file_of(kept))
    for typed in (str(other.number), "benoit"):
        client.get("/gestion/familles", query_string={"q": typed})
        assert [cell.get_text() for cell in client.page.select("tbody th")] == ["BENOÎT"]


def test_two_sheets_of_an_adult(client, administrator, world, twice):
    kept, other = twice
    mine, theirs = world.all(Guardian)
    client.get(f"{file_of(kept)}/fusionner?quoi=adulte&id={mine.id}&q=benoit")
    page = link(client, "Comparer avec Claire")
    client.get(page)
    assert theirs.mobile_phone in text_of(client)
    client.submit(page, {"mobile_phone": "autre"}, follow=True)
    row = next(one for one in world.all(Guardian) if one.id == mine.id)
    assert row.mobile_phone == theirs.mobile_phone


def test_two_accesses_ask_which_one_stays(client, administrator, world):
    kept, other = world.household("ROUX"), world.household("ROUX")
    world.parent(kept, email="a@example.org")
    world.parent(other, email="b@example.org")
    mine, theirs = world.all(Guardian)
    page = f"{file_of(kept)}/fusionner/comparer?quoi=adulte&id={mine.id}&avec={theirs.id}"
    assert client.submit(page).status_code == 422
    assert "Choisissez lequel des deux accès" in text_of(client)
    client.submit(page, {"access": "garde"}, follow=True)
    assert [one.status for one in world.all(User) if one.email == "b@example.org"] == ["suspended"]


def test_what_changed_meanwhile_is_shown_again(client, administrator, world, twice):
    kept, other = twice
    page = f"{file_of(kept)}/fusionner/comparer?quoi=foyer&id={kept.id}&avec={other.id}"
    assert client.submit(page, forged={"seen": "old"}).status_code == 409
    assert "vient de changer" in text_of(client)
    assert {one.merged_into_id for one in world.all(Household)} == {None}


@pytest.mark.parametrize(
    "query", ["quoi=planete", "quoi=adulte&id=987654&avec=1", "quoi=foyer&id=987654&avec=1", "avec=987654"]
)
def test_what_is_not_there_is_not_compared(client, administrator, twice, query):
    assert client.get(f"{file_of(twice[0])}/fusionner/comparer?{query}").status_code == 404


def test_only_an_administrator_merges(client, world, twice):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    client.get(file_of(twice[0]))
    assert "Fusionner" not in text_of(client)
    assert client.get(f"{file_of(twice[0])}/fusionner").status_code == 403


# --- The search of people, and where a family lived -------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["benali", "Nadia", "delmas", "06 12 34 56 78", "1234567", "benoit", "BENOÎT", "d'arc"]
)
def test_the_search_knows_everybody_around_a_family(client, administrator, world, typed):
    household = world.household("Benoît-D’Arc", beneficiary_number="1234567")
    world.guardian(household, "Claire", birth_name="DELMAS")
    child = world.child(household)
    world.add(
        AuthorisedPerson(child_id=child.id, first_name="Nadia", last_name="BENALI", phone="06 12 34 56 78")
    )
    with world.app.app_context(), write_transaction() as session:
        name_index.rewrite(session, [household.id])
    client.get("/gestion/familles", query_string={"q": typed})
    assert [cell.get_text() for cell in client.page.select("tbody th")] == ["Benoît-D’Arc"]


def test_the_file_says_where_the_family_lived(client, administrator, world):
    household = world.household(address="12 rue Nationale", address_since=date(2025, 9, 1))
    client.submit(
        f"{file_of(household)}/modifier", {"address": "3 rue Neuve", "channel": "phone"}, follow=True
    )
    assert "1 ancienne adresse" in text_of(client)
    assert "12 rue Nationale, 46000 Cahors" in text_of(client)
    assert "au lundi 11 janvier 2027" in text_of(client)
