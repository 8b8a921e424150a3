# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Absences, enrolments, counts, totals and terms of payment, on and beside what they turn on."""

import pytest

from tests.domain.rulebook.helpers import check, messages, rulebook_of

CENTS = "arrondi: {au: 0.01, vers: plus_proche}"
TARIFF = "tarif: {prix: 4, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}"
WEEK = "[2026-09-14, 2026-09-15, 2026-09-17, 2026-09-18]"  # Monday, Tuesday, Thursday, Friday


def absences(rule, facts="faits: {cause: [maladie, autre]}", more=""):
    return rulebook_of(f"""
{facts}
activites:
  cantine:
    nom: Cantine
    {more}
    absences:
      - {rule}
      - {{nom: dû, si: toujours, du: tout}}
""")


def ask_absence(book, days, expected, more=""):
    check(
        book,
        f"- {{nom: a, question: absence, activite: cantine, jours: {days}{more}, attendu: {{{expected}}}}}",
    )


@pytest.mark.parametrize(
    ("due", "waived"),
    [
        ("{de: 1, a: 2, unite: jours_reserves}", "[2026-09-17, 2026-09-18]"),
        ("{de: 1, a: 2, unite: jours_calendaires}", "[2026-09-17, 2026-09-18]"),
        ("{de: 1, a: 3, unite: jours_calendaires}", "[2026-09-17, 2026-09-18]"),
        ("{de: 1, a: 4, unite: jours_calendaires}", "[2026-09-18]"),
        ("{de: 3, a: null, unite: jours_reserves}", "[2026-09-14, 2026-09-15]"),
        ("{de: 2, a: 2, unite: jours_reserves}", "[2026-09-14, 2026-09-17, 2026-09-18]"),
        ("rien", WEEK),
        ("tout", "[]"),
    ],
)
def test_which_days_stay_due(due, waived):
    ask_absence(absences(f"{{nom: r, si: toujours, du: {due}}}"), WEEK, f"non_dus: {waived}")


@pytest.mark.parametrize(
    ("due", "told", "waived"),
    [
        (
            "{de: 1, a: 1, unite: jours_reserves, depuis_prevenance: oui}",
            "2026-09-15 23:59",
            "[2026-09-17, 2026-09-18]",
        ),
        (
            "{de: 1, a: 1, unite: jours_calendaires, depuis_prevenance: oui}",
            "2026-09-15 00:00",
            "[2026-09-17, 2026-09-18]",
        ),
        (
            "{de: 1, a: 2, unite: jours_calendaires, depuis_prevenance: oui}",
            "2026-09-16 08:00",
            "[2026-09-18]",
        ),
        ("{de: 1, a: 2, unite: jours_reserves, depuis_prevenance: oui}", "2026-09-16 08:00", "[]"),
        (
            "{de: 1, a: 1, unite: jours_reserves, depuis_prevenance: oui}",
            "2026-09-14 08:00",
            "[2026-09-15, 2026-09-17, 2026-09-18]",
        ),
    ],
)
def test_which_days_stay_due_since_the_family_told(due, told, waived):
    book = absences(f"{{nom: r, si: toujours, du: {due}}}")
    ask_absence(book, WEEK, f"non_dus: {waived}", f", prevenu: {told}")
    ask_absence(book, WEEK, "nombre_du: 4")


@pytest.mark.parametrize(
    ("proof", "came", "number"),
    [
        ("{sous: 48, unite: heures, depuis: premier_jour, heure: '00:00'}", "2026-09-16 00:00", 4),
        ("{sous: 48, unite: heures, depuis: premier_jour, heure: '00:00'}", "2026-09-16 00:01", 0),
        ("{sous: 48, unite: heures, depuis: premier_jour, heure: '12:00'}", "2026-09-16 12:00", 4),
        ("{sous: 24, unite: heures, depuis: dernier_jour, heure: '08:00'}", "2026-09-19 08:00", 4),
        ("{sous: 24, unite: heures, depuis: dernier_jour, heure: '08:00'}", "2026-09-19 08:01", 0),
        ("{sous: 24, unite: heures, depuis: chaque_jour, heure: '08:00'}", "2026-09-16 08:00", 3),
        ("{sous: 2, unite: jours_calendaires, depuis: premier_jour, heure: '00:00'}", "2026-09-16 23:59", 4),
        ("{sous: 2, unite: jours_calendaires, depuis: premier_jour, heure: '00:00'}", "2026-09-17 00:00", 0),
        ("{sous: 2, unite: jours_calendaires, depuis: dernier_jour, heure: '00:00'}", "2026-09-20 23:59", 4),
        (
            "{sous: 1, unite: jours_comptes, depuis: dernier_jour, heure: '00:00', compte: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non}}",
            "2026-09-21 23:59",
            4,
        ),
        (
            "{sous: 1, unite: jours_comptes, depuis: dernier_jour, heure: '00:00', compte: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non}}",
            "2026-09-22 00:00",
            0,
        ),
    ],
)
def test_a_proof_in_time(proof, came, number):
    book = absences(f"{{nom: r, si: toujours, du: rien, justificatif: {proof}}}")
    ask_absence(book, WEEK, f"nombre_non_du: {number}", f", justificatif: {came}")
    ask_absence(book, WEEK, "nombre_non_du: 0, nombre_du: 4")


