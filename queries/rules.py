"""The règlement in force for some activities and one household, read once and asked many times.

`rule_set` reads everything in one statement (one more when a rule counts the days on which the activity takes
place, and one the first time that this process meets a version); the answers are pure calculations of
`domain.rulebook`. Limits follow the version in force on the day of the act, prices that of the day of care
(primitive P15). The days are those of the town's own calendar and openings.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)

from domain.allotment import Standing, standing_of, unknown_standing
from domain.billing import InForce, asking_limits
from domain.calendar import SchoolHoliday as SchoolHolidayDays
from domain.calendar import TownCalendar, midday, paris_now
from domain.charges import NO_THRESHOLD, Threshold
from domain.clock_time import FOREVER, MINUTES_A_DAY, ClockTime
from domain.enums import Channel, LineAction, Outcome, Residency, SchoolLevel
from domain.errors import BusinessError
from domain.french import NBSP, format_day
from domain.rulebook import admissions, decisions, rulebook
from domain.rulebook.admissions import Admission, FamilyWindow, Supplied, names_periods
from domain.rulebook.almanac import DAY_FACTS
from domain.rulebook.bill_totals import long_spans, start_of
from domain.rulebook.billing import smallest_bill
from domain.rulebook.decisions import CONTACT, DayLadder, Decision
from domain.rulebook.enrolment import Allocation
from domain.rulebook.facts import DAY, MOMENT, Context, Fact
from domain.rulebook.family_facts import (
    AGE,
    LEVEL,
    SCHOOL,
    SIBLING,
    Family,
    Placed,
    SchoolPlace,
    StatedFact,
    facts_of,
)
from domain.rulebook.memo import Memo
from domain.rulebook.missed_days import Booked, LeftDue, Missed, causes, left_due, without_rule
from domain.rulebook.parts import counts_open_days
from domain.rulebook.quotes import PROOF_ADVICE, Price, missing_words, quote
from domain.rulebook.quotients import QuotientEntry
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.tree import Faults, Tree, planted
from domain.rulebook.wording.enrolment import allocation_sentences
from domain.rulebook.wording.legal_text import lexicon_of
from domain.settings import TownSettings
from models import Activity as ActivityRow
from models import (
    Child,
    Enrolment,
    Facility,
    Household,
    HouseholdChild,
    Opening,
    PresenceType,
    PublicHoliday,
    QuotientFamilial,
    RulebookVersion,
    RuleFact,
    SchoolHoliday,
    Schooling,
    Setting,
)
from queries.custody import NO_HOMES, Homes
from queries.reading import read

logger = logging.getLogger(__name__)

# A limit counts back within this span of the calendar.
LOOK_BACK = timedelta(days=400)
NOT_COMPUTABLE = "La limite de ce jour ne peut pas être calculée. Contactez le service."
ACTIONS = {LineAction.BOOK: "reserver", LineAction.CANCEL: "annuler"}
_CLOSED = {
    LineAction.BOOK: f"Réservation fermée sur le portail. {CONTACT}",
    LineAction.CANCEL: f"Annulation fermée sur le portail. {CONTACT}",
}
_CHANNELS = {
    Channel.PORTAL: "portail",
    Channel.COUNTER: "guichet",
    Channel.PHONE: "telephone",
    Channel.MAIL: "mail",
    Channel.PAPER: "papier",
    Channel.SYSTEM: "portail",
}

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
# Small tables read together: a statement costs more than its rows. Columns: part, owner, name, first and last
# day, data.
_TOWN = (
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
        literal("rulebook"),
        RulebookVersion.id,
        cast(RulebookVersion.name, Text),
        RulebookVersion.valid_from,
        RulebookVersion.valid_to,
        cast(RulebookVersion.fingerprint, Text),
    ).where(RulebookVersion.is_draft.is_(False)),
    select(
        literal("activity"),
        ActivityRow.id,
        cast(ActivityRow.rule_name, Text),
        _NO_DAY,
        _NO_DAY,
        cast(ActivityRow.facility_id, Text),
    ).where(ActivityRow.id.in_(_ACTIVITIES)),
    select(
        literal("presence"),
        PresenceType.id,
        cast(PresenceType.rule_name, Text),
        _NO_DAY,
        _NO_DAY,
        cast(ActivityRow.rule_name, Text),
    )
    .join(ActivityRow, ActivityRow.id == PresenceType.activity_id)
    .where(PresenceType.id.in_(bindparam("presence_types", expanding=True))),
)


def _family_parts(
    owner: Callable[[ColumnElement], tuple[ColumnElement, ...]],
    whose: Callable[[ColumnElement], ColumnElement[bool]],
) -> tuple[Select, ...]:
    """The facts of the households that `whose` chooses by their id; `owner` adds their id to the columns."""
    return (
        select(
            *owner(Household.id),
            literal("home"),
            _NO_OWNER,
            cast(Household.residency, Text),
            _NO_DAY,
            _NO_DAY,
            _NOTHING,
        ).where(whose(Household.id)),
        select(
            *owner(HouseholdChild.household_id),
            literal("child"),
            Child.id,
            _NOTHING,
            Child.birth_date,
            _NO_DAY,
            _NOTHING,
        )
        .join(HouseholdChild, HouseholdChild.child_id == Child.id)
        .where(whose(HouseholdChild.household_id)),
        select(
            *owner(QuotientFamilial.household_id),
            literal("quotient"),
            QuotientFamilial.id,
            _NOTHING,
            QuotientFamilial.valid_from,
            QuotientFamilial.valid_to,
            cast(QuotientFamilial.value_hundredths, Text),
        ).where(whose(QuotientFamilial.household_id)),
        select(
            *owner(RuleFact.household_id),
            literal("fact"),
            func.coalesce(RuleFact.child_id, 0),
            cast(RuleFact.name, Text),
            RuleFact.valid_from,
            RuleFact.valid_to,
            cast(RuleFact.value, Text),
        ).where(whose(RuleFact.household_id)),
        select(
            *owner(HouseholdChild.household_id),
            literal("school_of"),
            Schooling.child_id,
            cast(Facility.name, Text),
            _NO_DAY,
            _NO_DAY,
            cast(Schooling.school_year, Text) + literal(":") + cast(Schooling.level, Text),
        )
        .join(Facility, Facility.id == Schooling.facility_id)
        .join(HouseholdChild, HouseholdChild.child_id == Schooling.child_id)
        .where(whose(HouseholdChild.household_id)),
        select(
            *owner(HouseholdChild.household_id),
            literal("placed"),
            Enrolment.child_id,
            _NOTHING,
            Enrolment.first_day,
            Enrolment.last_day,
            cast(Enrolment.facility_id, Text),
        )
        .join(HouseholdChild, HouseholdChild.child_id == Enrolment.child_id)
        .where(whose(HouseholdChild.household_id), Enrolment.last_day >= _FIRST),
    )


_RULES = union_all(*_TOWN, *_family_parts(lambda column: (), lambda column: column == _HOUSEHOLD_ID))
_TOWN_RULES = union_all(*_TOWN)
_FAMILIES = union_all(*_family_parts(lambda column: (column,), lambda column: true()))
_SOME_FAMILIES = union_all(
    *_family_parts(
        lambda column: (column,), lambda column: column.in_(bindparam("households", expanding=True))
    )
)
_OPEN_DAYS = (
    select(ActivityRow.rule_name, Opening.day)
    .join(Opening, Opening.activity_id == ActivityRow.id)
    .where(
        Opening.activity_id.in_(_ACTIVITIES),
        Opening.day.between(_FIRST, _LAST),
        Opening.closed_reason.is_(None),
    )
)


# Reads the rows of a statement with its parameters; `queries.reading.read` unless somebody listens.
Rows = Callable[[Select | CompoundSelect, Mapping[str, Any]], Iterable[Any]]


class Quotient(NamedTuple):
    """A quotient of the household, in hundredths, and the days on which it holds (both included)."""

    value_hundredths: int
    valid_from: date
    valid_to: date | None

    @property
    def value(self) -> Decimal:
        return Decimal(self.value_hundredths) / 100


@dataclass(frozen=True, slots=True)
class _InForce:
    """A version of the règlement on the town's calendar; `counting` names the activities whose rules count
    their open days, `windowed` those with a window of a named period, `limits` keeps what depends on the day
    alone."""

    name: str
    valid_from: date
    valid_to: date | None
    book: Rulebook
    counting: frozenset[str]
    windowed: frozenset[str]
    fingerprint: str
    version_id: int = 0
    limits: dict[tuple, DayLadder] = field(default_factory=dict)

    def ends(self) -> datetime:
        """The instant at which another version takes over."""
        return FOREVER if self.valid_to is None else ClockTime(MINUTES_A_DAY).on(self.valid_to)


class _Formula(NamedTuple):
    """A presence type under its names in the règlement."""

    formula: str
    activity: str


class _Limits(NamedTuple):
    """The limits of a day, and the instant at which another rule takes over."""

    on_day: DayLadder
    ends: datetime
    facts: Mapping[str, Fact]


class _Presence(NamedTuple):
    """What is priced: a presence, who asks when, the adjustments that a limit brings, the fact `etat`."""

    presence_type_id: int
    day: date
    child_id: int | None
    now: datetime | None
    extras: tuple[str, ...]
    state: str


class PlaceRule(NamedTuple):
    """How an activity gives its places, in which version of the règlement."""

    rule: Allocation
    book: Rulebook
    fingerprint: str

    def sentences(self) -> tuple[str, ...]:
        """The criteria as the règlement says them."""
        return tuple(one.text for one in allocation_sentences(self.rule, lexicon_of(self.book)))


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that decides and prices days for one household; pure, asked as often as wanted.

    `homes` says in which household its children of two live, when somebody asked for it; `said` keeps what
    was already answered about a day (`queries.booking_days.judge`).
    """

    calendar: TownCalendar
    residency: Residency
    quotients: tuple[Quotient, ...]
    _family: Family | None
    _versions: tuple[_InForce, ...]
    _activities: Mapping[int, str]
    _presence_types: Mapping[int, _Formula]
    _open_days: Mapping[str, frozenset[date]]
    _facilities: Mapping[str, int] = field(default_factory=dict)
    homes: Homes = NO_HOMES
    said: dict[tuple, Any] = field(default_factory=dict, compare=False, repr=False)
    _prices: dict[tuple, Price] = field(default_factory=dict)
    _billed: dict[int, InForce] = field(default_factory=dict)
    _counted: Memo = field(default_factory=Memo)  # the quotients of this household

    def decide(
        self,
        activity_id: int,
        action: LineAction,
        day: date,
        now: datetime,
        child_id: int | None = None,
        channel: Channel = Channel.PORTAL,
    ) -> Decision:
        """What the rule in force today answers to `action` on `day`, asked at `now` (aware).

        A limit is promised no further than the version that says it: beyond, the next version is asked (R14).
        An activity without rule is closed; a rule that lacks a fact, or that the calendar cannot answer,
        refuses and says so.
        """
        try:
            found = self._limits(activity_id, action, day, now, child_id, channel)
        except BusinessError as fault:
            said = missing_words(self._in_force(now).book, fault) or NOT_COMPUTABLE
            return Decision(Outcome.REFUSE, None, said, (said, fault.message))
        if found is None:
            return Decision(Outcome.REFUSE, None, _CLOSED[action], (_CLOSED[action],))
        decision = decisions.decide(found.on_day, now)
        if decision.outcome is Outcome.REFUSE or not _outlives(decision, day, found.ends):
            return decision
        after = self.decide(activity_id, action, day, found.ends, child_id, channel)
        if (after.outcome, after.extras) == (decision.outcome, decision.extras):
            return replace(decision, until=after.until, sentence=after.sentence)
        return decisions.decide(found.on_day.before(found.ends), now)

    def rule_in_words(
        self, activity_id: int, action: LineAction, day: date, now: datetime, child_id: int | None = None
    ) -> str:
        """The rule in force, whatever the day: « Annulation jusqu’à la veille… »; empty without one."""
        try:
            found = self._limits(activity_id, action, day, now, child_id, Channel.PORTAL)
        except BusinessError:
            return ""
        if found is None:
            return ""
        return decisions.rule_in_words(found.on_day.ladder, found.on_day.action, found.facts)

    def price(
        self,
        presence_type_id: int,
        day: date,
        child_id: int | None = None,
        now: datetime | None = None,
        extras: Collection[str] = (),
        state: str = "present",
    ) -> Price:
        """The price of one presence on `day`, with its explanation; without cents when no rule says it.

        `extras` names the adjustments that a limit brings (a late booking); `state` is the fact `etat`.
        """
        asked = _Presence(presence_type_id, day, child_id, now, tuple(extras), state)
        version = _in_force(self._versions, day)
        if version is None or self._presence_types[presence_type_id].activity not in version.book.activities:
            return _NO_TARIFF
        quotient = self.quotient(day)
        ended = quotient is not None and quotient.valid_to is not None and quotient.valid_to < day
        key = (*asked._replace(day=version.valid_from, now=None), quotient, ended)
        if key not in self._prices:
            price, is_of_any_day = self._priced(version, asked, quotient if ended else None)
            if not is_of_any_day:
                return price
            self._prices[key] = price
        return self._prices[key]

    def to_bill(
        self, presence_type_id: int, day: date, child_id: int, booked_at: datetime, state: str
    ) -> tuple[InForce | None, str, dict[str, Any]]:
        """The version that prices a day, the activity as it calls it, and what is known of the child then.

        The version is None when no tariff is in force. Unlike `price`, an ended quotient is no longer known:
        the règlement says what its absence costs (R41). The household itself pays: it is the fact that says
        who pays, unless the service or the file says more.
        """
        formula, name = self._presence_types[presence_type_id]
        version = _in_force(self._versions, day)
        if version is None or name not in version.book.activities:
            return None, name, {}
        billing = self._billing(version)
        book = billing.book
        facts = self._facts(book, name, child_id, day, formula) | {"etat": state, "activite": name}
        facts |= self._quotient_fact(version.version_id, book, facts, day, booked_at)
        payer = None if book.billing is None else book.billing.payer
        if payer is not None and payer not in facts and not book.deduces(payer):
            facts[payer] = "foyer"
        return billing, name, facts

    def minimum(self, day: date) -> Threshold:
        """The smallest bill that the règlement in force on `day` has asked of this household; none where a
        fact that it reads is not known."""
        version = _in_force(self._versions, day)
        billing = None if version is None else version.book.billing
        if billing is None or billing.minimum is None:
            return NO_THRESHOLD
        book, now = version.book, midday(day)
        facts = self._facts(book, "", None, day)
        facts |= self._quotient_fact(version.version_id, book, facts, day, now)
        context = book.context(facts, day=day, now=now)
        try:
            cents = smallest_bill(billing.minimum, context)
        except BusinessError:
            return NO_THRESHOLD
        return Threshold(cents, billing.minimum.carried)

    def looks_back(self, first: date, last: date) -> date:
        """The first day that the rules of longer periods count with the days from `first` to `last`."""
        versions = [one for one in self._versions if one.valid_from <= last]
        live = (one.book for one in versions if one.valid_to is None or one.valid_to >= first)
        return min([first, *(start_of(book, span, first) for book in live for span in long_spans(book))])

    def _billing(self, version: _InForce) -> InForce:
        """The version knowing the open days of every activity whose rules count them; one for all days."""
        if version.version_id not in self._billed:
            known = version.book.activities
            opened = {
                name: replace(known[name], opening=days)
                for name, days in self._open_days.items()
                if name in known
            }
            book = replace(version.book, activities={**known, **opened})
            asking = asking_limits(book)
            self._billed[version.version_id] = InForce(
                version.version_id, _version_in_words(version), book, asking, Memo()
            )
        return self._billed[version.version_id]

    def left_due(
        self, presence_type_id: int, child_id: int, missed: Missed, booked_cents: int | None
    ) -> LeftDue:
        """What stays due of a booked day on which the child does not come (P12), by the rules in force on the
        first day of its absence. `booked_cents` is the price of the booking."""
        formula, name = self._presence_types[presence_type_id]
        version = _in_force(self._versions, missed.days[0])
        if version is None or name not in version.book.activities:
            return without_rule(booked_cents)
        book = self._with_openings(version.book, name)
        facts = facts_of(book, self._family, child_id, missed.day, formula)

        def when_due(extras: tuple[str, ...]) -> int | None:
            """The price of the booking, and what the tariff changes of it for a child who is absent."""
            told = (presence_type_id, missed.day, child_id, missed.told)
            absent, present = self.price(*told, extras, "absent").cents, self.price(*told).cents
            if booked_cents is None or absent is None or present is None:
                return booked_cents
            return max(0, booked_cents + absent - present)

        return left_due(book, name, missed, facts, Booked(booked_cents, when_due))

    def rules_absences(self, presence_type_ids: Collection[int], day: date) -> bool:
        """True when the version in force on `day` has absence rules for one of these presence types."""
        version = _in_force(self._versions, day)
        names = {self._presence_types[one].activity for one in presence_type_ids}
        known = {} if version is None else version.book.activities
        return any(name in known and known[name].absences is not None for name in names)

    def causes(self, day: date) -> tuple[str, ...]:
        """The words of the fact « cause » in the version in force on `day`."""
        version = _in_force(self._versions, day)
        return () if version is None else causes(version.book)

    def rebooking_is_change(self, activity_id: int, now: datetime) -> bool:
        """True when booking a cancelled day again is a modification to the rule in force at `now`."""
        version, name = self._in_force(now), self._activities[activity_id]
        activity = None if version is None else version.book.activities.get(name)
        return activity is not None and activity.rebooking_is_change

    def allocation(self, activity_id: int, now: datetime) -> PlaceRule | None:
        """How the règlement in force at `now` gives the places of an activity (R17), None when silent."""
        version, name = self._in_force(now), self._activities[activity_id]
        activity = None if version is None else version.book.activities.get(name)
        if activity is None or activity.enrolment is None:
            return None
        rule = activity.enrolment.on(paris_now(now).date()).rule.allocation
        return None if rule is None else PlaceRule(rule, version.book, version.fingerprint)

    def standing(self, activity_id: int, day: date, child_id: int, now: datetime) -> Standing:
        """Where a child of the household stands by the criteria of an activity that has some, for `day`."""
        version, found = self._in_force(now), self.allocation(activity_id, now)
        facts = self._facts(found.book, self._activities[activity_id], child_id, day)
        if found.book.quotient is not None:
            facts |= self._quotient_fact(version.version_id, found.book, facts, day, now)
        try:
            return standing_of(found.rule, found.book.context(facts, day=day, now=now))
        except BusinessError as fault:
            return unknown_standing(missing_words(found.book, fault) or fault.message)

    def quotient(self, day: date) -> Quotient | None:
        """The quotient in force on `day`, else the last one that ended before, else None."""
        known = (quotient for quotient in self.quotients if quotient.valid_from <= day)
        return _in_force(self.quotients, day) or next(known, None)

    # --- Enrolment

    def admission(
        self,
        activity_id: int,
        child_id: int,
        first_day: date,
        now: datetime,
        supplied: Collection[Supplied] = (),
        channel: Channel = Channel.PORTAL,
    ) -> Admission:
        """What the rule of the day of the act answers to enrolling a child from `first_day` on, asked at
        `now` (aware), with the documents `supplied` (P13, R17)."""
        version, name = self._in_force(now), self._activities[activity_id]
        activity = None if version is None else version.book.activities.get(name)
        if activity is None:
            return admissions.UNRULED
        context, word = self._at_enrolment(version.book, name, child_id, first_day, now, channel)
        return admissions.admission(version.book, activity, word, supplied, context)

    def next_period(self, activity_id: int, today: date, now: datetime) -> tuple[date, date] | None:
        """The days of the first named period, not over, for which enrolments are foreseen; else None."""
        version, name = self._in_force(now), self._activities[activity_id]
        if version is None or name not in version.windowed:
            return None
        periods = admissions.periods_of(version.book, version.book.activities[name])
        coming = sorted((one.first_day, one.last_day) for one in periods if one.last_day >= today)
        return (max(coming[0][0], today), coming[0][1]) if coming else None

    def enrolment_sentences(self, activity_id: int, day: date, now: datetime) -> tuple[str, ...]:
        """The enrolment rules of an activity for that day, for everybody; none without such a part."""
        version, name = self._in_force(now), self._activities[activity_id]
        activity = None if version is None else version.book.activities.get(name)
        return () if activity is None else admissions.sentences(version.book, activity, day)

    def booking_window(
        self, activity_id: int, child_id: int, day: date, now: datetime, channel: Channel = Channel.PORTAL
    ) -> FamilyWindow:
        """Whether the windows by audience of the period of `day` let this family book it at `now` (R17);
        open at once where the règlement names no period."""
        version, name = self._in_force(now), self._activities[activity_id]
        if version is None or name not in version.windowed:
            return _NO_WINDOW
        activity = version.book.activities[name]
        context, word = self._at_enrolment(version.book, name, child_id, day, now, channel)
        return admissions.booking_window(version.book, activity, word, context)

    def _at_enrolment(
        self, book: Rulebook, name: str, child_id: int, day: date, now: datetime, channel: Channel
    ) -> tuple[Context, str]:
        """What is known at an enrolment, and the word of the channel."""
        word = _CHANNELS[channel]
        facts = self._facts(book, name, child_id, day) | {"canal": word}
        return book.context(facts, day=day, now=now), word

    def _facts(
        self, book: Rulebook, name: str, child_id: int | None, day: date, formula: str = ""
    ) -> dict[str, Any]:
        """What the portal knows of a child of the household, for an activity by its name."""
        if self._family is None:
            return {}
        return facts_of(book, self._family, child_id, day, formula, self._facilities.get(name))

    # --- Limits

    def _in_force(self, now: datetime) -> _InForce | None:
        """The version of the day of an act."""
        return _in_force(self._versions, paris_now(now).date())

    def _limits(
        self,
        activity_id: int,
        action: LineAction,
        day: date,
        now: datetime,
        child_id: int | None,
        channel: Channel,
    ) -> _Limits | None:
        """The limits of a day under the rule in force at `now`, None without a rule for it; those that depend
        on nothing but the day are computed once for everybody."""
        version, name = self._in_force(now), self._activities[activity_id]
        activity = None if version is None else version.book.activities.get(name)
        if activity is None or activity.ladders is None:
            return None
        ladders = activity.ladders.on(paris_now(now).date())
        ends = min(version.ends(), ladders.ends())
        key = (name, ladders.first_day, action, day, channel)
        if key in version.limits:
            return _Limits(version.limits[key], ends, version.book.facts)
        said = {"action": ACTIONS[action], "canal": _CHANNELS[channel]}
        context = version.book.context(
            self._facts(version.book, name, child_id, day) | said, day=day, now=now
        )
        covering = (one for one in ladders.rule if one.covers(said["action"], said["canal"], context))
        ladder = next(covering, None)
        if ladder is None:
            return None
        open_days = self._open_days.get(name)
        found = decisions.on_day(ladder, said["action"], day, context, open_days)
        if context.reads <= _OF_THE_DAY and open_days is None:
            version.limits[key] = found
        return _Limits(found, ends, version.book.facts)

    # --- Prices

    def _priced(self, version: _InForce, asked: _Presence, ended: Quotient | None) -> tuple[Price, bool]:
        """The price, and whether it is that of any other day under the same version and quotient.

        `ended` is the last known quotient, when its proof does not reach the day.
        """
        formula, name = self._presence_types[asked.presence_type_id]
        book, day = self._with_openings(version.book, name), asked.day
        facts = self._facts(book, name, asked.child_id, day, formula) | {"etat": asked.state}
        facts |= self._quotient_fact(
            version.version_id, book, facts, ended.valid_to if ended else day, asked.now
        )
        context = book.context(facts, day=day, now=asked.now)
        price = quote(book, name, context, asked.extras, (_version_in_words(version),))
        if ended and "quotient" in context.reads:
            known = f"le quotient familial n’est connu que jusqu’au {format_day(ended.valid_to, year=True)}"
            why = f"Prix provisoire, {known}{NBSP}: {PROOF_ADVICE}."
            price = replace(price, provisional=True, explanation=(*price.explanation, why))
        dated = (book.activities[name].tariff, *book.totals)
        changes_by_day = any(rule is not None and rule.changes for rule in dated)
        return price, not changes_by_day and not context.reads & _OF_ONE_DAY and not self._family.stated

    def _with_openings(self, book: Rulebook, name: str) -> Rulebook:
        """The règlement knowing the open days of an activity whose rules count them."""
        if name not in self._open_days:
            return book
        activity = replace(book.activities[name], opening=self._open_days[name])
        return replace(book, activities={**book.activities, name: activity})

    def _quotient_fact(
        self, version_id: int, book: Rulebook, facts: Mapping[str, Any], day: date, now: datetime | None
    ) -> dict[str, Any]:
        """The quotient that counts for a service on `day`: as the règlement takes it, else the one in force,
        None when nobody knows it; nothing when the règlement cannot say."""
        if "quotient" in facts:
            return {}
        if book.quotient is None:
            held = _in_force(self.quotients, day)
            return {"quotient": None if held is None else held.value}
        context = book.context(facts, day=day, now=now)
        found = self._counted.find(version_id, context)
        if found is not None:
            return found
        try:
            found = {"quotient": context.fact("quotient", "le prix")}
        except BusinessError:
            return {}
        self._counted.keep(version_id, context, found)
        return found


