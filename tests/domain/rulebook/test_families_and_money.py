# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Quotients through time, places, documents, bills: what the studied règlements leave in the corners."""

import pytest

from tests.domain.rulebook.helpers import ask, check, plain, rulebook_of

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"


def quotient_book(**changes):
    rule = {
        "inconnu": "ligne_inconnu", "pris_au": "jour_du_service", "changement": "immediat", "retroactif": "non",
        "validite": "annee_civile", "garde_alternee": "non_prevu", "arrondi": "null",
    } | changes  # fmt: skip
    written = ", ".join(f"{word}: {value}" for word, value in rule.items())
    return rulebook_of(f"quotient: {{{written}}}\nactivites: {{cantine: {{nom: Cantine}}}}\n")


def ask_quotient(book, day, history, expected, more=""):
    check(book, f"- {{nom: q, question: fait, fait: quotient, jour: {day}, faits: {{quotients: [{history}]{more}}}, attendu: {{{expected}}}}}")  # fmt: skip


ONE = "{valeur: 500, recu: 2026-03-20}"


@pytest.mark.parametrize(
    ("changes", "day", "expected"),
    [
        ({}, "2026-03-19", "valeur: null"),
        ({}, "2026-03-20", "valeur: 500"),
        ({"retroactif": "oui"}, "2026-03-01", "valeur: 500"),
        ({"pris_au": "debut_du_mois"}, "2026-03-25", "valeur: null"),
        ({"changement": "mois_suivant"}, "2026-03-31", "valeur: null"),
        ({"changement": "mois_suivant"}, "2026-04-01", "valeur: 500"),
        ({"changement": "annee_suivante"}, "2026-12-31", "valeur: null"),
        ({"changement": "annee_suivante"}, "2027-01-01", "valeur: 500"),
        ({}, "2026-12-31", "valeur: 500"),
        ({}, "2027-01-01", "valeur: null"),
        ({"validite": "annee_scolaire"}, "2026-09-01", "valeur: null"),
        ({"validite": "sans_fin"}, "2040-01-01", "valeur: 500"),
        ({"inconnu": "tranche_la_plus_haute"}, "2027-01-01", "valeur: sans fin"),
    ],
)
def test_when_a_quotient_counts(changes, day, expected):
    ask_quotient(quotient_book(**changes), day, ONE, expected)


def test_a_règlement_that_refuses_an_unknown_quotient_says_so():
    path = "quotient : le quotient est inconnu et le règlement ne dit pas quel prix prendre."
    ask_quotient(quotient_book(inconnu="refuser"), "2027-01-01", ONE, f'probleme: "{path}"')


@pytest.mark.parametrize(
    ("custody", "expected"),
    [
        ("le_plus_bas", "valeur: 500"),
        ("le_plus_haut", "valeur: 901"),
        ("la_moyenne", "valeur: 700.5"),
        ("celui_du_parent", "valeur: 901"),
        (
            "non_prevu",
            'probleme: "quotient : deux quotients sont connus et le règlement ne dit pas lequel prendre."',
        ),
    ],
)
def test_whose_quotient_counts(custody, expected):
    history = "{valeur: 500, recu: 2026-03-20, parent: a}, {valeur: 901, recu: 2026-03-21, parent: b}"
    ask_quotient(quotient_book(garde_alternee=custody), "2026-04-01", history, expected, ", parent: b")


def test_a_quotient_is_rounded_where_the_règlement_says_so():
    book = quotient_book(arrondi="{au: 1, vers: inferieur}")
    ask_quotient(book, "2026-04-01", "{valeur: 622.40, recu: 2026-03-20}", "valeur: 622")


