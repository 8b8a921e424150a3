"""The differences between two texts, rule by rule, in words."""

from textwrap import dedent

import pytest

from adapters import rulebook_files
from domain.rulebook.rule_changes import Change, in_words, rule_changes
from domain.rulebook.tree import Faults


def tree(text):
    faults = Faults()
    root = rulebook_files.parse(dedent(text), faults)
    assert list(faults) == []
    return root


def changes(old, new):
    return [(one.kind.value, one.label, one.old, one.new) for one in rule_changes(tree(old), tree(new))]


def plain(found):
    return [tuple(part.replace("\u00a0", " ") for part in one) for one in found]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3.80", "3,80"),
        ("1500", "1\u202f500"),
        ("-0.5", "-0,5"),
        ("2026-09-01", "mardi 1er\u00a0septembre 2026"),
        ('"12:00"', "12:00"),
        ("oui", "oui"),
        ("minute_incluse", "minute incluse"),
        ("reserver", "réserver"),
        ("Restaurant scolaire", "Restaurant scolaire"),
        ("null", "rien"),
        ("[]", "aucun"),
        ("[lundi, mardi]", "lundi, mardi"),
        ("[[400, 1.20], [900, 2.70]]", "(400, 1,20), (900, 2,70)"),
        ("{de: 3}", "à partir de 3"),
        ("{plus_de: 700, a: 900}", "plus de 700, jusqu’à 900"),
        ("{moins_de: 5}", "moins de 5"),
        ("{de: 1, a: 2, unite: jours_calendaires}", "de : 1 ; a : 2 ; unité : jours calendaires"),
        (
            "{jusqu_a: {forme: semaine, jour: mardi}, effet: libre}",
            "jusqu’à : (forme : semaine ; jour : mardi) ; effet : libre",
        ),
        ("{quotient: {a: 700}, valeur: 2}", "quotient : jusqu’à 700 ; valeur : 2"),
    ],
)
def test_a_tree_is_said_in_words(text, words):
    assert in_words(tree(f"x: {text}").mapping()["x"]) == words


def test_a_value_is_said_with_the_way_to_it():
    assert plain(
        changes(
            "activites: {cantine: {nom: Cantine, tarif: {prix: 3}}}",
            "activites: {cantine: {nom: Cantine, tarif: {prix: 4}}}",
        )
    ) == [("changé", "activités › « Cantine » › tarif › prix", "3", "4")]
    assert plain(changes("reglement: {nom: Un}", "reglement: {nom: Deux}")) == [
        ("changé", "règlement › nom", "Un", "Deux")
    ]


def test_a_key_that_comes_or_goes():
    assert changes("faits: {rang: nombre}", "faits: {rang: nombre, age: nombre}") == [
        ("ajouté", "faits › âge", "", "nombre")
    ]
    assert changes("faits: {rang: nombre, age: nombre}", "faits: {rang: nombre}") == [
        ("retiré", "faits › âge", "nombre", "")
    ]
    (one,) = rule_changes(tree("b: {x: 1}\n"), tree("b:\n  x: 1\n  y: 2\n"))
    assert (one.path, one.old_line, one.new_line) == ("b.y", 0, 3)


def test_names_that_have_all_changed_are_still_told_one_by_one():
    assert [one[:2] for one in changes("activites: {a: {x: 1}}", "activites: {b: {x: 1}}")] == [
        ("ajouté", "activités › b"),
        ("retiré", "activités › a"),
    ]


def test_another_form_replaces_the_whole_value():
    old = "activites: {c: {tarif: {prix: {taux: 1, sur: quotient}}}}"
    new = "activites: {c: {tarif: {prix: {table: {selon: rang}}}}}"
    assert changes(old, new) == [
        ("changé", "activités › c › tarif › prix", "taux : 1 ; sur : quotient", "table : selon : rang")
    ]
    limit = "activites: {{c: {{delais: {{jusqu_a: {{forme: {0}, heure: '{1}'}}}}}}}}"
    assert changes(limit.format("semaine", "12:00"), limit.format("mois", "12:00"))[0][1].endswith("jusqu’à")
    assert changes(limit.format("mois", "12:00"), limit.format("mois", "10:00"))[0][1].endswith("heure")


