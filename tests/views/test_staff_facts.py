"""What only the service can tell of a family, on its file, and the price that depends on it."""

from datetime import date

import pytest

from domain.enums import StaffRole
from models import RuleFact
from tests import rulebook_texts as written
from tests.booking_bench import MONDAY, Bench


@pytest.fixture
def bench(world):
    return Bench(world)


@pytest.fixture
def basket(bench):
    """A presence type whose price depends on a fact that the portal does not know."""
    bench.world.rulebook["faits"] |= {
        "agent": {"type": "oui_non", "nom": "agent de la commune"},
        "statut": ["titulaire", "vacataire_ou_autre"],
    }
    price = written.table(
        {"agent": "oui", "statut": "titulaire", "valeur": "1.00"},
        {"agent": "oui", "statut": "vacataire_ou_autre", "valeur": "2.00"},
        {"agent": "non", "statut": "tous", "valeur": "3.00"},
    )
    return bench.world.presence_type(bench.canteen.activity, "Panier", price=price)


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def page_of(bench) -> str:
    return f"/gestion/familles/{bench.home.id}"


def test_the_file_shows_what_the_reglement_asks_and_nothing_else(bench, basket, client):
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    client.get(page_of(bench))
    said = words(client.page.find(id="informations"))
    assert "Agent de la commune non renseigné" in said
    assert "Statut non renseigné" in said
    assert "Formule" not in said
    assert "Le foyer" in said
    assert "Léo" in said


def test_a_reglement_that_asks_nothing_shows_nothing(bench, client):
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    client.get(page_of(bench))
    assert client.page.find(id="informations") is None


def test_a_price_waits_for_the_fact_and_comes_with_it(bench, basket, client):
    key = bench.start()
    bench.touch(key, MONDAY, type_id=basket.id)
    client.sign_in(bench.claire)
    client.get(f"/reservations/{key}/recapitulatif")
    said = words(client.page.main)
    assert "prix à confirmer" in said
    assert "Il manque une information au dossier pour répondre : « agent de la commune »." in said

    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    form = f"{page_of(bench)}/informations/agent"
    client.submit(form, {"value": "non", "valid_from": "2027-01-12", "channel": "phone"}, form=form)
    client.get(page_of(bench))
    assert "Agent de la commune non depuis le 12/01/2027" in words(client.page.find(id="informations"))
    assert "Information pour le règlement" in words(client.page.main)

    client.sign_in(bench.claire)
    client.get(f"/reservations/{key}/recapitulatif")
    assert "3,00 €" in words(client.page.main)


def test_a_fact_of_one_child(bench, basket, client):
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    form = f"{page_of(bench)}/informations/statut?enfant={bench.leo.id}"
    client.submit(form, {"value": "vacataire_ou_autre", "channel": "phone"}, form=form)
    row = bench.world.one(RuleFact)
    assert (row.child_id, row.value, row.valid_from) == (
        bench.leo.id,
        "vacataire_ou_autre",
        date(2027, 1, 12),
    )


def test_a_choice_must_be_made(bench, basket, client):
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    form = f"{page_of(bench)}/informations/agent"
    answer = client.submit(form, {"channel": "phone"}, form=form)
    assert answer.status_code == 422
    assert bench.world.all(RuleFact) == []


def test_a_number_is_checked_and_what_was_typed_stays(bench, client):
    bench.world.rulebook["faits"]["parts"] = "nombre"
    price = written.table(
        {"parts": {"a": "2"}, "valeur": "1.00"}, {"parts": {"plus_de": "2"}, "valeur": "2.00"}
    )
    bench.world.presence_type(bench.canteen.activity, "Panier", price=price)
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    form = f"{page_of(bench)}/informations/parts"
    answer = client.submit(form, {"value": "deux", "channel": "phone"}, form=form)
    assert answer.status_code == 422
    assert client.page.find("input", {"name": "value"})["value"] == "deux"
    client.submit(form, {"value": "2,5", "channel": "phone"}, form=form)
    assert bench.world.one(RuleFact).value == "2.5"


def test_an_unknown_fact_is_not_found(bench, basket, client):
    client.sign_in(bench.world.staff(StaffRole.RECEPTION))
    assert client.get(f"{page_of(bench)}/informations/inconnu").status_code == 404
