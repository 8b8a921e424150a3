"""The rules in force for some activities and one household, read once and asked many times.

`rule_set` reads everything in one statement (two when a rule counts the days on which the activity takes
place); the answers are pure calculations of `domain.deadlines` and `domain.pricing`. Deadlines follow the
version in force on the day of the act, prices the version in force on the day of care (primitive P15).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Date, Text, bindparam, cast, func, literal, null, select, union_all

from domain import deadlines, pricing
from domain.calendar import SchoolHoliday as SchoolHolidayDays
from domain.calendar import TownCalendar, paris_now
from domain.deadlines import Decision, Ladder
from domain.enums import DayBase, LineAction, Outcome, Residency
from domain.errors import RuleError
from domain.pricing import Price, PriceTable, PriceUnknown, PricingFacts
from domain.settings import TownSettings
from models import (
    DeadlineRule,
    Household,
    Opening,
    PublicHoliday,
    QuotientFamilial,
    SchoolHoliday,
    Setting,
    Tariff,
)
from queries.reading import read

# A limit counts back at most 200 days of a day set, within 400 days of the calendar (domain.deadlines).
LOOK_BACK = timedelta(days=400)
NOT_COMPUTABLE = "La limite de ce jour ne peut pas être calculée. Contactez le service."
_CLOSED = Ladder((), Outcome.REFUSE)  # no rule in force: nothing is booked on a guess

# --- What is read: one statement, built once ----------------------------------------------------------------

_FIRST, _LAST = bindparam("first"), bindparam("last")
_ACTIVITIES = bindparam("activities", expanding=True)
_HOUSEHOLD_ID = bindparam("household_id")
_NOTHING = literal("")
_NO_OWNER = literal(0)
_NO_DAY = cast(null(), Date)
_ZONE = func.coalesce(
    select(Setting.value).where(Setting.key == "school_zone").scalar_subquery(), TownSettings().school_zone
)
# Six small tables read together: a statement costs more than its rows. Columns: part, owner, name, first and
# last day, data.
_RULES = union_all(
    select(
        literal("public"),
        _NO_OWNER,
        cast(PublicHoliday.label, Text),
        PublicHoliday.day,
        PublicHoliday.day.label("last_day"),
        _NOTHING,
    ).where(PublicHoliday.day.between(_FIRST, _LAST)),
    select(
        literal("school"),
        _NO_OWNER,
        cast(SchoolHoliday.label, Text),
        SchoolHoliday.first_day,
        SchoolHoliday.last_day,
        _NOTHING,
    ).where(
        cast(SchoolHoliday.zone, Text) == _ZONE,
        SchoolHoliday.first_day <= _LAST,
        SchoolHoliday.last_day >= _FIRST,
    ),
    select(
        literal("ladder"),
        DeadlineRule.activity_id,
        cast(DeadlineRule.action, Text),
        DeadlineRule.valid_from,
        DeadlineRule.valid_to,
        cast(DeadlineRule.ladder, Text),
    ).where(DeadlineRule.activity_id.in_(_ACTIVITIES)),
    select(
        literal("tariff"),
        Tariff.presence_type_id,
        _NOTHING,
        Tariff.valid_from,
        Tariff.valid_to,
        cast(Tariff.table, Text),
    ).where(Tariff.presence_type_id.in_(bindparam("presence_types", expanding=True))),
    select(literal("home"), _NO_OWNER, cast(Household.residency, Text), _NO_DAY, _NO_DAY, _NOTHING).where(
        Household.id == _HOUSEHOLD_ID
    ),
    select(
        literal("quotient"),
        QuotientFamilial.id,
        _NOTHING,
        QuotientFamilial.valid_from,
        QuotientFamilial.valid_to,
        cast(QuotientFamilial.value_hundredths, Text),
    ).where(QuotientFamilial.household_id == _HOUSEHOLD_ID),
)
_OPEN_DAYS = select(Opening.activity_id, Opening.day).where(
    Opening.activity_id.in_(_ACTIVITIES), Opening.day.between(_FIRST, _LAST), Opening.closed_reason.is_(None)
)


class _Version(NamedTuple):
    """One dated version of a rule; `data` is its JSON text, read when it is asked for."""

    valid_from: date
    valid_to: date | None
    data: str


class Quotient(NamedTuple):
    """A quotient of the household, in hundredths, and the days on which it holds (both included)."""

    value_hundredths: int
    valid_from: date
    valid_to: date | None

    @property
    def value(self) -> Decimal:
        return Decimal(self.value_hundredths) / 100


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that decides and prices days for one household; pure, asked as often as wanted."""

    calendar: TownCalendar
    residency: Residency
    quotients: tuple[Quotient, ...]
    _ladders: Mapping[tuple[int, str], tuple[_Version, ...]]
    _tables: Mapping[int, tuple[_Version, ...]]
    _open_days: Mapping[int, frozenset[date]]

    def decide(self, activity_id: int, action: LineAction, day: date, now: datetime) -> Decision:
        """What the rule in force today answers to `action` on `day`, asked at `now` (aware).

        An activity without rule is closed; a rule that the calendar cannot answer refuses and says so.
        """
        version = _in_force(self._ladders.get((activity_id, action), ()), paris_now(now).date())
        ladder = _CLOSED if version is None else _ladder(version.data)
        try:
            return deadlines.decide(ladder, action, day, now, self.calendar, self._open_days.get(activity_id))
        except RuleError as fault:
            return Decision(Outcome.REFUSE, None, NOT_COMPUTABLE, (fault.message,))

    def price(self, presence_type_id: int, day: date) -> Price | None:
        """The price of one presence on `day`, with its explanation; None when no published tariff says it."""
        version = _in_force(self._tables.get(presence_type_id, ()), day)
        if version is None:
            return None
        quotient = self.quotient(day)
        has_ended = quotient is not None and quotient.valid_to is not None and quotient.valid_to < day
        return _quote(version, self.residency, quotient, day if has_ended else None)

    def quotient(self, day: date) -> Quotient | None:
        """The quotient in force on `day`, else the last one that ended before, else None."""
        known = (quotient for quotient in self.quotients if quotient.valid_from <= day)
        return _in_force(self.quotients, day) or next(known, None)


