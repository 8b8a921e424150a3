"""What the home page gathers for a family: things to do, the week, then the rest (S26, S28, S29)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Row,
    String,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)

from domain.calendar import SATURDAY, add_months, open_weekdays, paris_now
from domain.change_rules import is_late
from domain.enums import BookingState, ChangeState, FileSection, LineAction, LineState, Outcome
from domain.errors import NotFound
from domain.french import format_day
from domain.rulebook.decisions import cancelling
from extensions import db
from models import (
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingRequest,
    BookingRequestLine,
    ChangeLine,
    ChangeRequest,
    Child,
    Facility,
    News,
    Resource,
    UsefulLink,
)
from queries import closures as closure_queries
from queries import custody_swaps, documents, invoices, place_offers
from queries.family import ChildCard, HouseholdName, members_of
from queries.menus import HAS_PUBLISHED, public_span
from queries.planning import ABSENT, CANCELLING, Entry, bookings_between
from queries.rules import rule_set

# The next limit is looked for among the bookings of the coming days.
HORIZON = timedelta(days=14)
DRAFTS_SHOWN = 3
DAYS_SHOWN = 2  # of each child, to say that it will not come

_DRAFTS = (
    select(BookingDraft.key, BookingDraft.updated_at, func.count().label("days"))
    .join(BookingDraftLine, BookingDraftLine.draft_id == BookingDraft.id)
    .where(
        BookingDraft.user_id == bindparam("user_id"),
        BookingDraft.household_id.in_(bindparam("households", expanding=True)),
        BookingDraft.submitted_at.is_(None),
        BookingDraftLine.day >= bindparam("today"),
    )
    .group_by(BookingDraft.id, BookingDraft.key, BookingDraft.updated_at)
    .order_by(BookingDraft.updated_at.desc())
    .limit(DRAFTS_SHOWN)
)
_HOUSEHOLDS = bindparam("households", expanding=True)
# Reservations and changes of the file that wait: one list for the family, one statement.
_RESERVATIONS = (
    select(
        BookingRequest.reference,
        BookingRequest.created_at,
        BookingRequestLine.action,
        BookingRequestLine.state,
        Child.first_name,
        Facility.name.label("facility"),
        func.count().label("days"),
        cast(null(), ChangeRequest.section.type).label("section"),
        cast(null(), ChangeRequest.due_at.type).label("due_at"),
        Child.id.label("child_id"),
        cast(null(), Integer).label("guardian_id"),
    )
    .join(BookingRequestLine, BookingRequestLine.request_id == BookingRequest.id)
    .join(Child, Child.id == BookingRequestLine.child_id)
    .join(Facility, Facility.id == BookingRequestLine.facility_id)
    .where(
        BookingRequest.household_id.in_(_HOUSEHOLDS),
        BookingRequestLine.state.in_((LineState.PENDING, LineState.WAITING)),
        BookingRequestLine.day >= bindparam("today"),
        ~exists().where(Booking.id == BookingRequestLine.booking_id, Booking.state == BookingState.OFFERED),
    )
    .group_by(
        BookingRequest.reference,
        BookingRequest.created_at,
        BookingRequestLine.action,
        BookingRequestLine.state,
        Child.id,
        Child.first_name,
        Facility.name,
    )
)
_CHANGES = (
    select(
        ChangeRequest.reference,
        ChangeRequest.created_at,
        cast(null(), BookingRequestLine.action.type),
        cast(null(), BookingRequestLine.state.type),
        Child.first_name,
        cast(null(), String),
        cast(null(), Integer),
        ChangeRequest.section,
        ChangeRequest.due_at,
        ChangeRequest.child_id,
        ChangeRequest.guardian_id,
    )
    .outerjoin(Child, Child.id == ChangeRequest.child_id)
    .where(
        ChangeRequest.household_id.in_(_HOUSEHOLDS),
        or_(ChangeRequest.guardian_id.is_(None), ChangeRequest.author_user_id == bindparam("user_id")),
        select(ChangeLine.id)
        .where(ChangeLine.request_id == ChangeRequest.id, ChangeLine.state == ChangeState.PENDING)
        .exists(),
    )
)
_WAITING = union_all(_RESERVATIONS, _CHANGES).order_by(
    text("created_at DESC"), text("reference"), text("child_id")
)
_LINKS = (
    select(UsefulLink.title, UsefulLink.url)
    .where(UsefulLink.is_active)
    .order_by(UsefulLink.position, UsefulLink.title, UsefulLink.id)
)
# What each row is; a link has no days, a closure no position, news are ordered by their first day.
_LINK, _CLOSURE, _NEWS, _MENUS = "link", "closure", "news", "menus"
_AHEAD = closure_queries.AHEAD_STATEMENT.subquery()
_NOTICES = union_all(
    select(
        literal(_LINK).label("kind"),
        cast(UsefulLink.title, String),
        cast(UsefulLink.url, String),
        literal(""),
        cast(null(), Date),
        cast(null(), Date),
        literal(0),
        literal(0),
        UsefulLink.position,
    ).where(UsefulLink.is_active),
    select(
        literal(_CLOSURE),
        cast(_AHEAD.c.facility, String),
        cast(_AHEAD.c.what, String),
        cast(_AHEAD.c.reason, String),
        _AHEAD.c.first_day,
        _AHEAD.c.last_day,
        _AHEAD.c.bookings,
        _AHEAD.c.credit,
        literal(0),
    ),
    select(
        literal(_NEWS),
        cast(News.title, String),
        cast(News.text, String),
        literal(""),
        News.first_day,
        News.last_day,
        literal(0),
        literal(0),
        News.id,
    ).where(
        News.is_active,
        News.first_day <= bindparam("today"),
        or_(News.last_day.is_(None), News.last_day >= bindparam("today")),
    ),
    # Whether there are menus to read.
    select(
        literal(_MENUS),
        literal(""),
        literal(""),
        literal(""),
        cast(null(), Date),
        cast(null(), Date),
        literal(0),
        literal(0),
        literal(0),
    ).where(HAS_PUBLISHED),
)
_RESOURCES = select(
    Resource.id, Resource.title, Resource.file_key, Resource.file_name, Resource.size_bytes
).where(Resource.is_active)


@dataclass(frozen=True, slots=True)
class Draft:
    """A reservation that was begun and not validated: `days` touched so far."""

    key: str
    updated_at: datetime
    days: int


@dataclass(frozen=True, slots=True)
class PendingPart:
    """The undecided days of one request for one child in one structure."""

    reference: str
    created_at: datetime
    action: LineAction
    state: LineState
    child: str
    facility: str
    days: int


@dataclass(frozen=True, slots=True)
class WaitingChange:
    """A form of the family file that waits for its answer (S34); `child` is empty for the household's own."""

    section: FileSection
    created_on: date
    is_late: bool
    child_id: int | None
    guardian_id: int | None
    child: str


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Friday, and the week-end days that hold a booking; one row a child, entries by day."""

    days: tuple[date, ...]
    rows: tuple[tuple[ChildCard, tuple[tuple[Entry, ...], ...]], ...]
    is_next: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """The next limit to know about: `sentence` is the rule's, for `entry`."""

    entry: Entry
    sentence: str


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """A day on which a child is expected, or was until its absence was told; `words` names it."""

    child: ChildCard
    day: date
    words: str
    is_absent: bool


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class NewsItem:
    """What the service tells every family today."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ResourceFile:
    """A PDF offered to every family; `file_key` names it in the store."""

    resource_id: int
    title: str
    file_key: str
    file_name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the adult's households booked and was accepted this month costs so far; `unpriced` bookings have
    no price yet."""

    month: date
    cents: int
    bookings: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class HomePage:
    households: tuple[HouseholdName, ...]
    children: tuple[ChildCard, ...]
    drafts: tuple[Draft, ...]
    offers: tuple[place_offers.PlaceOffer, ...]
    owed: invoices.Owed | None
    missing_documents: tuple[documents.Item, ...]
    swaps: tuple[custody_swaps.Swap, ...]
    week: Week
    expected: tuple[ExpectedDay, ...]
    limit: Limit | None
    pending: tuple[PendingPart, ...]
    changes: tuple[WaitingChange, ...]
    estimate: Estimate
    links: tuple[Link, ...]
    closures: tuple[closure_queries.Ahead, ...]
    news: tuple[NewsItem, ...]
    has_menus: bool


