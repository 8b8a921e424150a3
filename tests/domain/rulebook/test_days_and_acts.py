# ruff: noqa: E501  a rule or a question a line reads better than folded
"""An act on a closed day, on a day that is over, too early, refused, or by another channel."""

from datetime import date

import pytest

from adapters import rulebook_files
from domain.rulebook import scenario
from domain.rulebook.tree import Faults
from tests.domain.rulebook.helpers import check, read, rulebook_of

TEXT = """
faits: {prevenu_a_temps: oui_non}
activites:
  cantine:
    nom: Cantine
    ouverture: {jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}
    delais:
      - actions: [reserver]
        canaux: [portail]
        etapes:
          - a_partir_de: {forme: semaine, jour: lundi, semaines_avant: 6, heure: "00:00", limite: incluse}
            jusqu_a: {forme: jours_avant, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: "09:00", limite: exclue}
            effet: libre
        ensuite: refus
      - actions: [annuler]
        canaux: tous
        etapes: []
        ensuite: {effet: supplement, supplements: [tardif]}
    tarif:
      prix: 4
      ajustements:
        - {nom: tardif, si: delai, operation: ajouter, valeur: 1, portee: unite}
        - {nom: sans_reservation, si: {etat: non_reserve}, operation: fixer, valeur: 10, portee: unite}
      arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
    absences: [{nom: due, si: toujours, du: tout}]
"""


def test_nothing_is_done_priced_or_billed_on_a_closed_day():
    book = rulebook_of(TEXT)
    closed = "Cantine n’est pas ouvert le mardi 20 octobre 2026 (vacances scolaires)."
    check(
        book,
        f"""
        - {{nom: réserver, question: permis, activite: cantine, action: reserver, canal: portail, jour: 2026-10-20, a: 2026-10-01 10:00, attendu: {{permis: non, effet: refus, ouvre: null}}}}
        - {{nom: limite, question: limite, activite: cantine, action: annuler, jour: 2026-10-20, attendu: {{probleme: {closed}}}}}
        - {{nom: prix, question: prix, activite: cantine, jour: 2026-10-20, attendu: {{probleme: {closed}}}}}
        - {{nom: absence, question: absence, activite: cantine, jours: [2026-10-16, 2026-10-20], attendu: {{probleme: {closed}}}}}
        - {{nom: facture, question: facture, presences: [{{activite: cantine, jours: [2026-10-20]}}], attendu: {{probleme: {closed}}}}}
        - {{nom: absence facturée, question: facture, absences: [{{activite: cantine, jours: [2026-10-20]}}], attendu: {{probleme: {closed}}}}}
        - {{nom: ouvert, question: prix, activite: cantine, jour: 2026-10-16, attendu: {{prix: 4}}}}
        """,
    )


@pytest.mark.parametrize(
    ("opening", "day", "why"),
    [
        ("jours: [lundi], ecole: oui, vacances: non, feries: non", "2026-09-15", "pas le mardi"),
        ("jours: [mercredi], ecole: oui, vacances: non, feries: non", "2026-11-11", "jour férié"),
        ("jours: [mercredi], ecole: non, vacances: oui, feries: non", "2026-09-16", "hors vacances scolaires"),
        ("jours: [lundi], ecole: oui, vacances: non, feries: non, fermetures: [2026-09-14]", "2026-09-14", "fermeture"),
        ("jours: [lundi], ecole: oui, vacances: non, feries: non, periodes: [hiver]", "2026-09-14", "hors de ses périodes"),
    ],
)  # fmt: skip
def test_a_closed_day_says_why(opening, day, why):
    header = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: metropole, vacances: zone_b, periodes: {hiver: {du: 2027-01-01, au: 2027-03-01}}}\n"
    book = rulebook_of(f"activites: {{c: {{nom: C, ouverture: {{{opening}}}}}}}", header)
    assert book.activities["c"].opening.why_closed(date.fromisoformat(day)) == why
    check(book, f"- {{question: ouverture, activite: c, jour: {day}, attendu: {{ouvert: non}}}}")


