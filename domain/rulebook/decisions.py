"""What a limit answers at a moment, and the one French sentence that says it (R14, P3).

The sentence shown on a day and the refusal of a later act come from the same function, so that they cannot
disagree. A doubt serves the family in the night of a clock change (domain.clock_time).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.calendar import as_utc, paris_now
from domain.clock_time import FOREVER, NEVER_EVER
from domain.enums import BookingState, Outcome
from domain.french import NARROW_NBSP, NBSP, enumerate_fr, format_day, spaced
from domain.rulebook.cutoffs import Unlimited
from domain.rulebook.days import Compare
from domain.rulebook.facts import Context, Fact
from domain.rulebook.ladders import Answer, Ladder, StageLimit, stage_on_day
from domain.rulebook.limit_words import since_words, until_words
from domain.rulebook.wording.cutoffs import say_cutoff

CONTACT = "Contactez le service."


@dataclass(frozen=True, slots=True)
class DayLadder:
    """A ladder on one service day: the stages whose condition holds, each with its limit."""

    action: str
    day: date
    ladder: Ladder
    stages: tuple[StageLimit, ...]

    def before(self, end: datetime) -> "DayLadder":
        """The same, over at `end` at the latest: another version of the règlement takes over there."""
        return replace(self, stages=tuple(stage.before(end) for stage in self.stages))


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rule answers now.

    `until` is the instant (UTC) up to which this answer holds, None when no limit is ahead; `sentence` is the
    one French sentence to show, `explanation` what it was computed from; `extras` names the adjustments of
    the tariff that it brings, `requires` what the family must supply, `rule` the place in the règlement.
    """

    outcome: Outcome
    until: datetime | None
    sentence: str
    explanation: tuple[str, ...]
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    rule: str = ""


def on_day(
    ladder: Ladder, action: str, service_day: date, context: Context, open_days: Collection[date] | None
) -> DayLadder:
    """The ladder on a service day. Raises BusinessError when a fact or the calendar lacks something."""
    held = (stage for stage in ladder.stages if stage.when.holds(context))
    stages = tuple(stage_on_day(stage, context, open_days) for stage in held)
    return DayLadder(action, service_day, ladder, stages)


def decide(on: DayLadder, now: datetime) -> Decision:
    """What the rule answers at `now` (aware). A past day is refused whatever the rule (S87)."""
    now = as_utc(now)
    explanation = _explanation(on)
    if on.day < paris_now(now).date():
        sentence = f"Ce jour est passé{NBSP}: plus aucun changement n’est possible"
        return Decision(Outcome.REFUSE, None, sentence, explanation)
    for index, stage in enumerate(on.stages):
        if stage.answers(now):
            until = None if stage.limit == FOREVER else stage.limit
            return _decision(on, index, stage.stage.answer, until, explanation, stage.stage.path, now)
    answer, rule = on.ladder.otherwise, f"{on.ladder.path}.ensuite"
    return _decision(on, len(on.stages), answer, None, explanation, rule, now)


NOT_ACCEPTED = f"Rien n’est encore accepté{NBSP}: la demande peut être retirée sans rien payer"


def cancelling(decision: Decision, state: BookingState | None) -> Decision:
    """What the limit answers to cancelling a booking in this state: a late one leaves nothing due of what
    nobody has accepted yet (S101)."""
    if decision.outcome is not Outcome.EXTRA or state is not BookingState.PENDING:
        return decision
    return replace(decision, outcome=Outcome.FREE, extras=(), sentence=NOT_ACCEPTED)


def _decision(
    on: DayLadder,
    index: int,
    answer: Answer,
    until: datetime | None,
    explanation: tuple[str, ...],
    rule: str,
    now: datetime,
) -> Decision:
    sentence = _sentence(on, index, answer, now)
    return Decision(answer.outcome, until, sentence, explanation, answer.extras, answer.requires, rule)


# --- The sentence


@dataclass(frozen=True, slots=True)
class _Words:
    can: str  # « Réservable »
    noun: str  # « Réservation »
    closed: str


_WORDS = {
    "reserver": _Words("Réservable", "Réservation", "Réservation fermée sur le portail"),
    "annuler": _Words("Annulable", "Annulation", "Annulation fermée sur le portail"),
    "modifier": _Words("Modifiable", "Modification", "Modification fermée sur le portail"),
}
_TO_BE_SUBMITTED = "la demande sera soumise à la structure"
_WITH_EXTRA = " avec supplément"


