"""The panel of a day: what each child has, and what can really be asked (S86, S87).

The offers follow the order in which `queries.booking_days.judge` refuses, so that the wizard never closes a
door that the panel opened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, bindparam, exists, func, literal, or_, select

from domain.booking_window import BookingWindow
from domain.calendar import paris_now
from domain.capacity import FULL_DAY, availability, places_left
from domain.enums import AbsenceState, Availability, BookingState, LineAction, Outcome
from domain.labels import label
from domain.rulebook.decisions import CONTACT, Decision, cancelling
from domain.settings import phone_href
from domain.workflow import UNPLACED_STATES
from extensions import db
from models import (
    Absence,
    Activity,
    BookingPeriod,
    Enrolment,
    Facility,
    HouseholdChild,
    Opening,
    PresenceType,
)
from queries import place_offers
from queries.absences import PROOF_CATEGORY
from queries.booking_days import closed_words
from queries.closure_columns import closed_to_the_class
from queries.family import ChildCard
from queries.place_columns import narrowest, waiting_in_group
from queries.planning import ABSENT, CANCELLING, HOUSEHOLDS, Entry, Facts, ask, note_of, read
from queries.rules import RuleSet, rule_set


@dataclass(frozen=True, slots=True)
class Limit:
    """Until when something can be asked, without final point. `calls`: only the structure can still help."""

    sentence: str
    is_open: bool
    calls: bool = False


@dataclass(frozen=True, slots=True)
class DayEntry:
    """A booking or a refusal of the day; `cancelling` is None when there is nothing to cancel, `absence` when
    none is declared. `offered_until`: a place is held for the child until then.
    """

    entry: Entry
    cancelling: Limit | None
    absence: "AbsenceLine | None"
    offered_until: datetime | None


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """The child does not come, as told at `told_at`; `document_id` is the proof that was sent (S73),
    `category_id` that of the proofs to send, None without one. `explanation` says what stays due.
    """

    state: AbsenceState
    document_id: int | None
    told_at: datetime
    explanation: tuple[str, ...]
    category_id: int | None
    may_be_undone: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """An activity that the child has not booked."""

    activity: str
    facility: str
    booking: Limit


@dataclass(frozen=True, slots=True)
class ChildPart:
    child: ChildCard
    entries: tuple[DayEntry, ...]
    offers: tuple[Offer, ...]

    @property
    def may_be_absent(self) -> bool:
        """A booking of the day can end as an absence alone."""
        return any(map(_may_be_absent, self.entries))

    @property
    def may_come_after_all(self) -> bool:
        return any(line.absence is not None and line.absence.may_be_undone for line in self.entries)


@dataclass(frozen=True, slots=True)
class Contact:
    """A structure to call; `phone` is empty when it has none of its own."""

    facility: str
    phone: str

    @property
    def phone_href(self) -> str:
        return phone_href(self.phone)


@dataclass(frozen=True, slots=True)
class DayPanel:
    """What the family has on a day and what it can still do; children with neither are left out.

    `names_facilities`: the children go to several structures. `contacts`: whom to call for what cannot be
    asked here any more.
    """

    day: date
    is_past: bool
    note: str
    more: str
    children: tuple[ChildPart, ...]
    contacts: tuple[Contact, ...]
    names_facilities: bool
    is_open: bool

    @property
    def has_entries(self) -> bool:
        return any(part.entries for part in self.children)

    @property
    def may_book(self) -> bool:
        return any(offer.booking.is_open for part in self.children for offer in part.offers)


def _may_be_absent(line: DayEntry) -> bool:
    """Booked, and too late to be cancelled."""
    entry, limit = line.entry, line.cancelling
    is_ours = entry.state == BookingState.ACCEPTED and not entry.is_elsewhere
    return is_ours and limit is not None and not limit.is_open


_DAY = bindparam("day")
_FACILITIES = (
    select(func.count(Enrolment.facility_id.distinct()))
    .join(HouseholdChild, HouseholdChild.child_id == Enrolment.child_id)
    .where(
        HouseholdChild.household_id.in_(HOUSEHOLDS),
        HouseholdChild.is_restricted.is_(False),
        Enrolment.last_day >= _DAY,
    )
    .scalar_subquery()
)
_OFFERS = (
    select(
        Activity.id,
        Activity.name,
        Activity.has_waiting_list,
        Activity.waiting_places,
        Activity.last_places_threshold,
        Facility.name.label("facility"),
        Facility.phone,
        Enrolment.child_id,
        Opening.day,
        Opening.capacity,
        Opening.booked,
        waiting_in_group(Enrolment.group_id).label("waiting"),
        narrowest(Enrolment.group_id, literal(int(FULL_DAY))).label("narrowest"),
        BookingPeriod.opens_at,
        BookingPeriod.closes_at,
        BookingPeriod.places_mode,
        BookingPeriod.allotted_at,
        HouseholdChild.household_id,
        _FACILITIES.label("facilities"),
        closed_to_the_class(Enrolment.child_id).label("closed"),
    )
    .join(Opening, Opening.activity_id == Activity.id)
    .join(BookingPeriod, BookingPeriod.id == Opening.period_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .join(
        Enrolment,
        (Enrolment.facility_id == Activity.facility_id)
        & or_(Enrolment.activity_id.is_(None), Enrolment.activity_id == Activity.id),
    )
    .join(HouseholdChild, HouseholdChild.child_id == Enrolment.child_id)
    .where(
        HouseholdChild.household_id.in_(HOUSEHOLDS),
        HouseholdChild.is_restricted.is_(False),
        Opening.day == _DAY,
        Opening.closed_reason.is_(None),
        Enrolment.first_day <= Opening.day,
        Enrolment.last_day >= Opening.day,
        Activity.is_active,
        Facility.is_active,
        exists().where(PresenceType.activity_id == Activity.id, PresenceType.is_active).correlate(Activity),
    )
    .order_by(Activity.position, Activity.id)
)


def day(household_ids: Sequence[int], day: date, now: datetime, zone: str) -> DayPanel:
    """The panel of one day. `now` is aware; the limits come from the rules that decide (R14)."""
    facts = read(household_ids, day, day, zone)
    entries = facts.entries.get(day, [])
    rows = ask(_OFFERS, {"households": household_ids, "day": day})
    rules = _rules_by_household(entries, rows, day)
    is_past = day < paris_now(now).date()
    offered = [] if is_past or day in facts.public_holidays else rows  # nothing is booked on a holiday (S82)
    offers = _offers(household_ids, entries, now)
    parts = _parts(facts, entries, offered, rules, _absences(entries, is_past), offers, now)
    note, more = note_of(day, facts)
    return DayPanel(
        day=day,
        is_past=is_past,
        note=note,
        more=more,
        children=parts,
        contacts=_contacts(parts, {row.facility: row.phone for row in rows}),
        names_facilities=any(row.facilities > 1 for row in rows),
        is_open=bool(rows),
    )


def _rules_by_household(entries: Iterable[Entry], rows: Iterable[Row], day: date) -> Mapping[int, RuleSet]:
    """The rules as each of the adult's own households meets them."""
    activities: dict[int, set[int]] = {}
    for entry in entries:
        if not entry.is_elsewhere:
            activities.setdefault(entry.household_id, set()).add(entry.activity_id)
    for row in rows:
        activities.setdefault(row.household_id, set()).add(row.id)
    return {
        household_id: rule_set(ids, (), household_id, day, day) for household_id, ids in activities.items()
    }


