"""A child on a day of an activity: what the database knows, and what the rules answer to a wish.

The planning of the wizard, its recap and the validation ask the same `judge`: what a family is told before
« Valider » is what it gets, unless somebody else was faster.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
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
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import CompoundSelect

from domain import capacity
from domain.booking_window import BookingWindow
from domain.calendar import paris_now
from domain.enums import (
    ActivityKind,
    Availability,
    BookingState,
    Channel,
    LineAction,
    LineState,
    Outcome,
    PlacesMode,
    ValidationMode,
)
from domain.french import NBSP, format_euros
from domain.rulebook.admissions import NOT_FORESEEN
from domain.rulebook.decisions import CONTACT, Decision, cancelling
from domain.workflow import TOO_LATE, UNPLACED_STATES, Refusal, booking_outcome
from models import (
    ACTIVE_BOOKING,
    Activity,
    Booking,
    BookingDraft,
    BookingDraftLine,
    BookingPeriod,
    BookingRequestLine,
    Enrolment,
    Facility,
    HouseholdChild,
    Opening,
    PresenceType,
)
from queries.closure_columns import closed_to_the_class
from queries.custody import has_custody, homes
from queries.place_columns import covers, narrowest, waiting_in_group, waiting_rank
from queries.reading import read
from queries.rules import RuleSet, rule_set
from queries.wizard import cents_of_month, month_of


@dataclass(frozen=True, slots=True)
class ChildDay:
    """One child, one day of one activity: the wish of the draft if there is one, the booking if there is one.

    `wish` and the three fields after it are None without a wish, `booking_id` and the fields after it without
    an active booking. `rank` is the place in the waiting list, from 1. `is_elsewhere`: the booking is another
    household's. `has_pending_change`: somebody must still decide on cancelling or changing this booking.
    `waiting` counts those who wait for what this child could take, `narrowest` the places left in its
    group and parts of the day (None when nothing narrows the day). `channel` is how the wish reaches the
    service; `override_reason` is why an agent passes what the rule refuses, empty when it does not (S116).
    `is_eligible`: the child belongs to the household and is enrolled in the activity on that day.
    `has_custody`: a custody calendar may give the day to another household.
    """

    draft_id: int
    household_id: int
    channel: Channel
    override_reason: str
    line_id: int | None
    child_id: int
    wish: LineAction | None
    wish_type_id: int | None
    wish_type: str | None
    wish_short: str | None
    opening_id: int
    day: date
    capacity: int | None
    booked: int
    waiting: int
    narrowest: int | None
    has_limits: bool
    group_id: int | None
    parts: int
    closed_reason: str | None
    opens_at: datetime
    closes_at: datetime | None
    places_mode: PlacesMode
    allotted_at: datetime | None
    activity_id: int
    kind: ActivityKind
    has_waiting_list: bool
    waiting_places: int | None
    last_places_threshold: int
    facility_id: int
    facility: str
    facility_phone: str
    mode: ValidationMode
    booking_id: int | None
    booking_state: BookingState | None
    booking_type_id: int | None
    booking_type: str | None
    booking_short: str | None
    booking_price_cents: int | None
    rank: int | None
    is_elsewhere: bool | None
    has_pending_change: bool
    is_eligible: bool
    has_custody: bool

    @property
    def by_agent(self) -> bool:
        """True when an agent asks for the family."""
        return self.channel is not Channel.PORTAL

    @property
    def places_left(self) -> int | None:
        return capacity.places_left(self.capacity, self.booked, self.narrowest)

    @property
    def window(self) -> BookingWindow:
        return BookingWindow(self.opens_at, self.closes_at, self.places_mode, self.allotted_at)

    @property
    def is_wished(self) -> bool:
        """True for a wish that waits for the allotment of its period (R17)."""
        return self.booking_state is BookingState.REQUESTED

    @property
    def availability(self) -> Availability:
        return capacity.availability(
            self.places_left,
            self.waiting,
            self.last_places_threshold,
            self.closed_reason is not None,
            self.has_waiting_list,
            self.waiting_places,
        )


# --- What is read: one statement, built once ----------------------------------------------------------------

_BOOKED_TYPE = aliased(PresenceType)
_WISHED_TYPE = aliased(PresenceType)
_PENDING_CHANGE = (
    exists()
    .where(
        BookingRequestLine.booking_id == Booking.id,
        BookingRequestLine.state == LineState.PENDING,
        or_(
            BookingRequestLine.action == LineAction.CANCEL,
            BookingRequestLine.presence_type_id != Booking.presence_type_id,
        ),
    )
    .correlate(Booking)
)


def _columns(child_id: ColumnElement[int], parts: ColumnElement[int]) -> tuple[ColumnElement, ...]:
    """In the order of the fields of ChildDay; `parts` are those of the day that the presence type takes."""
    group_id = (
        select(func.min(Enrolment.group_id))
        .where(*covers(child_id, Opening.day))
        .correlate_except(Enrolment)
        .scalar_subquery()
    )
    return (
        BookingDraft.id,
        BookingDraft.household_id,
        BookingDraft.channel,
        BookingDraft.override_reason,
        BookingDraftLine.id,
        child_id,
        BookingDraftLine.action,
        BookingDraftLine.presence_type_id,
        _WISHED_TYPE.name,
        _WISHED_TYPE.short_name,
        Opening.id,
        Opening.day,
        Opening.capacity,
        Opening.booked,
        waiting_in_group(group_id),
        narrowest(group_id, parts),
        Opening.has_limits,
        group_id,
        parts,
        func.coalesce(Opening.closed_reason, closed_to_the_class(child_id)),
        BookingPeriod.opens_at,
        BookingPeriod.closes_at,
        BookingPeriod.places_mode,
        BookingPeriod.allotted_at,
        Activity.id,
        Activity.kind,
        Activity.has_waiting_list,
        Activity.waiting_places,
        Activity.last_places_threshold,
        Facility.id,
        Facility.name,
        Facility.phone,
        Facility.validation_mode,
        Booking.id,
        Booking.state,
        Booking.presence_type_id,
        _BOOKED_TYPE.name,
        _BOOKED_TYPE.short_name,
        case((Booking.household_id == BookingDraft.household_id, Booking.price_cents), else_=null()),
        waiting_rank(),
        Booking.household_id != BookingDraft.household_id,
        _PENDING_CHANGE,
        exists()
        .where(
            *covers(child_id, Opening.day),
            HouseholdChild.child_id == Enrolment.child_id,
            HouseholdChild.household_id == BookingDraft.household_id,
            HouseholdChild.is_restricted.is_(False),
        )
        .correlate_except(Enrolment, HouseholdChild),
        has_custody(child_id),
    )


def _with_booking(statement: Select, child_id: ColumnElement[int]) -> Select:
    """Add what surrounds an opening: its period, its facility, the booking of the child."""
    return (
        statement.join(BookingPeriod, BookingPeriod.id == Opening.period_id)
        .join(Facility, Facility.id == Activity.facility_id)
        .outerjoin(
            Booking,
            (Booking.opening_id == Opening.id)
            & (Booking.child_id == child_id)
            & text(f"booking.{ACTIVE_BOOKING}"),
        )
        .outerjoin(_BOOKED_TYPE, _BOOKED_TYPE.id == Booking.presence_type_id)
        .outerjoin(_WISHED_TYPE, _WISHED_TYPE.id == BookingDraftLine.presence_type_id)
    )


_CHILD_ID = func.coalesce(cast(bindparam("child_id"), Integer), BookingDraft.child_id)
_WISHES = _with_booking(
    select(literal("wish"), *_columns(BookingDraftLine.child_id, _WISHED_TYPE.parts))
    .select_from(BookingDraft)
    .join(BookingDraftLine, BookingDraftLine.draft_id == BookingDraft.id)
    .join(Opening, Opening.id == BookingDraftLine.opening_id)
    .join(Activity, Activity.id == Opening.activity_id),
    BookingDraftLine.child_id,
)
_DAYS = _with_booking(
    select(literal("day"), *_columns(_CHILD_ID, PresenceType.parts))
    .select_from(BookingDraft)
    .join(PresenceType, PresenceType.id == bindparam("presence_type_id"))
    .join(
        Activity,
        (Activity.id == PresenceType.activity_id) & (Activity.facility_id == BookingDraft.facility_id),
    )
    .join(
        Opening,
        (Opening.activity_id == Activity.id) & Opening.day.between(bindparam("first"), bindparam("last")),
    )
    .outerjoin(
        BookingDraftLine,
        (BookingDraftLine.draft_id == BookingDraft.id)
        & (BookingDraftLine.child_id == _CHILD_ID)
        & (BookingDraftLine.opening_id == Opening.id),
    ),
    _CHILD_ID,
).where(PresenceType.is_active, Activity.is_active, Facility.is_active)
# Several children and presence types of any facility, children of the draft's household alone.
_KIN = aliased(HouseholdChild)
_MANY = _with_booking(
    select(PresenceType.id, PresenceType.name, *_columns(_KIN.child_id, PresenceType.parts))
    .select_from(BookingDraft)
    .join(
        _KIN,
        (_KIN.household_id == BookingDraft.household_id)
        & _KIN.is_restricted.is_(False)
        & _KIN.child_id.in_(bindparam("children", expanding=True)),
    )
    .join(PresenceType, PresenceType.id.in_(bindparam("presence_types", expanding=True)))
    .join(Activity, Activity.id == PresenceType.activity_id)
    .join(
        Opening,
        (Opening.activity_id == Activity.id) & Opening.day.between(bindparam("first"), bindparam("last")),
    )
    .outerjoin(
        BookingDraftLine,
        (BookingDraftLine.draft_id == BookingDraft.id)
        & (BookingDraftLine.child_id == _KIN.child_id)
        & (BookingDraftLine.opening_id == Opening.id),
    ),
    _KIN.child_id,
).where(
    BookingDraft.id == bindparam("draft_id"),
    PresenceType.is_active,
    Activity.is_active,
    Facility.is_active,
)
_BY_ID = BookingDraft.id == bindparam("draft_id")
_BY_KEY = (
    (BookingDraft.key == bindparam("key"))
    & (BookingDraft.user_id == bindparam("user_id"))
    & BookingDraft.submitted_at.is_(None)
)
_WISHES_BY_ID = _WISHES.where(_BY_ID)
_BOTH_BY_ID = union_all(_WISHES_BY_ID, _DAYS.where(_BY_ID))
_TOUCHED = union_all(
    _WISHES.add_columns(literal(0)).where(_BY_KEY),
    _DAYS.add_columns(cents_of_month(BookingDraft.household_id)).where(_BY_KEY),
)

Both = tuple[list[ChildDay], list[ChildDay]]


def wishes(draft_id: int) -> list[ChildDay]:
    """Every wish of a draft, by day then child. One statement."""
    return _in_order(ChildDay(*row[1:]) for row in read(_WISHES_BY_ID, {"draft_id": draft_id}))


def wishes_and_days(
    draft_id: int, presence_type_id: int, first: date, last: date, child_id: int | None = None
) -> Both:
    """The wishes of a draft, and the open days of a presence type between two days for its child or another.

    One statement. No day when the presence type is not an active one of the draft's facility.
    """
    span = {"presence_type_id": presence_type_id, "first": first, "last": last}
    return _both(_BOTH_BY_ID, span | {"draft_id": draft_id, "child_id": child_id})


class OfferedDay(NamedTuple):
    """An open day of a child for one presence type, whatever the draft and the booking say."""

    presence_type_id: int
    presence_type: str
    day: ChildDay

    def wished(self) -> ChildDay:
        """The day as a draft that books it would hold it."""
        return replace(
            self.day,
            wish=LineAction.BOOK,
            wish_type_id=self.presence_type_id,
            wish_type=self.presence_type,
        )


def days_of_many(
    draft_id: int, child_ids: Iterable[int], presence_type_ids: Iterable[int], first: date, last: date
) -> list[OfferedDay]:
    """The open days between two days of each of these presence types for each of these children of the
    draft's household, in their order. One statement, however many."""
    wanted = {
        "draft_id": draft_id,
        "children": sorted(set(child_ids)),
        "presence_types": sorted(set(presence_type_ids)),
        "first": first,
        "last": last,
    }
    found = [OfferedDay(*row[:2], ChildDay(*row[2:])) for row in read(_MANY, wanted)]
    return sorted(found, key=lambda one: (one.day.day, one.day.child_id, one.day.activity_id))


