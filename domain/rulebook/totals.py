"""Totals over a period (P9): caps, packages, totals by number of uses, fees; and the bill that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from domain.french import format_day
from domain.rulebook import schema
from domain.rulebook.conditions import ALWAYS, Condition, read_condition
from domain.rulebook.counts import OUTSIDE, By, Earlier, Presence, Span, read_span, same_span
from domain.rulebook.facts import Context
from domain.rulebook.money import ROUNDING, Rounding
from domain.rulebook.named import reads
from domain.rulebook.prices import Operation
from domain.rulebook.schema import Key, Reader
from domain.rulebook.trace import Trace, Unanswered, in_words
from domain.rulebook.tree import Node
from domain.rulebook.values import Value, placed, read_value
from domain.rulebook.versions import Dated, Version

_CENT = Decimal("0.01")
EFFECTS = {
    "plafond": Operation.AT_MOST,
    "plancher": Operation.AT_LEAST,
    "remplace": Operation.SET,
    "ajoute": Operation.ADD,
    "multiplie": Operation.MULTIPLY,
}


class FactsFrom(StrEnum):
    """The presence of a group whose facts count."""

    FIRST = "premiere"
    LAST = "derniere"


class Share(StrEnum):
    """How a correction of the family is split between its children."""

    PRORATA = "au_prorata"
    EQUAL = "parts_egales"


@dataclass(frozen=True, slots=True)
class Total:
    """Changes the sum of the lines of a group: one child or the family, over one span, some activities.

    In its value and `of_group`, `nombre` is the number of presences of the group and `total` their sum.
    `when` chooses the presences one by one; `of_group` is asked of those chosen. Facts come from the presence
    that `facts_from` says; None when all must agree.
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
    facts_from: FactsFrom | None
    share: Share | None
    of_group: Condition = ALWAYS

    def gathers(self, one: Presence) -> bool:
        """Whether a presence is of a group of this total."""
        return one.activity in self.activities and self.when.holds(one.context)


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


def corrections(
    totals: Sequence[Dated], presences: Sequence[Presence], earlier: Sequence[Earlier] = ()
) -> list[Line]:
    """The lines that the totals add to the lines of the presences, in declared order.

    `earlier` is what the bills before this one already held of a total.

    A version of a total gathers the presences of its own days. Each total sees what those before it changed
    for the same presences or for a part of them.
    """
    lines: list[Line] = []
    changed: list[tuple[set[int], Decimal]] = []
    for version in (version for total in totals for version in total.versions):
        total = version.rule
        for group in _groups(total, [one for one in presences if version.holds(one.day)]).values():
            members = {id(one) for one in group}
            already = sum((by for part, by in changed if part <= members), Decimal(0))
            amount = sum((one.amount for one in group), already)
            corrected = _corrected(version, group, amount, _earlier(total, group[0], presences[0], earlier))
            if corrected != amount:
                parts = _parts(total, group, corrected - amount)
                changed += [({id(one) for one in own}, part) for own, part in parts]
                lines += [_line(version, own, part) for own, part in parts]
    return lines


def _groups(total: Total, presences: Sequence[Presence]) -> Mapping[Any, list[Presence]]:
    """The presences that one value is about, by span and person."""
    groups: dict[Any, list[Presence]] = {}
    for one in presences:
        if total.gathers(one):
            span = total.span.of(one.day, one.context.calendar)
            if span is not OUTSIDE:
                groups.setdefault((span, _who(total, one)), []).append(one)
    return groups


def _earlier(total: Total, one: Presence, first: Presence, earlier: Sequence[Earlier]) -> Earlier | None:
    """What the bills before this one held of the group of `one`."""
    if not same_span(total.span, one, first):
        return None
    who = _who(total, one)
    return next((other for other in earlier if other.name == total.name and other.child == who), None)


def _who(total: Total, one: Presence) -> str:
    """Whose group a presence belongs to: its child, its payer, or the family (empty)."""
    return {By.CHILD: one.child, By.PAYER: one.payer, By.FAMILY: ""}[total.by]


def _corrected(
    version: Version, group: Sequence[Presence], amount: Decimal, earlier: Earlier | None
) -> Decimal:
    """What the sum of a group becomes in this bill."""
    total, held = version.rule, earlier or Earlier("")
    if earlier is not None and total.effect is Operation.ADD:
        return amount
    before = amount + held.amount
    contexts = _contexts(total, group, before, len(group) + held.number)
    contexts[0].trace.version = version.name
    if not _agreed(total, [total.of_group.holds(one) for one in contexts]):
        return amount
    value = _agreed(total, [total.value.evaluate(one) for one in contexts])
    after = total.rounding.round(total.effect.apply(before, value))
    said = f"{_whose(total, group)}{total.name} : {in_words(before)} → {in_words(after)}"
    contexts[0].trace.add(total.path, said, {"total": before, "valeur": value}, after)
    return after - held.amount


