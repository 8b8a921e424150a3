"""The fourteen allergens that a menu declares: annex II of the European regulation 1169/2011 (R34)."""

from collections.abc import Iterable

from domain.enums import Allergen
from domain.labels import label


def to_text(allergens: Iterable[Allergen]) -> str:
    """What a dish keeps: the stored words by commas, in the order of the regulation."""
    known = set(allergens)
    return ",".join(one for one in Allergen if one in known)


def from_text(text: str) -> tuple[Allergen, ...]:
    """The allergens that a dish keeps."""
    kept = set(text.split(","))
    return tuple(one for one in Allergen if one in kept)


def in_words(allergens: Iterable[Allergen]) -> str:
    """« gluten, lait »; empty for none."""
    return ", ".join(label(one).lower() for one in allergens)
