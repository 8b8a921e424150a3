"""« Absent » from the home page: two taps, and what it costs is said before (R23)."""

from datetime import date

import pytest

from domain.enums import BookingState, DocumentEffect, DocumentOwner
from models import Absence, DocumentCategory
from tests import rulebook_texts as written
from tests import statements
from tests.school_family import SchoolFamily, words

TUESDAY, THURSDAY, FRIDAY = date(2027, 1, 12), date(2027, 1, 14), date(2027, 1, 15)
MOST_STATEMENTS = 8


@pytest.fixture
def family(world):
    family = SchoolFamily(world)
    world.add(
        DocumentCategory(
            name="Justificatif d’absence", owner=DocumentOwner.CHILD, effect=DocumentEffect.ABSENCE
        )
    )
    return family


@pytest.fixture
def claire(client, family):
    client.sign_in(family.claire)
    return client


def page_of(family, day, child=None):
    return f"/absences/{(child or family.leo).id}/{day}"


def main(client):
    return words(client.page.main)


def rule(family):
    written.add_absences(family.world.rulebook, family.canteen.activity.rule_name)
    family.world.write_rulebook()


def test_the_home_page_offers_the_next_days_of_each_child(claire, family):
    family.book(family.leo, TUESDAY)
    family.book(family.leo, THURSDAY)
    family.book(family.marie, THURSDAY)
    family.book(family.marie, FRIDAY, BookingState.WAITING)
    claire.get("/accueil")
    offered = [words(link) for link in claire.page.select(".absents a")]
    assert offered == [
        "Marie ne vient pas le jeudi 14 janvier ?",
        "Léo ne vient pas aujourd’hui ?",
        "Léo ne vient pas le jeudi 14 janvier ?",
    ]


def test_what_is_still_free_is_said_and_cancelled(claire, family):
    family.book(family.leo, THURSDAY)
    claire.get(page_of(family, THURSDAY))
    assert "Annulation gratuite 3,20 € ne sont plus dus." in main(claire)
    answer = claire.submit(page_of(family, THURSDAY))
    claire.get(answer.location)
    assert "1 réservation annulée sans frais." in words(claire.page)
    assert "Aucune réservation ce jour-là" in words(claire.page)
    assert family.world.all(Absence) == []


def test_what_is_too_late_says_what_stays_due_and_what_a_certificate_changes(claire, family):
    rule(family)
    family.book(family.leo, TUESDAY)
    claire.get(page_of(family, TUESDAY))
    said = main(claire)
    assert "3,20 € restent dus" in said
    assert "Trop tard : c’était annulable jusqu’au lundi 11 janvier, 18 h." in said
    assert "Absence non justifiée : 3,20 € restent dus." in said
    assert "Avec un certificat médical reçu jusqu’au mercredi 13 janvier inclus : rien n’est dû." in said


def test_the_agenda_says_absent_with_its_hour_and_lets_it_be_taken_back(claire, family):
    family.book(family.leo, TUESDAY)
    answer = claire.submit(page_of(family, TUESDAY))
    assert (answer.status_code, answer.location) == (303, "/planning/2027-01/jours/2027-01-12")
    claire.get(answer.location)
    said = words(claire.page.select_one("#jour"))
    assert "Absence signalée 3,20 € restent dus" in said
    assert "Signalée le mardi 12 janvier, 10 h." in said
    assert "Annuler" not in said
    proof = claire.page.find("a", string=lambda text: text and text.startswith("Envoyer un justificatif"))
    claire.get(proof["href"] if proof else claire.page.select_one("#jour a[href*=documents]")["href"])
    assert claire.page.select_one("input[name=absence_days][checked]")["value"] == TUESDAY.isoformat()
    claire.get("/accueil")
    assert "Léo ne vient pas aujourd’hui" in main(claire)
    claire.submit(answer.location, form=f"form[action='{page_of(family, TUESDAY)}/retirer']")
    assert family.world.all(Absence) == []


def test_a_booking_too_late_to_be_cancelled_leads_to_the_absence(claire, family):
    """No dead end (S101)."""
    family.book(family.leo, TUESDAY)
    claire.get("/planning/2027-01/jours/2027-01-12")
    link = claire.page.select_one(f"#jour a[href='{page_of(family, TUESDAY)}']")
    assert words(link) == "Signaler l’absence de Léo"
    family.book(family.leo, THURSDAY)
    claire.get("/planning/2027-01/jours/2027-01-14")
    assert claire.page.select_one("#jour a[href^='/absences']") is None


def test_several_days_in_one_act(claire, family):
    for day in (TUESDAY, THURSDAY, FRIDAY):
        family.book(family.leo, day)
    claire.get(f"{page_of(family, TUESDAY)}?jusqu_au=2027-01-15")
    said = main(claire)
    assert "Du mardi 12 janvier au vendredi 15 janvier" in said
    assert "jeu. 14 janv., ven. 15 janv. Annulation gratuite 6,40 € ne sont plus dus." in said


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2027-01-11", "Le dernier jour d’absence ne peut pas précéder le premier."),
        ("2027-06-30", "Déclarez 60 jours au plus à la fois"),
        ("demain", "Indiquez une date"),
    ],
)
def test_a_last_day_that_will_not_do(claire, family, until, sentence):
    family.book(family.leo, TUESDAY)
    assert claire.get(f"{page_of(family, TUESDAY)}?jusqu_au={until}").status_code == 422
    assert sentence in main(claire)


def test_a_past_day_and_a_day_without_booking(claire, family):
    assert claire.get(page_of(family, date(2027, 1, 11))).status_code == 422
    assert "Ce jour est passé" in words(claire.page)
    assert claire.get(page_of(family, date(2027, 1, 13))).status_code == 200
    assert "Rien n’est réservé ce jour-là" in main(claire)


def test_few_statements(claire, family):
    for day in (TUESDAY, THURSDAY, FRIDAY):
        for child in (family.leo, family.marie):
            family.book(child, day)
    address = f"{page_of(family, TUESDAY)}?jusqu_au=2027-01-15"
    claire.get(address)
    with statements.at_most(MOST_STATEMENTS):
        claire.get(address)


def test_the_day_sheet_tells_the_absent_child_and_does_not_feed_it(client, family):
    family.book(family.leo, TUESDAY)
    family.book(family.marie, TUESDAY)
    client.sign_in(family.claire)
    client.submit(page_of(family, TUESDAY))
    client.sign_in(family.world.staff())
    client.get(f"/gestion/structures/{family.canteen.facility.id}/consignes?jour={TUESDAY}")
    said = main(client)
    assert "Cantine, 1 enfant" in said
    (leo,) = (row for row in client.page.select("#enfants tbody tr") if "Léo" in words(row))
    assert "absent" in words(leo)
