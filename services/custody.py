"""The custody calendar of a child of two households, as the service keeps it (R02, `domain.custody`).

Each public function is one act of an agent, in the journal of the household from whose file it was done.
The bookings to come follow the child (`services.custody_moves`).
`seen` is the `queries.custody.fingerprint` of what the agent had on screen.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain import custody as rule
from domain.enums import CustodySplit
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP
from models import CustodyCalendar, CustodyException, HouseholdChild
from queries import custody as custody_queries
from services import booking_life, custody_moves, records
from services.accounts import Author
from services.transaction import write_transaction

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewCalendar:
    """From `valid_from` on: who has the even weeks, when the child moves, how holidays are shared."""

    valid_from: date
    even_household_id: int
    handover_weekday: int
    holiday_split: CustodySplit
    summer_split: CustodySplit


@dataclass(frozen=True, slots=True)
class NewException:
    """Days, both included, in one household whatever the calendar says."""

    household_id: int
    first_day: date
    last_day: date
    reason: str = ""


def set_calendar(
    household_id: int, child_id: int, new: NewCalendar, *, seen: str, author: Author, now: datetime
) -> None:
    """Give the child a calendar from a day. The one in force ends on the eve, a later one ends this one; one
    of the same day is replaced. Raises NotFound, Stale, Refused `one_household`.
    """
    with write_transaction() as session:
        homes = _homes(session, household_id, child_id, now)
        if len(homes) != 2 or new.even_household_id not in homes:
            raise Refused(
                "one_household",
                "Rattachez d’abord l’enfant à ses deux foyers, puis choisissez l’un des deux.",
            )
        calendars = _calendars(session, child_id)
        _refuse_stale(child_id, seen)
        (odd_household_id,) = homes - {new.even_household_id}
        values = asdict(new) | {
            "odd_household_id": odd_household_id,
            "valid_to": rule.after(calendars, new.valid_from),
        }
        before = _end_before(calendars, new.valid_from)
        row = next((one for one in calendars if one.valid_from == new.valid_from), None)
        if row is None:
            row = CustodyCalendar(child_id=child_id)
            session.add(row)
        else:
            before = _plain(row)
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        records.tell(
            session,
            "custody_calendar.set",
            row,
            household_id,
            author=author,
            now=now,
            before=before,
            after=_plain(row),
        )
        _follow(session, child_id, author, now)


def end_calendar(
    household_id: int, child_id: int, last_day: date, *, seen: str, author: Author, now: datetime
) -> None:
    """The calendar of `last_day` ends that day; those that would begin later are given up. Raises NotFound,
    Stale, Refused `dates` when none is in force that day.
    """
    with write_transaction() as session:
        _homes(session, household_id, child_id, now)
        calendars = _calendars(session, child_id)
        _refuse_stale(child_id, seen)
        ended = [
            one
            for one in calendars
            if one.valid_from <= last_day and (one.valid_to is None or last_day <= one.valid_to)
        ]
        if not ended:
            raise Refused(
                "dates",
                f"Aucun calendrier n’est en vigueur ce jour-là{NBSP}: choisissez un autre jour.",
            )
        (row,) = ended
        before = _plain(row)
        row.valid_to = last_day
        records.tell(
            session,
            "custody_calendar.ended",
            row,
            household_id,
            author=author,
            now=now,
            before=before,
            after=_plain(row),
        )
        for later in (one for one in calendars if one.valid_from > last_day):
            records.tell(
                session,
                "custody_calendar.removed",
                later,
                household_id,
                author=author,
                now=now,
                before=_plain(later),
            )
            session.delete(later)
        _follow(session, child_id, author, now)


def add_exception(
    household_id: int, child_id: int, new: NewException, *, author: Author, now: datetime
) -> None:
    """Say where the child is between two days. Raises NotFound, Refused `dates`, `overlap`,
    `one_household`.
    """
    with write_transaction() as session:
        if new.household_id not in _homes(session, household_id, child_id, now):
            raise Refused("one_household", "Choisissez l’un des foyers de l’enfant.")
        if new.last_day < new.first_day:
            raise Refused("dates", "Indiquez une date de fin qui suit la date de début.")
        other = session.scalar(
            select(CustodyException).where(
                CustodyException.child_id == child_id,
                CustodyException.first_day <= new.last_day,
                CustodyException.last_day >= new.first_day,
            )
        )
        if other is not None:
            raise Refused(
                "overlap",
                f"Des jours à part existent déjà du {other.first_day:%d/%m/%Y} au {other.last_day:%d/%m/%Y}"
                f"{NBSP}: retirez-les, ou choisissez d’autres jours.",
            )
        row = CustodyException(child_id=child_id, **asdict(new))
        session.add(row)
        session.flush()
        after = {"child_id": child_id, **_exception(row)}
        records.tell(
            session,
            "custody_exception.added",
            row,
            household_id,
            author=author,
            now=now,
            before=None,
            after=after,
        )
        _follow(session, child_id, author, now)


def remove_exception(household_id: int, exception_id: int, *, author: Author, now: datetime) -> int:
    """Take an exception back; the journal keeps it. Returns the child's id. Raises NotFound."""
    with write_transaction() as session:
        row = session.get(CustodyException, exception_id, with_for_update=True)
        if row is None:
            raise NotFound
        _homes(session, household_id, row.child_id, now)
        before = {"child_id": row.child_id, **_exception(row)}
        records.tell(
            session, "custody_exception.removed", row, household_id, author=author, now=now, before=before
        )
        child_id = row.child_id
        session.delete(row)
        _follow(session, child_id, author, now)
        return child_id


