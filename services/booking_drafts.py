"""The draft of the wizard: what a parent wants, kept on the server until « Valider » (S90, S93, S97, S102).

Nothing is booked here: a draft holds no place and owes nothing. Every act names the state that is wanted,
never « the other one », so that a double tap, a reload and two tabs end in the same draft.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from domain.calendar import paris_now
from domain.enums import Channel, LineAction, LineState
from domain.errors import BusinessError, NotFound, Refused, Stale
from domain.french import format_day
from domain.workflow import ACTIVE_STATES, NOT_ACTIVE
from models import (
    Activity,
    Booking,
    BookingDraft,
    BookingDraftLine,
    HouseholdChild,
    Opening,
)
from queries import booking_days, wizard
from queries.booking_days import ChildDay
from queries.rules import RuleSet
from services.transaction import write_transaction

_KEY_BYTES = 16
_SUBMITTED = "Cette demande est déjà validée. Ouvrez l’historique pour la retrouver."


class Author(NamedTuple):
    """Who acts: the account and the households it belongs to, or the one that an agent acts for; then
    `channel` says how the family asked (S116)."""

    user_id: int
    household_ids: Sequence[int]
    channel: Channel = Channel.PORTAL


class Wanted(StrEnum):
    """The state that a touched day must have in the draft."""

    BOOK = "book"  # booked with the chosen presence type, whatever it was before
    UNBOOK = "unbook"  # as it is without the draft
    CANCEL = "cancel"  # the existing booking is given up
    UNCANCEL = "uncancel"  # as it is without the draft


_ACTIONS = {Wanted.BOOK: LineAction.BOOK, Wanted.CANCEL: LineAction.CANCEL}

# --- Steps 1 and 2 ------------------------------------------------------------------------------------------


def start(author: Author, child_id: int, month: date | None, now: datetime, day: date | None = None) -> str:
    """Open a draft for one child of the author, on a month if one is wished. Returns its key.

    A child who can be booked in one establishment alone is already there: step 2 has nothing to ask. Of two
    households of the author, the draft is that in which the child lives on `day`, else today (R02).

    Raises NotFound for somebody else's child (S104).
    """
    with write_transaction() as session:
        day = day or paris_now(now).date()
        household_id = wizard.household_of(child_id, author.household_ids, day)
        row = new_draft(author, household_id, now, child_id=child_id, month=month)
        _settle_only_place(row, now)
        session.add(row)
        return row.key


def _settle_only_place(draft: BookingDraft, now: datetime) -> None:
    offered = wizard.places(draft.child_id, now, paris_now(now).date(), draft.channel)
    choice = wizard.only_choice(offered, draft.month)
    if choice:
        draft.facility_id, draft.month = choice


def new_draft(author: Author, household_id: int, now: datetime, **columns: object) -> BookingDraft:
    """An empty draft, which the caller adds to its transaction."""
    return BookingDraft(
        key=secrets.token_urlsafe(_KEY_BYTES),
        user_id=author.user_id,
        household_id=household_id,
        channel=author.channel,
        created_at=now,
        updated_at=now,
        **columns,
    )


def choose_child(author: Author, key: str, child_id: int, now: datetime) -> None:
    """Step 1 again: the next days are for this child, what is already chosen stays.

    Raises NotFound for somebody else's child, Refused when the draft already holds days of another household:
    one request is one household's.
    """
    with write_transaction() as session:
        draft = take_draft(session, author, key, now)
        homes = session.scalars(
            select(HouseholdChild.household_id).where(
                HouseholdChild.child_id == child_id, HouseholdChild.is_restricted.is_(False)
            )
        ).all()
        if draft.household_id in homes:
            draft.child_id = child_id
            _settle_only_place(draft, now)
            return
        household_id = wizard.household_of(child_id, author.household_ids)
        if has_lines(session, draft.id):
            raise Refused(
                "other_household",
                "Cette demande concerne un autre foyer. Validez-la, puis commencez-en une autre.",
            )
        draft.child_id, draft.household_id, draft.facility_id = child_id, household_id, None
        _settle_only_place(draft, now)


def has_lines(session: Session, draft_id: int) -> bool:
    line = select(BookingDraftLine.id).where(BookingDraftLine.draft_id == draft_id).limit(1)
    return session.scalar(line) is not None


def choose_place(author: Author, key: str, facility_id: int, month: date, now: datetime) -> None:
    """Step 2: where and from which month on. Raises Refused for a place or a month that is not on offer."""
    with write_transaction() as session:
        draft = take_draft(session, author, key, now)
        today = paris_now(now).date()
        offered = wizard.places(draft.child_id, now, today, draft.channel) if draft.child_id else ()
        if not any(place.facility_id == facility_id and month in place.months for place in offered):
            raise Refused("bad_place", "Choisissez un établissement et un mois dans la liste.")
        draft.facility_id, draft.month = facility_id, month


def resume(author: Author, key: str, child_id: int, facility_id: int, now: datetime) -> None:
    """Go back to paint the days of one child of the draft (« Modifier » on the recap).

    Raises NotFound when the draft holds no day of this child in this facility.
    """
    with write_transaction() as session:
        draft = take_draft(session, author, key, now)
        first = session.execute(
            select(BookingDraftLine.day, BookingDraftLine.presence_type_id)
            .join(Opening, Opening.id == BookingDraftLine.opening_id)
            .join(Activity, Activity.id == Opening.activity_id)
            .where(
                BookingDraftLine.draft_id == draft.id,
                BookingDraftLine.child_id == child_id,
                Activity.facility_id == facility_id,
            )
            .order_by(BookingDraftLine.day)
            .limit(1)
        ).first()
        if first is None:
            raise NotFound
        draft.child_id, draft.facility_id = child_id, facility_id
        draft.month, draft.presence_type_id = first.day.replace(day=1), first.presence_type_id


def switch(author: Author, key: str, child_id: int, facility_id: int, month: date, now: datetime) -> None:
    """Go on with another child of the household, or in another facility; what is chosen stays (R20).

    The month stays when it is on offer there. Raises NotFound for a pair that is not on offer.
    """
    with write_transaction() as session:
        draft = take_draft(session, author, key, now)
        offered = wizard.places_of_household(draft.household_id, now, paris_now(now).date(), draft.channel)
        place = next((one for one in offered.get(child_id, ()) if one.facility_id == facility_id), None)
        if place is None or not place.months:
            raise NotFound
        draft.child_id, draft.facility_id = child_id, facility_id
        draft.month = month if month in place.months else place.months[0]


def discard(author: Author, key: str, now: datetime) -> None:
    """Forget a draft and all its days."""
    with write_transaction() as session:
        session.delete(take_draft(session, author, key, now))


def open_draft(author: Author, key: str, now: datetime) -> wizard.Draft:
    """The author's draft as it stands. Raises NotFound, or Stale once it is validated."""
    draft = wizard.draft(author.user_id, author.household_ids, key, now, paris_now(now).date())
    if draft.reference is not None:
        raise Stale(_SUBMITTED)
    return draft


