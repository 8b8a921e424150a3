"""Which service days get an earlier or a later limit between two rulebooks, and what an act then brings."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.calendar import paris_now
from domain.clock_time import FOREVER, NEVER_EVER
from domain.enums import Outcome
from domain.rulebook.ladders import ACTIONS, ANY_CHANNEL, Answer, Ladder
from domain.rulebook.limits_calendar import LimitRow, StageRow, limits_of_the_day
from domain.rulebook.parts import parts
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.wording.conditions import after
from domain.rulebook.wording.legal_text import lexicon_of
from domain.rulebook.wording.lexicon import Lexicon

OTHER_CHANNELS = "autres"


class Way(StrEnum):
    """What becomes of the limit of an answer."""

    EARLIER = "plus tôt"
    LATER = "plus tard"
    NEW = "nouveau"
    GONE = "supprimé"
    OTHER = "autre réponse"


@dataclass(frozen=True, slots=True)
class DayChange:
    """One service day: both limits in words; `shift` is what the clock shows between them, when it can."""

    day: date
    old: str
    new: str
    shift: timedelta | None


@dataclass(frozen=True, slots=True)
class LimitChange:
    """The same sort of change for one action, some channels and one answer, over several service days.

    `condition` says for which acts in French (« si … », empty: all). `outcome` is the answer whose limit
    moves; None for what holds once every limit is passed, and for a rule that only one side has.
    """

    action: str
    channels: tuple[str, ...]
    condition: str
    outcome: Outcome | None
    way: Way
    days: tuple[DayChange, ...]

    @property
    def shifts(self) -> tuple[timedelta, timedelta] | None:
        """The least and the greatest shift, as lengths; None when a limit appears or goes."""
        known = sorted(abs(one.shift) for one in self.days if one.shift is not None)
        return (known[0], known[-1]) if known else None


def limit_changes(
    old: Rulebook, new: Rulebook, name: str, days: Iterable[date], *, facts: Mapping[str, Any] | None = None,
    open_days: Collection[date] | None = None,
) -> list[LimitChange]:  # fmt: skip
    """What changes for the service `days` of the activity `name`, which both rulebooks have.

    Each rulebook counts on its own calendar and, without `open_days`, on its own days of opening; the limits
    in force on the service day are compared. `facts` are those of one family; none for everybody.
    """
    found: dict[Any, list[DayChange]] = {}
    books = [(book, lexicon_of(book)) for book in (old, new)]
    named = _named_channels([book.activities[name] for book in (old, new)])
    for day in days:
        sides = [_rows(book, lexicon, name, day, facts, open_days) for book, lexicon in books]
        for action in ACTIONS:
            for key, change in _of_action(named, *(side[action] for side in sides), day):
                found.setdefault((action, *key), []).append(change)
    return _together(found, named)


def _named_channels(activities: Sequence[Activity]) -> tuple[str, ...]:
    """The channels that a limit of either activity speaks of."""
    found = [part.channels for one in activities for part in parts(one.ladders) if isinstance(part, Ladder)]
    return tuple(sorted({channel for channels in found for channel in channels} - {ANY_CHANNEL}))


def _rows(
    book: Rulebook,
    lexicon: Lexicon,
    name: str,
    day: date,
    facts: Mapping[str, Any] | None,
    open_days: Collection[date] | None,
) -> dict[str, list[tuple[LimitRow, str]]]:
    """The rows in force on the service day by action, each with the condition that still holds it back."""
    rows: dict[str, list[tuple[LimitRow, str]]] = {action: [] for action in ACTIONS}
    for row in limits_of_the_day(book, name, day, facts=facts, open_days=open_days):
        said = "" if row.certain else after(row.ladder.when, lexicon).strip()
        rows[row.action].append((row, said))
    return rows


_Key = tuple[str, str, Outcome | None, Way]


def _of_action(
    named: Sequence[str], old: Sequence[tuple[LimitRow, str]], new: Sequence[tuple[LimitRow, str]], day: date
) -> Iterator[tuple[_Key, DayChange]]:
    """The changes of one day, channel by channel."""
    for channel in (*named, ANY_CHANNEL):
        before, after_ = _by_channel(channel, old), _by_channel(channel, new)
        for condition in dict.fromkeys([*before, *after_]):
            one, other = before.get(condition), after_.get(condition)
            for outcome, way, change in _compared(one, other, day):
                yield (channel, condition, outcome, way), change


def _by_channel(channel: str, rows: Sequence[tuple[LimitRow, str]]) -> dict[str, LimitRow]:
    """The rows that answer an act by this channel, by condition, up to the one that holds for the rest."""
    found: dict[str, LimitRow] = {}
    for row, condition in rows:
        if channel in row.channels or ANY_CHANNEL in row.channels:
            found.setdefault(condition, row)
            if row.certain:
                break
    return found


def _compared(
    old: LimitRow | None, new: LimitRow | None, day: date
) -> Iterator[tuple[Outcome | None, Way, DayChange]]:
    if old is None or new is None:
        yield (
            None,
            Way.NEW if old is None else Way.GONE,
            DayChange(day, _row_words(old), _row_words(new), None),
        )
        return
    before, after_ = _stages(old), _stages(new)
    for outcome in dict.fromkeys([*before, *after_]):
        one, other = before.get(outcome), after_.get(outcome)
        if one is None or other is None:
            way = Way.NEW if one is None else Way.GONE
            yield outcome, way, DayChange(day, _words(one), _words(other), None)
        elif one.limit != other.limit:
            way = Way.EARLIER if other.limit < one.limit else Way.LATER
            yield outcome, way, DayChange(day, one.words, other.words, _shift(one.limit, other.limit))
        elif (one.words, one.answer) != (other.words, other.answer):
            yield outcome, Way.OTHER, DayChange(day, _whole(one), _whole(other), None)
    if _rest(old) != _rest(new):
        yield None, Way.OTHER, DayChange(day, _rest(old), _rest(new), None)


def _stages(row: LimitRow) -> dict[Outcome, StageRow]:
    """The last stage of each answer: up to when it may be had."""
    return {one.answer.outcome: one for one in row.stages}


def _words(stage: StageRow | None) -> str:
    return "" if stage is None else stage.words


def _whole(stage: StageRow) -> str:
    return f"{stage.words}{_asked(stage.answer)}"


def _row_words(row: LimitRow | None) -> str:
    """A whole rule on one day: « libre jusqu’au … ; ensuite refus »."""
    if row is None:
        return ""
    stages = [f"{one.answer.outcome.value} {_whole(one)}" for one in row.stages]
    return " ; ".join([*stages, f"ensuite {_rest(row)}"])


def _rest(row: LimitRow) -> str:
    """What holds once all is passed, or why nothing can be said."""
    return row.problem or f"{row.otherwise.outcome.value}{_asked(row.otherwise)}"


def _asked(answer: Answer) -> str:
    """The adjustments and the papers that an answer asks for."""
    wanted = [*(name.replace("_", " ") for name in answer.extras), *answer.requires]
    return f" ({', '.join(wanted)})" if wanted else ""


def _shift(old: datetime, new: datetime) -> timedelta | None:
    """What the Paris clock shows between two limits."""
    if {old, new} & {FOREVER, NEVER_EVER}:
        return None
    return paris_now(new).replace(tzinfo=None) - paris_now(old).replace(tzinfo=None)


def _together(found: Mapping[Any, list[DayChange]], named: Sequence[str]) -> list[LimitChange]:
    """Channels that change alike are said together: « tous », or « autres » for those nobody names."""
    channels: dict[Any, list[str]] = {}
    for (action, channel, *rest), days in found.items():
        channels.setdefault((action, *rest, tuple(days)), []).append(channel)
    return [
        LimitChange(action, _said(names, named), condition, outcome, way, days)
        for (action, condition, outcome, way, days), names in channels.items()
    ]


def _said(names: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
    if ANY_CHANNEL not in names:
        return tuple(names)
    if len(names) > len(named):
        return (ANY_CHANNEL,)
    return (*(name for name in names if name != ANY_CHANNEL), OTHER_CHANNELS)
