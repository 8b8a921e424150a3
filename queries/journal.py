"""The whole journal, searched by administrators: period, person, family, act (S115)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select

from domain.calendar import PARIS
from domain.enums import AccountKind, Channel
from domain.journal import OTHER, action_words
from domain.people import fold
from extensions import db
from models import AuditEvent, Guardian, Household, StaffMember, User
from queries.household_history import DAYS, FIELDS

PAGE_SIZE = 50
EXPORT_LIMIT = 50_000
_LONGEST = 200  # characters of one value on the page


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; days in Paris, both included. An empty text, or None, asks for nothing.

    `person`: part of the name of who acted. `number`: of a family file.
    """

    first_day: date | None = None
    last_day: date | None = None
    person: str = ""
    number: int | None = None
    action: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One event. `who` is empty for what the portal did by itself; `family` for what is about none."""

    event_id: int
    at: datetime
    who: str
    kind: AccountKind | None
    channel: Channel
    title: str
    household_id: int | None
    family: str
    changes: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    lines: tuple[Line, ...]
    count: int
    number: int
    pages: int


_COLUMNS = (
    select(
        AuditEvent.id,
        AuditEvent.at,
        AuditEvent.channel,
        AuditEvent.action,
        AuditEvent.household_id,
        AuditEvent.before,
        AuditEvent.after,
        User.kind,
        StaffMember.first_name.label("staff_first"),
        StaffMember.last_name.label("staff_last"),
        Guardian.first_name,
        Guardian.last_name,
        Household.number,
        Household.name,
    )
    .outerjoin(User, User.id == AuditEvent.actor_user_id)
    .outerjoin(StaffMember, StaffMember.user_id == AuditEvent.actor_user_id)
    .outerjoin(Guardian, Guardian.user_id == AuditEvent.actor_user_id)
    .outerjoin(Household, Household.id == AuditEvent.household_id)
    .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
)
_PEOPLE = (
    select(StaffMember.user_id, StaffMember.first_name, StaffMember.last_name),
    select(Guardian.user_id, Guardian.first_name, Guardian.last_name).where(Guardian.user_id.is_not(None)),
)


def page(search: Search, number: int) -> Page:
    """A page of events, the newest first; a number off the list gives the nearest page. Four statements."""
    condition = _conditions(search)
    count = db.session.scalar(condition.with_only_columns(func.count(AuditEvent.id)).order_by(None)) or 0
    pages = max(1, -(-count // PAGE_SIZE))
    number = min(max(1, number), pages)
    rows = db.session.execute(condition.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE))
    return Page(tuple(_line(row) for row in rows), count, number, pages)


def lines(search: Search) -> Iterator[Line]:
    """Every event that is looked for, the newest first, at most `EXPORT_LIMIT`."""
    for row in db.session.execute(_conditions(search).limit(EXPORT_LIMIT)):
        yield _line(row)


def _conditions(search: Search) -> Select:
    query = _COLUMNS
    if search.first_day:
        query = query.where(AuditEvent.at >= _midnight(search.first_day))
    if search.last_day:
        query = query.where(AuditEvent.at < _midnight(search.last_day + timedelta(days=1)))
    if search.person:
        query = query.where(AuditEvent.actor_user_id.in_(_people(search.person)))
    if search.number is not None:
        homes = select(Household.id).where(Household.number == search.number)
        query = query.where(
            AuditEvent.household_id.in_(
                select(Household.id).where(or_(Household.id.in_(homes), Household.merged_into_id.in_(homes)))
            )
        )
    if search.action:
        query = query.where(AuditEvent.action == search.action)
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


def _people(text: str) -> list[int]:
    """The accounts of those whose name holds every word, however they are written."""
    words = fold(text).split()
    return [
        user_id
        for query in _PEOPLE
        for user_id, first, last in db.session.execute(query)
        if all(word in fold(f"{first} {last}") for word in words)
    ]


def _line(row: Any) -> Line:
    first, last = (row.staff_first, row.staff_last) if row.staff_last else (row.first_name, row.last_name)
    return Line(
        row.id,
        row.at,
        f"{first or ''} {last or ''}".strip(),
        row.kind,
        row.channel,
        action_words(row.action),
        row.household_id,
        f"{row.name} (dossier {row.number})" if row.name else "",
        tuple(_changes(row.before or {}, row.after or {})),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(field, before, after) of what has a name in French."""
    for name in dict.fromkeys([*before, *after]):
        if name in FIELDS and not name.endswith("_id"):
            former, new = _text(name, before.get(name)), _text(name, after.get(name))
            if former or new:
                yield FIELDS[name], former, new


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name in DAYS:
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    return str(value)[:_LONGEST]


def actions_seen() -> list[tuple[str, str]]:
    """(action, words) of the acts that the journal holds, in the order of their words. One statement."""
    found = db.session.scalars(select(AuditEvent.action).distinct())
    named = [(action, action_words(action)) for action in found]
    return sorted(
        ((action, words) for action, words in named if words != OTHER), key=lambda one: fold(one[1])
    )
