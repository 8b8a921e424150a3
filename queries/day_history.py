"""The history of a child's day: each step of each booking, who took it, by which channel, why (R26).

Of what another household booked a family reads the state alone (security 1.3); the service reads everything
of the structures that it answers for.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row, bindparam, func, select

from domain.enums import BookingState, Channel, LineAction, LineState
from domain.labels import label
from domain.workflow import ACTIVE_STATES
from extensions import db
from models import (
    Activity,
    Booking,
    BookingEvent,
    BookingRequest,
    BookingRequestLine,
    Facility,
    Household,
    Opening,
    PresenceType,
    StaffMember,
)
from queries.family import household_words


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `author` is empty for what the portal did by itself; `home` names the household for the
    service, when the child has several. `state` is the one from this moment on, None for what only asks."""

    at: datetime
    words: str
    presence: str
    state: BookingState | None
    author: str
    channel: Channel
    reason: str
    reference: str
    home: str


@dataclass(frozen=True, slots=True)
class Story:
    """What happened on the day in one activity, in the order of time.

    `elsewhere` are the states of what another household booked there; `booking_id` is the booking of this one
    that stands, None without one.
    """

    activity: str
    facility: str
    steps: tuple[Step, ...]
    elsewhere: tuple[BookingState, ...]
    booking_id: int | None


