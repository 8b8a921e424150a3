# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Values and adjustments on, just below and just above what they turn on."""

import pytest

from tests.domain.rulebook.helpers import ask, check, rulebook_of

TOTAL = "arrondi: {au: 0.01, vers: plus_proche, apres: [total]}"


def priced(value, facts="faits: {x: nombre}", more=""):
    return rulebook_of(
        f"{facts}\nactivites: {{cantine: {{nom: Cantine, tarif: {{prix: {value}, {TOTAL}{more}}}}}}}\n"
    )


def ask_price(book, facts, expected, more=""):
    check(
        book,
        f"- {{nom: p, question: prix, activite: cantine, faits: {{{facts}}}{more}, attendu: {{{expected}}}}}",
    )


CURVE = "{{courbe: {{sur: x, points: [[400, 1.20], [900, 2.70], [1500, 5.40]], au_dela: {beyond}}}}}"
PLACE = "activites.cantine.tarif.prix"


@pytest.mark.parametrize(
    ("beyond", "x", "expected"),
    [
        ("refuser", 400, "prix: 1.20"),
        ("refuser", 650, "prix: 1.95"),
        ("refuser", 900, "prix: 2.70"),
        ("refuser", 1200, "prix: 4.05"),
        ("refuser", 1500, "prix: 5.40"),
        ("refuser", 399, f'probleme: "{PLACE}.courbe ne va pas jusqu’à x = 399."'),
        ("refuser", 1501, f'probleme: "{PLACE}.courbe ne va pas jusqu’à x = 1\u202f501."'),
        ("plat", 300, "prix: 1.20"),
        ("plat", 2000, "prix: 5.40"),
        ("plat", 500, "prix: 1.50"),
        ("pente", 300, "prix: 0.90"),
        ("pente", 2000, "prix: 7.65"),
    ],
)
def test_a_curve(beyond, x, expected):
    ask_price(priced(CURVE.format(beyond=beyond)), f"x: {x}", expected)


@pytest.mark.parametrize(("x", "expected"), [(1, 1), (2, 1), (4, 4), (6, 8), (8, 8)])
def test_a_rate_between_its_floor_and_its_ceiling(x, expected):
    book = priced("{taux: 2, sur: x, constante: -4, plancher: 1, plafond: 8}")
    ask_price(book, f"x: {x}", f"prix: {expected}")


def test_a_rate_without_bounds():
    ask_price(
        priced("{taux: 2, sur: x, constante: 0.5, plancher: null, plafond: null}"), "x: 10", "prix: 20.5"
    )


def test_a_floor_that_is_the_ceiling():
    ask_price(priced("{taux: 2, sur: x, constante: 0, plancher: 3, plafond: 3}"), "x: 10", "prix: 3")


def test_the_only_version_holds_from_its_first_day():
    rule = "{prix: 3, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}"
    book = rulebook_of(
        f"activites: {{cantine: {{nom: Cantine, tarif: {{versions: [{{nom: a, du: 2026-09-15, regle: {rule}}}]}}}}}}\n"
    )
    ask_price(book, "", "prix: 3", ", jour: 2026-09-15")
    ask_price(book, "", "fait_manquant: jour")
    said = "activites.cantine.tarif : aucune version en vigueur le lundi 14 septembre 2026."
    ask_price(book, "", f'probleme: "{said}"', ", jour: 2026-09-14")


def test_the_twenty_seventh_bracket_has_a_number():
    rows = ", ".join(
        f"{{x: {{de: {number}, moins_de: {number + 1}}}, valeur: {number}}}" for number in range(28)
    )
    book = priced(f"{{table: {{selon: x, trous: refuser, lignes: [{rows}]}}}}")
    for x, bracket in ((0, "tranche A ("), (25, "tranche Z ("), (26, "tranche 27 (")):
        (found,) = ask(book, f"- {{question: prix, activite: cantine, faits: {{x: {x}}}}}")
        assert found.trace.steps[0].bracket.startswith(bracket)


def test_cases_in_their_order():
    book = priced("{cas: [{si: {x: {de: 3}}, valeur: 1}, {si: {x: {de: 2}}, valeur: 2}], sinon: null}")
    ask_price(book, "x: 3", "prix: 1")
    ask_price(book, "x: 2", "prix: 2")
    ask_price(book, "x: 1", f'probleme: "{PLACE} : aucun cas ne correspond à ces faits."')
    ask_price(book, "", "fait_manquant: x")


TABLE = (
    "{{table: {{selon: x, trous: {gap}, lignes: [{{x: {{a: 622}}, valeur: 1}}, "
    "{{x: {{de: 623, a: 700}}, valeur: 2}}, {{x: {{de: 702}}, valeur: 3}}]}}}}"
)


@pytest.mark.parametrize(
    ("gap", "x", "expected"),
    [
        ("tranche_superieure", "0", 1),
        ("tranche_superieure", "622", 1),
        ("tranche_superieure", "622.40", 2),
        ("tranche_superieure", "623", 2),
        ("tranche_superieure", "701", 3),
        ("tranche_inferieure", "622.40", 1),
        ("tranche_inferieure", "623", 2),
        ("tranche_inferieure", "701", 2),
        ("tranche_inferieure", "5000", 3),
    ],
)
def test_a_number_between_two_brackets(gap, x, expected):
    ask_price(priced(TABLE.format(gap=gap)), f"x: {x}", f"prix: {expected}")