def test_bills_at_the_threshold_and_bills_that_are_dropped():
    carried = rulebook_of("activites: {c: {nom: C}}\nfacturation: {minimum: {montant: 15, report: oui}}\n")
    check(carried, """
        - {nom: juste au seuil, question: avis, factures: [9, 6], attendu: {avis: 15, reporte: 0, suite: [null, 15]}}
        - {nom: puis on recommence, question: avis, factures: [9, 6, 4], attendu: {avis: null, reporte: 4}}
        """)  # fmt: skip
    dropped = rulebook_of("activites: {c: {nom: C}}\nfacturation: {minimum: {montant: 15, report: non}}\n")
    check(
        dropped, "- {nom: abandonnée, question: avis, factures: [9, 14], attendu: {avis: null, reporte: 0}}"
    )


def test_instalments_add_up_to_the_amount():
    book = rulebook_of("""
        activites: {c: {nom: C}}
        facturation: {echeancier: {premier_mois: 11, dernier_mois: 1, le: 31, arrondi: {au: 0.01, vers: plus_proche}}}
        """)
    check(
        book,
        """
        - nom: trois fois
          question: echeances
          annee: 2026
          montant: 100
          attendu:
            echeances:
              - {date: 2026-11-30, montant: 33.33}
              - {date: 2026-12-31, montant: 33.33}
              - {date: 2027-01-31, montant: 33.34}
        """,
    )


def test_places_go_by_criteria_then_by_arrival():
    book = rulebook_of("""
        faits: {travail: oui_non}
        activites:
          alsh:
            nom: Accueil
            inscription: {attribution: {classement: premier_rempli, criteres: [{travail: oui}], egalite: ordre_d_arrivee}}
        """)
    check(
        book,
        """
        - nom: deux places
          question: attribution
          activite: alsh
          places: 2
          candidats:
            - {nom: tot, depose: 2026-05-01 08:00:00, faits: {travail: non}}
            - {nom: tard, depose: 2026-05-01 08:00:01, faits: {travail: non}}
            - {nom: travaille, depose: 2026-05-09 08:00, faits: {travail: oui}}
          attendu: {admis: [travaille, tot], en_attente: [tard], a_departager: []}
        - nom: à la même seconde personne n’est préféré
          question: attribution
          activite: alsh
          places: 1
          candidats:
            - {nom: a, depose: 2026-05-01 08:00, faits: {travail: non}}
            - {nom: b, depose: 2026-05-01 08:00, faits: {travail: non}}
          attendu: {admis: [], a_departager: [a, b]}
        """,
    )


def test_documents_age_number_and_substitutes():
    book = rulebook_of("""
        faits: {caf: oui_non, parents: nombre}
        activites:
          c:
            nom: C
            inscription:
              pieces:
                - {nom: domicile, age_maximum_mois: 3}
                - {nom: quotient, ou: [{nom: impots, si: {caf: non}}]}
                - {nom: salaire, exemplaires: parents}
        """)
    facts = "question: inscription, activite: c, jour: 2026-05-31, faits: {caf: non, parents: 2}"
    check(book, f"""
        - {{nom: complet, {facts}, pieces: [{{nom: domicile, date: 2026-02-28}}, {{nom: impots}}, {{nom: salaire}}, {{nom: salaire}}], attendu: {{acceptee: oui}}}}
        - {{nom: trop vieux d’un jour, {facts}, pieces: [{{nom: domicile, date: 2026-02-27}}, {{nom: impots}}, {{nom: salaire}}], attendu: {{motifs: ["La pièce « domicile » date de plus de 3 mois.", "Il manque la pièce « salaire » (1 sur 2)."]}}}}
        - {{nom: sans sa date, {facts}, pieces: [{{nom: domicile}}], attendu: {{fait_manquant: date de la pièce domicile}}}}
        """)  # fmt: skip


