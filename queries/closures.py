"""Closures (R12): what one would cancel and credit, those that were made, and what a family reads of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, literal, null, or_, select

from domain.enums import BookingState
from domain.errors import NotFound
from domain.rulebook.missed_days import CAUSES, UNSAID, Missed
from domain.rulebook.wording.french_names import readable
from domain.rulebook.wording.text import capital
from domain.schooling import school_year_of
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import (
    Activity,
    Booking,
    BookingEvent,
    Child,
    Closure,
    Enrolment,
    Facility,
    HouseholdChild,
    Opening,
    PresenceType,
    SchoolClass,
    Schooling,
)
from queries.closure_columns import NO_LONGER_DUE
from queries.reading import read
from queries.rules import RuleSet, rule_set

Scope = Collection[int] | None
USUAL_CAUSES = ("greve", "sortie_scolaire", "meteo")
_OWN_WORDS = {"meteo": "Météo", "greve": "Grève"}
# Causes that a family gives, never a closure.
_OF_FAMILIES = frozenset({*CAUSES.values(), *UNSAID})


class Wish(NamedTuple):
    """What closes, from `first` to `last`: a structure, one activity of it, or the children of one class."""

    facility_id: int
    activity_id: int | None
    class_id: int | None
    first: date
    last: date
    cause: str = ""

    @classmethod
    def of(cls, closure: Closure) -> "Wish":
        return cls(
            closure.facility_id,
            closure.activity_id,
            closure.class_id,
            closure.first_day,
            closure.last_day,
            closure.cause,
        )

    def openings(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions on `Opening` and `Activity` of the days that it is about."""
        found: tuple[ColumnElement[bool], ...] = (
            Activity.facility_id == self.facility_id,
            Opening.day.between(self.first, self.last),
        )
        return found if self.activity_id is None else (*found, Activity.id == self.activity_id)


class Affected(NamedTuple):
    """An active booking that a closure ends."""

    booking_id: int
    household_id: int
    child_id: int
    child: str
    opening_id: int
    day: date
    activity_id: int
    activity: str
    presence_type_id: int
    presence: str
    state: BookingState
    price_cents: int | None
    due_cents: int | None

    @property
    def owed_cents(self) -> int:
        """What the booking costs now: nothing while it is not accepted."""
        if self.state is not BookingState.ACCEPTED:
            return 0
        return (self.price_cents if self.due_cents is None else self.due_cents) or 0


