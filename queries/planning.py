"""The planning of all the children of a family, month by month (S77 to S85).

The month is the hottest page of the portal: five statements whatever the number of children, activities and
bookings, columns rather than entities, one pass that builds cells ready to be written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Executable,
    Row,
    String,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    type_coerce,
    union_all,
)

from domain import calendar
from domain.calendar import (
    SATURDAY,
    add_months,
    month_slug,
    month_weeks,
    open_weekdays,
    parse_month,
)
from domain.enums import ActivityKind, BookingState, LineAction, LineState
from domain.errors import BusinessError
from domain.french import NBSP, format_day, weekday_name, weekday_short
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import (
    Absence,
    Activity,
    Booking,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    Child,
    Closure,
    Enrolment,
    Facility,
    HouseholdChild,
    Opening,
    PresenceType,
    PublicHoliday,
    SchoolHoliday,
)
from queries.closure_columns import NO_LONGER_DUE
from queries.custody import Homes, has_custody, homes
from queries.family import ChildCard, children_of
from queries.place_columns import waiting_rank

KIND_ORDER = {kind: index for index, kind in enumerate(ActivityKind)}
REFUSED, CANCELLING, ABSENT, CLOSED = "refused", "cancelling", "absent", "closed"
NEXT_BOOKINGS, NEXT_BOOKINGS_WITHIN = 8, timedelta(days=60)
KIND_ICONS = {
    ActivityKind.MORNING: "sunrise",
    ActivityKind.MEAL: "utensils",
    ActivityKind.EVENING: "moon-star",
    ActivityKind.DAY: "sun",
}

# --- What is read: one statement each, built once -------------------------------------------------

HOUSEHOLDS = bindparam("households", expanding=True)
CHILDREN = bindparam("children", expanding=True)
_FIRST, _LAST = bindparam("first"), bindparam("last")
_IS_CANCELLING = (
    exists()
    .where(
        BookingRequestLine.booking_id == Booking.id,
        BookingRequestLine.action == LineAction.CANCEL,
        BookingRequestLine.state == LineState.PENDING,
    )
    .correlate(Booking)
)


_IS_ABSENT = exists().where(Absence.booking_id == Booking.id).correlate(Booking)
_IS_OURS = Booking.household_id.in_(HOUSEHOLDS)


def _entry_columns(
    source: type[Booking] | type[BookingRequestLine], *rest: ColumnElement, cents: ColumnElement
) -> tuple:
    """The fields of `Entry`, in its order, the child by its id; closed lists come as their texts."""
    return (
        source.child_id,
        source.day,
        source.opening_id,
        Activity.id,
        type_coerce(Activity.kind, String),
        Activity.name,
        PresenceType.name,
        Facility.name,
        cents,
        *rest,
    )


_BOOKINGS = (
    select(
        *_entry_columns(
            Booking,
            case(
                (_IS_CANCELLING, literal(CANCELLING)),
                (_IS_ABSENT, literal(ABSENT)),
                else_=type_coerce(Booking.state, String),
            ),
            waiting_rank(),
            Booking.id,
            literal(""),
            Booking.household_id,
            case((_IS_OURS, literal(0)), else_=literal(1)),
            cents=case((_IS_OURS, func.coalesce(Booking.due_cents, Booking.price_cents)), else_=null()),
        )
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(
        Booking.child_id.in_(CHILDREN),
        Booking.day.between(_FIRST, _LAST),
        Booking.state.in_(ACTIVE_STATES),
    )
    .order_by(Activity.position, Booking.id)
)
# What was refused, or cancelled by a closure, has no active booking to tell it.
_REFUSED_LINES = (
    select(
        *_entry_columns(
            BookingRequestLine,
            literal(REFUSED),
            null(),
            null(),
            BookingRequestLine.reason,
            BookingRequest.household_id,
            literal(0),
            cents=BookingRequestLine.price_cents,
        ),
        BookingRequest.created_at.label("moment"),
    )
    .join(BookingRequest, BookingRequest.id == BookingRequestLine.request_id)
    .join(Opening, Opening.id == BookingRequestLine.opening_id)
    .join(Activity, Activity.id == Opening.activity_id)
    .join(PresenceType, PresenceType.id == BookingRequestLine.presence_type_id)
    .join(Facility, Facility.id == BookingRequestLine.facility_id)
    .where(
        BookingRequest.household_id.in_(HOUSEHOLDS),
        BookingRequestLine.day.between(_FIRST, _LAST),
        BookingRequestLine.action == LineAction.BOOK,
        BookingRequestLine.state == LineState.REFUSED,
    )
)
_CLOSED = (
    select(
        *_entry_columns(
            Booking,
            literal(CLOSED),
            null(),
            null(),
            Closure.reason,
            Booking.household_id,
            literal(0),
            cents=NO_LONGER_DUE,
        ),
        BookingEvent.at,
    )
    .join(BookingEvent, BookingEvent.booking_id == Booking.id)
    .join(Closure, Closure.id == BookingEvent.closure_id)
    .join(Activity, Activity.id == Booking.activity_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .where(
        _IS_OURS,
        Booking.day.between(_FIRST, _LAST),
        Booking.state == BookingState.CANCELLED,
        Closure.lifted_at.is_(None),
    )
)
_REFUSED = union_all(_REFUSED_LINES, _CLOSED).order_by(text("moment DESC"))
_OPENINGS = (
    select(
        Opening.day,
        func.min(case((Opening.closed_reason.is_(None), 0), else_=1)).label("is_closed"),
        func.max(Opening.closed_reason).label("reason"),
    )
    .join(Activity, Activity.id == Opening.activity_id)
    .join(
        Enrolment,
        (Enrolment.facility_id == Activity.facility_id)
        & or_(Enrolment.activity_id.is_(None), Enrolment.activity_id == Activity.id),
    )
    .join(HouseholdChild, HouseholdChild.child_id == Enrolment.child_id)
    .where(
        HouseholdChild.household_id.in_(HOUSEHOLDS),
        HouseholdChild.is_restricted.is_(False),
        Opening.day.between(_FIRST, _LAST),
        Enrolment.first_day <= Opening.day,
        Enrolment.last_day >= Opening.day,
        Activity.is_active,
    )
    .group_by(Opening.day)
)
_IS_SHARED = 2
_HOLIDAYS = union_all(
    select(
        PublicHoliday.day.label("first_day"),
        PublicHoliday.day.label("last_day"),
        PublicHoliday.label.label("name"),
        literal(1).label("is_public"),
    ).where(PublicHoliday.day.between(_FIRST, _LAST)),
    select(SchoolHoliday.first_day, SchoolHoliday.last_day, SchoolHoliday.label, literal(0)).where(
        SchoolHoliday.zone == bindparam("zone"),
        SchoolHoliday.first_day <= _LAST,
        SchoolHoliday.last_day >= _FIRST,
    ),
    # The children of two households whose days are shared, so that the others cost no statement.
    select(cast(null(), Date), cast(null(), Date), cast(Child.id, String), literal(_IS_SHARED)).where(
        Child.id.in_(CHILDREN), has_custody(Child.id)
    ),
).order_by("first_day")


AWAY = "away"
AWAY_WORDS = "chez son autre foyer"
ELSEWHERE_WORDS = "réservé par l’autre foyer"
_ICONS = {REFUSED: "ban", CANCELLING: "undo-2", ABSENT: "calendar-x", CLOSED: "ban"}
_WORDS = {
    BookingState.ACCEPTED: "acceptée",
    BookingState.PENDING: "en cours de validation",
    BookingState.OFFERED: "place proposée, à accepter",
    BookingState.REQUESTED: "vœu, en attente d’attribution",
    BookingState.WAITING: "en liste d’attente",
    REFUSED: "refusée",
    CANCELLING: "annulation en cours de validation",
    ABSENT: "absence signalée",
    CLOSED: "annulée, fermeture",
}
_BOOKING_STATES = {
    CANCELLING: BookingState.ACCEPTED,
    ABSENT: BookingState.ACCEPTED,
    CLOSED: BookingState.CANCELLED,
}


class Entry(NamedTuple):
    """What one child does, asked for or was refused on a day.

    `state` is the text of a BookingState, or « cancelling » while a cancelling is not decided, « absent »,
    « closed » for what a closure cancelled (`price_cents` is then what is not billed); `rank` is
    the place in the waiting list; `booking_id` is None when there is no active booking. `is_elsewhere`:
    another household of the child made the booking, which only tells its state and its day (security 1.3).
    """

    child: ChildCard
    day: date
    opening_id: int
    activity_id: int
    kind: str
    activity: str
    presence: str
    facility: str
    price_cents: int | None
    state: str
    rank: int | None
    booking_id: int | None
    reason: str
    household_id: int
    is_elsewhere: bool

    @property
    def booking_state(self) -> BookingState:
        """The state of the booking, which an absence leaves accepted, as a cancelling that is not decided."""
        return _BOOKING_STATES.get(self.state) or BookingState(self.state)

    @property
    def icon(self) -> str:
        return _ICONS.get(self.state, KIND_ICONS[self.kind])

    @property
    def state_words(self) -> str:
        """« acceptée », « annulation en cours de validation, réservé par l’autre foyer »."""
        words = _WORDS[self.state]
        return f"{words}, {ELSEWHERE_WORDS}" if self.is_elsewhere else words


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a stretch of days. `openings`: day to None, or to the reason why all is closed."""

    children: tuple[ChildCard, ...]
    entries: dict[date, list[Entry]]
    openings: dict[date, str | None]
    public_holidays: dict[date, str]
    school_holidays: tuple[tuple[date, date, str], ...]
    household_ids: Sequence[int]
    homes: Homes

    def is_away(self, child: ChildCard, day: date) -> bool:
        """True when the child lives that day in its other household, which alone can book (R02)."""
        return self.homes.is_elsewhere(child.child_id, day, self.household_ids)

    def school_holiday(self, day: date) -> str | None:
        return next((name for first, last, name in self.school_holidays if first <= day <= last), None)