class TouchedDay(NamedTuple):
    """The open day of a draft that was touched, every wish of the draft, and what the accepted bookings of
    the household cost in this month so far."""

    wishes: list[ChildDay]
    day: ChildDay
    booked_cents: int


def touched(key: str, user_id: int, presence_type_id: int, day: date) -> TouchedDay | None:
    """One day of somebody's open draft, which need not have been read before; None when there is nothing to
    touch. One statement."""
    span = {"presence_type_id": presence_type_id, "first": day, "last": day} | month_of(day)
    rows = read(_TOUCHED, span | {"key": key, "user_id": user_id, "child_id": None}).all()
    wishes = _in_order(ChildDay(*row[1:-1]) for row in rows if row[0] == "wish")
    return next((TouchedDay(wishes, ChildDay(*row[1:-1]), row[-1]) for row in rows if row[0] == "day"), None)


def _both(statement: CompoundSelect, wanted: Mapping[str, Any]) -> Both:
    parts: dict[str, list[ChildDay]] = {"wish": [], "day": []}
    for part, *columns in read(statement, wanted):
        parts[part].append(ChildDay(*columns))
    return _in_order(parts["wish"]), _in_order(parts["day"])


def _in_order(days: Iterable[ChildDay]) -> list[ChildDay]:
    return sorted(days, key=lambda day: (day.day, day.child_id, day.activity_id))