def take_draft(session: Session, author: Author, key: str, now: datetime) -> BookingDraft:
    """The author's draft, locked and marked as touched. Raises NotFound, or Stale once it is validated."""
    draft = session.scalar(
        select(BookingDraft)
        .where(
            BookingDraft.key == key,
            BookingDraft.user_id == author.user_id,
            BookingDraft.household_id.in_(author.household_ids),
        )
        .with_for_update()
    )
    if draft is None:
        raise NotFound
    if draft.submitted_at is not None:
        raise Stale(_SUBMITTED)
    draft.updated_at = now
    return draft


# --- Step 3: a touched day ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Touched:
    """What a touch changed: the day, all the wishes of the draft, the rules they were judged by; what is
    booked in this month costs `booked_cents`."""

    day: ChildDay
    wishes: list[ChildDay]
    rules: RuleSet
    booked_cents: int


def set_day(
    author: Author, key: str, day: date, wanted: Wanted, presence_type_id: int, now: datetime
) -> Touched:
    """Put one day of the child of the draft into the wanted state (S92 to S94).

    The rules are read and asked before the write, which is two short statements: the draft decides nothing,
    everything is judged again at « Valider ». An agent keeps a day that comes too late or too early: its
    reason passes that limit (`pass_limits`). Raises NotFound for an unknown draft or presence type, Refused
    with the rule in words when the day cannot be had, Stale when the draft is validated.
    """
    found = booking_days.touched(key, author.user_id, presence_type_id, day)
    if found is None or found.day.household_id not in author.household_ids:
        raise _nothing_to_touch(author, key, presence_type_id, day, now)
    wished, child_day, booked = found
    rules = booking_days.rules_for([*wished, child_day], child_day.household_id, day, day, [presence_type_id])
    action = _ACTIONS.get(wanted)
    if action is not None:
        child_day = with_wish(child_day, action, presence_type_id)
        verdict = booking_days.judge(child_day, action, child_day.wish_type_id, rules, now)
        if verdict.state is LineState.REFUSED and not booking_days.may_be_passed(child_day, verdict):
            raise Refused(verdict.code, verdict.sentence)
    with write_transaction() as session:
        connection = session.connection()
        _remember(connection, child_day, presence_type_id, now)
        if action is None:
            connection.execute(_DROP, _line_of(child_day))
        else:
            write_wish(connection, child_day)
    return _touched(child_day if action else _without_wish(child_day), wished, rules, booked)


