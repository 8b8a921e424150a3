"""The price of a day as the portal says it: bounds, words, and what it never guesses (P4, R43)."""

from datetime import date
from decimal import Decimal

import pytest

from adapters import rulebook_files
from domain.rulebook import rulebook
from domain.rulebook.guided_prices import with_prices
from domain.rulebook.quotes import Price, quote
from domain.rulebook.tree import Faults, planted
from tests import rulebook_texts as written
from tests.domain.helpers import plain
from tests.domain.rulebook.test_guided_forms import PRICES, GuidedPrices, flat

DAY = date(2027, 1, 14)


def price(
    prices: dict, quotient: str | None = None, residence: str = "commune", formula: str = "repas"
) -> Price:
    """What a family pays; `prices` is the value of « prix »."""
    tariff = {"prix": prices, "arrondi": written.ROUNDING}
    faults = Faults()
    tree = {**written.empty(), "activites": {"cantine": {"nom": "Cantine", "tarif": tariff}}}
    tree["faits"]["formule"] = ["repas", "panier"]
    book = rulebook.read(planted(tree), rulebook_files, faults)
    assert [str(fault) for fault in faults.errors] == []
    known = {"residence": residence, "formule": formula}
    given = known | {"quotient": None if quotient is None else Decimal(quotient)}
    return quote(book, "cantine", book.context(given, day=DAY))


def written_as(prices: GuidedPrices) -> dict:
    return with_prices({}, "repas", [], prices)["tarif"]["prix"]


def by_quotient(*rows: tuple[object, str | None]) -> dict:
    return written.table(*({"quotient": test, "valeur": value} for test, value in rows))


BRACKETS = by_quotient(
    ({"a": "400"}, "1.00"), ({"plus_de": "400", "a": "700"}, "2.50"),
    ({"plus_de": "700", "a": "900"}, "3.20"), ({"plus_de": "900"}, "4.10"), ("inconnu", "4.90"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("quotient", "cents"),
    [("0", 100), ("400", 100), ("400.01", 250), ("700", 250), ("700.01", 320), ("900", 320), ("900.01", 410)],
)
def test_each_bound_says_whether_it_belongs(quotient, cents):
    assert price(BRACKETS, quotient).cents == cents


@pytest.mark.parametrize(
    ("quotient", "residence", "cents"),
    [("399.99", "commune", 150), ("400", "commune", 250), ("640.5", "commune", 250),
     ("640.51", "commune", 350), (None, "commune", 490), ("640.51", "hors_commune", 650)],
)  # fmt: skip
def test_what_the_form_writes_is_what_is_paid(quotient, residence, cents):
    prices = written_as(PRICES["brackets for residents"])
    assert price(prices, quotient, residence).cents == cents


def test_the_explanation_names_quotient_bracket_and_price():
    found = price(BRACKETS, "845")
    assert not found.provisional
    assert plain(found.bracket_label) == "tranche C (plus de 700, jusqu’à 900 inclus)"
    assert [plain(line) for line in found.explanation] == [
        "Quotient familial 845, tranche C (plus de 700, jusqu’à 900 inclus) : 3,20 €."
    ]


@pytest.mark.parametrize(
    ("low", "quotient", "words"),
    [
        ({"a": "622"}, "620", "tranche A (622 ou moins)"),
        ({"moins_de": "1500.50"}, "620", "tranche A (moins de 1 500,5)"),
        ({"a": "400"}, "620", "tranche B (plus de 400)"),
        ({"moins_de": "600"}, "620", "tranche B (600 ou plus)"),
    ],
)
def test_intervals_in_words(low, quotient, words):
    ((kind, bound),) = low.items()
    high = {"plus_de" if kind == "a" else "de": bound}
    prices = by_quotient((low, "1"), (high, "2"), ("inconnu", "3"))
    assert plain(price(prices, quotient).bracket_label) == words


def test_a_flat_price_needs_no_quotient_and_is_final():
    found = price(written_as(GuidedPrices(flat(650), flat(650))))
    assert (found.cents, found.provisional, found.bracket_label) == (650, False, "tarif unique")
    assert [plain(line) for line in found.explanation] == ["Tarif unique : 6,50 €."]


def test_an_unknown_quotient_has_its_own_price_and_is_provisional():
    found = price(BRACKETS)
    assert (found.cents, found.provisional) == (490, True)
    assert plain(found.explanation[0]) == "Quotient familial non connu : 4,90 €."
    assert plain(found.explanation[-1]) == (
        "Prix provisoire : transmettez votre attestation CAF ou MSA au service."
    )


def test_a_single_bracket_with_another_price_without_quotient_is_not_flat():
    prices = written_as(PRICES["dearer without a quotient"])
    assert price(prices).cents == 490
    assert price(prices, "845").cents == 320
    assert not PRICES["dearer without a quotient"].resident.is_flat


def test_a_case_that_is_not_foreseen_has_no_price_and_never_zero():
    prices = {"cas": [{"si": {"residence": "commune"}, "valeur": "3.20"}], "sinon": None}
    assert price(prices).cents == 320
    found = price(prices, residence="hors_commune")
    assert found.cents is None
    assert "le prix sera confirmé par le service" in plain(found.explanation[0])


def test_a_formula_that_nobody_priced_has_no_price():
    prices = written_as(PRICES["one price"])
    assert price(prices).cents == 320
    assert price(prices, formula="panier").cents is None


def test_a_free_price_is_a_price():
    assert (
        price(by_quotient(({"a": "700"}, "0"), ({"plus_de": "700"}, "1"), ("inconnu", "1")), "1").cents == 0
    )


def test_a_hole_between_two_brackets_is_refused_when_the_reglement_is_read():
    faults, prices = Faults(), by_quotient(({"a": "622"}, "1"), ({"de": "623"}, "2"), ("inconnu", "3"))
    tariff = {"prix": prices, "arrondi": written.ROUNDING}
    tree = {**written.empty(), "activites": {"cantine": {"nom": "Cantine", "tarif": tariff}}}
    assert rulebook.read(planted(tree), rulebook_files, faults) is None
    assert "622" in str(faults.errors[0])
