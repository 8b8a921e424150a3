"""The file of a child as those who look after it read it: who may fetch it, what its parents allow, its diet,
its class, and what its family declared since (S45 to S52). Health is elsewhere: `queries.medical`.

What concerns safety is told as soon as it is declared, with « contrôle en cours » (S52).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from domain.calendar import school_year
from domain.enums import ChangeState, FileSection, SchoolLevel, Sex, SubjectKind
from domain.family_file import (
    ADDED_PERSON_FIELD,
    PERSON_FIELD,
    YES,
    Person,
    authorisation_of,
    person_from_text,
)
from models import (
    Authorisation,
    AuthorisationType,
    AuthorisedPerson,
    ChangeLine,
    ChangeRequest,
    Child,
    Facility,
    MedicalRecord,
    SchoolClass,
    Schooling,
)
from queries import file_values
from queries.reading import among, read


@dataclass(frozen=True, slots=True)
class Diet:
    """The accepted diet, then what the family declared since (None: nothing new)."""

    name: str = ""
    note: str = ""
    declared_name: str | None = None
    declared_note: str | None = None

    @property
    def is_declared(self) -> bool:
        return self.declared_name is not None or self.declared_note is not None

    @property
    def words(self) -> str:
        """« Sans porc (pas de gélatine) »; empty for an ordinary diet."""
        return _diet_words(self.name, self.note)

    @property
    def declared_words(self) -> str:
        """The same with what was declared."""
        name = self.name if self.declared_name is None else self.declared_name
        return _diet_words(name, self.note if self.declared_note is None else self.declared_note)


def _diet_words(name: str, note: str) -> str:
    if name and note:
        return f"{name} ({note})"
    return name or note


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody who may fetch the child or is called: `known` in the file, `declared` by the family since.

    An addition has no `known`, a removal is declared without a person.
    """

    person_id: int | None
    known: Person | None
    declared: Person | None
    is_declared: bool

    @property
    def person(self) -> Person:
        """Who it is, as last told."""
        told = self.declared or self.known
        if told is None:
            raise ValueError("A line without a person.")
        return told

    @property
    def is_removed(self) -> bool:
        return self.is_declared and self.declared is None

    @property
    def may_collect(self) -> bool:
        """A « no » counts as soon as it is declared, a « yes » once it is accepted (S52)."""
        official = self.known is not None and self.known.may_collect
        return official and not self.is_removed and self.person.may_collect

    @property
    def stops_collecting(self) -> bool:
        """The family declared that this person does not fetch the child any more."""
        return self.known is not None and self.known.may_collect and not self.may_collect


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One authorisation: the answer in force (None: never answered), then what was declared since."""

    type_id: int
    name: str
    facility_id: int | None
    facility: str
    is_safety: bool
    is_allowed: bool | None
    author: str
    given_at: datetime | None
    declared: bool | None


@dataclass(frozen=True, slots=True)
class PendingCase:
    """A change of the child's file that waits for the service."""

    reference: str
    section: FileSection
    fields: int
    due_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class Schooled:
    """School, level and class of a school year; `group` is empty without a class."""

    school: str
    level: SchoolLevel
    group: str


@dataclass(frozen=True, slots=True)
class ChildFile:
    """Everything but health: `has_health` when somebody wrote there, `health_declared` since the control."""

    sex: Sex | None
    birth_place: str
    diet: Diet
    schooled: Schooled | None
    people: tuple[PersonLine, ...]
    answers: tuple[AnswerLine, ...]
    pending: tuple[PendingCase, ...]
    has_health: bool
    health_declared: bool


_ROWS = (
    select(
        Child.id,
        Child.sex,
        Child.birth_place,
        Child.diet,
        Child.diet_note,
        MedicalRecord.child_id.is_not(None).label("has_health"),
    )
    .outerjoin(MedicalRecord, MedicalRecord.child_id == Child.id)
    .where(among(Child.id, "children"))
)
_SCHOOLED = (
    select(
        Schooling.child_id,
        Facility.name,
        Schooling.level,
        func.coalesce(SchoolClass.name, "").label("group_name"),
    )
    .join(Facility, Facility.id == Schooling.facility_id)
    .outerjoin(SchoolClass, SchoolClass.id == Schooling.class_id)
    .where(among(Schooling.child_id, "children"), Schooling.school_year == bindparam("year"))
)
_PEOPLE = file_values.PERSONS.where(among(AuthorisedPerson.child_id, "children")).order_by(
    AuthorisedPerson.last_name, AuthorisedPerson.first_name, AuthorisedPerson.id
)
_OF_CHILDREN = or_(
    and_(ChangeLine.subject_kind == SubjectKind.CHILD, among(ChangeLine.subject_id, "children")),
    and_(
        ChangeLine.subject_kind == SubjectKind.PERSON,
        ChangeLine.subject_id.in_(
            select(AuthorisedPerson.id).where(among(AuthorisedPerson.child_id, "children"))
        ),
    ),
)
# Declared health is neither opened nor read here.
_DECLARED = (
    select(ChangeLine.subject_kind, ChangeLine.subject_id, ChangeLine.field, ChangeLine.wanted_value)
    .join(ChangeRequest, ChangeRequest.id == ChangeLine.request_id)
    .where(
        ChangeLine.state == ChangeState.PENDING,
        ChangeRequest.section != FileSection.CHILD_MEDICAL,
        _OF_CHILDREN,
    )
    .order_by(ChangeLine.id)
)
_CASES = (
    select(
        ChangeRequest.child_id,
        ChangeRequest.reference,
        ChangeRequest.section,
        func.count().label("fields"),
        ChangeRequest.due_at,
    )
    .join(ChangeLine, ChangeLine.request_id == ChangeRequest.id)
    .where(ChangeLine.state == ChangeState.PENDING, among(ChangeRequest.child_id, "children"))
    .group_by(ChangeRequest.id)
    .order_by(ChangeRequest.due_at, ChangeRequest.id)
)
_TYPES = (
    select(
        AuthorisationType.id,
        AuthorisationType.name,
        AuthorisationType.is_per_facility,
        AuthorisationType.is_safety,
    )
    .where(AuthorisationType.is_active)
    .order_by(AuthorisationType.position, AuthorisationType.name)
)
_ANSWERS = select(
    Authorisation.child_id,
    Authorisation.type_id,
    Authorisation.facility_id,
    Authorisation.is_allowed,
    Authorisation.author_name,
    Authorisation.given_at,
).where(among(Authorisation.child_id, "children"), Authorisation.ended_at.is_(None))