def _absences(entries: Iterable[Entry], is_past: bool) -> Mapping[int | None, AbsenceLine]:
    """The absences of the adult's own bookings, by booking. One statement, none on a day without booking."""
    own = [entry.booking_id for entry in entries if entry.booking_id is not None and not entry.is_elsewhere]
    if not own:
        return {}
    rows = db.session.execute(
        select(
            Absence.booking_id,
            Absence.state,
            Absence.document_id,
            Absence.declared_at,
            Absence.explanation,
            PROOF_CATEGORY.scalar_subquery().label("category_id"),
        ).where(Absence.booking_id.in_(own))
    )
    return {
        row.booking_id: AbsenceLine(
            row.state,
            row.document_id,
            row.declared_at,
            tuple(row.explanation),
            row.category_id,
            not is_past and row.document_id is None,
        )
        for row in rows
    }


def _offers(
    household_ids: Sequence[int], entries: Iterable[Entry], now: datetime
) -> Mapping[int | None, datetime]:
    """Until when places are held, by booking. A statement only where a place is offered."""
    if not any(entry.state == BookingState.OFFERED for entry in entries):
        return {}
    return {one.booking_id: one.expires_at for one in place_offers.open_offers(household_ids, now)}


def _parts(
    facts: Facts,
    entries: Sequence[Entry],
    rows: Sequence[Row],
    rules: Mapping[int, RuleSet],
    absences: Mapping[int | None, AbsenceLine],
    offers: Mapping[int | None, datetime],
    now: datetime,
) -> tuple[ChildPart, ...]:
    windows = {(row.child_id, row.id): _window(row) for row in rows}
    own = {(entry.child.child_id, entry.activity_id) for entry in entries if entry.booking_id is not None}
    # By key: a child enrolled twice in a structure, or in two households, is offered each activity once.
    free = {key: row for row in rows if (key := (row.child_id, row.id)) not in own}
    parts = (
        ChildPart(
            child,
            tuple(
                DayEntry(
                    entry,
                    _cancelling(entry, windows, rules, now),
                    absences.get(entry.booking_id),
                    offers.get(entry.booking_id),
                )
                for entry in entries
                if entry.child.child_id == child.child_id
            ),
            tuple(
                Offer(row.name, row.facility, _booking(row, facts, rules[row.household_id], now))
                for row in free.values()
                if row.child_id == child.child_id
            ),
        )
        for child in facts.children
    )
    return tuple(part for part in parts if part.entries or part.offers)


