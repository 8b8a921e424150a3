# ruff: noqa: E501  a rule or a question a line reads better than folded
"""The forms of limits that no studied règlement shows alone, and how they combine."""

import pytest

from tests.domain.rulebook.helpers import HEADER, ask, check, rulebook_of

ALL_DAYS = "{base: tous, sans_feries: non, sans_vacances: non}"
SCHOOL = "{base: ecole, sans_feries: oui, sans_vacances: oui}"
CALENDAR = """\
reglement: {nom: Essai}
calendrier:
  jours_d_ecole: [lundi, mardi, jeudi, vendredi]
  jours_feries: metropole
  vacances: zone_b
  mairie_ouverte: [lundi, mardi, mercredi, vendredi]
  mairie_fermee: [2026-09-15]
  periodes: {automne: {du: 2026-10-19, au: 2026-10-30}}
"""


def limit_of(cutoff, day, header=CALENDAR):
    book = rulebook_of(
        f"""
activites:
  cantine:
    nom: Cantine
    ouverture: {{jours: [lundi, mercredi, vendredi], ecole: oui, vacances: oui, feries: oui}}
    delais:
      - actions: [reserver]
        canaux: tous
        etapes: [{{jusqu_a: {cutoff}, effet: libre}}]
        ensuite: refus
""",
        header,
    )
    (found,) = ask(book, f"- {{question: limite, activite: cantine, action: reserver, jour: {day}}}")
    return found.problem or found.answer["limite"]


@pytest.mark.parametrize(
    ("cutoff", "day", "limit"),
    [
        ("{forme: jours_avant, jours: 2, compte: {base: ouverture, sans_feries: oui, sans_vacances: non}, francs: non, heure: '10:00', limite: incluse}", "2026-09-18", "2026-09-14 10:00"),
        ("{forme: jours_avant, jours: 2, compte: {base: mairie, sans_feries: non, sans_vacances: non}, francs: non, heure: '10:00', limite: incluse}", "2026-09-18", "2026-09-14 10:00"),
        ("{forme: jours_avant, jours: 1, compte: {base: lundi_samedi, sans_feries: non, sans_vacances: non}, francs: non, heure: '24:00', limite: incluse}", "2026-09-14", "2026-09-13 00:00"),
        ("{forme: jours_avant, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non, jours: [mardi]}, francs: non, heure: '10:00', limite: incluse}", "2026-09-18", "2026-09-15 10:00"),
        ("{forme: jours_avant, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non, fermetures: [2026-09-17]}, francs: non, heure: '10:00', limite: incluse}", "2026-09-18", "2026-09-16 10:00"),
        ("{forme: heures_avant, heures: 48, heure_de_reference: '12:00', compte: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non}, limite: incluse}", "2026-09-14", "2026-09-10 12:00"),
        ("{forme: mois, le: 31, mois_avant: 1, heure: '18:00', limite: incluse}", "2027-03-12", "2027-02-28 18:00"),
        ("{forme: mois, le: 31, mois_avant: 1, heure: '18:00', limite: incluse}", "2028-03-10", "2028-02-29 18:00"),
        ("{forme: mois, le: 20, mois_avant: 1, heure: '18:00', limite: incluse}", "2027-01-08", "2026-12-20 18:00"),
        ("{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '12:00', limite: incluse}", "2027-01-01", "2026-12-24 12:00"),
        ("{forme: avant_periode, repere: debut_de_periode, jours: 15, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: oui, heure: '24:00', limite: incluse}", "2026-10-21", "2026-10-04 00:00"),
        ("{forme: avant_periode, repere: debut_du_mois, jours: 5, compte: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non}, francs: non, heure: '12:00', limite: incluse}", "2026-10-21", "2026-09-24 12:00"),
        ("{forme: avant_periode, repere: debut_de_semaine, jours: 3, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: '12:00', limite: incluse}", "2026-10-21", "2026-10-16 12:00"),
        ("{forme: date_fixe, date: 2026-09-01, heure: '12:00', limite: incluse}", "2026-10-21", "2026-09-01 12:00"),
        ("{la_plus_tot_de: [{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '12:00', limite: incluse}, {forme: mois, le: 1, mois_avant: 0, heure: '12:00', limite: exclue}]}", "2026-10-09", "2026-10-01 12:00"),
        ("{la_plus_tard_de: [{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '12:00', limite: incluse}, {forme: mois, le: 1, mois_avant: 0, heure: '12:00', limite: exclue}]}", "2026-10-21", "2026-10-15 12:00"),
        ("{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '12:00', limite: incluse, si_ferme: jour_precedent, jours_ouverts: {base: mairie, sans_feries: oui, sans_vacances: non}}", "2026-09-21", "2026-09-16 12:00"),
        ("{forme: mois, le: 20, mois_avant: 1, heure: '00:00', limite: exclue, si_ferme: jour_precedent, jours_ouverts: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non}}", "2027-10-08", "2027-09-20 00:00"),
        ("{forme: mois, le: 20, mois_avant: 1, heure: '24:00', limite: incluse, si_ferme: jour_precedent, jours_ouverts: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non}}", "2027-07-09", "2027-06-19 00:00"),
        ("{la_plus_tot_de: [{forme: date_fixe, date: 2026-09-20, heure: '12:00', limite: incluse}, toujours], si_ferme: garder}", "2026-09-21", "2026-09-20 12:00"),
        ("{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '12:00', limite: incluse, si_ferme: jour_suivant, jours_ouverts: {base: mairie, sans_feries: oui, sans_vacances: non}}", "2026-09-21", "2026-09-18 12:00"),
        ("{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '24:00', limite: incluse, si_ferme: jour_precedent, jours_ouverts: {base: mairie, sans_feries: oui, sans_vacances: non}}", "2026-09-21", "2026-09-17 00:00"),
        ("{forme: semaine, jour: jeudi, semaines_avant: 1, heure: '12:00', limite: incluse, si_ferme: jour_suivant, jours_ouverts: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non, jours: [dimanche]}}", "2026-09-21", "Le calendrier ne suffit pas à compter 1 jour(s) à partir du 2026-09-17."),
        ("{forme: jours_avant, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: '12:00', limite: incluse, sauf: [{quand: {retour_de_vacances: oui}, limite: {forme: jours_avant, jours: 1, compte: {base: ecole, sans_feries: oui, sans_vacances: oui}, francs: non, heure: '09:00', limite: exclue}}]}", "2026-11-02", "2026-10-16 09:00"),
        ("{forme: avant_periode, repere: debut_de_periode, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: '12:00', limite: incluse}", "2026-09-21", "activites.cantine.delais[1].etapes[1].jusqu_a\xa0: le calendrier n’a pas de période ou de vacances pour ce jour."),
    ],
)  # fmt: skip
def test_limit(cutoff, day, limit):
    assert limit_of(cutoff, day) == limit