@dataclass(frozen=True, slots=True)
class Preview:
    """What a closure would do: `days` are open now, `credit_cents` will not be due, `kept_cents` still is."""

    days: tuple[date, ...]
    bookings: int
    children: int
    households: int
    credit_cents: int
    kept_cents: int


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be closed: the value of a form, its words, its structure."""

    value: str
    label: str
    facility: str


@dataclass(frozen=True, slots=True)
class Line:
    """A closure that was made; `what` names the activity or the class, empty for the whole structure."""

    closure_id: int
    facility: str
    what: str
    first: date
    last: date
    cause: str
    reason: str
    author: str
    created_at: datetime
    lifted_at: datetime | None
    bookings: int
    children: int
    households: int
    credit_cents: int

    def may_be_lifted(self, today: date) -> bool:
        return self.lifted_at is None and self.last >= today


def affected(wish: Wish) -> list[Affected]:
    """The active bookings that the closure ends, by household, child and day. One statement."""
    statement = (
        select(
            Booking.id,
            Booking.household_id,
            Booking.child_id,
            Child.first_name,
            Booking.opening_id,
            Booking.day,
            Booking.activity_id,
            Activity.name,
            Booking.presence_type_id,
            PresenceType.name,
            Booking.state,
            Booking.price_cents,
            Booking.due_cents,
        )
        .join(Opening, Opening.id == Booking.opening_id)
        .join(Activity, Activity.id == Opening.activity_id)
        .join(PresenceType, PresenceType.id == Booking.presence_type_id)
        .join(Child, Child.id == Booking.child_id)
        .where(*wish.openings(), Booking.state.in_(ACTIVE_STATES))
        .order_by(Booking.household_id, Booking.child_id, Booking.day, Activity.position, Booking.id)
    )
    if wish.class_id is not None:
        pupils = select(Schooling.child_id).where(Schooling.class_id == wish.class_id)
        statement = statement.where(Booking.child_id.in_(pupils))
    return [Affected(*row) for row in read(statement, {})]


def due_after(rows: Sequence[Affected], wish: Wish, now: datetime) -> Mapping[int, int]:
    """What stays due of each of these bookings once the days are closed, in cents.

    The absence rules say it when « cause » may be the word of the closure; else nothing is due, since nothing
    is given. Never more than what is due already: what was given back is not given back twice. One statement,
    and one a household where there are such rules.
    """
    due = {one.booking_id: 0 for one in rows}
    if not rows or not wish.cause:
        return due
    activities = {one.activity_id for one in rows}
    types = {one.presence_type_id for one in rows}

    def rules_of(household_id: int) -> RuleSet:
        return rule_set(activities, types, household_id, wish.first, wish.last)

    known = rules_of(rows[0].household_id)
    if wish.cause not in known.causes(wish.first) or not known.rules_absences(types, wish.first):
        return due
    for household_id in dict.fromkeys(one.household_id for one in rows):
        own = [one for one in rows if one.household_id == household_id]
        due |= _due_by_rule(own, rules_of(household_id), wish, now)
    return due


def _due_by_rule(own: Sequence[Affected], rules: RuleSet, wish: Wish, now: datetime) -> dict[int, int]:
    found = {}
    for one in own:
        if not rules.rules_absences([one.presence_type_id], wish.first):
            found[one.booking_id] = 0
            continue
        days = tuple(
            dict.fromkeys(
                other.day
                for other in own
                if (other.child_id, other.activity_id) == (one.child_id, one.activity_id)
            )
        )
        missed = Missed(one.day, days, now, wish.cause)
        left = rules.left_due(one.presence_type_id, one.child_id, missed, one.price_cents)
        found[one.booking_id] = min(one.owed_cents, left.cents or 0)
    return found


def open_days(wish: Wish) -> tuple[date, ...]:
    """The days of the closure on which something of it opens. One statement."""
    statement = (
        select(Opening.day)
        .join(Activity, Activity.id == Opening.activity_id)
        .where(*wish.openings(), Opening.closed_reason.is_(None))
        .distinct()
        .order_by(Opening.day)
    )
    return tuple(row.day for row in read(statement, {}))


def preview(wish: Wish, now: datetime) -> Preview:
    """What the closure would do now."""
    rows = affected(wish)
    due = due_after(rows, wish, now)
    return Preview(
        open_days(wish),
        len(rows),
        len({one.child_id for one in rows}),
        len({one.household_id for one in rows}),
        sum(one.owed_cents - due[one.booking_id] for one in rows),
        sum(due.values()),
    )


# --- What can be closed, and why ----------------------------------------------------------------------------


def targets(scope: Scope, today: date) -> tuple[Target, ...]:
    """The structures that an agent answers for (`scope` None: all), their activities, their classes of the
    year. Three statements."""
    mine = [] if scope is None else [Facility.id.in_(scope)]
    places = db.session.execute(
        select(Facility.id, Facility.name)
        .where(Facility.is_active, *mine)
        .order_by(Facility.position, Facility.name, Facility.id)
    ).all()
    activities = db.session.execute(
        select(Activity.id, Activity.facility_id, Activity.name)
        .where(Activity.is_active)
        .order_by(Activity.position, Activity.name, Activity.id)
    ).all()
    rooms = db.session.execute(
        select(SchoolClass.id, SchoolClass.facility_id, SchoolClass.name)
        .where(SchoolClass.school_year == school_year_of(today))
        .order_by(SchoolClass.name, SchoolClass.id)
    ).all()
    found = []
    for place in places:
        found.append(Target(f"f{place.id}", "Toute la structure", place.name))
        found += [
            Target(f"a{row.id}", row.name, place.name) for row in activities if row.facility_id == place.id
        ]
        found += [
            Target(f"c{row.id}", f"Classe {row.name}", place.name)
            for row in rooms
            if row.facility_id == place.id
        ]
    return tuple(found)


def wish_of(value: str, first: date, last: date, cause: str, scope: Scope) -> Wish:
    """The wish for a value of `targets`. Raises NotFound for what is not there or not the agent's."""
    kind, number = value[:1], value[1:]
    tables = {"f": Facility, "a": Activity, "c": SchoolClass}
    if kind not in tables or not number.isdecimal():
        raise NotFound
    row = db.session.get(tables[kind], int(number))
    if row is None:
        raise NotFound
    facility_id = row.id if kind == "f" else row.facility_id
    if scope is not None and facility_id not in scope:
        raise NotFound
    return Wish(
        facility_id, row.id if kind == "a" else None, row.id if kind == "c" else None, first, last, cause
    )


