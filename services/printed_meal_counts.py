"""The count of a kitchen on a day or in a week as a file: the figures of its pages (R32, R33)."""

from collections.abc import Sequence
from enum import StrEnum

from domain.calendar import paris_now
from domain.french import NBSP, format_day, format_moment, plural
from domain.meal_counts import unexpected_words
from domain.people import fold
from exports import tables
from exports.list_pdf import ListPart, PrintedList, list_pdf
from exports.tables import Sheet
from queries import town as town_queries
from queries.day_sheets import ORDINARY
from queries.meal_counts import KitchenDay, KitchenSheet, Site, Taken
from services.family_exports import Download

WITHOUT_CLASS = "Sans classe"


class ListKind(StrEnum):
    """A list of the day on paper or in a spreadsheet."""

    PDF = "pdf"
    XLSX = "xlsx"


def day_file(kind: ListKind, kitchen: KitchenSheet, day: KitchenDay) -> Download:
    """The count of a day as a PDF or a workbook."""
    content = _paper(kitchen, day) if kind is ListKind.PDF else _workbook([day])
    return _file("repas", kind, kitchen, day, content)


def week_file(kind: ListKind, kitchen: KitchenSheet, days: Sequence[KitchenDay]) -> Download:
    """The count of the days of a week, at least one."""
    content = _week_paper(kitchen, days) if kind is ListKind.PDF else _workbook(days)
    return _file("repas-semaine", kind, kitchen, days[0], content)


def _file(word: str, kind: ListKind, kitchen: KitchenSheet, day: KitchenDay, content: bytes) -> Download:
    name = f"{word}-{fold(kitchen.name).replace(' ', '-')}-{day.day:%Y%m%d}.{kind.value}"
    return Download(content, "application/pdf" if kind is ListKind.PDF else tables.XLSX, name)


def _workbook(days: Sequence[KitchenDay]) -> bytes:
    meals = [
        (
            day.day,
            site.served.facility,
            site.served.activity,
            row.name or WITHOUT_CLASS,
            diet or ORDINARY,
            count,
        )
        for day in days
        for site in day.sites
        for row in site.rows
        for diet, count in zip(site.diets, row.meals, strict=True)
        if count
    ]
    steps = [
        (day.day, one.name, _local(one), one.meals if one.taken_at else None, one.since)
        for day in days
        for one in day.steps
    ]
    titles = ("Jour", "Structure", "Activité", "Classe", "Régime", "Repas")
    return tables.workbook(
        [
            Sheet("Repas", titles, meals),
            Sheet("Relevés", ("Jour", "Étape", "Relevé le", "Repas", "Changements depuis"), steps),
        ]
    )


def _week_paper(kitchen: KitchenSheet, days: Sequence[KitchenDay]) -> bytes:
    rows = [
        [
            format_day(day.day).capitalize(),
            str(day.total),
            _diets(day),
            f"{day.last.name}, {plural(day.last.meals, 'repas', 'repas')}" if day.last else "pas encore",
            day.last.since if day.last else "",
        ]
        for day in days
    ]
    headings = ["Jour", "Repas", "Régimes", "Dernier relevé", "Changements depuis"]
    first, last = format_day(days[0].day), format_day(days[-1].day, year=True)
    part = ListPart(f"Du {first} au {last}", headings, rows, (34, 14, 60, 36, 36))
    return list_pdf(
        PrintedList(town_queries.settings().name, f"Repas de la semaine, {kitchen.name}", [], [part], "")
    )


def _diets(day: KitchenDay) -> str:
    return ", ".join(f"{diet or ORDINARY}{NBSP}: {meals}" for diet, meals in day.diets)


def _local(one: Taken) -> str:
    return format_moment(paris_now(one.taken_at), year=True) if one.taken_at else "non relevé"


def _paper(kitchen: KitchenSheet, day: KitchenDay) -> bytes:
    facts = [f"{format_day(day.day, year=True).capitalize()}, {plural(day.total, 'repas', 'repas')}"]
    facts += [_diets(day)] if day.diets else []
    facts += [f"Dont {unexpected_words(day.unexpected)}"] if day.unexpected else []
    parts = [_part(site) for site in day.sites]
    if day.steps:
        rows = [
            [one.name, _local(one), str(one.meals) if one.taken_at else "", one.since] for one in day.steps
        ]
        parts.append(
            ListPart("Relevés", ["Étape", "Relevé le", "Repas", "Changements depuis"], rows, (40, 55, 20, 65))
        )
    return list_pdf(
        PrintedList(
            town_queries.settings().name,
            f"Repas, {kitchen.name}",
            facts,
            parts,
            "Aucun repas n’est réservé ce jour-là.",
        )
    )


def _part(site: Site) -> ListPart:
    diets = [diet or ORDINARY for diet in site.diets]
    return ListPart(
        f"{site.served.facility}, {site.served.activity}",
        ["Classe", *diets, "Total"],
        [
            [row.name or WITHOUT_CLASS, *(str(meals or "") for meals in row.meals), str(row.total)]
            for row in site.rows
        ],
        [28, *[136 / max(1, len(diets))] * len(diets), 16],
        ["Total", *map(str, site.totals), str(site.total)],
        figures=True,
        note=f"Depuis le dernier relevé{NBSP}: {site.since}." if site.since else "",
    )
