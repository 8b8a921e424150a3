"""The statement for the CAF on screen, in a workbook and on paper: the same figures (R49)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.caf_statement import (
    AGE_NAMES,
    FUND_NAMES,
    NATURE_NAMES,
    REASON_WORDS,
    Brackets,
    Key,
    LeftOut,
    Line,
    Nature,
    Statement,
    Sums,
    age_slug,
    fund_slug,
    sums,
)
from domain.french import NBSP, format_day, format_duration
from domain.reporting_periods import ReportingPeriod
from exports import tables
from exports.list_pdf import ListPart, PrintedList, list_pdf
from exports.tables import Cell, Sheet
from queries import town as town_queries
from queries.caf_statement import Counted, Person
from services.family_exports import Download
from services.printed_meal_counts import ListKind

_TITLES = ("Enfants", "Jours de présence", "Heures réservées", "Heures réalisées")
_WIDTHS, _RANK_WIDTHS = (50, 28, 32, 18, 22, 20, 20), (58, 46, 18, 22, 23, 23)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; `words` name it, `query` is what its list of children is asked with."""

    words: tuple[str, ...]
    sums: Sums
    query: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Part:
    """A nature with its lines and its total."""

    nature: Nature
    by_age: tuple[Row, ...]
    by_bracket: tuple[Row, ...]
    total: Row

    @property
    def name(self) -> str:
        return NATURE_NAMES[self.nature]


