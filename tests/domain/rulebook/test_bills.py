# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Bills that follow others, two parents, refunds under a flat fee, bills under the minimum."""

import pytest

from adapters import rulebook_files
from domain.rulebook import scenario
from domain.rulebook.questions import answer_all
from domain.rulebook.tree import Faults
from tests.domain.rulebook.helpers import ask, check, messages, plain, rulebook_of

CENT = "{au: 0.01, vers: plus_proche}"
CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"
LATE = f"""
faits: {{tardifs: entier}}
activites:
  cantine:
    nom: Cantine
    comptes: [{{nom: tardifs, parmi: presences, periode: annee_scolaire, par: enfant, toutes_activites: non, jusqu_ici: oui, si: {{reserve_hors_delai: oui}}}}]
    tarif:
      prix: 5
      ajustements: [{{nom: double, si: {{reserve_hors_delai: oui, tardifs: {{plus_de: 2}}}}, operation: multiplier, valeur: 2, portee: unite}}]
      arrondi: {CENTS}
cumuls:
  - {{nom: plafond annuel, periode: annee_scolaire, par: famille, activites: [cantine], effet: plafond, valeur: 100, arrondi: {CENT}}}
  - {{nom: adhésion, periode: annee_scolaire, par: famille, activites: [cantine], effet: ajoute, valeur: 8.50, arrondi: {CENT}}}
  - {{nom: remise, periode: annee_scolaire, par: famille, activites: [cantine], effet: multiplie, valeur: 1, arrondi: {CENT}}}
"""


def test_a_bill_goes_on_from_those_before_it():
    late = (
        "presences: [{activite: cantine, enfant: Lou, jours: [2026-10-05], faits: {reserve_hors_delai: oui}}]"
    )
    check(
        rulebook_of(LATE),
        f"""
        - {{nom: première, question: facture, {late}, attendu: {{total: 13.50}}}}
        - {{nom: troisième tardif, question: facture, {late}, deja: [{{compte: tardifs, enfant: Lou, nombre: 2}}], attendu: {{total: 18.50}}}}
        - {{nom: celui d’un autre, question: facture, {late}, deja: [{{compte: tardifs, enfant: Sam, nombre: 2}}], attendu: {{total: 13.50}}}}
        - {{nom: adhésion payée, question: facture, {late}, deja: [{{cumul: adhésion, nombre: 1, montant: 13.50}}], attendu: {{total: 5.00}}}}
        - {{nom: plafond proche, question: facture, {late}, deja: [{{cumul: adhésion, nombre: 20, montant: 98}}, {{cumul: plafond annuel, montant: 98, nombre: 20}}], attendu: {{total: 2.00}}}}
        """,
    )


def test_a_count_of_the_bill_is_not_given():
    late = (
        "presences: [{activite: cantine, jours: [2026-10-05], faits: {reserve_hors_delai: oui, tardifs: 2}}]"
    )
    (found,) = ask(rulebook_of(LATE), f"- {{question: facture, {late}}}")
    assert "deja: [{compte: tardifs, nombre: … }]" in found.problem


def test_what_came_before_holds_for_the_first_period_of_the_bill():
    late = "presences: [{activite: cantine, enfant: Lou, jours: [2026-08-31, 2026-09-01], faits: {reserve_hors_delai: oui}}]"
    check(
        rulebook_of(LATE),
        f"- {{nom: N, question: facture, {late}, deja: [{{compte: tardifs, enfant: Lou, nombre: 2}}], attendu: {{total: 32.00}}}}",
    )


CUSTODY = f"""
faits: {{parent: {{valeurs: [mere, pere], deduit: [{{si: {{semaine_paire: oui}}, valeur: mere}}], sinon: pere}}}}
quotient: {{inconnu: refuser, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: celui_du_parent, arrondi: null}}
activites:
  cantine:
    nom: Cantine
    tarif: {{prix: quotient / 100, arrondi: {CENTS}}}
  adulte: {{nom: Adulte, tarif: {{prix: 4.80, arrondi: {CENTS}}}}}
cumuls: [{{nom: plafond, periode: mois, par: payeur, activites: [cantine], effet: plafond, valeur: 10, arrondi: {CENT}}}]
facturation: {{payeur: parent}}
"""


