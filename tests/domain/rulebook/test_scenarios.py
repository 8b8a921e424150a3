# ruff: noqa: E501  a question a line reads better than folded
"""Scenarios: how they are read, and how an answer is compared with what was expected."""

from decimal import Decimal

import pytest

from adapters import rulebook_files
from domain.french import NBSP
from domain.rulebook import expectations, scenario
from domain.rulebook.tree import Faults
from tests.domain.rulebook.helpers import ask, rulebook_of

BOOK = rulebook_of("""
    faits: {x: nombre, d: date, h: heure, ok: oui_non, lieu: [ici, ailleurs], mot: texte, n: entier}
    montants: {double: 2 * x}
    conditions: {grand: {si: {x: {de: 5}}, sinon: Trop petit.}}
    activites:
      cantine: {nom: Cantine, tarif: {prix: double, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}}
    """)


def differences(expected, answer="{question: prix, activite: cantine, faits: {x: 2.5}"):
    (found,) = ask(BOOK, f"- {answer}, attendu: {{{expected}}}}}")
    return [one.replace(NBSP, " ") for one in expectations.differences(found)]


@pytest.mark.parametrize(
    "expected",
    [
        "prix: 5",
        "prix: 5.00",
        "prix: 5.0, quantite: 1",
        "provisoire: non",
        "provisoire: false",
        "ajustements: []",
        "probleme: null",
        "fait_manquant: null",
        "probleme: aucun",
    ],
)
def test_an_answer_that_is_expected(expected):
    assert differences(expected) == []


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("prix: 5.01", ["prix : 5.01 attendu, 5.00 obtenu."]),
        ("prix: cinq", ["prix : cinq attendu, 5.00 obtenu."]),
        ("prix: null", ["prix : null attendu, 5.00 obtenu."]),
        ("prix: [5]", ["prix : [5] attendu, 5.00 obtenu."]),
        ("prix: {euros: 5}", ["prix : {euros: 5} attendu, 5.00 obtenu."]),
        ("provisoire: oui", ["provisoire : oui attendu, non obtenu."]),
        ("provisoire: null", ["provisoire : null attendu, non obtenu."]),
        ("ajustements: [un]", ["ajustements : [un] attendu, [] obtenu."]),
        ("ajustements: null", ["ajustements : null attendu, [] obtenu."]),
        ("fait_manquant: x", ["fait_manquant : x attendu, null obtenu."]),
        ("probleme: oui", ["probleme : oui attendu, null obtenu."]),
        ("prix: 4, quantite: 2", ["prix : 4 attendu, 5.00 obtenu.", "quantite : 2 attendu, 1 obtenu."]),
        (
            "cout: 5",
            [
                "cout : la réponse n’a pas cette clé (prix, provisoire, prix_unitaire, quantite, ajustements, fait_manquant, probleme)."
            ],
        ),
    ],
)
def test_an_answer_that_differs(expected, said):
    assert differences(expected) == said


def test_a_question_without_an_answer_says_why_unless_that_was_expected():
    lacking = "{question: prix, activite: cantine"
    problem = "Il manque le fait « x », dont a besoin montants.double."
    assert differences("prix: 5", lacking) == [problem]
    assert differences("fait_manquant: x", lacking) == []
    assert differences(f'probleme: "{problem}"', lacking) == []
    assert differences("fait_manquant: y", lacking) == ["fait_manquant : y attendu, x obtenu."]
    assert differences("fait_manquant: x, prix: 5", lacking) == [
        "prix : la réponse n’a pas cette clé (fait_manquant, probleme)."
    ]


def test_lists_and_mappings_are_compared_inside():
    bill = "{question: facture, faits: {x: 1}, presences: [{activite: cantine, enfant: Lou, jours: [2026-09-14, 2026-09-15]}]"
    assert differences("lignes: [{montant: 2, enfant: Lou}, {montant: 2}]", bill) == []
    for wrong in (
        "lignes: [{montant: 2}]",
        "lignes: [{montant: 2}, {montant: 3}]",
        "lignes: [{montant: 2}, {prix: 2}]",
        "lignes: [{montant: 2}, {montant: 2}, {}]",
    ):
        (said,) = differences(wrong, bill)
        assert said.startswith(
            f"{wrong.replace('lignes: ', 'lignes : ')} attendu, [{{libelle: Cantine, lundi 14 septembre, enfant: Lou, montant: 2.00, "
        )
    assert differences("par_enfant: {Lou: 4}", bill) == []
    assert differences("par_enfant: {Noé: 4}", bill) == ["par_enfant : {Noé: 4} attendu, {Lou: 4.00} obtenu."]


