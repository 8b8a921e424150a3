# ruff: noqa: E501  a rule or a question a line reads better than folded
"""Dates, amounts and facts that carry a name, and what a file's tree and words become."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.clock_time import FOREVER, NEVER_EVER
from domain.errors import RuleError
from domain.french import NBSP
from domain.rulebook.facts import Interval
from domain.rulebook.plain_data import moment_text, plain
from domain.rulebook.trace import MissingFact, Trace, Unanswered, in_words
from domain.rulebook.tree import BadNode, Fault, Faults, Node, Severity, planted
from tests.domain.rulebook.helpers import check, rulebook_of


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("annees: 3", "2024-02-29", "2027-02-28"),
        ("annees: -1", "2024-02-29", "2023-02-28"),
        ("annees: 4", "2024-02-29", "2028-02-29"),
        ("mois: 1", "2026-01-31", "2026-02-28"),
        ("mois: -2", "2026-01-31", "2025-11-30"),
        ("mois: 13", "2026-12-05", "2028-01-05"),
        ("annees: 1, mois: 1", "2026-12-05", "2028-01-05"),
        ("au_mois: 9", "2026-12-05", "2026-09-05"),
        ("au_jour: 31", "2026-02-05", "2026-02-28"),
        ("au_jour: 1", "2026-02-05", "2026-02-01"),
        ("annees: 3, au_mois: 9, au_jour: 1", "2024-02-29", "2027-09-01"),
        ("au_mois: 2, mois: 1", "2026-12-31", "2026-03-31"),
        ("jours: 10", "2026-02-25", "2026-03-07"),
        ("jours: -1", "2026-03-01", "2026-02-28"),
        ("mois: 1, au_jour: 1, jours: -1", "2026-02-05", "2026-02-28"),
        (
            "jours: 1, compte: {base: lundi_vendredi, sans_feries: oui, sans_vacances: non}",
            "2026-04-03",
            "2026-04-07",
        ),
        (
            "jours: -2, compte: {base: ecole, sans_feries: oui, sans_vacances: oui}",
            "2026-11-02",
            "2026-10-15",
        ),
        ("jours: 0, compte: {base: ecole, sans_feries: oui, sans_vacances: oui}", "2026-11-01", "2026-11-01"),
    ],
)
def test_a_date_from_another(rule, start, expected):
    book = rulebook_of(
        f"faits: {{d: date}}\ndates: {{e: {{depuis: d, {rule}}}}}\nactivites: {{c: {{nom: C}}}}\n"
    )
    check(
        book, f"- {{nom: d, question: fait, fait: e, faits: {{d: {start}}}, attendu: {{valeur: {expected}}}}}"
    )


def test_the_first_date_rule_that_holds():
    book = rulebook_of("""
        faits: {d: date, x: nombre}
        dates: {e: [{si: {x: 1}, depuis: d, jours: 1}, {si: {x: 2}, depuis: d, jours: 2}]}
        activites: {c: {nom: C}}
        """)
    check(book, """
        - {nom: un, question: fait, fait: e, faits: {d: 2026-01-01, x: 1}, attendu: {valeur: 2026-01-02}}
        - {nom: deux, question: fait, fait: e, faits: {d: 2026-01-01, x: 2}, attendu: {valeur: 2026-01-03}}
        - {nom: trois, question: fait, fait: e, faits: {d: 2026-01-01, x: 3}, attendu: {probleme: "dates.e : aucun cas ne correspond à ces faits."}}
        - {nom: inconnue, question: fait, fait: e, faits: {d: inconnu, x: 1}, attendu: {probleme: "dates.e[1] : la date d est inconnue."}}
        - {nom: manquante, question: fait, fait: e, faits: {x: 1}, attendu: {fait_manquant: d}}
        """)  # fmt: skip


def test_a_fact_deduced_from_the_first_case_that_holds():
    book = rulebook_of("""
        faits: {x: nombre, taille: {valeurs: [petite, moyenne, grande], deduit: [{si: {x: {a: 1}}, valeur: petite}, {si: {x: {a: 2}}, valeur: moyenne}], sinon: grande}}
        activites: {c: {nom: C}}
        """)
    check(book, """
        - {nom: a, question: fait, fait: taille, faits: {x: 1}, attendu: {valeur: petite}}
        - {nom: b, question: fait, fait: taille, faits: {x: 2}, attendu: {valeur: moyenne}}
        - {nom: c, question: fait, fait: taille, faits: {x: 2.01}, attendu: {valeur: grande}}
        - {nom: donnée, question: fait, fait: taille, faits: {x: 1, taille: grande}, attendu: {valeur: grande}}
        """)  # fmt: skip


def test_a_number_of_a_date_a_yes_or_a_time():
    book = rulebook_of("""
        faits: {d: date, ok: oui_non, h: heure, x: nombre, n: nombre}
        montants: {jours: date - d, avec: x + ok, minutes: h - 60, age: "annees_revolues(d, date)", reste: x / n, faux: "annees_revolues(x, date)"}
        activites: {c: {nom: C}}
        """)
    check(book, """
        - {nom: jours, question: fait, fait: jours, jour: 2026-03-01, faits: {d: 2026-02-27}, attendu: {valeur: 2}}
        - {nom: oui, question: fait, fait: avec, faits: {x: 2, ok: oui}, attendu: {valeur: 3}}
        - {nom: non, question: fait, fait: avec, faits: {x: 2, ok: non}, attendu: {valeur: 2}}
        - {nom: heure, question: fait, fait: minutes, faits: {h: "08:30"}, attendu: {valeur: 450}}
        - {nom: veille, question: fait, fait: age, jour: 2026-02-27, faits: {d: 2020-02-28}, attendu: {valeur: 5}}
        - {nom: jour, question: fait, fait: age, jour: 2026-02-28, faits: {d: 2020-02-28}, attendu: {valeur: 6}}
        - {nom: bissextile, question: fait, fait: age, jour: 2026-02-27, faits: {d: 2020-02-29}, attendu: {valeur: 5}}
        - {nom: le 28, question: fait, fait: age, jour: 2026-02-28, faits: {d: 2020-02-29}, attendu: {valeur: 6}}
        - {nom: pas une date, question: fait, fait: faux, faits: {x: 0}, jour: 2026-02-28, attendu: {probleme: "montants.faux : annees_revolues attend deux dates."}}
        - {nom: zero, question: fait, fait: reste, faits: {x: 2, n: 0}, attendu: {probleme: "montants.reste : la formule x / n divise par zéro."}}
        - {nom: inconnu, question: fait, fait: reste, faits: {x: inconnu, n: 1}, attendu: {probleme: "Le fait « x » est inconnu ; montants.reste ne dit pas ce qu’il faut faire."}}
        """)  # fmt: skip


# --- Words and trees


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "inconnu"), (True, "oui"), (False, "non"), (Decimal("1234.50"), "1\u202f234,5"), (3, "3"), (Decimal("Infinity"), "au plus haut"),
        (date(2026, 9, 14), f"lundi 14{NBSP}septembre 2026"), (datetime(2026, 9, 14, 8, tzinfo=UTC), f"lundi 14{NBSP}septembre, 10{NBSP}h"),
        ((1, True), "1, oui"), (["a"], "a"), ("mot", "mot"),
    ],
)  # fmt: skip
def test_a_value_in_words(value, words):
    assert in_words(value) == words


@pytest.mark.parametrize(
    ("interval", "words", "inside", "outside"),
    [
        (Interval(1, True, 3, False), "à partir de 1, moins de 3", [1, 2], [0, 3]),
        (Interval(1, False, 3, True), "plus de 1, jusqu’à 3", [2, 3], [1, 4]),
        (Interval(None, True, 3, True), "jusqu’à 3", [-9, 3], [4]),
        (Interval(1, True, None, True), "à partir de 1", [1, 99], [0]),
        (Interval(2, True, 2, True), "2", [2], [1, 3]),
        (Interval(), "toute valeur", [0], []),
    ],
)
def test_an_interval(interval, words, inside, outside):
    assert str(interval).replace(NBSP, " ") in (words, words.replace("à partir de 1, jusqu’à", "de 1 à"))
    assert [value in interval for value in inside] == [True] * len(inside)
    assert [value in interval for value in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    ("low", "low_in", "high", "high_in", "empty"),
    [(1, True, 1, True, False), (1, False, 1, True, True), (1, True, 1, False, True), (2, True, 1, True, True), (None, True, 1, True, False), (1, True, None, True, False), (1, False, 2, False, False)],
)  # fmt: skip
def test_an_empty_interval(low, low_in, high, high_in, empty):
    assert Interval(low, low_in, high, high_in).is_empty is empty


def test_plain_data_that_json_can_hold():
    given = {
        "a": Decimal("1.50"),
        "b": (date(2026, 9, 14), None),
        "c": [datetime(2026, 9, 14, 8, tzinfo=UTC)],
        "d": True,
        "e": Decimal("Infinity"),
        "f": Decimal("1E+2"),
    }
    assert plain(given) == {
        "a": "1.50",
        "b": ["2026-09-14", None],
        "c": ["2026-09-14 10:00"],
        "d": True,
        "e": "sans fin",
        "f": "100",
    }
    assert (moment_text(FOREVER), moment_text(NEVER_EVER)) == (None, None)


def test_a_step_keeps_its_rule_its_version_and_what_it_read():
    trace = Trace(version="2026")
    trace.add("tarif", "prix : 3", {"x": 1}, 3, "tranche A")
    trace.add("tarif", "fin")
    first, last = trace.steps
    assert (first.rule, first.version, first.text, first.inputs, first.result, first.bracket) == (
        "tarif",
        "2026",
        f"prix{NBSP}: 3",
        (("x", 1),),
        3,
        "tranche A",
    )
    assert (last.inputs, last.result, last.bracket) == ((), None, "")
    missing = MissingFact("x", "tarif")
    assert (missing.fact, missing.path, missing.code) == ("x", "tarif", "missing_fact")
    assert missing.message == f"Il manque le fait «{NBSP}x{NBSP}», dont a besoin tarif."
    assert (Unanswered("a : b").code, Unanswered("a : b").message) == ("unanswered", f"a{NBSP}: b")


def test_the_nodes_of_a_tree():
    tree = {"a": ["un", {"b": None}], "c": "deux"}
    root = planted(tree)
    assert root.bare() == tree
    assert [child.path for child in root.mapping()["a"].items()] == ["a[1]", "a[2]"]
    assert root.mapping()["a"].items()[1].mapping()["b"].path == "a[2].b"
    assert (root.has("a"), root.has("z"), root.mapping()["c"].has("a")) == (True, False, False)
    assert (root.is_mapping, root.mapping()["a"].is_list, root.mapping()["c"].is_text) == (True, True, True)
    assert (root.is_list, root.is_text, root.mapping()["c"].is_mapping) == (False, False, False)


@pytest.mark.parametrize(
    ("value", "read", "message"),
    [
        ({}, Node.text, "un texte est attendu."),
        ("  ", Node.text, "un texte est attendu."),
        ("mot", Node.mapping, "un ensemble de clés et de valeurs est attendu, par exemple {cle: valeur}."),
        ("mot", Node.items, "une liste est attendue : [mot], ou une ligne par élément, précédée d’un tiret."),
        (
            {},
            Node.items,
            "une liste est attendue : [premier, second], ou une ligne par élément, précédée d’un tiret.",
        ),
    ],
)
def test_what_a_place_does_not_hold(value, read, message):
    with pytest.raises(BadNode) as bad:
        read(Node(value, 7, "a.b"))
    assert bad.value.fault == Fault("a.b", 7, message)
    assert str(bad.value) == str(bad.value.fault)
    assert Node(" mot ", 1).text() == "mot"


def test_errors_then_warnings_in_the_order_of_the_file_each_once():
    faults = Faults()
    late, early = Fault("b", 9, "Deux."), Fault("a", 3, "Un.")
    for fault in (late, early, late):
        faults.add(fault)
    faults.warn(Node(None, 4, "a"), "Peut-être.")
    assert [str(fault).replace(NBSP, " ") for fault in faults] == [
        "ligne 3, a : Un.",
        "ligne 9, b : Deux.",
        "avertissement, ligne 4, a : Peut-être.",
    ]
    assert (faults.errors, [fault.message for fault in faults.warnings]) == ([early, late], ["Peut-être."])
    assert str(Fault("", 1, "Vide.")).replace(NBSP, " ") == "ligne 1, fichier : Vide."
    assert (Severity.ERROR.value, Severity.WARNING.value) == ("erreur", "avertissement")
    assert Node(None, 4, "a").from_rule(RuleError("c", "Non.", "b")).fault == Fault("a.b", 4, "Non.")
    assert Node(None, 4, "").from_rule(RuleError("c", "Non.", "")).fault == Fault("", 4, "Non.")
