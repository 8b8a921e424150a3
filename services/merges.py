"""Two files become one, or two sheets of one person (R03): all moves in one transaction, nothing is lost.

The duplicate stays, empty, with `merged_into_id`: its number still leads to the file that was kept, and its
journal is read there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import AccountStatus, BookingState, ChangeState, EnrolmentState, SubjectKind
from domain.errors import Refused, Stale
from domain.merging import KEPT, OTHER, MergeKind, merged_health, wanted_values
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import (
    Attendance,
    Authorisation,
    Booking,
    BookingDraftLine,
    BookingReminder,
    ChangeLine,
    CustodyCalendar,
    CustodyException,
    CustodySwap,
    DefaultWeekDay,
    Enrolment,
    EnrolmentRequest,
    ErasureNotice,
    Guardian,
    Household,
    HouseholdChild,
    HouseholdGuardian,
    MedicalRecord,
    QuotientFamilial,
    QuotientWarning,
    RuleFact,
    Schooling,
    User,
)
from queries import merges as merge_queries
from queries.merges import TABLES, Comparison
from services import (
    accounts,
    audit,
    booking_life,
    households,
    name_index,
    places,
    records,
    waiting_lists,
)
from services.accounts import Author
from services.transaction import write_transaction

HIDDEN = "•••"
_SEALED = frozenset({"iban", "iban_holder"})
_SUBJECTS = {
    MergeKind.HOUSEHOLD: SubjectKind.HOUSEHOLD,
    MergeKind.ADULT: SubjectKind.GUARDIAN,
    MergeKind.CHILD: SubjectKind.CHILD,
}
# Columns that name a household, an adult or a child and stay as they are.
STAYS = frozenset(
    {
        "audit_event.household_id",  # the journal is never rewritten: the kept file reads both
        "booking_event.household_id",  # nor is the history of bookings
        "household.merged_into_id",
        "guardian.merged_into_id",
        "child.merged_into_id",
    }
)
# Better kept first, when one day is booked twice.
_BOOKING_ORDER = (
    BookingState.ACCEPTED,
    BookingState.PENDING,
    BookingState.OFFERED,
    BookingState.WAITING,
    BookingState.REQUESTED,
)
_ASKED_TWICE = "L’enfant avait deux fiches\u00a0: cette inscription était demandée deux fois."
_DOUBLE = "L’enfant avait deux fiches\u00a0: ce jour était réservé deux fois."


def fingerprint(comparison: Comparison) -> str:
    """What the agent had on screen."""
    return households.fingerprint(comparison)


def merge(
    kind: MergeKind,
    kept_id: int,
    other_id: int,
    answers: Mapping[str, str],
    *,
    seen: str,
    author: Author,
    now: datetime,
) -> None:
    """Make `other_id` a trace of `kept_id`. `answers`: by choice, `domain.merging` KEPT or OTHER; « access »
    says whose access stays when both have one, the other is suspended.

    Raises NotFound, Stale when something moved since the page was shown, Refused `access` without answer,
    `waiting` when a declaration of safety would be lost.
    """
    with write_transaction() as session:
        _lock(session, kind, kept_id, other_id)
        comparison = merge_queries.compare(kind, kept_id, other_id)
        if fingerprint(comparison) != seen:
            raise Stale(
                "Un des deux dossiers vient de changer. Voici ce qu’il contient maintenant\u00a0: "
                "relisez, puis fusionnez."
            )
        _Merger(session, comparison, answers, author, now).run()


def _lock(session: Session, kind: MergeKind, *ids: int) -> None:
    """Always in the same order, so that two agents do not wait for each other: the booked days first, as a
    family that validates holds them before it needs its household and its children."""
    owners = {MergeKind.HOUSEHOLD: Booking.household_id, MergeKind.CHILD: Booking.child_id}
    if kind in owners:
        booked = select(Booking.opening_id).where(owners[kind].in_(ids), Booking.state.in_(ACTIVE_STATES))
        places.lock(session, booked)
    table = TABLES[kind]
    session.execute(select(table.id).where(table.id.in_(ids)).order_by(table.id).with_for_update())


class _Merger:
    def __init__(
        self,
        session: Session,
        comparison: Comparison,
        answers: Mapping[str, str],
        author: Author,
        now: datetime,
    ) -> None:
        self.session, self.comparison, self.answers = session, comparison, answers
        self.author, self.now = author, now
        self.kind, self.kept_id, self.other_id = comparison.kind, comparison.kept_id, comparison.other_id
        table = TABLES[self.kind]
        self.kept = session.get_one(table, self.kept_id)
        self.other = session.get_one(table, self.other_id)
        self.files = self._files()
        self.left: dict[str, Any] = {}

    def run(self) -> None:
        former = self._values(self.kept)
        other = self._values(self.other)
        prepare: Mapping[MergeKind, Callable[[], None]] = {
            MergeKind.HOUSEHOLD: self._prepare_households,
            MergeKind.ADULT: self._prepare_adults,
            MergeKind.CHILD: self._prepare_children,
        }
        prepare[self.kind]()
        self._settle_pending_changes()
        self.session.flush()
        self._move_references()
        self.other.merged_into_id = self.kept_id
        table = TABLES[self.kind]
        self.session.execute(
            update(table).where(table.merged_into_id == self.other_id).values(merged_into_id=self.kept_id)
        )
        self._write_values()
        self.session.flush()
        name_index.rewrite(self.session, self.files | self._files())
        self._tell(former, other)

    def _files(self) -> set[int]:
        """The households that the act concerns."""
        ids = [self.kept_id, self.other_id]
        if self.kind is MergeKind.HOUSEHOLD:
            return set(ids)
        link, column = (
            (HouseholdGuardian, HouseholdGuardian.guardian_id)
            if self.kind is MergeKind.ADULT
            else (HouseholdChild, HouseholdChild.child_id)
        )
        return set(self.session.scalars(select(link.household_id).where(column.in_(ids))))

    # Values

    @staticmethod
    def _values(row: Any) -> dict[str, Any]:
        """What the journal keeps of a row."""
        names = [column.key for column in row.__table__.columns if column.key not in ("id", "search_text")]
        values = {name: getattr(row, name) for name in names}
        shown = {name: HIDDEN if name in _SEALED and value else value for name, value in values.items()}
        return records.plain(shown)

    def _write_values(self) -> None:
        names = {name for line in self.comparison.lines for name in line.choice.names}
        wanted = wanted_values(
            self.kind,
            self.answers,
            {name: getattr(self.kept, name) for name in names},
            {name: getattr(self.other, name) for name in names},
        )
        if isinstance(self.kept, Household):
            households.set_address(self.session, self.kept, wanted, paris_now(self.now).date())
            return
        if isinstance(self.kept, Guardian) and self.kept.user_id is not None:
            wanted["email"] = self.session.get_one(User, self.kept.user_id).email
        for name, value in wanted.items():
            setattr(self.kept, name, value)

    # Households

    def _prepare_households(self) -> None:
        pair = (self.kept_id, self.other_id)
        self._drop_doubles(HouseholdGuardian, "household_id", "guardian_id")
        self._drop_double_children("household_id", "child_id")
        self._drop_doubles(RuleFact, "household_id", "child_id", "name")
        between = select(CustodyCalendar).where(
            CustodyCalendar.even_household_id.in_(pair), CustodyCalendar.odd_household_id.in_(pair)
        )
        for calendar in self.session.scalars(between):
            self._leave(calendar)
        self._drop_swaps(pair)
        self._drop_doubles(BookingReminder, "household_id", "facility_id", "week")
        self._drop_doubles(QuotientWarning, "household_id", "season", "number")
        self._drop_doubles(ErasureNotice, "household_id", "last_day")
        self._drop_doubles(
            DefaultWeekDay, "household_id", "child_id", "presence_type_id", "weekday", "parity"
        )
        places = select(HouseholdGuardian.position).where(HouseholdGuardian.household_id == self.kept_id)
        last = max(self.session.scalars(places), default=0)
        self.session.execute(
            update(HouseholdGuardian)
            .where(HouseholdGuardian.household_id == self.other_id)
            .values(position=HouseholdGuardian.position + last)
        )

    def _drop_swaps(self, pair: tuple[int, int]) -> None:
        """A household swaps no days with itself; the days that an accepted swap gave stay what they are."""
        between = select(CustodySwap).where(
            CustodySwap.household_id.in_(pair), CustodySwap.to_household_id.in_(pair)
        )
        for swap in self.session.scalars(between).all():
            self.session.execute(
                update(CustodyException).where(CustodyException.swap_id == swap.id).values(swap_id=None)
            )
            self._leave(swap)

    # Adults

    def _prepare_adults(self) -> None:
        self._drop_doubles(HouseholdGuardian, "guardian_id", "household_id")
        self.kept.has_secret_contact = self.kept.has_secret_contact or self.other.has_secret_contact
        accesses = self.comparison.accesses
        if accesses is not None:
            answer = self.answers.get("access")
            if answer not in (KEPT, OTHER):
                raise Refused("access", "Choisissez lequel des deux accès au portail reste ouvert.")
            stays, goes = accesses if answer == KEPT else reversed(accesses)
            user = self.session.get_one(User, goes.user_id)
            if user.status is not AccountStatus.SUSPENDED:
                accounts.close_door(self.session, user, self.author, self.now)
            self._give_access(stays.user_id, goes.user_id)
        elif self.other.user_id is not None:
            self._give_access(self.other.user_id, None)

    def _give_access(self, kept: int, other: int | None) -> None:
        """One account is one adult's: both let go of theirs before either takes one."""
        self.kept.user_id = self.other.user_id = None
        self.session.flush()
        self.kept.user_id, self.other.user_id = kept, other

    # Children

    def _prepare_children(self) -> None:
        self._drop_double_children("child_id", "household_id")
        self._drop_custody()
        self._drop_doubles(RuleFact, "child_id", "household_id", "name")
        self._drop_doubles(Schooling, "child_id", "school_year")
        self._drop_doubles(Attendance, "child_id", "opening_id")
        self._drop_doubles(BookingDraftLine, "child_id", "draft_id", "opening_id")
        self._drop_doubles(
            DefaultWeekDay, "child_id", "household_id", "presence_type_id", "weekday", "parity"
        )
        self._join_health()
        self._end_double_answers()
        self._drop_covered_enrolments()
        self._withdraw_double_enrolments()
        self._cancel_double_bookings()

    def _join_health(self) -> None:
        theirs = self.session.get(MedicalRecord, self.other_id)
        if theirs is None:
            return
        mine = self.session.get(MedicalRecord, self.kept_id)
        kept = json.loads(mine.content) if mine else {}
        content = json.dumps(
            merged_health(kept, json.loads(theirs.content)), ensure_ascii=False, sort_keys=True
        )
        if mine is None:
            self.session.add(MedicalRecord(child_id=self.kept_id, content=content, updated_at=self.now))
        else:
            mine.content, mine.updated_at = content, self.now
        self.session.delete(theirs)
        self.left["medical_record"] = HIDDEN

    def _end_double_answers(self) -> None:
        """Of two answers to one question in force, a « non » stays; else the later one."""
        rows = self.session.scalars(
            select(Authorisation).where(
                Authorisation.child_id.in_([self.kept_id, self.other_id]), Authorisation.ended_at.is_(None)
            )
        )
        standing: dict[tuple[int, int | None], Authorisation] = {}
        for row in sorted(rows, key=lambda one: (one.is_allowed, -one.given_at.timestamp())):
            if standing.setdefault((row.type_id, row.facility_id), row) is not row:
                row.ended_at = self.now

    def _drop_custody(self) -> None:
        """Of two calendars, and of days said twice, those of the kept child count: they must not overlap."""
        mine = {"child_id": self.kept_id}
        theirs = {"child_id": self.other_id}
        if self.session.scalars(select(CustodyCalendar).filter_by(**mine)).first() is not None:
            for calendar in self.session.scalars(select(CustodyCalendar).filter_by(**theirs)):
                self._leave(calendar)
        known = self.session.scalars(select(CustodyException).filter_by(**mine)).all()
        for row in self.session.scalars(select(CustodyException).filter_by(**theirs)).all():
            if any(one.first_day <= row.last_day and row.first_day <= one.last_day for one in known):
                self._leave(row)
        self.session.flush()

    def _drop_covered_enrolments(self) -> None:
        """An enrolment of the other inside one of the kept in the same place says nothing more."""
        mine = self.session.scalars(select(Enrolment).where(Enrolment.child_id == self.kept_id)).all()
        theirs = self.session.scalars(select(Enrolment).where(Enrolment.child_id == self.other_id)).all()
        for row in theirs:
            if any(
                one.facility_id == row.facility_id
                and one.activity_id in (None, row.activity_id)
                and one.first_day <= row.first_day
                and row.last_day <= one.last_day
                for one in mine
            ):
                self._leave(row)

    def _withdraw_double_enrolments(self) -> None:
        """Of two requests that wait for one activity, the kept child's stays."""
        pending = select(EnrolmentRequest).where(EnrolmentRequest.state == EnrolmentState.PENDING)
        mine = self.session.scalars(pending.where(EnrolmentRequest.child_id == self.kept_id)).all()
        asked = {row.activity_id for row in mine}
        for row in self.session.scalars(pending.where(EnrolmentRequest.child_id == self.other_id)).all():
            if row.activity_id in asked:
                row.state, row.decided_at, row.reason = EnrolmentState.WITHDRAWN, self.now, _ASKED_TWICE

    def _cancel_double_bookings(self) -> None:
        """One of two bookings of a day ends with its place; the better one stays, else the kept child's."""
        active = (Booking.child_id.in_([self.kept_id, self.other_id]), Booking.state.in_(ACTIVE_STATES))
        places.lock(self.session, select(Booking.opening_id).where(*active))
        rows = self.session.scalars(select(Booking).where(*active))
        standing: dict[int, Booking] = {}
        doubles = []
        for row in sorted(
            rows, key=lambda one: (_BOOKING_ORDER.index(one.state), one.child_id != self.kept_id)
        ):
            if standing.setdefault(row.opening_id, row) is not row:
                doubles.append(row)
        actor = booking_life.agent(self.session, self.author.user_id, self.author.channel)
        for row in doubles:
            booking_life.move(self.session, row, BookingState.CANCELLED, actor, self.now, _DOUBLE)
            self.left.setdefault("cancelled_bookings", []).append([row.id, row.day.isoformat()])
        waiting_lists.serve(self.session, {row.opening_id for row in doubles}, self.now)

    # What both share

    def _drop_doubles(self, table: type, owner: str, *key: str) -> None:
        """Rows of the other that the kept one has too; the journal keeps what they held."""
        column = getattr(table, owner)
        mine = self.session.scalars(select(table).where(column == self.kept_id)).all()
        known = {tuple(getattr(row, name) for name in key) for row in mine}
        for row in self.session.scalars(select(table).where(column == self.other_id)).all():
            if tuple(getattr(row, name) for name in key) in known:
                self._leave(row)
        self.session.flush()

    def _drop_double_children(self, owner: str, key: str) -> None:
        """A child stands once in a household; read by name only if one of the two links said so."""
        column = getattr(HouseholdChild, owner)
        restricted = select(getattr(HouseholdChild, key)).where(
            column == self.other_id, HouseholdChild.is_restricted
        )
        self.session.execute(
            update(HouseholdChild)
            .where(column == self.kept_id, getattr(HouseholdChild, key).in_(restricted))
            .values(is_restricted=True)
        )
        self._drop_doubles(HouseholdChild, owner, key)

    def _leave(self, row: Any) -> None:
        values = records.plain({column.key: getattr(row, column.key) for column in row.__table__.columns})
        self.left.setdefault(row.__tablename__, []).append(values)
        self.session.delete(row)

    def _settle_pending_changes(self) -> None:
        """A field waits for one answer: where both have one, the other's is replaced by the kept one's."""
        subject = _SUBJECTS[self.kind]
        waiting = (ChangeLine.subject_kind == subject, ChangeLine.state == ChangeState.PENDING)
        mine = select(ChangeLine.field).where(*waiting, ChangeLine.subject_id == self.kept_id)
        fields = list(self.session.scalars(mine))
        self._refuse_two_warnings(waiting, fields)
        self.session.execute(
            update(ChangeLine)
            .where(*waiting, ChangeLine.subject_id == self.other_id, ChangeLine.field.in_(fields))
            .values(state=ChangeState.REPLACED, decided_at=self.now)
        )
        self.session.execute(
            update(ChangeLine)
            .where(ChangeLine.subject_kind == subject, ChangeLine.subject_id == self.other_id)
            .values(subject_id=self.kept_id)
        )

    def _refuse_two_warnings(self, waiting: Sequence[ColumnElement[bool]], fields: Sequence[str]) -> None:
        """What was declared for safety is not dropped without an answer: an allergy, a « non » (S52)."""
        theirs = (ChangeLine.subject_id == self.other_id, ChangeLine.field.in_(fields), ChangeLine.is_safety)
        if self.session.scalar(select(ChangeLine.id).where(*waiting, *theirs).limit(1)) is not None:
            raise Refused(
                "waiting",
                "Les deux fiches ont une modification de sécurité qui attend pour la même information\u00a0: "
                "répondez-y d’abord dans «\u00a0À traiter\u00a0», puis fusionnez.",
            )

    def _move_references(self) -> None:
        """Every column of the schema that names the other row now names the kept one."""
        households_merge = self.kind is MergeKind.HOUSEHOLD
        stay = households_merge and merge_queries.both_have_quotients(self.kept_id, self.other_id)
        for table, column in references(TABLES[self.kind].__tablename__):
            if stay and table.name == QuotientFamilial.__tablename__:
                continue
            cell = table.c[column]
            self.session.execute(update(table).where(cell == self.other_id).values({column: self.kept_id}))
        self.session.expire_all()

    def _tell(self, former: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """The same act on both files: what each was, what became of it."""
        table = TABLES[self.kind].__tablename__
        after = {
            "merged_name": self.comparison.other_name,
            "moved": ", ".join(self.comparison.moving),
            "kept_id": self.kept_id,
            "merged_id": self.other_id,
            "kept": self._values(self.kept),
        }
        before = {"kept": dict(former), "merged": dict(other), "left": self.left}
        for household_id in sorted(self.files | self._files()):
            is_away = self.kind is MergeKind.HOUSEHOLD and household_id == self.other_id
            audit.record(
                self.session,
                at=self.now,
                actor_user_id=self.author.user_id,
                channel=self.author.channel,
                action=f"{table}.merged_away" if is_away else f"{table}.merged",
                object_type=table,
                object_id=self.other_id if is_away else self.kept_id,
                household_id=household_id,
                before=before,
                after=after,
            )


def references(target: str) -> list[tuple[Table, str]]:
    """(table, column) of each foreign key to `target`, but those that stay."""
    return [
        (table, column.name)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == target for key in column.foreign_keys)
        and f"{table.name}.{column.name}" not in STAYS
    ]