@pytest.mark.parametrize(
    ("length", "days", "number"),
    [
        ("{au_moins: 4, unite: jours_reserves}", WEEK, 4),
        ("{au_moins: 5, unite: jours_reserves}", WEEK, 0),
        ("{au_moins: 5, unite: jours_calendaires}", WEEK, 5 - 1),
        ("{au_moins: 6, unite: jours_calendaires}", WEEK, 0),
        ("{au_moins: 1, unite: jours_calendaires}", "[2026-09-14]", 1),
        ("{au_moins: 2, unite: jours_calendaires}", "[2026-09-14]", 0),
        (
            "{au_moins: 5, unite: jours_comptes, compte: {base: lundi_vendredi, sans_feries: non, sans_vacances: non}}",
            WEEK,
            4,
        ),
        (
            "{au_moins: 6, unite: jours_comptes, compte: {base: tous, sans_feries: non, sans_vacances: non}}",
            WEEK,
            0,
        ),
        (
            "{au_moins: 4, unite: jours_comptes, compte: {base: ecole, sans_feries: non, sans_vacances: non}}",
            WEEK,
            4,
        ),
        (
            "{au_moins: 5, unite: jours_comptes, compte: {base: ecole, sans_feries: non, sans_vacances: non}}",
            WEEK,
            0,
        ),
    ],
)
def test_an_absence_that_lasts(length, days, number):
    ask_absence(
        absences(f"{{nom: r, si: toujours, du: rien, duree: {length}}}"), days, f"nombre_non_du: {number}"
    )


@pytest.mark.parametrize(
    ("target", "told", "number"),
    [
        ("premier_jour", "2026-09-13 10:00", 4),
        ("premier_jour", "2026-09-13 10:01", 0),
        ("chaque_jour", "2026-09-14 10:00", 3),
    ],
)
def test_a_family_that_told_in_time(target, told, number):
    limit = "{forme: jours_avant, jours: 1, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: non, heure: '10:00', limite: incluse}"
    book = absences(f"{{nom: r, si: toujours, du: rien, prevenu: {{jusqu_a: {limit}, repere: {target}}}}}")
    ask_absence(book, WEEK, f"nombre_non_du: {number}", f", prevenu: {told}")
    ask_absence(book, WEEK, "nombre_non_du: 0")


def test_what_is_given_back_and_what_stays_due_in_euros():
    rule = "{nom: r, si: {cause: maladie}, du: {de: 1, a: 1, unite: jours_reserves}, supplements: [moitie], remboursement: {forme: avoir, mois_plus_tard: 2}}"
    tariff = "tarif: {prix: 4, ajustements: [{nom: moitie, si: delai, operation: multiplier, valeur: 0.5, portee: unite}], arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}"
    book = absences(rule, more=tariff)
    ask_absence(
        book,
        WEEK,
        "montant: 2, nombre_du: 1, remboursement: avoir, mois_plus_tard: 2, regles: [r]",
        ", chiffrer: oui, faits: {cause: maladie}",
    )
    ask_absence(
        book,
        WEEK,
        "montant: 16, nombre_du: 4, remboursement: null, mois_plus_tard: null, regles: [dû]",
        ", chiffrer: oui, faits: {cause: autre}",
    )


def test_days_of_an_absence_are_taken_in_order():
    book = absences("{nom: r, si: toujours, du: {de: 1, a: 1, unite: jours_reserves}}")
    ask_absence(book, "[2026-09-18, 2026-09-14]", "dus: [2026-09-14], non_dus: [2026-09-18]")


# --- Counts

PRESENCES = """
  presences:
    - {activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15, 2026-09-21, 2026-10-01, 2027-01-04]}
    - {activite: cantine, enfant: Noé, jours: [2026-09-14]}
    - {activite: soir, enfant: Lou, jours: [2026-09-14]}
"""