def test_a_day_that_is_over_is_refused_whatever_the_rule():
    check(
        rulebook_of(TEXT),
        """
        - {nom: le soir, question: permis, activite: cantine, action: annuler, jour: 2026-09-18, a: 2026-09-18 23:59, attendu: {permis: oui, effet: supplement}}
        - {nom: le lendemain, question: permis, activite: cantine, action: annuler, jour: 2026-09-18, a: 2026-09-19 00:00, attendu: {permis: non, effet: refus, supplements: []}}
        """,
    )


def test_too_early_says_when_it_opens_and_a_limit_says_its_start():
    check(
        rulebook_of(TEXT),
        """
        - {nom: trop tôt, question: permis, activite: cantine, action: reserver, canal: portail, jour: 2026-11-24, a: 2026-10-11 23:59, attendu: {permis: non, ouvre: 2026-10-12 00:00}}
        - {nom: ouvert, question: permis, activite: cantine, action: reserver, canal: portail, jour: 2026-11-24, a: 2026-10-11 24:00, attendu: {permis: oui, ouvre: null}}
        - {nom: tard, question: permis, activite: cantine, action: reserver, canal: portail, jour: 2026-11-24, a: 2026-11-23 09:00, attendu: {permis: non, ouvre: null}}
        - {nom: limite, question: limite, activite: cantine, action: reserver, canal: portail, jour: 2026-11-24, attendu: {limite: 2026-11-23 09:00, en_clair: "à partir du lundi 12 octobre, avant le lundi 23 novembre, 9 h", etapes: [{a_partir_de: 2026-10-11 24:00}]}}
        """,
    )


def test_a_refused_booking_has_no_price_and_a_presence_without_booking_has_its_own():
    late = "reserve_le: 2026-11-23 09:00, canal: portail"
    refused = "activites.cantine.delais[1] : cette réservation est refusée ; une présence venue sans réservation est « etat: non_reserve », sans « reserve_le »."
    check(
        rulebook_of(TEXT),
        f"""
        - {{nom: refusée, question: prix, activite: cantine, jour: 2026-11-24, {late}, attendu: {{probleme: "{refused}"}}}}
        - {{nom: facture, question: facture, presences: [{{activite: cantine, jours: [2026-11-24], {late}}}], attendu: {{probleme: "{refused}"}}}}
        - {{nom: sans, question: prix, activite: cantine, jour: 2026-11-24, faits: {{etat: non_reserve}}, attendu: {{prix: 10}}}}
        - {{nom: les deux, question: prix, activite: cantine, jour: 2026-11-24, reserve_le: 2026-11-20 09:00, canal: portail, faits: {{etat: non_reserve}}, attendu: {{probleme: "Une présence « non_reserve » n’a pas de « reserve_le »."}}}}
        """,
    )


def test_an_action_written_for_some_channels_only_is_a_warning():
    _, faults = read(TEXT)
    assert [fault.message for fault in faults.warnings if "canal" in fault.message] == [
        "« reserver » n’est écrit que pour portail : par un autre canal, le règlement ne répond pas (« canaux: tous » le ferait)."
    ]


def test_a_comma_in_a_sentence_without_quotes_is_explained():
    faults, book = Faults(), rulebook_of(TEXT)
    text = "questions:\n - {nom: 567,5, question: prix, activite: cantine}\n"
    assert scenario.read(rulebook_files.parse(text, faults), book, faults) is None
    (fault,) = faults.errors
    assert "clé inconnue" in str(fault)
    assert "attendu" in str(fault)
    assert "une phrase qui a une virgule, des guillemets" in str(fault)


def test_the_almanac_remembers_where_its_holidays_come_from():
    book = rulebook_of("activites: {c: {nom: C}}")
    assert (book.almanac.school_zone, book.almanac.holiday_variant) == ("B", "metropole")
    listed = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [2026-11-11], vacances: []}\n"
    book = rulebook_of("activites: {c: {nom: C}}", listed)
    assert (book.almanac.school_zone, book.almanac.holiday_variant) == ("", "")