_SETTLED = (CANCELLING, ABSENT)


def _cancelling(
    entry: Entry,
    windows: Mapping[tuple[int, int], BookingWindow],
    rules: Mapping[int, RuleSet],
    now: datetime,
) -> Limit | None:
    """A past day, a refused wish and what the other household booked are only read; a cancelling is not asked
    twice."""
    if entry.day < paris_now(now).date() or entry.booking_id is None or entry.state in _SETTLED:
        return None
    if entry.is_elsewhere:
        return Limit("Seul l’autre foyer, ou le service, peut l’annuler", False)
    if entry.booking_state is BookingState.REQUESTED:
        window = windows.get((entry.child.child_id, entry.activity_id))
        if window is not None:
            return Limit(window.wish_words(), True)
    if entry.booking_state in UNPLACED_STATES:
        return Limit(_GIVING_UP, True)
    decide = rules[entry.household_id].decide
    decision = decide(entry.activity_id, LineAction.CANCEL, entry.day, now, entry.child.child_id)
    return _limit(cancelling(decision, entry.booking_state))


_GIVING_UP = "L’enfant peut se retirer à tout moment, sans rien payer"


def _window(row: Row) -> BookingWindow:
    return BookingWindow(row.opens_at, row.closes_at, row.places_mode, row.allotted_at)


def _booking(row: Row, facts: Facts, rules: RuleSet, now: datetime) -> Limit:
    if facts.homes.is_elsewhere(row.child_id, row.day, facts.household_ids):
        return Limit(facts.homes.sentence(row.child_id).removesuffix("."), False)
    if row.closed is not None:
        return Limit(closed_words(row.closed), False)
    window = _window(row)
    closed = window.closed_words(now)
    if closed:
        return Limit(closed, False)
    limit = _limit(rules.decide(row.id, LineAction.BOOK, row.day, now, row.child_id))
    if window.takes_wishes:
        return Limit(window.wish_words(), True) if limit.is_open else limit
    places = availability(
        places_left(row.capacity, row.booked, row.narrowest),
        row.waiting,
        row.last_places_threshold,
        False,
        row.has_waiting_list,
        row.waiting_places,
    )
    if limit.is_open and places in (Availability.FULL, Availability.WAITING_LIST):
        return Limit(label(places), places is Availability.WAITING_LIST)
    return limit


def _limit(decision: Decision) -> Limit:
    """The sentence of the rule; « Contactez le service. » is said once for the day, with the number."""
    sentence = decision.sentence.removesuffix(f". {CONTACT}")
    return Limit(sentence, decision.outcome is not Outcome.REFUSE, sentence != decision.sentence)


def _contacts(parts: Sequence[ChildPart], phones: Mapping[str, str]) -> tuple[Contact, ...]:
    """The structures of what cannot be asked here any more, each once."""
    limits = [
        (line.entry.facility, line.cancelling) for part in parts for line in part.entries if line.cancelling
    ]
    limits += [(offer.facility, offer.booking) for part in parts for offer in part.offers]
    names = dict.fromkeys(facility for facility, limit in limits if limit.calls)
    return tuple(Contact(name, phones.get(name, "")) for name in names)
