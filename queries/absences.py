"""What becomes of the booked days on which a child will not come (R23): cancelled while that is free, else an
absence, with what stays due told before it is declared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import bindparam, exists, select

from domain.calendar import paris_now
from domain.enums import (
    AbsenceKind,
    AbsenceState,
    BookingState,
    DocumentEffect,
    DocumentState,
    LineAction,
    LineState,
    Outcome,
    ValidationMode,
)
from domain.errors import NotFound, Refused
from domain.french import NBSP, format_euros
from domain.rulebook.decisions import cancelling
from domain.rulebook.missed_days import CAUSES, LeftDue, Missed, as_proved
from domain.workflow import ACTIVE_STATES
from models import (
    Absence,
    Activity,
    Booking,
    BookingRequestLine,
    Document,
    DocumentCategory,
    Facility,
    PresenceType,
)
from queries.family import ChildCard, children_of
from queries.reading import read
from queries.rules import RuleSet, rule_set

LONGEST = 60  # days that one declaration may cover
# How far before and after a day the absence that it belongs to is looked for.
AROUND = timedelta(days=60)
PROOF_TIME = timedelta(days=45)  # the calendar that a time for proofs is counted on


class Becomes(StrEnum):
    """What a declaration makes of a booking."""

    CANCELLED = "cancelled"  # at once, free
    ASKED = "asked"  # a cancelling that the structure must accept
    ABSENT = "absent"
    ALREADY = "already"  # an absence declared before
    NOTHING = "nothing"  # a cancelling that waits, or a request too late to be taken back


class BookedDay(NamedTuple):
    """A booking of the child with the absence declared on it, if any (`told_at` and the fields after it);
    `is_observed` when the team saw it and nobody told."""

    booking_id: int
    household_id: int
    child_id: int
    opening_id: int
    day: date
    activity_id: int
    activity: str
    presence_type_id: int
    presence: str
    facility: str
    mode: ValidationMode
    state: BookingState
    price_cents: int | None
    due_cents: int | None
    is_cancelling: bool
    told_at: datetime | None
    kind: AbsenceKind | None
    absence_state: AbsenceState | None
    explanation: list[str] | None
    document_id: int | None
    document_state: DocumentState | None
    proved_at: datetime | None
    is_observed: bool | None

    @property
    def is_absent(self) -> bool:
        return self.told_at is not None

    @property
    def owed_cents(self) -> int | None:
        """What the day costs now."""
        return self.price_cents if self.due_cents is None else self.due_cents


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one booking. `due_cents` stays due (None: not known), `why` says it, `besides` says
    what an illness or its proof would change, or what cancelling will still ask."""

    booked: BookedDay
    becomes: Becomes
    due_cents: int | None
    why: tuple[str, ...]
    besides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Bookings of one presence that become the same for the same reasons; `due_cents` of all of them."""

    presence: str
    activity: str
    facility: str
    days: tuple[date, ...]
    becomes: Becomes
    due_cents: int | None
    saved_cents: int | None
    why: tuple[str, ...]
    besides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a declaration would do, by day."""

    child: ChildCard
    first: date
    last: date
    lines: tuple[Line, ...]

    @property
    def acts(self) -> tuple[Line, ...]:
        """What is still to be declared."""
        done = (Becomes.ALREADY, Becomes.NOTHING)
        return tuple(line for line in self.lines if line.becomes not in done)

    @property
    def due_cents(self) -> int | None:
        """What stays due of all of it; None when a day is not known."""
        found = [line.due_cents for line in self.acts if line.becomes is Becomes.ABSENT]
        return None if None in found else sum(found)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The lines as a page shows them: what is the same on several days is said once."""
        same: dict[tuple, list[Line]] = {}
        for line in self.lines:
            one = line.booked
            why = line.why[-1:] if line.becomes in (Becomes.ABSENT, Becomes.ALREADY) else ()
            same.setdefault((one.presence_type_id, line.becomes, why, line.besides), []).append(line)
        return tuple(_group(own) for own in same.values())


def _group(own: Sequence[Line]) -> Group:
    first = own[0]
    why = first.why[-1:] if first.becomes in (Becomes.ABSENT, Becomes.ALREADY) else ()
    prices = [line.booked.owed_cents for line in own]
    due = [line.due_cents for line in own]
    return Group(
        first.booked.presence,
        first.booked.activity,
        first.booked.facility,
        tuple(line.booked.day for line in own),
        first.becomes,
        None if None in due else sum(due),
        None if None in prices else sum(prices),
        first.why if len(own) == 1 else why,
        first.besides,
    )


_BOOKED = (
    select(
        Booking.id,
        Booking.household_id,
        Booking.child_id,
        Booking.opening_id,
        Booking.day,
        Activity.id,
        Activity.name,
        PresenceType.id,
        PresenceType.name,
        Facility.name,
        Facility.validation_mode,
        Booking.state,
        Booking.price_cents,
        Booking.due_cents,
        exists()
        .where(
            BookingRequestLine.booking_id == Booking.id,
            BookingRequestLine.action == LineAction.CANCEL,
            BookingRequestLine.state == LineState.PENDING,
        )
        .correlate(Booking),
        Absence.declared_at,
        Absence.kind,
        Absence.state,
        Absence.explanation,
        Absence.document_id,
        Document.state,
        Document.submitted_at,
        Absence.is_observed,
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .outerjoin(Absence, Absence.booking_id == Booking.id)
    .outerjoin(Document, Document.id == Absence.document_id)
    .where(
        Booking.child_id == bindparam("child_id"),
        Booking.household_id.in_(bindparam("households", expanding=True)),
        Booking.state.in_(ACTIVE_STATES),
        Booking.day.between(bindparam("first"), bindparam("last")),
    )
    .order_by(Booking.day, Activity.position, Booking.id)
)
PROOF_CATEGORY = (
    select(DocumentCategory.id)
    .where(DocumentCategory.effect == DocumentEffect.ABSENCE, DocumentCategory.is_active)
    .order_by(DocumentCategory.position, DocumentCategory.id)
    .limit(1)
)


def proof_category() -> int | None:
    """The category of the documents that justify an absence. One statement."""
    return read(PROOF_CATEGORY, {}).scalar_one_or_none()


def booked_days(child_id: int, household_ids: Iterable[int], first: date, last: date) -> list[BookedDay]:
    """The active bookings of a child in these households, between two days, both included. One statement."""
    wanted = {"child_id": child_id, "households": list(household_ids), "first": first, "last": last}
    return [BookedDay(*row) for row in read(_BOOKED, wanted)]


def plan(household_ids: Sequence[int], child_id: int, first: date, last: date, now: datetime) -> Plan:
    """What declaring the child absent from `first` to `last` would do. Two statements, and one a household.

    Raises NotFound for somebody else's child, Refused `past`, `order`, `too_long`.
    """
    child = next((one for one in children_of(household_ids) if one.child_id == child_id), None)
    if child is None:
        raise NotFound
    check_span(first, last, now)
    return Plan(child, first, last, lines(child_id, household_ids, first, last, now))


def check_span(first: date, last: date, now: datetime) -> None:
    """Raises Refused for days that cannot be declared."""
    if first < paris_now(now).date():
        raise Refused(
            "past",
            f"Ce jour est passé{NBSP}: envoyez un justificatif, ou contactez le service.",
        )
    if last < first:
        raise Refused("order", "Le dernier jour d’absence ne peut pas précéder le premier.")
    if (last - first).days >= LONGEST:
        raise Refused(
            "too_long", f"Déclarez {LONGEST}{NBSP}jours au plus à la fois, ou contactez le service."
        )


def lines(
    child_id: int, household_ids: Iterable[int], first: date, last: date, now: datetime
) -> tuple[Line, ...]:
    """What becomes of each booking of the child between two days. One statement, and one a household."""
    around = booked_days(child_id, household_ids, first - AROUND, last + AROUND)
    found: list[Line] = []
    for household_id in dict.fromkeys(one.household_id for one in around):
        own = [one for one in around if one.household_id == household_id]
        wanted = [one for one in own if first <= one.day <= last]
        if wanted:
            rules = rules_of(own, household_id)
            found += _lines(own, wanted, rules, now)
    return tuple(sorted(found, key=lambda line: line.booked.day))


def rules_of(booked: Sequence[BookedDay], household_id: int) -> RuleSet:
    """The rules for these bookings of one household, with the calendar that proofs are counted on."""
    return rule_set(
        {one.activity_id for one in booked},
        {one.presence_type_id for one in booked},
        household_id,
        min(one.day for one in booked),
        max(one.day for one in booked) + PROOF_TIME,
    )


def _lines(
    own: Sequence[BookedDay], wanted: Sequence[BookedDay], rules: RuleSet, now: datetime
) -> Iterable[Line]:
    decided = {one.booking_id: _becomes(one, rules, now) for one in wanted}
    absent = [
        one for one in own if one.is_absent or decided.get(one.booking_id, (None,))[0] is Becomes.ABSENT
    ]
    stretches = stretches_of(own, {one.booking_id for one in absent})
    for one in wanted:
        becomes, said = decided[one.booking_id]
        if becomes is Becomes.ABSENT:
            yield _absence(one, Missed(one.day, stretches[one.booking_id], now), rules, said, now)
        elif becomes is Becomes.ALREADY:
            yield Line(one, becomes, one.owed_cents, tuple(one.explanation or ()))
        else:
            yield Line(one, becomes, 0, said)


def _becomes(one: BookedDay, rules: RuleSet, now: datetime) -> tuple[Becomes, tuple[str, ...]]:
    """What a declaration makes of the booking, and the sentence of its limit."""
    if one.is_absent:
        return Becomes.ALREADY, ()
    if one.is_cancelling:
        return Becomes.NOTHING, ("Une annulation est déjà demandée pour ce jour.",)
    decision = cancelling(
        rules.decide(one.activity_id, LineAction.CANCEL, one.day, now, one.child_id), one.state
    )
    said = (f"{decision.sentence.rstrip('.')}.",)
    is_accepted = one.state is BookingState.ACCEPTED
    if decision.outcome is Outcome.FREE:
        at_once = one.mode is ValidationMode.AUTOMATIC or not is_accepted
        return (Becomes.CANCELLED if at_once else Becomes.ASKED), said
    if is_accepted and decision.outcome in _STILL_ASKED:
        said = (_STILL_ASKED[decision.outcome],)
    return (Becomes.ABSENT if is_accepted else Becomes.NOTHING), said


# An absence is no request: the planning is where these are made.
_STILL_ASKED = {
    Outcome.ON_REQUEST: f"Pour demander plutôt l’annulation{NBSP}: «{NBSP}Annuler{NBSP}», sur le planning.",
    Outcome.EXTRA: f"Annulable avec un supplément{NBSP}: «{NBSP}Annuler{NBSP}», sur le planning.",
}


def stretches_of(own: Sequence[BookedDay], absent_ids: Iterable[int]) -> Mapping[int, tuple[date, ...]]:
    """For each absent booking, all the days of its absence: the booked days of its activity in a row, none of
    them attended."""
    absent = set(absent_ids)
    found: dict[int, tuple[date, ...]] = {}
    for activity_id in dict.fromkeys(one.activity_id for one in own):
        run: list[BookedDay] = []
        rows = [one for one in own if one.activity_id == activity_id and one.state is BookingState.ACCEPTED]
        for one in [*rows, None]:
            if one is not None and one.booking_id in absent:
                run.append(one)
            else:
                days = tuple(dict.fromkeys(each.day for each in run))
                found |= {each.booking_id: days for each in run}
                run = []
    return found


def left_due(one: BookedDay, missed: Missed, rules: RuleSet) -> LeftDue:
    return rules.left_due(one.presence_type_id, one.child_id, missed, one.price_cents)


def _absence(one: BookedDay, missed: Missed, rules: RuleSet, said: tuple[str, ...], now: datetime) -> Line:
    plain = left_due(one, missed, rules)
    sick = left_due(one, replace(missed, cause=CAUSES[AbsenceKind.MEDICAL]), rules)
    proved = left_due(one, as_proved(missed, AbsenceKind.MEDICAL, now), rules)
    besides = []
    if sick.cents != plain.cents:
        besides.append(f"En cas de maladie{NBSP}: {_amount(sick.cents)}.")
    if proved.cents != sick.cents:
        until = f" reçu {proved.proof_until}" if proved.proof_until else ""
        besides.append(f"Avec un certificat médical{until}{NBSP}: {_amount(proved.cents)}.")
    return Line(one, Becomes.ABSENT, plain.cents, (*said, *plain.explanation), tuple(besides))


def _amount(cents: int | None) -> str:
    if cents is None:
        return "le service dira ce qui reste dû"
    if cents < 0:
        return f"{format_euros(-cents)} vous sont rendus"
    return f"{format_euros(cents)} restent dus" if cents else "rien n’est dû"


def explained(one: BookedDay, days: tuple[date, ...], rules: RuleSet) -> LeftDue:
    """What stays due of a declared absence, as its proof stands: one that waits counts once accepted."""
    kind = None if one.absence_state is AbsenceState.UNJUSTIFIED else one.kind
    cause = "" if kind is None else CAUSES[kind]
    proved_at = one.proved_at if one.absence_state is AbsenceState.JUSTIFIED else None
    told_at = None if one.is_observed else one.told_at
    found = left_due(one, Missed(one.day, days, told_at, cause, proved_at), rules)
    if one.document_state is not DocumentState.SUBMITTED:
        return found
    return replace(
        found, explanation=(*found.explanation, f"Votre justificatif est reçu{NBSP}: le service l’examine.")
    )
