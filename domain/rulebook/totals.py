"""Totals over a period (P9): caps, packages, totals by number of uses, fees; and the bill that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.rulebook import schema
from domain.rulebook.conditions import ALWAYS, Condition, read_condition
from domain.rulebook.counts import By, Presence, Span
from domain.rulebook.facts import Context
from domain.rulebook.money import ROUNDING, Rounding
from domain.rulebook.prices import Operation
from domain.rulebook.schema import Key
from domain.rulebook.trace import in_words
from domain.rulebook.values import Value, placed, read_value
from domain.rulebook.versions import Dated, Version

EFFECTS = {
    "plafond": Operation.AT_MOST,
    "plancher": Operation.AT_LEAST,
    "remplace": Operation.SET,
    "ajoute": Operation.ADD,
    "multiplie": Operation.MULTIPLY,
}


@dataclass(frozen=True, slots=True)
class Total:
    """Changes the sum of the lines of a group: one child or the family, over one span, some activities.

    In its value and its condition, `nombre` is the number of presences of the group and `total` their sum.
    """

    path: str
    name: str
    span: Span
    by: By
    activities: tuple[str, ...]
    effect: Operation
    value: Value
    rounding: Rounding
    when: Condition


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill: what, for whom (empty: the family), and the signed amount in euros.

    `payer` is who pays it when the règlement says so; empty when it is shared or not said. `version` names
    the dated rule that priced it; empty when the rule has no versions.
    """

    label: str
    child: str
    amount: Decimal
    rule: str
    payer: str = ""
    version: str = ""


def corrections(totals: Sequence[Dated], presences: Sequence[Presence]) -> list[Line]:
    """The lines that the totals add to the lines of the presences, in declared order.

    A version of a total gathers the presences of its own days. Each total sees what those before it changed
    for the same presences or for a part of them.
    """
    lines: list[Line] = []
    changed: list[tuple[set[int], Decimal]] = []
    for version in (version for total in totals for version in total.versions):
        total = version.rule
        for group in _groups(total, [one for one in presences if version.holds(one.day)]).values():
            members = {id(one) for one in group}
            context = _context_of(group, sum((by for part, by in changed if part <= members), Decimal(0)))
            if not total.when.holds(context):
                continue
            before = context.given["total"]
            context.trace.version = version.name
            after = total.rounding.round(total.effect.apply(before, total.value.evaluate(context)))
            said = f"{total.name} : {in_words(before)} → {in_words(after)}"
            context.trace.add(total.path, said, {"total": before}, after)
            if after != before:
                changed.append((members, after - before))
                lines.append(_line(version, group, after - before))
    return lines


def _groups(total: Total, presences: Sequence[Presence]) -> Mapping[Any, list[Presence]]:
    """The presences that one value is about, by span and person."""
    groups: dict[Any, list[Presence]] = {}
    for one in presences:
        if one.activity in total.activities:
            who = one.child if total.by is By.CHILD else ""
            groups.setdefault((total.span.of(one.day), who), []).append(one)
    return groups


def _context_of(group: Sequence[Presence], changed: Decimal) -> Context:
    """The facts of the last presence of the group, with its number and its sum so far."""
    amount = sum((one.amount for one in group), changed)
    return group[-1].context.with_facts(nombre=Decimal(len(group)), total=amount)


def _line(version: Version, group: Sequence[Presence], amount: Decimal) -> Line:
    total = version.rule
    payers = {one.payer for one in group}
    child = group[0].child if total.by is By.CHILD else ""
    payer = payers.pop() if len(payers) == 1 else ""
    return Line(total.name, child, amount, total.path, payer, version.name)


def read_activities(node: Any, reader: Any) -> tuple[str, ...]:
    return schema.list_of(schema.reference("activite", "l’activité"), least=1)(node, reader)


TOTAL = placed(
    Total,
    Key("nom", "name", schema.text, "le nom de la règle"),
    Key(
        "periode", "span", schema.choice({span.value: span for span in Span}),
        "la période (jour, semaine, mois, annee_scolaire, annee_civile, facture)",
    ),
    Key("par", "by", schema.choice({by.value: by for by in By}), "par enfant ou par famille"),
    Key("activites", "activities", read_activities, "les activités réunies"),
    Key(
        "effet", "effect", schema.choice(EFFECTS),
        "ce que la valeur fait au total (plafond, plancher, remplace, ajoute, multiplie)",
    ),
    Key("valeur", "value", read_value, "la valeur ; « nombre » et « total » y sont ceux de la période"),
    Key("arrondi", "rounding", ROUNDING, "l’arrondi du total : au, vers"),
    Key("si", "when", read_condition, "la condition", ALWAYS),
)  # fmt: skip