_NO_WINDOW = FamilyWindow()
_NO_TARIFF = Price(None, False, "", ("Aucun tarif n’est en vigueur pour ce jour.",))
_OF_THE_DAY = frozenset({*DAY_FACTS, DAY, "action", "canal"})
_OF_ONE_DAY = frozenset({DAY, MOMENT, AGE, SCHOOL, LEVEL, SIBLING})


def _outlives(decision: Decision, day: date, ends: datetime) -> bool:
    """True when an answer is promised beyond the instant at which another rule takes over."""
    if decision.until is not None:
        return decision.until > ends
    return ends != FOREVER and paris_now(ends).date() <= day


def _version_in_words(version: _InForce) -> str:
    return f"{version.name}, en vigueur depuis le {format_day(version.valid_from, year=True)}."


def rule_set(
    activity_ids: Iterable[int], presence_type_ids: Iterable[int], household_id: int, first: date, last: date
) -> RuleSet:
    """The rules of these activities and presence types from `first` to `last` (both included)."""
    wanted = _wanted(activity_ids, presence_type_ids, first, last)
    parts: dict[str, list[tuple]] = {part: [] for part in _PARTS}
    for part, *row in read(_RULES, wanted | {"household_id": household_id}):
        parts[part].append(tuple(row))
    return _rules_of(parts, _town_rules(parts, wanted))