def rule_in_words(ladder: Ladder, action: str, facts: Mapping[str, Fact]) -> str:
    """The rule whatever the day: « Annulation jusqu’à la veille du jour réservé, à 18 h au plus tard. »"""
    words = _WORDS[action]
    said = [
        f"{_BY_OUTCOME[stage.answer.outcome]}{say_cutoff(stage.until, facts, day='le jour réservé')}"
        for stage in ladder.stages
        if stage.answer.outcome is not Outcome.REFUSE and stage.until != Unlimited(True)
    ]
    if ladder.otherwise.outcome is not Outcome.REFUSE:
        said.append(f"{_BY_OUTCOME[ladder.otherwise.outcome]}à tout moment")
    return spaced(f"{words.noun} {f'{NARROW_NBSP}; ensuite '.join(said)}." if said else f"{words.closed}.")


_BY_OUTCOME = {Outcome.FREE: "", Outcome.EXTRA: "avec supplément ", Outcome.ON_REQUEST: "sur demande "}


def once_submitted(sentence: str) -> str:
    """The sentence of a decision on request, for a request that is made: nothing is left to be sent."""
    start, announced, _ = sentence.partition(_TO_BE_SUBMITTED)
    return f"{start}la demande est soumise à la structure." if announced else sentence


def _sentence(on: DayLadder, index: int, answer: Answer, now: datetime) -> str:
    """The sentence of stage `index`; one past the last stage is what comes once all limits are passed."""
    words = _WORDS[on.action]
    stage = on.stages[index] if index < len(on.stages) else None
    tail = _until(stage) if stage else ""
    before = on.stages[:index]
    passed = [one for one in before if one.limit != NEVER_EVER and one.has_begun(now)]
    if answer.outcome is Outcome.REFUSE:
        return _refusal(words, [one for one in on.stages if not one.has_begun(now)], passed)
    late = f"Hors délai depuis le {since_words(passed[0].limit)}{NBSP}: " if passed else ""
    if answer.outcome is Outcome.ON_REQUEST:
        submitted = f"{_TO_BE_SUBMITTED}{', à envoyer ' + tail if tail else ''}"
        return f"{late or words.noun + ' sur demande' + NBSP + ': '}{submitted}{_required(answer)}"
    if answer.outcome is Outcome.EXTRA and late:
        return f"{late}{words.can.lower()}{_WITH_EXTRA}{' ' + tail if tail else ''}{_required(answer)}"
    extra = _WITH_EXTRA if answer.outcome is Outcome.EXTRA else ""
    return f"{words.can}{extra} {tail or 'à tout moment'}{_required(answer)}"


def _refusal(words: _Words, to_come: list[StageLimit], passed: list[StageLimit]) -> str:
    if to_come:
        start = min(one.since for one in to_come)
        return f"{words.can} à partir du {since_words(start)}"
    if not passed:
        return f"{words.closed}. {CONTACT}"
    latest = max(passed, key=lambda one: one.limit)
    was = "la demande était possible"
    outcome = latest.stage.answer.outcome
    if outcome in (Outcome.FREE, Outcome.EXTRA):
        was = f"c’était {words.can.lower()}{_WITH_EXTRA if outcome is Outcome.EXTRA else ''}"
    return f"Trop tard{NBSP}: {was} {_until(latest)}. {CONTACT}"


def _required(answer: Answer) -> str:
    return f", à fournir{NBSP}: {enumerate_fr(answer.requires)}" if answer.requires else ""


def _until(stage: StageLimit) -> str:
    """« jusqu’au jeudi 14 janvier, 10 h », « avant le … » when the very moment is too late, « jusqu’au jeudi
    14 janvier inclus » at midnight; "" without limit.
    """
    return "" if stage.limit == FOREVER else until_words(stage.limit, stage.compare is Compare.BEFORE)


def _explanation(on: DayLadder) -> tuple[str, ...]:
    said = [f"Limite{NBSP}: {_until(one)}." for one in on.stages if one.limit not in (FOREVER, NEVER_EVER)]
    return (f"Jour demandé{NBSP}: {format_day(on.day, year=True)}.", *said)
