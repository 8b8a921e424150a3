"""A value as sentences, its tables as tables: what a paragraph of brackets could not tell."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from domain.rulebook import tables
from domain.rulebook.formulas import Formula
from domain.rulebook.quantities import Slots
from domain.rulebook.values import Cases, Curve, Rate, Value
from domain.rulebook.wording import numbers
from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.formulas import Unit, constant, only_name
from domain.rulebook.wording.french_names import to
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Place, Sentence, Table, TableRow, both, capital
from domain.rulebook.wording.values import (
    NOT_FORESEEN,
    parts_apart,
    say_beyond,
    say_bounds,
    say_gap,
    say_slope,
    say_slots_between,
    say_test_cell,
    say_value,
)

_IN_A_CELL = (Formula, Rate)


def value_sentences(
    subject: str, value: Value, place: Place, lexicon: Lexicon, unit: Unit = Unit.EUROS, *, when: str = ""
) -> Iterator[Sentence]:
    """What `subject` (masculine: « le prix ») is; `when` opens the sentence: « si le jour est férié, »."""
    match value:
        case Formula():
            yield place.says(f"{when}{subject} est {_is(value, lexicon, unit)}")
        case tables.Table():
            yield from _of_table(subject, value, place, lexicon, unit, when)
        case Curve():
            yield place.says(
                f"{when}{subject} suit des droites entre les points de ce tableau ; {say_beyond(value)}",
                _points(value, lexicon, unit, subject),
            )
        case Slots():
            yield place.says(
                f"{when}{subject} est la somme des créneaux de ce tableau qui sont entamés, même en partie, "
                f"{say_slots_between(value, lexicon)}",
                _slots(value, lexicon, unit, subject),
            )
        case Rate():
            yield from _of_rate(subject, value, place, lexicon, unit, when)
        case Cases():
            yield from _of_cases(subject, value, place, lexicon, unit, when)
        case _:
            yield place.says(f"{when}{subject} est {say_value(value, lexicon, unit)}")


def _is(value: Formula, lexicon: Lexicon, unit: Unit) -> str:
    """« de 4,40 € », « égal au prix du jour », « égal à … »."""
    said = say_value(value, lexicon, unit)
    if constant(value) is not None:
        return f"de {said}"
    return f"égal {to(said)}" if only_name(value) or said.startswith("le ") else f"égal à : {said}"


def _of_table(
    subject: str, value: tables.Table, place: Place, lexicon: Lexicon, unit: Unit, when: str
) -> Iterator[Sentence]:
    along = [lexicon.noun(name) for name in (*value.dimensions, *([value.column] if value.column else []))]
    yield place.says(
        f"{when}{subject} se lit dans ce tableau, selon {both(along)}", _grid(value, lexicon, unit, subject)
    )
    gap = say_gap(value, lexicon)
    if gap:
        yield place.says(gap)


def _of_rate(
    subject: str, value: Rate, place: Place, lexicon: Lexicon, unit: Unit, when: str
) -> Iterator[Sentence]:
    """One sentence; what varies too much for it has a sentence or a table of its own."""
    bounds = {
        name: one for name, one in (("minimum", value.floor), ("maximum", value.ceiling)) if one is not None
    }
    apart = [*parts_apart(value, unit)]
    apart += [(f"son {name}", one, unit) for name, one in bounds.items() if not isinstance(one, Formula)]
    short = replace(value, floor=_if_short(value.floor), ceiling=_if_short(value.ceiling))
    said = ", ".join(filter(None, (to(say_slope(value, lexicon, unit)), say_bounds(short, lexicon, unit))))
    yield place.says(f"{when}{subject} est égal {said}")
    for name, one, its in apart:
        yield from value_sentences(name, one, place, lexicon, its, when=when)


def _if_short(value: Value | None) -> Value | None:
    return value if isinstance(value, Formula) else None


def _of_cases(
    subject: str, value: Cases, place: Place, lexicon: Lexicon, unit: Unit, when: str
) -> Iterator[Sentence]:
    given = [(say_condition(case.when, lexicon), case.value) for case in value.cases]
    every = [*given, ("sinon", value.otherwise)]
    if all(one is None or isinstance(one, _IN_A_CELL) for _, one in every):
        rows = (TableRow((capital(said), _cell(one, lexicon, unit)), value.path) for said, one in every)
        table = Table(("Cas", _heading(subject)), tuple(rows), value.path)
        first = " ; le premier cas qui convient s’applique" if len(given) > 1 else ""
        yield place.says(f"{when}{subject} dépend du cas{first}", table)
        return
    for index, (said, one) in enumerate(every):
        lead = f"{when}{'sinon, ' if 0 < index < len(given) else ''}{said}, "
        if one is None:
            yield place.says(f"{lead}rien n’est prévu")
        else:
            yield from value_sentences(subject, one, place, lexicon, unit, when=lead)


# --- The tables


def _heading(subject: str) -> str:
    """« Prix » over the values of « le prix d’une unité », « Carte » over those of « « carte » »."""
    bare = subject.strip("«»\u00a0 ")
    for article in ("le ", "ce ", "son "):
        bare = bare.removeprefix(article)
    return capital(bare)


def _grid(value: tables.Table, lexicon: Lexicon, unit: Unit, subject: str) -> Table:
    columns = (None,) if value.column is None else lexicon.facts[value.column].values
    headings = [capital(lexicon.name(name)) for name in value.dimensions]
    headings += [
        _heading(subject) if word is None else capital(lexicon.value(value.column, word)) for word in columns
    ]
    rows = (
        TableRow(
            (
                *(capital(say_test_cell(name, row.tests[name], lexicon)) for name in value.dimensions),
                *(_cell(row.values.get(word), lexicon, unit) for word in columns),
            ),
            row.path,
        )
        for row in value.rows
    )
    return Table(tuple(headings), tuple(rows), value.path)


def _cell(value: Any, lexicon: Lexicon, unit: Unit) -> str:
    return NOT_FORESEEN if value is None else say_value(value, lexicon, unit)


def _points(value: Curve, lexicon: Lexicon, unit: Unit, subject: str) -> Table:
    rows = (TableRow((lexicon.number(value.fact, x), unit.said(y)), value.path) for x, y in value.points)
    return Table((capital(lexicon.name(value.fact)), _heading(subject)), tuple(rows), value.path)


def _slots(value: Slots, lexicon: Lexicon, unit: Unit, subject: str) -> Table:
    rows = (
        TableRow(
            (f"De {numbers.clock(slot.start)} à {numbers.clock(slot.end)}", _cell(slot.value, lexicon, unit)),
            value.path,
        )
        for slot in value.slots
    )
    return Table(("Créneau", _heading(subject)), tuple(rows), value.path)