def rule_set(
    activity_ids: Iterable[int], presence_type_ids: Iterable[int], household_id: int, first: date, last: date
) -> RuleSet:
    """The rules of these activities and presence types from `first` to `last` (both included)."""
    span = {"first": first - LOOK_BACK, "last": last}
    wanted = {
        "activities": sorted(set(activity_ids)),
        "presence_types": sorted(set(presence_type_ids)),
        "household_id": household_id,
    }
    parts: dict[str, list[tuple]] = {"public": [], "school": [], "ladder": [], "tariff": [], "quotient": []}
    residency = None
    for part, owner_id, name, first_day, last_day, data in read(_RULES, span | wanted):
        if part == "home":
            residency = Residency(name)
        else:
            parts[part].append((owner_id, name, first_day, last_day, data))
    ladders = _versions(((row[0], row[1]), row) for row in parts["ladder"])
    counting = [activity_id for (activity_id, _), versions in ladders.items() if _counts_open_days(versions)]
    return RuleSet(
        _calendar(tuple(parts["public"]), tuple(parts["school"])),
        residency,
        _quotients(parts["quotient"]),
        ladders,
        _versions((row[0], row) for row in parts["tariff"]),
        _open_days(counting, span),
    )


def _versions(rows: Iterable[tuple[Any, tuple]]) -> dict[Any, tuple[_Version, ...]]:
    """By owner, the newest version first."""
    found: dict[Any, list[_Version]] = {}
    for owner, (_, _, valid_from, valid_to, data) in rows:
        found.setdefault(owner, []).append(_Version(valid_from, valid_to, data))
    return {
        owner: tuple(sorted(versions, key=lambda version: version.valid_from, reverse=True))
        for owner, versions in found.items()
    }


def _quotients(rows: Iterable[tuple]) -> tuple[Quotient, ...]:
    """The newest first; of two that begin on one day, the one entered last."""
    newest = sorted(rows, key=lambda row: (row[2], row[0]), reverse=True)
    return tuple(Quotient(int(data), valid_from, valid_to) for _, _, valid_from, valid_to, data in newest)


def _open_days(activities: Collection[int], span: Mapping[str, date]) -> dict[int, frozenset[date]]:
    if not activities:
        return {}
    days: dict[int, set[date]] = {activity_id: set() for activity_id in activities}
    for activity_id, day in read(_OPEN_DAYS, {"activities": sorted(set(activities)), **span}):
        days[activity_id].add(day)
    return {activity_id: frozenset(found) for activity_id, found in days.items()}


def _in_force(versions: Iterable[Any], day: date) -> Any:
    """The first version, newest first, that holds on `day`."""
    for version in versions:
        if version.valid_from <= day and (version.valid_to is None or day <= version.valid_to):
            return version
    return None


def _counts_open_days(versions: Iterable[_Version]) -> bool:
    return any(f'"{DayBase.OPEN}"' in version.data for version in versions)


# --- Read once, kept by content: an edited rule is another text ---------------------------------------------


@lru_cache(maxsize=512)
def _ladder(data: str) -> Ladder:
    return deadlines.ladder_from_data(json.loads(data))


@lru_cache(maxsize=512)
def _table(version: _Version) -> PriceTable:
    """The table of a row; its dates are those of the row, whatever its text says."""
    dates = {
        "valid_from": version.valid_from.isoformat(),
        "valid_to": version.valid_to and version.valid_to.isoformat(),
    }
    return pricing.table_from_data(json.loads(version.data) | dates)


@lru_cache(maxsize=4096)
def _quote(
    version: _Version, residency: Residency, quotient: Quotient | None, after_end: date | None
) -> Price | None:
    """The price of a table; `after_end` is the day of care when the proof of the quotient ends before it."""
    value = None if quotient is None else quotient.value
    valid_to = quotient.valid_to if quotient and after_end else None
    try:
        return pricing.quote(
            _table(version), PricingFacts(value, residency, valid_to), after_end or version.valid_from
        )
    except PriceUnknown:
        return None


@lru_cache(maxsize=64)
def _calendar(public: tuple[tuple, ...], school: tuple[tuple, ...]) -> TownCalendar:
    return TownCalendar(
        {day: label for _, label, day, _, _ in public},
        tuple(SchoolHolidayDays(first, last, label) for _, label, first, last, _ in school),
    )
