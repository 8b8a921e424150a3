"""The town's settings: every key, its first value, what it is for. Stored as rows, edited on screen."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from domain.french import NBSP


def phone_href(phone: str) -> str:
    """The `tel:` address of a number; French numbers get their international form."""
    digits = "".join(character for character in phone if character.isdigit() or character == "+")
    return f"tel:+33{digits[1:]}" if digits.startswith("0") else f"tel:{digits}"


@dataclass(frozen=True, slots=True)
class TownSettings:
    """Identity, contact and calendar of the town (S02, S03, S19).

    `registration_text` is the page that explains how to open a file: paragraphs separated by
    blank lines.
    """

    name: str = "Votre commune"
    portal_name: str = "Portail famille"
    service_name: str = "Espace Accueil Famille"
    email: str = "accueil.famille@example.org"
    phone: str = "05 65 00 00 00"
    address: str = ""
    opening_hours: str = ""
    registration_text: str = (
        "L’accès au portail est ouvert par le service après un rendez-vous.\n\n"
        f"Prenez rendez-vous par téléphone{NBSP}: le service crée votre dossier avec vous, "
        "puis vous envoie un mail pour choisir votre mot de passe."
    )
    school_zone: str = "C"
    holiday_variant: str = "metropole"

    @property
    def phone_href(self) -> str:
        """The `tel:` address of the service."""
        return phone_href(self.phone)


# Not a setting of the town: the row that keeps the hash of the first administrator's one-time link.
FIRST_ADMINISTRATOR = "first_administrator"
SETTING_KEYS = tuple(field.name for field in fields(TownSettings))


def settings_from_rows(rows: Mapping[str, str]) -> TownSettings:
    """Settings from stored rows; a missing row takes its first value, an unknown one is ignored."""
    return TownSettings(**{key: value for key, value in rows.items() if key in SETTING_KEYS})