@pytest.mark.parametrize(
    ("among", "span", "by", "everywhere", "so_far", "amounts"),
    [
        # In order of days: Lou 14, Noé 14, (soir), Lou 15, 21 Sept., 1 Oct., 4 Jan.
        ("presences", "jour", "enfant", "non", "non", [1, 1, 1, 1, 1, 1]),
        ("presences", "jour", "enfant", "oui", "non", [2, 1, 1, 1, 1, 1]),
        ("presences", "jour", "famille", "non", "non", [2, 2, 1, 1, 1, 1]),
        ("presences", "semaine", "enfant", "non", "non", [2, 1, 2, 1, 1, 1]),
        ("presences", "mois", "enfant", "non", "non", [3, 1, 3, 3, 1, 1]),
        ("presences", "annee_civile", "enfant", "non", "non", [4, 1, 4, 4, 4, 1]),
        ("presences", "annee_scolaire", "enfant", "non", "non", [5, 1, 5, 5, 5, 5]),
        ("presences", "facture", "famille", "oui", "non", [7, 7, 7, 7, 7, 7]),
        ("presences", "facture", "enfant", "non", "oui", [1, 1, 2, 3, 4, 5]),
        ("enfants", "jour", "famille", "non", "non", [2, 2, 1, 1, 1, 1]),
        ("enfants", "mois", "famille", "non", "oui", [1, 2, 2, 2, 1, 1]),
        ("jours", "mois", "famille", "oui", "non", [3, 3, 3, 3, 1, 1]),
        ("jours", "facture", "famille", "oui", "oui", [1, 1, 2, 3, 4, 5]),
        ("jours_d_ouverture", "semaine", "enfant", "non", "non", [4, 4, 4, 4, 4, 4]),
        ("jours_d_ouverture", "mois", "enfant", "non", "non", [17, 17, 17, 17, 10, 16]),
    ],
)  # fmt: skip
def test_what_is_counted(among, span, by, everywhere, so_far, amounts):
    book = rulebook_of(f"""
        faits: {{n: nombre}}
        activites:
          cantine:
            nom: Cantine
            ouverture: {{jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}}
            comptes: [{{nom: n, parmi: {among}, periode: {span}, par: {by}, toutes_activites: {everywhere}, jusqu_ici: {so_far}, si: toujours}}]
            tarif: {{prix: n, arrondi: {{au: 1, vers: plus_proche, apres: [total]}}}}
          soir: {{nom: Soir, tarif: {{prix: 0, arrondi: {{au: 1, vers: plus_proche, apres: [total]}}}}}}
        """)
    lines = ", ".join(f"{{montant: {amount}}}" for amount in [*amounts[:2], 0, *amounts[2:]])
    check(book, f"- nom: c\n  question: facture\n  attendu: {{lignes: [{lines}]}}{PRESENCES}")


def test_a_count_of_some_presences_only():
    book = rulebook_of("""
        faits: {n: nombre}
        activites:
          cantine:
            nom: Cantine
            comptes: [{nom: n, parmi: presences, periode: commande, par: enfant, toutes_activites: non, jusqu_ici: non, si: {jour: {sauf: mardi}}}]
            tarif: {prix: n, arrondi: {au: 1, vers: plus_proche, apres: [total]}}
        """)
    check(book, """
        - nom: deux commandes
          question: facture
          attendu: {total: 10}
          presences:
            - {activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15, 2026-09-17], commande: a}
            - {activite: cantine, enfant: Lou, jours: [2026-09-18, 2026-09-21], commande: b}
        """)  # fmt: skip


# --- Totals


@pytest.mark.parametrize(
    ("effect", "value", "by", "span", "total"),
    [
        ("plafond", 10, "enfant", "mois", 14),  # Lou 12 → 10, Noé 4
        ("plafond", 12, "enfant", "mois", 16),
        ("plafond", 10, "famille", "mois", 10),
        ("plancher", 6, "enfant", "mois", 18),
        ("plancher", 6, "enfant", "jour", 24),
        ("remplace", 5, "enfant", "semaine", 15),
        ("ajoute", 1, "enfant", "jour", 20),
        ("ajoute", 1, "famille", "jour", 19),
        ("multiplie", "0.5", "famille", "facture", 8),
        ("plafond", 0, "enfant", "annee_civile", 0),
    ],
)
def test_what_a_total_does(effect, value, by, span, total):
    book = rulebook_of(f"""
        activites: {{cantine: {{nom: Cantine, {TARIFF}}}}}
        cumuls: [{{nom: c, periode: {span}, par: {by}, activites: [cantine], effet: {effect}, valeur: {value}, {CENTS}}}]
        """)
    check(book, f"""
        - nom: t
          question: facture
          attendu: {{total: {total}}}
          presences:
            - {{activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15, 2026-09-21]}}
            - {{activite: cantine, enfant: Noé, jours: [2026-09-14]}}
        """)  # fmt: skip