Declared = Mapping[str, str | None]


def child_files(
    facilities: Mapping[int, Collection[tuple[int, str]]], today: date, now: datetime
) -> dict[int, ChildFile]:
    """The files of children by id; `facilities` gives for each the (id, name) of the structures for which
    the answers that depend on a structure are wanted. Seven statements.
    """
    params = {"children": list(facilities)}
    rows = read(_ROWS, params).all()
    year = school_year(today)[0].year
    schooled = {
        row.child_id: Schooled(row.name, row.level, row.group_name)
        for row in read(_SCHOOLED, params | {"year": year})
    }
    people = _grouped(read(_PEOPLE, params))
    of_child, of_person = _declared(params)
    cases = _grouped(read(_CASES, params))
    types = read(_TYPES, {}).all()
    answers = {(row.child_id, row.type_id, row.facility_id): row for row in read(_ANSWERS, params)}
    official = cache(Diet)  # most children have the same
    files = {}
    for child_id, sex, birth_place, diet, diet_note, has_health in rows:
        declared = of_child.get(child_id, {})
        waiting = cases.get(child_id, ())
        files[child_id] = ChildFile(
            sex,
            birth_place,
            _diet(diet, diet_note, declared) if declared else official(diet, diet_note),
            schooled.get(child_id),
            _people(people.get(child_id, ()), of_person, declared),
            tuple(_answers(child_id, types, facilities[child_id], answers, declared)),
            tuple([PendingCase(*one[1:], one.due_at < now) for one in waiting]),
            has_health,
            FileSection.CHILD_MEDICAL in [one.section for one in waiting],
        )
    return files


def _declared(params: Mapping[str, Any]) -> tuple[dict[int, Declared], dict[int, str | None]]:
    """What families declared since, by child and field, then by person."""
    of_child: dict[int, dict[str, str | None]] = defaultdict(dict)
    of_person: dict[int, str | None] = {}
    for row in read(_DECLARED, params):
        if row.subject_kind is SubjectKind.CHILD:
            of_child[row.subject_id][row.field] = row.wanted_value
        elif row.field == PERSON_FIELD:
            of_person[row.subject_id] = row.wanted_value
    return of_child, of_person


def _grouped(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.child_id].append(row)
    return found


def _diet(name: str, note: str, declared: Declared) -> Diet:
    def told(field: str) -> str | None:
        return (declared[field] or "") if field in declared else None

    return Diet(name, note, told("diet"), told("diet_note"))


def _people(
    rows: Collection[Any], of_person: Mapping[int, str | None], declared: Declared
) -> tuple[PersonLine, ...]:
    if not rows and not declared:
        return ()
    lines = []
    for row in rows:
        told = of_person.get(row.id)
        known = file_values.person_of(row)
        lines.append(PersonLine(row.id, known, person_from_text(told) if told else None, row.id in of_person))
    lines += [
        PersonLine(None, None, person_from_text(text), True)
        for field, text in declared.items()
        if field.partition(":")[0] == ADDED_PERSON_FIELD and text
    ]
    return tuple(lines)


def _answers(
    child_id: int,
    types: Iterable[Any],
    facilities: Collection[tuple[int, str]],
    answers: Mapping[tuple[int, int, int | None], Any],
    declared: Declared,
) -> Iterator[AnswerLine]:
    wanted = {
        place: text == YES
        for field, text in declared.items()
        if (place := authorisation_of(field)) is not None
    }
    for kind in types:
        for facility_id, facility in facilities if kind.is_per_facility else [(None, "")]:
            row = answers.get((child_id, kind.id, facility_id))
            yield AnswerLine(
                kind.id,
                kind.name,
                facility_id,
                facility,
                kind.is_safety,
                row.is_allowed if row else None,
                row.author_name if row else "",
                row.given_at if row else None,
                wanted.get((kind.id, facility_id)),
            )
