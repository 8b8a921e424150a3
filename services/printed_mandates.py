"""A SEPA mandate on paper: what was signed, by whom, when (R46)."""

from domain.direct_debits import mandate_text
from domain.enums import Channel
from domain.french import NBSP, format_day
from domain.labels import label
from exports.paper import Paper, paper_pdf
from queries import town as town_queries
from queries.direct_debits import MandateRow
from services import town_identity


def printed(mandate: MandateRow, iban: str) -> bytes:
    """The PDF. `iban` is the whole account for who signed it; empty: the last figures are enough."""
    town = town_queries.settings()
    account = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
    signed = format_day(mandate.signed_on, year=True)
    how = "en ligne, sur le portail famille" if mandate.channel is Channel.PORTAL else "sur papier"
    return paper_pdf(
        Paper(
            title="Mandat de prélèvement SEPA",
            sender=[town.name, mandate.regie],
            recipient=[mandate.creditor_name, f"ICS{NBSP}: {mandate.creditor_identifier}"],
            facts=[
                f"Référence unique du mandat{NBSP}: {mandate.reference}",
                f"État{NBSP}: {label(mandate.state).lower()}",
                "Type de paiement : récurrent".replace(" :", f"{NBSP}:"),
            ],
            opening=mandate_text(mandate.creditor_name),
            parts=[],
            reasons="",
            sums=[],
            closing=[
                f"Titulaire du compte{NBSP}: {mandate.holder_name}",
                f"Compte à débiter{NBSP}: {account or f'IBAN qui finit par {mandate.iban_end}'}",
                f"Signé par {mandate.signatory}, {how}, le {signed}.",
                *_end(mandate),
            ],
            logo=town_identity.printed_logo(town),
        )
    )


def _end(mandate: MandateRow) -> list[str]:
    if mandate.ended_at is None:
        return []
    return [f"Ce mandat a pris fin{NBSP}: {mandate.end_reason}."]
