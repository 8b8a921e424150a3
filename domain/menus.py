"""What an agent saw of a week of menus, so that two agents on one week never undo each other (R34)."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from domain.allergens import to_text
from domain.enums import Allergen


def day_mark(dishes: Iterable[tuple[str, Sequence[Allergen]]]) -> str:
    """The same dishes in the same order have the same mark; empty for a day without a menu."""
    lines = [f"{name}\t{to_text(allergens)}" for name, allergens in dishes]
    return sha256("\n".join(lines).encode()).hexdigest()[:16] if lines else ""