def _whose(total: Total, group: Sequence[Presence]) -> str:
    """« Lou, du lundi 14 septembre au vendredi 18 septembre, »: the group of a total."""
    first, last = format_day(group[0].day), format_day(group[-1].day)
    days = first if first == last else f"du {first} au {last}"
    who = _who(total, group[0])
    return f"{who}, {days}, " if who else f"{days}, "


def _contexts(total: Total, group: Sequence[Presence], before: Decimal, number: Decimal) -> list[Context]:
    """The facts of the presences that count, with the number and the sum of the group; one is explained."""
    chosen = {FactsFrom.FIRST: group[:1], FactsFrom.LAST: group[-1:], None: group}[total.facts_from]
    contexts = [one.context.with_facts(nombre=Decimal(number), total=before) for one in chosen]
    for other in contexts[1:]:
        other.trace = Trace()
    return contexts


def _agreed(total: Total, found: Sequence[Any]) -> Any:
    """The one answer of every presence; Unanswered when the règlement must say which one counts."""
    other = next((one for one in found if one != found[0]), None)
    if other is not None:
        raise Unanswered(
            f"{total.path} : {in_words(found[0])} selon une présence, {in_words(other)} selon une autre ; "
            "dites laquelle compte (« faits_de: premiere » ou « derniere »), ou choisissez-les avec « si »."
        )
    return found[0]


def _parts(
    total: Total, group: Sequence[Presence], amount: Decimal
) -> list[tuple[Sequence[Presence], Decimal]]:
    """A correction, whole or shared between the children of the group, with the presences it is about."""
    if total.by is By.CHILD or total.share is None:
        return [(group, amount)]
    children: dict[str, list[Presence]] = {}
    for one in group:
        children.setdefault(one.child, []).append(one)
    weights = [sum((one.amount for one in own), Decimal(0)) for own in children.values()]
    if total.share is Share.EQUAL or not sum(weights):
        weights = [Decimal(1)] * len(children)
    return list(zip(children.values(), split(amount, weights), strict=True))


def split(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Parts of `amount` in cents that follow the weights and add up to it."""
    parts, reached, whole = [], Decimal(0), sum(weights)
    for index in range(len(weights)):
        share = amount * sum(weights[: index + 1]) / whole
        cents = amount if index == len(weights) - 1 else share.quantize(_CENT, ROUND_HALF_UP)
        parts.append(cents - reached)
        reached = cents
    return parts


def _line(version: Version, group: Sequence[Presence], amount: Decimal) -> Line:
    """A line for the only child, and the only payer, of these presences; for the family otherwise."""
    total, payers = version.rule, {one.payer for one in group}
    one_child = total.by is By.CHILD or (total.share is not None and len({one.child for one in group}) == 1)
    payer = payers.pop() if len(payers) == 1 else ""
    return Line(total.name, group[0].child if one_child else "", amount, total.path, payer, version.name)


def read_activities(node: Any, reader: Any) -> tuple[str, ...]:
    return schema.list_of(schema.reference("activite", "l’activité"), least=1)(node, reader)


def _words(kind: type[StrEnum]) -> schema.Spec:
    return schema.choice({word.value: word for word in kind})


def _by(node: Node, reader: Reader) -> By:
    by = _words(By)(node, reader)
    if by is By.PAYER:
        reader.note("payeur", by.value, node)
    return by


_RECORD = placed(
    Total,
    Key("nom", "name", schema.text, "le nom de la règle"),
    Key(
        "periode", "span", read_span,
        "la période (jour, semaine, mois, annee_scolaire, annee_civile, periode, facture)",
    ),
    Key("par", "by", _by, "par enfant, par famille ou par payeur"),
    Key("activites", "activities", read_activities, "les activités réunies"),
    Key(
        "effet", "effect", schema.choice(EFFECTS),
        "ce que la valeur fait au total (plafond, plancher, remplace, ajoute, multiplie)",
    ),
    Key("valeur", "value", read_value, "la valeur ; « nombre » et « total » y sont ceux de la période"),
    Key("arrondi", "rounding", ROUNDING, "l’arrondi du total : au, vers"),
    Key("si", "when", read_condition, "quelles présences ; avec nombre ou total, la condition", ALWAYS),
    Key(
        "faits_de", "facts_from", _words(FactsFrom),
        "de quelle présence viennent les faits (premiere, derniere ; absent : toutes s’accordent)", None,
    ),
    Key(
        "partage", "share", _words(Share),
        "la part de chaque enfant (au_prorata ou parts_egales ; absent : à la famille)", None,
    ),
)  # fmt: skip


def read_total(node: Node, reader: Reader) -> Total:
    """The spec of a total; what its condition asks of the group is told by what it reads."""
    total, graph = _RECORD(node, reader), reader.known("deduit")

    def is_of_group(condition: Condition) -> bool:
        return bool({"nombre", "total"} & reads(condition.facts(), graph))

    when, of_group = total.when.split(is_of_group)
    return replace(total, when=when, of_group=of_group)
