"""How the line of a change is called: a field of the file, a person, a question put to the parents."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from domain.enums import SubjectKind
from domain.family_file import (
    ADDED_PERSON_FIELD,
    PERSON_FIELD,
    YES,
    authorisation_of,
    field_of,
    person_from_text,
    value_in_words,
)
from extensions import db
from models import AuthorisationType, Child, Facility

_PERSON = "Personne autorisée"
_NEW_PERSON = "Nouvelle personne autorisée"
_AUTHORISATION = "Autorisation"


def is_person(field: str) -> bool:
    """True for somebody added, edited or removed."""
    return field.partition(":")[0] in (PERSON_FIELD, ADDED_PERSON_FIELD)


def authorisation_names(fields: Collection[str]) -> dict[str, str]:
    """« Partir seul (Centre Bleu) » of each authorisation field among `fields`. At most two statements."""
    asked = {field: ids for field in fields if (ids := authorisation_of(field)) is not None}
    if not asked:
        return {}
    types = _names(AuthorisationType, {type_id for type_id, _ in asked.values()})
    facilities = _names(Facility, {place for _, place in asked.values() if place is not None})
    return {
        field: f"{types.get(type_id, _AUTHORISATION)} ({facilities[place]})"
        if place in facilities
        else types.get(type_id, _AUTHORISATION)
        for field, (type_id, place) in asked.items()
    }


def label(kind: SubjectKind, field: str, authorisations: Mapping[str, str]) -> str:
    """What people read; `authorisations` from `authorisation_names`."""
    known = field_of(kind, field)
    if known is not None:
        return known.label
    if field == PERSON_FIELD:
        return _PERSON
    return _NEW_PERSON if is_person(field) else authorisations.get(field, _AUTHORISATION)


def words(kind: SubjectKind, field: str, value: str | None) -> str:
    """What people read of a value: « Oui », « 04/05/2019 », a person in one line, nothing."""
    known = field_of(kind, field)
    if known is not None:
        return value_in_words(known, value)
    if is_person(field):
        return "personne" if value is None else person_from_text(value).words
    return "pas de réponse" if value is None else "Oui" if value == YES else "Non"


def child_name(child_id: int | None) -> str:
    """The child's first name, empty without child."""
    return db.session.scalar(select(Child.first_name).where(Child.id == child_id)) or ""


def _names(table: type, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(db.session.execute(select(table.id, table.name).where(table.id.in_(ids))).all())
