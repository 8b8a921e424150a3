"""The statement of account of a household on paper (S54, R46)."""

from collections.abc import Iterator
from datetime import date

from domain.account_statement import Told, Year, balance_words
from domain.french import NBSP, format_date, format_day, format_euros
from exports.paper import Paper, PaperLine, PaperPart, paper_pdf
from queries import town as town_queries
from queries.account_statements import RegieAccount, Statement
from services import town_identity


def printed(statement: Statement, today: date) -> bytes:
    """The PDF of a statement; its balances are those of the page."""
    town = town_queries.settings()
    parts = [_part(account, year) for account in statement.accounts for year in account.years]
    return paper_pdf(
        Paper(
            title="Relevé de compte",
            sender=[line for line in (town.name, town.service_name, *town.address.splitlines()) if line],
            recipient=[statement.recipient_name, *statement.recipient_address.splitlines()],
            facts=[
                f"Arrêté au {format_day(today, year=True)}",
                "Colonnes : mouvement, puis solde après lui".replace(" :", f"{NBSP}:"),
            ],
            parts=parts,
            reasons="",
            sums=[PaperLine(*balance_words(statement.balance_cents))],
            closing=[],
            logo=town_identity.printed_logo(town),
        )
    )


def _part(account: RegieAccount, year: Year) -> PaperPart:
    return PaperPart(f"{account.regie}, {year.year}", "", list(_lines(year)))


def _lines(year: Year) -> Iterator[PaperLine]:
    if year.before_cents:
        written = format_euros(year.before_cents)
        yield PaperLine(f"Solde au 1er janvier {year.year}", "", balance=written)
    yield from map(_line, year.told)


def _line(told: Told) -> PaperLine:
    entry = told.entry
    words = f"{format_date(entry.day)}  {entry.label}"
    return PaperLine(words, format_euros(entry.cents), entry.detail, format_euros(told.balance_cents))
