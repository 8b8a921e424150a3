"""What may be done, until when and at what price: one ladder by action and channel (P3)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import as_utc
from domain.clock_time import FOREVER, NEVER_EVER
from domain.enums import Outcome
from domain.french import quoted
from domain.rulebook import schema
from domain.rulebook.conditions import ALWAYS, Condition, read_condition
from domain.rulebook.cutoff_schema import read_cutoff
from domain.rulebook.cutoffs import Cutoff, resolve
from domain.rulebook.facts import Context
from domain.rulebook.schema import Key, Reader, Record
from domain.rulebook.trace import MissingFact, Unanswered, in_words
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
    """A stage on one service day; `certain` is False while a fact of its condition is missing."""

    stage: Stage
    limit: datetime
    in_time: bool | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What the ladder answers at a moment; `until` is the limit of the stage that answers (None: none)."""

    answer: Answer
    until: datetime | None
    path: str

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


def limits(
    ladder: Ladder, context: Context, open_days: Collection | None, now: datetime | None
) -> list[StageLimit]:
    """Each stage with its limit for the service day of `context`."""
    found = []
    for stage in ladder.stages:
        certain = True
        try:
            if not stage.when.holds(context):
                continue
        except MissingFact:
            certain = False
        limit, compare = resolve(stage.until, context, open_days)
        in_time = (
            None if now is None else compare.in_time(now, limit) and _begun(stage, context, open_days, now)
        )
        found.append(StageLimit(stage, limit, in_time, certain))
    return found


def _begun(stage: Stage, context: Context, open_days: Collection | None, now: datetime) -> bool:
    if stage.since is None:
        return True
    start, _ = resolve(stage.since, context, open_days)
    return as_utc(now) >= start


def decide(ladder: Ladder, context: Context, open_days: Collection | None, now: datetime) -> Decision:
    """The first stage whose condition holds and whose limit is not passed; else `otherwise`.

    Raises MissingFact when a stage still open depends on a fact that nobody gave.
    """
    for stage in ladder.stages:
        limit, compare = resolve(stage.until, context, open_days)
        in_time = compare.in_time(now, limit) and _begun(stage, context, open_days, now)
        if in_time and stage.when.holds(context):
            context.trace.add(
                stage.path,
                f"{said_limit(limit)} : {stage.answer.outcome.value}",
                {"a": now, **stage.when.inputs(context)},
                stage.answer.outcome.value,
            )
            return Decision(stage.answer, limit, stage.path)
    path = f"{ladder.path}.ensuite"
    context.trace.add(path, f"tout délai passé : {ladder.otherwise.outcome.value}", {"a": now})
    return Decision(ladder.otherwise, None, path)


def said_limit(limit: datetime) -> str:
    """« jusqu’au jeudi 14 janvier, 10 h », « sans limite », « jamais »."""
    if limit == FOREVER:
        return "sans limite"
    if limit == NEVER_EVER:
        return "jamais"
    return f"jusqu’au {in_words(limit)}"


# --- Reading

_outcome = schema.choice({outcome.value: outcome for outcome in Outcome})
_extras = schema.list_of(schema.name, least=1)
_EFFECT = Key("effet", "outcome", _outcome, "ce qui se passe (libre, supplement, sur_demande ou refus)")
_EXTRAS = Key("supplements", "extras", _extras, "les ajustements du tarif qui s’appliquent", ())
_REQUIRES = Key("exige", "requires", schema.list_of(schema.text), "les pièces ou démarches exigées", ())
_ANSWER = Record(Answer, _EFFECT, _EXTRAS, _REQUIRES)


def _make_stage(outcome: Outcome, extras: tuple[str, ...], requires: tuple[str, ...], **fields) -> Stage:
    return Stage(answer=Answer(outcome, extras, requires), **fields)


_STAGE = placed(
    _make_stage,
    Key("jusqu_a", "until", read_cutoff, "la limite de cette étape"),
    _EFFECT,
    Key("a_partir_de", "since", read_cutoff, "le début de cette étape", None),
    Key("si", "when", read_condition, "la condition de cette étape", ALWAYS),
    _EXTRAS,
    _REQUIRES,
)


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
    Key("etapes", "stages", schema.list_of(_STAGE), "les étapes, dans l’ordre du temps"),
    Key("ensuite", "otherwise", _read_otherwise, "ce qui se passe une fois toutes les limites passées"),
)  # fmt: skip
