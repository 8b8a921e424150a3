"""What families declare, and what an agent types for them (S06, S33, S34, S36, S46 to S49)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from adapters import numbers
from domain import change_rules
from domain.calendar import paris_now
from domain.enums import ChangeState, ChoiceList, FileSection, SubjectKind
from domain.errors import NotFound, Refused, Stale
from domain.family_file import (
    ADDED_PERSON_FIELD,
    ALWAYS_REQUIRED,
    NO,
    PERSON_FIELD,
    SECTION_SUBJECTS,
    WHOLE_SECTIONS,
    YES,
    FieldKind,
    FileField,
    Person,
    Policy,
    authorisation_field,
    fields_of,
    person_from_text,
    person_to_text,
)
from domain.field_values import Checker, FieldErrors, tidy
from domain.french import NBSP
from models import AuthorisationType, ChangeLine, ChangeRequest, Facility
from queries import field_rules, file_values
from services import medical_readings
from services.accounts import Author
from services.change_requests import subjects, telling
from services.change_requests.sending import (
    Declared,
    Form,
    Wish,
    already_sent,
    end_line,
    pending_line,
    send,
)
from services.change_requests.subjects import Subject
from services.transaction import write_transaction

Texts = Mapping[str, str | None]
Answers = Mapping[tuple[int, int | None], bool]
_TOKEN_BYTES = 8
_NUMBERS = {FieldKind.PHONE: numbers.phone, FieldKind.IBAN: numbers.iban}


# --- Fields -------------------------------------------------------------------------------------------------


def declare(
    subject_kind: SubjectKind,
    subject_id: int,
    section: FileSection,
    values: Texts,
    *,
    seen: Texts,
    household_id: int,
    author: Author,
    author_name: str,
    submission_key: str,
    now: datetime,
    shown: Texts | None = None,
) -> Declared:
    """Declare fields of one section of a household, an adult or a child. What `values` leaves out stays.

    `seen`: the official values that the parent had on screen, by field; one left out was as it is now.
    `shown`: what the fields were filled with, where that is not the value that waits, else the official one.
    The same `submission_key` again gives the same answer and changes nothing.

    Raises NotFound for a subject outside the household or a field outside the section, FieldErrors with the
    instruction of each value that cannot be kept, Refused `not_editable`.
    """
    form = Form(household_id, section, author, author_name, submission_key, now)
    return _send_fields(form, subject_kind, subject_id, values, seen, shown or {})


def record(
    subject_kind: SubjectKind,
    subject_id: int,
    section: FileSection,
    values: Texts,
    *,
    seen: Texts,
    household_id: int,
    author: Author,
    author_name: str,
    submission_key: str,
    now: datetime,
    may_read_medical: bool = False,
) -> Declared:
    """Write what a family told an agent, official at once, with its channel (S06).

    What the family declared on the portal meanwhile stays to be answered, unless it is that very value: then
    it is accepted. Raises like `declare`, Stale when `seen` is no longer official, Refused `medical_right`.
    """
    require_medical_right(section, may_read_medical)
    form = Form(household_id, section, author, author_name, submission_key, now, by_service=True)
    return _send_fields(form, subject_kind, subject_id, values, seen, {})


def require_medical_right(section: FileSection, may_read_medical: bool) -> None:
    """Health is written and decided by who may read it. Raises Refused."""
    if section is FileSection.CHILD_MEDICAL and not may_read_medical:
        raise medical_readings.no_right()


def _send_fields(
    form: Form, kind: SubjectKind, subject_id: int, values: Texts, seen: Texts, shown: Texts
) -> Declared:
    fields = {field.name: field for field in fields_of(form.section)}
    if SECTION_SUBJECTS[form.section] is not kind or not values.keys() <= fields.keys():
        raise NotFound
    with write_transaction() as session:
        subject = subjects.find(session, kind, subject_id, form.household_id)
        sent = already_sent(session, form)
        if sent is not None:
            return sent
        policies = field_rules.field_policies()
        asked = [fields[name] for name in values]
        if not form.by_service:
            _require_editable([(policies[field.key], field.label) for field in asked])
        official = file_values.official(kind, subject_id)
        waiting = _waiting(session, form, subject)
        wishes = [
            _field_wish(field, subject, policies[field.key], official, seen, shown, waiting)
            for field in asked
        ]
        return _send(session, form, _checked(form, asked, wishes, values, official, policies))


def _require_editable(asked: Sequence[tuple[Policy, str]]) -> None:
    for policy, label in asked:
        if not (policy.is_shown and policy.is_editable):
            raise Refused(
                "not_editable",
                f"«{NBSP}{label}{NBSP}» ne se modifie plus sur le portail{NBSP}: contactez le service.",
            )


def _waiting(session: Session, form: Form, subject: Subject) -> dict[str, change_rules.Pending]:
    """The values that wait, by field: the form of a family came filled with them, the one of an agent not."""
    if form.by_service:
        return {}
    rows = session.execute(
        select(ChangeLine.field, ChangeLine.wanted_value).where(
            ChangeLine.subject_kind == subject.kind,
            ChangeLine.subject_id == subject.id,
            ChangeLine.state == ChangeState.PENDING,
        )
    )
    return {row.field: change_rules.Pending(row.wanted_value) for row in rows}


def _field_wish(
    field: FileField,
    subject: Subject,
    policy: Policy,
    official: Texts,
    seen: Texts,
    shown: Texts,
    waiting: Mapping[str, change_rules.Pending],
) -> Wish:
    """The field as the form came: what was typed is put in once it is checked."""
    stood = seen.get(field.name, official.get(field.name))
    at_first = shown.get(field.name, change_rules.shown_at_first(stood, waiting.get(field.name)))
    return Wish(
        subject, field.name, at_first, stood, at_first, policy.needs_control, is_safety=field.is_safety
    )


def _checked(
    form: Form,
    asked: Sequence[FileField],
    wishes: Sequence[Wish],
    values: Texts,
    official: Texts,
    policies: Mapping[str, Policy],
) -> list[Wish]:
    """The wishes with what was typed. A field left as it came is not checked again, unless it must be filled.

    Raises FieldErrors.
    """
    checker = _checker(form.now, asked, official, values)
    errors: dict[str, str] = {}
    checked = []
    for field, wish in zip(asked, wishes, strict=True):
        is_required = _is_required(form, field, policies)
        typed = tidy(values[field.name], keep_lines=field.kind is FieldKind.TEXT)
        if typed and typed == wish.shown:
            checked.append(wish)
            continue
        try:
            wanted = checker.value(field, typed, is_required=is_required)
        except Refused as refusal:
            errors[field.name] = refusal.message
        else:
            checked.append(replace(wish, wanted=wanted))
    if errors:
        raise FieldErrors(errors)
    return checked


def _is_required(form: Form, field: FileField, policies: Mapping[str, Policy]) -> bool:
    """An agent may leave empty what the town asks of families: the family is not always there to tell."""
    return field.key in ALWAYS_REQUIRED if form.by_service else policies[field.key].is_required


def _checker(now: datetime, asked: Sequence[FileField], official: Texts, typed: Texts) -> Checker:
    """A word that the town took off its list stays allowed where it stands; a list that the town has not
    written yet takes any word."""
    choices = field_rules.choices() if any(isinstance(one.choices, ChoiceList) for one in asked) else {}
    offered = {
        one.name: {*(choices[one.choices] or [tidy(typed[one.name])]), official.get(one.name) or ""}
        for one in asked
        if isinstance(one.choices, ChoiceList)
    }
    return Checker(paris_now(now).date(), _NUMBERS, offered)


# --- People who fetch the child -----------------------------------------------------------------------------


def declare_person(
    child_id: int,
    person_id: int | None,
    person: Person | None,
    *,
    household_id: int,
    author: Author,
    author_name: str,
    submission_key: str,
    now: datetime,
    seen: Person | None = None,
    added: str | None = None,
) -> Declared:
    """Declare somebody who may fetch a child: added (no `person_id`), edited, removed (no `person`).

    `added`: the field of an addition that still waits, to change it, or to take it back without `person`.
    `seen`: the person as the parent had it on screen; left out, as it is now.

    Raises NotFound, FieldErrors by the fields of `Person`, Refused `not_editable`, Stale when the addition no
    longer waits.
    """
    form = Form(household_id, FileSection.CHILD_PEOPLE, author, author_name, submission_key, now)
    return _send_person(form, child_id, person_id, person, seen, added)


def record_person(
    child_id: int,
    person_id: int | None,
    person: Person | None,
    *,
    household_id: int,
    author: Author,
    author_name: str,
    submission_key: str,
    now: datetime,
    seen: Person | None = None,
) -> Declared:
    """The same, told to an agent: official at once (S06). Raises like `declare_person`, Stale."""
    form = Form(
        household_id, FileSection.CHILD_PEOPLE, author, author_name, submission_key, now, by_service=True
    )
    return _send_person(form, child_id, person_id, person, seen, None)


def _send_person(
    form: Form,
    child_id: int,
    person_id: int | None,
    person: Person | None,
    seen: Person | None,
    added: str | None,
) -> Declared:
    if person_id is None and person is None and added is None:
        raise NotFound
    person = None if person is None else _checker(form.now, (), {}, {}).person(person)
    with write_transaction() as session:
        child = subjects.find(session, SubjectKind.CHILD, child_id, form.household_id)
        sent = already_sent(session, form)
        if sent is not None:
            return sent
        policy = field_rules.field_policies()[WHOLE_SECTIONS[form.section]]
        if not form.by_service:
            _require_editable([(policy, "Personnes autorisées")])
        subject, field = _whom(session, child, person_id, added)
        official = subjects.official(subject, field)
        former = None if official is None else person_from_text(official)
        stood = official if seen is None else person_to_text(seen)
        wish = Wish(
            subject,
            field,
            wanted=None if person is None else person_to_text(person),
            seen=stood,
            shown=change_rules.shown_at_first(stood, _waiting(session, form, subject).get(field)),
            needs_control=policy.needs_control,
            is_safety=change_rules.person_is_safety(former, person),
        )
        return _send(session, form, [wish])


def _whom(session: Session, child: Subject, person_id: int | None, added: str | None) -> tuple[Subject, str]:
    """The subject and the field of a person of this child. Raises NotFound, Stale."""
    if person_id is not None:
        if not any(one == person_id for one in file_values.people_ids(child.id)):
            raise NotFound
        return Subject(SubjectKind.PERSON, person_id, child_id=child.id), PERSON_FIELD
    if added is None:
        return child, f"{ADDED_PERSON_FIELD}:{secrets.token_hex(_TOKEN_BYTES)}"
    if added.partition(":")[0] != ADDED_PERSON_FIELD:
        raise NotFound
    if pending_line(session, child, added) is None:
        raise Stale("Cet ajout a déjà reçu une réponse. Voici la situation actuelle.")
    return child, added


# --- Authorisations -----------------------------------------------------------------------------------------


def declare_authorisations(
    child_id: int,
    answers: Answers,
    *,
    household_id: int,
    author: Author,
    author_name: str,
    submission_key: str,
    now: datetime,
    seen: Answers | None = None,
) -> Declared:
    """Declare answers to the town's questions about a child: (type, facility or None) → yes or no.

    `seen`: the official answers that the parent had on screen; left out, as they are now. Raises NotFound for
    a question that is not put, Refused `not_editable`.
    """
    form = Form(household_id, FileSection.CHILD_AUTHORISATIONS, author, author_name, submission_key, now)
    return _send_answers(form, child_id, answers, seen)


def record_authorisations(
    child_id: int,
    answers: Answers,
    *,
    household_id: int,
    author: Author,
    author_name: str,
    submission_key: str,
    now: datetime,
    seen: Answers | None = None,
) -> Declared:
    """The same, told to an agent: official at once (S06). Raises like `declare_authorisations`, Stale."""
    form = Form(
        household_id,
        FileSection.CHILD_AUTHORISATIONS,
        author,
        author_name,
        submission_key,
        now,
        by_service=True,
    )
    return _send_answers(form, child_id, answers, seen)


def _send_answers(form: Form, child_id: int, answers: Answers, seen: Answers | None) -> Declared:
    with write_transaction() as session:
        child = subjects.find(session, SubjectKind.CHILD, child_id, form.household_id)
        sent = already_sent(session, form)
        if sent is not None:
            return sent
        policy = field_rules.field_policies()[WHOLE_SECTIONS[form.section]]
        if not form.by_service:
            _require_editable([(policy, "Autorisations")])
        types = _questions(session, answers)
        official = file_values.official(SubjectKind.CHILD, child_id)
        waiting = _waiting(session, form, child)
        wishes = []
        for (type_id, facility_id), is_allowed in answers.items():
            field = authorisation_field(type_id, facility_id)
            wanted = YES if is_allowed else NO
            stood = official.get(field)
            if seen is not None and (type_id, facility_id) in seen:
                stood = YES if seen[type_id, facility_id] else NO
            wish = Wish(
                child,
                field,
                wanted,
                seen=stood,
                shown=change_rules.shown_at_first(stood, waiting.get(field)),
                needs_control=policy.needs_control,
                is_safety=change_rules.authorisation_is_safety(wanted, type_is_safety=types[type_id]),
            )
            wishes.append(wish)
        return _send(session, form, wishes)


def _questions(session: Session, answers: Answers) -> dict[int, bool]:
    """Which of the questions are of safety. Raises NotFound for one that the town does not put."""
    types = {row.id: row for row in session.scalars(select(AuthorisationType))}
    facilities = set(session.scalars(select(Facility.id)))
    for type_id, facility_id in answers:
        kind = types.get(type_id)
        if kind is None or not kind.is_active or kind.is_per_facility != (facility_id is not None):
            raise NotFound
        if facility_id is not None and facility_id not in facilities:
            raise NotFound
    return {type_id: kind.is_safety for type_id, kind in types.items()}


# --- Sent and taken back ------------------------------------------------------------------------------------


def _send(session: Session, form: Form, wishes: Sequence[Wish]) -> Declared:
    """Send; what an agent typed just as the family had declared it is an answer to the family."""
    waiting = {
        (line.subject_kind, line.subject_id, line.field): line
        for wish in wishes
        if form.by_service and (line := pending_line(session, wish.subject, wish.field)) is not None
    }
    answer = send(session, form, wishes)
    answered: dict[int, list[ChangeLine]] = {}
    for line in waiting.values():
        if line.state is ChangeState.ACCEPTED:
            answered.setdefault(line.request_id, []).append(line)
    for request_id, lines in answered.items():
        telling.announce(session, session.get_one(ChangeRequest, request_id), lines, form.now)
    return answer


def withdraw(line_id: int, *, household_id: int, author: Author, now: datetime) -> None:
    """Take back a change that waits; it stays in the history (S36).

    Raises NotFound for a line about somebody outside the household, Stale once it has an answer.
    """
    with write_transaction() as session:
        line = session.get(ChangeLine, line_id)
        if line is None:
            raise NotFound
        subject = _subject_of(session, line, household_id)
        end_line(session, line_id, ChangeState.WITHDRAWN, author.user_id, now)
        telling.record(
            session,
            "change.withdrawn",
            subject,
            household_id=household_id,
            author=author,
            now=now,
            before={line.field: telling.journal_value(subject, line.field, line.wanted_value)},
            after={
                line.field: telling.journal_value(subject, line.field, subjects.official(subject, line.field))
            },
        )


def _subject_of(session: Session, line: ChangeLine, household_id: int) -> Subject:
    """The subject of a line, locked. A person may be gone: the sheet of the child counts. Raises NotFound."""
    if line.subject_kind is not SubjectKind.PERSON:
        return subjects.find(session, line.subject_kind, line.subject_id, household_id)
    child_id = session.get_one(ChangeRequest, line.request_id).child_id
    child = subjects.find(session, SubjectKind.CHILD, child_id, household_id)
    return Subject(SubjectKind.PERSON, line.subject_id, child_id=child.id)