def test_each_parent_pays_their_weeks_by_their_quotient_up_to_their_ceiling():
    quotients = "quotients: [{valeur: 400, recu: 2026-01-01, parent: mere}, {valeur: 900, recu: 2026-01-01, parent: pere}]"
    check(
        rulebook_of(CUSTODY),
        f"""
        - nom: deux semaines
          question: facture
          faits: {{{quotients}}}
          presences: [{{activite: cantine, jours: [2026-09-07, 2026-09-08, 2026-09-14, 2026-09-15]}}]
          attendu: {{total: 18.00, par_payeur: {{pere: 10.00, mere: 8.00}}}}
        """,
    )


def test_a_price_that_reads_no_quotient_does_not_need_one():
    known, unknown = ask(
        rulebook_of(CUSTODY),
        """
        - {question: prix, activite: adulte, faits: {quotient: inconnu}}
        - {question: prix, activite: cantine, faits: {quotient: inconnu}}
        """,
    )
    assert str(known.answer["prix"]) == "4.80"
    assert "le règlement ne dit pas quel prix prendre" in unknown.problem


def test_a_total_by_payer_needs_a_payer():
    assert "« payeur » demande « facturation" in messages(
        CUSTODY.replace("facturation: {payeur: parent}", "")
    )[0].replace("\u00a0", " ")


def test_a_limit_names_only_adjustments_without_a_condition_of_their_own():
    text = LATE.replace(
        "    tarif:",
        "    delais: [{actions: [reserver], canaux: tous, etapes: [], ensuite: {effet: supplement, supplements: [double]}}]\n    tarif:",
    )
    assert "a sa propre condition et joue sans être nommé" in messages(text)[0]


@pytest.mark.parametrize(("later", "total"), [(0, "56.15"), (1, "60.00")])
def test_a_day_under_a_flat_fee_gives_back_an_amount_of_its_own(later, total):
    book = rulebook_of(f"""
        faits: {{cause: [maladie, autre]}}
        activites:
          forfait: {{nom: Forfait, tarif: {{prix: 60, arrondi: {CENTS}}}}}
          cantine:
            nom: Cantine
            tarif: {{prix: 0, arrondi: {CENTS}}}
            absences:
              - {{nom: repas rendu, si: {{cause: maladie}}, du: rien, remboursement: {{forme: deduction, mois_plus_tard: {later}, montant: 3.85}}}}
              - {{nom: due, si: toujours, du: tout}}
        """)
    absence = "activite: cantine, enfant: Lou, jours: [2026-09-03], faits: {cause: maladie}"
    check(
        book,
        f"""
        - {{nom: absence, question: absence, activite: cantine, jours: [2026-09-03, 2026-09-04], chiffrer: oui, faits: {{cause: maladie}}, attendu: {{nombre_non_du: 2, montant: 0.00, rendu: 7.70}}}}
        - {{nom: facture, question: facture, presences: [{{activite: forfait, enfant: Lou, jours: [2026-09-01]}}], absences: [{{{absence}}}], attendu: {{total: {total}}}}}
        """,
    )


def test_nothing_waits_when_the_family_leaves():
    book = rulebook_of(
        "faits: {depart: oui_non}\nactivites: {c: {nom: C}}\nfacturation: {minimum: {montant: 15, report: oui, sauf: {depart: oui}}}"
    )
    check(
        book,
        """
        - {nom: reste, question: avis, factures: [5, 6], faits: {depart: non}, attendu: {avis: null, reporte: 11}}
        - {nom: part, question: avis, factures: [5, 6], faits: {depart: oui}, attendu: {avis: 6, reporte: 0}}
        """,
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("presences: [{activite: c, enfant: A, jours: [2026-09-16]}, {activite: c, enfant: A, jours: [2026-09-16]}]", "écrit deux fois"),
        ("presences: [{activite: c, enfant: A, jours: [2026-09-16]}], absences: [{activite: c, enfant: A, jours: [2026-09-16], faits: {cause: maladie}}]", "présent et absent"),
        ("absences: [{activite: c, enfant: A, jours: [2026-09-16]}, {activite: c, enfant: A, jours: [2026-09-16]}]", "écrit deux fois"),
        ("presences: [{activite: c, enfant: A, jours: [2026-09-16]}], absences: [{activite: c, enfant: A, jours: [2026-09-15, 2026-09-17]}]", "écrivez deux absences"),
    ],
)  # fmt: skip
def test_what_cannot_be_true_at_once_is_not_billed(written, said):
    book = rulebook_of(PARTS)
    (found,) = ask(book, f"- {{question: facture, {written}}}")
    assert said in found.problem