def test_a_bracket_without_its_bound_leaves_the_number_to_the_next_one():
    value = "{table: {selon: x, trous: %s, lignes: [{x: {moins_de: 400}, valeur: 1}, {x: {plus_de: 400}, valeur: 2}]}}"
    ask_price(priced(value % "tranche_superieure"), "x: 400", "prix: 2")
    ask_price(priced(value % "tranche_inferieure"), "x: 400", "prix: 1")


def test_a_table_of_facts_that_are_not_numbers():
    facts = "faits: {lieu: [ici, ailleurs], x: nombre, service: [repas, gouter]}"
    value = (
        "{table: {selon: [lieu, x], colonnes: service, trous: tranche_superieure, lignes: ["
        "{lieu: ici, x: {moins_de: 5}, valeur: {repas: 1, gouter: 2}}, "
        "{lieu: ici, x: {de: 6}, valeur: {repas: 3, gouter: null}}, "
        "{lieu: ailleurs, x: tous, valeur: {repas: 9, gouter: 8}}]}}"
    )
    book = priced(value, facts)
    ask_price(book, "lieu: ici, x: 4, service: gouter", "prix: 2")
    ask_price(book, "lieu: ici, x: 5.5, service: repas", "prix: 3")
    ask_price(book, "lieu: ailleurs, x: 5.5, service: gouter", "prix: 8")
    ask_price(
        book,
        "lieu: ici, x: 6, service: gouter",
        f'probleme: "{PLACE}.table.lignes[2] n’a pas de valeur pour service = gouter."',
    )
    ask_price(
        book,
        "lieu: inconnu, x: 6, service: repas",
        f'probleme: "{PLACE}.table n’a pas de ligne pour lieu = inconnu et x = 6."',
    )


SHIFTED = (
    "{table: {selon: x, trous: refuser, lignes: [{x: {moins_de: 10}, valeur: 1}, "
    "{x: {de: 10, moins_de: 20}, valeur: 2}, {x: {de: 20}, valeur: 3}, {x: inconnu, valeur: 4}]}}"
)


@pytest.mark.parametrize(
    ("by", "x", "expected"),
    [(-1, 5, 1), (-1, 15, 1), (-1, 25, 2), (1, 5, 2), (1, 25, 3), (-5, 25, 1), (5, 5, 3), (-1, "inconnu", 4)],
)
def test_reading_some_brackets_away(by, x, expected):
    shift = f", ajustements: [{{nom: decale, si: toujours, operation: decaler_tranche, fait: x, de: {by}}}]"
    ask_price(priced(SHIFTED, more=shift), f"x: {x}", f"prix: {expected}, ajustements: [decale]")


def test_two_shifts_add_up_and_those_of_another_fact_do_nothing():
    more = (
        ", ajustements: [{nom: un, si: toujours, operation: decaler_tranche, fait: x, de: 1}, "
        "{nom: autre, si: toujours, operation: decaler_tranche, fait: y, de: 1}, "
        "{nom: deux, si: toujours, operation: decaler_tranche, fait: x, de: 1}]"
    )
    ask_price(
        priced(SHIFTED, "faits: {x: nombre, y: nombre}", more),
        "x: 5",
        "prix: 3, ajustements: [un, autre, deux]",
    )


def test_reading_with_other_facts():
    more = ", ajustements: [{nom: sans, si: {x: {a: 10}}, operation: remplacer, faits: {x: inconnu}}, {nom: puis, si: {x: {a: 10}}, operation: ajouter, valeur: 1, portee: unite}]"
    ask_price(priced(SHIFTED, more=more), "x: 5", "prix: 5, ajustements: [sans, puis]")
    ask_price(priced(SHIFTED, more=more), "x: 15", "prix: 2, ajustements: []")


@pytest.mark.parametrize(
    ("operation", "value", "expected"),
    [
        ("ajouter", "0.50", "10.50"), ("ajouter", "-0.50", "9.50"), ("multiplier", "1.20", "12"), ("fixer", "3", "3"),
        ("au_moins", "12", "12"), ("au_moins", "8", "10"), ("au_plus", "12", "10"), ("au_plus", "8", "8"),
    ],
)  # fmt: skip
def test_each_operation(operation, value, expected):
    more = (
        f", ajustements: [{{nom: a, si: toujours, operation: {operation}, valeur: {value}, portee: unite}}]"
    )
    ask_price(priced("10", more=more), "", f"prix: {expected}")


def test_a_unit_before_the_quantity_and_a_presence_after_it():
    more = (
        ", quantite: 3, ajustements: [{nom: fois, si: toujours, operation: ajouter, valeur: 1, portee: presence}, "
        "{nom: unite, si: toujours, operation: ajouter, valeur: 2, portee: unite}, "
        "{nom: jamais, si: {x: 1}, operation: ajouter, valeur: 50, portee: unite}]"
    )
    ask_price(
        priced("10", more=more),
        "x: 2",
        "prix: 37, prix_unitaire: 12, quantite: 3, ajustements: [unite, fois]",
    )