def test_what_stays_due_of_absences_is_billed_with_its_extra():
    book = rulebook_of(f"""
        faits: {{cause: [maladie, autre]}}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: 4
              ajustements: [{{nom: non_excuse, si: delai, operation: ajouter, valeur: 0.50, portee: unite}}]
              arrondi: {CENTS}
            absences:
              - {{nom: carence d’un jour, si: {{cause: maladie}}, du: {{de: 1, a: 1, unite: jours_reserves}}}}
              - {{nom: non excusée, si: toujours, du: tout, supplements: [non_excuse]}}
        """)
    check(
        book,
        """
        - nom: un mois
          question: facture
          presences: [{activite: cantine, jours: [2026-10-01]}]
          absences:
            - {activite: cantine, jours: [2026-10-05, 2026-10-06], faits: {cause: maladie}}
            - {activite: cantine, jours: [2026-10-12], faits: {cause: autre}}
          attendu: {total: 12.50}
        """,
    )


def test_a_family_ceiling_sees_what_the_ceiling_of_each_child_already_took_off():
    book = rulebook_of(f"""
        activites:
          alae: {{nom: ALAE, tarif: {{prix: 10, arrondi: {CENTS}}}}}
        cumuls:
          - {{nom: par enfant, periode: mois, par: enfant, activites: [alae], effet: plafond, valeur: 15, arrondi: {{au: 0.01, vers: plus_proche}}}}
          - {{nom: par famille, periode: mois, par: famille, activites: [alae], effet: plafond, valeur: 28, arrondi: {{au: 0.01, vers: plus_proche}}}}
          - {{nom: cotisation, periode: annee_scolaire, par: famille, activites: [alae], effet: ajoute, valeur: 5, arrondi: {{au: 0.01, vers: plus_proche}}}}
        """)
    check(
        book,
        """
        - nom: deux enfants puis un autre mois
          question: facture
          presences:
            - {activite: alae, enfant: a, jours: [2026-10-01, 2026-10-02, 2026-11-02]}
            - {activite: alae, enfant: b, jours: [2026-10-01, 2026-10-02]}
          attendu: {total: 43, par_enfant: {a: 25, b: 15, famille: 3}}
        """,
    )


def test_a_quotient_given_alone_is_rounded_and_one_without_end_has_no_price():
    policy = "{inconnu: tranche_la_plus_haute, pris_au: jour_du_service, changement: immediat, retroactif: non, validite: sans_fin, garde_alternee: non_prevu, arrondi: {au: 1, vers: inferieur}}"
    book = rulebook_of(f"""
        quotient: {policy}
        activites:
          tranches:
            nom: Tranches
            tarif:
              prix: {{table: {{selon: quotient, trous: refuser, lignes: [{{quotient: {{a: 254}}, valeur: 1}}, {{quotient: {{de: 255, a: 345}}, valeur: 2}}, {{quotient: {{de: 346}}, valeur: 3}}]}}}}
              arrondi: {{au: 0.01, vers: plus_proche, apres: [total]}}
          taux:
            nom: Taux
            tarif:
              prix: {{taux: 0.01, sur: quotient, constante: 0, plancher: 1, plafond: null}}
              arrondi: {{au: 0.01, vers: plus_proche, apres: [total]}}
        """)
    endless = "Le montant n’a pas de fin : le quotient est inconnu et rien ne le plafonne."
    check(
        book,
        f"""
        - {{nom: décimal, question: prix, activite: tranches, faits: {{quotient: 254.9}}, attendu: {{prix: 1}}}}
        - {{nom: inconnu, question: prix, activite: tranches, faits: {{quotient: inconnu}}, attendu: {{prix: 3}}}}
        - {{nom: sans fin, question: prix, activite: taux, faits: {{quotient: inconnu}}, attendu: {{probleme: {endless!r}}}}}
        """,
    )