PARTS = f"""
faits: {{cause: [maladie, autre], partie: [matin, soir]}}
activites:
  c: {{nom: C, tarif: {{prix: 3, arrondi: {CENTS}}}, absences: [{{nom: due, si: toujours, du: tout}}]}}
"""


def test_two_parts_of_a_day_and_two_children_are_not_contradictions():
    check(
        rulebook_of(PARTS),
        """
        - {nom: matin et soir, question: facture, presences: [{activite: c, jours: [2026-09-16], faits: {partie: matin}}, {activite: c, jours: [2026-09-16], faits: {partie: soir}}], attendu: {total: 6}}
        - {nom: deux enfants, question: facture, presences: [{activite: c, enfant: A, jours: [2026-09-16]}], absences: [{activite: c, enfant: B, jours: [2026-09-16]}], attendu: {total: 6}}
        """,
    )


def test_a_line_for_any_quotient_asks_for_none():
    book = rulebook_of(f"""
        faits: {{regime: [general, hors]}}
        activites:
          c:
            nom: C
            tarif:
              prix:
                table:
                  selon: [quotient, regime]
                  trous: refuser
                  lignes:
                    - {{regime: general, quotient: {{a: 500}}, valeur: 3}}
                    - {{regime: general, quotient: {{plus_de: 500}}, valeur: 5}}
                    - {{regime: hors, quotient: tous, valeur: 9.66}}
              arrondi: {CENTS}
        """)
    check(
        book,
        """
        - {nom: hors, question: prix, activite: c, faits: {regime: hors}, attendu: {prix: 9.66}}
        - {nom: général, question: prix, activite: c, faits: {regime: general}, attendu: {fait_manquant: quotient}}
        """,
    )


def test_slots_refuse_a_departure_before_the_arrival_and_slices_are_never_below_zero():
    book = rulebook_of(f"""
        faits: {{arrivee: heure, depart: heure}}
        activites:
          soir: {{nom: Soir, tarif: {{prix: {{creneaux: {{arrivee: arrivee, depart: depart, liste: [{{de: "16:30", a: "17:00", valeur: 1}}]}}}}, arrondi: {CENTS}}}}}
          retard: {{nom: Retard, tarif: {{prix: 5, quantite: {{tranches: {{minutes: depart - arrivee, de: 15, compte: commencees, tolerance: 5}}}}, arrondi: {CENTS}}}}}
        """)
    back, none = ask(
        book,
        """
        - {question: prix, activite: soir, faits: {arrivee: "17:00", depart: "16:30"}}
        - {question: prix, activite: retard, faits: {arrivee: "17:00", depart: "17:03"}}
        """,
    )
    assert "le départ vient avant l’arrivée" in back.problem
    assert str(none.answer["prix"]) == "0.00"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("tardifs", "est par enfant : dites"), ("adhésion, enfant: Lou", "vaut pour la famille : retirez")],
)
def test_what_came_before_says_whose_it_is(name, wanted):
    kind = "compte" if name == "tardifs" else "cumul"
    faults, text = Faults(), f"questions:\n - {{question: facture, deja: [{{{kind}: {name}, nombre: 2}}]}}\n"
    assert scenario.read(rulebook_files.parse(text, faults), rulebook_of(LATE), faults) is None
    assert wanted in plain(str(faults.errors[0]))


def test_the_parent_without_a_quotient_does_not_take_the_other_s():
    text = CUSTODY.replace("inconnu: refuser", "inconnu: ligne_inconnu").replace(
        "prix: quotient / 100", "prix: {cas: [{si: {quotient: inconnu}, valeur: 9}], sinon: quotient / 100}"
    )
    quotients = "quotients: [{valeur: 400, recu: 2026-01-01, parent: mere}]"
    check(
        rulebook_of(text),
        f"""
        - {{nom: semaine du père, question: prix, activite: cantine, jour: 2026-09-07, faits: {{{quotients}}}, attendu: {{prix: 9}}}}
        - {{nom: semaine de la mère, question: prix, activite: cantine, jour: 2026-09-14, faits: {{{quotients}}}, attendu: {{prix: 4}}}}
        """,
    )