def home(household_ids: Sequence[int], user_id: int, now: datetime) -> HomePage:
    """Everything of the home page. `now` is aware. At most ten statements, whatever the family,
    one more where a place is offered, one where a bill is not paid, and one where a child has a custody
    calendar."""
    today = paris_now(now).date()
    members = members_of(household_ids)
    monday, is_next = _monday(today)
    first, last = _month(today)
    span_end = max(last, monday + timedelta(days=6), today + HORIZON)
    entries = bookings_between(household_ids, members.children, min(first, monday), span_end)
    family = {
        "households": household_ids,
        "today": today,
        "user_id": user_id,
        "horizon": today + closure_queries.AHEAD,
        **dict(zip(("menus_from", "menus_to"), public_span(today), strict=True)),
    }
    waiting = db.session.execute(_WAITING, family).all()
    return HomePage(
        households=members.households,
        children=members.children,
        drafts=tuple(Draft(*row) for row in db.session.execute(_DRAFTS, family)),
        offers=place_offers.open_offers(household_ids, now) if members.has_offers else (),
        owed=invoices.owed(household_ids) if members.has_debts else None,
        missing_documents=documents.missing(members, today),
        swaps=custody_swaps.to_answer(household_ids, today) if members.has_custody else (),
        week=_week(monday, is_next, members.children, entries),
        expected=tuple(_expected(members.children, entries, today)),
        limit=_next_limit(_upcoming(entries, today), now),
        pending=tuple(PendingPart(*row[:7]) for row in waiting if row.section is None),
        changes=tuple(_change(row, now) for row in waiting if row.section is not None),
        estimate=_estimate(
            first, (entry for day in entries if first <= day <= last for entry in entries[day])
        ),
        **_notices(family),
    )