def test_always_and_never():
    assert limit_of("toujours", "2026-09-21") is None
    assert limit_of("jamais", "2026-09-21") is None


def test_the_version_of_a_limit_is_that_of_the_act_and_of_a_price_that_of_the_service():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            delais:
              versions:
                - {nom: avant, du: 2026-01-01, au: 2026-09-30, regle: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: date_fixe, date: 2026-10-05, heure: "12:00", limite: incluse}, effet: libre}], ensuite: refus}]}
                - {nom: après, du: 2026-10-01, regle: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: jamais, effet: libre}], ensuite: refus}]}
            tarif:
              versions:
                - {nom: avant, du: 2026-01-01, au: 2026-09-30, regle: {prix: 3, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}}
                - {nom: après, du: 2026-10-01, regle: {prix: 4, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}}
        """, HEADER)  # fmt: skip
    check(book, """
        - {nom: acte en septembre, question: permis, activite: cantine, action: reserver, jour: 2026-10-06, a: 2026-09-30 12:00, attendu: {permis: oui}}
        - {nom: acte en octobre, question: permis, activite: cantine, action: reserver, jour: 2026-10-06, a: 2026-10-01 12:00, attendu: {permis: non}}
        - {nom: service en septembre, question: prix, activite: cantine, jour: 2026-09-30, attendu: {prix: 3}}
        - {nom: service en octobre, question: prix, activite: cantine, jour: 2026-10-01, attendu: {prix: 4}}
        - {nom: la facture nomme la version de chaque ligne, question: facture, presences: [{activite: cantine, jours: [2026-09-30, 2026-10-01]}], attendu: {total: 7, lignes: [{version: avant, montant: 3}, {version: après, montant: 4}]}}
        - {nom: avant toute version, question: prix, activite: cantine, jour: 2025-10-01, attendu: {probleme: "activites.cantine.tarif : aucune version en vigueur le mercredi 1er octobre 2025."}}
        """)  # fmt: skip


def test_named_values_and_totals_have_versions_of_the_service_day():
    book = rulebook_of("""
        faits: {depot: date}
        montants:
          plein:
            versions:
              - {nom: ancien, du: 2025-09-01, au: 2026-08-31, regle: 4}
              - {nom: nouveau, du: 2026-09-01, regle: {valeur: 4.125, arrondi: {au: 0.01, vers: plus_proche}}}
        conditions:
          ouvert:
            versions:
              - {nom: ancien, du: 2025-09-01, au: 2026-08-31, regle: {si: {mois: 6}, sinon: En juin.}}
              - {nom: nouveau, du: 2026-09-01, regle: {si: {mois: 9}, sinon: En septembre.}}
        dates:
          effet:
            versions:
              - {nom: ancien, du: 2025-09-01, au: 2026-08-31, regle: {depuis: depot, jours: 1}}
              - {nom: nouveau, du: 2026-09-01, regle: {depuis: depot, jours: 2}}
        activites:
          cantine:
            nom: Cantine
            tarif: {prix: plein, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}
        cumuls:
          - versions:
              - nom: sans plafond avant 2026
                du: 2026-09-01
                regle: {nom: plafond, periode: annee_civile, par: famille, activites: [cantine], effet: plafond, valeur: 5, arrondi: {au: 0.01, vers: plus_proche}}
        """)  # fmt: skip
    check(
        book,
        """
        - {nom: avant, question: prix, activite: cantine, jour: 2026-08-31, attendu: {prix: 4.00}}
        - {nom: après, question: prix, activite: cantine, jour: 2026-09-01, attendu: {prix: 4.13, provisoire: oui}}
        - {nom: sans jour, question: prix, activite: cantine, attendu: {fait_manquant: jour}}
        - {nom: phrase, question: fait, fait: ouvert, jour: 2026-10-01, attendu: {valeur: non, message: En septembre.}}
        - {nom: à l’acte, question: fait, fait: ouvert, a: 2026-06-30 23:59, faits: {mois: 6}, attendu: {valeur: oui}}
        - {nom: date, question: fait, fait: effet, jour: 2026-09-01, faits: {depot: 2026-08-31}, attendu: {valeur: 2026-09-02}}
        - {nom: plafond, question: facture, presences: [{activite: cantine, jours: [2026-08-31, 2026-09-01, 2026-09-02]}], attendu: {total: 9.00}}
        """,
    )  # fmt: skip


def test_a_moment_is_read_on_the_clock_of_paris():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            delais:
              versions:
                - nom: ancien
                  du: 2025-09-01
                  au: 2026-08-31
                  regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: refus}]
                - nom: nouveau
                  du: 2026-09-01
                  regle: [{actions: [reserver], canaux: tous, etapes: [], ensuite: {effet: supplement, supplements: [retard]}}]
            tarif:
              prix: 3
              ajustements: [{nom: retard, si: delai, operation: ajouter, valeur: 1, portee: unite}]
              arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
            absences:
              - {nom: carence, si: toujours, prevenu: {jusqu_a: toujours, repere: premier_jour}, du: {de: 1, a: 1, unite: jours_calendaires, depuis_prevenance: oui}}
              - {nom: reste, si: toujours, du: tout}
        """)  # fmt: skip
    check(
        book,
        """
        - {nom: version, question: prix, activite: cantine, jour: 2026-09-10, reserve_le: 2026-09-01 00:30, attendu: {prix: 4.00}}
        - {nom: prévenu, question: absence, activite: cantine, jours: [2026-09-01, 2026-09-02], prevenu: 2026-09-01 00:30, attendu: {dus: [2026-09-01]}}
        """,
    )  # fmt: skip


