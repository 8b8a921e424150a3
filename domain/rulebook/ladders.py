"""What may be done, until when and at what price: one ladder by action and channel (P3)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from domain.calendar import as_utc
from domain.enums import Outcome
from domain.french import quoted
from domain.rulebook import schema
from domain.rulebook.conditions import ALWAYS, Condition, read_condition
from domain.rulebook.cutoff_schema import read_cutoff
from domain.rulebook.cutoffs import Cutoff, resolve
from domain.rulebook.days import Compare
from domain.rulebook.facts import Context
from domain.rulebook.limit_words import said_limit, since_words
from domain.rulebook.schema import Key, Reader, Record, adjustment_name
from domain.rulebook.trace import MissingFact, Unanswered
from domain.rulebook.tree import Node
from domain.rulebook.values import placed

ACTIONS = ("reserver", "modifier", "annuler")
ANY_CHANNEL = "tous"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stage answers: the outcome, the adjustments it triggers, what must be supplied."""

    outcome: Outcome
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    path: str
    until: Cutoff
    answer: Answer
    since: Cutoff | None = None
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Ladder:
    """Ordered stages for some actions, channels and facts, then `otherwise`."""

    path: str
    actions: tuple[str, ...]
    channels: tuple[str, ...]
    when: Condition
    stages: tuple[Stage, ...]
    otherwise: Answer

    def answers(self) -> tuple[Answer, ...]:
        """Everything it may answer."""
        return (*(stage.answer for stage in self.stages), self.otherwise)

    def covers(self, action: str, channel: str | None, context: Context) -> bool:
        if action not in self.actions:
            return False
        if ANY_CHANNEL not in self.channels:
            if channel is None:
                raise MissingFact("canal", self.path)
            if channel not in self.channels:
                return False
        return self.when.holds(context)


