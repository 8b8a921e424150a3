"""The prices that a guided form can hold, read in the tree of a règlement and written back into it (P4).

A form shows the prices of one formula of one activity: brackets of quotient for the town's residents and for
the others, and what is paid while the quotient is unknown. Anything richer (rates, curves, other facts, dated
versions) is left to whoever writes the text; adjustments and rounding stay as they are.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.enums import Residency
from domain.errors import RuleError
from domain.rulebook.family_facts import RESIDENCES
from domain.rulebook.guided_limits import cents_of, euros
from domain.rulebook.prices import BY_LADDER
from domain.rulebook.tree import Tree

RESIDENT, NON_RESIDENT = RESIDENCES[Residency.RESIDENT], RESIDENCES[Residency.NON_RESIDENT]
FORMULA, QUOTIENT, RESIDENCE = "formule", "quotient", "residence"
ANY, UNKNOWN = "tous", "inconnu"
# How the quotient is taken when nobody has written it yet: the one in force on the day of care.
USUAL_QUOTIENT: Mapping[str, Tree] = {
    "inconnu": "ligne_inconnu",
    "pris_au": "jour_du_service",
    "changement": "immediat",
    "retroactif": "non",
    "validite": "sans_fin",
    "garde_alternee": "non_prevu",
    "arrondi": None,
}
_ROUNDING: Mapping[str, Tree] = {"au": "0.01", "vers": "plus_proche", "apres": ["total"]}
_RICH: Any = object()


@dataclass(frozen=True, slots=True)
class Bracket:
    """A price up to a quotient, None for the last bracket, which goes as high as quotients go."""

    upper: Decimal | None
    upper_included: bool
    cents: int


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The brackets of one residence, in order; `unknown_cents` is None when the text has no such row."""

    brackets: tuple[Bracket, ...]
    unknown_cents: int | None

    @property
    def is_flat(self) -> bool:
        return len(self.brackets) == 1 and self.unknown_cents in (None, self.brackets[0].cents)


@dataclass(frozen=True, slots=True)
class GuidedPrices:
    """The prices of one formula."""

    resident: PriceRow
    non_resident: PriceRow

    @property
    def reads_quotient(self) -> bool:
        return not (self.resident.is_flat and self.non_resident.is_flat)


# --- Reading --------------------------------------------------------------------------------------


def price_rule_of(activity: Tree, formula: str) -> Tree:
    """What the règlement says of the price of one formula, whatever the others; None when nothing.

    Two versions of the règlement whose parts are equal charge the same for this formula.
    """
    tariff = activity.get("tarif") if isinstance(activity, dict) else None
    if not isinstance(tariff, dict) or "prix" not in tariff:
        return tariff
    value = _value_for(tariff["prix"], formula)
    if value is None:
        return None
    rest = {word: below for word, below in tariff.items() if word not in ("prix", "ajustements")}
    always = [one for one in tariff.get("ajustements", []) if one["si"] != BY_LADDER]
    if always:
        rest["ajustements"] = always
    return rest | {"prix": tariff["prix"] if value is _RICH else value}


def prices_of(activity: Tree, formula: str) -> GuidedPrices | None:
    """What a form shows for this formula; None when nothing is written, or more than it can hold."""
    rule = price_rule_of(activity, formula)
    if not isinstance(rule, dict) or "prix" not in rule or "quantite" in rule:
        return None
    rows = [_row(rule["prix"], residence) for residence in (RESIDENT, NON_RESIDENT)]
    return None if None in rows else GuidedPrices(*rows)


def is_adjusted(activity: Tree, formula: str) -> bool:
    """Whether adjustments other than those of a limit may change the price."""
    rule = price_rule_of(activity, formula)
    return isinstance(rule, dict) and bool(rule.get("ajustements"))


def _value_for(value: Tree, formula: str) -> Tree:
    """The value of one formula, None when nothing is foreseen, `_RICH` when it cannot be told apart."""
    match value:
        case {"cas": list(cases)}:
            if not all(isinstance(case["si"], dict) and set(case["si"]) == {FORMULA} for case in cases):
                return _RICH if FORMULA in words_in(cases) else value
            found = (case["valeur"] for case in cases if _accepts(case["si"][FORMULA], formula))
            return next(found, value.get("sinon"))
        case {"table": dict(table)} if table.get("colonnes") == FORMULA:
            return _with_rows(table, [], [_in_column(row, formula) for row in table["lignes"]])
        case {"table": dict(table)} if FORMULA in _dimensions(table):
            rows = [row for row in table["lignes"] if _accepts(row[FORMULA], formula)]
            return _with_rows(table, [FORMULA], rows)
    return value