def causes(today: date) -> tuple[tuple[str, str], ...]:
    """(word, label) of the causes that the règlement in force knows, else the usual ones. One statement."""
    known = rule_set((), (), 0, today, today).causes(today) or USUAL_CAUSES
    return tuple((word, cause_words(word)) for word in known if word not in _OF_FAMILIES)


def cause_words(word: str) -> str:
    return _OWN_WORDS.get(word) or capital(readable(word))


# --- Those that were made -----------------------------------------------------------------------------------

_ENDED = (
    select(
        BookingEvent.closure_id,
        func.count().label("bookings"),
        func.count(Booking.child_id.distinct()).label("children"),
        func.count(Booking.household_id.distinct()).label("households"),
    )
    .join(Booking, Booking.id == BookingEvent.booking_id)
    .where(BookingEvent.closure_id.is_not(None))
    .group_by(BookingEvent.closure_id)
    .subquery()
)
_LINES = (
    select(
        Closure.id,
        Facility.name,
        case(
            (SchoolClass.id.is_not(None), literal("classe ") + SchoolClass.name),
            else_=func.coalesce(Activity.name, ""),
        ),
        Closure.first_day,
        Closure.last_day,
        Closure.cause,
        Closure.reason,
        Closure.author_name,
        Closure.created_at,
        Closure.lifted_at,
        func.coalesce(_ENDED.c.bookings, 0),
        func.coalesce(_ENDED.c.children, 0),
        func.coalesce(_ENDED.c.households, 0),
    )
    .join(Facility, Facility.id == Closure.facility_id)
    .outerjoin(Activity, Activity.id == Closure.activity_id)
    .outerjoin(SchoolClass, SchoolClass.id == Closure.class_id)
    .outerjoin(_ENDED, _ENDED.c.closure_id == Closure.id)
    .order_by(Closure.first_day.desc(), Closure.id.desc())
)
MOST_LISTED = 100


def closures(scope: Scope) -> tuple[Line, ...]:
    """The last closures of the structures that an agent answers for. One statement."""
    mine = [] if scope is None else [Closure.facility_id.in_(scope)]
    return tuple(Line(*row, 0) for row in read(_LINES.where(*mine).limit(MOST_LISTED), {}))


def closure(closure_id: int, scope: Scope) -> Line:
    """One closure, with what is no longer due because of it. Two statements. Raises NotFound."""
    mine = [] if scope is None else [Closure.facility_id.in_(scope)]
    row = read(_LINES.where(Closure.id == closure_id, *mine), {}).one_or_none()
    if row is None:
        raise NotFound
    return Line(*row, _credit(closure_id))


def _credit(closure_id: int) -> int:
    return sum(one.credit_cents for one in ended_by(closure_id))


def holding(opening_id: int) -> int | None:
    """The closure that holds this day closed to everybody, if any. One statement."""
    return db.session.scalar(
        select(Closure.id)
        .join(Activity, Activity.facility_id == Closure.facility_id)
        .join(Opening, Opening.activity_id == Activity.id)
        .where(
            Opening.id == opening_id,
            or_(Closure.activity_id.is_(None), Closure.activity_id == Activity.id),
            Closure.class_id.is_(None),
            Closure.first_day <= Opening.day,
            Closure.last_day >= Opening.day,
            Closure.lifted_at.is_(None),
        )
        .order_by(Closure.id)
        .limit(1)
    )


