"""A comparison of two versions, and the limits of a version, said in words for the pages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain.french import format_limit
from domain.labels import label
from domain.rulebook.change_words import (
    say_acts,
    say_difference,
    say_limit_change,
    say_other_rules,
    say_price_change,
    say_rule_change,
)
from domain.rulebook.comparison import ActivityComparison, Comparison
from domain.rulebook.ladders import ANY_CHANNEL, Answer
from domain.rulebook.limit_changes import LimitChange
from domain.rulebook.limits_calendar import LimitRow
from domain.rulebook.price_changes import PriceComparison
from domain.rulebook.text_changes import TextChange
from domain.rulebook.wording.conditions import after
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import capital

_ACTIONS = {"reserver": "Réserver", "annuler": "Annuler", "modifier": "Modifier"}


@dataclass(frozen=True, slots=True)
class ActivityChanges:
    """What changes for one activity, or one total of a period (without limits); sentences. `extent` says the
    greatest fall and the greatest rise in one line, empty when no price moves.
    """

    label: str
    extent: str
    prices: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes from one version to another; `rules` are the lines of the file.

    `others` is the sentence that names the rules whose effect nobody worked out, empty when there are none.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    activities: tuple[ActivityChanges, ...]
    others: str
    texts: tuple[TextChange, ...]
    rules: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.activities or self.texts or self.rules)


def in_words(comparison: Comparison, lexicon: Lexicon) -> Changes:
    """The comparison as sentences; an activity that stays the same is left out."""
    activities = [_activity(one, lexicon) for one in comparison.activities]
    activities += [_total(one, lexicon) for one in comparison.totals]
    return Changes(
        comparison.added,
        comparison.removed,
        tuple(one for one in activities if one.prices or one.limits),
        say_other_rules(comparison.other_rules),
        comparison.texts,
        tuple(say_rule_change(change) for change in comparison.rules),
    )


def _activity(one: ActivityComparison, lexicon: Lexicon) -> ActivityChanges:
    return ActivityChanges(
        one.label,
        "" if one.prices is None else _extent(one.prices),
        (*([one.problem] if one.problem else []), *_prices(one.prices, lexicon)),
        tuple(_limits(one.limits, lexicon)),
    )


def _limits(changes: Iterable[LimitChange], lexicon: Lexicon) -> Iterator[str]:
    """One sentence for the acts whose limits move alike: « Réserver et annuler, libre : … »."""
    alike: dict[LimitChange, list[LimitChange]] = {}
    for change in changes:
        alike.setdefault(replace(change, action="reserver"), []).append(change)
    for first, *others in alike.values():
        acts = "".join(f" et {_ACTIONS[one.action].lower()}" for one in others)
        said = capital(say_limit_change(first, lexicon))
        yield said.replace(_ACTIONS[first.action], f"{_ACTIONS[first.action]}{acts}", 1)


def _total(one: PriceComparison, lexicon: Lexicon) -> ActivityChanges:
    return ActivityChanges(one.label, _extent(one), tuple(_prices(one, lexicon)), ())


def _extent(prices: PriceComparison) -> str:
    if prices.extent is None:
        return ""
    for_whom = "pour chaque famille concernée" if prices.extent.is_one else "selon les familles"
    return f"{capital(say_difference(prices.extent))} {for_whom}."


def _prices(prices: PriceComparison | None, lexicon: Lexicon) -> Iterator[str]:
    if prices is None:
        return
    if prices.problem:
        yield prices.problem
    for change in prices.changes:
        yield capital(say_price_change(change, lexicon))
    for name in prices.missing:
        yield f"Sans «\u00a0{lexicon.name(name)}\u00a0», certains prix ne peuvent pas être comparés."


# --- Limits -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One act on one day: what it may be and until when, then what comes after."""

    row: LimitRow
    action: str
    stages: tuple[str, ...]
    otherwise: str


def limit_line(row: LimitRow, lexicon: Lexicon) -> LimitLine:
    called = [lexicon.word(one) for one in row.channels if one != ANY_CHANNEL]
    channels = ["autres canaux"] if row.others else called
    by = f" ({', '.join(channels)})" if channels else ""
    acts = say_acts(row.acts_from, row.acts_until)
    dates = f", {acts}" if acts else ""
    condition = "" if row.certain else after(row.ladder.when, lexicon, lead=", ")
    stages = (
        f"{_answer(stage.answer, lexicon)} {_since(stage.since)}{stage.words}"
        f"{'' if stage.certain else after(stage.when, lexicon, lead=', ')}"
        for stage in row.stages
    )
    said = (row.problem,) if row.problem else tuple(stages)
    otherwise = "Une autre version du délai" if row.is_relayed else _answer(row.otherwise, lexicon)
    return LimitLine(row, f"{_ACTIONS[row.action]}{by}{dates}{condition}", said, otherwise)


def _since(since: datetime | None) -> str:
    return "" if since is None else f"à partir du {format_limit(since)}, "


def _answer(answer: Answer, lexicon: Lexicon) -> str:
    extras = f" ({', '.join(lexicon.word(one) for one in answer.extras)})" if answer.extras else ""
    return f"{label(answer.outcome)}{extras}"
