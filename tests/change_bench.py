"""A family whose file changes, and the acts on it: the usual start of a test of declared changes."""

import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from domain import change_rules
from domain.enums import ChangeState, Channel, FileSection, SubjectKind
from domain.family_file import SECTION_SUBJECTS, Person, Policy
from models import (
    AuditEvent,
    AuthorisationType,
    AuthorisedPerson,
    ChangeLine,
    ChangeRequest,
    FieldRule,
    HouseholdChild,
)
from queries import file_values
from services import change_requests
from services.accounts import Author
from services.change_requests import Decided, Declared
from services.transaction import write_transaction
from tests.factories import World

ACCEPT, REFUSE = ChangeState.ACCEPTED, ChangeState.REFUSED
Answers = Mapping[tuple[int, int | None], bool]


class Bench:
    """Claire (with an access) and Léo in one household, an agent."""

    def __init__(self, world: World) -> None:
        self.world, self.app = world, world.app
        self.home = world.household()
        self.user = world.user()
        self.claire = world.guardian(self.home, user_id=self.user.id, email=self.user.email)
        self.leo = world.child(self.home)
        self.agent = world.staff()
        self._keys = itertools.count(1)

    # Acts

    def declare(
        self,
        section: FileSection,
        *,
        kind: SubjectKind | None = None,
        subject_id: int | None = None,
        seen: Mapping[str, str | None] | None = None,
        shown: Mapping[str, str | None] | None = None,
        key: str = "",
        author: int | None = None,
        **values: str | None,
    ) -> Declared:
        kind = kind or SECTION_SUBJECTS[section]
        with self.app.app_context():
            return change_requests.declare(
                kind,
                subject_id or self.subject(kind),
                section,
                values,
                seen=seen or {},
                shown=shown,
                **self._form(author or self.user.id, "Claire SOLIGNAC", key=key),
            )

    def record(
        self,
        section: FileSection,
        *,
        seen: Mapping[str, str | None] | None = None,
        channel: Channel = Channel.COUNTER,
        may_read_medical: bool = False,
        **values: str | None,
    ) -> Declared:
        kind = SECTION_SUBJECTS[section]
        with self.app.app_context():
            return change_requests.record(
                kind,
                self.subject(kind),
                section,
                values,
                seen=seen or {},
                may_read_medical=may_read_medical,
                **self._form(self.agent.id, "Agnès MARTIN", channel),
            )

    def person(
        self, person_id: int | None, person: Person | None, *, child_id: int | None = None, **more: Any
    ) -> Declared:
        with self.app.app_context():
            return change_requests.declare_person(
                child_id or self.leo.id,
                person_id,
                person,
                **self._form(self.user.id, "Claire SOLIGNAC"),
                **more,
            )

    def record_person(self, person_id: int | None, person: Person | None, **more: Any) -> Declared:
        with self.app.app_context():
            return change_requests.record_person(
                self.leo.id,
                person_id,
                person,
                **self._form(self.agent.id, "Agnès MARTIN", Channel.COUNTER),
                **more,
            )

    def answer(self, answers: Answers, **more: Any) -> Declared:
        with self.app.app_context():
            return change_requests.declare_authorisations(
                self.leo.id, answers, **self._form(self.user.id, "Claire SOLIGNAC"), **more
            )

    def record_answer(self, answers: Answers, **more: Any) -> Declared:
        with self.app.app_context():
            return change_requests.record_authorisations(
                self.leo.id, answers, **self._form(self.agent.id, "Agnès MARTIN", Channel.COUNTER), **more
            )

    def withdraw(self, line_id: int | None = None, household_id: int | None = None) -> None:
        line_id = line_id or self.lines()[-1].id
        with self.app.app_context():
            change_requests.withdraw(
                line_id,
                household_id=household_id or self.home.id,
                author=Author(self.user.id),
                now=self.world.now,
            )

    def decide(
        self,
        decisions: Mapping[int, ChangeState],
        reasons: Mapping[int, str] | None = None,
        *,
        request_id: int | None = None,
        current: Mapping[int, str] | None = None,
        may_read_medical: bool = False,
        agent: int | None = None,
    ) -> Decided:
        """Unless told otherwise the agent has seen the official values that stand."""
        lines = {line.id: line for line in self.lines()}
        with self.app.app_context():
            return change_requests.decide(
                request_id or lines[next(iter(decisions))].request_id,
                decisions,
                reasons or {},
                current=self.fingerprints(decisions) if current is None else current,
                author=Author(agent or self.agent.id),
                now=self.world.now,
                may_read_medical=may_read_medical,
            )

    def accept_all(self) -> None:
        """Accept every line that waits, request by request."""
        waiting: dict[int, dict[int, ChangeState]] = {}
        for line in self.lines():
            if line.state is ChangeState.PENDING:
                waiting.setdefault(line.request_id, {})[line.id] = ACCEPT
        for decisions in waiting.values():
            self.decide(decisions, may_read_medical=True)

    def _form(
        self, user_id: int, name: str, channel: Channel = Channel.PORTAL, key: str = ""
    ) -> dict[str, Any]:
        return {
            "household_id": self.home.id,
            "author": Author(user_id, channel),
            "author_name": name,
            "submission_key": key or f"{self.home.id}-{next(self._keys)}",
            "now": self.world.now,
        }

    # The world

    def subject(self, kind: SubjectKind) -> int:
        return {
            SubjectKind.HOUSEHOLD: self.home.id,
            SubjectKind.GUARDIAN: self.claire.id,
            SubjectKind.CHILD: self.leo.id,
        }[kind]

    def rule(self, field: str, **policy: bool) -> None:
        defaults = Policy()
        names = ("is_shown", "is_editable", "is_required", "needs_control")
        columns = {name: policy.get(name, getattr(defaults, name)) for name in names}
        self.world.add(FieldRule(field=field, **columns))

    def set(self, table: type, row_id: int, **columns: Any) -> None:
        """The service changes a row behind the family's back."""
        with self.app.app_context(), write_transaction() as session:
            session.execute(update(table).where(table.id == row_id).values(**columns))

    def set_link(self, household_id: int, child_id: int, **columns: Any) -> None:
        link = (HouseholdChild.household_id == household_id, HouseholdChild.child_id == child_id)
        with self.app.app_context(), write_transaction() as session:
            session.execute(update(HouseholdChild).where(*link).values(**columns))

    def known_person(self, person: Person) -> AuthorisedPerson:
        columns = {name: getattr(person, name) for name in Person.__slots__}
        return self.world.add(AuthorisedPerson(child_id=self.leo.id, **columns))

    def question(self, name: str, **columns: Any) -> AuthorisationType:
        return self.world.add(AuthorisationType(name=name, **columns))

    def wait(self, **duration: float) -> None:
        self.app.config["CLOCK"].move_to(self.world.now + timedelta(**duration))

    # What the database holds

    def lines(self) -> list[ChangeLine]:
        return self.world.all(select(ChangeLine).order_by(ChangeLine.id))

    def states(self) -> list[ChangeState]:
        return [line.state for line in self.lines()]

    def events(self) -> list[AuditEvent]:
        return self.world.all(select(AuditEvent).order_by(AuditEvent.id))

    def official(self, kind: SubjectKind, subject_id: int) -> dict[str, str | None]:
        with self.app.app_context():
            return file_values.official(kind, subject_id)

    def fingerprints(self, line_ids: Any) -> dict[int, str]:
        return {
            line.id: change_rules.fingerprint(
                self.official(line.subject_kind, line.subject_id).get(line.field)
            )
            for line in self.lines()
            if line.id in line_ids
        }

    def request(self) -> ChangeRequest:
        return self.world.one(ChangeRequest)
