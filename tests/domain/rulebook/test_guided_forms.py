"""What guided forms read in a règlement and write back: nothing else changes, and it means the same."""

from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest

from adapters import rulebook_files, rulebook_writer
from domain.enums import Outcome
from domain.errors import RuleError
from domain.rulebook import rulebook
from domain.rulebook.guided_limits import (
    GuidedLimit,
    GuidedStage,
    limit_of,
    rules_of,
    with_limit,
    with_rules,
)
from domain.rulebook.guided_prices import (
    Bracket,
    GuidedPrices,
    PriceRow,
    declared,
    is_adjusted,
    price_rule_of,
    prices_of,
    with_price_rule,
    with_prices,
)
from domain.rulebook.tree import Faults
from tests.rulebook_texts import days_before, empty, ladder, until

CASES = sorted((Path(__file__).parents[2] / "cases").glob("*.reglement.yaml"))
EVENING = days_before(1, "18:00")
THURSDAY = {
    "forme": "semaine", "jour": "jeudi", "semaines_avant": "1", "heure": "12:00", "limite": "exclue",
}  # fmt: skip
EXTRA = {
    "nom": "tardif", "si": "delai", "operation": "ajouter", "valeur": "2.5", "portee": "unite",
}  # fmt: skip
ROUNDING = {"au": "0.01", "vers": "plus_proche", "apres": ["total"]}


def tree_of(path: Path) -> dict:
    return rulebook_files.parse(path.read_text(encoding="utf-8"), Faults()).bare()


def in_town(activity: dict, **sections: object) -> dict:
    return {**empty(), **sections, "activites": {"cantine": {"nom": "Cantine", **activity}}}


def assert_reads(tree: dict) -> None:
    faults = Faults()
    rulebook.read(rulebook_files.parse(rulebook_writer.to_text(tree), faults), rulebook_files, faults)
    assert [str(fault) for fault in faults.errors] == []


# --- Real règlements ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.split(".")[0])
def test_what_a_form_shows_of_a_real_town_is_what_it_writes(path: Path) -> None:
    tree = tree_of(path)
    for name, activity in tree["activites"].items():
        for action in ("reserver", "annuler"):
            limit = limit_of(activity, action)
            if limit is not None:
                written = with_limit(activity, action, limit)
                assert limit_of(written, action) == limit
                assert all(
                    rules_of(written, other) == rules_of(activity, other)
                    for other in {"reserver", "annuler", "modifier"} - {action}
                )
        formulas = formulas_of(tree)
        for formula in formulas:
            prices = prices_of(activity, formula)
            if prices is not None:
                others = [one for one in formulas if one != formula]
                written = with_prices(activity, formula, others, prices)
                assert [prices_of(written, one) for one in formulas] == [
                    prices_of(activity, one) for one in formulas
                ]
                whole = {**tree, "activites": {**tree["activites"], name: written}}
                assert_reads(declared(whole, written["tarif"], formulas))


def formulas_of(tree: dict) -> list[str]:
    found = tree.get("faits", {}).get("formule", ["repas"])
    return found if isinstance(found, list) else found.get("valeurs", ["repas"])


def test_the_forms_hold_the_limits_and_the_prices_of_many_towns() -> None:
    trees = [tree_of(path) for path in CASES]
    activities = [(tree, one) for tree in trees for one in tree["activites"].values()]
    limits = [limit_of(one, action) for _, one in activities for action in ("reserver", "annuler")]
    prices = [prices_of(one, formulas_of(tree)[0]) for tree, one in activities]
    assert len([one for one in limits if one]) >= 39
    assert len([one for one in prices if one]) >= 15


# --- Limits ---------------------------------------------------------------------------------------


