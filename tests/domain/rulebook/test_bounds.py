"""The values at which rules are tried, from what they compare facts with."""

from datetime import date
from decimal import Decimal

import pytest

from domain.rulebook.bounds import meeting_points, stretches, values_to_try
from domain.rulebook.facts import Fact, Interval, Kind
from domain.rulebook.needs import Marks
from tests.domain.rulebook.helpers import rulebook_of

NUMBER = Fact(Kind.NUMBER)


def numbers(*texts):
    return tuple(Decimal(text) for text in texts)


def tries(*bounds, **marks):
    return [one.tries for one in stretches(Marks(numbers(*bounds), **marks))]


def test_a_quotient_is_tried_at_each_bound_and_a_cent_around():
    assert tries(700, 900) == [
        numbers(0, "699.99"),
        numbers(700),
        numbers("700.01", "899.99"),
        numbers(900),
        numbers("900.01"),
    ]


def test_stretches_cover_every_quotient_once():
    found = stretches(Marks(numbers(700, 900)))
    assert [one.interval for one in found] == [
        Interval(None, True, Decimal(700), False),
        Interval(Decimal(700), True, Decimal(700), True),
        Interval(Decimal(700), False, Decimal(900), False),
        Interval(Decimal(900), True, Decimal(900), True),
        Interval(Decimal(900), False, None, True),
    ]
    for quotient in ("0", "699.99", "700", "700.01", "900", "5000"):
        assert sum(Decimal(quotient) in one.interval for one in found) == 1


def test_no_cent_between_two_bounds_is_tried():
    assert tries("700", "700.01") == [
        numbers(0, "699.99"),
        numbers(700),
        numbers("700.01"),
        numbers("700.02"),
    ]
    assert tries("700", "700.02")[2] == numbers("700.01")


def test_a_bound_at_zero_has_nothing_below_and_negative_ones_do_not_count():
    assert tries(0, 500)[0] == numbers(0)
    assert tries(-100, 0, 500) == tries(0, 500)
    assert tries("0.01")[0] == numbers(0)


def test_a_slope_is_tried_beyond_its_last_bound_and_without_bounds():
    assert tries(700, slopes=True)[-1] == numbers("700.01", 1200)
    assert tries(slopes=True) == [numbers(0, 500, 1000, 1500, 2000)]
    assert tries() == []


@pytest.mark.parametrize(
    ("name", "fact", "marks", "values"),
    [
        ("formule", Fact(Kind.CHOICE, ("repas", "pai")), Marks(), ("repas", "pai")),
        ("formule", Fact(Kind.CHOICE, ("repas", "pai")), Marks(unknown=True), ("repas", "pai", None)),
        ("pai", Fact(Kind.YES_NO), Marks(), (True, False)),
        ("age", NUMBER, Marks(numbers(3, 6)), numbers(2, 3, 4, 5, 6, 7)),
        ("age", NUMBER, Marks(numbers(0)), numbers(0, 1)),
        ("taux", NUMBER, Marks(numbers("0.5")), numbers("0.49", "0.5", "0.51")),
        ("heures", NUMBER, Marks(), ()),
        ("heures", NUMBER, Marks(unknown=True), ()),
        ("rang", NUMBER, Marks(), numbers(1, 2, 3, 4)),
        ("enfants", NUMBER, Marks(numbers(5)), numbers(1, 2, 3, 4, 5, 6)),
        ("enfants", NUMBER, Marks(numbers(1)), numbers(1, 2, 3, 4)),
        ("nombre", NUMBER, Marks(numbers(1)), numbers(1, 2)),
        ("mois", NUMBER, Marks(numbers(1, 12)), numbers(1, 2, 11, 12)),
        ("jour_du_mois", NUMBER, Marks(numbers(31)), numbers(30, 31)),
        ("depart", Fact(Kind.CLOCK), Marks(numbers(0, 1440)), numbers(0, 1, 1439, 1440)),
        ("depart", Fact(Kind.CLOCK), Marks(), ()),
        (
            "inscrit_le",
            Fact(Kind.DATE),
            Marks((date(2026, 9, 1),)),
            (date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2)),
        ),
        ("canal", Fact(Kind.TEXT), Marks(words=("portail",)), ("portail", "autre")),
        ("canal", Fact(Kind.TEXT), Marks(), ()),
    ],
)
def test_other_facts_are_tried_as_far_as_rules_tell_them_apart(name, fact, marks, values):
    assert values_to_try(name, fact, marks) == values


def meeting(price, bounds=(), **facts):
    book = rulebook_of(f"""
        faits: {{enfants: nombre}}
        activites:
          cantine: {{nom: Cantine, tarif: {{prix: {price}, arrondi: {{au: 0.01, vers: plus_proche, apres: [total]}}}}}}
        """)  # noqa: E501  a rule a line
    tariff = book.activities["cantine"].tariff
    given = {name: Decimal(value) for name, value in facts.items()}
    return meeting_points("quotient", tariff, book, book.context(given), Marks(numbers(*bounds)))


def test_slopes_meet_their_floor_and_their_ceiling():
    rate = "{taux: 0.0036, sur: quotient, constante: 0, plancher: 2.60, plafond: 4.50}"
    assert meeting(rate) == set(numbers("722.22", 1250))
    assert meeting("{taux: 0.0036, sur: quotient, constante: 0, plancher: null, plafond: null}") == set()
    assert meeting("{taux: 0.01, sur: quotient, constante: 1, plancher: 2, plafond: null}") == set(
        numbers(100)
    )


def test_terms_of_a_formula_meet_also_one_inside_the_other():
    assert meeting('"min(4.50, max(2.60, 0.0036 * quotient))"') == set(numbers("722.22", 1250))
    assert meeting('"max(quotient / 100, 5) + 1"') == set(numbers(500))
    assert meeting("quotient / 100") == set()


def test_a_ceiling_may_depend_on_the_family_and_on_the_quotient_itself():
    ceiling = (
        "{taux: 0.01, sur: quotient, constante: 0, plancher: null, plafond: {table: {selon: enfants, "
        "trous: refuser, lignes: [{enfants: {a: 1}, valeur: 5}, {enfants: {plus_de: 1}, valeur: 4}]}}}"
    )
    assert meeting(ceiling, enfants=1) == set(numbers(500))
    assert meeting(ceiling, enfants=2) == set(numbers(400))
    assert meeting(ceiling) == set()
    steps = (
        "{taux: 0.01, sur: quotient, constante: 0, plancher: null, plafond: {table: {selon: quotient, "
        "trous: refuser, lignes: [{quotient: {a: 300}, valeur: 2}, {quotient: {plus_de: 300}, valeur: 6}]}}}"
    )
    assert meeting(steps, bounds=(300,)) == set(numbers(200, 600))
