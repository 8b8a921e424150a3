"""Versions of deadline rules and prices as staff read them, and what a draft would do (R14, R15)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import select

from domain import deadlines, pricing
from domain.deadlines import Ladder
from domain.enums import LineAction, Residency
from domain.errors import NotFound, RuleError
from domain.openings import days_between
from domain.pricing import Bracket, PriceTable, PriceUnknown, PricingFacts
from extensions import db
from models import DeadlineRule, Opening, Tariff
from queries import calendar

Row = TypeVar("Row", DeadlineRule, Tariff)

PREVIEW_DAYS = 10
_CENT = Decimal("0.01")
# A limit counts back at most 200 days of a day set, within 400 days of the calendar (domain.deadlines).
_LOOK_BACK = timedelta(days=400)
# Before any limit: what the rule answers then names its first limit.
_LONG_BEFORE = timedelta(days=800)


class VersionState(StrEnum):
    PAST = "past"
    CURRENT = "current"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class RuleVersion:
    id: int
    valid_from: date
    valid_to: date | None
    sentence: str
    source: str
    state: VersionState


@dataclass(frozen=True, slots=True)
class PriceGrid:
    """The prices of one residency: (which quotients, cents) in ascending order, the unknown last."""

    residency: Residency
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class BoundLine:
    """What is paid at one quotient, None for the family that has not given any; cents, None without price."""

    quotient: Decimal | None
    resident_cents: int | None
    non_resident_cents: int | None


@dataclass(frozen=True, slots=True)
class TariffVersion:
    id: int
    valid_from: date
    valid_to: date | None
    name: str
    grids: tuple[PriceGrid, ...]
    source: str
    state: VersionState


@dataclass(frozen=True, slots=True)
class ServiceDayLimit:
    """A service day and the sentence that families would read long before it."""

    day: date
    sentence: str


@dataclass(frozen=True, slots=True)
class LimitsPreview:
    """`are_openings` is False when the activity has no open day yet: ordinary weekdays are shown."""

    sentence: str
    limits: tuple[ServiceDayLimit, ...]
    are_openings: bool


def deadline_versions(activity_id: int, action: LineAction, today: date) -> tuple[RuleVersion, ...]:
    """The versions of one action, the latest first, each said in words."""
    rows = db.session.scalars(
        select(DeadlineRule)
        .where(DeadlineRule.activity_id == activity_id, DeadlineRule.action == action)
        .order_by(DeadlineRule.valid_from.desc())
    )
    return tuple(
        RuleVersion(
            row.id,
            row.valid_from,
            row.valid_to,
            deadlines.describe(deadlines.ladder_from_data(row.ladder), action),
            row.source,
            _state(row.valid_from, row.valid_to, today),
        )
        for row in rows
    )


def tariff_versions(presence_type_id: int, today: date) -> tuple[TariffVersion, ...]:
    """The versions of a price, the latest first, each as a grid."""
    rows = db.session.scalars(
        select(Tariff).where(Tariff.presence_type_id == presence_type_id).order_by(Tariff.valid_from.desc())
    )
    return tuple(_tariff(row, today) for row in rows)


def _tariff(row: Tariff, today: date) -> TariffVersion:
    table = _table_of(row.table, row.valid_from)
    return TariffVersion(
        row.id,
        row.valid_from,
        row.valid_to,
        table.version,
        price_grids(table),
        row.source,
        _state(row.valid_from, row.valid_to, today),
    )


def _table_of(data: Mapping[str, Any], valid_from: date) -> PriceTable:
    """The row's dates rule, whatever the text of the table says."""
    return pricing.table_from_data(dict(data) | {"valid_from": valid_from.isoformat(), "valid_to": None})


def _state(valid_from: date, valid_to: date | None, today: date) -> VersionState:
    if valid_from > today:
        return VersionState.FUTURE
    return VersionState.PAST if valid_to is not None and valid_to < today else VersionState.CURRENT


def deadline_rule(rule_id: int, activity_id: int) -> Mapping[str, Any]:
    """The plain data of a rule of this activity. Raises NotFound."""
    row = _found(DeadlineRule, rule_id)
    if row.activity_id != activity_id:
        raise NotFound
    return row.ladder


def owner_of_deadline(rule_id: int) -> tuple[int, LineAction]:
    """(activity id, action) of a rule. Raises NotFound."""
    row = _found(DeadlineRule, rule_id)
    return row.activity_id, row.action