def test_a_total_by_child_sees_its_share_of_a_total_of_the_family():
    book = rulebook_of(f"""
        activites: {{garderie: {{nom: Garderie, tarif: {{prix: 2.80, arrondi: {CENTS}}}}}}}
        cumuls:
          - {{nom: fratrie, periode: jour, par: famille, activites: [garderie], effet: remplace, valeur: {{cas: [{{si: {{nombre: 1}}, valeur: 2.80}}, {{si: {{nombre: 2}}, valeur: 4.65}}], sinon: 6.70}}, partage: parts_egales, arrondi: {CENT}}}
          - {{nom: plafond, periode: mois, par: enfant, activites: [garderie], effet: plafond, valeur: 5, arrondi: {CENT}}}
        """)
    x = "{activite: garderie, enfant: X, jours: [2026-09-14, 2026-09-15, 2026-09-17]}"
    y = "{activite: garderie, enfant: Y, jours: [2026-09-14, 2026-09-15]}"
    z = "{activite: garderie, enfant: Z, jours: [2026-09-15]}"
    check(
        book,
        f"- {{nom: N, question: facture, presences: [{x}, {y}, {z}], attendu: {{total: 11.80, par_enfant: {{X: 5.00, Y: 4.57, Z: 2.23}}}}}}",
    )


def test_facts_choose_the_presences_and_the_number_is_asked_of_those():
    book = rulebook_of(f"""
        faits: {{regime: [forfait, occasionnel]}}
        activites: {{c: {{nom: C, tarif: {{prix: 5, arrondi: {CENTS}}}}}}}
        cumuls: [{{nom: forfait, periode: mois, par: enfant, activites: [c], si: {{regime: forfait, nombre: {{de: 2}}}}, effet: remplace, valeur: 8, arrondi: {CENT}}}]
        """)
    flat, once = (
        "{activite: c, jours: [2026-09-14, 2026-09-15], faits: {regime: forfait}}",
        "{activite: c, jours: [2026-09-17], faits: {regime: occasionnel}}",
    )
    check(
        book,
        f"""
        - {{nom: deux, question: facture, presences: [{flat}, {once}], attendu: {{total: 13}}}}
        - {{nom: une, question: facture, presences: [{flat.replace("2026-09-14, ", "")}, {once}], attendu: {{total: 10}}}}
        """,
    )


def test_the_first_day_of_an_absence_is_a_fact():
    book = rulebook_of("""
        faits: {cause: [maladie, autre]}
        dates: {reprise: {depuis: premier_jour, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non, jours: [lundi]}}}
        montants: {jours_avant_reprise: reprise - date}
        activites:
          c:
            nom: C
            absences:
              - {nom: deuxième semaine, si: {cause: maladie, jours_avant_reprise: {a: 0}}, du: rien}
              - {nom: due, si: toujours, du: tout}
        """)
    check(
        book,
        "- {nom: N, question: absence, activite: c, jours: [2026-09-17, 2026-09-18, 2026-09-21, 2026-09-22], faits: {cause: maladie}, attendu: {non_dus: [2026-09-21, 2026-09-22]}}",
    )


def test_a_day_in_no_period_is_an_ordinary_day():
    header = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: [], periodes: {p: {du: 2026-09-01, au: 2026-09-30}}}\n"
    book = rulebook_of(
        f"activites: {{c: {{nom: C, tarif: {{prix: {{cas: [{{si: {{periode: p}}, valeur: 1}}], sinon: 2}}, arrondi: {CENTS}}}}}}}",
        header,
    )
    check(
        book,
        """
        - {nom: dedans, question: prix, activite: c, jour: 2026-09-30, attendu: {prix: 1}}
        - {nom: dehors, question: prix, activite: c, jour: 2026-10-01, attendu: {prix: 2}}
        """,
    )