def test_limits_in_stages_are_read_with_their_extra_in_cents() -> None:
    stages = [
        {"jusqu_a": THURSDAY, "effet": "libre"},
        {"jusqu_a": EVENING, "effet": "supplement", "supplements": ["tardif"]},
        {"jusqu_a": "toujours", "effet": "sur_demande"},
    ]
    rule = {"etapes": stages, "ensuite": "refus"}
    activity = {
        "delais": [ladder("reserver", rule)],
        "tarif": {"prix": "3", "ajustements": [EXTRA], "arrondi": ROUNDING},
    }

    assert limit_of(activity, "reserver") == GuidedLimit(
        (GuidedStage(THURSDAY, Outcome.FREE), GuidedStage(EVENING, Outcome.EXTRA, 250)), Outcome.ON_REQUEST
    )
    assert limit_of(activity, "annuler") is None


RICH = {
    "documents": until({**EVENING}) | {"ensuite": {"effet": "sur_demande", "exige": ["certificat"]}},
    "a condition": until(EVENING) | {"si": {"residence": "commune"}},
    "a channel": until(EVENING) | {"canaux": ["portail"]},
    "counted weekdays": until({**EVENING, "compte": {**EVENING["compte"], "jours": ["lundi"]}}),
    "an exception": until({**EVENING, "sauf": [{"quand": {"lundi_ferie": "oui"}, "limite": "jamais"}]}),
    "two limits together": until({"la_plus_tot_de": [EVENING, THURSDAY]}),
    "another form": until({"forme": "date_fixe", "date": "2026-09-01", "heure": "12:00"}),
    "an unknown extra": until(EVENING) | {"ensuite": {"effet": "supplement", "supplements": ["autre"]}},
    "a stage that refuses": until(EVENING, "refus", "libre"),
    "free for ever after": until(EVENING, "libre", "libre"),
    "a beginning": {"ensuite": "refus", "etapes": [
        {"jusqu_a": EVENING, "a_partir_de": THURSDAY, "effet": "libre"}]},
}  # fmt: skip


@pytest.mark.parametrize("what", RICH)
def test_a_rule_that_says_more_than_the_form_is_left_to_the_text(what: str) -> None:
    activity = {"delais": [ladder("reserver", RICH[what])]}
    assert limit_of(activity, "reserver") is None
    assert rules_of(activity, "reserver") is not None


def test_a_limit_is_written_for_its_action_alone() -> None:
    shared = {"actions": ["reserver", "annuler"], "canaux": "tous"} | until(EVENING)
    activity = {"nom": "Cantine", "delais": [shared], "tarif": {"prix": "3", "arrondi": ROUNDING}}
    limit = GuidedLimit((GuidedStage(THURSDAY, Outcome.FREE),), Outcome.REFUSE)

    written = with_limit(activity, "annuler", limit)

    assert rules_of(written, "reserver") == rules_of(activity, "reserver")
    assert limit_of(written, "annuler") == limit
    assert list(written) == ["nom", "delais", "tarif"]
    assert [one["actions"] for one in written["delais"]] == [["annuler"], ["reserver"]]
    assert_reads(in_town(written))


def test_two_actions_with_the_same_limit_are_written_once() -> None:
    activity = {"delais": [ladder("annuler", until(EVENING))]}
    limit = limit_of(activity, "annuler")

    assert with_limit(activity, "reserver", limit)["delais"] == [
        {"actions": ["reserver", "annuler"], "canaux": "tous"} | until(EVENING)
    ]


def test_an_extra_becomes_an_adjustment_of_the_tariff_once() -> None:
    limit = GuidedLimit(
        (GuidedStage(THURSDAY, Outcome.FREE), GuidedStage(EVENING, Outcome.EXTRA, 200)), Outcome.EXTRA, 300
    )
    activity = {"tarif": {"prix": "3.80", "ajustements": [EXTRA], "arrondi": ROUNDING}}

    written = with_limit(activity, "reserver", limit)

    assert limit_of(written, "reserver") == limit
    assert [(one["nom"], one["valeur"]) for one in written["tarif"]["ajustements"]] == [
        ("tardif", "2.5"), ("supplement_hors_delai", "2.00"), ("supplement_hors_delai_2", "3.00"),
    ]  # fmt: skip
    assert with_limit(written, "annuler", limit)["tarif"] == written["tarif"]
    assert_reads(in_town(written))