HISTORY = """
quotient: {{inconnu: ligne_inconnu, pris_au: jour_du_service, changement: {change}, retroactif: non, validite: {validity}, garde_alternee: non_prevu, arrondi: {{au: 1, vers: inferieur}}{more}}}
activites:
  c:
    nom: C
    tarif: {{prix: {{table: {{selon: quotient, trous: refuser, lignes: [{{quotient: {{a: 700}}, valeur: 2}}, {{quotient: {{de: 701}}, valeur: 4}}, {{quotient: inconnu, valeur: 9}}]}}}}, arrondi: {{au: 0.01, vers: plus_proche, apres: [total]}}}}
"""


@pytest.mark.parametrize(
    ("change", "validity", "more", "received", "day", "price"),
    [
        ("immediat", "annee_scolaire", "", "2026-07-10", "2026-09-03", 9),
        ("immediat", "annee_scolaire", ", campagne_des: {mois: 6, jour: 1}", "2026-07-10", "2026-09-03", 2),
        ("immediat", "annee_scolaire", ", campagne_des: {mois: 6, jour: 1}", "2026-07-10", "2027-08-31", 2),
        ("immediat", "annee_scolaire", ", campagne_des: {mois: 6, jour: 1}", "2026-07-10", "2027-09-01", 9),
        ("immediat", "annee_scolaire", ", campagne_des: {mois: 6, jour: 1}", "2026-05-31", "2026-09-03", 9),
        ("immediat", "annee_civile", ", campagne_des: {mois: 10, jour: 16}", "2026-10-16", "2027-02-01", 2),
        ("immediat", "annee_civile", ", campagne_des: {mois: 10, jour: 16}", "2026-10-15", "2027-02-01", 9),
        ("mois_suivant", "annee_civile", ", campagne_des: {mois: 6, jour: 1}", "2026-08-21", "2027-09-15", 2),
        ("mois_suivant", "annee_civile", ", campagne_des: {mois: 6, jour: 1}", "2026-05-21", "2027-01-15", 9),
        ("mois_suivant", "annee_civile", "", "2026-12-10", "2027-12-15", 2),
        ("mois_suivant", "sans_fin", "", "2026-09-10", "2026-09-15", 9),
        ("mois_suivant", "sans_fin", ", premier: comme_un_changement", "2026-09-10", "2026-09-15", 9),
        ("mois_suivant", "sans_fin", ", premier: des_reception", "2026-09-10", "2026-09-15", 2),
        ("mois_suivant", "sans_fin", ", premier: des_reception", "2026-09-10", "2026-09-09", 9),
    ],
)  # fmt: skip
def test_the_first_quotient_and_the_one_given_for_the_next_year(change, validity, more, received, day, price):
    book = rulebook_of(HISTORY.format(change=change, validity=validity, more=more))
    history = f"quotients: [{{valeur: 600.9, recu: {received}}}]"
    check(
        book,
        f"- {{nom: N, question: prix, activite: c, jour: {day}, faits: {{{history}}}, attendu: {{prix: {price}}}}}",
    )


def test_only_the_first_quotient_is_taken_at_once():
    book = rulebook_of(
        HISTORY.format(change="mois_suivant", validity="sans_fin", more=", premier: des_reception")
    )
    history = "quotients: [{valeur: 600, recu: 2026-09-10}, {valeur: 900, recu: 2026-10-10}]"
    check(
        book,
        f"""
        - {{nom: octobre, question: prix, activite: c, jour: 2026-10-20, faits: {{{history}}}, attendu: {{prix: 2}}}}
        - {{nom: novembre, question: prix, activite: c, jour: 2026-11-02, faits: {{{history}}}, attendu: {{prix: 4}}}}
        """,
    )


def test_an_unknown_quotient_says_why_and_a_rounding_is_a_step():
    book = rulebook_of(HISTORY.format(change="immediat", validity="annee_scolaire", more=""))
    late, rounded = ask(
        book,
        """
        - {question: prix, activite: c, jour: 2026-09-03, faits: {quotients: [{valeur: 600, recu: 2026-07-10}]}}
        - {question: prix, activite: c, jour: 2026-09-03, faits: {quotient: 600.9}}
        """,
    )
    said = [plain(step.text) for step in late.trace.steps]
    assert (
        "inconnu (600 reçu le vendredi 10 juillet 2026 compte du vendredi 10 juillet 2026 au lundi 31 août 2026)"
        in said[0]
    )
    assert plain(rounded.trace.steps[0].text) == "quotient arrondi : 600,9 → 600"


