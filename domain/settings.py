"""The town's settings: every key, its first value, what it is for. Stored as rows, edited on screen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from domain.certification import AnnualDay, annual_day
from domain.french import NBSP, WEEKDAYS
from domain.town_colours import OWN

_AROUND_HOUR = re.compile(
    r"(?<=[0-9]) +(?=[hH]\b)|(?<=[0-9][hH]) +(?=[0-9])|(?<=[0-9][ \u00a0][hH]) +(?=[0-9])"
)
_WORD = re.compile(r"\w+")
_COMMON_FIRST_WORDS = {
    "du", "de", "le", "la", "les", "au", "aux", "en", "sur", "sauf", "tous", "toute", "toutes", "chaque",
    "pendant", "ouvert", "ouverte", "fermé", "fermée", *WEEKDAYS,
}  # fmt: skip


def phone_href(phone: str) -> str:
    """The `tel:` address of a number; French numbers get their international form."""
    digits = "".join(character for character in phone if character.isdigit() or character == "+")
    return f"tel:+33{digits[1:]}" if digits.startswith("0") else f"tel:{digits}"


def _continued(line: str) -> str:
    """The line without its capital, unless that may belong to a name."""
    first_word = _WORD.match(line)
    known = first_word is not None and first_word[0].lower() in _COMMON_FIRST_WORDS
    return line[:1].lower() + line[1:] if known else line


def tie_hours(text: str) -> str:
    """« 17 h 30 » with no-break spaces, so that no line ends inside an hour."""
    return _AROUND_HOUR.sub(NBSP, text)


# The state that a statement of accessibility must give, and the link to it on every page (RGAA 4.1, R56).
CONFORMITY = {
    "none": "non conforme",
    "partial": "partiellement conforme",
    "total": "totalement conforme",
}


@dataclass(frozen=True, slots=True)
class TownSettings:
    """Identity, contact and calendar of the town (S02, S03, S19).

    Nothing is invented: `email` and `phone` stay empty until the service gives them, and pages then show
    nothing in their place; `missing` says so to the staff.
    `colour` is written « #0e5a5a », `logo` is a file name, a width and a height in pixels (R59); empty: none
    is chosen.
    `registration_text` is the page that explains how to open a file: paragraphs separated by
    blank lines.
    """

    name: str = "Votre commune"
    portal_name: str = "Portail famille"
    service_name: str = "Espace Accueil Famille"
    email: str = ""
    phone: str = ""
    address: str = ""
    opening_hours: str = ""
    registration_text: str = (
        "L’accès au portail est ouvert par le service après un rendez-vous.\n\n"
        f"Prenez rendez-vous avec le service{NBSP}: il crée votre dossier avec vous, "
        "puis vous envoie un mail pour choisir votre mot de passe."
    )
    school_zone: str = "C"
    holiday_variant: str = "metropole"
    certification_from: str = "01/09"
    certification_gates: str = "non"
    reminder_hours: str = "0"
    quotient_warning_days: str = "15"
    colour: str = ""
    logo: str = ""
    accessibility: str = "none"

    @property
    def accessibility_words(self) -> str:
        """« non conforme »: what the law wants said until an audit says better."""
        return CONFORMITY[self.accessibility]

    @property
    def main_colour(self) -> str:
        """The colour of the portal (R59); `colour` is empty until the town has chosen one."""
        return self.colour or OWN

    @property
    def has_own_colour(self) -> bool:
        """Whether the pages need more than the portal's own stylesheet."""
        return self.main_colour != OWN

    @property
    def logo_name(self) -> str:
        """The name of the stored picture, empty without a logo."""
        return self.logo.partition(" ")[0]

    @property
    def look(self) -> str:
        """What the icons of the portal are drawn from, the logo or the colour, as a word of an address."""
        return self.logo_name.partition(".")[0] or self.main_colour[1:]

    @property
    def logo_size(self) -> tuple[str, str]:
        """Its width and height in pixels; only asked of a town that has a logo."""
        _, width, height = self.logo.split(" ")
        return width, height

    @property
    def phone_href(self) -> str:
        """The `tel:` address of the service."""
        return phone_href(self.phone)

    @property
    def certification_day(self) -> AnnualDay:
        """From which day of the year families are asked to confirm their file (R05)."""
        return annual_day(self.certification_from)

    @property
    def certification_holds_bookings(self) -> bool:
        return self.certification_gates == "oui"

    @property
    def reminder_lead_hours(self) -> int:
        """How many hours before a limit families are reminded to book (R24); 0: never."""
        return int(self.reminder_hours)

    @property
    def quotient_warning_every(self) -> int:
        """How many days lie between two warnings that a quotient is not proven (R41); 0: none is sent."""
        return int(self.quotient_warning_days)

    @property
    def can_be_reached(self) -> bool:
        return bool(self.phone or self.email)

    @property
    def contact(self) -> str:
        """Telephone and mail in a sentence; empty when both are missing."""
        return ", ".join(part for part in (self.phone, self.email) if part)

    @property
    def missing(self) -> tuple[str, ...]:
        """What families need to know and the service has not given, in French."""
        asked = (
            (self.name == TownSettings().name, "le nom de la commune"),
            (not self.phone, "le téléphone du service"),
            (not self.email, "le mail du service"),
        )
        return tuple(words for is_missing, words in asked if is_missing)

    @property
    def hours_in_sentence(self) -> str:
        """The opening hours as the end of a sentence, which brings its own full stop."""
        lines = [line.strip(" \t.,;") for line in self.opening_hours.splitlines()]
        return tie_hours(", ".join(_continued(line) for line in lines if line))


# Not settings of the town: the rows that keep the hash of the first administrator's one-time link, and of the
# one that the server makes when no administrator can come in any more.
FIRST_ADMINISTRATOR = "first_administrator"
SPARE_ADMINISTRATOR = "spare_administrator"
SETTING_KEYS = tuple(field.name for field in fields(TownSettings))


def settings_from_rows(rows: Mapping[str, str]) -> TownSettings:
    """Settings from stored rows; a missing row takes its first value, an unknown one is ignored."""
    return TownSettings(**{key: value for key, value in rows.items() if key in SETTING_KEYS})