def rule_sets(
    activity_ids: Iterable[int],
    presence_type_ids: Iterable[int],
    household_ids: Collection[int] | None,
    first: date,
    last: date,
    rows: Rows = read,
) -> dict[int, RuleSet]:
    """The same of several households (None: every one), by their id, in as many statements as one more than
    for one of them; `rows` reads them."""
    wanted = _wanted(activity_ids, presence_type_ids, first, last)
    town: dict[str, list[tuple]] = {part: [] for part in _PARTS}
    for part, *row in rows(_TOWN_RULES, wanted):
        town[part].append(tuple(row))
    rules = _town_rules(town, wanted, rows)
    some = {} if household_ids is None else {"households": sorted(household_ids)}
    found = rows(_FAMILIES if household_ids is None else _SOME_FAMILIES, wanted | some)
    families: dict[int, dict[str, list[tuple]]] = {}
    for household_id, part, *row in found:
        own = families.setdefault(household_id, {part: [] for part in _PARTS})
        own[part].append(tuple(row))
    return {household_id: _rules_of(parts, rules) for household_id, parts in families.items()}


def _wanted(
    activity_ids: Iterable[int], presence_type_ids: Iterable[int], first: date, last: date
) -> dict[str, Any]:
    return {
        "first": first - LOOK_BACK,
        "last": last,
        "activities": sorted(set(activity_ids)),
        "presence_types": sorted(set(presence_type_ids)),
    }


