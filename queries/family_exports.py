"""Every family file in tables (R07), one statement a table; merged duplicates are in the files kept.

The contact of an adult that must stay secret is not exported, nor the address of its household, nor any bank
account. Health is read apart, by `services.medical_readings`; of a document about it, the act alone is here.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from domain.calendar import paris_now
from domain.labels import label
from extensions import db
from models import (
    Authorisation,
    AuthorisationType,
    AuthorisedPerson,
    Child,
    Document,
    DocumentCategory,
    Enrolment,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    QuotientFamilial,
    SchoolClass,
    Schooling,
    User,
)

Rows = list[tuple[Any, ...]]
Table = tuple[str, Sequence[str], Rows]
HIDDEN = "•••"

_OF_CHILD = ("N° enfant", "Prénom", "Nom")
_CHILD = (Child.id, Child.first_name, Child.last_name)
_CHILD_STANDS = Child.merged_into_id.is_(None) & Child.erased_at.is_(None)
_HOUSEHOLD_STANDS = Household.merged_into_id.is_(None) & Household.erased_at.is_(None)


def tables() -> list[Table]:
    """(name, titles, rows) of every table. Eleven statements."""
    return [
        _households(),
        _adults(),
        _children(),
        _enrolments(),
        _schoolings(),
        _quotients(),
        _authorised_people(),
        _authorisations(),
        _documents(),
    ]


def child_names() -> dict[int, tuple[str, str]]:
    """(first name, last name) of every child, by id. One statement."""
    query = select(*_CHILD).where(_CHILD_STANDS).order_by(Child.last_name, Child.id)
    return {child_id: (first, last) for child_id, first, last in db.session.execute(query)}


def _households() -> Table:
    titles = (
        "Dossier", "Nom", "Adresse", "Complément", "Code postal", "Ville", "Commune", "Depuis le",
        "Situation", "Caisse", "N° allocataire", "Clé d’import", "Créé le",
    )  # fmt: skip
    query = select(Household).where(_HOUSEHOLD_STANDS).order_by(Household.number)
    secret = set(
        db.session.scalars(
            select(HouseholdGuardian.household_id)
            .join(Guardian, Guardian.id == HouseholdGuardian.guardian_id)
            .where(Guardian.has_secret_contact)
        )
    )
    rows = [
        (
            one.number, one.name,
            *_hidden((one.address, one.address_extra, one.postcode, one.city), one.id in secret),
            label(one.residency), one.address_since, one.family_situation, _words(one.social_fund),
            one.beneficiary_number, one.import_key, paris_now(one.created_at).date(),
        )
        for one in db.session.scalars(query)
    ]  # fmt: skip
    return "Foyers", titles, rows


def _adults() -> Table:
    titles = (
        "Dossier", "N° adulte", "Prénom", "Nom", "Nom de naissance", "Date de naissance", "Mail", "Mobile",
        "Domicile", "Travail", "Lieu de travail", "Profession", "Lien", "Responsable légal",
        "Coordonnées cachées", "Accès au portail",
    )  # fmt: skip
    query = (
        select(Household.number, Guardian, HouseholdGuardian, User.status)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .join(Household, Household.id == HouseholdGuardian.household_id)
        .outerjoin(User, User.id == Guardian.user_id)
        .where(
            Guardian.merged_into_id.is_(None),
            Household.merged_into_id.is_(None),
            Household.erased_at.is_(None),
        )
        .order_by(Household.number, HouseholdGuardian.position)
    )
    rows = []
    for number, one, link, status in db.session.execute(query):
        contact = (one.email, one.mobile_phone, one.home_phone, one.work_phone, one.workplace)
        rows.append(
            (
                number, one.id, one.first_name, one.last_name, one.birth_name, one.birth_date,
                *_hidden(contact, one.has_secret_contact), one.profession, link.relationship,
                link.is_legal_guardian, one.has_secret_contact, _words(status),
            )
        )  # fmt: skip
    return "Adultes", titles, rows


def _children() -> Table:
    titles = (
        "Dossiers", *_OF_CHILD, "Date de naissance", "Sexe", "Lieu de naissance", "Régime", "Précision",
    )  # fmt: skip
    links = (
        select(HouseholdChild.child_id, Household.number)
        .join(Household, Household.id == HouseholdChild.household_id)
        .where(_HOUSEHOLD_STANDS)
        .order_by(Household.number)
    )
    numbers: dict[int, list[str]] = defaultdict(list)
    for child_id, number in db.session.execute(links):
        numbers[child_id].append(str(number))
    query = select(Child).where(_CHILD_STANDS).order_by(Child.last_name, Child.id)
    rows = [
        (
            ", ".join(numbers[one.id]), one.id, one.first_name, one.last_name, one.birth_date,
            _words(one.sex), one.birth_place, one.diet, one.diet_note,
        )
        for one in db.session.scalars(query)
    ]  # fmt: skip
    return "Enfants", titles, rows


def _enrolments() -> Table:
    query = (
        select(*_CHILD, Facility.name, Enrolment.group_name, Enrolment.first_day, Enrolment.last_day)
        .join(Enrolment, Enrolment.child_id == Child.id)
        .join(Facility, Facility.id == Enrolment.facility_id)
        .order_by(Child.last_name, Child.id, Enrolment.first_day)
    )
    return "Inscriptions", (*_OF_CHILD, "Structure", "Groupe", "Du", "Au"), _plain(query)


def _schoolings() -> Table:
    query = (
        select(*_CHILD, Schooling.school_year, Facility.name, Schooling.level, SchoolClass.name)
        .join(Schooling, Schooling.child_id == Child.id)
        .join(Facility, Facility.id == Schooling.facility_id)
        .outerjoin(SchoolClass, SchoolClass.id == Schooling.class_id)
        .where(_CHILD_STANDS)
        .order_by(Child.last_name, Child.id, Schooling.school_year)
    )
    rows = [
        (*child, f"{year}-{year + 1}", school, label(level), name)
        for *child, year, school, level, name in db.session.execute(query)
    ]
    return "Scolarités", (*_OF_CHILD, "Année", "École", "Niveau", "Classe"), rows


def _quotients() -> Table:
    query = (
        select(
            Household.number,
            QuotientFamilial.value_hundredths,
            QuotientFamilial.valid_from,
            QuotientFamilial.valid_to,
            QuotientFamilial.source,
        )
        .join(Household, Household.id == QuotientFamilial.household_id)
        .where(_HOUSEHOLD_STANDS)
        .order_by(Household.number, QuotientFamilial.valid_from, QuotientFamilial.id)
    )
    rows = [(number, Decimal(value).scaleb(-2), *rest) for number, value, *rest in db.session.execute(query)]
    return "Quotients", ("Dossier", "Quotient", "Du", "Au", "Justificatif"), rows


def _authorised_people() -> Table:
    titles = (
        *_OF_CHILD, "Personne, prénom", "Personne, nom", "Lien", "Téléphone", "Vient chercher",
        "À prévenir en urgence",
    )  # fmt: skip
    query = (
        select(
            *_CHILD,
            AuthorisedPerson.first_name,
            AuthorisedPerson.last_name,
            AuthorisedPerson.relationship,
            AuthorisedPerson.phone,
            AuthorisedPerson.may_collect,
            AuthorisedPerson.is_emergency_contact,
        )
        .join(AuthorisedPerson, AuthorisedPerson.child_id == Child.id)
        .where(_CHILD_STANDS)
        .order_by(Child.last_name, Child.id, AuthorisedPerson.id)
    )
    return "Personnes autorisées", titles, _plain(query)


def _authorisations() -> Table:
    titles = (*_OF_CHILD, "Autorisation", "Structure", "Réponse", "Donnée par", "Le")
    query = (
        select(
            *_CHILD,
            AuthorisationType.name,
            Facility.name,
            Authorisation.is_allowed,
            Authorisation.author_name,
            Authorisation.given_at,
        )
        .join(Authorisation, Authorisation.child_id == Child.id)
        .join(AuthorisationType, AuthorisationType.id == Authorisation.type_id)
        .outerjoin(Facility, Facility.id == Authorisation.facility_id)
        .where(_CHILD_STANDS, Authorisation.ended_at.is_(None))
        .order_by(Child.last_name, Child.id, AuthorisationType.position, Authorisation.id)
    )
    rows = [(*rest, paris_now(given_at).date()) for *rest, given_at in db.session.execute(query)]
    return "Autorisations", titles, rows


def _documents() -> Table:
    titles = (
        "Dossier", *_OF_CHILD, "Document", "État", "Envoyé le", "Valable jusqu’au", "Nom du fichier", "Motif",
    )  # fmt: skip
    query = (
        select(
            Household.number,
            *_CHILD,
            DocumentCategory.is_medical,
            DocumentCategory.name,
            Document.state,
            Document.submitted_at,
            Document.valid_until,
            Document.file_name,
            Document.reason,
        )
        .join(Document, Document.household_id == Household.id)
        .join(DocumentCategory, DocumentCategory.id == Document.category_id)
        .outerjoin(Child, Child.id == Document.child_id)
        .where(_HOUSEHOLD_STANDS)
        .order_by(Household.number, Document.id)
    )
    rows = [
        (
            *owner, *_hidden((name,), is_medical), label(state), paris_now(sent_at).date(), until,
            *_hidden(words, is_medical),
        )
        for *owner, is_medical, name, state, sent_at, until, words in _split(db.session.execute(query), 9)
    ]  # fmt: skip
    return "Documents", titles, rows


def _hidden(texts: Sequence[str], is_hidden: bool) -> tuple[str, ...]:
    """The texts, or what stands for those that are not told."""
    return tuple(HIDDEN if is_hidden and text else text for text in texts)


def _split(rows: Iterable[Any], count: int) -> Iterable[tuple[Any, ...]]:
    """The first `count` cells of each row, then the others together."""
    return ((*row[:count], row[count:]) for row in rows)


def _plain(query: Any) -> Rows:
    return [tuple(row) for row in db.session.execute(query)]


def _words(value: Any) -> str:
    return label(value) if value is not None else ""
