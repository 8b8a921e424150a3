"""What is typed in a field of the family file becomes the text that the file keeps, or an instruction.

Telephone numbers and IBANs need a library: the caller gives the functions that know them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain.errors import Refused
from domain.family_file import NO, YES, FieldKind, FileField, Person
from domain.french import NBSP

WRONG_DATE = "Indiquez une date qui existe, par exemple 04/05/2019."
WRONG_PHONE = "Indiquez un numéro complet, par exemple 06 12 34 56 78."
WRONG_POSTCODE = "Indiquez un code postal de cinq chiffres, par exemple 46000."
WRONG_IBAN = f"Cet IBAN contient une erreur{NBSP}: recopiez-le depuis votre relevé d’identité bancaire."
WRONG_CHOICE = "Choisissez une réponse de la liste."
WRONG_YES_NO = "Répondez par oui ou par non."
FUTURE_BIRTH = "Indiquez une date de naissance qui n’est pas dans le futur."
NO_ROLE = f"Cochez au moins une case{NBSP}: cette personne vient chercher l’enfant, ou elle est à prévenir."
NAME_LENGTH, PHONE_LENGTH = 80, 30
Numbers = Mapping[FieldKind, Callable[[str], str | None]]
_DAY_FORMATS = ("%Y-%m-%d", "%d/%m/%Y")
_POSTCODE = re.compile(r"[0-9]{5}")
_WRONG_NUMBER = {FieldKind.PHONE: WRONG_PHONE, FieldKind.IBAN: WRONG_IBAN}


class FieldErrors(Refused):
    """Values that cannot be kept. `errors`: the instruction of each, by the name of its field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("fields", " ".join(errors.values()))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Checker:
    """`offered`: the words of each list that the service edits, by the name of its field."""

    today: date
    numbers: Numbers
    offered: Mapping[str, Collection[str]]

    def value(self, field: FileField, text: str | None, *, is_required: bool = False) -> str | None:
        """The text to keep, None for nothing. Raises Refused with the instruction to show."""
        text = tidy(text, keep_lines=field.kind is FieldKind.TEXT)
        if not text:
            if is_required:
                raise Refused("required", missing(field.label))
            return None
        text = self._of_kind(field, text)
        if len(text) > field.length:
            raise Refused("too_long", too_long(field.length))
        return text

    def _of_kind(self, field: FileField, text: str) -> str:
        if field.kind in (FieldKind.PHONE, FieldKind.IBAN):
            return self._number(field.kind, text)
        if field.kind is FieldKind.POSTCODE:
            return _postcode(text)
        if field.kind is FieldKind.DATE:
            return self._day(field, text)
        if field.kind is FieldKind.YES_NO and text not in (YES, NO):
            raise Refused("not_yes_no", WRONG_YES_NO)
        if field.kind is FieldKind.CHOICE and text not in self._choices(field):
            raise Refused("not_in_list", WRONG_CHOICE)
        return text

    def _number(self, kind: FieldKind, text: str) -> str:
        number = self.numbers[kind](text)
        if number is None:
            raise Refused(kind.value, _WRONG_NUMBER[kind])
        return number

    def _day(self, field: FileField, text: str) -> str:
        day = read_day(text)
        if day is None:
            raise Refused("not_a_date", WRONG_DATE)
        if field.name == "birth_date" and day > self.today:
            raise Refused("future", FUTURE_BIRTH)
        return day.isoformat()

    def _choices(self, field: FileField) -> Collection[str]:
        if isinstance(field.choices, type) and issubclass(field.choices, StrEnum):
            return [member.value for member in field.choices]
        return self.offered.get(field.name, ())

    def person(self, person: Person) -> Person:
        """The same person, tidy. Raises FieldErrors."""
        tidied = replace(
            person,
            first_name=tidy(person.first_name),
            last_name=tidy(person.last_name),
            relationship=tidy(person.relationship),
            phone=tidy(person.phone),
        )
        errors = _person_errors(tidied)
        phone = self.numbers[FieldKind.PHONE](tidied.phone) if tidied.phone else ""
        if phone is None or len(phone) > PHONE_LENGTH:
            errors["phone"] = WRONG_PHONE
        if errors or phone is None:
            raise FieldErrors(errors)
        return replace(tidied, phone=phone)


def _person_errors(person: Person) -> dict[str, str]:
    names = (("first_name", "Prénom"), ("last_name", "Nom"))
    errors = {name: missing(label) for name, label in names if not getattr(person, name)}
    for name in ("first_name", "last_name", "relationship"):
        if len(getattr(person, name)) > NAME_LENGTH:
            errors[name] = too_long(NAME_LENGTH)
    if not person.may_collect and not person.is_emergency_contact:
        errors["may_collect"] = NO_ROLE
    return errors


def missing(label: str) -> str:
    return f"Remplissez «{NBSP}{label}{NBSP}»{NBSP}: cette information est obligatoire."


def too_long(length: int) -> str:
    return f"Raccourcissez à {length} caractères."


def tidy(text: str | None, *, keep_lines: bool = False) -> str:
    """Without useless spaces, on one line unless `keep_lines`."""
    if keep_lines:
        return "\n".join(" ".join(line.split()) for line in (text or "").strip().splitlines())
    return " ".join((text or "").split())


def read_day(text: str) -> date | None:
    """« 2019-05-04 » or « 04/05/2019 »; None for a day that does not exist."""
    for form in _DAY_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
    return None


def _postcode(text: str) -> str:
    text = text.replace(" ", "")
    if not _POSTCODE.fullmatch(text):
        raise Refused("postcode", WRONG_POSTCODE)
    return text
