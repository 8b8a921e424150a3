"""The journal of one family file in words (S06, S115): who, what, how, when, before, after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from domain.enums import AccountKind, AccountStatus, Channel, CustodySplit, Residency, SubjectKind
from domain.family_file import HIDDEN
from domain.french import weekday_name
from domain.journal import action_words
from domain.labels import label
from domain.rulebook.wording.french_names import readable
from domain.schooling import school_year_words
from extensions import db
from models import (
    Activity,
    AuditEvent,
    ChildGroup,
    DocumentCategory,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
    StaffMember,
    User,
)
from queries import change_names
from queries.households import HouseholdFile, quotient_text

LENGTH = 40
DECLARED = "change."  # how the acts on declared changes begin

FIELDS = {
    "number": "Numéro",
    "name": "Nom",
    "residency": "Commune",
    "address": "Adresse",
    "address_extra": "Complément d’adresse",
    "postcode": "Code postal",
    "city": "Ville",
    "family_situation": "Situation familiale",
    "first_name": "Prénom",
    "last_name": "Nom",
    "email": "Mail",
    "mobile_phone": "Téléphone mobile",
    "home_phone": "Téléphone du domicile",
    "work_phone": "Téléphone du travail",
    "workplace": "Lieu de travail",
    "birth_date": "Date de naissance",
    "child_id": "Enfant",
    "facility_id": "Structure",
    "activity_id": "Activité",
    "group_name": "Classe ou groupe",
    "group_id": "Groupe",
    "first_day": "Du",
    "last_day": "Au",
    "value_hundredths": "Quotient",
    "valid_from": "À partir du",
    "valid_to": "Jusqu’au",
    "fact_name": "Information",
    "fact_value": "Réponse",
    "source": "Justificatif",
    "category_id": "Document",
    "received_on": "Reçu le",
    "valid_until": "Valable jusqu’au",
    "status": "Accès",
    "reference": "Référence",
    "merged_name": "Doublon",
    "moved": "Repris",
    "household_id": "Foyer",
    "even_household_id": "Semaines paires",
    "odd_household_id": "Semaines impaires",
    "handover_weekday": "Changement de foyer",
    "holiday_split": "Petites vacances",
    "summer_split": "Vacances d’été",
    "reason": "Motif",
    "relationship": "Lien",
    "is_legal_guardian": "Responsable légal",
    "has_secret_contact": "Coordonnées confidentielles",
    "is_restricted": "Accès limité",
    "school_year": "Année scolaire",
    "level": "Niveau",
    "class": "Classe",
}
DAYS = frozenset(
    {"birth_date", "first_day", "last_day", "valid_from", "valid_to", "received_on", "valid_until"}
)

_HOUSEHOLD_FIELDS = ("household_id", "even_household_id", "odd_household_id")
_OWN_CHILDREN = select(HouseholdChild.child_id).where(
    HouseholdChild.household_id == bindparam("household_id")
)
_HOMES = select(Household.id, Household.name).where(
    Household.id.in_(select(HouseholdChild.household_id).where(HouseholdChild.child_id.in_(_OWN_CHILDREN)))
)

_EVENTS = (
    select(
        AuditEvent.at,
        AuditEvent.channel,
        AuditEvent.action,
        AuditEvent.object_type,
        AuditEvent.object_id,
        AuditEvent.before,
        AuditEvent.after,
        User.kind,
        StaffMember.first_name.label("staff_first_name"),
        StaffMember.last_name.label("staff_last_name"),
        Guardian.first_name,
        Guardian.last_name,
    )
    .outerjoin(User, User.id == AuditEvent.actor_user_id)
    .outerjoin(StaffMember, StaffMember.user_id == AuditEvent.actor_user_id)
    .outerjoin(Guardian, Guardian.user_id == AuditEvent.actor_user_id)
    .where(
        AuditEvent.household_id.in_(
            select(Household.id).where(
                or_(
                    Household.id == bindparam("household_id"),
                    Household.merged_into_id == bindparam("household_id"),
                )
            )
        ),
        AuditEvent.action != "household.merged_away",  # told by the file that was kept
    )
    .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    .limit(LENGTH)
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field; an empty text where there was, or is, no value."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event:
    """`subject` names the person concerned; `by_service` tells an agent's act from the family's own."""

    at: datetime
    title: str
    subject: str
    author: str
    by_service: bool
    channel: Channel
    changes: tuple[FieldChange, ...]


def events(household: HouseholdFile) -> tuple[Event, ...]:
    """The last acts on the file, the newest first. Four statements, six when authorisations changed."""
    names = _names(household)
    rows = db.session.execute(_EVENTS, {"household_id": household.household_id}).all()
    questions = change_names.authorisation_names({field for row in rows for field in row.after or ()})
    return tuple(
        Event(
            at=row.at,
            title=action_words(row.action),
            subject=names.get((row.object_type, row.object_id), ""),
            author=_author(row),
            by_service=row.kind is not AccountKind.FAMILY,
            channel=row.channel,
            changes=tuple(
                _declared(row, questions)
                if row.action.startswith(DECLARED)
                else _changes(row.before or {}, row.after or {}, names)
            ),
        )
        for row in rows
    )


Names = Mapping[tuple[str, int], str]


def _names(household: HouseholdFile) -> Names:
    """What the numbers of the journal stand for: people of the file, facilities, kinds of document,
    households of its children."""
    homes = db.session.execute(_HOMES, {"household_id": household.household_id}).all()
    facilities = db.session.execute(select(Facility.id, Facility.name)).all()
    activities = db.session.execute(select(Activity.id, Activity.name)).all()
    categories = db.session.execute(select(DocumentCategory.id, DocumentCategory.name)).all()
    groups = db.session.execute(select(ChildGroup.id, ChildGroup.name)).all()
    return (
        {("facility_id", row.id): row.name for row in facilities}
        | {("activity_id", row.id): row.name for row in activities}
        | {("category_id", row.id): row.name for row in categories}
        | {("group_id", row.id): row.name for row in groups}
        | {(field, row.id): row.name for row in homes for field in _HOUSEHOLD_FIELDS}
        | {("guardian", adult.guardian_id): adult.name for adult in household.adults}
        | {("user_account", adult.user_id): adult.name for adult in household.adults if adult.user_id}
        | {("user", adult.user_id): adult.name for adult in household.adults if adult.user_id}
        | {("child", child.card.child_id): child.card.first_name for child in household.children}
        | {("child_id", child.card.child_id): child.card.first_name for child in household.children}
        | {
            ("enrolment", line.enrolment_id): child.card.first_name
            for child in household.children
            for line in child.enrolments
        }
    )


def _author(row: Any) -> str:
    if row.staff_last_name:
        return f"{row.staff_first_name} {row.staff_last_name}"
    return f"{row.first_name} {row.last_name}" if row.last_name else ""


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> Iterator[FieldChange]:
    for field in dict.fromkeys([*before, *after]):
        if field in FIELDS:
            change = FieldChange(
                FIELDS[field],
                _value(field, before.get(field), names),
                _value(field, after.get(field), names),
            )
            if change.before or change.after:
                yield change


def _declared(row: Any, questions: Mapping[str, str]) -> Iterator[FieldChange]:
    """What an event of a declared change holds; health and IBANs are hidden in the journal itself."""
    kind = SubjectKind(row.object_type)

    def words(field: str, value: str | None) -> str:
        if value is None or value == HIDDEN or change_names.is_person(field):
            return value or ""
        return change_names.words(kind, field, value)

    for field in row.after or ():  # nothing once the content was erased (R54)
        yield FieldChange(
            change_names.label(kind, field, questions),
            words(field, row.before[field]),
            words(field, row.after[field]),
        )


def _value(field: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return ""
    if field in DAYS:
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    if field == "residency":
        return label(Residency(value))
    if field in ("holiday_split", "summer_split"):
        return label(CustodySplit(value))
    if field == "handover_weekday":
        return weekday_name(value)
    if field == "school_year":
        return school_year_words(value)
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if field == "status":
        return label(AccountStatus(value))
    if field in ("fact_name", "fact_value"):
        return readable(value)
    if field == "value_hundredths":
        return quotient_text(value)
    return names.get((field, value), str(value))
