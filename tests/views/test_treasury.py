"""The file of confirmations as an agent sends and reads it (R47, S111)."""

import io
from datetime import date

import pytest

from domain.enums import InvoiceState, StaffRole
from models import Invoice, TreasuryImport
from tests.school_family import words
from tests.statements import recorded

PAGE = "/gestion/facturation/tresor"
JANUARY = date(2027, 1, 1)


@pytest.fixture
def bill(world):
    lines = [{"label": "Repas du 4 janvier", "amount_cents": 4320}]
    return world.invoice(world.regie(), world.household(), JANUARY, lines)


@pytest.fixture
def agent(client, world):
    client.sign_in(world.staff(StaffRole.RECEPTION))
    return client


def send(agent, *lines, name="janvier.csv"):
    """Send a file; the address of its dry run."""
    text = "\n".join(["Référence;Montant;Date", *lines])
    answer = agent.submit(PAGE, {"file": (io.BytesIO(text.encode("cp1252")), name)}, follow=True)
    return answer.request.full_path


def take(agent, preview):
    """Confirm the dry run on this page."""
    return agent.submit(preview, form="form[action$='/confirmer']", follow=True)


def test_a_file_is_verified_then_taken(agent, world, bill):
    preview = send(agent, f"{bill.reference};43,20;12/01/2027", "INCONNUE;5;12/01/2027")
    said = words(agent.page.main)
    assert "2 lignes lues Acceptées 1, 43,20 € Rejetées 1" in said
    assert "Ligne 3 INCONNUE 5 12/01/2027 Aucune facture n’a cette référence." in said
    assert f"Ligne 2 {bill.reference} 43,20 12/01/2027 Solde la facture." in said
    assert world.one(Invoice).state is InvoiceState.UNSETTLED
    take(agent, preview)
    said = words(agent.page.main)
    assert "janvier.csv" in said
    assert "Acceptée Solde la facture." in said
    assert "Rejetée Aucune facture n’a cette référence." in said
    assert world.one(Invoice).state is InvoiceState.SETTLED
    made = world.one(TreasuryImport)
    rejected = agent.get(f"{PAGE}/{made.id}/rejets")
    assert rejected.headers["Content-Disposition"] == f'attachment; filename="rejets-{made.id}.csv"'
    assert "INCONNUE;5;12/01/2027" in rejected.data.decode("utf-8-sig")
    agent.get(PAGE)
    assert "janvier.csv" in words(agent.page.main)


def test_the_same_file_again_is_told(agent, world, bill):
    line = f"{bill.reference};20;12/01/2027"
    take(agent, send(agent, line))
    send(agent, line, name="encore.csv")
    assert "Ce fichier a déjà été pris par Agnès MARTIN, mardi 12 janvier 2027" in words(agent.page)
    assert len(world.all(TreasuryImport)) == 1


def test_a_file_of_rejected_lines_alone_is_not_taken(agent, world, bill):
    send(agent, "INCONNUE;5;12/01/2027")
    assert "Aucune ligne ne peut être enregistrée" in words(agent.page.main)
    assert "Enregistrer les confirmations" not in words(agent.page.main)


def test_what_a_cut_left_goes_on(agent, world, bill):
    made = world.treasury_import(f"{bill.reference};43,20;12/01/2027", reason="")
    page = f"{PAGE}/{made.id}"
    agent.get(page)
    assert "Acceptées 0 Rejetées 0 En attente 1" in words(agent.page.main)
    agent.submit(page, form="form[action$='/continuer']", follow=True)
    assert "Acceptée Solde la facture." in words(agent.page.main)
    assert "Continuer" not in words(agent.page.main)
    assert world.one(Invoice).state is InvoiceState.SETTLED


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Facture;Somme\nX;1\n", "La première ligne doit nommer une fois chaque colonne"),
        ("Référence;Montant;Date\n".encode(), "Ce fichier ne contient aucune ligne"),
        (b"\x00\x01", "Ce fichier ne se lit pas"),
    ],
)
def test_a_file_that_is_something_else_is_refused(agent, content, said):
    answer = agent.submit(PAGE, {"file": (io.BytesIO(content), "x.csv")})
    assert answer.status_code == 422
    assert said in words(agent.page.select_one(".field.bad"))


def test_without_a_file_the_page_says_what_to_do(agent):
    assert agent.submit(PAGE, {}).status_code == 422
    assert "Choisissez le fichier à vérifier" in words(agent.page.main)


def test_what_waits_for_the_treasury_is_a_file(agent, bill):
    content = agent.get(f"{PAGE}/a-confirmer.csv").data.decode("utf-8-sig")
    head, row = content.splitlines()
    assert head == "Référence;Montant;Date;Régie;Foyer;Échéance;Situation"
    assert row.startswith(f"{bill.reference};43,20;;Régie périscolaire;SOLIGNAC;")
    assert agent.get(f"{PAGE}/a-confirmer.xlsx").data.startswith(b"PK")


def test_a_director_does_not_read_the_files(client, world, bill):
    client.sign_in(world.staff(StaffRole.DIRECTOR, [world.facility()]))
    for page in (PAGE, f"{PAGE}/a-confirmer.csv", f"{PAGE}/verifier"):
        assert client.get(page).status_code in (403, 404)


def test_the_dry_run_costs_the_same_whatever_the_file_holds(agent, world, bill):
    def cost(*lines):
        preview = send(agent, *lines)
        with recorded() as statements:
            agent.get(preview)
        return len(statements)

    line = f"{bill.reference};1;12/01/2027"
    assert cost(line) == cost(line, *(f"X-{number};5;12/01/2027" for number in range(20)))