def _change(row: Row, now: datetime) -> WaitingChange:
    return WaitingChange(
        row.section,
        paris_now(row.created_at).date(),
        is_late(row.due_at, now),
        row.child_id,
        row.guardian_id,
        row.first_name or "",
    )


def _notices(family: Mapping[str, object]) -> dict[str, Any]:
    """The useful links, the closures to come and the news of today, each in its order, and whether there are
    menus to read. One statement."""
    links, closures, news, has_menus = [], [], [], False
    for kind, title, url, reason, first, last, *counts, position in db.session.execute(_NOTICES, family):
        if kind == _MENUS:
            has_menus = True
        elif kind == _LINK:
            links.append((position, title, url))
        elif kind == _CLOSURE:
            closures.append(closure_queries.Ahead(title, url, first, last, reason, *counts))
        else:
            news.append((first, position, NewsItem(title, url)))
    closures.sort(key=lambda one: one.first)
    news.sort(key=lambda one: one[:2], reverse=True)
    return {
        "links": tuple(Link(*one[1:]) for one in sorted(links)),
        "closures": tuple(closures),
        "news": tuple(one[2] for one in news),
        "has_menus": has_menus,
    }


def news_of(today: date) -> tuple[NewsItem, ...]:
    """What the service tells everybody today, the newest first. One statement."""
    shown = select(News.title, News.text).where(
        News.is_active, News.first_day <= today, or_(News.last_day.is_(None), News.last_day >= today)
    )
    newest = shown.order_by(News.first_day.desc(), News.id.desc())
    return tuple(NewsItem(*row) for row in db.session.execute(newest))


def useful_links() -> tuple[Link, ...]:
    """The links that the service shows, in its order (S28). One statement."""
    return tuple(Link(*row) for row in db.session.execute(_LINKS))


def resources() -> tuple[ResourceFile, ...]:
    """The documents that the service offers, in its order (S29). One statement."""
    rows = db.session.execute(_RESOURCES.order_by(Resource.position, Resource.title, Resource.id))
    return tuple(ResourceFile(*row) for row in rows)


