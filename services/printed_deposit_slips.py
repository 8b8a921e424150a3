"""A deposit slip on paper, line by line what its page says (R46)."""

from collections.abc import Sequence

from domain.french import NBSP, format_date, format_day, format_euros, plural
from domain.labels import label
from exports.deposit_slip_pdf import PrintedSlip, deposit_slip_pdf
from queries import town as town_queries
from queries.deposit_slips import Item, Slip


def printed(slip: Slip, items: Sequence[Item]) -> bytes:
    """The PDF of a slip with its payments: their list, their number and their sum."""
    counted = plural(slip.payments, "règlement", "règlements")
    facts = [
        f"{slip.regie}. Moyen de paiement{NBSP}: {label(slip.method).lower()}.",
        f"Déposé le {format_day(slip.deposited_on, year=True)}. Établi par {slip.author_name}.",
    ]
    if slip.reference:
        facts.append(f"Référence du Trésor public ou de la banque{NBSP}: {slip.reference}.")
    facts.append(f"{counted}, {format_euros(slip.total_cents)}.")
    return deposit_slip_pdf(
        PrintedSlip(
            town=town_queries.settings().name,
            title=f"Bordereau de versement n°{NBSP}{slip.number} de {slip.year}",
            facts=facts,
            headings=["N°", "Reçu le", "Foyer", "Numéro ou référence", "Montant"],
            rows=[_cells(number, item) for number, item in enumerate(items, 1)],
            total=["", "", "Total", counted, format_euros(slip.total_cents)],
            closing=[f"Remis par (nom, signature){NBSP}:", f"Reçu par (nom, date, signature){NBSP}:"],
        )
    )


def _cells(number: int, item: Item) -> list[str]:
    received, amount = format_date(item.received_on), format_euros(item.amount_cents)
    return [str(number), received, item.household, item.reference, amount]