def test_the_day_of_booking_is_enough_to_choose_a_quotient():
    text = HISTORY.format(change="immediat", validity="sans_fin", more="").replace(
        "jour_du_service", "jour_de_reservation"
    )
    history = "quotients: [{valeur: 600, recu: 2026-01-01}, {valeur: 900, recu: 2026-10-01}]"
    check(
        rulebook_of(text),
        f"""
        - {{nom: avant, question: prix, activite: c, jour: 2026-10-15, reserve_le: 2026-09-30 10:00, faits: {{{history}}}, attendu: {{prix: 2}}}}
        - {{nom: après, question: prix, activite: c, jour: 2026-10-15, reserve_le: 2026-10-01 10:00, faits: {{{history}}}, attendu: {{prix: 4}}}}
        - {{nom: sans, question: prix, activite: c, jour: 2026-10-15, faits: {{{history}}}, attendu: {{fait_manquant: reserve_le}}}}
        """,
    )


@pytest.mark.parametrize("taken", ["{mois: 3, jour: 31}", "debut_du_mois"])
@pytest.mark.parametrize(("day", "price"), [("2026-09-09", 9), ("2026-09-15", 2)])
def test_the_first_quotient_counts_from_its_reception_whatever_the_day_it_is_taken_on(taken, day, price):
    text = HISTORY.format(change="immediat", validity="sans_fin", more=", premier: des_reception")
    book = rulebook_of(text.replace("pris_au: jour_du_service", f"pris_au: {taken}"))
    history = "quotients: [{valeur: 600, recu: 2026-09-10}]"
    check(
        book,
        f"- {{nom: N, question: prix, activite: c, jour: {day}, faits: {{{history}}}, attendu: {{prix: {price}}}}}",
    )


def test_of_two_quotients_that_start_together_the_last_received_counts_in_any_order():
    book = rulebook_of(HISTORY.format(change="mois_suivant", validity="sans_fin", more=""))
    old, new = "{valeur: 900, recu: 2026-08-07}", "{valeur: 600, recu: 2026-08-17}"
    for history in (f"[{old}, {new}]", f"[{new}, {old}]"):
        check(
            book,
            f"- {{nom: N, question: prix, activite: c, jour: 2026-09-15, faits: {{quotients: {history}}}, attendu: {{prix: 2}}}}",
        )
    (twice,) = ask(
        book,
        "- {question: prix, activite: c, jour: 2026-09-15, faits: {quotients: [{valeur: 900, recu: 2026-08-07}, {valeur: 600, recu: 2026-08-07}]}}",
    )
    assert "deux quotients reçus le vendredi 7 août 2026" in plain(twice.problem)


def test_two_quotients_of_one_parent_do_not_hide_the_other_s():
    text = HISTORY.format(change="immediat", validity="sans_fin", more="").replace(
        "non_prevu", "celui_du_parent"
    )
    history = "[{valeur: 600, recu: 2026-03-23, parent: m}, {valeur: 900, recu: 2026-03-23, parent: m}, {valeur: 500, recu: 2026-03-23, parent: p}]"
    of_father, of_mother = ask(
        rulebook_of(text),
        f"""
        - {{question: prix, activite: c, jour: 2026-09-15, faits: {{parent: p, quotients: {history}}}}}
        - {{question: prix, activite: c, jour: 2026-09-15, faits: {{parent: m, quotients: {history}}}}}
        """,
    )
    assert of_father.answer["prix"] == 2
    assert "deux quotients reçus le lundi 23 mars 2026" in plain(of_mother.problem)