def read(household_ids: Sequence[int], first: date, last: date, zone: str) -> Facts:
    """The planning of the households between two days, both included. Five statements, one more when a child
    has a custody calendar."""
    span = {"first": first, "last": last}
    family = {"households": household_ids, **span}
    children = children_of(household_ids)
    ids = [child.child_id for child in children]
    bookings = ask(_BOOKINGS, {**family, "children": ids})
    refused = ask(_REFUSED, family)
    openings = ask(_OPENINGS, family)
    holidays = ask(_HOLIDAYS, {"zone": zone, "children": ids, **span})
    school = tuple((row.first_day, row.last_day, row.name) for row in holidays if row.is_public == 0)
    shared = [int(row.name) for row in holidays if row.is_public == _IS_SHARED]
    return Facts(
        children=children,
        entries=_entries(children, bookings, refused),
        openings={row.day: row.reason if row.is_closed else None for row in openings},
        public_holidays={row.first_day: row.name for row in holidays if row.is_public == 1},
        school_holidays=school,
        household_ids=household_ids,
        homes=homes(shared, [calendar.SchoolHoliday(*one) for one in school]),
    )


def bookings_between(
    household_ids: Sequence[int], children: Sequence[ChildCard], first: date, last: date
) -> dict[date, list[Entry]]:
    """The active bookings alone of these children of theirs, by day, between two days, both included. One
    statement."""
    ids = [child.child_id for child in children]
    rows = ask(_BOOKINGS, {"households": household_ids, "children": ids, "first": first, "last": last})
    return _entries(children, rows, [])


