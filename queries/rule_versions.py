"""Limits and prices of the règlement as staff read them, by version, and what a draft would do (R14, R15).

A version here is a stretch of days through which the règlement says the same of one act, or of one price.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from domain.calendar import paris_now
from domain.clock_time import FOREVER, NEVER_EVER
from domain.enums import HolidayVariant, LineAction, Outcome, Residency, SchoolZone
from domain.errors import BusinessError, NotFound
from domain.openings import days_between
from domain.rulebook import decisions, guided_prices
from domain.rulebook.amendments import (
    USUAL_SCHOOL_WEEKDAYS,
    Amendment,
    RuledActivity,
    first_tree,
    limit_part,
    price_part,
)
from domain.rulebook.facts import Interval, bracket_name
from domain.rulebook.family_facts import RESIDENCES
from domain.rulebook.guided_limits import GuidedLimit, limit_of
from domain.rulebook.guided_prices import GuidedPrices, PriceRow, prices_of
from domain.rulebook.history import Stretch, VersionState, state_of, timeline, tree_on
from domain.rulebook.ladders import ANY_CHANNEL, Ladder
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.tree import Fault, Tree
from domain.rulebook.wording.ladders import say_ladder
from domain.rulebook.wording.legal_text import lexicon_of
from domain.rulebook.wording.tariffs import tariff_sentences
from domain.rulebook.wording.text import Sentence, capital
from extensions import db
from models import Activity, Opening, PresenceType, RulebookVersion
from queries import calendar, town
from queries.rules import ACTIONS, LOOK_BACK, on_calendar, read_tree, stored_book

PREVIEW_DAYS = 10
_CENT = Decimal("0.01")
# Before any limit: what the rule answers then names its first limit.
_LONG_BEFORE = timedelta(days=800)
_AFTERWARDS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LimitVersion:
    """What the règlement says of one act through some days, in sentences; `limit` is None when it is more
    than a form can hold."""

    valid_from: date
    valid_to: date | None
    sentences: tuple[str, ...]
    limit: GuidedLimit | None
    state: VersionState


@dataclass(frozen=True, slots=True)
class PriceGrid:
    """The prices of one residency: (which quotients, cents) in ascending order, the unknown last."""

    residency: Residency
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """The price of one formula through some days: grids, or the sentences of a tariff that says more than a
    form can hold; `is_adjusted` when the règlement then changes the price (siblings, packages…)."""

    valid_from: date
    valid_to: date | None
    prices: GuidedPrices | None
    grids: tuple[PriceGrid, ...]
    sentences: tuple[Sentence, ...]
    is_adjusted: bool
    state: VersionState


@dataclass(frozen=True, slots=True)
class BoundLine:
    """What is paid at one quotient, None for the family that has not given any; cents, None without price."""

    quotient: Decimal | None
    resident_cents: int | None
    non_resident_cents: int | None


@dataclass(frozen=True, slots=True)
class ServiceDayLimit:
    """A service day and what families would read: long before it, then past each limit while something is
    still possible; `is_late` when a limit comes after the day itself."""

    day: date
    sentences: tuple[str, ...]
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class LimitsPreview:
    """`are_openings` is False when the activity has no open day yet: ordinary weekdays are shown."""

    sentences: tuple[str, ...]
    limits: tuple[ServiceDayLimit, ...]
    are_openings: bool


@dataclass(frozen=True, slots=True)
class PricesPreview:
    """The prices of a draft; `is_adjusted` when the règlement changes them afterwards."""

    grids: tuple[PriceGrid, ...]
    bounds: tuple[BoundLine, ...]
    is_adjusted: bool


# --- What is written ------------------------------------------------------------------------------


def ruled_activity(activity_id: int) -> RuledActivity:
    """An activity under its names in the règlement, the formulas of its presence types included. Raises
    NotFound."""
    row = db.session.execute(
        select(Activity.rule_name, Activity.name).where(Activity.id == activity_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    formulas = db.session.scalars(
        select(PresenceType.rule_name)
        .where(PresenceType.activity_id == activity_id)
        .order_by(PresenceType.position, PresenceType.id)
    )
    return RuledActivity(row.rule_name, row.name, tuple(formulas))


def _published() -> Sequence[Any]:
    """Every version of the whole règlement, in order: its days, its tree."""
    return db.session.execute(
        select(
            RulebookVersion.id,
            RulebookVersion.fingerprint,
            RulebookVersion.valid_from,
            RulebookVersion.valid_to,
            RulebookVersion.tree,
        )
        .where(RulebookVersion.is_draft.is_(False))
        .order_by(RulebookVersion.valid_from)
    ).all()


def tree_in_force(day: date) -> dict[str, Tree]:
    """The règlement of a day; one that says nothing yet when there is none."""
    return tree_on(_published(), day) or _first_tree()


def drafted(amendment: Amendment, day: date) -> tuple[Rulebook | None, tuple[Fault, ...]]:
    """The règlement of a day with a change, None when it would not hold, and what is then wrong with it.

    Raises RuleError when only the text of the règlement can hold the change.
    """
    book, faults = read_tree(amendment.write(tree_in_force(day)))
    return book, tuple(faults.errors)


def _first_tree() -> dict[str, Tree]:
    settings = town.settings()
    return first_tree(
        settings.name,
        SchoolZone(settings.school_zone),
        HolidayVariant(settings.holiday_variant),
        USUAL_SCHOOL_WEEKDAYS,
        (),
    )


def limit_versions(activity: RuledActivity, action: LineAction, today: date) -> tuple[LimitVersion, ...]:
    """The versions of the limits of one act, the latest first, each said in words."""
    word = ACTIONS[action]
    return tuple(
        LimitVersion(
            one.first_day,
            one.last_day,
            _limit_sentences(_book(one), activity, word, one.first_day),
            limit_of(activity.of(one.version.tree), word),
            state_of(one.first_day, one.last_day, today),
        )
        for one in _stretches(limit_part(activity, word))
    )


def price_versions(activity: RuledActivity, formula: str, today: date) -> tuple[PriceVersion, ...]:
    """The versions of the price of one formula, the latest first."""
    return tuple(
        _price_version(one, activity, formula, today) for one in _stretches(price_part(activity, formula))
    )


def _price_version(stretch: Stretch, activity: RuledActivity, formula: str, today: date) -> PriceVersion:
    rules = activity.of(stretch.version.tree)
    prices = prices_of(rules, formula)
    return PriceVersion(
        stretch.first_day,
        stretch.last_day,
        prices,
        () if prices is None else price_grids(prices),
        () if prices is not None else _price_sentences(stretch, activity),
        guided_prices.is_adjusted(rules, formula),
        state_of(stretch.first_day, stretch.last_day, today),
    )


def _stretches(part: Any) -> list[Stretch]:
    """The latest first, without the days when nothing is written."""
    return [one for one in reversed(timeline(_published(), part)) if one.part is not None]


def _book(stretch: Stretch) -> Rulebook | None:
    return stored_book(stretch.version.id, stretch.version.fingerprint)


def current(versions: Iterable[Any]) -> Any:
    """The version in force among these, or None."""
    return next((version for version in versions if version.state is VersionState.CURRENT), None)


def starting(versions: Iterable[Any], day: date) -> Any:
    """The version that starts on a day. Raises NotFound."""
    for version in versions:
        if version.valid_from == day:
            return version
    raise NotFound


# --- In words -------------------------------------------------------------------------------------


def _ladders(book: Rulebook | None, activity: RuledActivity, action: str, day: date) -> tuple[Ladder, ...]:
    rules = None if book is None else book.activities.get(activity.name)
    if rules is None or rules.ladders is None:
        return ()
    return tuple(one for one in rules.ladders.on(day).rule if action in one.actions)


def _limit_sentences(
    book: Rulebook | None, activity: RuledActivity, action: str, day: date
) -> tuple[str, ...]:
    """What each rule says, with its conditions; the one that holds for everybody in a few words."""
    try:
        ladders = _ladders(book, activity, action, day)
    except BusinessError as error:
        return (error.message,)
    if len(ladders) == 1 and _is_for_all(ladders[0]):
        return (decisions.rule_in_words(ladders[0], action, book.facts),)
    return tuple(say_ladder(one, "", lexicon_of(book)) for one in ladders)


def _is_for_all(ladder: Ladder) -> bool:
    return ANY_CHANNEL in ladder.channels and all(
        not one.facts() for one in (ladder.when, *(stage.when for stage in ladder.stages))
    )


def _price_sentences(stretch: Stretch, activity: RuledActivity) -> tuple[Sentence, ...]:
    book = _book(stretch)
    rules = None if book is None else book.activities.get(activity.name)
    if rules is None or rules.tariff is None:
        return ()
    lexicon = lexicon_of(book)
    return tuple(
        sentence
        for version in rules.tariff.versions
        for sentence in tariff_sentences(version.rule, lexicon, version.name)
    )


def price_grids(prices: GuidedPrices) -> tuple[PriceGrid, ...]:
    """The prices in words, one grid for each residency."""
    rows = ((Residency.RESIDENT, prices.resident), (Residency.NON_RESIDENT, prices.non_resident))
    return tuple(PriceGrid(residency, tuple(_lines(row))) for residency, row in rows)


def _lines(row: PriceRow) -> Iterator[tuple[str, int]]:
    """Each bracket under the name that an explained price gives it, then the price without quotient."""
    if row.is_flat:
        yield "Tarif unique", row.brackets[0].cents
        return
    low, low_in = None, True
    for rank, bracket in enumerate(row.brackets):
        interval = Interval(low, low_in, bracket.upper, bracket.upper_included)
        is_all = interval == Interval()
        yield "Tout quotient connu" if is_all else capital(bracket_name(rank, interval)), bracket.cents
        low, low_in = bracket.upper, not bracket.upper_included
    if row.unknown_cents is not None:
        yield "Quotient familial non connu", row.unknown_cents


# --- What a draft would do ------------------------------------------------------------------------


def limits_preview(
    activity_id: int, activity: RuledActivity, action: LineAction, draft: Rulebook, first: date
) -> LimitsPreview:
    """What `draft` says of an act, and its limits on the next ten service days from `first` on."""
    word = ACTIONS[action]
    opened = db.session.scalars(
        select(Opening.day)
        .where(Opening.activity_id == activity_id, Opening.closed_reason.is_(None), Opening.day >= first)
        .order_by(Opening.day)
        .limit(PREVIEW_DAYS)
    ).all()
    service_days = list(opened) or _weekdays_from(first)
    book = on_calendar(draft, calendar.town_calendar(first - LOOK_BACK, service_days[-1]))
    open_days = frozenset(
        db.session.scalars(
            select(Opening.day).where(
                Opening.activity_id == activity_id,
                Opening.closed_reason.is_(None),
                Opening.day.between(first - LOOK_BACK, service_days[-1]),
            )
        )
    )
    ladder = _ladders(book, activity, word, first)[0]
    limits = tuple(_day_limit(book, ladder, word, day, open_days) for day in service_days)
    return LimitsPreview(_limit_sentences(book, activity, word, first), limits, bool(opened))


def _weekdays_from(first: date) -> list[date]:
    return [day for day in days_between(first, first + timedelta(days=13)) if day.weekday() < 5]


def _day_limit(
    book: Rulebook, ladder: Ladder, action: str, day: date, open_days: frozenset[date]
) -> ServiceDayLimit:
    """What a family reads of `day`: the same decisions that will answer and refuse it later (R14)."""
    early = datetime.combine(day - _LONG_BEFORE, time(12), UTC)
    context = book.context({"action": action, "canal": "portail"}, day=day, now=early)
    try:
        on = decisions.on_day(ladder, action, day, context, open_days)
    except BusinessError as fault:
        return ServiceDayLimit(day, (fault.message,))
    ends = sorted(stage.limit for stage in on.stages if stage.limit not in (FOREVER, NEVER_EVER))
    later = [decisions.decide(on, end + _AFTERWARDS) for end in ends if _last_day(end) <= day]
    possible = (one.sentence for one in later if one.outcome is not Outcome.REFUSE)
    sentences = tuple(dict.fromkeys((decisions.decide(on, early).sentence, *possible)))
    return ServiceDayLimit(day, sentences, any(_last_day(end) > day for end in ends))


def _last_day(limit: datetime) -> date:
    """The day that a limit belongs to: midnight ends the day before."""
    return paris_now(limit - timedelta(seconds=1)).date()


def prices_preview(
    draft: Rulebook, activity: RuledActivity, formula: str, prices: GuidedPrices, day: date
) -> PricesPreview:
    """The grids of a draft and what is paid around each bound."""
    tariff = draft.activities[activity.name].tariff.on(day).rule
    return PricesPreview(
        price_grids(prices),
        _bound_lines(draft, activity, formula, prices, day),
        any(one.when is not None for one in tariff.adjustments),
    )


def _bound_lines(
    draft: Rulebook, activity: RuledActivity, formula: str, prices: GuidedPrices, day: date
) -> tuple[BoundLine, ...]:
    """The prices that the engine reads at each bound, one cent of quotient below and above it, and without
    quotient (R15), before the adjustments of the tariff."""
    bounds = {
        bracket.upper
        for row in (prices.resident, prices.non_resident)
        for bracket in row.brackets
        if bracket.upper is not None
    }
    around = {value for bound in bounds for value in (bound - _CENT, bound, bound + _CENT) if value >= 0}
    return tuple(
        BoundLine(
            quotient,
            *(_cents(draft, activity, formula, quotient, residency, day) for residency in RESIDENCES),
        )
        for quotient in [*sorted(around), None]
    )


def _cents(
    draft: Rulebook,
    activity: RuledActivity,
    formula: str,
    quotient: Decimal | None,
    residency: Residency,
    day: date,
) -> int | None:
    given = {"residence": RESIDENCES[residency], "formule": formula, "quotient": quotient}
    try:
        context = draft.context(given, day=day)
        price = draft.activities[activity.name].tariff.on(day).rule.base.evaluate(context)
    except BusinessError:
        return None
    return int(price * 100)
