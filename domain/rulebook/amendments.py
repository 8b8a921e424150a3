"""Changes of one part of a town's règlement, the first one of a town included (P15).

A part is what a page of the service shows and edits; the rest of the règlement stays as it is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.enums import HolidayVariant, SchoolZone
from domain.french import WEEKDAYS
from domain.rulebook.guided_limits import GuidedLimit, rules_of, with_limit, with_rules
from domain.rulebook.guided_prices import (
    USUAL_QUOTIENT,
    GuidedPrices,
    declared,
    price_rule_of,
    with_price_rule,
    with_prices,
)
from domain.rulebook.history import Part
from domain.rulebook.tree import Tree

RulebookTree = dict[str, Tree]
# In most towns; the text says to check them.
USUAL_SCHOOL_WEEKDAYS = (0, 1, 3, 4)
_ZONES = {SchoolZone.A: "zone_a", SchoolZone.B: "zone_b", SchoolZone.C: "zone_c"}


@dataclass(frozen=True, slots=True)
class Amendment:
    """A change of one part: `write` gives the règlement that says it the new way.

    `write` raises RuleError when only the text of the règlement can hold the change.
    """

    part: Part
    write: Callable[[RulebookTree], RulebookTree]


@dataclass(frozen=True, slots=True)
class Restoration:
    """The way back: `write` gives the règlement whose part is again the given one (None: nothing)."""

    part: Part
    write: Callable[[RulebookTree, Any], RulebookTree]


@dataclass(frozen=True, slots=True)
class RuledActivity:
    """An activity of the portal: its key in the règlement, what families read, its formulas."""

    name: str
    label: str
    formulas: tuple[str, ...] = ()

    def of(self, tree: Mapping[str, Tree]) -> RulebookTree:
        """What the règlement says of it; its name alone when that is nothing."""
        return (tree.get("activites") or {}).get(self.name) or {"nom": self.label}

    def formulas_but(self, formula: str) -> list[str]:
        return [one for one in self.formulas if one != formula]

    def put(self, tree: RulebookTree, rules: Mapping[str, Tree]) -> RulebookTree:
        return {**tree, "activites": {**(tree.get("activites") or {}), self.name: dict(rules)}}


# --- Limits ---------------------------------------------------------------------------------------


def limit_part(activity: RuledActivity, action: str) -> Part:
    """The limits of one action of an activity."""
    return lambda tree: rules_of(activity.of(tree), action)


def amended_limit(activity: RuledActivity, action: str, limit: GuidedLimit) -> Amendment:
    return Amendment(
        limit_part(activity, action),
        lambda tree: activity.put(tree, with_limit(activity.of(tree), action, limit)),
    )


def restored_limit(activity: RuledActivity, action: str) -> Restoration:
    return Restoration(
        limit_part(activity, action),
        lambda tree, former: activity.put(tree, with_rules(activity.of(tree), action, former)),
    )


# --- Prices ---------------------------------------------------------------------------------------


def price_part(activity: RuledActivity, formula: str) -> Part:
    """The price of one formula of an activity."""
    return lambda tree: price_rule_of(activity.of(tree), formula)


def amended_prices(activity: RuledActivity, formula: str, prices: GuidedPrices) -> Amendment:
    others = activity.formulas_but(formula)
    return Amendment(
        price_part(activity, formula),
        lambda tree: _priced(activity, tree, with_prices(activity.of(tree), formula, others, prices)),
    )


def restored_prices(activity: RuledActivity, formula: str) -> Restoration:
    others = activity.formulas_but(formula)

    def write(tree: RulebookTree, former: Any) -> RulebookTree:
        value = None if former is None else former["prix"]
        return _priced(activity, tree, with_price_rule(activity.of(tree), formula, others, value))

    return Restoration(price_part(activity, formula), write)


def _priced(activity: RuledActivity, tree: RulebookTree, rules: Mapping[str, Tree]) -> RulebookTree:
    return declared(activity.put(tree, rules), rules.get("tarif"), activity.formulas)


# --- The first one --------------------------------------------------------------------------------


def first_tree(
    town: str,
    zone: SchoolZone,
    holidays: HolidayVariant,
    school_weekdays: Iterable[int],
    activities: Sequence[tuple[str, str]],
) -> RulebookTree:
    """A règlement that says nothing yet: valid, without a limit or a price.

    `school_weekdays` counts Monday as 0; `activities` gives the name of each rule and what families read.
    """
    return {
        "reglement": {"nom": f"Règlement de {town}", "organisme": "commune"},
        "calendrier": {
            "jours_d_ecole": [WEEKDAYS[number] for number in sorted(school_weekdays)],
            "jours_feries": holidays.name.lower(),
            "vacances": _ZONES.get(zone, []),
        },
        "faits": {},
        "quotient": dict(USUAL_QUOTIENT),
        "activites": {name: {"nom": label} for name, label in activities},
    }
