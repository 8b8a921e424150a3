# ruff: noqa: E501  a rule a line reads better than folded
"""Which computed names are tried in place of the facts behind them."""

import pytest

from domain.rulebook.stand_ins import is_measured, is_rated, stand_ins
from tests.domain.rulebook.helpers import rulebook_of

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"
FACTS = """
  revenus: nombre
  parts: nombre
  rang: nombre
  age: nombre
  habite: oui_non
  travaille: oui_non
  entree: date
  provenance: {valeurs: [interieur, exterieur], deduit: [{si: {habite: oui}, valeur: interieur}, {si: {travaille: oui}, valeur: interieur}], sinon: exterieur}
  tranche: {valeurs: [basse, haute], deduit: [{si: {quotient: {a: 400}}, valeur: basse}], sinon: haute}
  classe: {valeurs: [petite, grande], deduit: [{si: {age: {a: 6}}, valeur: petite}], sinon: grande}
  saison: {valeurs: [ete, hiver], deduit: [{si: {mois: {de: 4, a: 9}}, valeur: ete}], sinon: hiver}
  tranche_communale: {valeurs: [basse, haute], deduit: [{si: {communal: {a: 400}}, valeur: basse}], sinon: haute}
"""
NAMES = """
montants:
  communal: revenus / 12 / parts
  double: quotient * 2
  aide: revenus / 100
conditions:
  reduit: {si: {provenance: interieur}, sinon: "Plein tarif."}
dates:
  sortie: {depuis: entree, mois: 3}
"""
BY_WORD = "{{table: {{selon: {0}, lignes: [{{{0}: {1}, valeur: 2}}, {{{0}: {2}, valeur: 4}}]}}}}"
BY_BRACKET = "{{table: {{selon: {0}, trous: refuser, lignes: [{{{0}: {{a: 400}}, valeur: 2}}, {{{0}: {{plus_de: 400}}, valeur: 4}}]}}}}"


def book_with(price, adjustments="[]"):
    indented = "".join(f"\n{line}" for line in FACTS.splitlines())
    text = f"faits:{indented}\n{NAMES}\nactivites:\n  cantine:\n    nom: Cantine\n    tarif:\n      prix: {price}\n      ajustements: {adjustments}\n      arrondi: {CENTS}\n"
    return rulebook_of(text)


def chosen(price, adjustments="[]", settled=()):
    book = book_with(price, adjustments)
    return set(stand_ins(book.activities["cantine"].tariff, book, settled))


def plus(condition):
    return f"[{{nom: plus, si: {condition}, operation: ajouter, valeur: 1, portee: unite}}]"


@pytest.mark.parametrize(
    ("price", "names"),
    [
        (BY_WORD.format("provenance", "interieur", "exterieur"), {"provenance"}),
        (BY_WORD.format("saison", "ete", "hiver"), {"saison"}),
        (BY_WORD.format("tranche", "basse", "haute"), set()),
        (BY_WORD.format("classe", "petite", "grande"), set()),
        (BY_WORD.format("tranche_communale", "basse", "haute"), {"communal"}),
        (BY_BRACKET.format("communal"), {"communal"}),
        (BY_BRACKET.format("double"), set()),
        ("{taux: 0.01, sur: communal, constante: 0, plancher: null, plafond: null}", {"communal"}),
        ("{courbe: {sur: communal, points: [[0, 1], [500, 5]], au_dela: plat}}", {"communal"}),
        ("4 - aide", set()),
        ("{cas: [{si: {reduit: oui}, valeur: 2}], sinon: 4}", {"reduit"}),
        ("{cas: [{si: {sortie: {a: 2026-09-01}}, valeur: 2}], sinon: 4}", set()),
        ("3", set()),
    ],
)
def test_a_name_stands_in_when_it_says_more_than_what_is_behind_it(price, names):
    assert chosen(price) == names


def test_a_name_whose_facts_are_read_elsewhere_does_not_stand_in():
    price = BY_WORD.format("provenance", "interieur", "exterieur")
    assert chosen(price, plus("{travaille: oui}")) == set()
    assert chosen(price, plus("{rang: {de: 2}}")) == {"provenance"}
    assert chosen(price, plus("{reduit: non}")) == {"provenance"}
    assert chosen(BY_BRACKET.format("communal"), plus("{revenus: {a: 1000}}")) == set()


def test_a_name_that_known_facts_compute_does_not_stand_in():
    price = BY_WORD.format("provenance", "interieur", "exterieur")
    assert chosen(price, settled={"habite"}) == set()
    assert chosen(price, settled={"provenance"}) == set()
    assert chosen(price, settled={"rang"}) == {"provenance"}
    assert chosen(BY_WORD.format("saison", "ete", "hiver"), settled={"mois"}) == set()


def test_only_the_outer_of_two_names_stands_in():
    assert chosen("{cas: [{si: {reduit: oui}, valeur: 2}], sinon: 4}") == {"reduit"}


def test_what_is_compared_is_measured_and_what_a_rate_multiplies_is_rated():
    book = book_with(
        "{taux: 0.01, sur: communal, constante: 0, plancher: null, plafond: null}", plus("{rang: {de: 3}}")
    )
    tariff = book.activities["cantine"].tariff
    assert [is_rated(name, tariff, book) for name in ("communal", "rang", "revenus")] == [True, False, False]
    assert [is_measured(name, tariff, book) for name in ("communal", "rang", "revenus")] == [
        True,
        True,
        False,
    ]
