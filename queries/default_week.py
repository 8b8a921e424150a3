"""The default week of a household: what it may tick, what it ticked, and what that would change (R21)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, exists, extract, func, or_, select

from domain.calendar import ONE_DAY, open_weekdays
from domain.day_list import list_days
from domain.default_week import (
    Changes,
    DefaultWeek,
    Known,
    Plan,
    Presence,
    WeekDay,
    changes,
    default_week,
    from_tree,
    is_in,
)
from domain.enums import ActivityKind, BookingState, LineAction, LineState, WeekParity
from domain.errors import NotFound
from domain.french import NBSP, format_day, format_euros, plural, weekday_name, weekday_short
from extensions import UtcDateTime
from models import (
    Activity,
    Booking,
    BookingDraft,
    BookingEvent,
    BookingPeriod,
    DefaultWeekDay,
    Enrolment,
    Facility,
    HouseholdChild,
    Opening,
    PresenceType,
    SchoolHoliday,
)
from queries.booking_days import ChildDay, OfferedDay, Verdict, days_of_many, judge, rules_for
from queries.family import ChildCard
from queries.planning import KIND_ICONS
from queries.reading import read
from queries.rules import RuleSet
from queries.wizard_recap import RecapGroup, groups, total_due

FURTHEST = timedelta(days=400)
SHORTEST_HOLIDAY = timedelta(days=5)
SUMMER = timedelta(days=28)

_HOUSEHOLD_ID = bindparam("household_id")
_TODAY = bindparam("today")

# --- What may be ticked -------------------------------------------------------------------------------------

_PRESENCES = (
    select(
        Enrolment.child_id,
        Facility.id.label("facility_id"),
        Facility.name.label("facility"),
        Activity.id.label("activity_id"),
        Activity.name.label("activity"),
        Activity.kind,
        PresenceType.id,
        PresenceType.name,
    )
    .select_from(HouseholdChild)
    .join(Enrolment, Enrolment.child_id == HouseholdChild.child_id)
    .join(Facility, Facility.id == Enrolment.facility_id)
    .join(
        Activity,
        (Activity.facility_id == Facility.id)
        & or_(Enrolment.activity_id.is_(None), Enrolment.activity_id == Activity.id),
    )
    .join(PresenceType, PresenceType.activity_id == Activity.id)
    .where(
        HouseholdChild.household_id == _HOUSEHOLD_ID,
        HouseholdChild.is_restricted.is_(False),
        Enrolment.last_day >= _TODAY,
        Facility.is_active,
        Activity.is_active,
        PresenceType.is_active,
        exists().where(Opening.activity_id == Activity.id, Opening.day >= _TODAY),
    )
    .order_by(
        Facility.position,
        Facility.id,
        Activity.position,
        Activity.id,
        PresenceType.position,
        PresenceType.id,
    )
)
_WEEKDAYS = (
    select(
        Opening.activity_id,
        extract("dow", Opening.day).label("weekday"),  # 0 = Sunday
        func.max(Opening.day).filter(
            BookingPeriod.opens_at <= bindparam("now", type_=UtcDateTime),
            or_(
                BookingPeriod.closes_at.is_(None),
                BookingPeriod.closes_at > bindparam("now", type_=UtcDateTime),
            ),
        ),
    )
    .join(BookingPeriod, BookingPeriod.id == Opening.period_id)
    .where(Opening.activity_id.in_(bindparam("activities", expanding=True)), Opening.day >= _TODAY)
    .group_by(Opening.activity_id, extract("dow", Opening.day))
)
_HOLIDAYS = (
    select(SchoolHoliday.first_day, SchoolHoliday.last_day, SchoolHoliday.label)
    .where(SchoolHoliday.zone == bindparam("zone"), SchoolHoliday.first_day > _TODAY)
    .order_by(SchoolHoliday.first_day)
)
_STORED = (
    select(
        DefaultWeekDay.child_id,
        PresenceType.activity_id,
        DefaultWeekDay.presence_type_id,
        DefaultWeekDay.weekday,
        DefaultWeekDay.parity,
    )
    .join(PresenceType, PresenceType.id == DefaultWeekDay.presence_type_id)
    .where(DefaultWeekDay.household_id == _HOUSEHOLD_ID)
)


@dataclass(frozen=True, slots=True)
class Block:
    """A presence type, the weekdays on which it opens (0 = Monday), and the children who may come."""

    presence_type_id: int
    name: str
    activity_id: int
    place: str
    icon: str
    kind: ActivityKind
    weekdays: frozenset[int]
    children: tuple[ChildCard, ...]


@dataclass(frozen=True, slots=True)
class Until:
    """A last day to choose: « jusqu’aux vacances d’été »."""

    day: date
    label: str


@dataclass(frozen=True, slots=True)
class Parity:
    """Weeks to fill in, by an example of one of them."""

    value: WeekParity
    example: date


@dataclass(frozen=True, slots=True)
class WeekPage:
    """The grid: `columns` are the weekdays on which something opens, `stored` what the household has."""

    household_id: int
    blocks: tuple[Block, ...]
    children: tuple[ChildCard, ...]
    columns: tuple[int, ...]
    parities: tuple[Parity, ...]
    untils: tuple[Until, ...]
    last_day: date
    stored: DefaultWeek

    @property
    def heads(self) -> tuple[tuple[int, str, str], ...]:
        return tuple((number, weekday_short(number), weekday_name(number)) for number in self.columns)

    def ticks(self) -> frozenset[WeekDay]:
        """Every box of the grid."""
        return frozenset(
            WeekDay(Presence(card.child_id, block.activity_id, block.presence_type_id), weekday, parity.value)
            for block in self.blocks
            for card in block.children
            for weekday in block.weekdays
            for parity in self.parities
        )


def week_page(
    household_id: int, children: Sequence[ChildCard], zone: str, now: datetime, today: date
) -> WeekPage:
    """What this household may tick. `children`: the cards of the adult's children. Four statements."""
    rows = read(_PRESENCES, {"household_id": household_id, "today": today}).all()
    activities = sorted({row.activity_id for row in rows})
    opens: dict[int, set[int]] = {activity_id: set() for activity_id in activities}
    last = today
    for activity_id, weekday, last_open in read(
        _WEEKDAYS, {"activities": activities, "now": now, "today": today}
    ):
        opens[activity_id].add((int(weekday) - 1) % 7)
        last = max(last, last_open or today)
    blocks = _blocks(rows, opens, children)
    own = {card.child_id for block in blocks for card in block.children}
    holidays = read(_HOLIDAYS, {"zone": zone, "today": today}).all()
    weekdays = {weekday for block in blocks for weekday in block.weekdays}
    monday = today - timedelta(days=today.weekday())
    return WeekPage(
        household_id=household_id,
        blocks=blocks,
        children=tuple(card for card in children if card.child_id in own),
        columns=open_weekdays(monday + timedelta(days=number) for number in weekdays),
        parities=tuple(Parity(parity, _next_monday(parity, monday)) for parity in WeekParity),
        untils=_untils(holidays, last),
        last_day=last,
        stored=stored_week(household_id),
    )


