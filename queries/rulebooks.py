"""What the règlement says of the portal's activities, seen from its texts (R14, R15)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from domain.enums import LineAction
from domain.rulebook.tree import Tree
from extensions import db
from models import RulebookVersion
from queries.rules import ACTIONS

_ACTIONS = {word: action for action, word in ACTIONS.items()}


@dataclass(frozen=True, slots=True)
class Ruled:
    """What is written for one activity: the acts that have limits, the formulas that have a price (None: all
    of them)."""

    actions: frozenset[LineAction]
    formulas: frozenset[str] | None

    def prices(self, formula: str) -> bool:
        return self.formulas is None or formula in self.formulas

    @property
    def is_complete(self) -> bool:
        return self.actions == frozenset(LineAction) and self.formulas != frozenset()


NOTHING_WRITTEN = Ruled(frozenset(), frozenset())


def ruled() -> Mapping[str, Ruled]:
    """By name in the règlement, what its newest version says of each activity. One statement."""
    tree = db.session.scalar(
        select(RulebookVersion.tree)
        .where(RulebookVersion.is_draft.is_(False))
        .order_by(RulebookVersion.valid_from.desc())
        .limit(1)
    )
    activities = (tree or {}).get("activites") or {}
    return {name: Ruled(_actions(rules), _formulas(rules.get("tarif"))) for name, rules in activities.items()}


def _actions(rules: Mapping[str, Tree]) -> frozenset[LineAction]:
    words = (word for ladder in _below(rules.get("delais"), "actions") for word in ladder)
    return frozenset(_ACTIONS[word] for word in words if word in _ACTIONS)


def _formulas(tariff: Tree) -> frozenset[str] | None:
    if tariff is None:
        return frozenset()
    has_default = any(value is not None for value in _below(tariff, "sinon"))
    words = [word for value in _below(tariff, "formule") for word in _words(value)]
    return frozenset(words) if words and not has_default else None


def _below(tree: Tree, key: str) -> Iterator[Tree]:
    """What every mapping of the tree holds under `key`."""
    if isinstance(tree, dict):
        for word, value in tree.items():
            if word == key:
                yield value
            yield from _below(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _below(value, key)


def _words(value: Tree) -> list[str]:
    return [value] if isinstance(value, str) else [one for one in value or () if isinstance(one, str)]