class Ended(NamedTuple):
    """A booking that a closure ended; `credit_cents` is what it no longer costs."""

    household_id: int
    child: str
    day: date
    activity: str
    presence: str
    credit_cents: int


def ended_by(closure_id: int) -> list[Ended]:
    """What a closure ended, by household, child and day. One statement."""
    rows = read(
        select(
            Booking.household_id,
            Child.first_name,
            Booking.day,
            Activity.name,
            PresenceType.name,
            NO_LONGER_DUE,
        )
        .join(BookingEvent, BookingEvent.booking_id == Booking.id)
        .join(Child, Child.id == Booking.child_id)
        .join(Activity, Activity.id == Booking.activity_id)
        .join(PresenceType, PresenceType.id == Booking.presence_type_id)
        .where(BookingEvent.closure_id == closure_id)
        .order_by(Booking.household_id, Child.first_name, Booking.child_id, Booking.day, Booking.id),
        {},
    )
    return [Ended(*row) for row in rows]


# --- What a family reads ------------------------------------------------------------------------------------

AHEAD = timedelta(days=14)  # how long before it a closure is told on the home page


class Ahead(NamedTuple):
    """A closure to come that concerns children of the family; `bookings` of theirs were cancelled by it and
    `credit_cents` are no longer due."""

    facility: str
    what: str
    first: date
    last: date
    reason: str
    bookings: int
    credit_cents: int


_HOUSEHOLDS = bindparam("households", expanding=True)
_OWN_ENDED = (
    select(
        BookingEvent.closure_id,
        func.count().label("bookings"),
        func.sum(NO_LONGER_DUE).label("credit"),
    )
    .join(Booking, Booking.id == BookingEvent.booking_id)
    .where(Booking.household_id.in_(_HOUSEHOLDS), BookingEvent.closure_id.is_not(None))
    .group_by(BookingEvent.closure_id)
    .subquery()
)
_CONCERNED = (
    select(null())
    .select_from(HouseholdChild)
    .join(Enrolment, Enrolment.child_id == HouseholdChild.child_id)
    .where(
        HouseholdChild.household_id.in_(_HOUSEHOLDS),
        HouseholdChild.is_restricted.is_(False),
        Enrolment.facility_id == Closure.facility_id,
        or_(
            Enrolment.activity_id.is_(None),
            Closure.activity_id.is_(None),
            Enrolment.activity_id == Closure.activity_id,
        ),
        Enrolment.first_day <= Closure.last_day,
        Enrolment.last_day >= Closure.first_day,
        or_(
            Closure.class_id.is_(None),
            select(null())
            .where(Schooling.class_id == Closure.class_id, Schooling.child_id == HouseholdChild.child_id)
            .correlate(Closure, HouseholdChild)
            .exists(),
        ),
    )
    .correlate(Closure)
    .exists()
)
# Asked by the home page, with « households », « today » and « horizon ».
AHEAD_STATEMENT = (
    select(
        Facility.name.label("facility"),
        case(
            (SchoolClass.id.is_not(None), literal("classe ") + SchoolClass.name),
            else_=func.coalesce(Activity.name, ""),
        ).label("what"),
        Closure.first_day,
        Closure.last_day,
        Closure.reason,
        func.coalesce(_OWN_ENDED.c.bookings, 0).label("bookings"),
        func.coalesce(_OWN_ENDED.c.credit, 0).label("credit"),
    )
    .join(Facility, Facility.id == Closure.facility_id)
    .outerjoin(Activity, Activity.id == Closure.activity_id)
    .outerjoin(SchoolClass, SchoolClass.id == Closure.class_id)
    .outerjoin(_OWN_ENDED, _OWN_ENDED.c.closure_id == Closure.id)
    .where(
        Closure.lifted_at.is_(None),
        Closure.last_day >= bindparam("today"),
        Closure.first_day <= bindparam("horizon"),
        _CONCERNED,
    )
)