def stored_week(household_id: int) -> DefaultWeek:
    """The default week that the household validated last. One statement."""
    return default_week(
        WeekDay(Presence(*row[:3]), row.weekday, row.parity)
        for row in read(_STORED, {"household_id": household_id})
    )


def _blocks(
    rows: Sequence, opens: Mapping[int, set[int]], children: Sequence[ChildCard]
) -> tuple[Block, ...]:
    first = {row.id: row for row in reversed(rows)}
    enrolled: dict[int, set[int]] = {}
    for row in rows:
        enrolled.setdefault(row.id, set()).add(row.child_id)
    return tuple(
        Block(
            row.id,
            row.name,
            row.activity_id,
            f"{row.activity}, {row.facility}",
            KIND_ICONS[row.kind],
            row.kind,
            frozenset(opens[row.activity_id]),
            tuple(card for card in children if card.child_id in enrolled[row.id]),
        )
        for row in (first[type_id] for type_id in dict.fromkeys(row.id for row in rows))
    )


def _next_monday(parity: WeekParity, monday: date) -> date:
    """The Monday of the next such week."""
    later = (monday + timedelta(weeks=number) for number in range(1, 4))
    return next(day for day in later if is_in(parity, day))


def _untils(holidays: Sequence, last: date) -> tuple[Until, ...]:
    """The eve of the next holidays, that of the summer, the last day that one may book: which is the summer's
    eve when nothing opens after."""
    long = [one for one in holidays if one.last_day - one.first_day >= SHORTEST_HOLIDAY]
    summer = next((one for one in long if one.last_day - one.first_day > SUMMER), None)
    named = {}
    for one in (*long[:1], *((summer,) if summer else ())):
        eve = min(one.first_day - ONE_DAY, last)
        if one is summer or eve < last:
            named[eve] = _until_words(one.label)
    named.setdefault(last, "Jusqu’au dernier jour ouvert")
    return tuple(Until(day, f"{named[day]} ({format_day(day, year=True)})") for day in sorted(named))