def test_the_number_of_presences_and_their_sum_are_read_by_a_total():
    book = rulebook_of(f"""
        activites: {{cantine: {{nom: Cantine, {TARIFF}}}}}
        cumuls:
          - {{nom: remise, periode: mois, par: famille, activites: [cantine], effet: ajoute, valeur: "-1 * nombre - total / 4", {CENTS}}}
          - {{nom: plafond, periode: mois, par: famille, activites: [cantine], effet: plafond, valeur: 5, {CENTS}}}
        """)
    check(book, """
        - nom: t
          question: facture
          attendu: {total: 5, lignes: [{montant: 4}, {montant: 4}, {montant: 4}, {libelle: remise, montant: -6, enfant: ""}, {libelle: plafond, montant: -1}]}
          presences: [{activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15, 2026-09-21]}]
        """)  # fmt: skip


def test_a_whole_order_the_following_units_and_the_whole_bill():
    book = rulebook_of("""
        faits: {exclu: oui_non}
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: 4
              ajustements:
                - {nom: commande, si: {jour: mardi}, operation: ajouter, valeur: 1, portee: commande}
                - {nom: suite, si: {exclu: oui}, operation: multiplier, valeur: 2, portee: unites_suivantes, suivantes: 1}
                - {nom: dossier, si: {jour: lundi}, operation: ajouter, valeur: 10, portee: facture}
                - {nom: remise, si: {jour: lundi}, operation: multiplier, valeur: 0.5, portee: facture}
              arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
        """)
    check(book, """
        - nom: t
          question: facture
          faits: {exclu: non}
          attendu:
            lignes:
              - {montant: 5}
              - {montant: 5}
              - {montant: 4, enfant: Lou}
              - {montant: 8, enfant: Noé}
              - {montant: 8, enfant: Noé}
              - {montant: 4, enfant: Noé}
              - {libelle: dossier, montant: 10, enfant: ""}
              - {libelle: remise, montant: -22, enfant: ""}
            total: 22
          presences:
            - {activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15], commande: a}
            - {activite: cantine, enfant: Noé, jours: [2026-09-17], commande: b, faits: {exclu: oui}}
            - {activite: cantine, enfant: Lou, jours: [2026-09-17], commande: c}
            - {activite: cantine, enfant: Noé, jours: [2026-09-18, 2026-09-21], commande: b}
        """)  # fmt: skip