def _accepts(test: Tree, word: str) -> bool:
    return test in (word, ANY) or (isinstance(test, list) and word in test)


def _dimensions(table: Mapping[str, Tree]) -> list[str]:
    return [table["selon"]] if isinstance(table["selon"], str) else list(table["selon"])


def _in_column(row: Mapping[str, Tree], formula: str) -> dict[str, Tree]:
    cells = row["valeur"]
    return {**row, "valeur": cells.get(formula) if isinstance(cells, dict) else None}


def _with_rows(table: Mapping[str, Tree], without: Collection[str], rows: Sequence[Mapping]) -> Tree:
    """The table of these rows, or their only value when nothing is left to choose between."""
    dimensions = [name for name in _dimensions(table) if name not in without]
    if all(row["valeur"] is None for row in rows):
        return None
    if not dimensions:
        return rows[0]["valeur"]
    lines = [{word: below for word, below in row.items() if word not in without} for row in rows]
    rest = {word: table[word] for word in table if word in ("selon", "trous")}
    return {"table": {**rest, "selon": _one_or_many(dimensions), "lignes": lines}}


def _one_or_many(words: list[str]) -> Tree:
    return words[0] if len(words) == 1 else list(words)


def _row(value: Tree, residence: str) -> PriceRow | None:
    """The prices of one residence; None when this value is more than brackets of quotient."""
    if isinstance(value, str):
        cents = cents_of(value)
        return None if cents is None else PriceRow((Bracket(None, False, cents),), cents)
    table = value.get("table") if isinstance(value, dict) else None
    if not isinstance(table, dict) or "colonnes" in table or set(_dimensions(table)) - {RESIDENCE, QUOTIENT}:
        return None
    if not _known_residences(table):
        return None
    rows = [row for row in table["lignes"] if _accepts(row.get(RESIDENCE, ANY), residence)]
    cells = [(row.get(QUOTIENT, ANY), cents_of(row["valeur"])) for row in rows]
    return None if not cells or any(cents is None for _, cents in cells) else _brackets(cells)


def _known_residences(table: Mapping[str, Tree]) -> bool:
    tests = [row[RESIDENCE] for row in table["lignes"] if RESIDENCE in row]
    words = {word for test in tests for word in (test if isinstance(test, list) else [test])}
    return all(isinstance(word, str) for word in words) and words <= {RESIDENT, NON_RESIDENT, ANY}


def _brackets(cells: Sequence[tuple[Tree, int]]) -> PriceRow | None:
    """Brackets that follow each other without a hole from the lowest quotient to the highest."""
    if len(cells) == 1 and cells[0][0] == ANY:
        return PriceRow((Bracket(None, False, cells[0][1]),), cells[0][1])
    unknown = [cents for test, cents in cells if test == UNKNOWN]
    intervals = [(test, cents) for test, cents in cells if test != UNKNOWN]
    if len(unknown) > 1 or not all(isinstance(test, dict) and "sauf" not in test for test, _ in intervals):
        return None
    found: list[Bracket] = []
    lower: tuple[Decimal, bool] | None = None
    for test, cents in sorted(intervals, key=lambda cell: _lowest(cell[0])):
        if _lower(test) != lower or (found and found[-1].upper is None):
            return None
        upper = (
            Decimal(test["a"] if "a" in test else test["moins_de"]) if {"a", "moins_de"} & set(test) else None
        )
        found.append(Bracket(upper, "a" in test, cents))
        lower = None if upper is None else (upper, "a" not in test)
    if not found or found[-1].upper is not None:
        return None
    return PriceRow(tuple(found), unknown[0] if unknown else None)


def _lower(test: Mapping[str, str]) -> tuple[Decimal, bool] | None:
    """(bound, whether it belongs) where a bracket starts; None from the lowest quotient there is."""
    bound = test.get("de", test.get("plus_de"))
    if bound is None or (Decimal(bound) == 0 and "de" in test):
        return None
    return Decimal(bound), "de" in test


def _lowest(test: Mapping[str, str]) -> Decimal:
    lower = _lower(test)
    return Decimal(-1) if lower is None else lower[0]


# --- Writing --------------------------------------------------------------------------------------


def with_prices(
    activity: Mapping[str, Tree], formula: str, others: Sequence[str], prices: GuidedPrices
) -> dict[str, Tree]:
    """The activity whose formula costs `prices`; the other formulas, `others`, keep theirs.

    Raises RuleError `dated_rules` or `rich_rules` when only the text of the règlement can hold both.
    """
    return with_price_rule(activity, formula, others, _written(prices))