class _TownRules(NamedTuple):
    """What is the same for every household, in the order of RuleSet."""

    calendar: TownCalendar
    versions: tuple[_InForce, ...]
    activities: Mapping[int, str]
    presence_types: Mapping[int, _Formula]
    open_days: Mapping[str, frozenset[date]]
    facilities: Mapping[str, int]
    billed: dict[int, InForce]


def _town_rules(parts: Mapping[str, list[tuple]], wanted: Mapping[str, Any], rows: Rows = read) -> _TownRules:
    activities = {owner_id: name for owner_id, name, *_ in parts["activity"]}
    versions = _located(tuple(parts["rulebook"]), tuple(parts["public"]), tuple(parts["school"]))
    span = {"first": wanted["first"], "last": wanted["last"]}
    return _TownRules(
        _calendar(tuple(parts["public"]), tuple(parts["school"])),
        versions,
        activities,
        {owner_id: _Formula(name, activity) for owner_id, name, _, _, activity in parts["presence"]},
        _open_days(versions, activities, span, rows),
        {name: int(facility_id) for _, name, _, _, facility_id in parts["activity"]},
        {},
    )


def _rules_of(parts: Mapping[str, list[tuple]], town: _TownRules) -> RuleSet:
    """The rules for the household whose facts these are."""
    quotients = _quotients(parts["quotient"])
    residency = Residency(parts["home"][0][1]) if parts["home"] else None
    family = _family(residency, parts, quotients)
    calendar, *rules, billed = town
    return RuleSet(calendar, residency, quotients, family, *rules, _billed=billed)