def resource(resource_id: int) -> ResourceFile:
    """One offered document. Raises NotFound when it is not offered (any more)."""
    row = db.session.execute(_RESOURCES.where(Resource.id == resource_id)).one_or_none()
    if row is None:
        raise NotFound
    return ResourceFile(*row)


def _monday(today: date) -> tuple[date, bool]:
    """Monday of the week to show: from Saturday on, the next one."""
    is_next = today.weekday() >= SATURDAY
    return today - timedelta(days=today.weekday()) + timedelta(days=7 * is_next), is_next


def _month(today: date) -> tuple[date, date]:
    following = date(*add_months(today.year, today.month, 1), 1)
    return today.replace(day=1), following - timedelta(days=1)


def _week(
    monday: date, is_next: bool, children: Sequence[ChildCard], entries: dict[date, list[Entry]]
) -> Week:
    all_days = [monday + timedelta(days=offset) for offset in range(7)]
    columns = open_weekdays(day for day in all_days if day in entries)
    days = tuple(all_days[column] for column in columns)
    rows = tuple(
        (
            child,
            tuple(
                tuple(e for e in entries.get(day, ()) if e.child.child_id == child.child_id) for day in days
            ),
        )
        for child in children
    )
    return Week(days, rows, is_next)


def _upcoming(entries: dict[date, list[Entry]], today: date) -> list[Entry]:
    return [entry for day in sorted(entries) if today <= day <= today + HORIZON for entry in entries[day]]


def _expected(
    children: Sequence[ChildCard], entries: dict[date, list[Entry]], today: date
) -> Iterator[ExpectedDay]:
    """The next days of each child, today first, so that an absence is two taps away (R23)."""
    for child in children:
        days = [
            day
            for day in sorted(entries)
            if today <= day <= today + HORIZON and _own_states(child, entries[day]) & {ACCEPTED, ABSENT}
        ]
        for day in days[:DAYS_SHOWN]:
            words = _NEAR.get((day - today).days) or f"le {format_day(day)}"
            yield ExpectedDay(child, day, words, ACCEPTED not in _own_states(child, entries[day]))


def _own_states(child: ChildCard, entries: Iterable[Entry]) -> set[str]:
    """The states of what the adult's own households booked for the child."""
    return {
        entry.state for entry in entries if entry.child.child_id == child.child_id and not entry.is_elsewhere
    }


ACCEPTED = BookingState.ACCEPTED.value
_NEAR = {0: "aujourd’hui", 1: "demain"}


def _next_limit(entries: Sequence[Entry], now: datetime) -> Limit | None:
    """The limit that comes first among those not passed; the same day and activity of a household is asked
    once. What another household of the child booked has no limit for this one."""
    by_household: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.state not in (CANCELLING, ABSENT) and not entry.is_elsewhere:
            by_household.setdefault(entry.household_id, []).append(entry)
    found = []
    for household_id, own in by_household.items():
        different = {(entry.activity_id, entry.day): entry for entry in reversed(own)}
        rules = rule_set({entry.activity_id for entry in own}, (), household_id, own[0].day, own[-1].day)
        for (activity_id, day), entry in different.items():
            decision = cancelling(
                rules.decide(activity_id, LineAction.CANCEL, day, now, entry.child.child_id),
                entry.booking_state,
            )
            if decision.until is not None and decision.outcome is not Outcome.REFUSE:
                found.append((decision.until, day, decision.sentence, entry))
    if not found:
        return None
    _, _, sentence, entry = min(found, key=lambda one: one[:2])
    return Limit(entry, sentence)


def _estimate(month: date, entries: Iterable[Entry]) -> Estimate:
    accepted = [
        entry for entry in entries if entry.booking_state is BookingState.ACCEPTED and not entry.is_elsewhere
    ]
    priced = [entry.price_cents for entry in accepted if entry.price_cents is not None]
    return Estimate(month, sum(priced), len(accepted), len(accepted) - len(priced))