def test_an_adjustment_that_waits_for_a_limit():
    more = ", ajustements: [{nom: tardif, si: delai, operation: ajouter, valeur: 2.50, portee: unite}]"
    ask_price(priced("10", more=more), "", "prix: 10, ajustements: []")
    ask_price(priced("10", more=more), "", "prix: 12.50, ajustements: [tardif]", ", supplements: [tardif]")


@pytest.mark.parametrize(
    ("where", "way", "step", "expected"),
    [
        # 1.115, then + 1.115, then × 2 presences: 4.46
        ("total", "plus_proche", "0.01", "4.46"),
        ("prix", "plus_proche", "0.01", "4.47"),  # 1.12 + 1.115 = 2.235
        ("chaque_ajustement", "plus_proche", "0.01", "4.46"),  # 2.23 × 2
        ("ajustements", "superieur", "0.10", "4.6"),  # 2.3 × 2
        ("total", "superieur", "0.10", "4.5"),
        ("total", "inferieur", "0.10", "4.4"),
        ("prix", "inferieur", "0.10", "4.4"),  # 1.1 + 1.115 = 2.215, × 2 = 4.43
        ("prix", "plus_proche_pair", "0.01", "4.47"),
        ("total", "plus_proche", "5", "5"),
    ],
)
def test_where_and_how_an_amount_is_rounded(where, way, step, expected):
    book = rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            tarif:
              prix: 1.115
              quantite: 2
              ajustements: [{{nom: a, si: toujours, operation: ajouter, valeur: 1.115, portee: unite}}]
              arrondi: {{au: {step}, vers: {way}, apres: [{where}]}}
        """)
    ask_price(book, "", f"prix: {expected}")


@pytest.mark.parametrize(
    ("way", "value", "expected"),
    [
        ("plus_proche", "0.125", "0.13"), ("plus_proche", "0.124", "0.12"), ("plus_proche_pair", "0.125", "0.12"),
        ("plus_proche_pair", "0.135", "0.14"), ("superieur", "0.121", "0.13"), ("superieur", "0.12", "0.12"),
        ("inferieur", "0.129", "0.12"),
    ],
)  # fmt: skip
def test_each_way_of_rounding(way, value, expected):
    rounding = f"arrondi: {{au: 0.01, vers: {way}, apres: [total]}}"
    book = rulebook_of(f"activites: {{cantine: {{nom: Cantine, tarif: {{prix: {value}, {rounding}}}}}}}\n")
    ask_price(book, "", f"prix: {expected}")


@pytest.mark.parametrize(
    ("counted", "tolerance", "minutes", "expected"),
    [
        ("commencees", 0, 0, 0), ("commencees", 0, 1, 1), ("commencees", 0, 30, 1), ("commencees", 0, 31, 2),
        ("commencees", 5, 35, 1), ("commencees", 5, 36, 2), ("commencees", 5, 3, 0), ("commencees", 0, -10, 0),
        ("completes", 0, 29, 0), ("completes", 0, 30, 1), ("completes", 5, 25, 1), ("completes", 5, 24, 0),
        ("completes", 0, 60, 2),
    ],
)  # fmt: skip
def test_slices_of_time(counted, tolerance, minutes, expected):
    book = priced(
        "2",
        more=f", quantite: {{tranches: {{minutes: x, de: 30, compte: {counted}, tolerance: {tolerance}}}}}",
    )
    ask_price(book, f"x: {minutes}", f"quantite: {expected}, prix: {2 * expected}")


@pytest.mark.parametrize(
    ("arrival", "departure", "expected"),
    [
        ("07:30", "08:00", 1), ("07:30", "08:01", 11), ("08:00", "08:30", 10), ("07:59", "08:00", 1),
        ("07:00", "07:30", 0), ("08:30", "09:00", 0), ("07:00", "09:00", 11),
    ],
)  # fmt: skip
def test_slots_touched(arrival, departure, expected):
    slots = '{creneaux: {arrivee: a, depart: d, liste: [{de: "07:30", a: "08:00", valeur: 1}, {de: "08:00", a: "08:30", valeur: 10}]}}'
    ask_price(
        priced(slots, "faits: {a: heure, d: heure}"), f'a: "{arrival}", d: "{departure}"', f"prix: {expected}"
    )


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("7 - 2 - 1", 4), ("8 / 4 / 2", 1), ("-x + 12", 2), ("2 * -3 + 10", 4),
        ("min(3, x)", 3), ("max(3, x)", 10), ("plus_proche(2.5, 1)", 3), ("plus_proche_pair(2.5, 1)", 2),
        ("superieur(2.1, 1)", 3), ("inferieur(2.9, 1)", 2), ("superieur(2.11, 0.05)", "2.15"), ("x / 4", "2.5"),
    ],
)  # fmt: skip
def test_a_formula(formula, expected):
    ask_price(priced(f'"{formula}"'), "x: 10", f"prix: {expected}")
