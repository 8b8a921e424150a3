"""The family file section by section: what is official, what waits for an answer, what was refused, what was
there before (S30, S34, S36, S42 to S49, S53).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Row, Select, and_, case, or_, select

from domain.calendar import paris_now
from domain.change_rules import is_late
from domain.enums import AccountKind, ChangeState, Channel, FileSection, SubjectKind
from domain.errors import NotFound
from domain.family_file import (
    NO,
    PERSON_FIELD,
    SECTION_SUBJECTS,
    WHOLE_SECTIONS,
    YES,
    FileField,
    Person,
    Policy,
    authorisation_field,
    field_of,
    fields_of,
    person_from_text,
    value_in_words,
)
from domain.french import format_day, format_moment
from extensions import db
from models import (
    Authorisation,
    AuthorisationType,
    AuthorisedPerson,
    ChangeLine,
    ChangeRequest,
    Enrolment,
    Facility,
    User,
)
from queries import change_names, field_rules, file_values, medical
from queries.medical import ReadingLine

LINES_READ = 120
MASK = "masqué"
HISTORY_LENGTH = 30
REFUSAL_SHOWN = timedelta(days=30)  # a refusal stays beside its field that long, or until a new declaration

Subject = tuple[SubjectKind, int]


# --- What was declared ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads, and when: the words depend on both. `is_agent`: an agent looks at the family's portal, and
    what rests sealed stays so (R51)."""

    user_id: int
    household_ids: Collection[int]
    now: datetime
    is_agent: bool = False

    def hides(self, field: FileField | None) -> bool:
        return self.is_agent and field is not None and field.is_sealed


@dataclass(frozen=True, slots=True)
class Declaration:
    """One field that was declared, as a family reads it. `wanted` is the value itself, the rest are words.

    Of another adult's declaration the day is told, never the hour; of another household's, no channel either
    (security 1.3).
    """

    line_id: int
    field: str
    label: str
    state: ChangeState
    wanted: str | None
    before: str
    after: str
    author: str
    is_own: bool
    by_service: bool
    channel: Channel | None
    day: date
    answer_due: str
    is_late: bool
    reason: str
    decided_at: datetime | None

    @property
    def is_pending(self) -> bool:
        return self.state is ChangeState.PENDING


_LINES = (
    select(
        ChangeLine.id,
        ChangeLine.subject_kind,
        ChangeLine.subject_id,
        ChangeLine.field,
        ChangeLine.state,
        ChangeLine.seen_value,
        ChangeLine.wanted_value,
        ChangeLine.reason,
        ChangeLine.decided_at,
        ChangeRequest.created_at,
        ChangeRequest.due_at,
        ChangeRequest.author_user_id,
        ChangeRequest.author_name,
        ChangeRequest.household_id,
        ChangeRequest.channel,
        User.kind.label("author_kind"),
    )
    .join(ChangeRequest, ChangeRequest.id == ChangeLine.request_id)
    .join(User, User.id == ChangeRequest.author_user_id)
    .order_by(case((ChangeLine.state == ChangeState.PENDING, 0), else_=1), ChangeLine.id.desc())
    .limit(LINES_READ)
)