def test_two_presences_of_a_day_rank_in_the_order_of_the_file_not_of_entry():
    book = rulebook_of(f"""
        faits: {{rang_du_jour: entier}}
        activites:
          matin: {{nom: Matin, tarif: {{prix: 10, arrondi: {CENTS}}}}}
          soir:
            nom: Soir
            comptes: [{{nom: rang_du_jour, parmi: presences, periode: jour, par: famille, toutes_activites: oui, jusqu_ici: oui, si: toujours}}]
            tarif: {{prix: {{cas: [{{si: {{rang_du_jour: {{de: 2}}}}, valeur: 1}}], sinon: 2}}, arrondi: {CENTS}}}
        """)
    morning, evening = (f"{{activite: {name}, jours: [2026-09-14]}}" for name in ("matin", "soir"))
    check(
        book,
        f"""
        - {{nom: dans l’ordre, question: facture, presences: [{morning}, {evening}], attendu: {{total: 11}}}}
        - {{nom: à l’envers, question: facture, presences: [{evening}, {morning}], attendu: {{total: 11}}}}
        """,
    )


def test_a_day_booked_late_then_missed_costs_what_it_would_have_cost():
    book = rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver]
                canaux: tous
                etapes: [{{jusqu_a: {{forme: semaine, jour: jeudi, semaines_avant: 1, heure: "12:00", limite: incluse}}, effet: libre}}]
                ensuite: {{effet: supplement, supplements: [tardif]}}
            tarif:
              prix: 4
              ajustements: [{{nom: tardif, si: delai, operation: multiplier, valeur: 1.5, portee: unite}}]
              arrondi: {CENTS}
            absences: [{{nom: due, si: toujours, du: tout}}]
        """)
    check(
        book,
        """
        - {nom: tard, question: facture, absences: [{activite: cantine, jours: [2026-09-15], reserve_le: 2026-09-14 10:00}], attendu: {total: 6}}
        - {nom: à temps, question: facture, absences: [{activite: cantine, jours: [2026-09-15], reserve_le: 2026-09-10 12:00}], attendu: {total: 4}}
        """,
    )


def test_a_question_triggers_only_adjustments_that_wait_to_be_named():
    book = rulebook_of(f"""
        activites:
          c:
            nom: C
            delais: [{{actions: [reserver], canaux: tous, etapes: [], ensuite: {{effet: supplement, supplements: [tardif]}}}}]
            tarif:
              prix: 4
              ajustements:
                - {{nom: tardif, si: delai, operation: ajouter, valeur: 1, portee: unite}}
                - {{nom: lundi, si: {{jour: lundi}}, operation: ajouter, valeur: 2, portee: unite}}
                - {{nom: aide, si: {{jour: mardi}}, operation: ajouter, valeur: -1, portee: facture}}
              arrondi: {CENTS}
        """)
    known, misspelt, own = ask(
        book,
        """
        - {question: prix, activite: c, jour: 2026-09-15, supplements: [tardif]}
        - {question: prix, activite: c, jour: 2026-09-15, supplements: [tardiff]}
        - {question: prix, activite: c, jour: 2026-09-15, supplements: [lundi]}
        """,
    )
    assert (known.answer["prix"], known.answer["provisoire"]) == (5, True)
    assert "« tardiff » n’est pas un ajustement" in plain(misspelt.problem)
    assert "« lundi » n’est pas un ajustement" in plain(own.problem)
    (final,) = ask(book, "- {question: prix, activite: c, jour: 2026-09-16}")
    assert final.answer["provisoire"] is False


def test_the_facts_of_a_question_replace_a_quotient_common_to_all():
    text = f"""
        quotient: {{inconnu: refuser, pris_au: {{mois: 3, jour: 31}}, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: non_prevu, arrondi: null}}
        activites: {{c: {{nom: C, tarif: {{prix: quotient / 100, arrondi: {CENTS}}}}}}}
        """
    faults, book = Faults(), rulebook_of(text)
    own = (
        "[{valeur: 600, recu: 2025-01-01}, {valeur: 900, recu: 2026-03-31}, {valeur: 300, recu: 2026-04-01}]"
    )
    questions_text = f"""
faits: {{quotient: 1000}}
questions:
  - {{question: prix, activite: c, jour: 2026-06-01, faits: {{quotients: {own}}}}}
  - {{question: prix, activite: c, jour: 2026-03-30, faits: {{quotients: {own}}}}}
  - {{question: prix, activite: c, jour: 2026-06-01}}