# --- Days of a bill


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("du: 2026-09-14, au: 2026-09-18", "total: 16"),
        ("du: 2026-09-14, au: 2026-09-14", "total: 4"),
        ("du: 2026-09-14, au: 2026-09-18, nombre: 4", "total: 16"),
        ("du: 2026-09-14, au: 2026-09-18, nombre: 2", "total: 8"),
        (
            "du: 2026-09-14, au: 2026-09-18, nombre: 5",
            'probleme: "activites.cantine n’a que 4 jours d’ouverture dans cette période."',
        ),
        ("du: 2026-09-14", "fait_manquant: jours"),
        ("au: 2026-09-14", "fait_manquant: jours"),
    ],
)
def test_the_first_days_of_opening(days, expected):
    book = rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            ouverture: {{jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}}
            {TARIFF}
        """)
    check(
        book,
        f"- {{nom: f, question: facture, presences: [{{activite: cantine, {days}}}], attendu: {{{expected}}}}}",
    )


# --- Terms of payment


@pytest.mark.parametrize(
    ("means", "bills", "expected"),
    [
        (
            "{moyen: cesu, activites: [alsh], plafond: null}",
            "alsh: 10, cantine: 5",
            "accepte: oui, maximum: 10",
        ),
        ("{moyen: cesu, activites: null, plafond: null}", "alsh: 10, cantine: 5", "maximum: 15"),
        ("{moyen: cesu, activites: null, plafond: 12}", "alsh: 10, cantine: 5", "maximum: 12"),
        ("{moyen: cesu, activites: null, plafond: 20}", "alsh: 10, cantine: 5", "maximum: 15"),
        (
            "{moyen: cesu, activites: null, plafond: null, si: {carte: oui}}",
            "alsh: 10, cantine: 5",
            "accepte: non, maximum: 0",
        ),
        ("{moyen: cesu, activites: [alsh], plafond: null}", "cantine: 5", "maximum: 0"),
    ],
)
def test_what_a_means_of_payment_may_pay(means, bills, expected):
    book = rulebook_of(f"""
        faits: {{carte: oui_non}}
        activites: {{alsh: {{nom: A}}, cantine: {{nom: C}}}}
        facturation: {{moyens: [{means}]}}
        """)
    check(
        book,
        f"- {{nom: m, question: paiement, moyen: cesu, factures: {{{bills}}}, faits: {{carte: non}}, attendu: {{{expected}}}}}",
    )


@pytest.mark.parametrize(
    ("first", "last", "day", "expected"),
    [
        (9, 9, 5, "[{date: 2026-09-05, montant: 10}]"),
        (
            12,
            2,
            31,
            "[{date: 2026-12-31, montant: 3.33}, {date: 2027-01-31, montant: 3.33}, {date: 2027-02-28, montant: 3.34}]",
        ),
        (1, 2, 1, "[{date: 2026-01-01, montant: 5}, {date: 2026-02-01, montant: 5}]"),
    ],
)
def test_instalments(first, last, day, expected):
    book = rulebook_of(f"""
        activites: {{c: {{nom: C}}}}
        facturation: {{echeancier: {{premier_mois: {first}, dernier_mois: {last}, le: {day}, {CENTS}}}}}
        """)
    check(
        book,
        f"- {{nom: e, question: echeances, annee: 2026, montant: 10, attendu: {{echeances: {expected}}}}}",
    )


def test_who_pays():
    book = rulebook_of(f"""
        faits:
          qui: {{valeurs: [a, b], deduit: [{{si: {{semaine_paire: oui}}, valeur: a}}], sinon: b}}
        activites: {{c: {{nom: C, {TARIFF}}}}}
        facturation: {{payeur: qui}}
        cumuls: [{{nom: remise, periode: semaine, par: famille, activites: [c], effet: ajoute, valeur: -1, {CENTS}}}, {{nom: frais, periode: facture, par: famille, activites: [c], effet: ajoute, valeur: 2, {CENTS}}}]
        """)
    check(book, """
        - nom: p
          question: facture
          attendu: {par_payeur: {a: 3, b: 7, commun: 2}, total: 12}
          presences: [{activite: c, enfant: Lou, jours: [2026-09-07, 2026-09-08, 2026-09-14]}]
        """)  # fmt: skip


# --- Quotients


@pytest.mark.parametrize(
    ("changes", "entries", "day", "more", "expected"),
    [
        ("pris_au: jour_de_reservation", "{valeur: 500, recu: 2026-03-20}", "2026-05-01", ", a: 2026-03-19 23:59", "valeur: null"),
        ("pris_au: jour_de_reservation", "{valeur: 500, recu: 2026-03-20}", "2026-05-01", ", a: 2026-03-20 00:00", "valeur: 500"),
        ("pris_au: jour_de_reservation", "{valeur: 500, recu: 2026-03-20}", "2026-05-01", "", "fait_manquant: reserve_le"),
        ("pris_au: debut_du_mois", "{valeur: 500, recu: 2026-03-01}", "2026-03-31", "", "valeur: 500"),
        ("pris_au: debut_du_mois", "{valeur: 500, recu: 2026-03-02}", "2026-03-31", "", "valeur: null"),
        ("changement: periode_suivante", "{valeur: 500, recu: 2026-03-20}", "2026-05-01", "", 'probleme: "quotient : indiquez « du », le premier jour de la période suivante."'),
        ("changement: periode_suivante", "{valeur: 500, recu: 2026-03-20, du: 2026-05-01}", "2026-05-01", "", "valeur: 500"),
        ("changement: mois_suivant", "{valeur: 500, recu: 2026-12-20}", "2027-01-01", "", "valeur: 500"),
        ("validite: annee_scolaire", "{valeur: 500, recu: 2026-03-20}", "2026-08-31", "", "valeur: 500"),
        ("retroactif: non", "{valeur: 500, recu: 2026-03-20, au: 2026-03-25}", "2026-03-25", "", "valeur: 500"),
        ("retroactif: non", "{valeur: 500, recu: 2026-03-20, au: 2026-03-25}", "2026-03-26", "", "valeur: null"),
        ("retroactif: non", "{valeur: 500, recu: 2026-03-20}, {valeur: 700, recu: 2026-04-02}", "2026-04-02", "", "valeur: 700"),
        ("retroactif: non", "{valeur: 700, recu: 2026-04-02}, {valeur: 500, recu: 2026-03-20}", "2026-05-02", "", "valeur: 700"),
        ("garde_alternee: celui_du_parent", "{valeur: 500, recu: 2026-03-20, parent: a}, {valeur: 700, recu: 2026-03-20, parent: b}", "2026-05-02", ", faits: {parent: c}", "valeur: inconnu"),
        ("garde_alternee: celui_du_parent", "{valeur: 500, recu: 2026-03-20, parent: a}", "2026-05-02", ", faits: {parent: c}", "valeur: inconnu"),
    ],
)  # fmt: skip
def test_the_quotient_of_a_history(changes, entries, day, more, expected):
    rule = {
        "inconnu": "ligne_inconnu", "pris_au": "jour_du_service", "changement": "immediat", "retroactif": "non",
        "validite": "annee_civile", "garde_alternee": "non_prevu", "arrondi": "null",
    }  # fmt: skip
    word, _, value = changes.partition(": ")
    written = ", ".join(f"{key}: {said}" for key, said in {**rule, word: value}.items())
    book = rulebook_of(f"quotient: {{{written}}}\nactivites: {{cantine: {{nom: Cantine}}}}\n")
    facts = f"quotients: [{entries}]"
    if more.startswith(", faits"):
        facts, more = f"{facts}, {more.removeprefix(', faits: {').removesuffix('}')}", ""
    check(
        book,
        f"- {{nom: q, question: fait, fait: quotient, jour: {day}, faits: {{{facts}}}{more}, attendu: {{{expected}}}}}",
    )


def test_a_quotient_never_given_is_asked_for():
    book = rulebook_of("""
        quotient: {inconnu: refuser, pris_au: jour_du_service, changement: immediat, retroactif: oui, validite: sans_fin, garde_alternee: non_prevu, arrondi: null}
        activites: {cantine: {nom: Cantine}}
        """)
    check(
        book,
        "- {nom: q, question: fait, fait: quotient, jour: 2026-09-14, attendu: {fait_manquant: quotient}}",
    )


# --- Access


@pytest.mark.parametrize(
    ("window", "at", "expected"),
    [
        (
            "ouvre: 2026-09-03 20:00, ferme: 2026-09-24 24:00, limite: exclue",
            "2026-09-03 19:59:59",
            "ouverte: non, ouvre: 2026-09-03 20:00, ferme: 2026-09-25 00:00",
        ),
        (
            "ouvre: 2026-09-03 20:00, ferme: 2026-09-24 24:00, limite: exclue",
            "2026-09-03 20:00",
            "ouverte: oui",
        ),
        (
            "ouvre: 2026-09-03 20:00, ferme: 2026-09-24 24:00, limite: exclue",
            "2026-09-24 23:59:59",
            "ouverte: oui",
        ),
        (
            "ouvre: 2026-09-03 20:00, ferme: 2026-09-24 24:00, limite: exclue",
            "2026-09-25 00:00",
            "ouverte: non",
        ),
        (
            "ouvre: 2026-09-03 20:00, ferme: 2026-09-24 12:00, limite: incluse",
            "2026-09-24 12:00",
            "ouverte: oui",
        ),
        (
            "ouvre: 2026-09-03 20:00, ferme: 2026-09-24 12:00, limite: incluse",
            "2026-09-24 12:00:01",
            "ouverte: non",
        ),
        ("ouvre: 2026-09-03 20:00, ferme: null", "2030-01-01 12:00", "ouverte: oui, ferme: null"),
        (
            "ouvre: 2026-09-03 08:00, ferme: null, jours: [2026-09-04]",
            "2026-09-03 12:00",
            "ouverte: non, jours: [2026-09-04]",
        ),
        ("ouvre: 2026-09-03 08:00, ferme: null, jours: [2026-09-04]", "2026-09-04 12:00", "ouverte: oui"),
    ],
)
def test_a_window(window, at, expected):
    book = rulebook_of(
        f"activites: {{c: {{nom: C, inscription: {{fenetres: [{{canaux: tous, {window}}}]}}}}}}\n"
    )
    check(book, f"- {{nom: f, question: fenetre, activite: c, a: {at}, attendu: {{{expected}}}}}")


def test_a_window_by_some_channels_only():
    book = rulebook_of(
        "activites: {c: {nom: C, inscription: {fenetres: [{canaux: [portail, guichet], ouvre: 2026-09-03 08:00, ferme: null}]}}}\n"
    )
    check(book, """
        - {nom: oui, question: fenetre, activite: c, canal: guichet, attendu: {ouvre: 2026-09-03 08:00}}
        - {nom: non, question: fenetre, activite: c, canal: courrier, attendu: {probleme: "activites.c.inscription : aucune fenêtre d’inscription n’est ouverte par « courrier »."}}
        - {nom: sans canal, question: fenetre, activite: c, attendu: {fait_manquant: canal}}
        """)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("[]", "acceptee: non, motifs: [Il manque la pièce « justificatif ».]"),
        ("[{nom: justificatif, date: 2026-06-14}]", "acceptee: oui"),
        (
            "[{nom: justificatif, date: 2026-06-13}]",
            "acceptee: non, motifs: [La pièce « justificatif » date de plus de 3 mois.]",
        ),
        ("[{nom: facture, date: 2026-09-01}]", "acceptee: oui"),
        ("[{nom: justificatif}]", "fait_manquant: date de la pièce justificatif"),
    ],
)
def test_a_document(given, accepted):
    book = rulebook_of("""
        activites:
          c:
            nom: C
            inscription: {pieces: [{nom: justificatif, age_maximum_mois: 3, ou: [{nom: facture, si: toujours}]}]}
        """)
    check(
        book,
        f"- {{nom: i, question: inscription, activite: c, a: 2026-09-14 12:00, pieces: {given}, attendu: {{{accepted}}}}}",
    )


@pytest.mark.parametrize(("number", "missing"), [(0, 2), (1, 2), (2, 2), (3, 3)])
def test_copies_of_a_document(number, missing):
    book = rulebook_of(
        f"activites: {{c: {{nom: C, inscription: {{pieces: [{{nom: photo, exemplaires: {missing}}}]}}}}}}\n"
    )
    given = ", ".join(["{nom: photo}"] * number)
    reason = "" if number == missing else f"Il manque la pièce « photo » ({number} sur {missing})."
    expected = f"acceptee: {'non' if reason else 'oui'}, motifs: [{reason}]"
    check(
        book, f"- {{nom: i, question: inscription, activite: c, pieces: [{given}], attendu: {{{expected}}}}}"
    )


@pytest.mark.parametrize(
    ("span", "wanted", "days", "accepted"),
    [
        ("semaine", "{jours_choisis: {de: 3}}", "[2026-09-14, 2026-09-15, 2026-09-17]", "oui"),
        ("semaine", "{jours_choisis: {de: 3}}", "[2026-09-14, 2026-09-15, 2026-09-21]", "non"),
        ("semaine", "{jours_ouverts: 4}", "[2026-09-14]", "oui"),
        ("mois", "{jours_ouverts: 17}", "[2026-09-14]", "oui"),
        ("annee_scolaire", "{jours_ouverts: {de: 130}}", "[2027-06-14]", "oui"),
        ("semaine", "{jours_manquants: 3}", "[2026-09-14]", "oui"),
        ("semaine", "{jours_manquants: 0}", "[2026-09-14, 2026-09-15, 2026-09-17, 2026-09-18]", "oui"),
        ("jour", "{jour: lundi}", "[2026-09-14, 2026-09-21]", "oui"),
        ("jour", "{jour: lundi}", "[2026-09-14, 2026-09-22]", "non"),
    ],
)
def test_constraints_on_the_chosen_days(span, wanted, days, accepted):
    book = rulebook_of(f"""
        activites:
          c:
            nom: C
            ouverture: {{jours: [lundi, mardi, jeudi, vendredi], ecole: oui, vacances: non, feries: non}}
            inscription: {{choix: [{{par: {span}, exige: {wanted}, sinon: Non.}}, {{par: {span}, si: {{jour: samedi}}, exige: {{jour: dimanche}}, sinon: Jamais dit.}}]}}
        """)
    reasons = "[]" if accepted == "oui" else "[Non.]"
    check(
        book,
        f"- {{nom: c, question: inscription, activite: c, jours: {days}, attendu: {{acceptee: {accepted}, motifs: {reasons}}}}}",
    )


def test_the_last_rule_of_absences_holds_always():
    wrong = messages("activites: {c: {nom: C, absences: [{nom: r, si: {jour: lundi}, du: rien}]}}\n")
    assert wrong == [
        "ligne 3, activites.c.absences[1] : la dernière règle d’absence est « si: toujours », sans autre condition."
    ]


def test_the_day_on_which_the_family_tells_is_the_first():
    book = absences(
        "{nom: r, si: toujours, du: {de: 2, a: null, unite: jours_reserves, depuis_prevenance: oui}}"
    )
    ask_absence(book, WEEK, "non_dus: [2026-09-15]", ", prevenu: 2026-09-15 08:00")


def test_a_document_that_must_still_be_valid():
    book = rulebook_of(
        "activites: {c: {nom: C, inscription: {pieces: [{nom: assurance, en_cours_de_validite: oui}]}}}\n"
    )
    for given, reason in (
        ("[]", "Il manque la pièce « assurance »."),
        ("[{nom: assurance, jusqu_au: 2026-09-13}]", "La pièce « assurance » n’est plus valable."),
        ("[{nom: assurance, jusqu_au: 2026-09-14}]", ""),
    ):
        check(
            book,
            f"- {{nom: i, question: inscription, activite: c, a: 2026-09-14 12:00, pieces: {given}, attendu: {{motifs: [{reason}]}}}}",
        )


def test_two_copies_one_of_today_and_one_that_is_not_fresh():
    book = rulebook_of(
        "activites: {c: {nom: C, inscription: {pieces: [{nom: bulletin, exemplaires: 2, age_maximum_mois: 3}]}}}\n"
    )
    for other, reason in (
        ("2026-01-01", "La pièce « bulletin » date de plus de 3 mois."),
        ("2026-09-15", "La pièce « bulletin » porte une date à venir."),
    ):
        given = f"[{{nom: bulletin, date: 2026-09-14}}, {{nom: bulletin, date: {other}}}]"
        check(
            book,
            f"- {{nom: i, question: inscription, activite: c, a: 2026-09-14 12:00, pieces: {given}, attendu: {{motifs: [{reason}]}}}}",
        )


SIBLINGS = """
  presences:
    - {activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15]}
    - {activite: cantine, enfant: Noé, jours: [2026-09-14]}
