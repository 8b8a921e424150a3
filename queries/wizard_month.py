"""Step 3 of the wizard: a month of one presence type, painted day by day (S92 to S96)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, exists, select

from domain.calendar import TownCalendar, add_months, month_slug, month_weeks, open_weekdays, paris_now
from domain.enums import ActivityKind, Availability, BookingState, LineAction, LineState
from domain.french import (
    NBSP,
    format_day,
    format_euros,
    format_short_day,
    plural,
    weekday_name,
    weekday_short,
)
from models import (
    Activity,
    Opening,
    PresenceType,
)
from queries.booking_days import ChildDay, judge, may_be_passed, rules_for, wishes_and_days
from queries.family import ChildCard
from queries.place_offers import PlaceOffer, open_offers
from queries.planning import KIND_ICONS
from queries.reading import read
from queries.rules import RuleSet
from queries.wizard import Draft, Place, booked_cents, places_of_household
from queries.wizard_recap import Bar, MonthSoFar, bar


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """A presence type of the facility; `label` tells it from its neighbours."""

    id: int
    name: str
    label: str
    icon: str
    kind: ActivityKind


class Cell(NamedTuple):
    """A day ready to be written. `value` is what touching it asks for; empty: nothing to touch.

    `css` is empty for the days of the neighbouring months.
    """

    iso: str
    number: int
    css: str
    value: str
    icon: str
    note: str
    rank: int | None
    label: str
    pressed: str


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another child of the household; `reason` says why the days cannot be copied, empty when they can."""

    child: ChildCard
    reason: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Another child, or another facility, one tap away; `value` is « child:facility »."""

    value: str
    label: str
    child: ChildCard
    is_current: bool


@dataclass(frozen=True, slots=True)
class Painting:
    """Step 3: one child, one facility, one month, one presence type; `children` and `facilities` are the ways
    to the others of the draft's household, empty when there is no other.

    `siblings_follow`: copies are offered to the siblings without being asked, which cancellings never are.
    """

    child: ChildCard
    children: tuple[Turn, ...]
    facility: str
    facilities: tuple[Turn, ...]
    month: date
    previous: date | None
    following: date | None
    types: tuple[TypeChoice, ...]
    type: TypeChoice | None
    price: str
    heads: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]
    bar: Bar
    offers: tuple[PlaceOffer, ...]
    siblings: tuple[Sibling, ...]
    siblings_follow: bool
    last_day: date

    @property
    def slug(self) -> str:
        return month_slug(self.month.year, self.month.month)


_TYPES = (
    select(
        PresenceType.id,
        PresenceType.name,
        PresenceType.short_name,
        Activity.kind,
        Activity.name.label("activity"),
        exists()
        .where(Opening.activity_id == Activity.id, Opening.day.between(bindparam("first"), bindparam("last")))
        .label("opens"),
    )
    .join(Activity, Activity.id == PresenceType.activity_id)
    .where(Activity.facility_id == bindparam("facility_id"), Activity.is_active, PresenceType.is_active)
    .order_by(Activity.position, Activity.id, PresenceType.position, PresenceType.id)
)


def presence_types(facility_id: int, first: date, last: date) -> tuple[TypeChoice, ...]:
    """The presence types of a facility that open between two days, all when none does. One statement."""
    rows = read(_TYPES, {"facility_id": facility_id, "first": first, "last": last}).all()
    kept = [row for row in rows if row.opens] or rows
    shorts = [row.short_name for row in kept]
    names = [row.name for row in kept]
    return tuple(
        TypeChoice(row.id, row.name, _type_label(row, shorts, names), KIND_ICONS[row.kind], row.kind)
        for row in kept
    )


def _type_label(row, shorts: Sequence[str], names: Sequence[str]) -> str:
    """The shortest name that no other choice has."""
    if shorts.count(row.short_name) == 1:
        return row.short_name
    return row.name if names.count(row.name) == 1 else f"{row.activity}, {row.name}"


def painting(
    draft: Draft,
    children: Sequence[ChildCard],
    month: date | None,
    presence_type_id: int | None,
    now: datetime,
    today: date,
) -> Painting:
    """Step 3 for a draft whose child and place are right. A month or a type that is not on offer is ignored.

    Seven statements, eight when a rule counts the days on which the activity takes place.
    """
    child = next(child for child in children if child.child_id == draft.child_id)
    offered = places_of_household(draft.household_id, now, today, draft.channel)
    own = offered.get(draft.child_id, ())
    place = next((one for one in own if one.facility_id == draft.facility_id), None)
    months = place.months if place else ()
    shown = _nearest(months, month or draft.month)
    last = date(*add_months(shown.year, shown.month, 1), 1) - timedelta(days=1)
    types = presence_types(draft.facility_id, shown, last)
    chosen = _chosen(types, presence_type_id, draft.presence_type_id)
    wished, days = wishes_and_days(draft.id, chosen.id if chosen else 0, shown, last)
    rules = rules_for([*wished, *days], draft.household_id, shown, last, [chosen.id] if chosen else [])
    columns = open_weekdays(day.day for day in days)
    return Painting(
        child=child,
        children=_children_turns(draft, children, offered),
        facility=draft.facility,
        facilities=_facility_turns(draft, child, own),
        month=shown,
        previous=max((one for one in months if one < shown), default=None),
        following=min((one for one in months if one > shown), default=None),
        types=types,
        type=chosen,
        price=_price_of(chosen, days, rules),
        heads=tuple((weekday_short(number), weekday_name(number)) for number in columns),
        cells=_month_cells(shown, columns, days, chosen, rules, now, today),
        bar=bar(wished, rules, now, MonthSoFar(shown, booked_cents(draft.household_id, shown))),
        offers=_offers(draft, days, now),
        siblings=_siblings(child, children, draft.facility_id, offered),
        siblings_follow=not any(
            day.wish is LineAction.CANCEL and day.child_id == child.child_id and shown <= day.day <= last
            for day in wished
        ),
        last_day=_last_day(place, today),
    )


def _nearest(months: Sequence[date], wanted: date) -> date:
    """The month asked for when it is on offer, else the next one that is, else the last."""
    if not months or wanted in months:
        return wanted
    return min((month for month in months if month > wanted), default=max(months))


def _chosen(types: Sequence[TypeChoice], *wanted: int | None) -> TypeChoice | None:
    """The first of these that is on offer, else the meal, which most families come for."""
    for type_id in wanted:
        for one in types:
            if one.id == type_id:
                return one
    meals = (one for one in types if one.kind is ActivityKind.MEAL)
    return next(meals, types[0] if types else None)


def _last_day(place: Place | None, today: date) -> date:
    """The last day that opens in a period one may book: how far days can be copied."""
    periods = place.periods if place else ()
    return max((period.last_open_day for period in periods if period.months), default=today)


def _children_turns(
    draft: Draft, children: Sequence[ChildCard], offered: Mapping[int, Sequence[Place]]
) -> tuple[Turn, ...]:
    """Each child that can be booked, in this facility where it can, else in its first one."""
    turns = []
    for card in children:
        places = [place for place in offered.get(card.child_id, ()) if place.months]
        same = (place for place in places if place.facility_id == draft.facility_id)
        place = next(same, places[0] if places else None)
        if place is not None:
            value = f"{card.child_id}:{place.facility_id}"
            turns.append(Turn(value, card.first_name, card, card.child_id == draft.child_id))
    return tuple(turns) if len(turns) > 1 else ()


def _facility_turns(draft: Draft, child: ChildCard, own: Sequence[Place]) -> tuple[Turn, ...]:
    turns = tuple(
        Turn(
            f"{child.child_id}:{place.facility_id}", place.name, child, place.facility_id == draft.facility_id
        )
        for place in own
        if place.months
    )
    return turns if len(turns) > 1 else ()


def _offers(draft: Draft, days: Sequence[ChildDay], now: datetime) -> tuple[PlaceOffer, ...]:
    """The places held for the child in this month. A statement only where there is one."""
    held = {day.booking_id for day in days if day.booking_state is BookingState.OFFERED}
    if not held:
        return ()
    return tuple(one for one in open_offers([draft.household_id], now) if one.booking_id in held)


def _siblings(
    child: ChildCard,
    children: Sequence[ChildCard],
    facility_id: int,
    offered: Mapping[int, Sequence[Place]],
) -> tuple[Sibling, ...]:
    """The other children, those who cannot follow with the reason (S96)."""
    enrolled = {
        child_id
        for child_id, places in offered.items()
        if any(one.facility_id == facility_id for one in places)
    }
    reason = "pas d’inscription dans cette structure"
    return tuple(
        Sibling(other, "" if other.child_id in enrolled else reason)
        for other in children
        if other.child_id != child.child_id
    )


def _price_of(chosen: TypeChoice | None, days: Sequence[ChildDay], rules: RuleSet) -> str:
    """« 3,20 € », both prices when the tariff changes within the month; empty without a tariff."""
    prices = [rules.price(chosen.id, day.day, day.child_id) for day in days] if chosen else []
    cents = sorted({price.cents for price in prices if price.cents is not None})
    if not cents:
        return ""
    return (
        format_euros(cents[0])
        if len(cents) == 1
        else f"{format_euros(cents[0])} ou {format_euros(cents[-1])}"
    )


# --- Cells --------------------------------------------------------------------------------------------------


def _month_cells(
    month: date,
    columns: Sequence[int],
    days: Sequence[ChildDay],
    chosen: TypeChoice | None,
    rules: RuleSet,
    now: datetime,
    today: date,
) -> tuple[Cell, ...]:
    by_day = {day.day: day for day in days}
    return tuple(
        _BLANK
        if day.month != month.month
        else cell(by_day[day], chosen.id, KIND_ICONS[by_day[day].kind], rules, now, today)
        if day in by_day
        else _nothing(day, rules.calendar, today)
        for week in month_weeks(month.year, month.month)
        for day in week
        if day.weekday() in columns
    )


_BLANK = Cell("", 0, "", "", "", "", None, "", "")


def _nothing(day: date, calendar: TownCalendar, today: date) -> Cell:
    """A day on which the activity does not take place, and why when the calendar tells."""
    public, school = calendar.public_holiday(day), calendar.school_holiday(day)
    note = "Férié" if public else "Vacances" if school else ""
    why = f"férié, {public}" if public else school or "pas d’ouverture"
    label = f"{format_day(day)}{NBSP}: {why[:1].lower()}{why[1:]}"
    return Cell(day.isoformat(), day.day, _css("off", day, today), "", "", note, None, label, "")


def touched_cell(day: ChildDay, type_id: int, rules: RuleSet, now: datetime, today: date) -> Cell:
    """The cell of one day alone, as the whole month would show it."""
    return cell(day, type_id, KIND_ICONS[day.kind], rules, now, today)


def _css(css: str, day: date, today: date) -> str:
    return f"{css} today" if day == today else css


class _Look(NamedTuple):
    """How a day is drawn and said, and what touching it asks for (`act`)."""

    css: str
    act: str
    note: str
    words: str
    pressed: bool
    rank: int | None = None


def cell(day: ChildDay, type_id: int, icon: str, rules: RuleSet, now: datetime, today: date) -> Cell:
    """A day of the month for the chosen presence type (S92, S93)."""
    if day.day < today:
        look = _past(day)
    elif day.wish is not None:
        look = _wished(day, type_id, rules, now)
    elif day.booking_id is not None:
        look = _booked(day, type_id, rules, now)
    else:
        look = _free(day, type_id, rules, now)
    iso = day.day.isoformat()
    shows_icon = look.css not in ("late", "off", "away") and "full" not in look.css
    return Cell(
        iso,
        day.day.day,
        _css(look.css, day.day, today),
        f"{iso}:{look.act}" if look.act else "",
        icon if shows_icon else "",
        look.note,
        look.rank,
        f"{format_day(day.day)}{NBSP}: {look.words}",
        "" if not look.act else "true" if look.pressed else "false",
    )


def _past(day: ChildDay) -> _Look:
    words = "jour passé, réservé" if day.booking_state is BookingState.ACCEPTED else "jour passé"
    return _Look("past" if day.booking_id else "late", "", "", words, False)


def _wished(day: ChildDay, type_id: int, rules: RuleSet, now: datetime) -> _Look:
    verdict = judge(day, day.wish, day.wish_type_id, rules, now)
    if day.wish is LineAction.CANCEL:
        if verdict.state is LineState.REFUSED:
            note, words = _TO_EXPLAIN if may_be_passed(day, verdict) else ("impossible", "impossible")
            return _Look("refused changed", "uncancel", note, f"annulation {words}. {verdict.sentence}", True)
        submitted = verdict.state is LineState.PENDING
        note = "annulation à valider" if submitted else "à annuler"
        words = f"réservé, {'annulation à soumettre' if submitted else 'à annuler'}"
        return _Look("cancel changed", "uncancel", note, words, True)
    other = day.wish_type_id != type_id
    css, note, words = _ALLOTTED_LATER if verdict.is_wish else _WISHES[verdict.state]
    if verdict.state is LineState.REFUSED:
        note, words = _TO_EXPLAIN if may_be_passed(day, verdict) else (note, words)
        words = f"{words}. {verdict.sentence}"
    elif verdict.has_extra:
        words = f"{words}, avec supplément"
    return _Look(
        f"{css} changed",
        "book" if other else "unbook",
        f"{day.wish_short} {note}".strip() if other else note,
        f"{day.wish_type}, {words}" if other else words,
        not other,
        verdict.rank,
    )


# An agent passes the limit with a reason, which the recap asks for (S116).
_TO_EXPLAIN = ("motif à écrire", "hors de la règle, motif à écrire")
_WISHES = {
    LineState.ACCEPTED: ("booked", "", "choisi, accepté dès validation"),
    LineState.PENDING: ("pending", "à valider", "choisi, à valider par la structure"),
    LineState.WAITING: ("waiting", "liste d’attente", "choisi, liste d’attente"),
    LineState.REFUSED: ("refused", "impossible", "choisi, mais impossible"),
}


_ALLOTTED_LATER = ("wish", "vœu", "choisi, vœu à départager")


def _booked(day: ChildDay, type_id: int, rules: RuleSet, now: datetime) -> _Look:
    css, note, words = _BOOKINGS[day.booking_state]
    rank = day.rank if day.booking_state is BookingState.WAITING else None
    if day.is_elsewhere:
        return _Look(css, "cancel", "autre foyer", "réservé par l’autre foyer", True)
    if day.has_pending_change:
        return _Look(
            css, "cancel", "changement demandé", f"{words}, changement en cours de validation", True, rank
        )
    if day.booking_state is BookingState.ACCEPTED and day.booking_type_id != type_id:
        return _Look(css, "book", day.booking_short or "", f"{words} en {day.booking_short}", False)
    if day.booking_state is BookingState.OFFERED:
        return _Look(css, "", note, words, True)
    verdict = judge(day, LineAction.CANCEL, day.booking_type_id, rules, now)
    if verdict.state is LineState.REFUSED:
        return _Look(css, "cancel", note or "non annulable", f"{words}. {verdict.sentence}", True, rank)
    if rank:
        words = f"{words}, rang {rank}"
    return _Look(css, "cancel", note, words, True, rank)


_BOOKINGS = {
    BookingState.ACCEPTED: ("booked", "", "réservé"),
    BookingState.PENDING: ("pending", "en validation", "en cours de validation"),
    BookingState.WAITING: ("waiting", "en attente", "en liste d’attente"),
    BookingState.REQUESTED: ("wish", "vœu", "vœu en attente d’attribution"),
    BookingState.OFFERED: ("offered", "place proposée", "une place est proposée, répondez au-dessus du mois"),
}
_CLOSED_NOTES = {
    "too_late": ("late", "trop tard"),
    "full": ("full", "complet"),
    "closed": ("off", "fermé"),
    "holiday": ("off", "férié"),
    "not_open_yet": ("late", "pas encore"),
    "period_over": ("late", "clos"),
    "not_foreseen": ("off", "non prévu"),
    "not_enrolled": ("off", "non inscrit"),
    "other_home": ("away", "autre foyer"),
}
_NOT_POSSIBLE = ("late", "impossible")  # any other refusal: its sentence says the rest


def _free(day: ChildDay, type_id: int, rules: RuleSet, now: datetime) -> _Look:
    verdict = judge(day, LineAction.BOOK, type_id, rules, now)
    if verdict.state is LineState.REFUSED:
        css, note = _CLOSED_NOTES.get(verdict.code, _NOT_POSSIBLE)
        if verdict.code == "not_open_yet" and day.opens_at > now:
            note = f"dès {format_short_day(paris_now(day.opens_at).date())}"
        says_it = verdict.code in ("too_late", "closed", "holiday", "other_home")
        words = verdict.sentence if says_it else f"{note}. {verdict.sentence}"
        return _Look(css, "book", note, words, False)
    price = "" if verdict.price_cents is None else f", {format_euros(verdict.price_cents)}"
    if verdict.is_wish:
        return _Look("open", "book", "demander", f"à demander{price}. {verdict.sentence}", False)
    if verdict.state is LineState.WAITING:
        rank = f"{verdict.rank}{'er' if verdict.rank == 1 else 'e'}"
        words = f"complet, {rank} sur la liste d’attente{price}"
        return _Look("full queue", "book", f"complet, {rank} en attente", words, False)
    submitted = ", sur demande" if verdict.state is LineState.PENDING else ""
    if verdict.has_extra:
        submitted += ", avec supplément"
    if day.availability is Availability.LAST_PLACES:
        left = plural(day.places_left, "place", "places")
        return _Look("open last", "book", left, f"dernières places ({left}){submitted}{price}", False)
    note = "supplément" if verdict.has_extra else ""
    return _Look("open", "book", note, f"disponible{submitted}{price}", False)
