"""The fields of the family file: their labels, their kinds, what the town does with each (S30 to S51).

A value travels as text: a day is ISO, a yes-or-no « oui » or « non », a closed list its stored word; None is
nothing. `FieldRule` rows of the town replace the `Policy` of a field; the field itself is never data.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.enums import ChoiceList, FileSection, Sex, SocialFund, SubjectKind
from domain.french import format_date
from domain.labels import label

YES, NO = "oui", "non"
HIDDEN = "•••"  # stands in the journal for health and for an IBAN
CONTROL_TIME = timedelta(hours=48)  # « mises à jour dans un délai de 48h » (S34)


class FieldKind(StrEnum):
    """How a field is typed, checked and said."""

    LINE = "line"
    TEXT = "text"
    PHONE = "phone"
    POSTCODE = "postcode"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"  # a word of a list that the service edits, or of a closed list
    IBAN = "iban"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the town does with a field. Without control a change is applied at once."""

    is_shown: bool = True
    is_editable: bool = True
    is_required: bool = False
    needs_control: bool = True


@dataclass(frozen=True, slots=True)
class FileField:
    """One field: `name` is its column (for health, its key in the sealed record)."""

    section: FileSection
    name: str
    label: str
    kind: FieldKind = FieldKind.LINE
    length: int = 120
    choices: ChoiceList | type[StrEnum] | None = None
    help: str = ""
    is_sealed: bool = False
    is_safety: bool = False  # shown at once to who looks after the child (S52)
    policy: Policy = Policy()

    @property
    def subject(self) -> SubjectKind:
        return SECTION_SUBJECTS[self.section]

    @property
    def key(self) -> str:
        """« guardian.mobile_phone »: the key of its FieldRule."""
        return f"{self.subject.value}.{self.name}"


SECTION_SUBJECTS: Mapping[FileSection, SubjectKind] = {
    FileSection.HOUSEHOLD_ADDRESS: SubjectKind.HOUSEHOLD,
    FileSection.HOUSEHOLD_SITUATION: SubjectKind.HOUSEHOLD,
    FileSection.ADULT_IDENTITY: SubjectKind.GUARDIAN,
    FileSection.ADULT_CONTACT: SubjectKind.GUARDIAN,
    FileSection.ADULT_BANK: SubjectKind.GUARDIAN,
    FileSection.CHILD_IDENTITY: SubjectKind.CHILD,
    FileSection.CHILD_MEDICAL: SubjectKind.CHILD,
    FileSection.CHILD_DIET: SubjectKind.CHILD,
    FileSection.CHILD_PEOPLE: SubjectKind.CHILD,
    FileSection.CHILD_AUTHORISATIONS: SubjectKind.CHILD,
}


class Vaccination(StrEnum):
    """What is known of the compulsory vaccines (S66)."""

    UP_TO_DATE = "a_jour"
    TO_PROVIDE = "a_fournir"
    CONTRAINDICATED = "contre_indication"


VACCINATIONS: Mapping[Vaccination, str] = {
    Vaccination.UP_TO_DATE: "À jour",
    Vaccination.TO_PROVIDE: "Justificatif à fournir",
    Vaccination.CONTRAINDICATED: "Contre-indication médicale",
}

_REQUIRED = Policy(is_required=True)
_S, _K = FileSection, FieldKind


def _medical(
    name: str, label: str, kind: FieldKind = FieldKind.TEXT, *, safety: bool = False, **options
) -> FileField:
    return FileField(
        _S.CHILD_MEDICAL, name, label, kind, options.pop("length", 600), is_sealed=True, is_safety=safety,
        **options,
    )  # fmt: skip