def test_nothing_is_compared_when_nothing_was_expected():
    (found,) = ask(BOOK, "- {question: prix, activite: cantine}")
    assert expectations.differences(found) == []
    assert found.missing_fact == "x"


@pytest.mark.parametrize(
    ("fact", "value", "expected"),
    [
        ("d", "2026-09-14", "valeur: 2026-09-14"), ("ok", "oui", "valeur: oui"), ("ok", "non", "valeur: non, message: null"),
        ("ok", "inconnu", "valeur: inconnu"), ("lieu", "ici", "valeur: ici"), ("mot", "Trois mots", "valeur: Trois mots"), ("n", "3", "valeur: 3"),
        ("h", '"08:30"', "valeur: 510"), ("x", "-2.5", "valeur: -2.5"),
    ],
)  # fmt: skip
def test_a_fact_is_read_by_its_type(fact, value, expected):
    assert differences(expected, f"{{question: fait, fait: {fact}, faits: {{{fact}: {value}}}") == []


def test_what_a_family_is_told_when_a_condition_is_false():
    assert (
        differences("valeur: non, message: Trop petit.", "{question: fait, fait: grand, faits: {x: 4.99}")
        == []
    )
    assert differences("valeur: oui, message: null", "{question: fait, fait: grand, faits: {x: 5}") == []


def faults_of(text):
    faults = Faults()
    scenario.read(rulebook_files.parse(text, faults), BOOK, faults)
    return [str(fault).replace(NBSP, " ") for fault in faults]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("faits: {x: 1}", "il manque « questions »"),
        ("questions: [{nom: a}]", "il manque « question » : choisissez parmi"),
        ("questions: [{question: age}]", "« age » n’est pas possible ici"),
        ("questions: [{question: prix}]", "il manque « activite »"),
        ("questions: [{question: prix, activite: judo}]", "« judo »"),
        ("questions: [{question: prix, activite: cantine, couleur: bleu}]", "clé inconnue « couleur »"),
        ("questions: [{question: prix, activite: cantine, faits: {y: 1}}]", "le fait « y » n’est pas déclaré dans le règlement."),
        ("questions: [{question: prix, activite: cantine, faits: {x: un}}]", "un nombre est attendu"),
        ("questions: [{question: prix, activite: cantine, faits: {n: 1.5}}]", "un nombre entier est attendu."),
        ("questions: [{question: permis, activite: cantine, action: reserver, jour: 2026-09-14, a: 2026-09-13}]", "une date et une heure sont attendues, par exemple 2026-09-03 20:00."),
        ("questions: [{question: permis, activite: cantine, action: reserver, jour: 2026-09-14, a: 2026-09-13 20:00:60}]", "les secondes vont de 00 à 59."),
        ("questions: [{question: permis, activite: cantine, action: reserver, jour: 2026-09-14, a: 2026-09-13 20:00:x}]", "les secondes vont de 00 à 59."),
        ("questions: [{question: permis, activite: cantine, action: partir, jour: 2026-09-14, a: 2026-09-13 20:00}]", "« partir » n’est pas possible ici"),
        ("questions: [{question: absence, activite: cantine, jours: [2026-09-14, 2026-09-14]}]", "le 2026-09-14 est écrit deux fois."),
        ("titre: x\nquestions: []", "titre"),
    ],
)  # fmt: skip
def test_a_faulty_scenario(text, fault):
    assert fault in "\n".join(faults_of(text))


