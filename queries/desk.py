"""The one queue of the service, « À traiter » (S35, S108 to S110): changes that families declare, documents
that they send, days and enrolments that they ask for, messages that they write; what came first is due first.

A case of a booking request is the part of one request that concerns one structure, as in `staff_requests`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import ceil
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from domain.enums import ChangeState, DocumentState, EnrolmentState, FileSection, LineAction, LineState
from domain.family_file import CONTROL_TIME
from domain.french import of_name, plural
from extensions import UtcDateTime, db
from models import (
    Activity,
    BookingRequest,
    BookingRequestLine,
    ChangeLine,
    ChangeRequest,
    Child,
    Conversation,
    Document,
    DocumentCategory,
    Enrolment,
    EnrolmentRequest,
    Facility,
    Guardian,
    Household,
    HouseholdChild,
)
from queries.place_columns import IS_WISH
from queries.staff_requests import age_text

PAGE_SIZE = 30
RESERVED = "Renseignements réservés"
Scope = Collection[int] | None


class CaseKind(StrEnum):
    """What waits; the value stands in addresses."""

    CHANGE = "modifications"
    DOCUMENT = "documents"
    BOOKING = "reservations"
    ENROLMENT = "inscriptions"
    MESSAGE = "messages"

    @property
    def rank(self) -> int:
        return list(CaseKind).index(self)


@dataclass(frozen=True, slots=True)
class Viewer:
    """What an agent may see of the queue: its structures (None: all), the kinds, the medical right."""

    facility_ids: Scope
    kinds: frozenset[CaseKind]
    reads_medical: bool


@dataclass(frozen=True, slots=True, order=True)
class CaseKey:
    """The place of a case in the queue; `facility_id` is 0 but for a booking request."""

    since: datetime
    rank: int
    id: int
    facility_id: int = 0

    @property
    def kind(self) -> CaseKind:
        return list(CaseKind)[self.rank]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the queue. `reference` names the case in its address (the id, for a document)."""

    key: CaseKey
    reference: str
    title: str
    detail: str
    household: str
    age: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is limited to: one kind, one structure."""

    kind: CaseKind | None = None
    facility_id: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Cases of one kind that wait, those over 48 hours, those in front of the case that is shown."""

    waiting: int
    late: int
    ahead: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `waiting` is of the whole queue under the filters, kind by kind."""

    cases: tuple[CaseRow, ...]
    waiting: dict[CaseKind, Count]
    number: int
    pages: int

    @property
    def late(self) -> int:
        return sum(one.late for one in self.waiting.values())


# --- Which cases, in which order ----------------------------------------------------------------------------

_PENDING_CHANGE = exists().where(
    ChangeLine.request_id == ChangeRequest.id, ChangeLine.state == ChangeState.PENDING
)


def _changes(facility_id: int | None, today: date) -> Select:
    return select(
        ChangeRequest.created_at.label("since"),
        literal(CaseKind.CHANGE.rank).label("rank"),
        ChangeRequest.id.label("id"),
        literal(0).label("facility_id"),
    ).where(_PENDING_CHANGE, _concerns(ChangeRequest, facility_id, today))


def _documents(facility_id: int | None, today: date) -> Select:
    return select(
        Document.submitted_at.label("since"),
        literal(CaseKind.DOCUMENT.rank).label("rank"),
        Document.id.label("id"),
        literal(0).label("facility_id"),
    ).where(Document.state == DocumentState.SUBMITTED, _concerns(Document, facility_id, today))


def _bookings(facility_id: int | None, scope: Scope) -> Select:
    within = [BookingRequestLine.state == LineState.PENDING, ~IS_WISH]
    if scope is not None:
        within.append(BookingRequestLine.facility_id.in_(scope))
    if facility_id is not None:
        within.append(BookingRequestLine.facility_id == facility_id)
    return (
        select(
            BookingRequest.created_at.label("since"),
            literal(CaseKind.BOOKING.rank).label("rank"),
            BookingRequest.id.label("id"),
            BookingRequestLine.facility_id.label("facility_id"),
        )
        .join(BookingRequestLine, BookingRequestLine.request_id == BookingRequest.id)
        .where(*within)
        .group_by(BookingRequest.id, BookingRequestLine.facility_id)
    )


def _enrolments(facility_id: int | None, scope: Scope) -> Select:
    within = [EnrolmentRequest.state == EnrolmentState.PENDING]
    if scope is not None:
        within.append(Activity.facility_id.in_(scope))
    if facility_id is not None:
        within.append(Activity.facility_id == facility_id)
    return (
        select(
            EnrolmentRequest.created_at.label("since"),
            literal(CaseKind.ENROLMENT.rank).label("rank"),
            EnrolmentRequest.id.label("id"),
            literal(0).label("facility_id"),
        )
        .join(Activity, Activity.id == EnrolmentRequest.activity_id)
        .where(*within)
    )


def _messages(facility_id: int | None, scope: Scope) -> Select:
    within = [Conversation.waits_since.is_not(None)]
    if scope is not None:
        within.append(Conversation.facility_id.in_(scope))
    if facility_id is not None:
        within.append(Conversation.facility_id == facility_id)
    return select(
        Conversation.waits_since.label("since"),
        literal(CaseKind.MESSAGE.rank).label("rank"),
        Conversation.id.label("id"),
        literal(0).label("facility_id"),
    ).where(*within)


def _concerns(table: Any, facility_id: int | None, today: date) -> ColumnElement[bool]:
    """The child, or a child of the household, is enrolled in the structure today or later."""
    if facility_id is None:
        return true()
    children = select(Enrolment.child_id).where(
        Enrolment.facility_id == facility_id, Enrolment.last_day >= today
    )
    households = select(HouseholdChild.household_id).where(HouseholdChild.child_id.in_(children))
    return or_(
        table.child_id.in_(children), and_(table.child_id.is_(None), table.household_id.in_(households))
    )


def _all(viewer: Viewer, filters: Filters, today: date) -> Any:
    """The keys of every case that waits, as a subquery."""
    parts = []
    wanted = viewer.kinds if filters.kind is None else viewer.kinds & {filters.kind}
    if CaseKind.CHANGE in wanted:
        parts.append(_changes(filters.facility_id, today))
    if CaseKind.DOCUMENT in wanted:
        parts.append(_documents(filters.facility_id, today))
    if CaseKind.BOOKING in wanted:
        parts.append(_bookings(filters.facility_id, viewer.facility_ids))
    if CaseKind.ENROLMENT in wanted:
        parts.append(_enrolments(filters.facility_id, viewer.facility_ids))
    if CaseKind.MESSAGE in wanted:
        parts.append(_messages(filters.facility_id, viewer.facility_ids))
    if not parts:  # a filter on a kind that the agent may not see: nothing waits
        parts.append(_bookings(None, ()))
    return union_all(*parts).subquery()


def _order(keys: Any) -> tuple[Any, ...]:
    return keys.c.since, keys.c.rank, keys.c.id, keys.c.facility_id


def _before(keys: Any, key: CaseKey) -> ColumnElement[bool]:
    """The cases in front of `key`."""
    columns = _order(keys)
    values = (literal(key.since, UtcDateTime), key.rank, key.id, key.facility_id)
    steps = [
        and_(*(columns[i] == values[i] for i in range(depth)), columns[depth] < values[depth])
        for depth in range(len(columns))
    ]
    return or_(*steps)


def queue(
    viewer: Viewer,
    now: datetime,
    today: date,
    filters: Filters,
    *,
    page: int = 1,
    around: CaseKey | None = None,
) -> Page:
    """One page of what waits; with `around`, the page on which that case stands. Two statements."""
    keys = _all(viewer, filters, today)
    waiting = _counts(keys, now, around)
    pages = max(1, ceil(sum(one.waiting for one in waiting.values()) / PAGE_SIZE))
    if around is not None:
        page = sum(one.ahead for one in waiting.values()) // PAGE_SIZE + 1
    number = min(max(page, 1), pages)
    rows = db.session.execute(_told(keys, (number - 1) * PAGE_SIZE)).all()
    return Page(tuple(_row(row, viewer, now) for row in rows), waiting, number, pages)


def counts(viewer: Viewer, now: datetime, today: date) -> dict[CaseKind, Count]:
    """How much waits, kind by kind, and how much of it is late (S109). One statement."""
    return _counts(_all(viewer, Filters(), today), now, None)


def _counts(keys: Any, now: datetime, around: CaseKey | None) -> dict[CaseKind, Count]:
    late = func.sum(case((keys.c.since < literal(now - CONTROL_TIME, UtcDateTime), 1), else_=0))
    ahead = func.sum(case((_before(keys, around), 1), else_=0)) if around else literal(0)
    rows = db.session.execute(select(keys.c.rank, func.count(), late, ahead).group_by(keys.c.rank))
    kinds = list(CaseKind)
    return {kinds[rank]: Count(*numbers) for rank, *numbers in rows}


def following(viewer: Viewer, today: date, filters: Filters, key: CaseKey) -> CaseKey | None:
    """The same case while something waits in it, else the one after it, else the first of the queue; None
    when nothing waits. Two statements at most."""
    keys = _all(viewer, filters, today)
    ordered = select(*_order(keys)).order_by(*_order(keys)).limit(1)
    row = (
        db.session.execute(ordered.where(~_before(keys, key))).first() or db.session.execute(ordered).first()
    )
    return CaseKey(*row) if row else None


def reference_of(key: CaseKey) -> str:
    """What names a case in its address. One statement at most."""
    if key.kind is CaseKind.DOCUMENT:
        return str(key.id)
    table = _REFERENCED[key.kind]
    return db.session.scalar(select(table.reference).where(table.id == key.id)) or ""


_REFERENCED = {
    CaseKind.CHANGE: ChangeRequest,
    CaseKind.BOOKING: BookingRequest,
    CaseKind.ENROLMENT: EnrolmentRequest,
    CaseKind.MESSAGE: Conversation,
}


# --- What the queue says of each ----------------------------------------------------------------------------

_TITLES = {
    FileSection.HOUSEHOLD_ADDRESS: "Adresse du foyer",
    FileSection.HOUSEHOLD_SITUATION: "Situation du foyer",
    FileSection.ADULT_IDENTITY: "Identité",
    FileSection.ADULT_CONTACT: "Coordonnées",
    FileSection.ADULT_BANK: "Coordonnées bancaires",
    FileSection.CHILD_IDENTITY: "Identité",
    FileSection.CHILD_MEDICAL: "Renseignements médicaux",
    FileSection.CHILD_DIET: "Régime alimentaire",
    FileSection.CHILD_PEOPLE: "Personnes autorisées",
    FileSection.CHILD_AUTHORISATIONS: "Autorisations",
}


def change_title(section: FileSection, person: str, *, reads_medical: bool) -> str:
    """« Adresse du foyer », « Régime alimentaire de Léo »; health is not named without the right (S44)."""
    if section is FileSection.CHILD_MEDICAL and not reads_medical:
        return RESERVED
    return f"{_TITLES[section]} {of_name(person)}" if person else _TITLES[section]


def document_title(category: str, *, is_medical: bool, reads_medical: bool) -> str:
    """The name of the category; health is not named without the right (S44)."""
    return RESERVED if is_medical and not reads_medical else category


def _told(waiting: Any, offset: int) -> Select:
    """One page of cases with what is said of each, in one statement."""
    keys = (
        select(*_order(waiting)).order_by(*_order(waiting)).limit(PAGE_SIZE).offset(offset).subquery("page")
    )
    household = func.coalesce(
        ChangeRequest.household_id,
        Document.household_id,
        BookingRequest.household_id,
        EnrolmentRequest.household_id,
        Conversation.household_id,
    )
    child = func.coalesce(ChangeRequest.child_id, Document.child_id, EnrolmentRequest.child_id)
    return (
        select(
            *_order(keys),
            func.coalesce(
                ChangeRequest.reference,
                BookingRequest.reference,
                EnrolmentRequest.reference,
                Conversation.reference,
                "",
            ).label("reference"),
            Conversation.subject,
            Household.name.label("household"),
            Child.first_name.label("child"),
            Guardian.first_name.label("guardian"),
            ChangeRequest.section,
            DocumentCategory.name.label("category"),
            DocumentCategory.is_medical,
            Facility.name.label("facility"),
            Activity.name.label("activity"),
            _fields(keys).label("fields"),
            _days(keys, true()).label("days"),
            _days(keys, BookingRequestLine.action == LineAction.BOOK).label("booked"),
        )
        .select_from(keys)
        .outerjoin(ChangeRequest, _is(keys, CaseKind.CHANGE, ChangeRequest))
        .outerjoin(Document, _is(keys, CaseKind.DOCUMENT, Document))
        .outerjoin(BookingRequest, _is(keys, CaseKind.BOOKING, BookingRequest))
        .outerjoin(EnrolmentRequest, _is(keys, CaseKind.ENROLMENT, EnrolmentRequest))
        .outerjoin(Conversation, _is(keys, CaseKind.MESSAGE, Conversation))
        .outerjoin(Activity, Activity.id == EnrolmentRequest.activity_id)
        .join(Household, Household.id == household)
        .outerjoin(Child, Child.id == child)
        .outerjoin(Guardian, Guardian.id == ChangeRequest.guardian_id)
        .outerjoin(DocumentCategory, DocumentCategory.id == Document.category_id)
        .outerjoin(
            Facility,
            Facility.id == func.coalesce(Activity.facility_id, Conversation.facility_id, keys.c.facility_id),
        )
        .order_by(*_order(keys))
    )


def _is(keys: Any, kind: CaseKind, table: Any) -> ColumnElement[bool]:
    return and_(keys.c.rank == kind.rank, table.id == keys.c.id)


def _fields(keys: Any) -> Any:
    """How many fields of a change wait."""
    mine = (ChangeLine.request_id == keys.c.id, ChangeLine.state == ChangeState.PENDING)
    return select(func.count()).where(*mine).correlate(keys).scalar_subquery()


def _days(keys: Any, condition: ColumnElement[bool]) -> Any:
    """How many lines of a booking request wait in the structure of the case."""
    mine = (
        BookingRequestLine.request_id == keys.c.id,
        BookingRequestLine.facility_id == keys.c.facility_id,
        BookingRequestLine.state == LineState.PENDING,
        ~IS_WISH,
        condition,
    )
    return select(func.count()).where(*mine).correlate(keys).scalar_subquery()


def _row(row: Any, viewer: Viewer, now: datetime) -> CaseRow:
    key = CaseKey(row.since, row.rank, row.id, row.facility_id)
    reference = str(key.id) if key.kind is CaseKind.DOCUMENT else row.reference
    title, detail = _SAID[key.kind](row, viewer)
    is_late = now - key.since > CONTROL_TIME
    return CaseRow(key, reference, title, detail, row.household, age_text(key.since, now), is_late)


def _said_of_change(row: Any, viewer: Viewer) -> tuple[str, str]:
    person = row.child or row.guardian or ""
    title = change_title(row.section, person, reads_medical=viewer.reads_medical)
    return title, plural(row.fields, "champ modifié", "champs modifiés")


def _said_of_document(row: Any, viewer: Viewer) -> tuple[str, str]:
    title = document_title(row.category, is_medical=row.is_medical, reads_medical=viewer.reads_medical)
    return title, f"document à vérifier, {row.child}" if row.child else "document à vérifier"


def _said_of_booking(row: Any, _viewer: Viewer) -> tuple[str, str]:
    detail = "réservation" if row.booked == row.days else "annulation"
    if 0 < row.booked < row.days:
        detail = "réservation et annulation"
    return f"{row.facility}, {plural(row.days, 'jour', 'jours')}", detail


def _said_of_enrolment(row: Any, _viewer: Viewer) -> tuple[str, str]:
    return f"Inscription {of_name(row.child)}", f"{row.activity}, {row.facility}"


def _said_of_message(row: Any, _viewer: Viewer) -> tuple[str, str]:
    return row.subject, f"message, {row.facility}" if row.facility else "message au service"


_SAID = {
    CaseKind.CHANGE: _said_of_change,
    CaseKind.DOCUMENT: _said_of_document,
    CaseKind.BOOKING: _said_of_booking,
    CaseKind.ENROLMENT: _said_of_enrolment,
    CaseKind.MESSAGE: _said_of_message,
}
