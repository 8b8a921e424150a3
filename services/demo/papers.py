"""Invented papers of the demonstration, drawn page by page: nobody's, and they say so."""

from dataclasses import dataclass

from domain.french import NBSP
from exports.sheet import FONTS

_NOTICE = "Document inventé pour la démonstration du portail."


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says: who writes, the title, the lines."""

    sender: str
    title: str
    lines: tuple[str, ...]


def bill(name: str, address: str) -> tuple[Page, ...]:
    """An energy bill of two pages."""
    whose = (f"Titulaire du contrat{NBSP}: {name}", f"Lieu de consommation{NBSP}: {address}")
    detail = (f"Abonnement{NBSP}: 14,20{NBSP}€", f"Consommation{NBSP}: 61,35{NBSP}€")
    sender = "Énergies du Lot"
    return Page(sender, "Facture d’électricité", whose), Page(sender, "Détail de la facture", detail)


def income(name: str, year: int, quotient: int) -> tuple[Page, ...]:
    lines = (
        f"Allocataire{NBSP}: {name}",
        f"Quotient familial{NBSP}: {quotient}{NBSP}€",
        f"Année des droits{NBSP}: {year}",
    )
    return (Page("Caisse d’allocations familiales du Lot", "Attestation de quotient familial", lines),)


def insurance(child: str) -> tuple[Page, ...]:
    lines = (f"Enfant assuré{NBSP}: {child}", f"Garantie{NBSP}: responsabilité civile")
    return (Page("Mutuelle des Familles du Quercy", "Attestation d’assurance scolaire", lines),)


def certificate(child: str) -> tuple[Page, ...]:
    lines = (f"Je certifie avoir examiné {child}.", "Son état demande deux jours de repos à la maison.")
    return (Page("Dr Hélène Rouquet, médecin généraliste, Cahors", "Certificat médical", lines),)


def drawn(pages: tuple[Page, ...]) -> bytes:
    """The pages as a PDF."""
    from fpdf import FPDF  # costs 20 MB: loaded only by what prints

    pdf = FPDF(format="A4")
    pdf.add_font("DejaVu", "", FONTS / "DejaVuSans-latin.ttf")
    pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold-latin.ttf")
    for page in pages:
        pdf.add_page()
        for text, size, style, gap in (
            (page.sender, 12, "B", 24),
            (page.title, 20, "B", 16),
            *((line, 13, "", 4) for line in page.lines),
            (_NOTICE, 9, "", 30),
        ):
            pdf.set_font("DejaVu", style, size)
            pdf.multi_cell(0, size * 0.6, text, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(gap)
    return bytes(pdf.output())
