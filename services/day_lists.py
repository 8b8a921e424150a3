"""The lists of a day as files (R33): who comes, what they eat, whom to call; health for who may read it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.french import format_day, plural
from domain.people import fold
from exports import tables
from exports.list_pdf import ListPart, PrintedList, list_pdf
from exports.tables import Sheet
from queries import town as town_queries
from queries.day_sheets import ORDINARY, DaySheet, ExpectedChild
from queries.emergency import Contact
from queries.medical import Health
from services.family_exports import Download
from services.printed_meal_counts import ListKind

CHECKED_SOON = "contrôle en cours"
Contacts = Mapping[int, Sequence[Contact]]


class DayList(StrEnum):
    """A list of the children of a day, as addresses call it."""

    PRESENT = "presents"
    DIETS = "regimes"
    EMERGENCY = "urgence"


@dataclass(frozen=True, slots=True)
class _Table:
    """`widths` share the line of a page; every row begins with the child."""

    title: str
    headings: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[str]]


_FIGURES_APART = re.compile(r"(?<=\d) (?=\d)")  # of a telephone, which stays on one line
_CHILD = ("Nom", "Prénom", "Classe")
_CHILD_WIDTHS = (26, 22, 18)


def download(what: DayList, kind: ListKind, sheet: DaySheet, contacts: Contacts) -> Download:
    """One list of the sheet; `contacts` by child, for the emergency list. Health is not in it."""
    made = {DayList.PRESENT: _present, DayList.DIETS: _diets}
    table = _emergency(sheet, contacts) if what is DayList.EMERGENCY else made[what](sheet)
    return _file(what.value, kind, sheet, table)


def health(kind: ListKind, sheet: DaySheet, read: Mapping[int, Health]) -> Download:
    """The health of the children of the sheet who have some to tell: the caller has checked the right and
    noted each reading (S44)."""
    rows = [
        [*_named(one), "\n".join(_health_lines(read[one.child_id]))]
        for one in sheet.children
        if read[one.child_id].lines
    ]
    table = _Table("Allergies et santé", [*_CHILD, "Santé"], [*_CHILD_WIDTHS, 114], rows)
    return _file("sante", kind, sheet, table)


def _health_lines(found: Health) -> list[str]:
    lines = []
    for one in found.lines:
        if one.is_known:
            lines.append(f"{one.label}\u00a0: {one.value}")
        if one.declared is not None:
            lines.append(f"{one.label}\u00a0: {one.declared} ({CHECKED_SOON})")
    return lines


def _file(name: str, kind: ListKind, sheet: DaySheet, table: _Table) -> Download:
    file_name = f"{name}-{fold(sheet.facility).replace(' ', '-')}-{sheet.day:%Y%m%d}.{kind.value}"
    if kind is ListKind.XLSX:
        rows = [[cell.replace("\n", "\u00a0; ") for cell in row] for row in table.rows]
        book = tables.workbook([Sheet(table.title, table.headings, rows)])
        return Download(book, tables.XLSX, file_name)
    title = f"{format_day(sheet.day, year=True).capitalize()}, {plural(len(table.rows), 'enfant', 'enfants')}"
    rows = [[_FIGURES_APART.sub("\u00a0", cell) for cell in row] for row in table.rows]
    parts = [ListPart(title, table.headings, rows, table.widths)] if rows else []
    printed = PrintedList(
        town_queries.settings().name,
        f"{table.title}, {sheet.facility}",
        [] if parts else [f"{format_day(sheet.day, year=True).capitalize()}."],
        parts,
        "Aucun enfant n’est concerné ce jour-là.",
    )
    return Download(list_pdf(printed), "application/pdf", file_name)


def _named(one: ExpectedChild) -> tuple[str, str, str]:
    return one.last_name, one.first_name, one.group


def _presences(one: ExpectedChild) -> str:
    return "\n".join(
        f"{line.activity}, {line.presence}" + (" (absent)" if line.is_absent else "")
        for line in one.presences
    )


def _diet(one: ExpectedChild) -> tuple[str, str]:
    """The accepted diet, and what the family asks since."""
    diet = one.file.diet
    return diet.words, (diet.declared_words or ORDINARY) if diet.is_declared else ""


def _present(sheet: DaySheet) -> _Table:
    rows = []
    for one in sheet.children:
        accepted, declared = _diet(one)
        told = f"{accepted or ORDINARY}\n{declared} ({CHECKED_SOON})" if declared else accepted or ORDINARY
        fetched = [
            f"{line.person.first_name} {line.person.last_name}"
            for line in one.file.people
            if line.may_collect
        ]
        rows.append([*_named(one), _presences(one), told, "\n".join(fetched) or "ses responsables seulement"])
    headings = [*_CHILD, "Présence", "Régime", "Peuvent venir le chercher"]
    return _Table("Enfants attendus", headings, [*_CHILD_WIDTHS, 42, 34, 38], rows)


def _diets(sheet: DaySheet) -> _Table:
    rows = [
        [*_named(one), _presences(one), *_diet(one)]
        for one in sheet.children
        if one.file.diet.words or one.file.diet.is_declared
    ]
    headings = [*_CHILD, "Présence", "Régime", f"Demandé, {CHECKED_SOON}"]
    return _Table("Régimes", headings, [*_CHILD_WIDTHS, 42, 38, 34], rows)


def _emergency(sheet: DaySheet, contacts: Contacts) -> _Table:
    rows = []
    for one in sheet.children:
        called = [
            line.person
            for line in one.file.people
            if line.person.is_emergency_contact and not line.is_removed
        ]
        others = [
            ", ".join(
                part for part in (f"{who.first_name} {who.last_name}", who.relationship, who.phone) if part
            )
            for who in called
        ]
        parents = [contact.words for contact in contacts.get(one.child_id, ())]
        rows.append([*_named(one), _presences(one), "\n".join(parents), "\n".join(others)])
    headings = [*_CHILD, "Présence", "Parents", "Autres personnes à appeler"]
    return _Table("Fiche d’urgence", headings, [*_CHILD_WIDTHS, 32, 46, 36], rows)