def next_bookings(household_ids: Sequence[int], child: ChildCard, today: date) -> tuple[Entry, ...]:
    """The first bookings of one child from `today` on. One statement."""
    by_day = bookings_between(household_ids, (child,), today, today + NEXT_BOOKINGS_WITHIN)
    return tuple(entry for day in sorted(by_day) for entry in by_day[day])[:NEXT_BOOKINGS]


def ask(statement: Executable, values: Mapping[str, object]) -> Sequence[Row]:
    """Rows of columns, straight from the connection: they need nothing of the mapper, which costs."""
    return db.session.connection().execute(statement, values).all()


def _entries(
    children: Sequence[ChildCard], bookings: Sequence[Row], refused: Sequence[Row]
) -> dict[date, list[Entry]]:
    cards = {child.child_id: child for child in children}
    place = {child.child_id: index for index, child in enumerate(children)}
    found = [Entry(cards[row[0]], *row[1:]) for row in bookings if row[0] in cards]
    if refused:
        found += _refusals([Entry(cards[row[0]], *row[1:-1]) for row in refused if row[0] in cards], found)
    found.sort(key=lambda entry: (KIND_ORDER[entry.kind], place[entry.child.child_id]))
    by_day: dict[date, list[Entry]] = {}
    for entry in found:
        by_day.setdefault(entry.day, []).append(entry)
    return by_day


