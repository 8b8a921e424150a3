"""What a new town starts with: plain, neutral lists that the service then edits as it likes (S32, S45, S50).

A diet says what is left out of a plate, never why (CNIL): no word of religion stands here. Migration 0003
holds the same words as they were on its day; a test compares both.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.enums import ChoiceList, DocumentEffect, DocumentOwner, DocumentValidity

CHOICES: Mapping[ChoiceList, tuple[str, ...]] = {
    ChoiceList.FAMILY_SITUATION: (
        "En couple",
        "Parent seul",
        "Parents séparés",
        "Garde alternée",
        "Famille recomposée",
        "Famille d’accueil",
        "Tutelle",
    ),
    ChoiceList.RELATIONSHIP: (
        "Mère",
        "Père",
        "Belle-mère",
        "Beau-père",
        "Grand-mère",
        "Grand-père",
        "Sœur ou frère",
        "Tante ou oncle",
        "Assistante maternelle",
        "Voisine ou voisin",
        "Autre",
    ),
    ChoiceList.DIET: (
        "Sans porc",
        "Sans viande",
        "Végétarien",
        "Sans poisson",
        "Sans gluten",
        "Sans lactose",
        "Sans arachide",
        "Panier repas fourni par la famille",
    ),
}


@dataclass(frozen=True, slots=True)
class StartingAuthorisation:
    name: str
    description: str
    is_per_facility: bool = False
    is_safety: bool = False


AUTHORISATIONS = (
    StartingAuthorisation(
        "Peut arriver et repartir seul",
        "Sans cette autorisation, l’enfant attend une personne autorisée.",
        is_per_facility=True,
        is_safety=True,
    ),
    StartingAuthorisation(
        "Peut être photographié ou filmé", "Pour les souvenirs et les publications de la commune."
    ),
    StartingAuthorisation(
        "Hospitalisation en cas d’urgence", "L’équipe vous prévient toujours, aussitôt qu’elle le peut."
    ),
)


@dataclass(frozen=True, slots=True)
class StartingCategory:
    """A supporting document of the guide (S64 to S69)."""

    name: str
    description: str
    owner: DocumentOwner
    effect: DocumentEffect = DocumentEffect.NONE
    validity: DocumentValidity = DocumentValidity.LASTING
    validity_months: int | None = None
    max_age_months: int | None = None
    is_medical: bool = False
    is_required: bool = True


DOCUMENT_CATEGORIES = (
    StartingCategory(
        "Justificatif de domicile",
        "Facture d’énergie ou d’eau, bail ou acte de propriété, de moins de trois mois, "
        "au nom d’un adulte du foyer.",
        DocumentOwner.HOUSEHOLD,
        validity=DocumentValidity.MONTHS,
        validity_months=12,
        max_age_months=3,
    ),
    StartingCategory(
        "Attestation de ressources annuelles",
        "Attestation de quotient familial de la CAF ou de la MSA, de l’année en cours.",
        DocumentOwner.HOUSEHOLD,
        effect=DocumentEffect.QUOTIENT,
        validity=DocumentValidity.CALENDAR_YEAR,
        is_required=False,
    ),
    StartingCategory(
        "Livret de famille",
        "Les pages des parents et des enfants\u00a0: elles prouvent le lien de paren"
        "té. Un seul envoi suffit pour toute la famille.",
        DocumentOwner.EITHER,
    ),
    StartingCategory(
        "Vaccination de l’enfant",
        "Les pages des vaccins du carnet de santé. Enfant né avant 2018\u00a0: diphtérie, tétanos, "
        "poliomyélite. Enfant né depuis 2018\u00a0: tous les vaccins obligatoires du calendrier "
        "(coqueluche, hépatite B, rougeole, oreillons, rubéole, méningocoques…).",
        DocumentOwner.CHILD,
        is_medical=True,
    ),
    StartingCategory(
        "Attestation d’assurance",
        "Attestation de responsabilité civile qui nomme l’enfant, pour l’année scolaire.",
        DocumentOwner.CHILD,
        validity=DocumentValidity.SCHOOL_YEAR,
    ),
    StartingCategory(
        "Justificatif d’absence",
        "Certificat médical, acte d’état civil, ou attestation d’absence des parents à leur travail, "
        "pour des jours réservés.",
        DocumentOwner.CHILD,
        effect=DocumentEffect.ABSENCE,
        is_medical=True,
        is_required=False,
    ),
)
