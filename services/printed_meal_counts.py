"""The count of a kitchen on a day as a file, the same figures as its page (R32, R33). Nothing is written."""

from enum import StrEnum

from domain.calendar import paris_now
from domain.french import NBSP, format_day, format_moment, plural
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


def download(kind: ListKind, kitchen: KitchenSheet, day: KitchenDay) -> Download:
    """The count of a day as a PDF or a workbook."""
    name = f"repas-{fold(kitchen.name).replace(' ', '-')}-{day.day:%Y%m%d}.{kind.value}"
    if kind is ListKind.PDF:
        return Download(_paper(kitchen, day), "application/pdf", name)
    return Download(_workbook(day), tables.XLSX, name)


def _workbook(day: KitchenDay) -> bytes:
    meals = [
        (
            day.day,
            site.served.facility,
            site.served.activity,
            row.name or WITHOUT_CLASS,
            diet or ORDINARY,
            count,
        )
        for site in day.sites
        for row in site.rows
        for diet, count in zip(site.diets, row.meals, strict=True)
        if count
    ]
    steps = [(one.name, _local(one), one.meals if one.taken_at else None, one.since) for one in day.steps]
    titles = ("Jour", "Structure", "Activité", "Classe", "Régime", "Repas")
    return tables.workbook(
        [
            Sheet("Repas", titles, meals),
            Sheet("Relevés", ("Étape", "Relevé le", "Repas", "Changements depuis"), steps),
        ]
    )


def _local(one: Taken) -> str:
    return format_moment(paris_now(one.taken_at), year=True) if one.taken_at else "non relevé"


def _paper(kitchen: KitchenSheet, day: KitchenDay) -> bytes:
    counted = [f"{diet or ORDINARY}{NBSP}: {meals}" for diet, meals in day.diets]
    facts = [f"{format_day(day.day, year=True).capitalize()}, {plural(day.total, 'repas', 'repas')}"]
    facts += [", ".join(counted)] if counted else []
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
