"""What a new town starts with: plain, neutral lists that the service then edits as it likes (S32, S45, S50).

A diet says what is left out of a plate, never why (CNIL): no word of religion stands here. Migration 0003
holds the same words as they were on its day; a test compares both.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.enums import ChoiceList

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