_PARTS = (
    "public", "school", "rulebook", "activity", "presence", "home", "child", "quotient", "fact", "school_of",
    "placed",
)  # fmt: skip


def _family(
    residency: Residency | None, parts: Mapping[str, list[tuple]], quotients: tuple[Quotient, ...]
) -> Family | None:
    if residency is None:
        return None
    return Family(
        residency,
        {child_id: birth for child_id, _, birth, _, _ in parts["child"]},
        tuple(  # the one entered last comes last: of two that begin on one day, it counts
            QuotientEntry(one.value, one.valid_from, one.valid_from, one.valid_to)
            for one in reversed(quotients)
        ),
        tuple(
            StatedFact(child_id or None, name, value, valid_from, valid_to)
            for child_id, name, valid_from, valid_to, value in parts["fact"]
        ),
        tuple(
            SchoolPlace(child_id, int(year), school, SchoolLevel(level))
            for child_id, school, _, _, data in parts["school_of"]
            for year, level in [data.split(":")]
        ),
        tuple(
            Placed(child_id, int(facility_id), first, last)
            for child_id, _, first, last, facility_id in parts["placed"]
        ),
    )


def _quotients(rows: Iterable[tuple]) -> tuple[Quotient, ...]:
    """The newest first; of two that begin on one day, the one entered last."""
    newest = sorted(rows, key=lambda row: (row[2], row[0]), reverse=True)
    return tuple(Quotient(int(data), valid_from, valid_to) for _, _, valid_from, valid_to, data in newest)


