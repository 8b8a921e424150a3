"""Families, amounts and limits in French words."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.enums import Outcome
from domain.rulebook.change_words import (
    say_amounts,
    say_difference,
    say_facts,
    say_families,
    say_limit_change,
    say_price_change,
)
from domain.rulebook.facts import Fact, Interval, Kind
from domain.rulebook.limit_changes import DayChange, LimitChange, Way
from domain.rulebook.price_changes import PriceChange
from domain.rulebook.price_effects import Amounts, Measure
from domain.rulebook.wording.lexicon import Lexicon

LEXICON = Lexicon(
    {
        "residence": Fact(Kind.CHOICE, ("commune", "hors_commune", "voisine")),
        "formule": Fact(Kind.CHOICE, ("journee", "demi_journee")),
        "pai": Fact(Kind.YES_NO),
        "age": Fact(Kind.NUMBER),
        "depart": Fact(Kind.CLOCK),
        "quotient": Fact(Kind.NUMBER),
        "enfants": Fact(Kind.NUMBER),
        "rang": Fact(Kind.NUMBER),
        "jour": Fact(Kind.CHOICE, ("lundi", "mardi")),
        "naissance": Fact(Kind.DATE),
    }
)


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def between(low, high, low_in=True, high_in=True):
    low, high = (None if bound is None else Decimal(bound) for bound in (low, high))
    return Interval(low, low_in, high, high_in)


def families(facts, measure=None, extras=()):
    change = PriceChange(None, extras, facts, measure, None, None, None)
    return plain(say_families(change, LEXICON))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "toutes les familles"),
        ({"residence": ("commune",)}, "familles de la commune"),
        ({"residence": ("hors_commune",)}, "familles hors commune"),
        ({"residence": ("commune", "hors_commune")}, "familles de la commune ou familles hors commune"),
        ({"residence": ("commune", "voisine")}, "résidence : commune ou voisine"),
        ({"formule": ("journee", "demi_journee")}, "formule journée ou demi-journée"),
        ({"pai": (True,)}, "PAI : oui"),
        ({"jour": ("lundi", "mardi")}, "le lundi ou mardi"),
        ({"residence": (None,)}, "résidence : inconnu"),
        ({"enfants": (between(1, 1),)}, "1 enfant"),
        ({"enfants": (between(2, 2),)}, "2 enfants"),
        ({"enfants": (between(2, 3),)}, "2 ou 3 enfants"),
        ({"enfants": (between(2, 4),)}, "2 à 4 enfants"),
        ({"enfants": (between(3, None),)}, "3 enfants ou plus"),
        ({"enfants": (between(None, 2),)}, "2 enfants ou moins"),
        ({"enfants": (between(1, 1), between(3, 3))}, "1 enfant ou 3 enfants"),
        ({"enfants": (between(1, 1), None)}, "enfants : 1 ou inconnu"),
        ({"rang": (between(1, 1),)}, "1er enfant"),
        ({"rang": (between(2, 3),)}, "2e ou 3e enfant"),
        ({"rang": (between(2, 4),)}, "2e au 4e enfant"),
        ({"rang": (between(3, None),)}, "3e enfant et suivants"),
        ({"rang": (between(None, 1),)}, "1er enfant"),
        ({"rang": (between(None, 2),)}, "2e enfant et précédents"),
        ({"age": (between(3, 6),)}, "âge : de 3 ans à 6 ans"),
        ({"age": (between(None, 6),)}, "âge : jusqu’à 6 ans"),
        ({"depart": (between(990, None),)}, "départ à partir de 16 h 30"),
        ({"depart": (between(None, 990),)}, "départ jusqu’à 16 h 30"),
        (
            {"naissance": (Interval(date(2023, 1, 1), True, date(2023, 1, 1), True),)},
            "naissance dimanche 1er janvier 2023",
        ),
    ],
)
def test_families_are_said_by_what_tells_them_apart(facts, words):
    assert families(facts) == words


@pytest.mark.parametrize(
    ("interval", "unknown", "words"),
    [
        (between(701, 900), False, "quotient de 701 à 900"),
        (between(700, 900, low_in=False), False, "quotient de plus de 700 à 900"),
        (between(700, 900, high_in=False), False, "quotient de 700 à moins de 900"),
        (between(700, 900, low_in=False, high_in=False), False, "quotient de plus de 700 à moins de 900"),
        (between(700, 700), False, "quotient 700"),
        (between(None, 700), False, "quotient jusqu’à 700"),
        (between(None, 700, high_in=False), False, "quotient de moins de 700"),
        (between(700, None), False, "quotient à partir de 700"),
        (between(700, None, low_in=False), True, "quotient de plus de 700 ou inconnu"),
        (between(None, None), False, "quotient connu"),
        (None, True, "quotient inconnu"),
    ],
)
def test_quotients_are_said_as_brackets(interval, unknown, words):
    said = families({}, Measure("quotient", interval, unknown))
    assert said == words.replace("quotient", LEXICON.name("quotient"))


def test_a_late_act_is_said_with_what_it_adds():
    assert families({"residence": ("commune",)}, None, ("tardif",)) == "familles de la commune, avec tardif"


def test_a_family_of_a_grid_is_said_by_its_facts():
    facts = {"residence": "commune", "enfants": Decimal(2), "quotient": Decimal("700.01"), "pai": None}
    quotient = LEXICON.name("quotient")
    assert plain(say_facts(facts, LEXICON)) == (
        f"familles de la commune, 2 enfants, {quotient} 700,01, PAI : inconnu"
    )


def amounts(low, high=None):
    return Amounts(Decimal(low), Decimal(high or low))


def test_amounts_and_differences():
    assert plain(say_amounts(None)) == "pas de prix"
    assert plain(say_amounts(amounts("3.2"))) == "3,20 €"
    assert plain(say_amounts(amounts("3.2", "4"))) == "de 3,20 € à 4,00 €"
    assert plain(say_difference(amounts("0.2"))) == "+0,20 €"
    assert plain(say_difference(amounts("-0.1"))) == "−0,10 €"
    assert plain(say_difference(amounts("0", "0.45"))) == "de 0,00 € à +0,45 €"


def test_a_price_change_is_one_sentence():
    change = PriceChange(
        date(2026, 9, 1), (), {"enfants": (between(2, 2),)}, Measure("quotient", between(701, 900), False),
        amounts("3.2"), amounts("3.4"), amounts("0.2"), "", date(2026, 12, 31),
    )  # fmt: skip
    assert plain(say_price_change(change, LEXICON)) == (
        "du mardi 1er septembre 2026 au jeudi 31 décembre 2026, 2 enfants, "
        f"{LEXICON.name('quotient')} de 701 à 900 : 3,20 € → 3,40 € (+0,20 €)"
    )


def limit_change(*days, channels=("tous",), condition="", outcome=Outcome.FREE, way=Way.LATER):
    return plain(say_limit_change(LimitChange("annuler", channels, condition, outcome, way, days), LEXICON))


def test_a_limit_change_is_one_sentence():
    first = DayChange(date(2027, 1, 14), "avant", "après", timedelta(hours=2))
    last = DayChange(date(2027, 1, 15), "avant", "", timedelta(days=-1))
    assert limit_change(first) == "annuler, libre : 2 h plus tard, le jeudi 14 janvier ; avant → après"
    assert limit_change(first, last) == (
        "annuler, libre : de 2 h à 1 jour plus tard, 2 jours, du jeudi 14 janvier au vendredi 15 janvier ; "
        "par exemple jeudi 14 janvier : avant → après"
    )
    new = DayChange(date(2027, 1, 14), "", "après", None)
    assert limit_change(
        new, channels=("portail", "autres"), condition="si le jour est férié", outcome=None, way=Way.NEW
    ) == (
        "annuler (portail, autres canaux) si le jour est férié : nouveau, le jeudi 14 janvier ; rien → après"
    )
