"""The calendar of limits: for each service day, what may be done until when, by action and channel."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from domain.errors import BusinessError
from domain.rulebook.almanac import Almanac
from domain.rulebook.facts import Context
from domain.rulebook.ladders import ACTIONS, ANY_CHANNEL, Answer, Ladder, StageLimit, limits, said_stage
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.versions import Version


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage on a day: from `since` (None: at once) to `limit` (UTC), in `words`, with its answer.

    `certain` is False while a fact of its condition is not known; `rule` is its path in the file.
    """

    since: datetime | None
    limit: datetime
    words: str
    answer: Answer
    certain: bool
    rule: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """What one action may still be by some channels, for one service day: its stages, then `otherwise`.

    `certain` is False when the row holds for some families only, and the facts that say which are not known.
    Without stages, `problem` says why the rule has no answer.
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


def limits_calendar(
    book: Rulebook, name: str, days: Iterable[date], *, facts: Mapping[str, Any] | None = None,
    almanac: Almanac | None = None, open_days: Collection[date] | None = None,
) -> list[LimitRow]:  # fmt: skip
    """The rows of the activity `name` for its service `days`, in their order, actions in that of a booking.

    `almanac` and `open_days` replace the calendar and the days of the file where the town has its own;
    `facts` are those of one family (its residence…), none for everybody. A limit without date of effect has
    one row; a dated one has a row a version, since the version in force is that of the day of the act.
    """
    if almanac is not None:
        book = replace(book, almanac=almanac)
    activity = book.activities[name]
    if open_days is None:
        open_days = activity.opening
    return [
        row
        for day in days
        for action in ACTIONS
        for row in _of_action(book, activity, action, day, facts or {}, open_days)
    ]


def _of_action(
    book: Rulebook, activity: Activity, action: str, day: date, facts: Mapping[str, Any],
    open_days: Collection[date] | None,
) -> Iterator[LimitRow]:  # fmt: skip
    versions: tuple[Version, ...] = () if activity.ladders is None else activity.ladders.versions
    for version in versions:
        context = book.context({"action": action, **facts}, day=day)
        for ladder, channels, certain in _reached(version.rule, action, context):
            row = LimitRow(day, action, channels, version.name, (), ladder.otherwise, certain, ladder)
            try:
                found = limits(ladder, _by(channels, context), open_days)
            except BusinessError as error:
                yield replace(row, problem=error.message)
            else:
                yield replace(row, stages=tuple(map(_stage, found)))


def _reached(
    ladders: Iterable[Ladder], action: str, context: Context
) -> Iterator[tuple[Ladder, tuple[str, ...], bool]]:
    """The ladders that may answer the action, each with the channels that none before it has surely taken."""
    taken: set[str] = set()
    for ladder in ladders:
        channels = tuple(one for one in ladder.channels if one not in taken)
        if action not in ladder.actions or not channels or ANY_CHANNEL in taken:
            continue
        try:
            if not ladder.when.holds(_by(channels, context)):
                continue
        except BusinessError:  # a fact that is not known
            yield ladder, channels, False
        else:
            taken.update(channels)
            yield ladder, channels, True


def _by(channels: tuple[str, ...], context: Context) -> Context:
    """The context of an act by the only channel there is."""
    if len(channels) == 1 and channels != (ANY_CHANNEL,) and "canal" not in context.given:
        return context.with_facts(canal=channels[0])
    return context


def _stage(one: StageLimit) -> StageRow:
    return StageRow(one.since, one.limit, said_stage(one), one.stage.answer, one.certain, one.stage.path)
