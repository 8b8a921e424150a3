"""Which numbers of a rulebook are amounts of euros: the file does not say it, their use and their name do."""

from collections.abc import Iterable, Iterator
from typing import Any

from domain.rulebook.almanac import BUILT_IN
from domain.rulebook.facts import Kind
from domain.rulebook.formulas import Formula
from domain.rulebook.named import NamedAmount
from domain.rulebook.prices import Adjustment, Operation, Tariff
from domain.rulebook.quantities import Slots
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.tables import Table
from domain.rulebook.values import Cases, Curve, Rate
from domain.rulebook.versions import Dated
from domain.rulebook.wording.formulas import added_names

_ANYWHERE = frozenset({"prix", "tarif"})
_FIRST = """
    acompte adhesion aide allocation arrhes avance avoir caution cotisation cout economie forfait frais impaye
    indemnite loyer majoration montant penalite plafond plancher remboursement remise ressources reste revenu
    revenus rfr salaire solde supplement
"""
_NO_MONEY = frozenset(["jours", "mois", "nombre", "part", "parts", "rang", "taux", "tranche"])
# These are counts, whatever formula they stand in.
_COUNTS = frozenset({"nombre", "quotient", *BUILT_IN})


def euro_names(book: Rulebook) -> frozenset[str]:
    """The declared numbers and named amounts that are money."""
    numbers = {name for name, fact in book.facts.items() if fact.kind is Kind.NUMBER and name not in _COUNTS}
    found = {name for name in numbers if _sounds_like_money(name)}
    left = [name for value in _prices(book) for name in _added(value)]
    left += list(found)
    while left:
        name = left.pop()
        if name in numbers and name not in found:
            found.add(name)
        if name in found:
            left += [other for other in _named(book, name) if other in numbers and other not in found]
    return frozenset(found)


def _sounds_like_money(name: str) -> bool:
    words = name.split("_")
    return words[0] not in _NO_MONEY and (words[0] in _FIRST.split() or bool(_ANYWHERE & set(words)))


def _named(book: Rulebook, name: str) -> Iterator[str]:
    """The names that a named amount adds up."""
    rule = book.named.get(name)
    if rule is not None:
        for version in rule.versions.versions:
            if isinstance(version.rule, NamedAmount):
                yield from _added(version.rule.value)


def _prices(book: Rulebook) -> Iterator[Any]:
    """Every value of the rulebook that is an amount of euros."""
    for activity in book.activities.values():
        for tariff in _rules(activity.tariff):
            yield from _of_tariff(tariff)
    for total in book.totals:
        for rule in _rules(total):
            if rule.effect is not Operation.MULTIPLY:
                yield rule.value
    if book.billing is not None:
        yield from (means.ceiling for means in book.billing.means if means.ceiling is not None)
        if book.billing.minimum is not None:
            yield book.billing.minimum.amount


def _of_tariff(tariff: Tariff) -> Iterator[Any]:
    yield tariff.base
    for one in tariff.adjustments:
        if isinstance(one, Adjustment) and one.operation is not Operation.MULTIPLY:
            yield one.value


def _rules(dated: Dated | None) -> Iterable[Any]:
    return () if dated is None else (version.rule for version in dated.versions)


def _added(value: Any) -> Iterator[str]:
    """The names that have the unit of a value."""
    match value:
        case Formula():
            yield from added_names(value)
        case Table():
            for row in value.rows:
                for cell in row.values.values():
                    yield from _added(cell)
        case Cases():
            for case in value.cases:
                yield from _added(case.value)
            if value.otherwise is not None:
                yield from _added(value.otherwise)
        case Rate():
            for part in (value.constant, value.floor, value.ceiling):
                yield from _added(part)
        case Slots():
            for slot in value.slots:
                yield from _added(slot.value)
        case Curve() | None:
            return
