"""Two files of one family, two sheets of one person (R03): which values are compared, what is never lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.family_file import YES
from domain.people import fold


class MergeKind(StrEnum):
    """What is merged."""

    HOUSEHOLD = "foyer"
    ADULT = "adulte"
    CHILD = "enfant"


@dataclass(frozen=True, slots=True)
class Choice:
    """Values that are kept together: one answer for an address, one for a name."""

    key: str
    label: str
    names: tuple[str, ...]


CHOICES: Mapping[MergeKind, tuple[Choice, ...]] = {
    MergeKind.HOUSEHOLD: (
        Choice("name", "Nom du foyer", ("name",)),
        Choice("address", "Adresse", ("address", "address_extra", "postcode", "city", "residency")),
        Choice("family_situation", "Situation familiale", ("family_situation",)),
        Choice("social_fund", "Caisse et numéro d’allocataire", ("social_fund", "beneficiary_number")),
    ),
    MergeKind.ADULT: (
        Choice("name", "Prénom et nom", ("first_name", "last_name")),
        Choice("birth_name", "Nom de naissance", ("birth_name",)),
        Choice("birth_date", "Date de naissance", ("birth_date",)),
        Choice("email", "Mail", ("email",)),
        Choice("mobile_phone", "Téléphone mobile", ("mobile_phone",)),
        Choice("home_phone", "Téléphone du domicile", ("home_phone",)),
        Choice("work_phone", "Téléphone du travail", ("work_phone",)),
        Choice("workplace", "Lieu de travail", ("workplace",)),
        Choice("profession", "Profession", ("profession",)),
        Choice("iban", "Compte bancaire", ("iban", "iban_holder")),
    ),
    MergeKind.CHILD: (
        Choice("name", "Prénom et nom", ("first_name", "last_name")),
        Choice("birth_date", "Date de naissance", ("birth_date",)),
        Choice("sex", "Sexe", ("sex",)),
        Choice("birth_place", "Lieu de naissance", ("birth_place",)),
        Choice("diet", "Régime alimentaire", ("diet", "diet_note")),
    ),
}


def merged_health(kept: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """One health sheet of two: what differs stands one after the other, a « oui » wins, the last day wins.

    No allergy is lost because somebody was entered twice.
    """
    merged = dict(kept)
    for name, value in other.items():
        known = merged.get(name)
        if not known or value == YES:
            merged[name] = value
        elif name.endswith("_until"):
            merged[name] = max(known, value)
        elif name in ("has_pai", "vaccination") or fold(value) in fold(known):
            continue
        else:
            merged[name] = f"{known} ; {value}"
    return merged


def wanted_values(
    kind: MergeKind, answers: Mapping[str, str], kept: Mapping[str, object], other: Mapping[str, object]
) -> dict[str, object]:
    """What the kept row has to become: for each choice answered « other », the other's values."""
    return {
        name: other[name]
        for choice in CHOICES[kind]
        if answers.get(choice.key) == OTHER
        for name in choice.names
        if other[name] != kept[name]
    }


KEPT, OTHER = "garde", "autre"


def suggested(kept: Sequence[object], other: Sequence[object]) -> str:
    """The kept value, unless it is a gap that the other fills."""
    return OTHER if not any(kept) and any(other) else KEPT
