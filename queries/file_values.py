"""The official values of the family file as texts (`domain.family_file`), by subject and field."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields
from datetime import date
from functools import partial
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from domain.enums import SubjectKind
from domain.family_file import (
    FIELDS,
    NO,
    PERSON_FIELD,
    YES,
    Person,
    authorisation_field,
    authorisation_of,
    person_to_text,
)
from extensions import db
from models import Authorisation, AuthorisedPerson, Child, Guardian, Household, MedicalRecord

Values = dict[str, str | None]
TABLES: Mapping[SubjectKind, type] = {
    SubjectKind.HOUSEHOLD: Household,
    SubjectKind.GUARDIAN: Guardian,
    SubjectKind.CHILD: Child,
}
COLUMNS: Mapping[SubjectKind, tuple[str, ...]] = {
    kind: tuple(field.name for field in FIELDS if field.subject is kind and hasattr(table, field.name))
    for kind, table in TABLES.items()
}
_PERSON_NAMES = tuple(field.name for field in fields(Person))
_person_values = attrgetter(*_PERSON_NAMES)
PERSONS = select(
    AuthorisedPerson.id,
    AuthorisedPerson.child_id,
    *(getattr(AuthorisedPerson, name) for name in _PERSON_NAMES),
)
MEDICAL = tuple(field.name for field in FIELDS if not hasattr(TABLES[field.subject], field.name))


def official(kind: SubjectKind, subject_id: int) -> Values:
    """Every official value of a subject; a person who is gone has none.

    Of a child: its columns, its health, its authorisations in force. One to three statements.
    """
    return official_of(kind, [subject_id])[subject_id]


def official_of(
    kind: SubjectKind, subject_ids: Collection[int], fields: Collection[str] | None = None
) -> dict[int, Values]:
    """The same for several subjects of one kind, in as many statements as for one.

    `fields`: those that are wanted; of a child, what holds none of them is not read, health above all.
    """
    found: dict[int, Values] = {subject_id: {} for subject_id in subject_ids}
    if kind is SubjectKind.PERSON:
        for row in db.session.execute(PERSONS.where(AuthorisedPerson.id.in_(subject_ids))):
            found[row.id] = {PERSON_FIELD: person_to_text(person_of(row))}
        return found
    for read in _readers(kind, fields):
        for subject_id, values in read(subject_ids).items():
            found[subject_id] |= values
    return found


Reader = Callable[[Collection[int]], Mapping[int, Values]]


def _readers(kind: SubjectKind, fields: Collection[str] | None) -> Iterator[Reader]:
    """What has to be read of these subjects for these fields; all of it for None."""
    if kind is not SubjectKind.CHILD:
        yield partial(_column_values, kind)
        return
    if fields is None or any(name in COLUMNS[kind] for name in fields):
        yield partial(_column_values, kind)
    if fields is None or any(name in MEDICAL for name in fields):
        yield medical_values
    if fields is None or any(authorisation_of(name) is not None for name in fields):
        yield authorisation_values


def _column_values(kind: SubjectKind, subject_ids: Collection[int]) -> dict[int, Values]:
    table = TABLES[kind]
    columns = [getattr(table, name) for name in COLUMNS[kind]]
    rows = db.session.execute(select(table.id, *columns).where(table.id.in_(subject_ids)))
    return {row.id: {name: as_text(getattr(row, name)) for name in COLUMNS[kind]} for row in rows}


def medical_values(child_ids: Collection[int]) -> dict[int, Values]:
    """What the sealed records hold, every medical field for every child. One statement."""
    records = dict(
        db.session.execute(
            select(MedicalRecord.child_id, MedicalRecord.content).where(MedicalRecord.child_id.in_(child_ids))
        ).all()
    )
    return {
        child_id: dict.fromkeys(MEDICAL) | (json.loads(records[child_id]) if child_id in records else {})
        for child_id in child_ids
    }


def authorisation_values(child_ids: Collection[int]) -> dict[int, Values]:
    """« oui » or « non » of the answers in force, by the field of their change lines. One statement."""
    found: dict[int, Values] = {child_id: {} for child_id in child_ids}
    rows = db.session.execute(
        select(
            Authorisation.child_id, Authorisation.type_id, Authorisation.facility_id, Authorisation.is_allowed
        ).where(Authorisation.child_id.in_(child_ids), Authorisation.ended_at.is_(None))
    )
    for row in rows:
        found[row.child_id][authorisation_field(row.type_id, row.facility_id)] = YES if row.is_allowed else NO
    return found


def people_ids(child_id: int) -> tuple[int, ...]:
    """The people who may fetch the child. One statement."""
    ids = select(AuthorisedPerson.id).where(AuthorisedPerson.child_id == child_id)
    return tuple(db.session.scalars(ids))


def person_of(row: Any) -> Person:
    """The person that a row describes."""
    return Person(*_person_values(row))


def as_text(value: Any) -> str | None:
    """How a column travels: a day in ISO, a closed list by its word, nothing for an empty text."""
    if value is None or value == "":
        return None
    return value.isoformat() if isinstance(value, date) else str(value)
