"""Values in words: numbers, formulas, tables, curves, rates, cases, slices of time, slots."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.rulebook.facts import Fact, Kind, Test
from domain.rulebook.formulas import Formula
from domain.rulebook.quantities import Counted, Slices, Slots
from domain.rulebook.tables import Gap, Table
from domain.rulebook.values import Beyond, Cases, Curve, Rate, Value
from domain.rulebook.wording import numbers
from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.formulas import Unit, constant, say_formula
from domain.rulebook.wording.french_names import of
from domain.rulebook.wording.lexicon import Lexicon, as_lexicon
from domain.rulebook.wording.text import both, either

NOT_FORESEEN = "non prévu"
_BEYOND = {
    Beyond.FLAT: "au-delà des points, la valeur du point le plus proche",
    Beyond.SLOPE: "au-delà des points, la même pente continue",
    Beyond.REFUSE: "au-delà des points, rien n’est prévu",
}
_GAPS = {
    Gap.REFUSE: "Ce qui n’est sur aucune ligne n’est pas prévu",
    Gap.UP: "Une valeur qui tombe entre deux lignes suit la ligne supérieure",
    Gap.DOWN: "Une valeur qui tombe entre deux lignes suit la ligne inférieure",
}


def say_value(
    value: Value, facts: "Mapping[str, Fact] | Lexicon | None" = None, unit: Unit = Unit.EUROS
) -> str:
    """The value in one phrase, whatever its form; `unit` says whether its numbers are euros."""
    return _SAID[type(value)](value, as_lexicon(facts), unit)


def say_test_cell(name: str, test: Test, lexicon: Lexicon) -> str:
    """A test as the cell of a table: « de 701 à moins de 900 », « commune », « tous, inconnu compris »."""
    if test.anything:
        return "tous, inconnu compris"
    words = [lexicon.value(name, value) for value in test.values]
    if test.interval is not None:
        words.append(lexicon.bracket(name, test.interval))
    if test.unknown:
        words.append("inconnu")
    return f"tout sauf {both(words)}" if test.opposite else either(words)


def say_gap(table: Table, lexicon: Lexicon) -> str:
    """What becomes of a number between two rows; nothing for a table without numbers."""
    measured = any(lexicon.kind(name) in (Kind.NUMBER, Kind.CLOCK) for name in table.dimensions)
    return _GAPS[table.gap] if measured else ""


def say_beyond(curve: Curve) -> str:
    return _BEYOND[curve.beyond]


def say_bounds(value: Rate, lexicon: Lexicon, unit: Unit) -> str:
    """« 2,60 € au moins et 4,50 € au plus »."""
    parts = []
    if value.floor is not None:
        parts.append(f"{say_value(value.floor, lexicon, unit)} au moins")
    if value.ceiling is not None:
        parts.append(f"{say_value(value.ceiling, lexicon, unit)} au plus")
    return both(parts)


def say_slope(value: Rate, lexicon: Lexicon, unit: Unit) -> str:
    """« 0,36 % du quotient familial, plus 1,00 € », without its bounds; a rate that varies is « le taux »."""
    noun = lexicon.noun(value.fact)
    number = constant(value.rate) if isinstance(value.rate, Formula) else None
    if number is not None:
        said = f"{numbers.percent(number)} {of(noun)}"
    elif isinstance(value.rate, Formula):
        said = f"{say_value(value.rate, lexicon, Unit.NUMBER)} multiplié par {noun}"
    else:
        said = f"un taux multiplié par {noun}"
    added = constant(value.constant) if isinstance(value.constant, Formula) else None
    if added == 0:
        return said
    plus = (
        say_value(value.constant, lexicon, unit) if isinstance(value.constant, Formula) else "une part fixe"
    )
    return f"{said}, plus {plus}"


def counted_slices(value: Slices, lexicon: Lexicon) -> str:
    started = value.counted is Counted.STARTED
    kind = "commencées" if started else "complètes"
    minutes = say_value(value.minutes, lexicon, Unit.NUMBER)
    said = f"le nombre de tranches de {value.size} minutes {kind} dans la durée ({minutes})"
    if not value.tolerance:
        return f"{said}, sans tolérance"
    forgiven = numbers.counted(value.tolerance, "minute", feminine=True)
    use = (
        f"un reste de {forgiven} au plus ne compte pas" if started else f"{forgiven} de moins sont pardonnées"
    )
    return f"{said} ; {use}"


# --- In one phrase


def _formula(value: Formula, lexicon: Lexicon, unit: Unit) -> str:
    return say_formula(value, lexicon, unit)


def _table(value: Table, lexicon: Lexicon, unit: Unit) -> str:
    rows = [
        f"{_row_said(row, value, lexicon)}, {_cells_said(row, value, lexicon, unit)}" for row in value.rows
    ]
    gap = say_gap(value, lexicon)
    along = both(lexicon.noun(name) for name in value.dimensions)
    return " ; ".join(
        [f"selon {along} : {rows[0]}", *rows[1:], *([gap[:1].lower() + gap[1:]] if gap else [])]
    )


def _row_said(row: Any, table: Table, lexicon: Lexicon) -> str:
    return both(say_test_cell(name, row.tests[name], lexicon) for name in table.dimensions)


def _cells_said(row: Any, table: Table, lexicon: Lexicon, unit: Unit) -> str:
    if table.column is None:
        return say_value(row.values[None], lexicon, unit)
    cells = (
        f"{say_value(row.values[word], lexicon, unit) if word in row.values else NOT_FORESEEN} "
        f"pour {lexicon.quoted_value(table.column, word)}"
        for word in lexicon.facts[table.column].values
    )
    return both(cells)


def _curve(value: Curve, lexicon: Lexicon, unit: Unit) -> str:
    points = both(f"{unit.said(y)} à {lexicon.number(value.fact, x)}" for x, y in value.points)
    return f"en ligne droite, selon {lexicon.noun(value.fact)}, entre {points} ; {say_beyond(value)}"


def _rate(value: Rate, lexicon: Lexicon, unit: Unit) -> str:
    parts = [say_slope(value, lexicon, unit)]
    for name, one, its in parts_apart(value, unit):
        parts.append(f"{name} : {say_value(one, lexicon, its)}")
    bounds = say_bounds(value, lexicon, unit)
    return f"{' ; '.join(parts)}{', ' if bounds else ''}{bounds}"


def parts_apart(value: Rate, unit: Unit) -> list[tuple[str, Value, Unit]]:
    """The rate and the constant that vary too much for the sentence of the slope."""
    parts = [("ce taux", value.rate, Unit.NUMBER), ("cette part fixe", value.constant, unit)]
    return [part for part in parts if not isinstance(part[1], Formula)]


def _cases(value: Cases, lexicon: Lexicon, unit: Unit) -> str:
    said = [
        f"{say_condition(case.when, lexicon)}, {say_value(case.value, lexicon, unit)}" for case in value.cases
    ]
    other = "rien n’est prévu" if value.otherwise is None else say_value(value.otherwise, lexicon, unit)
    return " ; ".join([*said, f"sinon, {other}"])


def _slices(value: Slices, lexicon: Lexicon, unit: Unit) -> str:
    return counted_slices(value, lexicon)


def _slots(value: Slots, lexicon: Lexicon, unit: Unit) -> str:
    slots = " ; ".join(
        f"de {numbers.clock(slot.start)} à {numbers.clock(slot.end)}, {say_value(slot.value, lexicon, unit)}"
        for slot in value.slots
    )
    return f"la somme des créneaux entamés, même en partie, {say_slots_between(value, lexicon)} : {slots}"


def say_slots_between(value: Slots, lexicon: Lexicon) -> str:
    """« entre l’arrivée et le départ »."""
    start, end = (say_value(one, lexicon, Unit.NUMBER) for one in (value.start, value.end))
    return f"entre {start} et {end}"


_SAID: Mapping[type, Callable[[Any, Lexicon, Unit], str]] = {
    Formula: _formula,
    Table: _table,
    Curve: _curve,
    Rate: _rate,
    Cases: _cases,
    Slices: _slices,
    Slots: _slots,
}