def test_a_list_of_words_and_a_value_of_another_nature_are_said_whole():
    assert changes("jours: [lundi, mardi]", "jours: [lundi]") == [
        ("changé", "jours", "lundi, mardi", "lundi")
    ]
    assert changes("prix: 3", "prix: {taux: 1}") == [("changé", "prix", "3", "taux : 1")]
    assert changes("canaux: tous", "canaux: [portail]") == [("changé", "canaux", "tous", "portail")]


ROWS = "lignes: [{rang: {a: 2}, valeur: 3}, {rang: {plus_de: 2}, valeur: 2}]"


def test_a_row_is_known_by_what_it_asks():
    assert changes(ROWS, ROWS.replace("valeur: 2", "valeur: 1")) == [
        ("changé", "ligne (rang : plus de 2) › valeur", "2", "1")
    ]


def test_rows_of_the_same_shape_whose_bounds_move_are_paired():
    moved = "lignes: [{rang: {a: 3}, valeur: 3}, {rang: {plus_de: 3}, valeur: 2}]"
    assert changes(ROWS, moved) == [
        ("changé", "ligne (rang : jusqu’à 3) › rang", "jusqu’à 2", "jusqu’à 3"),
        ("changé", "ligne (rang : plus de 3) › rang", "plus de 2", "plus de 3"),
    ]


def test_a_row_that_comes_is_not_paired_with_one_that_stays():
    more = "lignes: [{rang: {a: 2}, valeur: 3}, {rang: {plus_de: 2, a: 3}, valeur: 2}, {rang: {plus_de: 3}, valeur: 1}]"  # noqa: E501
    assert [(one[0], one[1]) for one in changes(ROWS, more)] == [
        ("ajouté", "ligne (rang : plus de 2, jusqu’à 3)"),
        ("ajouté", "ligne (rang : plus de 3)"),
        ("retiré", "ligne (rang : plus de 2)"),
    ]
    other = "lignes: [{rang: {a: 2}, valeur: 3}, {age: {a: 2}, valeur: 3, nom: a}]"
    assert [one[0] for one in changes(ROWS, other)] == ["ajouté", "retiré"]


def test_equal_items_are_told_apart_by_their_number():
    stages = "etapes: [{jusqu_a: a, effet: libre}, {jusqu_a: b, effet: refus}]"
    assert changes(stages, stages.replace("jusqu_a: b", "jusqu_a: c")) == [
        ("changé", "étape (2) › jusqu’à", "b", "c")
    ]
    assert changes(stages, stages.replace("jusqu_a: a", "jusqu_a: c")) == [
        ("changé", "étape › jusqu’à", "a", "c")
    ]


def test_named_items_follow_their_name_and_their_order_counts():
    two = "ajustements: [{nom: un, valeur: 1}, {nom: deux, valeur: 2}]"
    swapped = "ajustements: [{nom: deux, valeur: 2}, {nom: un, valeur: 1}]"
    assert plain(changes(two, swapped)) == [
        ("déplacé", "ajustements, ordre", "« un », « deux »", "« deux », « un »")
    ]
    both = plain(changes(two, swapped.replace("valeur: 1", "valeur: 3")))
    assert both[0] == ("changé", "ajustement « un » › valeur", "1", "3")
    assert both[1][0] == "déplacé"
    first = plain(
        changes(two, "ajustements: [{nom: zero, valeur: 0}, {nom: un, valeur: 1}, {nom: deux, valeur: 2}]")
    )
    assert first == [("ajouté", "ajustement « zéro »", "", "nom : zéro ; valeur : 0")]


def test_means_and_weekdays_are_names_too():
    means = "moyens: [{moyen: cesu, plafond: 10}]"
    assert plain(changes(means, means.replace("10", "20"))) == [
        ("changé", "moyen « CESU » › plafond", "10", "20")
    ]
    entries = "entrees: [{pour: [lundi, mardi], jour: vendredi}]"
    assert changes(entries, entries.replace("vendredi", "jeudi")) == [
        ("changé", "entrée lundi, mardi › jour", "vendredi", "jeudi")
    ]


def test_the_same_number_written_otherwise_is_no_change():
    assert changes("b: {x: 3.80}", "b: {x: 3.8}") == []
    assert changes("b: {x: '3.80 €'}", "b: {x: '3.8 €'}") != []
    assert changes("b: null", "b: 0") == [("changé", "b", "rien", "0")]


def test_kinds_have_french_words():
    assert [kind.value for kind in Change] == ["ajouté", "retiré", "changé", "déplacé"]
