"""Certificates on paper: what was paid for care in a year, when a child was there (R44)."""

from datetime import date

from domain.french import (
    NBSP,
    format_date,
    format_day,
    format_duration,
    format_euros,
    month_title,
    of_name,
    plural,
)
from domain.settings import TownSettings
from exports.paper import Paper, PaperLine, PaperPart, paper_pdf
from queries import town as town_queries
from queries.family import ChildCard
from queries.presences import Presences, PresentDay
from queries.tax_certificates import ChildCare, TaxCertificate
from services import town_identity


def tax(certificate: TaxCertificate, today: date) -> bytes:
    """The PDF of a certificate; its sums are those of the page. One of nothing says why."""
    town, year = town_queries.settings(), certificate.year
    return paper_pdf(
        Paper(
            title=f"Attestation fiscale {year}",
            sender=_sender(town),
            recipient=[certificate.recipient_name, *certificate.recipient_address.splitlines()],
            facts=[f"Frais de garde payés en {year}", _made_on(today), *_unfinished(year, today)],
            opening=[
                certificate.nothing
                or f"{town.name} atteste avoir reçu en {year}, pour la garde des enfants nommés ci-dessous, "
                f"la somme de {format_euros(certificate.cents)}."
            ],
            parts=[_care(child) for child in certificate.children],
            reasons="",
            sums=[PaperLine(f"Total payé en {year}", format_euros(certificate.cents))],
            closing=certificate.notes,
            logo=town_identity.printed_logo(town),
        )
    )


def _unfinished(year: int, today: date) -> list[str]:
    return [f"Provisoire{NBSP}: l’année n’est pas finie"] if year == today.year else []


def _care(one: ChildCare) -> PaperPart:
    lines = [
        PaperLine(
            f"Facture {bill.reference}, {month_title(bill.month.year, bill.month.month).lower()}",
            format_euros(bill.share.cents),
            bill.share.sentence,
        )
        for bill in one.bills
    ]
    return PaperPart(_named(one.child), format_euros(one.cents), lines)


def presence(found: Presences, today: date) -> bytes:
    """The PDF of the marked presences of a child; one of nothing says so."""
    town, child = town_queries.settings(), found.child
    period = f"du {format_day(found.first, year=True)} au {format_day(found.last, year=True)}"
    return paper_pdf(
        Paper(
            title=f"Attestation de présence {of_name(child.first_name)}",
            sender=_sender(town),
            recipient=[],
            facts=[f"Période{NBSP}: {period}", _made_on(today)],
            opening=[
                f"{town.name} atteste la présence de {_named(child)} dans ses activités, "
                f"{plural(found.days, 'jour', 'jours')} {period}."
                if found.present
                else f"Aucune présence de {_named(child)} n’a été notée {period}."
            ],
            parts=[
                PaperPart(month_title(month.year, month.month), "", [_present(one) for one in days])
                for month, days in found.months
            ],
            reasons="",
            sums=[PaperLine("Heures notées", format_duration(found.minutes))] if found.minutes else [],
            closing=[found.hours_note] if found.hours_note else [],
            logo=town_identity.printed_logo(town),
        )
    )


def _present(one: PresentDay) -> PaperLine:
    what = f"{format_day(one.day)}, {one.activity}, {one.facility}"
    return PaperLine(what, "" if one.minutes is None else format_duration(one.minutes), one.hours)


def _named(child: ChildCard) -> str:
    return f"{child.first_name} {child.last_name} (date de naissance{NBSP}: {format_date(child.birth_date)})"


def _made_on(today: date) -> str:
    return f"Fait le {format_day(today, year=True)}"


def _sender(town: TownSettings) -> list[str]:
    said = (town.name, town.service_name, *town.address.splitlines(), town.phone, town.email)
    return [line for line in said if line]
