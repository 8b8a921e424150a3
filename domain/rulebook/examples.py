"""The rules of an activity of one règlement, carried to an activity of another one.

Names change on the way: the activity has its own in the portal, and so have its presence types, which a price
by column calls by name.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.rulebook.guided_prices import USUAL_QUOTIENT
from domain.rulebook.tree import Tree

_FACT = "formule"
# The columns of the examples.
_WHOLE_AND_HALF = ("journee", "demi_journee")
# What a presence type is called when it is not the whole day.
_HALF_WORDS = ("demi", "matin", "apres")


def merged(
    tree: Mapping[str, Any], example: Mapping[str, Any], names: Mapping[str, list[str]]
) -> dict[str, Tree]:
    """`tree` with what the activities of the example read: facts, conditions, totals, the life of a quotient.

    `names` says what the taken activities are called here; a total that counts none of them stays behind.
    What `tree` says already of a fact or a condition stays.
    """
    found = dict(tree)
    for part in ("faits", "conditions"):
        known = found.get(part) or {}
        new = {name: said for name, said in (example.get(part) or {}).items() if name not in (_FACT, *known)}
        if new:
            found[part] = known | new
    if "quotient" in example and found.get("quotient") in (None, USUAL_QUOTIENT):
        found["quotient"] = example["quotient"]
    totals = [one for one in (_renamed(total, names) for total in example.get("cumuls") or ()) if one]
    known = {one["nom"] for one in found.get("cumuls") or ()}
    kept = [*(found.get("cumuls") or ()), *(one for one in totals if one["nom"] not in known)]
    return found | ({"cumuls": kept} if kept else {})


def _renamed(total: Mapping[str, Any], names: Mapping[str, list[str]]) -> dict[str, Tree] | None:
    counted = [here for name in total["activites"] for here in names.get(name, ())]
    return {**total, "activites": counted} if counted else None


def with_activity(
    tree: Mapping[str, Any], name: str, label: str, rules: Mapping[str, Any], formulas: Iterable[str]
) -> dict[str, Tree]:
    """`tree` with an activity that has these rules, its prices by column named after its presence types."""
    found, called = dict(tree), tuple(formulas) or _WHOLE_AND_HALF
    carried = {**rules, "nom": label}
    if _columns(carried):
        carried = _by_formula(carried, called)
        facts = dict(found.get("faits") or {})
        found["faits"] = facts | {_FACT: [*dict.fromkeys([*facts.get(_FACT, ()), *called])]}
    found["activites"] = {**(found.get("activites") or {}), name: carried}
    return found


def _columns(value: Tree) -> bool:
    """Whether a table with a column a presence type stands in it."""
    if isinstance(value, dict):
        return value.get("colonnes") == _FACT or any(map(_columns, value.values()))
    return isinstance(value, list) and any(map(_columns, value))


def _by_formula(value: Tree, formulas: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_by_formula(one, formulas) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("colonnes") == _FACT:
        return value | {
            "lignes": [row | {"valeur": _cells(row["valeur"], formulas)} for row in value["lignes"]]
        }
    return {word: _by_formula(below, formulas) for word, below in value.items()}


def _cells(cells: Mapping[str, str], formulas: tuple[str, ...]) -> dict[str, str]:
    """The price of each presence type: its own column, else that of the half or of the whole day."""
    whole, half = (cells[one] for one in _WHOLE_AND_HALF)
    return {
        one: cells.get(one) or (half if any(word in one for word in _HALF_WORDS) else whole)
        for one in formulas
    }