def test_an_extra_needs_a_price() -> None:
    with pytest.raises(RuleError, match="publiez d’abord son tarif"):
        with_limit({}, "reserver", GuidedLimit((), Outcome.EXTRA, 200))


def test_dated_limits_are_changed_in_their_text() -> None:
    activity = {"delais": {"versions": []}}
    assert limit_of(activity, "reserver") is None
    with pytest.raises(RuleError, match="changez-les dans ce texte"):
        with_rules(activity, "reserver", None)


def test_a_limit_goes_and_comes_back() -> None:
    activity = {"nom": "Cantine", "delais": [ladder("reserver", until(EVENING))]}
    without = with_rules(activity, "reserver", None)
    assert without == {"nom": "Cantine"}
    assert with_rules(without, "reserver", rules_of(activity, "reserver")) == activity


# --- Prices ---------------------------------------------------------------------------------------


def flat(cents: int, unknown: int | None = None) -> PriceRow:
    return PriceRow((Bracket(None, False, cents),), cents if unknown is None else unknown)


LOW = PriceRow(
    (Bracket(Decimal(400), False, 150), Bracket(Decimal("640.5"), True, 250), Bracket(None, False, 350)), 490
)
PRICES = {
    "one price": GuidedPrices(flat(320), flat(320)),
    "one more for the others": GuidedPrices(flat(320), flat(650)),
    "dearer without a quotient": GuidedPrices(flat(320, 490), flat(320, 490)),
    "brackets for all": GuidedPrices(LOW, LOW),
    "brackets for residents": GuidedPrices(LOW, flat(650)),
    "brackets for both": GuidedPrices(LOW, PriceRow((*LOW.brackets[:-1], Bracket(None, False, 900)), 900)),
    "no row for the unknown": GuidedPrices(*[PriceRow(LOW.brackets, None)] * 2),
}


@pytest.mark.parametrize("name", PRICES)
def test_prices_are_written_as_they_are_read(name: str) -> None:
    prices = PRICES[name]
    written = with_prices({}, "repas", [], prices)
    assert prices_of(written, "repas") == prices
    assert_reads(declared(in_town(written, faits={}), written["tarif"], ["repas"]))


def test_each_formula_keeps_its_price() -> None:
    activity = with_prices({}, "matin", ["journee"], PRICES["one price"])
    assert prices_of(activity, "journee") is None

    activity = with_prices(activity, "journee", ["matin"], PRICES["brackets for residents"])

    assert prices_of(activity, "matin") == PRICES["one price"]
    assert prices_of(activity, "journee") == PRICES["brackets for residents"]
    tree = declared(in_town(activity), activity["tarif"], ["matin", "journee"])
    assert tree["faits"]["formule"] == ["matin", "journee"]
    assert_reads(tree)
    alike = with_prices(activity, "journee", ["matin"], PRICES["one price"])
    assert alike["tarif"]["prix"] == {
        "cas": [{"si": {"formule": ["journee", "matin"]}, "valeur": "3.20"}], "sinon": None,
    }  # fmt: skip


TABLE = {"selon": "residence", "colonnes": "formule", "lignes": [
    {"residence": "commune", "valeur": {"repas": "3.20", "pai": "1"}},
    {"residence": "hors_commune", "valeur": {"repas": "6.50", "pai": None}}]}  # fmt: skip


def test_a_table_by_formula_is_read_for_one_of_them() -> None:
    activity = {"tarif": {"prix": {"table": TABLE}, "arrondi": ROUNDING}}
    assert prices_of(activity, "repas") == GuidedPrices(flat(320), flat(650))
    assert prices_of(activity, "pai") is None

    rows = {"selon": ["formule", "residence"], "lignes": [
        {"formule": "repas", "residence": "commune", "valeur": "3.20"},
        {"formule": ["repas", "pai"], "residence": "hors_commune", "valeur": "6.50"},
        {"formule": "pai", "residence": "commune", "valeur": "1"}]}  # fmt: skip
    activity = {"tarif": {"prix": {"table": rows}, "arrondi": ROUNDING}}
    assert prices_of(activity, "pai") == GuidedPrices(flat(100), flat(650))

    written = with_prices(activity, "pai", ["repas"], PRICES["one price"])
    assert prices_of(written, "repas") == GuidedPrices(flat(320), flat(650))


