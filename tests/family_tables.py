"""Spreadsheets of families for the tests of the import: one line a child, every column of the model."""

import csv
import io
from collections.abc import Iterable, Mapping

import xlsxwriter

from domain.family_import import COLUMNS

TITLES = [column.title for column in COLUMNS]


def line(number: int = 1, **cells: str) -> dict[str, str]:
    """A sound line of the family `number`, but for the cells given by title."""
    values = {
        "Clé du foyer": f"F{number:04d}",
        "Nom du foyer": f"FAMILLE {number}",
        "Adresse": f"{number} rue Nationale",
        "Code postal": "46000",
        "Ville": "Cahors",
        "Habite la commune": "oui",
        "Adulte 1 prénom": "Claire",
        "Adulte 1 mail": f"claire{number}@exemple.fr",
        "Adulte 1 mobile": f"06 12 34 {number // 100:02d} {number % 100:02d}",
        "Enfant prénom": "Léo",
        "Enfant date de naissance": "04/05/2019",
        "École": "École Zola",
        "Niveau": "CP",
        "Classe": "CP A",
        "Quotient familial": "622,50",
        "Quotient à partir du": "01/01/2027",
        "Régime alimentaire": "Sans porc",
    }
    return values | dict(cells)


def rows(lines: Iterable[Mapping[str, str]]) -> list[list[str]]:
    return [TITLES, *([one.get(title, "") for title in TITLES] for one in lines)]


def as_csv(lines: Iterable[Mapping[str, str]], separator: str = ";", encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows(lines))
    return text.getvalue().encode(encoding)


def as_xlsx(lines: Iterable[Mapping[str, str]]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows(lines)):
            for column, cell in enumerate(cells):
                sheet.write_string(number, column, cell)
    return content.getvalue()


def five_hundred() -> list[dict[str, str]]:
    """500 lines, every fifth family with two children; lines 25, 50… are wrong, each in its own way."""
    lines = []
    for number in range(1, 501):
        family = number - 1 if number % 5 == 0 else number
        child = {"Enfant prénom": "Zoé"} if number % 5 == 0 else {}
        lines.append(line(family, **child))
    wrong = (
        {"Clé du foyer": ""},
        {"Nom du foyer": ""},
        {"Code postal": "4600"[:3]},
        {"Habite la commune": "peut-être"},
        {"Adulte 1 prénom": ""},
        {"Adulte 1 mail": "claire.exemple.fr"},
        {"Adulte 1 mobile": "06 12"},
        {"Adulte 2 mail": "marc@exemple.fr"},
        {"Enfant prénom": ""},
        {"Enfant date de naissance": "31/02/2019"},
        {"Enfant date de naissance": "04/05/2030"},
        {"Enfant date de naissance": "04/05/1919"},
        {"Enfant sexe": "inconnu"},
        {"École": "École de la Lune"},
        {"Niveau": "CP9"},
        {"Année scolaire": "2026-2029"},
        {"Quotient familial": "beaucoup"},
        {"Quotient à partir du": ""},
        {"Régime alimentaire": "Sans rien"},
        {"Adresse": "99 rue Ailleurs"},
    )
    for number, cells in enumerate(wrong, 1):
        lines[number * 25 - 1] |= cells
    return lines