def price_table(tariff_id: int, presence_type_id: int) -> PriceTable:
    """A version of the price of this presence type. Raises NotFound."""
    row = _found(Tariff, tariff_id)
    if row.presence_type_id != presence_type_id:
        raise NotFound
    return _table_of(row.table, row.valid_from)


def owner_of_tariff(tariff_id: int) -> int:
    """The presence type of a tariff. Raises NotFound."""
    return _found(Tariff, tariff_id).presence_type_id


def _found(table: type[Row], row_id: int) -> Row:
    row = db.session.get(table, row_id)
    if row is None:
        raise NotFound
    return row


def current(versions: Iterable[Any]) -> Any:
    """The version in force among these, or None."""
    return next((version for version in versions if version.state is VersionState.CURRENT), None)


# --- What a draft would do ----------------------------------------------------------------------


def limits_preview(activity_id: int, action: LineAction, ladder: Ladder, first: date) -> LimitsPreview:
    """The rule in words and the limits of the next ten service days from `first` on."""
    opened = db.session.scalars(
        select(Opening.day)
        .where(Opening.activity_id == activity_id, Opening.closed_reason.is_(None), Opening.day >= first)
        .order_by(Opening.day)
        .limit(PREVIEW_DAYS)
    ).all()
    service_days = list(opened) or _weekdays_from(first)
    known = calendar.town_calendar(first - _LOOK_BACK, service_days[-1])
    open_days = frozenset(
        db.session.scalars(
            select(Opening.day).where(
                Opening.activity_id == activity_id,
                Opening.closed_reason.is_(None),
                Opening.day.between(first - _LOOK_BACK, service_days[-1]),
            )
        )
    )
    limits = tuple(
        ServiceDayLimit(day, _sentence(ladder, action, day, known, open_days)) for day in service_days
    )
    return LimitsPreview(deadlines.describe(ladder, action), limits, bool(opened))


def _weekdays_from(first: date) -> list[date]:
    return [day for day in days_between(first, first + timedelta(days=13)) if day.weekday() < 5]


def _sentence(ladder: Ladder, action: LineAction, day: date, known: Any, open_days: frozenset[date]) -> str:
    """What a family reads long before `day`: the same decision that will refuse it later (R14)."""
    early = datetime.combine(day - _LONG_BEFORE, time(12), UTC)
    try:
        return deadlines.decide(ladder, action, day, early, known, open_days).sentence
    except RuleError as fault:
        return fault.message


def price_grids(table: PriceTable) -> tuple[PriceGrid, ...]:
    """The table in words, one grid for each residency."""
    return tuple(PriceGrid(residency, tuple(_lines(table, residency))) for residency in table.rows)


def _lines(table: PriceTable, residency: Residency) -> Iterator[tuple[str, int]]:
    """Each bracket under the name that an explained price gives it, then the price without quotient."""
    facts = [PricingFacts(_inside(bracket), residency) for bracket in table.rows[residency].brackets]
    prices = [pricing.quote(table, one, table.valid_from) for one in facts]
    unknown = pricing.quote(table, PricingFacts(None, residency), table.valid_from)
    for price in [*prices, unknown] if unknown.provisional else prices:
        yield price.bracket_label[:1].upper() + price.bracket_label[1:], price.cents


def _inside(bracket: Bracket) -> Decimal:
    """A quotient of the bracket."""
    if bracket.lower is None:
        return Decimal(0) if bracket.upper is None else bracket.upper - _CENT
    return bracket.lower if bracket.lower_included else bracket.lower + _CENT


def bound_lines(table: PriceTable) -> tuple[BoundLine, ...]:
    """The prices at each bound, one cent of quotient below and above it, and without quotient (R15)."""
    bounds = {
        bracket.upper for row in table.rows.values() for bracket in row.brackets if bracket.upper is not None
    }
    around = {value for bound in bounds for value in (bound - _CENT, bound, bound + _CENT) if value >= 0}
    return tuple(
        BoundLine(
            quotient,
            _cents(table, quotient, Residency.RESIDENT),
            _cents(table, quotient, Residency.NON_RESIDENT),
        )
        for quotient in [*sorted(around), None]
    )


def _cents(table: PriceTable, quotient: Decimal | None, residency: Residency) -> int | None:
    try:
        return pricing.quote(table, PricingFacts(quotient, residency), table.valid_from).cents
    except PriceUnknown:
        return None