@dataclass(frozen=True, slots=True)
class StageLimit:
    """A stage on one service day, from `since` (None: always begun) to `limit`, both in UTC.

    `certain` is False while a fact of its condition is missing.
    """

    stage: Stage
    limit: datetime
    compare: Compare
    since: datetime | None
    certain: bool = True

    def before(self, end: datetime) -> "StageLimit":
        """The same stage, over at `end` at the latest: another version of the rule takes over there."""
        return self if self.limit < end else replace(self, limit=end, compare=Compare.BEFORE)

    def is_past(self, now: datetime) -> bool:
        return not self.compare.in_time(now, self.limit)

    def has_begun(self, now: datetime) -> bool:
        return self.since is None or as_utc(now) >= self.since

    def answers(self, now: datetime) -> bool:
        return self.has_begun(now) and not self.is_past(now)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the ladder answers at a moment.

    `until` is the limit of the stage that answers (None: none), `opens` when a stage still to come begins
    (None when none does, or when a stage answers).
    """

    answer: Answer
    until: datetime | None
    path: str
    opens: datetime | None = None

    @property
    def allowed(self) -> bool:
        return self.answer.outcome is not Outcome.REFUSE


def ladder_for(
    ladders: tuple[Ladder, ...], action: str, channel: str | None, context: Context, where: str
) -> Ladder:
    """The first ladder that covers the action; Unanswered when the règlement has none."""
    for ladder in ladders:
        if ladder.covers(action, channel, context):
            return ladder
    by = f" par {quoted(channel)}" if channel else ""
    raise Unanswered(f"{where} : aucun délai n’est écrit pour l’action {quoted(action)}{by}.")


def limits(ladder: Ladder, context: Context, open_days: Collection | None) -> list[StageLimit]:
    """Each stage with its limit for the service day of `context`, those whose condition fails left out."""
    found = []
    for stage in ladder.stages:
        certain = True
        try:
            if not stage.when.holds(context):
                continue
        except MissingFact:
            certain = False
        found.append(stage_on_day(stage, context, open_days, certain))
    return found


def stage_on_day(
    stage: Stage, context: Context, open_days: Collection | None, certain: bool = True
) -> StageLimit:
    """The stage on the service day of `context`, whatever its condition."""
    limit, compare = resolve(stage.until, context, open_days)
    since = None if stage.since is None else resolve(stage.since, context, open_days)[0]
    return StageLimit(stage, limit, compare, since, certain)


def decide(ladder: Ladder, context: Context, open_days: Collection | None, now: datetime) -> Decision:
    """The first stage whose condition holds, that has begun and whose limit is not passed; else `otherwise`.

    Raises MissingFact when a stage still open depends on a fact that nobody gave.
    """
    opens, any_past = [], False
    for stage in ladder.stages:
        one = stage_on_day(stage, context, open_days)
        if one.is_past(now):
            any_past = True
            continue
        if not stage.when.holds(context):
            continue
        if one.has_begun(now):
            _explain(one, context, now)
            return Decision(stage.answer, one.limit, stage.path)
        opens.append(one.since)
    path, opening = f"{ladder.path}.ensuite", min(opens, default=None)
    said = _why_otherwise(opening, any_past)
    inputs = {"a": now, **ladder.when.inputs(context)}
    context.trace.add(path, f"{said} : {ladder.otherwise.outcome.value}", inputs)
    return Decision(ladder.otherwise, None, path, opening)


def _why_otherwise(opening: datetime | None, any_past: bool) -> str:
    if opening is not None:
        return f"pas encore ouvert, à partir du {since_words(opening)}"
    return "tout délai passé" if any_past else "aucune étape ne vaut ici"


def _explain(one: StageLimit, context: Context, now: datetime) -> None:
    outcome = one.stage.answer.outcome.value
    inputs = {"a": now, **one.stage.when.inputs(context)}
    context.trace.add(one.stage.path, f"{said_stage(one)} : {outcome}", inputs, outcome)


def said_stage(one: StageLimit) -> str:
    """« jusqu’au jeudi 14 janvier, 10 h », with « à partir du … » when the stage opens at a moment."""
    start = "" if one.since is None else f"à partir du {since_words(one.since)}, "
    return start + said_limit(one.limit, one.compare)


# --- Reading

_outcome = schema.choice({outcome.value: outcome for outcome in Outcome})
_extras = schema.list_of(adjustment_name, least=1)
_EFFECT = Key("effet", "outcome", _outcome, "ce qui se passe (libre, supplement, sur_demande ou refus)")
_EXTRAS = Key("supplements", "extras", _extras, "les ajustements du tarif qui s’appliquent", ())
_REQUIRES = Key("exige", "requires", schema.list_of(schema.text), "les pièces ou démarches exigées", ())
_ANSWER = Record(Answer, _EFFECT, _EXTRAS, _REQUIRES)


def _make_stage(outcome: Outcome, extras: tuple[str, ...], requires: tuple[str, ...], **fields) -> Stage:
    return Stage(answer=Answer(outcome, extras, requires), **fields)


_STAGE_KEYS = placed(
    _make_stage,
    Key("jusqu_a", "until", read_cutoff, "la limite de cette étape"),
    _EFFECT,
    Key("a_partir_de", "since", read_cutoff, "le début de cette étape", None),
    Key("si", "when", read_condition, "la condition de cette étape", ALWAYS),
    _EXTRAS,
    _REQUIRES,
)


def _read_stage(node: Node, reader: Reader) -> Stage:
    reader.note("etape", node.path, node)
    stage = _STAGE_KEYS(node, reader)
    if stage.answer.outcome is Outcome.EXTRA and not stage.answer.extras:
        reader.faults.warn(node, "« supplement » sans « supplements » : le prix ne change pas.")
    return stage


def _read_otherwise(node: Node, reader: Reader) -> Answer:
    return Answer(_outcome(node, reader)) if node.is_text else _ANSWER(node, reader)


def _channels(node: Node, reader: Reader) -> tuple[str, ...]:
    if node.value == ANY_CHANNEL:
        return (ANY_CHANNEL,)
    return schema.list_of(schema.name, least=1)(node, reader)


LADDER = placed(
    Ladder,
    Key(
        "actions", "actions", schema.list_of(schema.choice({a: a for a in ACTIONS}), least=1),
        "les actions concernées (reserver, modifier, annuler)",
    ),
    Key("canaux", "channels", _channels, "les canaux concernés (une liste, ou tous)"),
    Key("si", "when", read_condition, "la condition pour que ces délais valent", ALWAYS),
    Key("etapes", "stages", schema.list_of(_read_stage), "les étapes, dans l’ordre du temps"),
    Key("ensuite", "otherwise", _read_otherwise, "ce qui se passe une fois toutes les limites passées"),
)  # fmt: skip
