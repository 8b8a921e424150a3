"""The next holidays of a leisure centre go by the criteria of the règlement: families wish for days (R17)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import PARIS, paris_now
from domain.enums import BookingState, PlacesMode
from models import BookingPeriod, Opening
from services.demo import town
from services.demo.seed_bookings import Wish
from services.demo.seed_people import Family
from services.demo.seed_town import Place

# The centre wants requests more than fifteen clear days ahead.
CLOSES_BEFORE = timedelta(days=17)
OPEN_FOR = timedelta(days=28)
DAYS_WISHED = 5


@dataclass(frozen=True, slots=True)
class Holidays:
    """The first days of holidays that families wish for, until `closes_at`."""

    place: Place
    days: tuple[date, ...]
    closes_at: datetime


def open_wishes(session: Session, places: Iterable[Place], now: datetime) -> Holidays | None:
    """Let families wish for the next holidays of the centre; None when the calendar knows none."""
    today = paris_now(now).date()
    place = next(one for one in places if one.spec.rule_name == town.ALLOTTED)
    period = session.scalar(
        select(BookingPeriod)
        .join(Opening, Opening.period_id == BookingPeriod.id)
        .where(Opening.activity_id == place.activity.id, BookingPeriod.first_day > today)
        .order_by(BookingPeriod.first_day)
        .limit(1)
    )
    if period is None:
        return None
    period.places_mode = PlacesMode.ALLOTMENT
    period.closes_at = _six_in_the_evening(period.first_day - CLOSES_BEFORE)
    period.opens_at = min(period.closes_at - OPEN_FOR, now - OPEN_FOR)
    session.flush()
    days = sorted(day for day in place.openings if period.first_day <= day <= period.last_day)
    return Holidays(place, tuple(days[:DAYS_WISHED]), period.closes_at)


def _six_in_the_evening(day: date) -> datetime:
    return datetime.combine(day, time(18), tzinfo=PARIS).astimezone(UTC)


def wishes_of(holidays: Holidays | None, households: Iterable[Family], now: datetime) -> Iterator[Wish]:
    """Most children of the centre, each family on its own evening; there are more wishes than places."""
    if holidays is None:
        return
    rng = Random(17)  # noqa: S311  the same invented wishes at each start
    for family in households:
        before = timedelta(hours=rng.randint(5, 200), minutes=rng.randint(0, 59))
        filed_at = min(now, holidays.closes_at) - before
        for child, child_id in zip(family.spec.children, family.child_ids, strict=True):
            if town.FACILITIES[child.leisure_centre].name != holidays.place.facility.name:
                continue
            for day in holidays.days:
                if rng.random() < 0.85:
                    yield Wish(family, child_id, holidays.place, day, 0, BookingState.REQUESTED, filed_at)