def names_household(session: Session, child_id: int, household_id: int, day: date) -> bool:
    """True when a calendar or an exception of the child still names the household on `day` or later."""
    calendar = select(CustodyCalendar.id).where(
        CustodyCalendar.child_id == child_id,
        or_(
            CustodyCalendar.even_household_id == household_id,
            CustodyCalendar.odd_household_id == household_id,
        ),
        or_(CustodyCalendar.valid_to.is_(None), CustodyCalendar.valid_to >= day),
    )
    exception = select(CustodyException.id).where(
        CustodyException.child_id == child_id,
        CustodyException.household_id == household_id,
        CustodyException.last_day >= day,
    )
    return any(session.scalar(one.limit(1)) is not None for one in (calendar, exception))


def _follow(session: Session, child_id: int, author: Author, now: datetime) -> None:
    actor = booking_life.agent(session, author.user_id, author.channel)
    custody_moves.follow_and_tell(session, child_id, actor, now)


def _homes(session: Session, household_id: int, child_id: int, now: datetime) -> set[int]:
    """The households of the child, which is held. Raises NotFound when this one is not among them."""
    custody_moves.hold(session, child_id, now)
    homes = set(
        session.scalars(select(HouseholdChild.household_id).where(HouseholdChild.child_id == child_id))
    )
    if household_id not in homes:
        raise NotFound
    return homes


def _calendars(session: Session, child_id: int) -> Sequence[CustodyCalendar]:
    return session.scalars(
        select(CustodyCalendar)
        .where(CustodyCalendar.child_id == child_id)
        .order_by(CustodyCalendar.valid_from)
        .with_for_update()
    ).all()


def _refuse_stale(child_id: int, seen: str) -> None:
    if custody_queries.fingerprint(child_id) != seen:
        raise Stale(
            "Le calendrier de garde vient d’être modifié par quelqu’un d’autre. Vérifiez-le, puis refaites "
            "votre changement si c’est encore utile."
        )


def _end_before(calendars: Sequence[CustodyCalendar], day: date) -> dict[str, Any] | None:
    """End the calendar in force before `day` on its eve; what it was, for the journal."""
    for row in calendars:
        if row.valid_from < day and (row.valid_to is None or row.valid_to >= day):
            before = _plain(row)
            row.valid_to = day - ONE_DAY
            return before
    return None


def _plain(row: CustodyCalendar) -> dict[str, Any]:
    names = (
        "child_id", "valid_from", "valid_to", "even_household_id", "odd_household_id", "handover_weekday",
        "holiday_split", "summer_split",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def _exception(row: CustodyException) -> dict[str, Any]:
    return asdict(NewException(row.household_id, row.first_day, row.last_day, row.reason))
