"""The calendar of limits: for each service day, what may be done until when, by action and channel."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from domain.clock_time import ClockTime
from domain.errors import BusinessError
from domain.rulebook.almanac import Almanac
from domain.rulebook.conditions import Condition
from domain.rulebook.facts import Context
from domain.rulebook.ladders import ACTIONS, ANY_CHANNEL, Answer, Ladder, StageLimit, limits, said_stage
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.versions import Version


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage on a day: from `since` (None: at once) to `limit` (UTC), in `words`, with its answer.

    `certain` is False while a fact of its condition `when` is not known; `rule` is its path in the file.
    """

    since: datetime | None
    limit: datetime
    words: str
    answer: Answer
    certain: bool
    when: Condition
    rule: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """What one action may still be by some channels, for one service day: its stages, then `otherwise`.

    `certain` is False when the row holds for some families only, and the facts that say which are not known.
    Without stages, `problem` says why the rule has no answer. `others` when earlier rows speak for some
    channels. Of a dated rule, `acts_from` and `acts_until` are the first and last days of the acts that it
    governs (None: all those before, or after); `is_relayed` when another version takes over before its last
    limit, so that `otherwise` never answers.
    """

    day: date
    action: str
    channels: tuple[str, ...]
    version: str
    stages: tuple[StageRow, ...]
    otherwise: Answer
    certain: bool
    ladder: Ladder
    problem: str = ""
    others: bool = False
    acts_from: date | None = None
    acts_until: date | None = None
    is_relayed: bool = False


def limits_calendar(
    book: Rulebook, name: str, days: Iterable[date], *, facts: Mapping[str, Any] | None = None,
    almanac: Almanac | None = None, open_days: Collection[date] | None = None,
) -> list[LimitRow]:  # fmt: skip
    """The rows of the activity `name` for its service `days`, in their order, actions in that of a booking.

    `almanac` and `open_days` replace the calendar and the days of the file where the town has its own;
    `facts` are those of one family (its residence…), none for everybody. A limit without date of effect has
    one row; a dated one has a row for each version that an act may meet by the service day, since the version
    in force is that of the day of the act, with what that version answers while it is in force.
    """
    if almanac is not None:
        book = replace(book, almanac=almanac)
    activity = book.activities[name]
    return [
        row
        for day in days
        for action in ACTIONS
        for version in _met_by(day, activity)
        for row in _of_action(book, activity, version, action, day, facts, open_days)
    ]


def limits_of_the_day(
    book: Rulebook, name: str, day: date, *, facts: Mapping[str, Any] | None = None,
    open_days: Collection[date] | None = None,
) -> list[LimitRow]:  # fmt: skip
    """The rows of the version in force on the service `day`, whole: whatever version governs the act."""
    activity = book.activities[name]
    return [
        row
        for action in ACTIONS
        for version in _versions(activity)
        if version.holds(day)
        for row in _of_action(book, activity, _always(version), action, day, facts, open_days)
    ]


def _versions(activity: Activity) -> tuple[Version, ...]:
    return () if activity.ladders is None else activity.ladders.versions


def _always(version: Version) -> Version:
    return replace(version, first_day=None, last_day=None)


def _met_by(day: date, activity: Activity) -> Iterator[Version]:
    """The versions that an act about a service day may meet: nothing before the first, nor after that day."""
    for index, version in enumerate(_versions(activity)):
        if version.first_day is None or version.first_day <= day:
            lasts = version.last_day is None or version.last_day >= day
            first, last = version.first_day if index else None, None if lasts else version.last_day
            yield replace(version, first_day=first, last_day=last)


def _of_action(
    book: Rulebook, activity: Activity, version: Version, action: str, day: date,
    facts: Mapping[str, Any] | None, open_days: Collection[date] | None,
) -> Iterator[LimitRow]:  # fmt: skip
    context = book.context({"action": action, **(facts or {})}, day=day)
    days = activity.opening if open_days is None else open_days
    for ladder, channels, certain, others in _reached(version.rule, action, context):
        row = LimitRow(
            day, action, channels, version.name, (), ladder.otherwise, certain, ladder,
            others=others, acts_from=version.first_day, acts_until=version.last_day,
        )  # fmt: skip
        try:
            found = limits(ladder, _by(channels, context), days)
        except BusinessError as error:
            yield replace(row, problem=error.message)
        else:
            stages = list(_while_in_force(version, found))
            relayed = version.last_day is not None and any(one.limit == version.ends() for one in stages)
            yield replace(row, stages=tuple(map(_stage, stages)), is_relayed=relayed)


def _while_in_force(version: Version, stages: Iterable[StageLimit]) -> Iterator[StageLimit]:
    """The stages that an act may meet between the first and the last instants of a version."""
    for stage in stages:
        begins_late = stage.since is not None and stage.since >= version.ends()
        is_over = version.first_day is not None and stage.limit <= _MIDNIGHT.on(version.first_day)
        if not (begins_late or is_over):
            yield stage.before(version.ends())


_MIDNIGHT = ClockTime(0)


def _reached(
    ladders: Iterable[Ladder], action: str, context: Context
) -> Iterator[tuple[Ladder, tuple[str, ...], bool, bool]]:
    """The ladders that may answer the action, each with the channels that none before it has surely taken.

    Then whether its condition is sure, and whether it stands for the channels that others do not name.
    """
    taken: set[str] = set()
    for ladder in ladders:
        channels = tuple(one for one in ladder.channels if one not in taken)
        if action not in ladder.actions or not channels or ANY_CHANNEL in taken:
            continue
        others = bool(taken) and channels == (ANY_CHANNEL,)
        try:
            if not ladder.when.holds(_by(channels, context)):
                continue
        except BusinessError:  # a fact that is not known
            yield ladder, channels, False, others
        else:
            taken.update(channels)
            yield ladder, channels, True, others


def _by(channels: tuple[str, ...], context: Context) -> Context:
    """The context of an act by the only channel there is."""
    if len(channels) == 1 and channels != (ANY_CHANNEL,) and "canal" not in context.given:
        return context.with_facts(canal=channels[0])
    return context


def _stage(one: StageLimit) -> StageRow:
    stage = one.stage
    return StageRow(one.since, one.limit, said_stage(one), stage.answer, one.certain, stage.when, stage.path)