class Declarations:
    """The declarations about some subjects: what waits at a field, its last refusal, the history."""

    def __init__(self, rows: Iterable[Row], viewer: Viewer) -> None:
        rows = sorted(rows, key=lambda row: -row.id)
        names = change_names.authorisation_names({row.field for row in rows})
        self._now = viewer.now
        self._all: list[tuple[Subject, Declaration]] = [
            ((row.subject_kind, row.subject_id), _declaration(row, names, viewer)) for row in rows
        ]

    def pending(self, subject: Subject, field: str) -> Declaration | None:
        return next((one for one in self._of(subject, field) if one.is_pending), None)

    def refused(self, subject: Subject, field: str) -> Declaration | None:
        """The newest declaration of the field, if the service refused it lately."""
        newest = next(iter(self._of(subject, field)), None)
        if newest is None or newest.state is not ChangeState.REFUSED or newest.decided_at is None:
            return None
        return newest if self._now - newest.decided_at <= REFUSAL_SHOWN else None

    def additions(self, subject: Subject) -> list[Declaration]:
        """People who were declared for a child and wait, or were refused lately, the oldest first."""
        found = [one for whose, one in self._all if whose == subject and change_names.is_person(one.field)]
        return [one for one in reversed(found) if one.is_pending or self.refused(subject, one.field) is one]

    def history(self, subjects: Collection[Subject]) -> tuple[Declaration, ...]:
        """What has its answer, the newest first."""
        told = (one for whose, one in self._all if whose in subjects and not one.is_pending)
        return tuple(told)[:HISTORY_LENGTH]

    @property
    def subjects(self) -> set[Subject]:
        return {subject for subject, _ in self._all}

    def _of(self, subject: Subject, field: str) -> Iterable[Declaration]:
        return (one for whose, one in self._all if whose == subject and one.field == field)


def _about(kind: SubjectKind, subject_ids: Collection[int]) -> Select:
    """Lines about these households or adults; of children, about their people too, who may be gone."""
    if kind is SubjectKind.CHILD:
        return _LINES.where(ChangeRequest.child_id.in_(subject_ids))
    return _LINES.where(ChangeLine.subject_kind == kind, ChangeLine.subject_id.in_(subject_ids))


def declarations(kind: SubjectKind, subject_ids: Collection[int], viewer: Viewer) -> Declarations:
    """What was declared about these subjects. One statement, two more for authorisations."""
    return Declarations(db.session.execute(_about(kind, subject_ids)), viewer)


@dataclass(frozen=True, slots=True)
class OwnLine:
    """Where a declaration of the signed-in adult stands: of a child, of an adult, else of the household."""

    household_id: int
    child_id: int | None
    guardian_id: int | None