def test_seconds_of_an_act_count():
    book = rulebook_of("""
        activites:
          c:
            nom: C
            delais: [{actions: [reserver], canaux: tous, etapes: [{jusqu_a: {forme: date_fixe, date: 2026-09-10, heure: "10:00", limite: incluse}, effet: libre}], ensuite: refus}]
        """)
    for moment, allowed in (("10:00", True), ("10:00:00", True), ("10:00:01", False), ("09:59:59", True)):
        (found,) = ask(
            book,
            f"- {{question: permis, activite: c, action: reserver, jour: 2026-09-14, a: 2026-09-10 {moment}}}",
        )
        assert found.answer["permis"] is allowed


def test_common_facts_and_those_of_a_question():
    faults = Faults()
    text = "scenario: Titre\nexemples: 2\nfaits: {x: 1, lieu: ici}\nquestions: [{nom: a, question: prix, activite: cantine, faits: {x: 3}, lecture: Note.}, {question: prix, activite: cantine}]"
    found = scenario.read(rulebook_files.parse(text, faults), BOOK, faults)
    assert (found.title, found.examples) == ("Titre", 2)
    assert [dict(one.facts) for one in found.questions] == [
        {"x": Decimal(3), "lieu": "ici"},
        {"x": Decimal(1), "lieu": "ici"},
    ]
    assert (found.questions[0].name, found.questions[0].reading, found.questions[1].reading) == (
        "a",
        "Note.",
        "",
    )


# --- Conditions


def holds(condition, facts):
    book = rulebook_of(
        f"faits: {{a: oui_non, b: oui_non, x: nombre, lieu: [ici, ailleurs]}}\nconditions: {{k: {{si: {condition}, sinon: Non.}}}}\nactivites: {{c: {{nom: C}}}}\n"
    )
    (found,) = ask(book, f"- {{question: fait, fait: k, faits: {{{facts}}}}}")
    return found.missing_fact or found.problem.replace(NBSP, " ") or found.answer["valeur"]


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        ("toujours", "", True),
        ("{a: oui, b: non}", "a: oui, b: non", True), ("{a: oui, b: non}", "a: oui, b: oui", False), ("{a: oui, b: non}", "a: non", False),
        ("{a: oui, b: non}", "a: oui", "b"), ("{ou: [{a: oui}, {b: oui}]}", "a: oui", True), ("{ou: [{a: oui}, {b: oui}]}", "b: oui", True),
        ("{ou: [{a: oui}, {b: oui}]}", "a: non, b: non", False), ("{ou: [{a: oui}, {b: oui}]}", "a: non", "b"), ("{ou: {a: oui}, b: oui}", "a: oui, b: non", False),
        ("{et: [{a: oui}, {b: oui}]}", "a: oui, b: oui", True), ("{et: [{a: oui}, {b: oui}]}", "a: non", False), ("{et: {a: oui}}", "a: oui", True),
        ("{non: {a: oui}}", "a: non", True), ("{non: {a: oui}}", "a: oui", False), ("{non: [{a: oui}, {b: oui}]}", "a: non, b: oui", False), ("{non: [{a: oui}, {b: oui}]}", "a: non, b: non", True),
        ("{lieu: {sauf: ici}}", "lieu: ailleurs", True), ("{lieu: {sauf: ici}}", "lieu: ici", False), ("{lieu: {sauf: inconnu}}", "lieu: ici", True), ("{lieu: {sauf: inconnu}}", "lieu: inconnu", False),
        ("{lieu: [ici, inconnu]}", "lieu: inconnu", True), ("{lieu: tous}", "lieu: inconnu", True), ("{lieu: inconnu}", "lieu: ici", False),
        ("{lieu: ici}", "lieu: inconnu", "Le fait « lieu » est inconnu et conditions.k.si ne prévoit pas ce cas."),
        ("{x: {de: 1, moins_de: 3}}", "x: 1", True), ("{x: {de: 1, moins_de: 3}}", "x: 3", False), ("{x: {plus_de: 1, a: 3}}", "x: 1", False), ("{x: {plus_de: 1, a: 3}}", "x: 3", True),
        ("{x: {sauf: {de: 2}}}", "x: 1", True), ("{x: {sauf: {de: 2}}}", "x: 2", False), ("{x: [1, 3]}", "x: 3", True), ("{x: [1, 3]}", "x: 2", False),
    ],
)  # fmt: skip
def test_a_condition(condition, facts, expected):
    assert holds(condition, facts) == expected