def _until_words(label: str) -> str:
    """« Jusqu’aux vacances d’été »."""
    if label.lower().startswith("vacances"):
        return f"Jusqu’aux {label[:1].lower()}{label[1:]}"
    return f"Jusqu’à{NBSP}: {label}"


# --- What it would change -----------------------------------------------------------------------------------

_ASKED = select(
    BookingDraft.id, BookingDraft.household_id, BookingDraft.default_week, BookingDraft.submitted_at
).where(
    BookingDraft.key == bindparam("key"),
    BookingDraft.user_id == bindparam("user_id"),
    BookingDraft.household_id.in_(bindparam("households", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a draft asks for: its plan, None when it has none."""

    draft_id: int
    household_id: int
    plan: Plan | None
    is_submitted: bool


def asked(user_id: int, household_ids: Sequence[int], key: str) -> Asked:
    """The plan of somebody's draft. Raises NotFound for another person's. One statement."""
    row = read(_ASKED, {"key": key, "user_id": user_id, "households": household_ids}).first()
    if row is None:
        raise NotFound
    plan = None if row.default_week is None else from_tree(row.default_week)
    return Asked(row.id, row.household_id, plan, row.submitted_at is not None)


_GIVEN_UP = (
    select(Booking.child_id, Booking.opening_id)
    .join(BookingDraft, BookingDraft.household_id == Booking.household_id)
    .where(
        BookingDraft.id == bindparam("draft_id"),
        Booking.child_id.in_(bindparam("children", expanding=True)),
        Booking.day.between(bindparam("first"), bindparam("last")),
        Booking.state == BookingState.CANCELLED,
        ~exists().where(BookingEvent.booking_id == Booking.id, BookingEvent.closure_id.is_not(None)),
    )
)

Judged = tuple[ChildDay, Verdict]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a plan would bring, day by day, each with the answer of the rules.

    `added` can be had, `waiting` only on a waiting list, `skipped` not; `again` was given up by the family
    and may be booked again, `dropped` is booked outside of the week and may be given up, `kept_back` is
    outside too but cannot. `other`: another presence type is booked. `booked` counts what is there already.
    """

    added: list[Judged] = field(default_factory=list)
    waiting: list[Judged] = field(default_factory=list)
    skipped: list[Judged] = field(default_factory=list)
    again: list[Judged] = field(default_factory=list)
    dropped: list[Judged] = field(default_factory=list)
    kept_back: list[Judged] = field(default_factory=list)
    other: list[ChildDay] = field(default_factory=list)
    booked: list[ChildDay] = field(default_factory=list)
    chosen: list[ChildDay] = field(default_factory=list)


def proposal(
    draft_id: int, household_id: int, plan: Plan, former: DefaultWeek, now: datetime, today: date
) -> Proposal:
    """What the plan would change, as the rules answer now. Four statements, five with rules on open days."""
    pairs = plan.week.pairs() | former.pairs()
    children = {child_id for child_id, _ in pairs}
    first = max(plan.first_day, today)
    spans = {"first": first, "last": plan.last_day}
    types = {one.presence.presence_type_id for one in plan.week.days | former.days}
    offered = [
        one
        for one in days_of_many(draft_id, children, types, first, plan.last_day)
        if (one.day.child_id, one.day.activity_id) in pairs
    ]
    if not offered:
        return Proposal()
    wanted = {"draft_id": draft_id, "children": sorted(children), **spans}
    given_up = set(map(tuple, read(_GIVEN_UP, wanted)))
    by_place = _by_place(offered, plan.week)
    rules = rules_for((one.day for one in by_place.values()), household_id, first, plan.last_day, types)
    found = changes(
        plan.week, former, [_known(one.day, place in given_up) for place, one in by_place.items()]
    )
    return _judged(found, by_place, rules, now)


def _by_place(offered: Iterable[OfferedDay], week: DefaultWeek) -> dict[tuple[int, int], OfferedDay]:
    """One line a child and opening: that of the presence type that the week wants there, if it wants one."""
    found: dict[tuple[int, int], OfferedDay] = {}
    for one in offered:
        place = (one.day.child_id, one.day.opening_id)
        wanted = week.wanted(one.day.child_id, one.day.activity_id, one.day.day)
        if place not in found or one.presence_type_id == wanted:
            found[place] = one
    return found


def _known(day: ChildDay, was_given_up: bool) -> Known:
    """What another household booked is not ours to count: the rules refuse it with their sentence."""
    booked = None if day.is_elsewhere else day.booking_type_id
    return Known(day.child_id, day.activity_id, day.day, booked, was_given_up, is_chosen=day.wish is not None)


def _judged(
    found: Changes, by_place: Mapping[tuple[int, int], OfferedDay], rules: RuleSet, now: datetime
) -> Proposal:
    at = {(one.day.child_id, one.day.activity_id, one.day.day): one for one in by_place.values()}
    result = Proposal()
    for known in found.added:
        pair = _judge(at[known[:3]].wished(), rules, now)
        refused = pair[1].state is LineState.REFUSED
        waits = pair[1].state is LineState.WAITING
        (result.skipped if refused else result.waiting if waits else result.added).append(pair)
    for known in found.given_up:
        pair = _judge(at[known[:3]].wished(), rules, now)
        if pair[1].state is not LineState.REFUSED:
            result.again.append(pair)
    for known in found.outside:
        day = at[known[:3]].day
        pair = _judge(_given_back(day), rules, now)
        (result.kept_back if pair[1].state is LineState.REFUSED else result.dropped).append(pair)
    result.other.extend(at[known[:3]].day for known in found.other)
    result.booked.extend(at[known[:3]].day for known in found.kept)
    result.chosen.extend(at[known[:3]].day for known in found.chosen)
    return result


def _given_back(day: ChildDay) -> ChildDay:
    return replace(day, wish=LineAction.CANCEL, wish_type_id=day.booking_type_id, wish_type=day.booking_type)


def _judge(day: ChildDay, rules: RuleSet, now: datetime) -> Judged:
    return day, judge(day, day.wish, day.wish_type_id, rules, now)


# --- As the family reads it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayChoice:
    """One day to tick: `value` is what the form sends."""

    value: str
    label: str
    price_cents: int | None


@dataclass(frozen=True, slots=True)
class ChildPreview:
    """What changes for one child; `notes` says what stays as it is."""

    child: ChildCard
    added: tuple[RecapGroup, ...]
    waiting: tuple[tuple[str, RecapGroup], ...]
    again: tuple[DayChoice, ...]
    dropped: tuple[DayChoice, ...]
    skipped: tuple[RecapGroup, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole proposal. `total_cents` is the price of what is added, `is_complete` false when a price is
    not known; `drops`: the days outside of the week are ticked."""

    children: tuple[ChildPreview, ...]
    added: int
    total_cents: int
    is_complete: bool
    drops: bool
    changes_nothing: bool

    @property
    def title(self) -> str:
        """« 38 jours ajoutés · 121,60 € »."""
        if not self.added:
            return "Aucun jour ajouté"
        return f"{plural(self.added, 'jour ajouté', 'jours ajoutés')} · {format_euros(self.total_cents)}"


def preview(found: Proposal, plan: Plan, children: Sequence[ChildCard]) -> Preview:
    """The proposal in words, by child."""
    parts = (_of_child(found, card) for card in children)
    verdicts = [verdict for _, verdict in found.added]
    return Preview(
        children=tuple(part for part in parts if part is not None),
        added=len(found.added),
        total_cents=total_due(verdicts),
        is_complete=all(verdict.due_cents is not None for verdict in verdicts),
        drops=plan.drops,
        changes_nothing=not (found.added or found.waiting or found.again or found.dropped),
    )


def _of_child(found: Proposal, card: ChildCard) -> ChildPreview | None:
    def own(pairs: Iterable[Judged]) -> list[Judged]:
        return [pair for pair in pairs if pair[0].child_id == card.child_id]

    part = ChildPreview(
        child=card,
        added=groups(own(found.added)),
        waiting=_waiting(own(found.waiting)),
        again=tuple(_choice(pair) for pair in own(found.again)),
        dropped=tuple(_choice(pair) for pair in own(found.dropped)),
        skipped=groups(own(found.skipped)),
        notes=_notes(found, card.child_id),
    )
    shown = (part.added, part.waiting, part.again, part.dropped, part.skipped, part.notes)
    return part if any(shown) else None


def _waiting(pairs: Sequence[Judged]) -> tuple[tuple[str, RecapGroup], ...]:
    """Waiting lists by presence type and rank, each with the value that its box sends."""
    found: dict[tuple[int, int | None], list[Judged]] = {}
    for day, verdict in pairs:
        found.setdefault((day.wish_type_id, verdict.rank), []).append((day, verdict))
    return tuple(
        (waiting_value(own[0][0], rank), group) for (_, rank), own in found.items() for group in groups(own)
    )


def waiting_value(day: ChildDay, rank: int | None) -> str:
    """The box that takes the waiting list of such days."""
    return f"{day.child_id}:{day.wish_type_id}:{rank}"


def day_value(day: ChildDay) -> str:
    """The box that takes one day of a child."""
    return f"{day.child_id}:{day.opening_id}"


def _choice(pair: Judged) -> DayChoice:
    day, verdict = pair
    rank = f" ({verdict.sentence[:1].lower()}{verdict.sentence[1:].rstrip('.')})" if verdict.rank else ""
    return DayChoice(day_value(day), f"{format_day(day.day)}, {day.wish_type}{rank}", verdict.due_cents)


def _notes(found: Proposal, child_id: int) -> tuple[str, ...]:
    """What stays as it is, the number of days first."""
    booked = _by_type(found.booked, child_id)
    notes = [
        f"Déjà réservé ou demandé{NBSP}: {plural(len(days), 'jour', 'jours')} ({name})."
        for name, days in booked
    ]
    chosen = [day for day in found.chosen if day.child_id == child_id]
    if chosen:
        notes.append(f"Déjà dans votre demande{NBSP}: {plural(len(chosen), 'jour', 'jours')}.")
    for name, days in _by_type(found.other, child_id):
        notes.append(f"{name} est réservé à la place{NBSP}: {list_days(days)}. Ces jours restent ainsi.")
    for day, verdict in found.kept_back:
        if day.child_id == child_id:
            notes.append(
                f"{day.booking_type}, {format_day(day.day)}{NBSP}: ne peut plus être retiré. "
                f"{verdict.sentence}"
            )
    return tuple(notes)


def _by_type(days: Iterable[ChildDay], child_id: int) -> list[tuple[str, list[date]]]:
    found: dict[str, list[date]] = {}
    for day in days:
        if day.child_id == child_id:
            found.setdefault(day.booking_type or "", []).append(day.day)
    return list(found.items())