def rules_for(
    days: Iterable[ChildDay],
    household_id: int,
    first: date,
    last: date,
    presence_type_ids: Iterable[int] = (),
) -> RuleSet:
    """The rules of these days and presence types, with the calendar of at least `first` to `last`.

    One statement more when a child of these days has a custody calendar: where it lives is then known too.
    """
    days = list(days)
    types = {type_id for day in days for type_id in (day.wish_type_id, day.booking_type_id) if type_id}
    span = [first, last, *(day.day for day in days)]
    rules = rule_set(
        {day.activity_id for day in days},
        types.union(presence_type_ids),
        household_id,
        min(span),
        max(span),
    )
    shared = {day.child_id for day in days if day.has_custody}
    return replace(rules, homes=homes(shared, rules.calendar.school_holidays)) if shared else rules


# --- What the rules answer ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a wish if it is validated now.

    `code` is empty unless it is refused; `sentence` says why it is refused or submitted, or until when it can
    be done; `price_cents` is the price of the day, negative for a cancelling, 0 when nothing is due, None
    when no tariff says it; `replaced_cents` is the price that is no longer due because another presence type
    takes the place of the booked one. `explanation` explains the price, `bracket` names its line of the
    tariff. `rank` is the place in the waiting list. `settled_later` says why only the whole period settles
    the price, `has_extra` that the rule allows it with a supplement, `is_passed` that the rule refuses it and
    an agent passes that limit, `is_wish` that the places are allotted later: it takes none.
    """

    state: LineState
    code: str
    sentence: str
    price_cents: int | None
    explanation: tuple[str, ...] = ()
    bracket: str = ""
    rank: int | None = None
    replaced_cents: int | None = 0
    settled_later: str = ""
    has_extra: bool = False
    is_passed: bool = False
    is_wish: bool = False

    @property
    def booking_state(self) -> BookingState:
        """Where the booking begins."""
        return BookingState.REQUESTED if self.is_wish else BookingState(self.state.value)

    @property
    def due_cents(self) -> int | None:
        """What it adds to the bill; None when a price is not known."""
        if self.price_cents is None or self.replaced_cents is None:
            return None
        return self.price_cents - self.replaced_cents


def judge(day: ChildDay, action: LineAction, presence_type_id: int, rules: RuleSet, now: datetime) -> Verdict:
    """What the rules answer now to booking `presence_type_id` on this day, or to cancelling its booking.

    One answer shows a touched day in several places: it is worked out once.
    """
    asked = (id(day), action, presence_type_id, now)
    known = rules.said.get(asked)
    if known is None:  # the day is kept with its answer: its identity stays its own
        known = rules.said[asked] = (day, _judge(day, action, presence_type_id, rules, now))
    return known[1]


def _judge(
    day: ChildDay, action: LineAction, presence_type_id: int, rules: RuleSet, now: datetime
) -> Verdict:
    decision = _decide(day, action, presence_type_id, rules, now)
    refusal = _refusal(day, action, presence_type_id, decision, rules, now)
    window = None
    if refusal is None and action is LineAction.BOOK and day.booking_id is None:
        window = _window_refusal(day, rules, now)
    if day.override_reason and refusal is None:
        return _passing(day, action, presence_type_id, decision, window, rules, now)
    refusal = refusal or window
    if refusal is not None:
        return Verdict(LineState.REFUSED, refusal.code, refusal.message, None)
    return _judged(day, action, presence_type_id, decision, rules, now)


def _passing(
    day: ChildDay,
    action: LineAction,
    presence_type_id: int,
    decision: Decision,
    window: Refusal | None,
    rules: RuleSet,
    now: datetime,
) -> Verdict:
    """The same for an agent whose written reason passes the limits in time, which the verdict then says."""
    passed = (_out_of_period(day, now) if action is LineAction.BOOK else None) or window
    limit = passed.message if passed else decision.sentence if decision.outcome is Outcome.REFUSE else ""
    if not limit:
        return _judged(day, action, presence_type_id, decision, rules, now)
    sentence = f"{limit.removesuffix(CONTACT).rstrip('. ')}. {PASSED}"
    decision = replace(decision, outcome=Outcome.FREE, sentence=sentence, extras=())
    verdict = _judged(day, action, presence_type_id, decision, rules, now)
    return replace(verdict, is_passed=verdict.state is not LineState.REFUSED)


PASSED = "Le service passe outre"
_OUT_OF_PERIOD = ("not_open_yet", "period_over")
_MAY_BE_PASSED = ("too_late", *_OUT_OF_PERIOD, NOT_FORESEEN)


def may_be_passed(day: ChildDay, verdict: Verdict) -> bool:
    """True for a refusal that an agent passes with a written reason: a limit in time, not a full day, not the
    end of the wishes."""
    if day.window.takes_wishes and verdict.code in _OUT_OF_PERIOD:
        return False
    return day.by_agent and verdict.code in _MAY_BE_PASSED


def _judged(
    day: ChildDay,
    action: LineAction,
    presence_type_id: int,
    decision: Decision,
    rules: RuleSet,
    now: datetime,
) -> Verdict:
    """What follows from the limit once nothing else forbids the wish."""
    state = _outcome(day, action, decision)
    if isinstance(state, Refusal):
        sentence = _too_late(day, decision) if state.code == "too_late" else state.message
        return Verdict(LineState.REFUSED, state.code, sentence, None)
    has_extra = decision.outcome is Outcome.EXTRA
    if action is LineAction.CANCEL:
        cents, explanation = _given_back(day, decision, rules, now)
        has_extra = has_extra and day.booking_state not in UNPLACED_STATES
        return Verdict(state, "", _why(day, action, state, decision), cents, explanation, has_extra=has_extra)
    rank = day.waiting + 1 if state is LineState.WAITING else None
    price = rules.price(presence_type_id, day.day, day.child_id, now, decision.extras)
    why = _why(day, action, state, decision)
    if price.cents is None:
        return Verdict(
            state, "", why, None, price.explanation, rank=rank, has_extra=has_extra, is_wish=_wishes(day)
        )
    replaced = day.booking_price_cents if is_switch(day, presence_type_id) else 0
    return Verdict(
        state,
        "",
        why,
        price.cents,
        price.explanation,
        price.bracket_label,
        rank,
        replaced,
        price.settled_later,
        has_extra,
        is_wish=_wishes(day),
    )


def _wishes(day: ChildDay) -> bool:
    """True when booking the day is a wish: what is booked already may still change."""
    return day.window.takes_wishes and day.booking_id is None


def _given_back(
    day: ChildDay, decision: Decision, rules: RuleSet, now: datetime
) -> tuple[int | None, tuple[str, ...]]:
    """What cancelling takes off the bill (cents, negative); a late one may leave something due."""
    if day.booking_state in UNPLACED_STATES:
        return 0, ()
    booked = day.booking_price_cents or 0
    if not decision.extras:
        return -booked, ()
    due = rules.price(day.booking_type_id, day.day, day.child_id, now, decision.extras, "absent")
    return (None if due.cents is None else due.cents - booked), due.explanation


def is_switch(day: ChildDay, presence_type_id: int) -> bool:
    """True when booking this presence type changes an accepted booking of the same activity."""
    return day.booking_state is BookingState.ACCEPTED and day.booking_type_id != presence_type_id


def _decide(
    day: ChildDay, action: LineAction, presence_type_id: int, rules: RuleSet, now: datetime
) -> Decision:
    """The answer of the deadline; changing a booked day needs both ways to be open."""
    decision = rules.decide(day.activity_id, action, day.day, now, day.child_id, day.channel)
    if action is LineAction.CANCEL:
        return cancelling(decision, day.booking_state)
    if is_switch(day, presence_type_id):
        back = rules.decide(day.activity_id, LineAction.CANCEL, day.day, now, day.child_id, day.channel)
        return max(decision, back, key=lambda one: _STRICTNESS[one.outcome])
    return decision


_STRICTNESS = {Outcome.FREE: 0, Outcome.EXTRA: 1, Outcome.ON_REQUEST: 2, Outcome.REFUSE: 3}


def _refusal(
    day: ChildDay,
    action: LineAction,
    presence_type_id: int,
    decision: Decision,
    rules: RuleSet,
    now: datetime,
) -> Refusal | None:
    """What forbids the wish whatever the deadline and the places; a public holiday closes the day (S82), and
    each of two households books the days on which the child lives there (R02)."""
    if day.day < paris_now(now).date():
        return Refusal("past", f"{decision.sentence}.")
    if day.is_elsewhere:
        return Refusal("elsewhere", "Ce jour est réservé par l’autre foyer de l’enfant.")
    if day.has_pending_change:
        return Refusal("already_asked", "Une demande est déjà en cours d’examen pour ce jour.")
    if action is LineAction.CANCEL:
        return None
    if rules.homes.is_elsewhere(day.child_id, day.day, (day.household_id,)):
        return Refusal("other_home", rules.homes.sentence(day.child_id))
    if not day.is_eligible:
        return Refusal("not_enrolled", "L’enfant n’est pas inscrit dans cette structure ce jour-là.")
    if day.closed_reason is not None:
        return Refusal("closed", f"{closed_words(day.closed_reason)}.")
    holiday = rules.calendar.public_holiday(day.day)
    if holiday is not None:
        return Refusal("holiday", f"Férié ce jour-là ({holiday}).")
    out_of_period = _out_of_period(day, now)
    if out_of_period is not None and (day.window.takes_wishes or not day.override_reason):
        return out_of_period
    if day.booking_type_id == presence_type_id:
        return Refusal("already_booked", _ALREADY[day.booking_state])
    if day.booking_id is not None and day.booking_state is not BookingState.ACCEPTED:
        return Refusal("already_asked", "Annulez d’abord la demande en cours pour ce jour.")
    return None


def _out_of_period(day: ChildDay, now: datetime) -> Refusal | None:
    """Not yet, or no more; a wish that comes late would be nobody's to answer."""
    closed = day.window.closed_words(now)
    if closed:
        return Refusal("period_over" if day.window.has_opened(now) else "not_open_yet", f"{closed}.")
    return None