"""


@pytest.mark.parametrize(
    ("by", "share", "expected"),
    [
        ("famille", "", "{Lou: 8, Noé: 4, famille: -3}"),
        ("famille", ", partage: au_prorata", "{Lou: 6, Noé: 3}"),
        ("famille", ", partage: parts_egales", "{Lou: 6.5, Noé: 2.5}"),
        ("enfant", "", "{Lou: 5, Noé: 1}"),
        ("enfant", ", partage: parts_egales", "{Lou: 5, Noé: 1}"),
    ],
)
def test_whose_is_what_a_total_takes_off(by, share, expected):
    book = rulebook_of(f"""
        activites: {{cantine: {{nom: Cantine, {TARIFF}}}}}
        cumuls: [{{nom: remise, periode: mois, par: {by}, activites: [cantine], effet: ajoute, valeur: -3, {CENTS}{share}}}]
        """)
    check(book, f"- nom: t\n  question: facture\n  attendu: {{par_enfant: {expected}}}{SIBLINGS}")


def test_what_earlier_bills_held_is_in_a_number_and_in_a_sum():
    book = rulebook_of(f"""
        faits: {{n: nombre}}
        activites:
          cantine:
            nom: Cantine
            comptes: [{{nom: n, parmi: presences, periode: annee_scolaire, par: famille, toutes_activites: non, jusqu_ici: oui, si: toujours}}]
            tarif: {{prix: n, arrondi: {{au: 1, vers: plus_proche, apres: [total]}}}}
        cumuls: [{{nom: dossier, periode: annee_scolaire, par: famille, activites: [cantine], effet: remplace, valeur: nombre, {CENTS}}}]
        """)
    presences = "presences: [{activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15]}]"
    check(book, f"""
        - {{nom: compte, question: facture, {presences}, deja: [{{compte: n, nombre: 5}}, {{cumul: dossier, nombre: 0, montant: 0}}], attendu: {{lignes: [{{montant: 6}}, {{montant: 7}}, {{montant: -11}}], total: 2}}}}
        - {{nom: cumul, question: facture, {presences}, deja: [{{compte: n, nombre: 0}}, {{cumul: dossier, nombre: 5, montant: 1}}], attendu: {{lignes: [{{montant: 1}}, {{montant: 2}}, {{montant: 3}}], total: 6}}}}
        """)  # fmt: skip


ONE_DAY = "{activite: cantine, enfant: Lou, jours: [2026-09-14]}"
TWICE = "Lou, cantine, le lundi 14 septembre 2026 : écrit deux fois."


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (f"presences: [{ONE_DAY}, {ONE_DAY}]", TWICE),
        (
            f"presences: [{ONE_DAY}], absences: [{ONE_DAY}]",
            "Lou, cantine, le lundi 14 septembre 2026 : écrit présent et absent.",
        ),
        (f"presences: [], absences: [{ONE_DAY}, {ONE_DAY}]", TWICE),
        (
            f"presences: [{ONE_DAY}], absences: [{{activite: cantine, enfant: Lou, jours: [2026-09-11, 2026-09-15]}}]",
            "Lou est présent le lundi 14 septembre 2026, au milieu de son absence : écrivez deux absences.",
        ),
        (
            f"presences: [{ONE_DAY}], absences: [{{activite: cantine, enfant: Lou, jours: [2026-09-15, 2026-09-17]}}]",
            "",
        ),
        (
            f"presences: [{ONE_DAY}], absences: [{{activite: cantine, enfant: Noé, jours: [2026-09-11, 2026-09-15]}}]",
            "",
        ),
        (
            "presences: [{activite: cantine, enfant: Lou, jours: [2026-09-17]}], absences: [{activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15]}]",
            "",
        ),
        (
            "presences: [{activite: cantine, enfant: Lou, jours: [2026-09-14], commande: a}, {activite: cantine, enfant: Lou, jours: [2026-09-14], commande: b}]",
            "",
        ),
        (
            "presences: [{activite: cantine, enfant: Lou, jours: [2026-09-14], commande: a}, {activite: cantine, enfant: Lou, jours: [2026-09-14], commande: a}]",
            TWICE,
        ),
    ],
)
def test_what_a_bill_cannot_hold_at_once(asked, problem):
    book = rulebook_of(
        f"activites: {{cantine: {{nom: Cantine, absences: [{{nom: dû, si: toujours, du: tout}}], {TARIFF}}}}}\n"
    )
    expected = f'probleme: "{problem}"' if problem else "probleme: null"
    check(book, f"- {{nom: f, question: facture, {asked}, attendu: {{{expected}}}}}")