def _refusals(refused: Sequence[Entry], booked: Sequence[Entry]) -> list[Entry]:
    """The newest refusal of each place where there is no booking; `refused` comes the newest first."""
    active = {_place(entry) for entry in booked}
    newest = {_place(entry): entry for entry in reversed(refused)}
    return [entry for place, entry in newest.items() if place not in active]


def _place(entry: Entry) -> tuple[int, int]:
    return entry.child.child_id, entry.opening_id


# --- The month ------------------------------------------------------------------------------------


class Chip(NamedTuple):
    """A booking as the month shows it; `style` names its shape, `words` is read to who does not see it."""

    colour: int
    style: str
    mark: str
    icon: str
    label: str
    words: str
    rank: int | None


class Cell(NamedTuple):
    """A day of the month. `chips` are places in `MonthAgenda.chips`; `more` completes the short `note`."""

    style: str
    iso: str
    number: int
    note: str
    more: str
    chips: tuple[int, ...]
    is_link: bool


@dataclass(frozen=True, slots=True)
class MonthAgenda:
    """One month, ready to be written: a column for each weekday that opens, None outside of the month.

    Each different chip is listed once, since weeks repeat themselves.
    """

    first_day: date
    slug: str
    previous: date | None
    following: date | None
    weekdays: tuple[tuple[str, str], ...]
    weeks: tuple[tuple[Cell | None, ...], ...]
    chips: tuple[Chip, ...]
    children: tuple[ChildCard, ...]
    kinds: tuple[tuple[str, str], ...]
    states: tuple[str, ...]
    has_closed_days: bool
    has_bookings_elsewhere: bool
    has_days_away: bool
    school_holidays: tuple[str, ...]
    is_empty: bool

    @property
    def has_bookings(self) -> bool:
        return any(state not in (REFUSED, CLOSED) for state in self.states)


_STYLES = {
    CANCELLING: "pending",
    CLOSED: "refused",
    BookingState.REQUESTED: "wish",
}
STATE_ORDER = {state: index for index, state in enumerate(_WORDS)}


def month(household_ids: Sequence[int], year: int, number: int, today: date, zone: str) -> MonthAgenda:
    """The agenda of a month (S77, S78). `today` in Europe/Paris, `zone` of the town's school holidays."""
    weeks = month_weeks(year, number)
    first = date(year, number, 1)
    last = max(day for day in weeks[-1] if day.month == number)
    facts = read(household_ids, first, last, zone)
    columns = open_weekdays([*facts.openings, *facts.entries])
    chips = _Chips()
    rows = tuple(
        tuple(
            _cell(week[column], facts, chips, today) if week[column].month == number else None
            for column in columns
        )
        for week in weeks
        if any(week[column].month == number for column in columns)
    )
    present = [entry for entries in facts.entries.values() for entry in entries]
    previous, following = neighbours(year, number)
    seen = {entry.child.child_id for entry in present}
    return MonthAgenda(
        first_day=first,
        slug=month_slug(year, number),
        previous=previous,
        following=following,
        weekdays=tuple((weekday_short(column), weekday_name(column)) for column in columns),
        weeks=rows,
        chips=tuple(chips.chips),
        children=tuple(child for child in facts.children if child.child_id in seen),
        kinds=_kinds(present),
        states=tuple(sorted({entry.state for entry in present}, key=STATE_ORDER.__getitem__)),
        has_closed_days=any(cell is not None and " off" in cell.style for row in rows for cell in row),
        has_bookings_elsewhere=any(entry.is_elsewhere for entry in present),
        has_days_away=chips.has_away,
        school_holidays=tuple(_holiday_words(*holiday) for holiday in facts.school_holidays),
        is_empty=not facts.openings and not present,
    )