def _open_days(
    versions: Iterable[_InForce], activities: Mapping[int, str], span: Mapping[str, date], rows: Rows
) -> dict[str, frozenset[date]]:
    """The open days of the activities whose rules count them, by their name in the règlement."""
    names = frozenset().union(*(version.counting for version in versions))
    counting = [activity_id for activity_id, name in activities.items() if name in names]
    if not counting:
        return {}
    days: dict[str, set[date]] = {activities[activity_id]: set() for activity_id in counting}
    for name, day in rows(_OPEN_DAYS, {"activities": sorted(counting), **span}):
        days[name].add(day)
    return {name: frozenset(found) for name, found in days.items()}


def _in_force(versions: Iterable[Any], day: date) -> Any:
    """The version that holds on `day`."""
    for version in versions:
        if version.valid_from <= day and (version.valid_to is None or day <= version.valid_to):
            return version
    return None


# --- Read once, kept by content: an edited règlement has another fingerprint --------------------------------


@lru_cache(maxsize=32)
def _located(
    versions: tuple[tuple, ...], public: tuple[tuple, ...], school: tuple[tuple, ...]
) -> tuple[_InForce, ...]:
    """The versions on the town's own calendar, the newest first; one that cannot be read decides nothing."""
    calendar, found = _calendar(public, school), []
    for version_id, name, valid_from, valid_to, fingerprint in versions:
        book = stored_book(version_id, fingerprint)
        if book is not None:
            counting = frozenset(one for one, rules in book.activities.items() if counts_open_days(rules))
            windowed = frozenset(one for one, rules in book.activities.items() if names_periods(rules))
            located = on_calendar(book, calendar)
            found.append(
                _InForce(name, valid_from, valid_to, located, counting, windowed, fingerprint, version_id)
            )
    return tuple(sorted(found, key=lambda version: version.valid_from, reverse=True))