def _window_refusal(day: ChildDay, rules: RuleSet, now: datetime) -> Refusal | None:
    """What keeps this family from a new booking in the period of the day: residents come first (R17)."""
    window = rules.booking_window(day.activity_id, day.child_id, day.day, now, day.channel)
    if window.code:
        return Refusal(window.code, window.sentence)
    if window.doubt:
        said = f"Il manque une information au dossier pour répondre{NBSP}: {window.doubt}. {CONTACT}"
        return Refusal(NOT_FORESEEN, said)
    return None


def closed_words(reason: str) -> str:
    """« Fermé ce jour-là (sortie scolaire) », without final point."""
    return f"Fermé ce jour-là ({reason})"


def replaced_words(presence_type: str, cents: int | None) -> str:
    """« remplace Demi-journée avec repas, 7,00 € »: what a change takes the place of."""
    return (
        f"remplace {presence_type}" if cents is None else f"remplace {presence_type}, {format_euros(cents)}"
    )


class Unchanged(NamedTuple):
    """What to say of a wish for what is there already, booked meanwhile by another tab or parent."""

    badge: str
    sentence: str


UNCHANGED = {
    BookingState.ACCEPTED: Unchanged("Déjà réservé", f"Ce jour était déjà réservé{NBSP}: rien n’a changé."),
    BookingState.PENDING: Unchanged("Déjà demandé", f"Ce jour était déjà demandé{NBSP}: rien n’a changé."),
    BookingState.REQUESTED: Unchanged("Déjà demandé", f"Ce jour était déjà demandé{NBSP}: rien n’a changé."),
    BookingState.OFFERED: Unchanged(
        "Place déjà proposée",
        f"Une place est déjà proposée pour ce jour{NBSP}: répondez à cette proposition.",
    ),
    BookingState.WAITING: Unchanged(
        "Déjà en liste d’attente", f"L’enfant était déjà sur la liste d’attente{NBSP}: rien n’a changé."
    ),
}