def _nothing_to_touch(
    author: Author, key: str, presence_type_id: int, day: date, now: datetime
) -> BusinessError:
    """Why this day of this draft cannot be touched."""
    draft = open_draft(author, key, now)
    if not (draft.has_child and draft.has_place):
        return Refused("incomplete", "Choisissez d’abord l’enfant, l’établissement et le mois.")
    if presence_type_id not in wizard.active_type_ids(draft.facility_id):
        return NotFound()
    return Refused("closed", f"Rien n’est ouvert le {format_day(day)}. Choisissez un autre jour.")


def with_wish(day: ChildDay, action: LineAction, presence_type_id: int) -> ChildDay:
    """The day with this wish; a cancelling is about what is booked, whatever the chosen presence type."""
    type_id = (day.booking_type_id or presence_type_id) if action is LineAction.CANCEL else presence_type_id
    return replace(day, wish=action, wish_type_id=type_id)


def _without_wish(day: ChildDay) -> ChildDay:
    return replace(day, line_id=None, wish=None, wish_type_id=None)


# The two statements of a touch, built once: this is the hottest write of the portal.
_REMEMBER = (
    update(BookingDraft.__table__)
    .where(BookingDraft.id == bindparam("draft"), BookingDraft.submitted_at.is_(None))
    .values(updated_at=bindparam("now"), month=bindparam("month"), presence_type_id=bindparam("type"))
)
_SAME_DAY = (
    (BookingDraftLine.draft_id == bindparam("draft"))
    & (BookingDraftLine.child_id == bindparam("child"))
    & (BookingDraftLine.opening_id == bindparam("opening"))
)
_DROP = delete(BookingDraftLine.__table__).where(_SAME_DAY)
_CHANGE = (
    update(BookingDraftLine.__table__)
    .where(_SAME_DAY)
    .values(action=bindparam("wish"), presence_type_id=bindparam("type"))
)
_LINE = BookingDraftLine.__table__.c
_COLUMNS = {
    _LINE.draft_id: "draft",
    _LINE.child_id: "child",
    _LINE.opening_id: "opening",
    _LINE.presence_type_id: "type",
    _LINE.day: "day",
    _LINE.action: "wish",
}
_ADD = insert(BookingDraftLine.__table__).from_select(
    list(_COLUMNS),
    select(*(bindparam(name, type_=column.type) for column, name in _COLUMNS.items())).where(
        ~exists().where(_SAME_DAY)
    ),
)