def by_quotient(*lines: tuple[object, str]) -> dict:
    rows = [{"quotient": test, "valeur": value} for test, value in lines]
    return {"prix": {"table": {"selon": "quotient", "trous": "tranche_superieure", "lignes": rows}}}


RICH_PRICES = {
    "a formula": {"prix": "revenus / 12"},
    "a tenth of a cent": {"prix": "3.805"},
    "a rate": {"prix": {"taux": "0.0036", "sur": "quotient"}},
    "another fact": {"prix": {"table": {"selon": "enfants", "lignes": []}}},
    "another residence": {"prix": {"table": {"selon": "residence", "lignes": [
        {"residence": "agent", "valeur": "1"}, {"residence": ["commune", "hors_commune"], "valeur": "2"}]}}},
    "a hole": by_quotient(({"a": "622"}, "1"), ({"de": "623"}, "2")),
    "no last bracket": by_quotient(({"a": "622"}, "1"), ({"plus_de": "622", "a": "900"}, "2")),
    "an empty cell": by_quotient(({"a": "622"}, "1"), ({"plus_de": "622"}, None)),
    "cases of other facts": {"prix": {"cas": [{"si": {"convive": "adulte"}, "valeur": "4"}], "sinon": "2"}},
    "a quantity": {"prix": "3.80", "quantite": "heures"},
    "dated prices": {"versions": []},
}  # fmt: skip


@pytest.mark.parametrize("what", RICH_PRICES)
def test_a_price_that_says_more_than_the_form_is_left_to_the_text(what: str) -> None:
    activity = {"tarif": RICH_PRICES[what]}
    assert prices_of(activity, "repas") is None
    assert price_rule_of(activity, "repas") is not None


def test_a_price_that_mixes_formulas_with_other_facts_is_not_taken_apart() -> None:
    cases = [{"si": {"formule": "repas", "convive": "adulte"}, "valeur": "4.80"}]
    activity = {"tarif": {"prix": {"cas": cases, "sinon": "2"}, "arrondi": ROUNDING}}
    with pytest.raises(RuleError, match="dit plus que ce formulaire"):
        with_prices(activity, "pai", ["repas"], PRICES["one price"])
    with pytest.raises(RuleError, match="dit plus que ce formulaire"):
        with_prices({"tarif": {"versions": []}}, "pai", [], PRICES["one price"])


def test_adjustments_and_rounding_stay() -> None:
    own = {**EXTRA, "nom": "fratrie", "si": {"rang": {"de": "2"}}}
    tariff = {"prix": "3", "ajustements": [own, EXTRA], "arrondi": {**ROUNDING, "au": "0.05"}}
    written = with_prices({"tarif": tariff}, "repas", [], PRICES["one price"])
    assert written["tarif"] == {**tariff, "prix": "3.20"}
    assert is_adjusted(written, "repas")
    assert not is_adjusted({"tarif": {"prix": "3", "ajustements": [EXTRA]}}, "repas")


def test_an_extra_of_a_limit_is_no_new_price() -> None:
    before = {"tarif": {"prix": "3", "arrondi": ROUNDING}}
    after = deepcopy(before)
    after["tarif"]["ajustements"] = [EXTRA]
    assert price_rule_of(before, "repas") == price_rule_of(after, "repas")


def test_a_price_goes_and_comes_back() -> None:
    activity = {"nom": "Cantine", "tarif": {"prix": "3", "arrondi": ROUNDING}}
    assert with_price_rule(activity, "repas", [], None) == {"nom": "Cantine"}
    two = with_prices({}, "matin", ["journee"], PRICES["one price"])
    assert with_price_rule(two, "matin", ["journee"], None) == {}