def with_price_rule(
    activity: Mapping[str, Tree], formula: str, others: Sequence[str], value: Tree
) -> dict[str, Tree]:
    """The activity whose formula costs this value, None for nothing; the others keep theirs.

    A price is written for its formula by name, so that a formula that comes later has none until somebody
    states it; a text that has one price for whatever formula keeps it so while there is no other formula.
    Raises RuleError `dated_rules` or `rich_rules`.
    """
    tariff = activity.get("tarif", {})
    if not isinstance(tariff, dict) or (tariff and "prix" not in tariff):
        raise RuleError("dated_rules", _IN_TEXT)
    values = {other: _value_for(tariff.get("prix"), other) for other in others}
    if any(one is _RICH for one in values.values()):
        raise RuleError("rich_rules", _IN_TEXT)
    is_for_any = "prix" in tariff and FORMULA not in words_in(tariff["prix"])
    price = value if is_for_any and not others else _by_formula({**values, formula: value})
    if price is None:
        return {word: below for word, below in activity.items() if word != "tarif"}
    return {**activity, "tarif": {"prix": price, "arrondi": dict(_ROUNDING), **tariff} | {"prix": price}}


_IN_TEXT = (
    "Le tarif de cette activité dit plus que ce formulaire ne peut contenir\u00a0: changez-le dans le texte "
    "du règlement."
)


def _by_formula(values: Mapping[str, Tree]) -> Tree:
    """A case for each value, None when no formula has one."""
    distinct: list[tuple[Tree, list[str]]] = []
    for formula, value in sorted(values.items()):
        same = next((names for known, names in distinct if known == value), None)
        if same is None:
            distinct.append((value, [formula]))
        else:
            same.append(formula)
    cases = [
        {"si": {FORMULA: _one_or_many(names)}, "valeur": value}
        for value, names in distinct
        if value is not None
    ]
    return {"cas": cases, "sinon": None} if cases else None


def _written(prices: GuidedPrices) -> Tree:
    by_residence = prices.resident != prices.non_resident
    dimensions = [RESIDENCE] if by_residence else []
    if prices.reads_quotient:
        dimensions.append(QUOTIENT)
    if not dimensions:
        return euros(prices.resident.brackets[0].cents)
    residences = (RESIDENT, NON_RESIDENT) if by_residence else (RESIDENT,)
    lines = [
        {name: test for name, test in ((RESIDENCE, residence), (QUOTIENT, quotient)) if name in dimensions}
        | {"valeur": euros(cents)}
        for residence in residences
        for quotient, cents in _lines(prices.resident if residence == RESIDENT else prices.non_resident)
    ]
    gaps = {"trous": "refuser"} if QUOTIENT in dimensions else {}
    return {"table": {"selon": _one_or_many(dimensions), **gaps, "lignes": lines}}


def _lines(row: PriceRow) -> Iterator[tuple[Tree, int]]:
    if row.is_flat:
        yield ANY, row.brackets[0].cents
        return
    lower: dict[str, Tree] = {}
    for bracket in row.brackets:
        if bracket.upper is None:
            yield lower or {"de": "0"}, bracket.cents
        else:
            bound = f"{bracket.upper.normalize():f}"
            yield lower | {"a" if bracket.upper_included else "moins_de": bound}, bracket.cents
            lower = {"plus_de" if bracket.upper_included else "de": bound}
    if row.unknown_cents is not None:
        yield UNKNOWN, row.unknown_cents


# --- What prices rely on --------------------------------------------------------------------------


def declared(tree: Mapping[str, Tree], price: Tree, formulas: Collection[str]) -> dict[str, Tree]:
    """The règlement that declares what this price reads: the residence, these formulas, and how the quotient
    is taken. What is declared already stays.
    """
    used = words_in(price)
    facts = dict(tree.get("faits") or {})
    if RESIDENCE in used:
        facts[RESIDENCE] = _completed(facts.get(RESIDENCE), (RESIDENT, NON_RESIDENT))
    if FORMULA in used:
        facts[FORMULA] = _completed(facts.get(FORMULA), formulas)
    quotient = {QUOTIENT: dict(USUAL_QUOTIENT)} if QUOTIENT in used and QUOTIENT not in tree else {}
    return {**tree, **({"faits": facts} if facts else {}), **quotient}


def words_in(tree: Tree) -> set[str]:
    """Every key and every text of a tree."""
    if isinstance(tree, dict):
        return set(tree).union(*map(words_in, tree.values()))
    if isinstance(tree, list):
        return set().union(*map(words_in, tree))
    return set() if tree is None else {tree}


def _completed(known: Tree, words: Collection[str]) -> Tree:
    if isinstance(known, list) or known is None:
        return [*(known or []), *(word for word in words if word not in (known or []))]
    return known