FIELDS: tuple[FileField, ...] = (
    FileField(_S.HOUSEHOLD_ADDRESS, "address", "Adresse", length=200, policy=_REQUIRED),
    FileField(_S.HOUSEHOLD_ADDRESS, "address_extra", "Complément d’adresse", length=200),
    FileField(
        _S.HOUSEHOLD_ADDRESS, "postcode", "Code postal", _K.POSTCODE, length=10, policy=_REQUIRED
    ),
    FileField(_S.HOUSEHOLD_ADDRESS, "city", "Ville", length=100, policy=_REQUIRED),
    FileField(
        _S.HOUSEHOLD_SITUATION, "family_situation", "Situation familiale", _K.CHOICE,
        length=60, choices=ChoiceList.FAMILY_SITUATION,
    ),
    FileField(_S.HOUSEHOLD_SITUATION, "social_fund", "Caisse d’allocations", _K.CHOICE, choices=SocialFund),
    FileField(_S.HOUSEHOLD_SITUATION, "beneficiary_number", "Numéro d’allocataire", length=20),
    FileField(_S.ADULT_IDENTITY, "first_name", "Prénom", length=80, policy=_REQUIRED),
    FileField(_S.ADULT_IDENTITY, "last_name", "Nom", length=80, policy=_REQUIRED),
    FileField(_S.ADULT_IDENTITY, "birth_name", "Nom de naissance", length=80),
    FileField(_S.ADULT_IDENTITY, "birth_date", "Date de naissance", _K.DATE),
    FileField(_S.ADULT_IDENTITY, "profession", "Profession"),
    FileField(_S.ADULT_CONTACT, "mobile_phone", "Téléphone mobile", _K.PHONE, length=30),
    FileField(_S.ADULT_CONTACT, "home_phone", "Téléphone du domicile", _K.PHONE, length=30),
    FileField(_S.ADULT_CONTACT, "work_phone", "Téléphone du travail", _K.PHONE, length=30),
    FileField(_S.ADULT_CONTACT, "workplace", "Lieu de travail", length=160),
    FileField(
        _S.ADULT_BANK, "iban", "IBAN", _K.IBAN, length=42, is_sealed=True,
        help="Il est sur votre relevé d’identité bancaire. Seuls ses quatre derniers signes se lisent ici.",
    ),
    FileField(_S.ADULT_BANK, "iban_holder", "Titulaire du compte"),
    FileField(_S.CHILD_IDENTITY, "first_name", "Prénom", length=80, policy=_REQUIRED),
    FileField(_S.CHILD_IDENTITY, "last_name", "Nom", length=80, policy=_REQUIRED),
    FileField(_S.CHILD_IDENTITY, "birth_date", "Date de naissance", _K.DATE, policy=_REQUIRED),
    FileField(_S.CHILD_IDENTITY, "sex", "Sexe", _K.CHOICE, choices=Sex),
    FileField(_S.CHILD_IDENTITY, "birth_place", "Lieu de naissance"),
    _medical("food_allergies", "Allergies alimentaires", safety=True),
    _medical("medicine_allergies", "Allergies à des médicaments", safety=True),
    _medical("other_allergies", "Autres allergies (asthme, pollens, piqûres…)", safety=True),
    _medical("conduct", "Conduite à tenir", safety=True),
    _medical(
        "has_pai", "Un PAI (projet d’accueil individualisé) est en place", _K.YES_NO, safety=True, length=3
    ),
    _medical("pai_until", "PAI valable jusqu’au", _K.DATE, length=10),
    _medical(
        "treatment", "Traitement à donner pendant l’accueil", safety=True,
        help="Il faut une ordonnance et un PAI pour que l’équipe donne un médicament.",
    ),
    _medical("recommendations", "Autres recommandations"),
    _medical("doctor_name", "Médecin traitant", _K.LINE, length=120),
    _medical("doctor_phone", "Téléphone du médecin", _K.PHONE, length=30),
    _medical("vaccination", "Vaccins obligatoires", _K.CHOICE, length=24, choices=Vaccination),
    FileField(_S.CHILD_DIET, "diet", "Régime alimentaire", _K.CHOICE, length=80, choices=ChoiceList.DIET),
    FileField(_S.CHILD_DIET, "diet_note", "Précision pour la cuisine", _K.TEXT, length=300),
)  # fmt: skip

_BY_KEY = {field.key: field for field in FIELDS}

