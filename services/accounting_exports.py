"""The files of the accountant, made from what was issued and received (R47). Nothing is written."""

from datetime import date
from enum import StrEnum

from domain.accounting import Codes
from domain.people import fold
from exports import accounting, tables
from exports.tables import Sheet
from queries import accounting as account_queries
from queries.money import Glance
from services.family_exports import Download, FileKind


class Table(StrEnum):
    """What is taken away, as addresses call it."""

    BILLS = "factures"
    LINES = "lignes"
    DEBTORS = "debiteurs"
    JOURNAL = "journal"
    TOTALS = "totaux"


class MoneyTable(StrEnum):
    """The two tables of the money at a glance, as addresses call them."""

    MONTHS = "mois"
    ACTIVITIES = "activites"


def download(table: Table, kind: FileKind, regie_id: int, first: date, last: date, today: date) -> Download:
    """A table of a régie for what happened between two days (both included); debtors are those of `today`.

    A workbook holds what belongs together on several sheets, a CSV the one table. Raises NotFound.
    """
    codes = account_queries.codes(regie_id)
    span = f"{fold(codes.name).replace(' ', '-')}-{first:%Y%m%d}-{last:%Y%m%d}"
    name = f"{table.value}-{span}.{kind.value}"
    sheets = _sheets(table, codes, first, last, today)
    if kind is FileKind.CSV:
        return Download(tables.csv_table(sheets[0]), "text/csv; charset=utf-8", name)
    return Download(tables.workbook(sheets), tables.XLSX, name)


def _sheets(table: Table, codes: Codes, first: date, last: date, today: date) -> list[Sheet]:
    """The table that was asked for first, then what a workbook shows with it."""
    if table in (Table.JOURNAL, Table.TOTALS):
        journal, totals = accounting.journal_sheets(account_queries.journal(codes.regie_id, first, last))
        return [journal, totals] if table is Table.JOURNAL else [totals]
    if table is Table.DEBTORS:
        return [accounting.debtors_sheet(codes, account_queries.late(codes.regie_id, today))]
    bills = account_queries.issued(codes.regie_id, first, last)
    lines = accounting.lines_sheet(codes, bills)
    return [accounting.bills_sheet(codes, bills), lines] if table is Table.BILLS else [lines]


def money(table: MoneyTable, glance: Glance) -> Download:
    """A table of a school year as CSV, with its total."""
    by_month = table is MoneyTable.MONTHS
    sheet = (
        accounting.months_sheet(glance.months) if by_month else accounting.activities_sheet(glance.activities)
    )
    name = f"{table.value}-{glance.season.year}-{glance.season.year + 1}.csv"
    return Download(tables.csv_table(sheet), "text/csv; charset=utf-8", name)