def _kinds(entries: Iterable[Entry]) -> tuple[tuple[str, str], ...]:
    """The pictogram of each kind, and the presences that it stands for as the month names them."""
    names: dict[str, dict[str, None]] = {}
    for entry in entries:
        names.setdefault(entry.kind, {})[entry.presence] = None
    return tuple(
        (KIND_ICONS[kind], ", ".join(names[kind])) for kind in sorted(names, key=KIND_ORDER.__getitem__)
    )


def _holiday_words(first: date, last: date, name: str) -> str:
    """« Pont : du jeudi 6 mai au samedi 8 mai »; both years when they differ."""
    year = first.year != last.year
    return f"{name}{NBSP}: du {format_day(first, year=year)} au {format_day(last, year=year)}"


class _Chips:
    """Hands out the place of a chip in the list, adding it the first time it is met."""

    def __init__(self) -> None:
        self.chips: list[Chip] = []
        self._places: dict[tuple, int] = {}
        self.has_away = False

    def place(self, entry: Entry) -> int:
        key = (entry.child.child_id, entry.kind, entry.presence, entry.state, entry.rank, entry.is_elsewhere)
        return self._places[key] if key in self._places else self._add(key, _chip(entry))

    def place_away(self, child: ChildCard) -> int:
        key = (child.child_id, AWAY)
        self.has_away = True
        return self._places[key] if key in self._places else self._add(key, _away_chip(child))

    def _add(self, key: tuple, chip: Chip) -> int:
        self._places[key] = len(self.chips)
        self.chips.append(chip)
        return self._places[key]


def _chip(entry: Entry) -> Chip:
    state = f"{entry.state_words}, {ordinal(entry.rank)}" if entry.rank else entry.state_words
    return Chip(
        colour=entry.child.colour,
        style=_STYLES.get(entry.state, entry.state) + (" elsewhere" if entry.is_elsewhere else ""),
        mark=entry.child.mark,
        icon=entry.icon,
        label=entry.presence,
        words=f"{entry.child.first_name}{NBSP}: {entry.presence}, {state}",
        rank=entry.rank,
    )


def _away_chip(child: ChildCard) -> Chip:
    return Chip(
        child.colour,
        AWAY,
        child.mark,
        "house",
        "autre foyer",
        f"{child.first_name}{NBSP}: {AWAY_WORDS}",
        None,
    )


def _away(day: date, entries: Sequence[Entry], facts: Facts, chips: _Chips) -> tuple[int, ...]:
    """The children who are at their other household, where nothing booked says so already."""
    if not facts.homes.custody:
        return ()
    said = {entry.child.child_id for entry in entries}
    return tuple(
        chips.place_away(child)
        for child in facts.children
        if child.child_id not in said and facts.is_away(child, day)
    )


def ordinal(rank: int) -> str:
    """« 1er », « 2e »: a place in the waiting list."""
    return "1er" if rank == 1 else f"{rank}e"


def _cell(day: date, facts: Facts, chips: _Chips, today: date) -> Cell:
    entries = facts.entries.get(day, ())
    is_open = day in facts.openings and facts.openings[day] is None
    note, more = note_of(day, facts)
    style = "day"
    if not is_open and not entries:
        style += " off"
        note, more = note or "", more or ("" if note else "rien d’ouvert")
    elif day < today:
        style += " past"
    if day == today:
        style += " today"
    return Cell(
        style,
        day.isoformat(),
        day.day,
        note,
        more,
        tuple(map(chips.place, entries)) + (_away(day, entries, facts, chips) if is_open else ()),
        is_open or bool(entries),
    )


def note_of(day: date, facts: Facts) -> tuple[str, str]:
    """What is special about a day: one word for the cell, and the whole name."""
    if day in facts.public_holidays:
        return "Férié", facts.public_holidays[day]
    closed = facts.openings.get(day)
    if closed:
        return "Fermé", closed
    name = facts.school_holiday(day)
    return ("Vacances", name) if name and day.weekday() < SATURDAY else ("", "")


def neighbours(year: int, number: int) -> tuple[date | None, date | None]:
    """First days of the months before and after; None where the calendar ends."""
    return _other_month(year, number, -1), _other_month(year, number, 1)


def _other_month(year: int, number: int, step: int) -> date | None:
    try:
        return date(*parse_month(month_slug(*add_months(year, number, step))), 1)
    except BusinessError:
        return None