LEFT = "Passée à l’autre foyer de l’enfant"
CAME = "Reprise de l’autre foyer de l’enfant"
_DAY = (bindparam("child_id"), bindparam("day"))
_BOOKINGS = (
    select(
        Booking.id,
        Booking.household_id,
        Booking.opening_id,
        Booking.state,
        Booking.presence_type_id,
        PresenceType.name.label("presence"),
        Activity.name.label("activity"),
        Facility.id.label("facility_id"),
        Facility.name.label("facility"),
        Household.name.label("home"),
        Household.number,
    )
    .join(Activity, Activity.id == Booking.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .join(PresenceType, PresenceType.id == Booking.presence_type_id)
    .join(Household, Household.id == Booking.household_id)
    .where(Booking.child_id == _DAY[0], Booking.day == _DAY[1])
    .order_by(Activity.position, Activity.id, Booking.id)
)
_EVENTS = (
    select(
        BookingEvent.booking_id,
        BookingEvent.at,
        BookingEvent.state,
        BookingEvent.actor_name,
        BookingEvent.channel,
        BookingEvent.reason,
        BookingEvent.closure_id,
        func.coalesce(Household.merged_into_id, Household.id).label("household_id"),
    )
    .join(Household, Household.id == BookingEvent.household_id)
    .where(BookingEvent.booking_id.in_(bindparam("bookings", expanding=True)))
    .order_by(BookingEvent.at, BookingEvent.id)
)
_LINES = (
    select(
        BookingRequestLine.booking_id,
        BookingRequestLine.opening_id,
        BookingRequestLine.action,
        BookingRequestLine.state,
        BookingRequestLine.presence_type_id,
        BookingRequestLine.reason,
        BookingRequestLine.decided_at,
        BookingRequest.reference,
        BookingRequest.created_at,
        BookingRequest.author_name,
        BookingRequest.channel,
        BookingRequest.household_id,
        PresenceType.name.label("presence"),
        Activity.name.label("activity"),
        Facility.id.label("facility_id"),
        Facility.name.label("facility"),
        Household.name.label("home"),
        Household.number,
        StaffMember.first_name,
        StaffMember.last_name,
    )
    .join(BookingRequest, BookingRequest.id == BookingRequestLine.request_id)
    .join(Opening, Opening.id == BookingRequestLine.opening_id)
    .join(Activity, Activity.id == Opening.activity_id)
    .join(Facility, Facility.id == Activity.facility_id)
    .join(PresenceType, PresenceType.id == BookingRequestLine.presence_type_id)
    .join(Household, Household.id == BookingRequest.household_id)
    .outerjoin(StaffMember, StaffMember.user_id == BookingRequestLine.decided_by_user_id)
    .where(BookingRequestLine.child_id == _DAY[0], BookingRequestLine.day == _DAY[1])
    .order_by(Activity.position, Activity.id, BookingRequest.created_at, BookingRequestLine.id)
)


def of_family(child_id: int, day: date, household_ids: Collection[int]) -> tuple[Story, ...]:
    """The day as its family reads it. The caller knows that the child is theirs. Three statements at most."""
    return _stories(_Day(child_id, day), household_ids, household_ids, None)


def of_service(
    child_id: int, day: date, household_id: int, facility_ids: Collection[int] | None
) -> tuple[Story, ...]:
    """The day in these structures, None for all, as the service reads it in the file of one household. Three
    statements at most."""
    return _stories(_Day(child_id, day), None, (household_id,), facility_ids)


class _Day:
    """Everything that is known of the day, read at once."""

    def __init__(self, child_id: int, day: date) -> None:
        wanted = {"child_id": child_id, "day": day}
        self.bookings: Sequence[Row] = db.session.execute(_BOOKINGS, wanted).all()
        self.lines: Sequence[Row] = db.session.execute(_LINES, wanted).all()
        ids = [row.id for row in self.bookings]
        self.events = db.session.execute(_EVENTS, {"bookings": ids}).all() if ids else ()


def _stories(
    found: _Day,
    household_ids: Collection[int] | None,
    standing_for: Collection[int],
    facility_ids: Collection[int] | None,
) -> tuple[Story, ...]:
    rows = [*found.bookings, *found.lines]
    homes = {row.household_id: household_words(row.home, row.number) for row in rows}
    names = homes if household_ids is None and len(homes) > 1 else {}
    stories = []
    for opening_id in dict.fromkeys(row.opening_id for row in rows):
        here = [row for row in rows if row.opening_id == opening_id]
        if facility_ids is not None and here[0].facility_id not in facility_ids:
            continue
        bookings = [row for row in found.bookings if row.opening_id == opening_id]
        lines = [
            row
            for row in found.lines
            if row.opening_id == opening_id and (household_ids is None or row.household_id in household_ids)
        ]
        elsewhere = tuple(
            row.state for row in bookings if household_ids and row.household_id not in household_ids
        )
        steps = [*_taken(bookings, lines, found, household_ids, names), *_asked(bookings, lines, names)]
        if steps or elsewhere:
            mine = (row for row in bookings if row.household_id in standing_for)
            standing = next((row.id for row in mine if row.state in ACTIVE_STATES), None)
            stories.append(
                Story(
                    here[0].activity,
                    here[0].facility,
                    tuple(sorted(steps, key=lambda step: step.at)),
                    elsewhere,
                    standing,
                )
            )
    return tuple(stories)


def _taken(
    bookings: Iterable[Row],
    lines: Sequence[Row],
    found: _Day,
    household_ids: Collection[int] | None,
    names: dict[int, str],
) -> Iterable[Step]:
    """The steps of bookings while they were these households'. One that leaves the state as it was says what
    happened besides, an absence or its end."""
    for booking in bookings:
        former = None
        for event in (one for one in found.events if one.booking_id == booking.id):
            is_own = household_ids is None or event.household_id in household_ids
            was_own = household_ids is None or (former and former.household_id in household_ids)
            if former is not None and former.household_id != event.household_id:
                if is_own or was_own:
                    author = event.actor_name if household_ids is None else ""
                    words = CAME if is_own and household_ids else LEFT
                    home = names.get(event.household_id, "")
                    yield Step(event.at, words, booking.presence, None, author, event.channel, "", "", home)
            elif is_own:
                is_note = former is not None and former.state is event.state
                yield Step(
                    event.at,
                    event.reason.rstrip(".") if is_note else label(event.state),
                    booking.presence,
                    event.state,
                    event.actor_name,
                    event.channel,
                    "" if is_note else event.reason,
                    "" if event.closure_id else _reference(booking.id, event.at, lines),
                    names.get(event.household_id, ""),
                )
            former = event


def _reference(booking_id: int, at: datetime, lines: Sequence[Row]) -> str:
    """The request that a step answers: the last one about the booking by then."""
    about = [line for line in lines if line.booking_id == booking_id and line.created_at <= at]
    return about[-1].reference if about else ""


def _asked(bookings: Sequence[Row], lines: Iterable[Row], names: dict[int, str]) -> Iterable[Step]:
    """What was asked and changed no booking: refused at once, or a cancelling or a change to be decided."""
    types = {booking.id: booking.presence_type_id for booking in bookings}
    for line in lines:
        is_change = line.booking_id in types and types[line.booking_id] != line.presence_type_id
        if line.action is LineAction.CANCEL:
            noun = "Annulation"
        elif is_change:
            noun = "Changement"
        elif line.booking_id is None and line.state is LineState.REFUSED:
            noun = "Demande"
        else:
            continue
        at_once = line.decided_at is not None and line.decided_at <= line.created_at
        if not at_once:
            yield _asking(line, f"{noun} à décider", line.created_at, line.author_name, "", names)
        if line.state is LineState.REFUSED:
            ending = "refusé" if noun == "Changement" else "refusée"
            agent = f"{line.first_name} {line.last_name}" if line.last_name else line.author_name
            yield _asking(line, f"{noun} {ending}", line.decided_at, agent, line.reason, names)


def _asking(line: Row, words: str, at: datetime, author: str, reason: str, names: dict[int, str]) -> Step:
    home = names.get(line.household_id, "")
    return Step(at, words, line.presence, None, author, line.channel, reason, line.reference, home)
