"""What a comparison says of a family is what both règlements charge it, whoever the family is."""

from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rulebook import questions
from domain.rulebook.facts import Interval
from domain.rulebook.price_changes import price_changes
from domain.rulebook.scenario import Question
from tests.domain.rulebook.changed import side, text_of

# A case, its activity, the texts replaced, and the choices of a family besides its quotient.
CHANGES = (
    (
        "B-saffre",
        "alsh",
        (
            ("{de: 651, a: 750}", "{de: 651, a: 760}"),
            ("{de: 751,", "{de: 761,"),
            ("valeur: 2.00", "valeur: 2.50"),
        ),
        {
            "formule": ("journee", "demi_journee", "demi_journee_repas"),
            "provenance": ("interieur", "exterieur"),
            "enfants_inscrits": tuple(map(Decimal, range(1, 6))),
        },
    ),
    (
        "B-fay-aux-loges",
        "cantine",
        (
            ("taux: 0.0036", "taux: 0.0041"),
            ("plafond: 4.50", "plafond: 4.80"),
            ("plancher: 2.60", "plancher: 2.70"),
        ),
        {"convive": ("enfant", "pai", "adulte")},
    ),
    (
        "B-roncq",
        "periscolaire",
        (("2.35", "2.40"), ("plus_de: 1900", "plus_de: 2000"), ("a: 1900", "a: 2000")),
        {
            "residence": ("resident", "exterieur"),
            "preinscrit": (True, False),
            "service": ("repas", "pai", "amis", "demi_heure"),
        },
    ),
    (
        "B-hauterives",
        "mercredi",
        (("a: 1200}", "a: 1150}"), ("plus_de: 1200}", "plus_de: 1150}"), ("valeur: 2.00", "valeur: 2.30")),
        {"formule": ("journee", "demi_sans_repas", "demi_repas"), "residence": ("communaute", "exterieur")},
    ),
    (
        "B-nalliers",
        "cantine",
        (("0.01, vers: plus_proche", "0.05, vers: superieur"),),
        {},
    ),
)


@cache
def compared(case):
    name, activity, replaced, _ = case_of(case)
    old = new = text_of(name)
    for before, after in replaced:
        new = new.replace(before, after)
    assert new != old
    books = (side(old).book, side(new).book)
    return (*books, price_changes(*books, activity).changes)


def case_of(name):
    return next(one for one in CHANGES if one[0] == name)


def price(book, activity, facts):
    asked = {
        "activity": activity,
        "day": None,
        "now": None,
        "channel": None,
        "triggered": (),
        "booked_at": None,
    }
    return questions.answer(book, Question("", "prix", asked, facts, None, 1)).answer.get("prix")


def is_about(change, facts):
    """True when the family of these facts is one of those of the change."""
    measure = change.measure
    if measure is not None:
        value = facts[measure.name]
        if not (
            measure.unknown if value is None else measure.interval is not None and value in measure.interval
        ):
            return False
    return change.extras == () and all(
        any(facts[name] in one if isinstance(one, Interval) else facts[name] == one for one in values)
        for name, values in change.facts.items()
    )


@pytest.mark.parametrize("name", [one[0] for one in CHANGES])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_family_finds_its_own_change_and_no_other(name, data):
    _, activity, _, choices = case_of(name)
    old, new, changes = compared(name)
    facts = {fact: data.draw(st.sampled_from(values), fact) for fact, values in choices.items()}
    known = data.draw(st.one_of(st.none(), st.decimals(0, 2600, places=2), st.integers(0, 2600).map(Decimal)))
    facts["quotient"] = known
    before, after = price(old, activity, facts), price(new, activity, facts)
    told = [change for change in changes if is_about(change, facts)]
    if before == after:
        assert all(is_near(Decimal(0), change.difference) for change in told)
        return
    (change,) = told
    for amounts, amount in ((change.old, before), (change.new, after)):
        assert amounts is None if amount is None else amounts.low <= amount <= amounts.high
    if before is not None and after is not None:
        assert is_near(after - before, change.difference)


def is_near(amount, amounts):
    """On a slope, both prices are rounded apart: what is added may be a cent beyond its ends."""
    margin = 0 if amounts.is_one else Decimal("0.01")
    return amounts.low - margin <= amount <= amounts.high + margin
