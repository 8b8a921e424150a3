"""The page of the exports: what there is, what lacks, the files (R47)."""

from datetime import date

import pytest

from tests.school_family import words
from tests.statements import at_most

HOME = "/gestion/facturation/exports"


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff())
    return client


def test_what_lacks_is_told_before_the_files(agent, world):
    regie = world.regie(collectivity_code="401")
    for name in ("SOLIGNAC", "MARTIN"):
        world.invoice(
            regie,
            world.household(name, postcode=""),
            date(2027, 1, 1),
            [{"label": "Repas", "amount_cents": 450}],
        )
    with at_most(14):
        agent.get(f"{HOME}?du=2027-01-31&au=2027-01-01")  # in any order
    said = words(agent.page.main)
    assert "2 factures et avoirs du vendredi 1er janvier 2027 au dimanche 31 janvier 2027, 9,00 €" in said
    assert "Foyer MARTIN : il manque un code postal de 5 chiffres." in said
    assert "il manque l’article comptable" in said
    assert agent.page.main.select_one(f"a[href$='/regies/{regie.id}']")
    link = agent.page.main.select_one("a[href*='factures.csv']")["href"]
    found = agent.get(link)
    assert found.headers["Content-Disposition"] == (
        'attachment; filename="factures-regie-periscolaire-20270101-20270131.csv"'
    )
    assert found.text.count("RP-2027-") >= 2


def test_without_a_regie_there_is_nothing_to_take(agent):
    agent.get(HOME)
    assert "Aucune régie" in words(agent.page.main)
    assert agent.get(f"{HOME}/factures.csv").status_code == 404


@pytest.mark.parametrize("address", ["autre.csv", "factures.exe", "factures.csv?regie=999"])
def test_an_unknown_table_is_not_found(agent, world, address):
    world.regie()
    assert agent.get(f"{HOME}/{address}").status_code == 404


@pytest.mark.parametrize("table", ["factures", "lignes", "debiteurs", "journal", "totaux"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_file_is_made_even_when_nothing_happened(agent, world, table, kind):
    world.regie()
    assert agent.get(f"{HOME}/{table}.{kind}").status_code == 200
