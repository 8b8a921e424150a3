"""A bill on paper: what its page says, days of one price told together (S56, R44)."""

from collections.abc import Iterable, Iterator
from datetime import date

from domain.french import NBSP, enumerate_fr, format_date, format_day, format_euros, month_title, spaced
from domain.labels import label
from domain.settings import TownSettings
from exports.invoice_pdf import PrintedInvoice, PrintedLine, PrintedPart, invoice_pdf
from queries import town as town_queries
from queries.invoices import Biller, BillPage, ChildPart, Group, Line


def printed(page: BillPage) -> bytes:
    """The PDF of a bill; its total and what is left to pay are those of the page, to the cent."""
    bill, town = page.bill, town_queries.settings()
    return invoice_pdf(
        PrintedInvoice(
            title=f"{label(bill.kind)} {bill.reference}",
            sender=_sender(page.biller, town),
            recipient=[page.recipient_name, *page.recipient_address.splitlines()],
            facts=list(_facts(page)),
            parts=[_part(part, group) for part in page.parts for group in part.groups],
            sums=list(_sums(page)),
            closing=list(_closing(page)),
        )
    )


def _sender(biller: Biller, town: TownSettings) -> list[str]:
    said = (town.name, biller.name, *biller.address.splitlines(), biller.phone, biller.email)
    return [line for line in said if line]


def _facts(page: BillPage) -> Iterator[str]:
    bill = page.bill
    yield f"Période{NBSP}: {month_title(bill.month.year, bill.month.month).lower()}"
    yield f"Date{NBSP}: {format_day(bill.issue_day, year=True)}"
    if page.corrected:
        yield (
            f"Corrige la facture {page.corrected.reference} "
            f"du {format_day(page.corrected.issue_day, year=True)}"
        )
    if page.is_credit_note:
        return
    yield f"À payer avant le{NBSP}: {format_day(bill.due_day, year=True)}"
    settled = f" le {format_day(bill.settled_on, year=True)}" if bill.settled_on else ""
    yield f"État{NBSP}: {label(bill.state).lower()}{settled}"


def _part(part: ChildPart, group: Group) -> PrintedPart:
    named = (part.child.first_name if part.child else "", group.title)
    title = " · ".join(name for name in named if name) or "Toute la facture"
    return PrintedPart(title, format_euros(group.total_cents), list(_grouped(group.lines)))


def _grouped(lines: Iterable[Line]) -> Iterator[PrintedLine]:
    """Days that have the same price for the same reasons are one line."""
    alike: dict[tuple, list[Line]] = {}
    for line in lines:
        alike.setdefault((_undated(line), line.amount_cents, line.explanation), []).append(line)
    for (words, cents, explanation), found in alike.items():
        amount = format_euros(cents * len(found))
        sentences = spaced(" ".join(explanation))
        if len(found) == 1:
            yield PrintedLine(found[0].label, amount, sentences)
            continue
        days = _days(line.day for line in found if line.day)
        counted = f"{words}{NBSP}: {len(found)}{NBSP}×{NBSP}{format_euros(cents)}"
        yield PrintedLine(counted, amount, " ".join(said for said in (days, sentences) if said))


def _undated(line: Line) -> str:
    return line.label.removesuffix(f", {format_day(line.day)}") if line.day else line.label


def _days(days: Iterable[date]) -> str:
    """« Les 04/01, 05/01 et 07/01. »"""
    written = [format_date(day)[:5] for day in days]
    return f"Les {enumerate_fr(written)}." if written else ""


def _sums(page: BillPage) -> Iterator[PrintedLine]:
    bill = page.bill
    if page.is_credit_note:
        yield PrintedLine("Total de l’avoir", format_euros(bill.total_cents))
        return
    yield PrintedLine("Total de la facture", format_euros(bill.total_cents))
    for note in page.credit_notes:
        yield PrintedLine(f"Avoir {note.reference}", format_euros(note.total_cents))
    for paid in page.receipts:
        words = f"{label(paid.method)}, reçu le {format_day(paid.received_on, year=True)}"
        yield PrintedLine(words, format_euros(-paid.cents))
    yield PrintedLine("Reste à payer", format_euros(bill.left_cents))


def _closing(page: BillPage) -> Iterator[str]:
    biller = page.biller
    if page.is_credit_note or not page.bill.is_open:
        return
    yield from (line for line in biller.payment_terms.splitlines() if line.strip())
    if biller.iban:
        bic = f", BIC{NBSP}: {biller.bic}" if biller.bic else ""
        reference = f"référence à rappeler{NBSP}: {page.bill.reference}"
        yield f"Virement{NBSP}: IBAN {biller.iban}{bic}, {reference}."
