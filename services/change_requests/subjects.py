"""Whose field a change is about: found within a household and locked; its values read and written."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import Sex, SocialFund, SubjectKind
from domain.errors import NotFound, Stale
from domain.family_file import (
    ADDED_PERSON_FIELD,
    PERSON_FIELD,
    YES,
    authorisation_of,
    field_of,
    person_from_text,
)
from domain.french import NBSP
from models import (
    Authorisation,
    AuthorisedPerson,
    Child,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    MedicalRecord,
)
from queries import file_values
from services import households, name_index

NAMES = ("first_name", "last_name", "birth_name")
_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "birth_date": date.fromisoformat,
    "sex": Sex,
    "social_fund": SocialFund,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """`child_id`, `guardian_id`: whose sheet a change of this subject stands on."""

    kind: SubjectKind
    id: int
    child_id: int | None = None
    guardian_id: int | None = None

    @property
    def owner(self) -> tuple[str, int]:
        """(table, id) of the household, the adult or the child: what is locked, what the journal names."""
        if self.kind is SubjectKind.PERSON:
            return SubjectKind.CHILD.value, self.child_id or 0
        return self.kind.value, self.id


@dataclass(frozen=True, slots=True)
class Giver:
    """Who gave a value, and when: kept with an authorisation (S48, S49)."""

    name: str
    at: datetime


def find(session: Session, kind: SubjectKind, subject_id: int, household_id: int) -> Subject:
    """The household, adult or child, if it belongs to the household, locked until the end of the transaction.

    A child on which the household is restricted is not there for it. Raises NotFound.
    """
    belongs = {
        SubjectKind.HOUSEHOLD: select(Household.id).where(
            Household.id == subject_id, Household.id == household_id
        ),
        SubjectKind.GUARDIAN: select(HouseholdGuardian.guardian_id).where(
            HouseholdGuardian.guardian_id == subject_id, HouseholdGuardian.household_id == household_id
        ),
        SubjectKind.CHILD: select(HouseholdChild.child_id).where(
            HouseholdChild.child_id == subject_id,
            HouseholdChild.household_id == household_id,
            HouseholdChild.is_restricted.is_(False),
        ),
    }[kind]
    if session.scalar(belongs) is None:
        raise NotFound
    subject = Subject(
        kind,
        subject_id,
        child_id=subject_id if kind is SubjectKind.CHILD else None,
        guardian_id=subject_id if kind is SubjectKind.GUARDIAN else None,
    )
    lock(session, subject)
    return subject


def lock(session: Session, subject: Subject) -> None:
    """Hold the owner's row until the commit (PostgreSQL; SQLite has one writer).

    Raises NotFound, Stale when it was merged into another while this waited: its lines are the other's now.
    """
    name, owner_id = subject.owner
    table = file_values.TABLES[SubjectKind(name)]
    row = session.get(table, owner_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.merged_into_id is not None:
        raise Stale(f"Cette fiche vient d’être réunie avec une autre{NBSP}: rechargez la page.")


def official(subject: Subject, field: str) -> str | None:
    """The official value of one field now."""
    return file_values.official(subject.kind, subject.id).get(field)


def apply(
    session: Session,
    subject: Subject,
    field: str,
    value: str | None,
    *,
    giver: Giver,
    now: datetime,
) -> None:
    """Make `value` the official one; the owner is locked by the caller, the journal is the caller's."""
    if field == PERSON_FIELD or field.split(":")[0] == ADDED_PERSON_FIELD:
        _apply_person(session, subject, value)
        name_index.of_child(session, subject.owner[1])
    elif (question := authorisation_of(field)) is not None:
        _apply_authorisation(session, subject.id, question, value, giver, now)
    elif field in file_values.MEDICAL:
        _apply_medical(session, subject.id, field, value, now)
    elif subject.kind is SubjectKind.HOUSEHOLD and field in households.ADDRESS:
        household = session.get_one(Household, subject.id)
        households.set_address(session, household, {field: value or ""}, paris_now(now).date())
    else:
        _apply_column(session, subject, field, value)
    session.flush()


def _apply_column(session: Session, subject: Subject, field: str, value: str | None) -> None:
    table = file_values.TABLES[subject.kind]
    row = session.get_one(table, subject.id)
    is_nullable = table.__table__.columns[field].nullable
    read = _FROM_TEXT.get(field, str)
    setattr(row, field, read(value) if value is not None else None if is_nullable else "")
    if field in NAMES and isinstance(row, Guardian | Child):
        households.names_changed(session, row)


def _apply_medical(session: Session, child_id: int, field: str, value: str | None, now: datetime) -> None:
    record = session.get(MedicalRecord, child_id, with_for_update=True)
    if record is None:
        record = MedicalRecord(child_id=child_id, content="{}", updated_at=now)
        session.add(record)
    values = json.loads(record.content) | {field: value}
    known = {name: text for name, text in values.items() if text is not None}
    record.content = json.dumps(known, ensure_ascii=False, sort_keys=True)
    record.updated_at = now


def _apply_person(session: Session, subject: Subject, value: str | None) -> None:
    """Somebody who went meanwhile comes back as a new row."""
    row = session.get(AuthorisedPerson, subject.id) if subject.kind is SubjectKind.PERSON else None
    if value is None:
        if row is not None:
            session.delete(row)
        return
    columns = asdict(person_from_text(value))
    if row is None:
        session.add(AuthorisedPerson(child_id=subject.child_id, **columns))
        return
    for name, column in columns.items():
        setattr(row, name, column)


def _apply_authorisation(
    session: Session,
    child_id: int,
    question: tuple[int, int | None],
    value: str | None,
    giver: Giver,
    now: datetime,
) -> None:
    """The former answer ends and stays; the new one has its author and its day."""
    type_id, facility_id = question
    session.execute(
        update(Authorisation)
        .where(
            Authorisation.child_id == child_id,
            Authorisation.type_id == type_id,
            Authorisation.facility_id.is_(None)
            if facility_id is None
            else Authorisation.facility_id == facility_id,
            Authorisation.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    if value is None:
        return
    session.add(
        Authorisation(
            child_id=child_id,
            type_id=type_id,
            facility_id=facility_id,
            is_allowed=value == YES,
            author_name=giver.name,
            given_at=giver.at,
        )
    )


def is_sealed(subject: Subject, field: str) -> bool:
    """Health or an IBAN: never written in a mail or in the journal."""
    known = field_of(subject.kind, field)
    return known is not None and known.is_sealed
