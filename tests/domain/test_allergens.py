"""The fourteen allergens of the regulation 1169/2011 (R34)."""

from domain.allergens import from_text, in_words, to_text
from domain.enums import Allergen


def test_they_are_fourteen_and_kept_in_their_order():
    assert len(Allergen) == 14
    assert to_text([Allergen.MILK, Allergen.GLUTEN]) == "gluten,milk"
    assert from_text(to_text(reversed(Allergen))) == tuple(Allergen)
    assert len(to_text(Allergen)) <= 300  # the column of a dish


def test_in_words():
    assert in_words(from_text("gluten,nuts")) == "gluten, fruits à coque"
    assert in_words(from_text("")) == ""
