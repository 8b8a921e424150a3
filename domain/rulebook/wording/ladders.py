"""What may be done, until when and with which consequence, stage by stage."""

from collections.abc import Iterable, Iterator, Mapping

from domain.enums import Outcome
from domain.french import quoted
from domain.rulebook.cutoffs import Cutoff, DateTable, Unlimited
from domain.rulebook.facts import Fact
from domain.rulebook.ladders import ANY_CHANNEL, Answer, Ladder, Stage
from domain.rulebook.wording.channels import say_channels
from domain.rulebook.wording.conditions import if_any
from domain.rulebook.wording.cutoffs import say_cutoff, say_start
from domain.rulebook.wording.lexicon import Lexicon, as_lexicon
from domain.rulebook.wording.text import Place, Sentence, Table, TableRow, both, capital

_ACTS = {"reserver": "la réservation", "modifier": "la modification", "annuler": "l’annulation"}
_SHORT_TABLE = 3


def say_ladder(ladder: Ladder, label: str, facts: "Mapping[str, Fact] | Lexicon | None" = None) -> str:
    """The stages of a ladder as one paragraph; `label` names the activity (empty: not said)."""
    of_what = f" ({label})" if label else ""
    return " ".join(_in_full(one) for one in ladder_sentences(ladder, as_lexicon(facts), of_what=of_what))


def _in_full(sentence: Sentence) -> str:
    """A sentence with its table, if any, as words."""
    if sentence.table is None:
        return sentence.text
    rows = " ; ".join(", ".join(row.cells) for row in sentence.table.rows)
    return f"{sentence.text.rstrip('.')} : {rows}."


def ladder_sentences(
    ladder: Ladder, lexicon: Lexicon, version: str = "", *, of_what: str = "", elsewhere: bool = False
) -> Iterator[Sentence]:
    """One sentence a stage, then what follows; `elsewhere` when another ladder answers some cases first."""
    acts = _Acts(ladder.actions, lexicon)
    place = Place(ladder.path, version)
    lead = f"{'dans les autres cas, ' if elsewhere else ''}{if_any(ladder.when, lexicon)}"
    subject = f"{acts.subject}{say_channels(ladder.channels, lexicon)}{of_what}"
    if not ladder.stages:
        yield place.below("ensuite").says(f"{lead}{subject} {acts.answer(ladder.otherwise)}")
        return
    for index, stage in enumerate(ladder.stages):
        if index:
            lead, subject = "ensuite, ", acts.pronoun
        yield _stage(stage, f"{lead}{if_any(stage.when, lexicon)}{subject}", acts, place)
    yield place.below("ensuite").says(
        f"{_then(ladder)}{acts.pronoun} {acts.answer(ladder.otherwise, late=True)}"
    )


def shares_acts(ladder: Ladder, earlier: Iterable[Ladder]) -> bool:
    """True when one of `earlier` already answers some of the acts and channels of `ladder`."""
    return any(
        set(ladder.actions) & set(other.actions)
        and (ANY_CHANNEL in (*ladder.channels, *other.channels) or set(ladder.channels) & set(other.channels))
        for other in earlier
    )


def _then(ladder: Ladder) -> str:
    """What leads to the last answer: time only, when nothing but time ends the stages."""
    if all(_is_never(stage.until) for stage in ladder.stages):
        return ""
    beside = any(
        stage.since or stage.when.facts() or isinstance(stage.until, Unlimited) for stage in ladder.stages
    )
    return "dans les autres cas, " if beside else "passé ce délai, "


def _is_never(cutoff: Cutoff) -> bool:
    return isinstance(cutoff, Unlimited) and cutoff.never


class _Acts:
    """The grammar of one or several acts."""

    def __init__(self, actions: tuple[str, ...], lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.many = len(actions) > 1
        self.subject = both(_ACTS[action] for action in actions)
        self.pronoun = "elles" if self.many else "elle"

    def outcome(self, answer: Answer, *, late: bool = False) -> str:
        """« est possible », « restent possibles avec l’accord du service », « est refusée »."""
        plural = "s" if self.many else ""
        verb = "sont" if self.many else "est"
        if answer.outcome is Outcome.REFUSE:
            return f"{verb} refusée{plural}"
        if late:
            verb = "restent" if self.many else "reste"
        agreed = " avec l’accord du service" if answer.outcome is Outcome.ON_REQUEST else ""
        return f"{verb} possible{plural}{agreed}"

    def answer(self, answer: Answer, *, late: bool = False) -> str:
        return f"{self.outcome(answer, late=late)}{self.price(answer)}{required(answer)}"

    def price(self, answer: Answer) -> str:
        """What an answer adds to the price, right after its outcome; nothing when it adds nothing."""
        if not answer.extras:
            return " avec un supplément" if answer.outcome is Outcome.EXTRA else ""
        names = both(map(quoted, map(self.lexicon.word, answer.extras)))
        extras = f"{'ajustements' if len(answer.extras) > 1 else 'ajustement'} de prix {names}"
        return f" avec un supplément ({extras})" if answer.outcome is Outcome.EXTRA else f" ({extras})"

    def never(self) -> str:
        return "ne sont possibles à aucun moment" if self.many else "n’est possible à aucun moment"


def _stage(stage: Stage, who: str, acts: _Acts, place: Place) -> Sentence:
    here, lexicon = place.at(stage.path), acts.lexicon
    if _is_never(stage.until):
        return here.says(f"{who} {acts.never()}")
    start = f"{say_start(stage.since, lexicon)}, et " if stage.since is not None else ""
    said = f"{who} {acts.outcome(stage.answer)}{acts.price(stage.answer)} {start}"
    if isinstance(stage.until, DateTable) and len(stage.until.dates) > _SHORT_TABLE:
        dates = _dates(stage.until, lexicon)
        return here.says(f"{said}jusqu’aux dates de ce tableau{required(stage.answer)}", dates)
    return here.says(f"{said}{say_cutoff(stage.until, lexicon)}{required(stage.answer)}")


def required(answer: Answer) -> str:
    """What must be supplied, as a sentence that follows; nothing when nothing is asked."""
    return f". Il faut alors : {', '.join(answer.requires)}" if answer.requires else ""


def _dates(cutoff: DateTable, lexicon: Lexicon) -> Table:
    """Published limits as a table; each says whether its very moment is in time."""
    rows = []
    for entry in cutoff.dates:
        whole = say_cutoff(DateTable(cutoff.path, (entry,), cutoff.compare), lexicon)
        case, limit = whole.split(", jusqu’", 1)
        rows.append(TableRow((capital(case.removeprefix("pour ")), capital(f"jusqu’{limit}")), cutoff.path))
    return Table(("Période", "Limite"), tuple(rows), cutoff.path)