def own_line(line_id: int, user_id: int, household_ids: Sequence[int]) -> OwnLine:
    """A line that the adult declared in one of its households. Raises NotFound for any other."""
    row = db.session.execute(
        select(ChangeRequest.household_id, ChangeRequest.child_id, ChangeRequest.guardian_id)
        .join(ChangeLine, ChangeLine.request_id == ChangeRequest.id)
        .where(
            ChangeLine.id == line_id,
            ChangeRequest.author_user_id == user_id,
            ChangeRequest.household_id.in_(household_ids),
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return OwnLine(*row)


def _declaration(row: Row, names: Mapping[str, str], viewer: Viewer) -> Declaration:
    is_own = row.author_user_id == viewer.user_id
    by_service = row.author_kind is AccountKind.STAFF
    known = field_of(row.subject_kind, row.field)
    return Declaration(
        line_id=row.id,
        field=row.field,
        label=change_names.label(row.subject_kind, row.field, names),
        state=row.state,
        wanted=None if viewer.hides(known) else row.wanted_value,
        before=MASK if viewer.hides(known) else _words(known, row.field, row.seen_value),
        after=MASK if viewer.hides(known) else _words(known, row.field, row.wanted_value),
        author="vous" if is_own else "le service" if by_service else row.author_name,
        is_own=is_own,
        by_service=by_service,
        channel=row.channel if row.household_id in viewer.household_ids else None,
        day=paris_now(row.created_at).date(),
        answer_due=format_moment(row.due_at) if is_own else format_day(paris_now(row.due_at).date()),
        is_late=is_late(row.due_at, viewer.now),
        reason=MASK if viewer.hides(known) and row.reason else row.reason,
        decided_at=row.decided_at,
    )


def _words(known: FileField | None, field: str, value: str | None) -> str:
    if known is not None:
        return value_in_words(known, value)
    if change_names.is_person(field):
        return "personne" if value is None else person_from_text(value).words
    return "pas de réponse" if value is None else "Oui" if value == YES else "Non"


# --- Fields ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of a section. `value` is the official value as it is kept, `words` as it is read."""

    field: FileField
    policy: Policy
    value: str | None
    pending: Declaration | None
    refused: Declaration | None
    is_hidden: bool = False

    @property
    def words(self) -> str:
        return MASK if self.is_hidden else value_in_words(self.field, self.value)

    @property
    def shown(self) -> str | None:
        """What a form is filled with: what waits, else what is official."""
        return self.pending.wanted if self.pending else self.value


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section of a sheet, the fields that the town shows."""

    section: FileSection
    fields: tuple[FieldView, ...]

    @property
    def editable(self) -> tuple[FieldView, ...]:
        return tuple(one for one in self.fields if one.policy.is_editable and not one.is_hidden)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sections of one household, adult or child, and what was declared about it."""

    sections: Mapping[FileSection, SectionView]
    history: tuple[Declaration, ...]

    def section(self, section: FileSection) -> SectionView:
        """Raises NotFound for a section of which the town shows nothing."""
        found = self.sections.get(section)
        if found is None:
            raise NotFound
        return found


def sheets(kind: SubjectKind, subject_ids: Collection[int], viewer: Viewer) -> dict[int, Sheet]:
    """The sheets of households, adults or children by id, without people and authorisations.

    The caller has checked that the viewer may read them. Three statements, five for children.
    """
    official = file_values.official_of(kind, subject_ids)
    policies = field_rules.field_policies()
    declared = declarations(kind, subject_ids, viewer)
    return {
        subject_id: Sheet(
            _sections(kind, subject_id, official[subject_id], policies, declared, viewer),
            declared.history({(kind, subject_id)}),
        )
        for subject_id in subject_ids
    }


def sheet(kind: SubjectKind, subject_id: int, viewer: Viewer) -> Sheet:
    """The sheet of one household, adult or child: like `sheets`."""
    return sheets(kind, [subject_id], viewer)[subject_id]


def _sections(
    kind: SubjectKind,
    subject_id: int,
    official: Mapping[str, str | None],
    policies: Mapping[str, Policy],
    declared: Declarations,
    viewer: Viewer,
) -> dict[FileSection, SectionView]:
    found = {}
    for section in (one for one, subject in SECTION_SUBJECTS.items() if subject is kind):
        fields = tuple(
            FieldView(
                field,
                policies[field.key],
                None if viewer.hides(field) else official.get(field.name),
                declared.pending((kind, subject_id), field.name),
                declared.refused((kind, subject_id), field.name),
                viewer.hides(field),
            )
            for field in fields_of(section)
            if policies[field.key].is_shown
        )
        if fields:
            found[section] = SectionView(section, fields)
    return found


# --- The child: people, authorisations ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody who may fetch the child. `person_id` is None while an addition waits."""

    person_id: int | None
    person: Person
    pending: Declaration | None
    refused: Declaration | None

    @property
    def is_leaving(self) -> bool:
        return self.pending is not None and self.pending.wanted is None

    @property
    def shown(self) -> Person:
        """What a form is filled with."""
        if self.pending is None or self.pending.wanted is None:
            return self.person
        return person_from_text(self.pending.wanted)


@dataclass(frozen=True, slots=True)
class Question:
    """A question put about a child, for one structure or for all; `answer` is « oui », « non » or None."""

    type_id: int
    facility_id: int | None
    name: str
    description: str
    facility: str
    answer: str | None
    author: str
    given_on: date | None
    pending: Declaration | None
    refused: Declaration | None

    @property
    def field(self) -> str:
        return authorisation_field(self.type_id, self.facility_id)

    @property
    def words(self) -> str:
        return "pas encore de réponse" if self.answer is None else "Oui" if self.answer == YES else "Non"

    @property
    def shown(self) -> str | None:
        return self.pending.wanted if self.pending else self.answer


@dataclass(frozen=True, slots=True)
class ChildFile:
    """Everything that the parents of a child read and declare."""

    sheet: Sheet
    people: tuple[PersonView, ...]
    questions: tuple[Question, ...]
    readings: tuple[ReadingLine, ...]
    people_policy: Policy
    questions_policy: Policy


_PEOPLE = file_values.PERSONS.order_by(
    AuthorisedPerson.last_name, AuthorisedPerson.first_name, AuthorisedPerson.id
)
_QUESTIONS = (
    select(
        AuthorisationType.id,
        AuthorisationType.name,
        AuthorisationType.description,
        Facility.id.label("facility_id"),
        Facility.name.label("facility"),
        Authorisation.is_allowed,
        Authorisation.author_name,
        Authorisation.given_at,
    )
    .select_from(AuthorisationType)
    .where(AuthorisationType.is_active)
    .order_by(AuthorisationType.position, AuthorisationType.name, Facility.position, Facility.name)
)


def child_file(child_id: int, viewer: Viewer, today: date) -> ChildFile:
    """The file of a child, whom the caller knows to be readable. At most twelve statements."""
    official = file_values.official_of(SubjectKind.CHILD, [child_id])[child_id]
    policies = field_rules.field_policies()
    declared = declarations(SubjectKind.CHILD, [child_id], viewer)
    return ChildFile(
        Sheet(
            _sections(SubjectKind.CHILD, child_id, official, policies, declared, viewer),
            declared.history(declared.subjects),
        ),
        _people(child_id, declared),
        _questions(child_id, today, declared),
        medical.readings_of(child_id),
        policies[WHOLE_SECTIONS[FileSection.CHILD_PEOPLE]],
        policies[WHOLE_SECTIONS[FileSection.CHILD_AUTHORISATIONS]],
    )


def _people(child_id: int, declared: Declarations) -> tuple[PersonView, ...]:
    present = [
        PersonView(
            row.id,
            file_values.person_of(row),
            declared.pending((SubjectKind.PERSON, row.id), PERSON_FIELD),
            declared.refused((SubjectKind.PERSON, row.id), PERSON_FIELD),
        )
        for row in db.session.execute(_PEOPLE.where(AuthorisedPerson.child_id == child_id))
    ]
    added = [
        PersonView(
            None,
            person_from_text(one.wanted),
            one if one.is_pending else None,
            None if one.is_pending else one,
        )
        for one in declared.additions((SubjectKind.CHILD, child_id))
        if one.wanted is not None
    ]
    return (*present, *added)


def _questions(child_id: int, today: date, declared: Declarations) -> tuple[Question, ...]:
    enrolled = select(Enrolment.facility_id).where(
        Enrolment.child_id == child_id, Enrolment.last_day >= today
    )
    rows = db.session.execute(
        _QUESTIONS.outerjoin(Facility, and_(AuthorisationType.is_per_facility, Facility.id.in_(enrolled)))
        .outerjoin(
            Authorisation,
            and_(
                Authorisation.type_id == AuthorisationType.id,
                Authorisation.child_id == child_id,
                Authorisation.ended_at.is_(None),
                Authorisation.facility_id.is_not_distinct_from(Facility.id),
            ),
        )
        .where(or_(AuthorisationType.is_per_facility.is_(False), Facility.id.is_not(None)))
    )
    subject = (SubjectKind.CHILD, child_id)
    return tuple(
        Question(
            row.id,
            row.facility_id,
            row.name,
            row.description,
            row.facility or "",
            None if row.is_allowed is None else YES if row.is_allowed else NO,
            row.author_name or "",
            paris_now(row.given_at).date() if row.given_at else None,
            declared.pending(subject, authorisation_field(row.id, row.facility_id)),
            declared.refused(subject, authorisation_field(row.id, row.facility_id)),
        )
        for row in rows
    )
