"""Unit prices by bracket of quotient familial and by residency (P4), in dated versions (P15).

Money is integer cents, quotients are Decimal. A price that the table does not hold is an error with a French
reason, never zero.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from domain.enums import Residency
from domain.errors import BusinessError, RuleError
from domain.french import NBSP, format_day, format_euros, format_number
from domain.labels import label
from domain.rule_data import Node

PROOF_ADVICE = "transmettez votre attestation CAF ou MSA au service"
_MOST_CENTS = 10_000_000
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class PriceUnknown(BusinessError):
    """The table in force has no price for these facts; the message says which cell is missing."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """An interval of quotients and its price; a bound that is None is open, others say if they belong."""

    lower: Decimal | None
    lower_included: bool
    upper: Decimal | None
    upper_included: bool
    cents: int

    def holds(self, quotient: Decimal) -> bool:
        above = (
            self.lower is None or quotient > self.lower or (self.lower_included and quotient == self.lower)
        )
        below = (
            self.upper is None or quotient < self.upper or (self.upper_included and quotient == self.upper)
        )
        return above and below

    @property
    def is_everything(self) -> bool:
        return self.lower is None and self.upper is None

    @property
    def is_empty(self) -> bool:
        if self.lower is None or self.upper is None:
            return False
        return self.lower > self.upper or (
            self.lower == self.upper and not (self.lower_included and self.upper_included)
        )


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The prices of one residency: brackets in ascending order, and the price without a known quotient."""

    brackets: tuple[Bracket, ...]
    unknown_cents: int | None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """One version of the prices of an activity, in force from `valid_from` to `valid_to` (both included)."""

    version: str
    valid_from: date
    valid_to: date | None
    rows: Mapping[Residency, PriceRow]

    def in_force_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class PricingFacts:
    """What is known of the family; `quotient_valid_to` is the last day its proof covers, None if endless."""

    quotient: Decimal | None
    residency: Residency
    quotient_valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A unit price, `provisional` while a proof of quotient, missing or about to end, may change it."""

    cents: int
    provisional: bool
    bracket_label: str
    explanation: tuple[str, ...]


def price_in_force(tables: Iterable[PriceTable], day: date) -> PriceTable:
    """The version that applies on the service date (P15).

    Raises PriceUnknown when there is none, RuleError when two versions claim the same day.
    """
    found = [table for table in tables if table.in_force_on(day)]
    if not found:
        raise PriceUnknown("no_table", f"Aucun tarif n’est en vigueur le {format_day(day, year=True)}.")
    if len(found) > 1:
        raise RuleError("two_tables", f"Deux tarifs sont en vigueur le {format_day(day, year=True)}.")
    return found[0]


def quote(table: PriceTable, facts: PricingFacts, day: date) -> Price:
    """The price of one unit on the service date `day`, with the sentences that explain it.

    Raises PriceUnknown when the table lacks the cell.
    """
    row = table.rows.get(facts.residency)
    residency = label(facts.residency).lower()
    if row is None:
        raise PriceUnknown(
            "no_row", f"Le tarif {table.version} n’a pas de prix pour une famille {residency}."
        )
    version = f"Tarif {table.version}, en vigueur depuis le {format_day(table.valid_from, year=True)}."
    if _is_flat(row):
        cents = row.brackets[0].cents
        return Price(cents, False, "tarif unique", (_reason("Tarif unique", residency, cents), version))
    if facts.quotient is None:
        return _quote_without_quotient(table, row, residency, version)
    index = next((index for index, bracket in enumerate(row.brackets) if bracket.holds(facts.quotient)), None)
    quotient = f"Quotient familial {format_number(facts.quotient)}"
    if index is None:
        raise PriceUnknown(
            "no_bracket", f"{quotient}, {residency}{NBSP}: aucune tranche du tarif {table.version}."
        )
    cents, bracket_label = row.brackets[index].cents, _bracket_label(row.brackets, index)
    explanation = [_reason(f"{quotient}, {bracket_label}", residency, cents), version]
    provisional = facts.quotient_valid_to is not None and day > facts.quotient_valid_to
    if provisional:
        until = format_day(facts.quotient_valid_to, year=True)
        explanation.append(
            f"Prix provisoire, le quotient familial n’est connu que jusqu’au {until}{NBSP}: {PROOF_ADVICE}."
        )
    return Price(cents, provisional, bracket_label, tuple(explanation))


def _is_flat(row: PriceRow) -> bool:
    """One price for everybody, quotient known or not."""
    if len(row.brackets) != 1:
        return False
    return row.brackets[0].is_everything and row.brackets[0].cents == row.unknown_cents


def _quote_without_quotient(table: PriceTable, row: PriceRow, residency: str, version: str) -> Price:
    if row.unknown_cents is None:
        raise PriceUnknown(
            "no_unknown",
            f"Le tarif {table.version} n’a pas de prix pour une famille {residency} sans quotient connu.",
        )
    where = "quotient familial non connu"
    advice = f"Prix provisoire{NBSP}: {PROOF_ADVICE}."
    explanation = (_reason(where.capitalize(), residency, row.unknown_cents), version, advice)
    return Price(row.unknown_cents, True, where, explanation)


def _reason(where: str, residency: str, cents: int) -> str:
    return f"{where}, {residency}{NBSP}: {format_euros(cents)}."


# --- Brackets in words --------------------------------------------------------------------------------------


def _bracket_label(brackets: tuple[Bracket, ...], index: int) -> str:
    """« tranche C (de 701 à 900) »; numbers take over after Z."""
    name = _ALPHABET[index] if index < len(_ALPHABET) else str(index + 1)
    return f"tranche {name} ({_interval(brackets[index])})"


def _interval(bracket: Bracket) -> str:
    """The interval in words, each bound saying whether it belongs."""
    low = None if bracket.lower is None else format_number(bracket.lower)
    high = None if bracket.upper is None else format_number(bracket.upper)
    if low is None and high is None:
        return "tous les quotients"
    if low is None:
        return f"jusqu’à {high}" if bracket.upper_included else f"moins de {high}"
    if high is None:
        return f"à partir de {low}" if bracket.lower_included else f"plus de {low}"
    if bracket.lower_included:
        return f"de {low} à {high}" if bracket.upper_included else f"de {low} à moins de {high}"
    return f"de plus de {low} à {high}" if bracket.upper_included else f"de plus de {low} à moins de {high}"


# --- Faults of a table --------------------------------------------------------------------------------------


def check_table(table: PriceTable) -> list[str]:
    """The faults of a table, in French, empty when it answers every family: missing residency or unknown
    quotient, gaps and overlaps over decimals, empty brackets, negative prices, impossible dates.
    """
    faults = []
    if table.valid_to is not None and table.valid_to < table.valid_from:
        faults.append("La fin de validité est avant son début.")
    for residency in Residency:
        row = table.rows.get(residency)
        name = label(residency)
        if row is None:
            faults.append(f"{name}{NBSP}: aucun prix.")
        else:
            faults += [f"{name}{NBSP}: {fault}" for fault in _row_faults(row)]
    return faults


def _row_faults(row: PriceRow) -> Iterator[str]:
    if row.unknown_cents is None:
        yield "indiquez le prix quand le quotient n’est pas connu."
    if min([row.unknown_cents or 0, *(bracket.cents for bracket in row.brackets)]) < 0:
        yield "un prix est négatif."
    if not row.brackets:
        yield "aucune tranche."
        return
    for index, bracket in enumerate(row.brackets):
        if bracket.is_empty:
            yield f"la {_bracket_label(row.brackets, index)} ne contient aucun quotient."
    yield from _edge_faults(row.brackets)
    for index, (low, high) in enumerate(pairwise(row.brackets)):
        yield from _seam_faults(row.brackets, index, low, high)


def _edge_faults(brackets: tuple[Bracket, ...]) -> Iterator[str]:
    first, last = brackets[0], brackets[-1]
    if first.lower is not None and not first.holds(Decimal(0)):
        yield f"les quotients sous la {_bracket_label(brackets, 0)} n’ont pas de prix."
    if last.upper is not None:
        top = _bracket_label(brackets, len(brackets) - 1)
        yield f"les quotients au-dessus de la {top} n’ont pas de prix."


def _seam_faults(brackets: tuple[Bracket, ...], index: int, low: Bracket, high: Bracket) -> Iterator[str]:
    """What is wrong where bracket `index` meets the next one."""
    names = _bracket_label(brackets, index), _bracket_label(brackets, index + 1)
    if low.upper is None or high.lower is None or high.lower < low.upper:
        overlap = True
    elif high.lower > low.upper:
        yield (
            f"les quotients entre {format_number(low.upper)} et {format_number(high.lower)} "
            f"n’ont pas de prix ({names[0]}, puis {names[1]})."
        )
        return
    elif not low.upper_included and not high.lower_included:
        yield f"le quotient {format_number(low.upper)} n’a pas de prix."
        return
    else:
        overlap = low.upper_included and high.lower_included
    if overlap:
        yield f"la {names[0]} et la {names[1]} se chevauchent."


# --- The table as data --------------------------------------------------------------------------------------

_TABLE_KEYS = {
    "version": "le nom de cette version du tarif",
    "valid_from": "le premier jour de validité",
    "valid_to": "le dernier jour de validité (null sans fin)",
    "rows": "les prix par lieu de résidence",
}
_ROW_KEYS = {
    "brackets": "les tranches de quotient",
    "unknown_cents": "le prix en centimes quand le quotient n’est pas connu",
}
_BRACKET_KEYS = {
    "lower": "la borne basse (null sans borne)",
    "lower_included": "si la borne basse fait partie de la tranche (true ou false)",
    "upper": "la borne haute (null sans borne)",
    "upper_included": "si la borne haute fait partie de la tranche (true ou false)",
    "cents": "le prix en centimes",
}


def table_from_data(data: Any) -> PriceTable:
    """The table kept as plain data; bounds are decimals written as text:

        {"version": "2026-2027", "valid_from": "2026-09-01", "valid_to": null,
         "rows": {
             "resident": {"unknown_cents": 490, "brackets": [
                 {"lower": null, "lower_included": false, "upper": "700", "upper_included": true,
                  "cents": 250},
                 {"lower": "700", "lower_included": false, "upper": null, "upper_included": false,
                  "cents": 320}]},
             "non_resident": {"unknown_cents": 650, "brackets": [
                 {"lower": null, "lower_included": false, "upper": null, "upper_included": false,
                  "cents": 650}]}}}

    Every key of a table and of a bracket is mandatory. Raises RuleError, with the path of the fault, when the
    form is wrong; `check_table` judges whether the prices are complete.
    """
    node = Node(data).keys(_TABLE_KEYS)
    residencies = {residency.value: f"les prix {label(residency).lower()}" for residency in Residency}
    rows = node["rows"].keys({}, residencies)
    return PriceTable(
        version=node["version"].text(),
        valid_from=node["valid_from"].day(),
        valid_to=node["valid_to"].day_or_none(),
        rows={
            residency: _row_from(rows[residency.value])
            for residency in Residency
            if residency.value in rows.value
        },
    )


def _row_from(node: Node) -> PriceRow:
    node.keys(_ROW_KEYS)
    unknown = node["unknown_cents"]
    return PriceRow(
        brackets=tuple(_bracket_from(bracket) for bracket in node["brackets"].items()),
        unknown_cents=None if unknown.value is None else unknown.integer(0, _MOST_CENTS),
    )


def _bracket_from(node: Node) -> Bracket:
    node.keys(_BRACKET_KEYS)
    return Bracket(
        lower=_bound_from(node["lower"]),
        lower_included=node["lower_included"].boolean(),
        upper=_bound_from(node["upper"]),
        upper_included=node["upper_included"].boolean(),
        cents=node["cents"].integer(0, _MOST_CENTS),
    )


def _bound_from(node: Node) -> Decimal | None:
    return None if node.value is None else node.decimal()


def table_to_data(table: PriceTable) -> dict[str, Any]:
    """The plain data that `table_from_data` reads back into an equal table."""
    return {
        "version": table.version,
        "valid_from": table.valid_from.isoformat(),
        "valid_to": table.valid_to and table.valid_to.isoformat(),
        "rows": {
            residency.value: {
                "brackets": [_bracket_to_data(bracket) for bracket in row.brackets],
                "unknown_cents": row.unknown_cents,
            }
            for residency, row in table.rows.items()
        },
    }


def _bracket_to_data(bracket: Bracket) -> dict[str, Any]:
    return {
        "lower": _bound_to_data(bracket.lower),
        "lower_included": bracket.lower_included,
        "upper": _bound_to_data(bracket.upper),
        "upper_included": bracket.upper_included,
        "cents": bracket.cents,
    }


def _bound_to_data(bound: Decimal | None) -> str | None:
    return None if bound is None else f"{bound:f}"