@dataclass(frozen=True, slots=True)
class CafSheet:
    """What the page and the files show."""

    parts: tuple[Part, ...]
    total: Sums


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A child behind a figure, with its days."""

    child: Person
    sums: Sums
    days: tuple["DayRow", ...]


@dataclass(frozen=True, slots=True)
class DayRow:
    day: date
    what: str
    booked_minutes: int
    attended_minutes: int


def sheet(statement: Statement, brackets: Brackets) -> CafSheet:
    """The tables of a statement, natures in the order of the CAF."""
    natures = statement.by(lambda key: key.nature)
    ages = statement.by(lambda key: (key.nature, key.is_older, key.fund))
    ranks = statement.by(lambda key: (key.nature, key.bracket))
    parts = [
        Part(
            nature,
            tuple(
                Row(
                    (AGE_NAMES[is_older], FUND_NAMES[fund]),
                    ages[nature, is_older, fund],
                    {"nature": nature.value, "age": age_slug(is_older), "regime": fund_slug(fund)},
                )
                for is_older in AGE_NAMES
                for fund in FUND_NAMES
                if (nature, is_older, fund) in ages
            ),
            tuple(
                Row((brackets.name(rank),), ranks[nature, rank], {"nature": nature.value, "tranche": rank})
                for rank in (*range(len(brackets.bounds) + 1), -1)
                if (nature, rank) in ranks
            ),
            Row(("Total",), natures[nature], {"nature": nature.value}),
        )
        for nature in NATURE_NAMES
        if nature in natures
    ]
    return CafSheet(tuple(parts), sums(statement.lines))


def people(lines: Iterable[Line], found: Counted) -> list[ChildRow]:
    """The children of these lines by name, with their days in order."""
    of_child: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        of_child[line.child_id].append(line)
    rows = [
        ChildRow(found.children[child_id], sums(own), tuple(_day(line, found) for line in _in_order(own)))
        for child_id, own in of_child.items()
    ]
    return sorted(rows, key=lambda row: (row.child.last_name, row.child.first_name, row.child.birth_date))


def _in_order(lines: Sequence[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line.day, line.key.nature))


def _day(line: Line, found: Counted) -> DayRow:
    slots = [found.slots[one] for one in line.slots]
    what = ", ".join(dict.fromkeys(f"{slot.activity}, {slot.name}" for slot in slots))
    return DayRow(line.day, what, line.booked_minutes, line.attended_minutes)


def download(
    kind: ListKind,
    found: Counted,
    brackets: Brackets,
    period: ReportingPeriod,
    places: Sequence[str],
    today: date,
) -> Download:
    """The statement as a workbook or a PDF."""
    shown = sheet(found.statement, brackets)
    name = f"heures-caf-{period.slug.lower()}.{kind.value}"
    if kind is ListKind.XLSX:
        return Download(_workbook(shown, found, brackets), tables.XLSX, name)
    return Download(_paper(shown, found.statement, period, places, today), "application/pdf", name)


def _hours(minutes: int) -> Decimal:
    return (Decimal(minutes) / 60).quantize(Decimal("0.01"))


def _cells(counted: Sums) -> tuple[Cell, ...]:
    hours = (_hours(counted.booked_minutes), _hours(counted.attended_minutes))
    return (counted.children, counted.presences, *hours)


def _workbook(shown: CafSheet, found: Counted, brackets: Brackets) -> bytes:
    ages = [(part.name, *row.words, *_cells(row.sums)) for part in shown.parts for row in part.by_age]
    ranks = [(part.name, *row.words, *_cells(row.sums)) for part in shown.parts for row in part.by_bracket]
    totals = [(part.name, *_cells(part.total.sums)) for part in shown.parts]
    left_out = [
        (REASON_WORDS[one.reason], one.slot.facility, one.slot.activity, one.slot.name, one.days)
        for one in found.statement.left_out
    ]
    return tables.workbook(
        [
            Sheet("Heures", ("Accueil", "Âge", "Régime", *_TITLES), ages),
            Sheet("Totaux", ("Accueil", *_TITLES), totals),
            Sheet("Quotients", ("Accueil", "Quotient", *_TITLES), ranks),
            Sheet(
                "Enfants",
                ("Nom", "Prénom", "Date de naissance", "Accueil", "Âge", "Régime", "Quotient", *_TITLES[1:]),
                list(_child_rows(found, brackets)),
            ),
            Sheet("Non compté", ("Motif", "Structure", "Activité", "Type de présence", "Jours"), left_out),
        ]
    )


def _child_rows(found: Counted, brackets: Brackets) -> Iterable[tuple[Cell, ...]]:
    rows: dict[tuple[int, Key], list[Line]] = defaultdict(list)
    for line in found.statement.lines:
        rows[line.child_id, line.key].append(line)
    named = [(found.children[child_id], key, own) for (child_id, key), own in rows.items()]
    for child, key, own in sorted(named, key=lambda one: (one[0].last_name, one[0].first_name)):
        yield (
            child.last_name,
            child.first_name,
            child.birth_date,
            NATURE_NAMES[key.nature],
            AGE_NAMES[key.is_older],
            FUND_NAMES[key.fund],
            brackets.name(key.bracket),
            *_cells(sums(own))[1:],
        )


def _paper(
    shown: CafSheet, statement: Statement, period: ReportingPeriod, places: Sequence[str], today: date
) -> bytes:
    facts = [
        f"Période{NBSP}: {period.name[0].lower()}{period.name[1:]}",
        f"Structures{NBSP}: {', '.join(places)}",
        f"Fait le {format_day(today, year=True)}",
        f"Une présence compte pour toute la durée du créneau. Le mercredi compte 9{NBSP}h au plus avec le "
        f"repas, 4{NBSP}h par demi-journée.",
    ]
    ages = [[part.name, *row.words, *_written(row.sums)] for part in shown.parts for row in part.by_age]
    ranks = [[part.name, *row.words, *_written(row.sums)] for part in shown.parts for row in part.by_bracket]
    left_out = [[_left_out(one), str(one.days)] for one in statement.left_out]
    parts = [
        ListPart(
            "Par âge et par régime",
            ["Accueil", "Âge", "Régime", *_TITLES],
            ages,
            _WIDTHS,
            ["Total", "", "", *_written(shown.total)],
            figures=True,
        ),
        ListPart(
            "Par quotient", ["Accueil", "Quotient", *_TITLES], ranks, (58, 46, 18, 22, 23, 23), figures=True
        ),
    ]
    if left_out:
        parts.append(
            ListPart("Ce qui n’est pas compté", ["Motif", "Jours"], left_out, (160, 20), figures=True)
        )
    nothing = "Aucune présence déclarée pendant cette période."
    title = "Heures réservées et réalisées"
    return list_pdf(
        PrintedList(town_queries.settings().name, title, facts, parts if shown.parts else parts[2:], nothing)
    )


def _written(counted: Sums) -> list[str]:
    hours = [format_duration(minutes) for minutes in (counted.booked_minutes, counted.attended_minutes)]
    return [str(counted.children), str(counted.presences), *hours]


def _left_out(one: LeftOut) -> str:
    return f"{one.slot.facility}, {one.slot.activity}, {one.slot.name}{NBSP}: {REASON_WORDS[one.reason]}"