def on_calendar(book: Rulebook, calendar: TownCalendar) -> Rulebook:
    """The règlement counting on the holidays of the portal; the days of activities are its openings."""
    written = book.almanac
    town = replace(
        calendar, office_closed=written.town.office_closed, school_weekdays=written.town.school_weekdays
    )
    activities = {name: replace(activity, opening=None) for name, activity in book.activities.items()}
    return replace(book, almanac=replace(written, town=town, known=None), activities=activities)


@lru_cache(maxsize=32)
def stored_book(version_id: int, fingerprint: str) -> Rulebook | None:
    """A version read from its tree; `fingerprint` makes an edited one another entry."""
    book, faults = read_tree(read(_TREE, {"version_id": version_id}).scalar_one())
    if book is None:
        logger.error("rulebook version %s cannot be read: %s", version_id, faults.errors[0])
    return book


def read_tree(tree: dict[str, Tree]) -> tuple[Rulebook | None, Faults]:
    """A règlement read from its tree (None when it has an error), and everything that is wrong with it."""
    faults = Faults()
    return rulebook.read(planted(tree), _PortalDays(), faults), faults


_TREE = select(RulebookVersion.tree).where(RulebookVersion.id == bindparam("version_id"))


class _PortalDays:
    """The holidays of the file are not used: the portal has its own."""

    def holidays_of_zone(self, zone: str) -> tuple[SchoolHolidayDays, ...]:
        return ()

    def public_holidays(self, variant: str) -> Mapping[date, str]:
        return {}


@lru_cache(maxsize=64)
def _calendar(public: tuple[tuple, ...], school: tuple[tuple, ...]) -> TownCalendar:
    return TownCalendar(
        {day: label for _, label, day, _, _ in public},
        tuple(SchoolHolidayDays(first, last, label) for _, label, first, last, _ in school),
    )
