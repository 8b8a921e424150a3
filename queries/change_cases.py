"""Declared changes as the service reads them: what waits, one case, what the door knows at once (S34 to S37,
S52, S109).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, and_, bindparam, func, select

from domain import change_rules
from domain.enums import ChangeState, Channel, FileSection, SubjectKind
from domain.errors import NotFound
from domain.family_file import FIELDS, NO, authorisation_of, person_from_text
from domain.french import NBSP
from domain.labels import label
from extensions import db
from models import (
    AuthorisationType,
    ChangeLine,
    ChangeRequest,
    Child,
    Guardian,
    Household,
    StaffMember,
)
from queries import change_names, file_values

HEALTH = (FileSection.CHILD_MEDICAL,)
_SAFETY_FIELDS = tuple(field for field in FIELDS if field.is_safety)
_IN_CONTROL = "déclaré, contrôle en cours"


# --- The queue ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A request that waits. `person`: the child or the adult, empty for the household itself."""

    request_id: int
    reference: str
    section: FileSection
    household_id: int
    household_name: str
    household_number: int
    child_id: int | None
    person: str
    author_name: str
    created_at: datetime
    due_at: datetime
    lines: int
    has_safety: bool
    is_late: bool

    @property
    def title(self) -> str:
        """« Coordonnées »: the form that was sent."""
        return label(self.section)


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases that wait for an answer, and those among them that are late (S109)."""

    waiting: int
    late: int


_PERSON = func.coalesce(
    Child.first_name + " " + Child.last_name, Guardian.first_name + " " + Guardian.last_name, ""
)
_CASES = (
    select(
        ChangeRequest.id,
        ChangeRequest.reference,
        ChangeRequest.section,
        ChangeRequest.household_id,
        Household.name,
        Household.number,
        ChangeRequest.child_id,
        _PERSON.label("person"),
        ChangeRequest.author_name,
        ChangeRequest.created_at,
        ChangeRequest.due_at,
        func.count(ChangeLine.id).label("lines"),
        func.count(ChangeLine.id).filter(ChangeLine.is_safety).label("safety"),
    )
    .join(
        ChangeLine,
        and_(ChangeLine.request_id == ChangeRequest.id, ChangeLine.state == ChangeState.PENDING),
    )
    .join(Household, Household.id == ChangeRequest.household_id)
    .outerjoin(Child, Child.id == ChangeRequest.child_id)
    .outerjoin(Guardian, Guardian.id == ChangeRequest.guardian_id)
    .group_by(
        ChangeRequest.id,
        Household.id,
        Child.id,
        Guardian.id,
    )
    .order_by(ChangeRequest.due_at, ChangeRequest.id)
)
_WAITING = (
    select(
        func.count(func.distinct(ChangeRequest.id)).label("waiting"),
        func.count(func.distinct(ChangeRequest.id))
        .filter(ChangeRequest.due_at < bindparam("now", type_=ChangeRequest.due_at.type))
        .label("late"),
    )
    .join(ChangeLine, ChangeLine.request_id == ChangeRequest.id)
    .where(ChangeLine.state == ChangeState.PENDING)
)


def pending_cases(now: datetime, *, may_read_medical: bool, limit: int = 500) -> tuple[CaseRow, ...]:
    """The requests that wait, the first due first; health only for who may read it. One statement."""
    rows = db.session.execute(_readable(_CASES, may_read_medical).limit(limit))
    return tuple(
        CaseRow(*row[:12], has_safety=row.safety > 0, is_late=change_rules.is_late(row.due_at, now))
        for row in rows
    )


def counts(now: datetime, *, may_read_medical: bool) -> Counts:
    """How many wait and how many are late. One statement."""
    return Counts(*db.session.execute(_readable(_WAITING, may_read_medical), {"now": now}).one())


def _readable(statement: Select, may_read_medical: bool) -> Select:
    return statement if may_read_medical else statement.where(ChangeRequest.section.not_in(HEALTH))


# --- One case -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A field: what the family saw, what is official now, what it wants, in words. In a conflict the three
    differ. `current` is what a decision gives back to `services.change_requests.decide`.
    """

    line_id: int
    field: str
    label: str
    seen: str
    official: str
    wanted: str
    state: ChangeState
    is_safety: bool
    is_conflict: bool
    reason: str
    decided_at: datetime | None
    decided_by: str
    current: str

    @property
    def is_pending(self) -> bool:
        return self.state is ChangeState.PENDING


@dataclass(frozen=True, slots=True)
class Case:
    """One request with every line of it, answered or not."""

    request_id: int
    reference: str
    section: FileSection
    household_id: int
    household_name: str
    household_number: int
    child_id: int | None
    guardian_id: int | None
    person: str
    author_name: str
    channel: Channel
    created_at: datetime
    due_at: datetime
    is_late: bool
    lines: tuple[CaseLine, ...]

    @property
    def title(self) -> str:
        return label(self.section)

    @property
    def is_open(self) -> bool:
        return any(line.is_pending for line in self.lines)

    @property
    def has_conflict(self) -> bool:
        return any(line.is_conflict for line in self.lines)


_CASE = (
    select(
        ChangeRequest.id,
        ChangeRequest.reference,
        ChangeRequest.section,
        ChangeRequest.household_id,
        Household.name,
        Household.number,
        ChangeRequest.child_id,
        ChangeRequest.guardian_id,
        _PERSON.label("person"),
        ChangeRequest.author_name,
        ChangeRequest.channel,
        ChangeRequest.created_at,
        ChangeRequest.due_at,
    )
    .join(Household, Household.id == ChangeRequest.household_id)
    .outerjoin(Child, Child.id == ChangeRequest.child_id)
    .outerjoin(Guardian, Guardian.id == ChangeRequest.guardian_id)
)
_LINES = (
    select(
        ChangeLine.id,
        ChangeLine.subject_kind,
        ChangeLine.subject_id,
        ChangeLine.field,
        ChangeLine.is_safety,
        ChangeLine.seen_value,
        ChangeLine.wanted_value,
        ChangeLine.state,
        ChangeLine.reason,
        ChangeLine.decided_at,
        StaffMember.first_name,
        StaffMember.last_name,
    )
    .outerjoin(StaffMember, StaffMember.user_id == ChangeLine.decided_by_user_id)
    .order_by(ChangeLine.id)
)


