# ruff: noqa: E501  a rule a line reads better than folded
"""Rules tried on every kind of family that they tell apart, one rulebook or two at once."""

from decimal import Decimal

from domain.rulebook.price_grid import trials_of
from tests.domain.rulebook.helpers import rulebook_of

CENTS = "{au: 0.01, vers: plus_proche, apres: [total]}"


def town(price, facts="{}", more=""):
    return rulebook_of(f"""
        faits: {facts}
        {more}
        activites: {{cantine: {{nom: Cantine, tarif: {{prix: {price}, arrondi: {CENTS}}}}}}}
        """)


def trials(*books, known=None):
    return trials_of(books, "cantine", None, known or {}, (), of_that_day=False)


def tried(*books, known=None):
    return [
        (dict(one.facts), tuple(answer.amount for answer in one.answers))
        for one in trials(*books, known=known).run()
    ]


def bracket(fact, bound, low=2, high=4):
    return f"{{table: {{selon: {fact}, trous: refuser, lignes: [{{{fact}: {{a: {bound}}}, valeur: {low}}}, {{{fact}: {{plus_de: {bound}}}, valeur: {high}}}]}}}}"


def test_the_values_of_both_rulebooks_are_tried_on_both():
    old = town("{table: {selon: formule, lignes: [{formule: repas, valeur: 3}]}}", "{formule: [repas]}")
    new = town(
        "{table: {selon: formule, lignes: [{formule: repas, valeur: 3}, {formule: pai, valeur: 1}]}}",
        "{formule: [repas, pai]}",
    )
    assert tried(old, new) == [({"formule": "repas"}, (3, 3)), ({"formule": "pai"}, (None, 1))]
    found = trials(town(bracket("quotient", 700)), town(bracket("quotient", 800)))
    assert {Decimal("699.99"), Decimal(700), Decimal("700.01"), Decimal("799.99"), Decimal(800), None} <= set(
        found.values("quotient")
    )


def test_a_fact_that_one_rulebook_computes_is_given_to_the_other_only():
    declared = town(
        "{table: {selon: lieu, lignes: [{lieu: ici, valeur: 2}, {lieu: ailleurs, valeur: 4}]}}",
        "{lieu: [ici, ailleurs]}",
    )
    computed = town(
        "{cas: [{si: {lieu: ici, habite: oui}, valeur: 1}], sinon: 5}",
        "{habite: oui_non, lieu: {valeurs: [ici, ailleurs], deduit: [{si: {habite: oui}, valeur: ici}], sinon: ailleurs}}",
    )
    assert tried(declared, computed) == [
        ({"lieu": "ici", "habite": True}, (2, 1)),
        ({"lieu": "ici", "habite": False}, (2, 5)),
        ({"lieu": "ailleurs", "habite": True}, (4, 1)),
        ({"lieu": "ailleurs", "habite": False}, (4, 5)),
    ]


def test_a_name_is_tried_itself_only_when_it_stands_in_for_both():
    communal = "montants: {communal: revenus / 12}"
    stands = town(bracket("communal", 500), "{revenus: nombre}", communal)
    reads_more = town(
        f"{{cas: [{{si: {{revenus: {{de: 100}}}}, valeur: 9}}], sinon: {bracket('communal', 500)}}}",
        "{revenus: nombre}",
        communal,
    )
    assert [facts for facts, _ in tried(stands)][0] == {"communal": 0}
    assert {tuple(facts) for facts, _ in tried(stands, reads_more)} == {("revenus",)}
    absent = town("3")
    assert {tuple(facts) for facts, _ in tried(stands, absent)} == {("communal",)}


def test_money_is_measured_to_the_cent_and_counts_are_not():
    found = trials(town(bracket("revenus", 1500), "{revenus: nombre}"))
    assert found.is_axis("revenus")
    assert Decimal("1499.99") in found.values("revenus")
    ages = trials(town(bracket("age", 6), "{age: nombre}"))
    assert not ages.is_axis("age")
    assert ages.values("age") == (5, 6, 7)
    border = trials(town(bracket("heures", 200), "{heures: nombre}"))
    assert not border.is_axis("heures")
    rate = trials(
        town("{taux: 0.01, sur: revenus, constante: 0, plancher: 2, plafond: null}", "{revenus: nombre}")
    )
    assert rate.is_axis("revenus")
    assert Decimal(200) in [facts["revenus"] for facts, _ in tried_of(rate)]
    years = trials(town(bracket("annee", 2025)))
    assert not years.is_axis("annee")
    rank = trials(
        town("{taux: 0.01, sur: rang, constante: 0, plancher: null, plafond: null}", "{rang: nombre}")
    )
    assert not rank.is_axis("rang")


def tried_of(found):
    return [(dict(one.facts), tuple(answer.amount for answer in one.answers)) for one in found.run()]


def test_a_fact_of_another_kind_in_the_other_rulebook_is_not_guessed():
    number = town(bracket("tarif", 5), "{tarif: nombre}")
    word = town("{table: {selon: tarif, lignes: [{tarif: plein, valeur: 3}]}}", "{tarif: [plein]}")
    (one,) = trials(number, word).run()
    assert [answer.missing for answer in one.answers] == ["tarif", "tarif"]


def test_known_facts_are_not_tried_even_when_no_rule_reads_them():
    book = town(bracket("quotient", 700), "{residence: [commune, ailleurs]}")
    found = tried(book, known={"residence": "commune", "quotient": Decimal(700), "autre": Decimal(3)})
    assert found == [({"residence": "commune", "quotient": 700, "autre": 3}, (2,))]


def test_a_floor_is_met_at_another_quotient_for_each_number_of_children():
    floor = "{table: {selon: enfants, trous: refuser, lignes: [{enfants: {a: 1}, valeur: 3}, {enfants: {plus_de: 1}, valeur: 2}]}}"
    book = town(
        f"{{taux: 0.01, sur: quotient, constante: 0, plancher: {floor}, plafond: null}}", "{enfants: nombre}"
    )
    quotients = {facts["quotient"] for facts, _ in tried(book)}
    assert {Decimal(200), Decimal(300), Decimal("299.99"), Decimal("200.01")} <= quotients
    plain = {facts["quotient"] for facts, _ in tried(town(bracket("quotient", 700)))}
    assert plain == {Decimal(0), Decimal("699.99"), Decimal(700), Decimal("700.01"), None}


def test_the_rules_of_an_answer_are_named():
    (low, *_) = trials(town(bracket("quotient", 700))).run()
    assert low.answers[0].rules[0] == "activites.cantine.tarif.prix.table.lignes[1]"
    (one,) = trials(town("{cas: [{si: {jour: lundi}, valeur: 3}], sinon: null}")).run()[1:2]
    assert "aucun cas ne correspond" in one.answers[0].problem
    assert one.answers[0].rules == ()