def _remember(connection: Connection, day: ChildDay, presence_type_id: int, now: datetime) -> None:
    """Hold the draft and keep where the parent is, so that coming back opens the same month and type."""
    month = day.day.replace(day=1)
    seen = {"draft": day.draft_id, "now": now, "month": month, "type": presence_type_id}
    if not connection.execute(_REMEMBER, seen).rowcount:
        raise Stale(_SUBMITTED)


def write_wish(connection: Connection, day: ChildDay) -> None:
    """Keep one wish, in the line that the held draft already has for this day or in a new one."""
    line = _line_of(day) | {"type": day.wish_type_id, "wish": day.wish}
    if day.line_id is not None and connection.execute(_CHANGE, line).rowcount:
        return
    connection.execute(_ADD, line | {"day": day.day})


def write_wishes(session: Session, days: Sequence[ChildDay]) -> None:
    """Keep the wishes of days of which the held draft says nothing yet. One statement, however many; what
    another tab wrote meanwhile stays."""
    lines = [_line_of(day) | {"type": day.wish_type_id, "wish": day.wish, "day": day.day} for day in days]
    if lines:
        session.connection().execute(_ADD, lines)


def _line_of(day: ChildDay) -> dict[str, object]:
    return {"draft": day.draft_id, "child": day.child_id, "opening": day.opening_id}


def _touched(day: ChildDay, wished: list[ChildDay], rules: RuleSet, booked_cents: int) -> Touched:
    """The wishes as they are now, without reading them again."""
    same = (day.child_id, day.opening_id)
    others = [other for other in wished if (other.child_id, other.opening_id) != same]
    return Touched(day, [*others, day] if day.wish else others, rules, booked_cents)


# --- Step 4 -------------------------------------------------------------------------------------------------


def pass_limits(author: Author, key: str, channel: Channel, reason: str, now: datetime) -> None:
    """How the family asked, and why the agent passes what the rules refuse (empty: it does not) (S116).

    Raises NotFound for a draft that is not an agent's.
    """
    with write_transaction() as session:
        draft = take_draft(session, author, key, now)
        if Channel.PORTAL in (draft.channel, channel):
            raise NotFound
        draft.channel, draft.override_reason = channel, reason.strip()


def remove_line(author: Author, key: str, line_id: int, now: datetime) -> None:
    """Take one day out of the draft (S97). A line that is gone is no fault: it is what was wanted."""
    with write_transaction() as session:
        draft = take_draft(session, author, key, now)
        session.execute(
            delete(BookingDraftLine).where(
                BookingDraftLine.id == line_id, BookingDraftLine.draft_id == draft.id
            )
        )


# --- Cancelling from the agenda -----------------------------------------------------------------------------


def start_cancelling(author: Author, booking_id: int, now: datetime) -> str:
    """Open a draft that gives one booking up, ready for its recap (S93). Returns its key.

    Raises NotFound for another household's booking, Refused when it is not active any more.
    """
    with write_transaction() as session:
        booking = session.get(Booking, booking_id)
        if booking is None or booking.household_id not in author.household_ids:
            raise NotFound
        if booking.state not in ACTIVE_STATES:
            raise Refused(NOT_ACTIVE.code, NOT_ACTIVE.message)
        return cancelling_draft(session, author, [booking], now).key


def cancelling_draft(
    session: Session, author: Author, bookings: Sequence[Booking], now: datetime
) -> BookingDraft:
    """A draft that gives up these active bookings of one child and household; inside the caller's
    transaction."""
    first = bookings[0]
    draft = new_draft(
        author,
        first.household_id,
        now,
        child_id=first.child_id,
        facility_id=session.get_one(Activity, first.activity_id).facility_id,
        month=first.day.replace(day=1),
        presence_type_id=first.presence_type_id,
    )
    session.add(draft)
    session.flush()
    session.add_all(
        BookingDraftLine(
            draft_id=draft.id,
            child_id=booking.child_id,
            opening_id=booking.opening_id,
            presence_type_id=booking.presence_type_id,
            day=booking.day,
            action=LineAction.CANCEL,
        )
        for booking in bookings
    )
    session.flush()
    return draft