"""
    found = scenario.read(rulebook_files.parse(questions_text, faults), book, faults)
    assert [one.answer["prix"] for one in answer_all(book, found)] == [9, 6, 10]


def test_an_unknown_quotient_pays_the_highest_bracket_even_when_it_is_bounded():
    book = rulebook_of(f"""
        quotient: {{inconnu: tranche_la_plus_haute, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: non_prevu, arrondi: null}}
        activites: {{c: {{nom: C, tarif: {{prix: {{table: {{selon: quotient, trous: refuser, lignes: [{{quotient: {{a: 500}}, valeur: 2}}, {{quotient: {{plus_de: 500, a: 9999}}, valeur: 4}}]}}}}, arrondi: {CENTS}}}}}}}
        """)
    check(book, "- {nom: N, question: prix, activite: c, faits: {quotient: inconnu}, attendu: {prix: 4}}")


def test_the_state_of_an_absence_is_known():
    book = rulebook_of(
        "activites: {c: {nom: C, absences: [{nom: a, si: {etat: absent}, du: rien}, {nom: due, si: toujours, du: tout}]}}"
    )
    check(book, "- {nom: N, question: absence, activite: c, jours: [2026-09-15], attendu: {nombre_du: 0}}")


def test_instalments_of_a_family_that_arrives_or_whose_year_changes():
    book = rulebook_of(
        "activites: {c: {nom: C}}\nfacturation: {echeancier: {premier_mois: 9, dernier_mois: 5, le: 5, arrondi: {au: 0.01, vers: plus_proche}}}"
    )
    check(
        book,
        """
        - {nom: arrivée en mars, question: echeances, annee: 2026, montant: 100, depuis: 2027-03-01, attendu: {echeances: [{date: 2027-03-05, montant: 33.33}, {date: 2027-04-05, montant: 33.33}, {date: 2027-05-05, montant: 33.34}]}}
        - {nom: année corrigée, question: echeances, annee: 2026, montant: 500, depuis: 2027-05-05, deja: 424, attendu: {echeances: [{date: 2027-05-05, montant: 76}]}}
        - {nom: trop tard, question: echeances, annee: 2026, montant: 500, depuis: 2027-05-06, attendu: {probleme: "facturation.echeancier : aucune échéance ne reste à cette date."}}
        """,
    )


def test_only_the_first_cancellations_of_a_period_are_free():
    header = "reglement: {nom: E}\ncalendrier: {jours_d_ecole: [lundi], jours_feries: [], vacances: [], periodes: {p: {du: 2026-09-01, au: 2026-10-31}, q: {du: 2026-11-01, au: 2026-12-31}}}\n"
    book = rulebook_of(
        f"""
        faits: {{rang: entier}}
        activites:
          mercredi:
            nom: Mercredi
            comptes: [{{nom: rang, parmi: absences, periode: periode, par: enfant, toutes_activites: non, jusqu_ici: oui, si: toujours}}]
            tarif: {{prix: 10, arrondi: {CENTS}}}
            absences:
              - {{nom: deux par période, si: {{rang: {{a: 2}}}}, du: rien}}
              - {{nom: due, si: toujours, du: tout}}
        """,
        header,
    )
    lou = "absences: [{activite: mercredi, enfant: Lou, jours: [2026-09-09, 2026-11-04]}, {activite: mercredi, enfant: Lou, jours: [2026-09-16, 2026-09-23]}, {activite: mercredi, enfant: Sam, jours: [2026-09-23]}]"
    check(
        book,
        f"""
        - {{nom: la troisième est due, question: facture, {lou}, attendu: {{total: 10.00, par_enfant: {{Lou: 10.00}}}}}}
        - {{nom: avec une d’avant, question: facture, {lou}, deja: [{{compte: rang, enfant: Lou, nombre: 1}}], attendu: {{total: 20.00}}}}
        - {{nom: seule, question: absence, activite: mercredi, jours: [2026-09-09], attendu: {{fait_manquant: rang}}}}
        - {{nom: donnée, question: absence, activite: mercredi, jours: [2026-09-09], faits: {{rang: 3}}, attendu: {{nombre_du: 1}}}}
        """,
    )
