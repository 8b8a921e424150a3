"""What an absence leaves on the bill, with the règlements of real towns (P12, R23)."""

from datetime import date, datetime
from pathlib import Path

import pytest

from adapters import rulebook_files
from domain.enums import AbsenceKind
from domain.rulebook import rulebook
from domain.rulebook.missed_days import Booked, Missed, as_proved, causes, left_due
from domain.rulebook.tree import Faults
from tests.domain.rulebook.helpers import plain, rulebook_of

CASES = Path(__file__).parents[2] / "cases"
MONDAY, TUESDAY, THURSDAY, FRIDAY = (date(2026, 9, day) for day in (14, 15, 17, 18))
WEEK = (MONDAY, TUESDAY, THURSDAY, FRIDAY)
SICK = "maladie"


def town(name):
    text = (CASES / f"C-{name}.reglement.yaml").read_text(encoding="utf-8")
    return rulebook.read(rulebook_files.parse(text, Faults()), rulebook_files, Faults())


def at(day, clock="08:00"):
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}+02:00")


def ask(book, day=MONDAY, *, days=WEEK, cents=320, when_due=None, **missed):
    asked = Missed(day, days, **{"told": at(MONDAY)} | missed)
    return left_due(book, "cantine", asked, {}, Booked(cents, when_due or (lambda extras: cents)))


def due(book, *days, **asked):
    return [ask(book, day, **asked).cents for day in days or WEEK]


def said(found):
    return plain(" ".join(found.explanation))


def test_without_absence_rules_the_price_stays_due():
    book = rulebook_of("activites: {cantine: {nom: Cantine}}")
    found = ask(book)
    assert found.cents == 320
    assert said(found) == "Le règlement ne prévoit pas de remise en cas d’absence : 3,20 € restent dus."


def test_a_certificate_within_48_hours_waives_the_days_of_illness():
    book = town("le-cres")
    assert due(book, cause=SICK) == [320] * 4
    assert due(book, cause=SICK, proved_at=at(TUESDAY, "23:59")) == [0] * 4
    assert due(book, cause=SICK, proved_at=at(date(2026, 9, 16), "00:01")) == [320] * 4
    assert due(book, proved_at=at(MONDAY)) == [320] * 4


def test_until_when_the_certificate_counts_is_said():
    asked = Missed(MONDAY, WEEK, at(MONDAY))
    found = left_due(
        town("le-cres"),
        "cantine",
        as_proved(asked, AbsenceKind.MEDICAL, at(MONDAY)),
        {},
        Booked(320, lambda extras: 320),
    )
    assert (found.cents, plain(found.proof_until)) == (0, "jusqu’au mardi 15 septembre inclus")
    assert said(found) == "Maladie justifiée sous 48 h : rien n’est dû."


def test_a_strike_leaves_nothing_due_and_a_trip_what_the_town_says():
    book = town("le-cres")
    assert due(book, MONDAY, cause="greve") == [0]
    assert due(book, MONDAY, cause="sortie_scolaire") == [320]
    assert due(town("mauleon"), MONDAY, cause="voyage_scolaire") == [0]


def test_the_first_day_of_an_illness_stays_due_and_the_others_are_deducted():
    book = town("saint-lager")
    assert due(book, cause=SICK) == [320, 0, 0, 0]
    assert said(ask(book, MONDAY, cause=SICK)) == (
        "Maladie : 1er jour réservé de l’absence, 3,20 € restent dus."
    )
    assert said(ask(book, TUESDAY, cause=SICK)) == (
        "Maladie : 2e jour réservé de l’absence, rien n’est dû."
        " Ce qui n’est pas dû est déduit de la facture, le mois suivant."
    )


def test_two_waiting_days_once_the_early_certificate_is_missed():
    book = town("saint-exupery--depuis-0-h")
    assert due(book, cause=SICK, proved_at=at(date(2026, 9, 16))) == [0] * 4
    assert due(book, cause=SICK, proved_at=at(FRIDAY)) == [320, 320, 0, 0]
    assert due(book, cause=SICK) == [320] * 4


def test_the_days_due_since_the_family_told():
    book = town("lamagistere")
    assert due(book) == [320] * 4
    assert due(book, proved_at=at(MONDAY)) == [320, 320, 0, 0]


def test_telling_before_the_hour_of_each_day():
    book = town("mauleon")
    assert due(book, MONDAY, TUESDAY, cause=SICK, told=at(MONDAY, "08:14")) == [0, 0]
    assert due(book, MONDAY, TUESDAY, cause=SICK, told=at(MONDAY, "08:15")) == [320, 0]


def test_a_long_absence_with_a_certificate():
    """Four school days at least; a closing of the school is another cause."""
    book = town("saint-leu")
    assert due(book, cause=SICK, proved_at=at(MONDAY)) == [0] * 4
    assert due(book, MONDAY, days=WEEK[:3], cause=SICK, proved_at=at(MONDAY)) == [320]
    assert due(book, MONDAY, days=(MONDAY,), cause="fermeture") == [0]


@pytest.mark.parametrize(("kind", "cents"), [(AbsenceKind.MEDICAL, 0), (AbsenceKind.PARENT_WORK, 320)])
def test_the_kind_of_the_proof_is_the_cause(kind, cents):
    asked = as_proved(Missed(MONDAY, WEEK, at(MONDAY)), kind, at(MONDAY))
    found = left_due(town("le-cres"), "cantine", asked, {}, Booked(320, lambda extras: 320))
    assert found.cents == cents


def test_a_due_day_with_an_adjustment_costs_what_the_tariff_says():
    book = rulebook_of("""
faits: {cause: [maladie, autre]}
activites:
  cantine:
    nom: Cantine
    tarif:
      prix: 3.20
      ajustements: [{nom: plein_tarif, si: delai, operation: fixer, valeur: 8, portee: unite}]
      arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
    absences:
      - {nom: absence injustifiée, si: toujours, du: tout, supplements: [plein_tarif]}
""")
    found = ask(book, when_due=lambda extras: 800 if extras == ("plein_tarif",) else 320)
    assert said(found) == "Absence injustifiée : 8,00 € restent dus. Avec plein tarif."


def test_a_flat_fee_gives_an_amount_back():
    book = rulebook_of("""
activites:
  cantine:
    nom: Cantine
    absences:
      - nom: repas rendu
        si: toujours
        du: {de: 2, a: null, unite: jours_reserves}
        remboursement: {forme: avoir, mois_plus_tard: 0, montant: 3.85}
      - {nom: dû, si: toujours, du: tout}
""")
    found = ask(book, cents=0)
    assert found.cents == -385
    assert "3,85 € vous sont rendus" in said(found)


def test_a_fact_that_nobody_gives_is_said_never_guessed():
    book = rulebook_of("""
faits: {fratrie: oui_non}
activites:
  cantine:
    nom: Cantine
    absences:
      - {nom: fratrie, si: {fratrie: oui}, du: rien}
      - {nom: dû, si: toujours, du: tout}
""")
    found = ask(book)
    assert found.cents is None
    assert "Il manque une information au dossier" in said(found)


def test_a_price_that_is_not_known_stays_unknown_and_nothing_stays_nothing():
    assert ask(town("le-cres"), cents=None).cents is None
    assert ask(town("le-cres"), cents=None, cause="greve").cents == 0


def test_the_causes_that_a_town_names():
    assert causes(town("le-cres"))[:2] == (SICK, "greve")
    assert causes(town("lamagistere")) == ()