# Sections whose lines are no fields: one policy for all of them.
WHOLE_SECTIONS: Mapping[FileSection, str] = {
    FileSection.CHILD_PEOPLE: "child.people",
    FileSection.CHILD_AUTHORISATIONS: "child.authorisations",
}
# Nobody exists without them, whatever the town asks.
ALWAYS_REQUIRED = frozenset(
    {
        "guardian.first_name",
        "guardian.last_name",
        "child.first_name",
        "child.last_name",
        "child.birth_date",
    }
)


def fields_of(section: FileSection) -> tuple[FileField, ...]:
    """The fields of one form, in their order; none for people and authorisations, which have their own."""
    return tuple(field for field in FIELDS if field.section is section)


def field_of(subject: SubjectKind, name: str) -> FileField | None:
    """The field of a change line; None for a person or an authorisation."""
    return _BY_KEY.get(f"{subject.value}.{name}")


def policies(rules: Mapping[str, Policy]) -> dict[str, Policy]:
    """The policy of every field, of people and of authorisations, by its key: the town's own, else ours."""
    found = {field.key: rules.get(field.key, field.policy) for field in FIELDS}
    found |= {key: rules.get(key, Policy()) for key in WHOLE_SECTIONS.values()}
    return found | {key: replace(found[key], is_required=True) for key in ALWAYS_REQUIRED}


def value_in_words(field: FileField, value: str | None) -> str:
    """What people read: « 04/05/2019 », « Oui », « •••• 0189 » for an IBAN; « non renseigné » for nothing."""
    if value is None or value == "":
        return "non renseigné"
    if field.kind is FieldKind.DATE:
        return format_date(date.fromisoformat(value))
    if field.kind is FieldKind.YES_NO:
        return "Oui" if value == YES else "Non"
    if field.kind is FieldKind.IBAN:
        return f"•••• {value[-4:]}"
    if field.choices is Vaccination:
        return VACCINATIONS[Vaccination(value)]
    if isinstance(field.choices, type) and issubclass(field.choices, StrEnum):
        return label(field.choices(value))
    return value


def due_at(created_at: datetime) -> datetime:
    """When the service has to have answered (S34)."""
    return created_at + CONTROL_TIME


# --- People who may fetch the child (S46) ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """An authorised person as a change carries it, whole: added, edited or removed in one line."""

    first_name: str
    last_name: str
    relationship: str = ""
    phone: str = ""
    may_collect: bool = True
    is_emergency_contact: bool = False

    @property
    def words(self) -> str:
        """« Nadia BENALI, grand-mère, 06 12 34 56 78, vient chercher, à prévenir en cas d’urgence »."""
        roles = (
            ("vient chercher", self.may_collect),
            ("à prévenir en cas d’urgence", self.is_emergency_contact),
        )
        parts = [f"{self.first_name} {self.last_name}", self.relationship, self.phone]
        return ", ".join([part for part in parts if part] + [words for words, is_so in roles if is_so])


PERSON_FIELD = "person"  # edited or removed: the subject is the person
ADDED_PERSON_FIELD = "added_person"  # then « : » and a token: the subject is the child
AUTHORISATION_FIELD = "authorisation"  # then « :type » or « :type:facility »: the subject is the child


def person_to_text(person: Person) -> str:
    return json.dumps(asdict(person), ensure_ascii=False, sort_keys=True)


def person_from_text(text: str) -> Person:
    return Person(**json.loads(text))


def authorisation_field(type_id: int, facility_id: int | None) -> str:
    """« authorisation:3 », « authorisation:3:12 »."""
    return ":".join(str(part) for part in (AUTHORISATION_FIELD, type_id, facility_id) if part is not None)


def authorisation_of(field: str) -> tuple[int, int | None] | None:
    """(type id, facility id or None) of such a field; None for any other."""
    name, *ids = field.split(":")
    if name != AUTHORISATION_FIELD or not ids:
        return None
    return int(ids[0]), int(ids[1]) if len(ids) > 1 else None
