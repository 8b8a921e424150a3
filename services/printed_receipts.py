"""The confirmation of a request on paper, line by line what its page and its mail say (S116, R26)."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.calendar import paris_now
from domain.enums import Channel
from domain.french import NBSP, format_day, format_euros, format_moment
from domain.labels import label
from domain.settings import TownSettings
from exports.printed_receipt import PrintedChild, PrintedPart, PrintedReceipt, printed_receipt_pdf
from queries import receipts
from queries import town as town_queries
from queries.receipts import Part, Receipt


def confirmation(reference: str, household_ids: Sequence[int], now: datetime) -> bytes:
    """The PDF of a request of one of these households. Raises NotFound for another one."""
    receipt = receipts.receipt(reference, household_ids, now)
    town = town_queries.settings()
    children = [
        PrintedChild(
            child.first_name,
            [PrintedPart(f"{part.title} · {part.days_text}", list(_sentences(part))) for part in child.parts],
        )
        for child in receipt.children
    ]
    sheet = PrintedReceipt(
        town=f"{town.name} · {town.service_name}",
        title=f"Demande {receipt.reference}",
        notes=[_made(receipt), receipt.summary, *_passed(receipt)],
        children=children,
        closing=[
            *_total(receipt),
            _undo(town),
            f"Imprimé le {format_day(paris_now(now).date(), year=True)}.",
        ],
    )
    return printed_receipt_pdf(sheet)


def _made(receipt: Receipt) -> str:
    channel = "" if receipt.channel is Channel.PORTAL else f", {label(receipt.channel)}"
    return f"Faite le {format_moment(receipt.created_at, year=True)} par {receipt.author}{channel}."


def _passed(receipt: Receipt) -> Iterator[str]:
    if receipt.override_reason:
        yield f"Une règle est passée outre par le service. Motif{NBSP}: {receipt.override_reason}"


def _sentences(part: Part) -> Iterator[str]:
    yield part.facility
    if part.replaces:
        yield part.replaces
    yield part.words if part.price == "–" else f"{part.words}, {part.price}"
    yield from (said for said in (part.reason, part.undo) if said)


def _total(receipt: Receipt) -> Iterator[str]:
    if receipt.has_total:
        yield f"Total estimé{NBSP}: {format_euros(receipt.total_cents)}"


def _undo(town: TownSettings) -> str:
    """How a family without access undoes it."""
    reach = f"{NBSP}: {town.contact}" if town.can_be_reached else ""
    return f"Pour annuler un jour, sur le portail ou auprès du service{reach}."