def test_an_absence_may_count_the_days_of_the_activity():
    book = rulebook_of("""
        activites:
          cantine:
            nom: Cantine
            ouverture: {jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}
            absences:
              - nom: trois jours d’ouverture
                si: toujours
                duree: {au_moins: 3, unite: jours_comptes, compte: {base: ouverture, sans_feries: oui, sans_vacances: oui}}
                justificatif: {sous: 2, unite: jours_comptes, depuis: dernier_jour, heure: "00:00", compte: {base: ouverture, sans_feries: oui, sans_vacances: oui}}
                du: rien
              - {nom: reste, si: toujours, du: tout}
        """)  # fmt: skip
    check(
        book,
        """
        - {nom: trois, question: absence, activite: cantine, jours: [2026-09-07, 2026-09-10], justificatif: 2026-09-14 23:59, attendu: {nombre_du: 0}}
        - {nom: tard, question: absence, activite: cantine, jours: [2026-09-07, 2026-09-10], justificatif: 2026-09-15 00:01, attendu: {nombre_du: 2}}
        - {nom: deux, question: absence, activite: cantine, jours: [2026-09-08, 2026-09-10], justificatif: 2026-09-14 23:59, attendu: {nombre_du: 2}}
        """,
    )  # fmt: skip


def test_an_age_in_completed_years():
    book = rulebook_of("""
        faits: {naissance: date}
        montants: {age: "annees_revolues(naissance, date)"}
        activites: {cantine: {nom: Cantine}}
        """)
    check(book, """
        - {nom: veille, question: fait, fait: age, jour: 2026-09-14, faits: {naissance: 2020-09-15}, attendu: {valeur: 5}}
        - {nom: jour, question: fait, fait: age, jour: 2026-09-15, faits: {naissance: 2020-09-15}, attendu: {valeur: 6}}
        """)  # fmt: skip