def case(request_id: int, now: datetime, *, may_read_medical: bool) -> Case:
    """One case. Raises NotFound, also for health that the reader may not read. Three to seven statements."""
    row = db.session.execute(
        _readable(_CASE.where(ChangeRequest.id == request_id), may_read_medical)
    ).one_or_none()
    if row is None:
        raise NotFound
    lines = db.session.execute(_LINES.where(ChangeLine.request_id == request_id)).all()
    official = _official(lines)
    names = change_names.authorisation_names({line.field for line in lines})
    return Case(
        *row,
        is_late=change_rules.is_late(row.due_at, now),
        lines=tuple(_case_line(line, official, names) for line in lines),
    )


Official = Mapping[SubjectKind, Mapping[int, Mapping[str, str | None]]]


def _official(lines: Collection[Row]) -> Official:
    """What stands now of every subject of the lines."""
    subjects: dict[SubjectKind, set[int]] = {}
    for line in lines:
        subjects.setdefault(line.subject_kind, set()).add(line.subject_id)
    fields = {line.field for line in lines}
    return {kind: file_values.official_of(kind, ids, fields) for kind, ids in subjects.items()}


def _case_line(line: Row, official: Official, names: Mapping[str, str]) -> CaseLine:
    stands = official[line.subject_kind][line.subject_id].get(line.field)
    in_words = [
        change_names.words(line.subject_kind, line.field, value)
        for value in (line.seen_value, stands, line.wanted_value)
    ]
    return CaseLine(
        line.id,
        line.field,
        change_names.label(line.subject_kind, line.field, names),
        *in_words,
        state=line.state,
        is_safety=line.is_safety,
        is_conflict=line.state is ChangeState.PENDING
        and change_rules.is_conflict(line.wanted_value, seen=line.seen_value, official=stands),
        reason=line.reason,
        decided_at=line.decided_at,
        decided_by=f"{line.first_name} {line.last_name}" if line.last_name else "",
        current=change_rules.fingerprint(stands),
    )


# --- What the door knows at once ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that who looks after the child has to know. `note` is empty for what is official."""

    child_id: int
    label: str
    words: str
    note: str = ""

    @property
    def is_declared(self) -> bool:
        return bool(self.note)


def safety_alerts(child_ids: Collection[int], *, health: bool) -> dict[int, tuple[Alert, ...]]:
    """By child: official values of safety, then what was declared and waits (S52).

    A « non » to a question of safety, somebody who may not fetch the child any more; with `health`, for who
    may read it, allergies, conduct, PAI, treatment. At most seven statements.
    """
    found: dict[int, list[Alert]] = {child_id: [] for child_id in child_ids}
    if health:
        for child_id, values in file_values.medical_values(child_ids).items():
            found[child_id] += _health_alerts(child_id, values)
    for alert in (*_refused_authorisations(child_ids), *_declared_alerts(child_ids, health)):
        found[alert.child_id].append(alert)
    return {child_id: tuple(alerts) for child_id, alerts in found.items()}


def _health_alerts(child_id: int, values: Mapping[str, str | None]) -> Iterable[Alert]:
    for field in _SAFETY_FIELDS:
        value = values.get(field.name)
        if value not in (None, NO):
            yield Alert(child_id, field.label, change_names.words(field.subject, field.name, value))


def _refused_authorisations(child_ids: Collection[int]) -> Iterable[Alert]:
    safety = db.session.scalars(
        select(AuthorisationType.id).where(AuthorisationType.is_safety, AuthorisationType.is_active)
    ).all()
    refused = [
        (child_id, field)
        for child_id, values in file_values.authorisation_values(child_ids).items()
        for field, value in values.items()
        if value == NO and (question := authorisation_of(field)) and question[0] in safety
    ]
    names = change_names.authorisation_names({field for _, field in refused})
    for child_id, field in refused:
        yield Alert(child_id, names[field], change_names.words(SubjectKind.CHILD, field, NO))


def _declared_alerts(child_ids: Collection[int], health: bool) -> Iterable[Alert]:
    statement = (
        select(
            ChangeRequest.child_id,
            ChangeLine.subject_kind,
            ChangeLine.field,
            ChangeLine.seen_value,
            ChangeLine.wanted_value,
        )
        .join(ChangeLine, ChangeLine.request_id == ChangeRequest.id)
        .where(
            ChangeRequest.child_id.in_(child_ids),
            ChangeLine.is_safety,
            ChangeLine.state == ChangeState.PENDING,
        )
        .order_by(ChangeLine.id)
    )
    lines = db.session.execute(_readable(statement, health)).all()
    names = change_names.authorisation_names({line.field for line in lines})
    for line in lines:
        words = change_names.words(line.subject_kind, line.field, line.wanted_value)
        if change_names.is_person(line.field):
            words = f"{_name(line.seen_value)}{NBSP}: ne vient plus chercher l’enfant"
        yield Alert(
            line.child_id, change_names.label(line.subject_kind, line.field, names), words, _IN_CONTROL
        )


def _name(person: str | None) -> str:
    known = None if person is None else person_from_text(person)
    return "" if known is None else f"{known.first_name} {known.last_name}"
