"""The places of a period go to the wishes of families by the town's published criteria (R17).

The règlement is read before anything is held. Then one transaction for each day locks it, ranks the wishes
that are still there, gives the places, and keeps what it read, so that it can be calculated again: short
enough for other families to go on booking. Each family is told, then the period goes first come. A run
that was cut goes on where it stopped.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from domain.allotment import Method, Ranked, Standing, inputs_of
from domain.booking_window import BookingWindow
from domain.calendar import paris_now
from domain.enums import BookingState, LineAction, LineState, MailKind, PlacesMode, ValidationMode
from domain.errors import Refused, Stale
from domain.french import NBSP, enumerate_fr, format_moment
from domain.rulebook.enrolment import Tie
from models import (
    Activity,
    Allotment,
    AllotmentRank,
    AuditEvent,
    Booking,
    BookingPeriod,
    BookingRequestLine,
    Facility,
)
from queries import allotments
from queries.allotments import OpenDay
from queries.rules import PlaceRule
from services import audit, booking_life, outbox, places, records
from services.accounts import Author
from services.booking_life import Actor
from services.transaction import write_transaction

# Requests that were on their way when the wishes closed are all written by then.
AFTER_CLOSING = timedelta(minutes=1)
_SEED_BYTES = 6
_FAMILIES_AT_ONCE = 50
_TOLD = "booking.allotted"
_ANSWERS = {
    LineState.ACCEPTED: "Place obtenue à l’attribution.",
    LineState.PENDING: "Place obtenue à l’attribution, à confirmer par la structure.",
    LineState.WAITING: "Pas de place à l’attribution, sur la liste d’attente.",
    LineState.REFUSED: "Pas de place à l’attribution.",
}


def new_seed() -> str:
    """A draw that nobody chose."""
    return secrets.token_hex(_SEED_BYTES)


def allot(period_id: int, seed: str, *, author: Author, author_name: str, now: datetime) -> int:
    """Give the places of a period; returns how many families are told.

    Raises NotFound; Refused `no_allotment` for a first-come period, `already_allotted`, `still_open` while
    families may still wish, `no_wish`, `no_criteria` when the règlement does not say who comes first.
    """
    _check(allotments.period(period_id).window, now)
    days = allotments.open_days(period_id, paris_now(now).date())
    rules = allotments.place_rules(days, now)
    _refuse_silent(days, rules)
    if not rules and not allotments.made(period_id):
        raise Refused("no_wish", f"Aucune famille n’a fait de vœu{NBSP}: il n’y a rien à attribuer.")
    standing = allotments.standings(days, now)
    run = _Run(period_id, seed, author, author_name, now, standing)
    for day in (day for day in days if day.candidates):
        with write_transaction() as session:
            _allot_day(session, run, day.opening_id, rules[day.activity_id])
    families = _tell_families(run)
    with write_transaction() as session:
        _close(session, run)
    return families


@dataclass(frozen=True, slots=True)
class _Run:
    period_id: int
    seed: str
    author: Author
    author_name: str
    now: datetime
    standing: Mapping[int, Standing]

    @property
    def today(self) -> date:
        return paris_now(self.now).date()


def may_begin(window: BookingWindow, now: datetime) -> bool:
    """True when the places of a period can be given now."""
    try:
        _check(window, now)
    except Refused:
        return False
    return True


def _check(window: BookingWindow, now: datetime) -> None:
    if window.mode is not PlacesMode.ALLOTMENT:
        raise Refused(
            "no_allotment", f"Les places de cette période vont aux premiers arrivés{NBSP}: rien à attribuer."
        )
    if window.allotted_at is not None:
        raise Refused(
            "already_allotted",
            f"Les places de cette période ont été attribuées le {format_moment(window.allotted_at)}.",
        )
    if window.closes_at is None or now < window.closes_at + AFTER_CLOSING:
        until = "" if window.closes_at is None else f" jusqu’au {format_moment(window.closes_at)}"
        raise Refused(
            "still_open", f"Les familles peuvent faire des vœux{until}. Attribuez les places juste après."
        )


def _refuse_silent(days: Iterable[OpenDay], rules: Mapping[int, PlaceRule | None]) -> None:
    silent = {day.activity for day in days if day.candidates and rules[day.activity_id] is None}
    if silent:
        raise Refused(
            "no_criteria",
            f"Le règlement ne dit pas qui passe en premier{NBSP}: {enumerate_fr(sorted(silent))}. "
            "Écrivez d’abord les critères dans le règlement.",
        )


# --- One day ------------------------------------------------------------------------------------------------


def _allot_day(session: Session, run: _Run, opening_id: int, rule: PlaceRule) -> None:
    """Answer every wish of a day, once: who comes after finds none."""
    period = records.get(session, BookingPeriod, run.period_id)
    _check(allotments.period(period.id).window, run.now)
    places.lock(session, [opening_id])
    day = allotments.open_day(opening_id, run.today)
    if not day.candidates:
        return
    made = _allotment_of(session, run, day.activity_id, rule)
    answers = _Answers(session, run, made.id, session.get_one(Activity, day.activity_id), rule.rule.tie)
    for one in allotments.rank(day, run.standing, Method(rule.rule.tie, made.seed)):
        answers.give(day, one)
    session.flush()
    after = {"opening_id": opening_id, "seed": made.seed, "states": dict(answers.states)}
    _record(session, run, "allotment.made", ("allotment", made.id), after)


def _allotment_of(session: Session, run: _Run, activity_id: int, rule: PlaceRule) -> Allotment:
    """One draw for all the days of an activity, that of the run which began it."""
    row = session.scalar(
        select(Allotment).where(Allotment.period_id == run.period_id, Allotment.activity_id == activity_id)
    )
    if row is None:
        row = Allotment(
            period_id=run.period_id,
            activity_id=activity_id,
            seed=run.seed,
            criteria=list(rule.sentences()),
            rulebook_fingerprint=rule.fingerprint,
            author_user_id=run.author.user_id,
            author_name=run.author_name,
            made_at=run.now,
        )
        session.add(row)
        session.flush()
    return row


class _Answers:
    """The answers of one day as they are written; `states` counts them."""

    def __init__(self, session: Session, run: _Run, allotment_id: int, activity: Activity, tie: Tie) -> None:
        self._session, self._run, self._tie = session, run, tie
        self._allotment_id, self._activity = allotment_id, activity
        self._actor = Actor(run.author.user_id, run.author_name, run.author.channel)
        mode = session.get_one(Facility, activity.facility_id).validation_mode
        self._given = BookingState.ACCEPTED if mode is ValidationMode.AUTOMATIC else BookingState.PENDING
        self._waiting: Counter[int | None] = Counter()
        self.states: Counter[str] = Counter()

    def give(self, day: OpenDay, one: Ranked) -> None:
        """Answer one wish. Raises Stale when its place is not free, which the lock makes impossible."""
        booking = self._session.get_one(Booking, one.wish.id)
        following = self._given if one.is_admitted else self._without_place(day, one)
        if following is BookingState.WAITING:
            booking.waiting_order = one.rank
        self._answer_line(booking.id, LineState(following.value))
        if not booking_life.move(self._session, booking, following, self._actor, self._run.now, one.reason):
            raise Stale("Des places ont changé pendant l’attribution. Recommencez.")
        self._session.add(
            AllotmentRank(
                allotment_id=self._allotment_id,
                booking_id=booking.id,
                rank=one.rank,
                is_admitted=one.is_admitted,
                reason=one.reason,
                inputs=inputs_of(one.wish, day.room, self._tie),
            )
        )
        self.states[following.value] += 1

    def _without_place(self, day: OpenDay, one: Ranked) -> BookingState:
        """The waiting list while it has room, in the order of the ranks."""
        longest = self._activity.waiting_places
        line = one.wish.group_id if day.has_limits else None
        is_full = longest is not None and self._waiting[line] >= longest
        if day.room.closed or one.wish.obstacle or not self._activity.has_waiting_list or is_full:
            return BookingState.REFUSED
        self._waiting[line] += 1
        return BookingState.WAITING

    def _answer_line(self, booking_id: int, state: LineState) -> None:
        self._session.execute(
            update(BookingRequestLine)
            .where(
                BookingRequestLine.booking_id == booking_id,
                BookingRequestLine.action == LineAction.BOOK,
                BookingRequestLine.state == LineState.PENDING,
            )
            .values(
                state=state,
                reason=_ANSWERS[state],
                decided_at=None if state in (LineState.PENDING, LineState.WAITING) else self._run.now,
            )
        )


# --- The end ------------------------------------------------------------------------------------------------


def _close(session: Session, run: _Run) -> None:
    """From now on the places that are left go first come."""
    period = records.get(session, BookingPeriod, run.period_id)
    _check(allotments.period(period.id).window, run.now)
    records.change(session, period, {"allotted_at": run.now}, author=run.author, now=run.now)


def _tell_families(run: _Run) -> int:
    """One mail to each adult of a family who has an access; a family that was told before a cut is left."""
    household_ids = allotments.answered_households(run.period_id)
    for first in range(0, len(household_ids), _FAMILIES_AT_ONCE):
        with write_transaction() as session:
            records.get(session, BookingPeriod, run.period_id)
            told = set(session.scalars(_told(run.period_id)))
            for household_id in household_ids[first : first + _FAMILIES_AT_ONCE]:
                if household_id not in told:
                    _tell(session, run, household_id)
    return len(household_ids)


def _told(period_id: int) -> Select:
    """The households that had the answer of this period, as its journal says."""
    return select(AuditEvent.household_id).where(
        AuditEvent.object_type == "booking_period",
        AuditEvent.object_id == period_id,
        AuditEvent.action == _TOLD,
    )


def _tell(session: Session, run: _Run, household_id: int) -> None:
    result = allotments.own_result(run.period_id, [household_id])
    states = Counter(day.state.value for _, days in result.children for day in days)
    about = ("booking_period", run.period_id)
    _record(session, run, _TOLD, about, {"states": states}, household_id)
    outbox.queue_household(
        session,
        MailKind.ALLOTMENT_RESULT,
        household_id,
        now=run.now,
        result=result,
        period_id=run.period_id,
    )


def _record(
    session: Session,
    run: _Run,
    action: str,
    about: tuple[str, int],
    after: dict,
    household_id: int | None = None,
) -> None:
    audit.record(
        session,
        at=run.now,
        actor_user_id=run.author.user_id,
        channel=run.author.channel,
        action=action,
        object_type=about[0],
        object_id=about[1],
        household_id=household_id,
        after=after,
    )