def unchanged(day: ChildDay, verdict: Verdict) -> Unchanged | None:
    """What to say when the wish is refused only because it is fulfilled; None otherwise."""
    return UNCHANGED[day.booking_state] if verdict.code == "already_booked" else None


_ALREADY = {
    BookingState.ACCEPTED: "Ce jour est déjà réservé.",
    BookingState.PENDING: "Ce jour est déjà demandé, en cours de validation.",
    BookingState.REQUESTED: "Ce jour est déjà demandé\u00a0: les places seront attribuées.",
    BookingState.OFFERED: "Une place est proposée pour ce jour\u00a0: répondez à la proposition.",
    BookingState.WAITING: "L’enfant est déjà sur la liste d’attente de ce jour.",
}


def _outcome(day: ChildDay, action: LineAction, decision: Decision) -> LineState | Refusal:
    if action is LineAction.BOOK and _wishes(day):
        return TOO_LATE if decision.outcome is Outcome.REFUSE else LineState.PENDING
    keeps_its_place = action is LineAction.BOOK and day.booking_id is not None
    return booking_outcome(
        decision.outcome,
        day.mode,
        Availability.AVAILABLE if keeps_its_place else day.availability,
        action,
        day.booking_state,
    )


def _too_late(day: ChildDay, decision: Decision) -> str:
    """The rule in words and whom to call (S101); the family before an agent is told no telephone."""
    calls = day.facility_phone and not day.by_agent
    contact = f" {day.facility}{NBSP}: {day.facility_phone}." if calls else ""
    return f"{decision.sentence.rstrip('.')}.{contact}"


WISH_WITHDRAWN = "Un vœu se retire librement, il n’est pas dû."


def waiting_sentence(rank: int) -> str:
    return f"Complet{NBSP}: {rank}{'er' if rank == 1 else 'e'} sur la liste d’attente."


GIVING_UP = f"Rien n’est réservé{NBSP}: l’enfant peut se retirer à tout moment, sans rien payer."


def _why(day: ChildDay, action: LineAction, state: LineState, decision: Decision) -> str:
    if action is LineAction.CANCEL and day.booking_state in UNPLACED_STATES:
        return GIVING_UP
    if action is LineAction.BOOK and _wishes(day):
        return f"{day.window.wish_words()}."
    if state is LineState.WAITING:
        return waiting_sentence(day.waiting + 1)
    if state is LineState.PENDING and decision.outcome is Outcome.FREE:
        return f"{day.facility} valide chaque demande."
    return f"{decision.sentence}."
