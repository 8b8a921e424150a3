"""Money at a glance on a page: table, plot and files say the same (S58)."""

import csv
import io
from datetime import date

import pytest

from tests.school_family import words
from tests.statements import at_most

HOME = "/gestion/facturation/tableau"


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff())
    return client


@pytest.fixture
def bills(world):
    """Two months of the school year; that of December is late."""
    world.regie()
    regie, home = world.regie("Régie enfance"), world.household()
    lines = [{"label": "Repas", "amount_cents": 4550}]
    world.invoice(regie, home, date(2026, 12, 1), lines, due_day=date(2027, 1, 11))
    world.invoice(regie, home, date(2027, 1, 1), [*lines, *lines])
    return regie


def test_the_page_shows_the_plot_and_the_tables(agent, bills):
    with at_most(8):
        agent.get(HOME)
    plot = agent.page.main.select_one("svg.plot")
    assert "Janvier 2027, 91,00 €" in words(plot.desc)
    assert [(part["fill"], part["width"]) for part in plot.select("rect")] == [
        ("url(#motif-late)", "50.0%"),
        ("url(#motif-waiting)", "100.0%"),
    ]
    assert agent.page.main.select_one("pattern#motif-late")
    rows = [words(row) for row in agent.page.main.select("[aria-labelledby=mois] tbody tr")]
    assert rows == [
        "Décembre 2026 45,50 € – – – – – – 45,50 €",
        "Janvier 2027 91,00 € – – – – – 91,00 € –",
        "Total 136,50 € – – – – – 91,00 € 45,50 €",
    ]


def test_the_files_hold_the_same_rows(agent, bills):
    agent.get(HOME)
    for name in ("mois", "activites"):
        address = agent.page.main.select_one(f"a[href*='{name}.csv']")["href"]
        text = agent.get(address).get_data().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        assert (rows[-1]["Facturé"], rows[-1]["En retard"]) == ("136,50", "45,50")
        agent.get(HOME)


def test_a_regie_and_a_year_are_chosen(agent, bills):
    agent.get(f"{HOME}?annee=2025")
    assert "Rien n’a été facturé" in words(agent.page.main)
    agent.get(f"{HOME}?regie={bills.id}")
    assert "136,50 €" in words(agent.page.main)
    assert agent.get(f"{HOME}?regie=999").status_code == 404
    assert agent.get(f"{HOME}/jours.csv").status_code == 404
