"""A bill on paper: what its page says, days of one price told together (S56, R44)."""

from collections.abc import Iterator, Sequence

from domain.bill_groups import Alike, common_reasons
from domain.french import NBSP, format_day, format_euros, month_title, spaced
from domain.labels import label
from domain.rulebook.wording.text import small
from domain.settings import TownSettings
from exports.paper import Paper, PaperLine, PaperPart, paper_pdf
from exports.sheet import Transfer
from queries import town as town_queries
from queries.invoices import Biller, BillPage, ChildPart, Group, Line
from services import town_identity


def printed(page: BillPage) -> bytes:
    """The PDF of a bill; its total and what is left to pay are those of the page, to the cent."""
    bill, town = page.bill, town_queries.settings()
    reasons = common_reasons(alike for part in page.parts for group in part.groups for _, alike in group.rows)
    return paper_pdf(
        Paper(
            title=f"{label(bill.kind)} {bill.reference}",
            sender=_sender(page.biller, town),
            recipient=[page.recipient_name, *page.recipient_address.splitlines()],
            facts=list(_facts(page)),
            parts=[_part(part, group, reasons) for part in page.parts for group in part.groups],
            reasons=spaced(" ".join(reasons)),
            sums=list(_sums(page)),
            closing=list(_closing(page)),
            logo=town_identity.printed_logo(town),
            transfer=_transfer(page),
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
    if bill.is_open and bill.debit_day:
        yield f"Prélevée le{NBSP}: {format_day(bill.debit_day, year=True)}"
    else:
        yield f"À payer avant le{NBSP}: {format_day(bill.due_day, year=True)}"
    settled = f" le {format_day(bill.settled_on, year=True)}" if bill.settled_on else ""
    yield f"État{NBSP}: {small(label(bill.state))}{settled}"


def _part(part: ChildPart, group: Group, reasons: Sequence[str]) -> PaperPart:
    named = (part.child.first_name if part.child else "", group.title)
    title = " · ".join(name for name in named if name) or "Toute la facture"
    rows = [_row(title, alike, reasons) for title, alike in group.rows]
    return PaperPart(title, format_euros(group.total_cents), rows)


def _row(title: str, alike: Alike[Line], reasons: Sequence[str]) -> PaperLine:
    """Its days, then why they cost that, without what is said once for the whole bill."""
    days = f"Les {alike.days}." if alike.days else ""
    own = (said for said in (days, *alike.explanation) if said and said not in reasons)
    return PaperLine(title, format_euros(alike.total_cents), spaced(" ".join(own)))


def _sums(page: BillPage) -> Iterator[PaperLine]:
    bill = page.bill
    if page.is_credit_note:
        yield PaperLine("Total de l’avoir", format_euros(bill.total_cents))
        return
    yield PaperLine("Total de la facture", format_euros(bill.total_cents))
    for note in page.credit_notes:
        yield PaperLine(f"Avoir {note.reference}", format_euros(note.total_cents))
    for paid in page.receipts:
        words = f"{label(paid.method)}, reçu le {format_day(paid.received_on, year=True)}"
        yield PaperLine(words, format_euros(-paid.cents))
    yield PaperLine("Reste à payer", format_euros(bill.left_cents))


def _closing(page: BillPage) -> Iterator[str]:
    biller = page.biller
    if page.is_credit_note or not page.bill.is_open:
        return
    if page.bill.debit_day:
        day, left = format_day(page.bill.debit_day, year=True), format_euros(page.bill.left_cents)
        yield f"Prélèvement automatique de {left} le {day}{NBSP}: vous n’avez rien à faire."
        return
    yield from (line for line in biller.payment_terms.splitlines() if line.strip())
    if biller.iban:
        bic = f", BIC{NBSP}: {biller.bic}" if biller.bic else ""
        reference = f"référence à rappeler{NBSP}: {page.bill.reference}"
        yield f"Virement{NBSP}: IBAN {biller.iban}{bic}, {reference}."


def _transfer(page: BillPage) -> Transfer | None:
    """What is left to pay, where the régie takes transfers."""
    bill, biller = page.bill, page.biller
    if not biller.iban or not bill.is_open or bill.debit_day or bill.left_cents <= 0:
        return None
    return Transfer(biller.name, biller.iban, biller.bic, bill.left_cents, bill.reference)
