"""The limits that a guided form can hold, read in the tree of a règlement and written back into it (P2, P3).

A form shows the limits of one action of one activity, for every channel and every family: a few stages, each
with one limit and what is answered until then, then what is answered for ever. Anything richer (conditions,
channels, exceptions, documents, dated versions) is left to whoever writes the text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from domain.enums import Outcome
from domain.errors import RuleError
from domain.rulebook.ladders import ACTIONS, ANY_CHANNEL
from domain.rulebook.tree import Tree

ALWAYS = "toujours"
NEVER = "jamais"
LATE_EXTRA = "supplement_hors_delai"
_CUTOFF_KEYS = {
    "jours_avant": {"jours", "compte", "francs", "heure", "limite"},
    "selon_le_jour": {"entrees", "limite"},
    "semaine": {"jour", "semaines_avant", "heure", "limite"},
}
_DAYS_KEYS = {"base", "sans_feries", "sans_vacances"}
_LADDER_KEYS = {"actions", "canaux", "etapes", "ensuite"}
_STAGE_KEYS = {"jusqu_a", "effet", "supplements"}


@dataclass(frozen=True, slots=True)
class GuidedStage:
    """What is answered up to a limit; `cutoff` is the tree of « jusqu_a », `extra_cents` what it adds."""

    cutoff: Mapping[str, Tree]
    outcome: Outcome
    extra_cents: int | None = None


@dataclass(frozen=True, slots=True)
class GuidedLimit:
    """The stages of one action, in order, then the answer once every limit is passed."""

    stages: tuple[GuidedStage, ...]
    otherwise: Outcome
    extra_cents: int | None = None


# --- Reading --------------------------------------------------------------------------------------


def rules_of(activity: Tree, action: str) -> Tree:
    """What the règlement says of one action of an activity, whatever the other actions; None when nothing.

    Two versions of the règlement whose parts are equal say the same of this action.
    """
    section = activity.get("delais") if isinstance(activity, dict) else None
    if not isinstance(section, list):
        return section
    return [_without_actions(one) for one in section if action in one["actions"]] or None


def _without_actions(ladder: Mapping[str, Tree]) -> dict[str, Tree]:
    return {word: below for word, below in ladder.items() if word != "actions"}


def limit_of(activity: Tree, action: str) -> GuidedLimit | None:
    """What a form shows for this action; None when nothing is written, or more than it can hold."""
    rules = rules_of(activity, action)
    if not isinstance(rules, list):
        return None
    first = rules[0]
    if set(first) - _LADDER_KEYS or first["canaux"] != ANY_CHANNEL:
        return None
    amounts = _amounts(activity)
    stages = []
    for stage in first["etapes"]:
        read = _stage(stage, amounts)
        if read is None:
            return None
        if stage["jusqu_a"] == ALWAYS:
            return GuidedLimit(tuple(stages), read.outcome, read.extra_cents)
        if stage["jusqu_a"] != NEVER:
            stages.append(read)
    otherwise = _answer(first["ensuite"], amounts)
    if otherwise is None or (stages and otherwise[0] is Outcome.FREE):
        return None
    return GuidedLimit(tuple(stages), *otherwise)


def _stage(stage: Mapping[str, Tree], amounts: Mapping[str, int]) -> GuidedStage | None:
    cutoff, answer = stage["jusqu_a"], _answer(stage, amounts)
    if answer is None or answer[0] is Outcome.REFUSE or set(stage) - _STAGE_KEYS:
        return None
    if cutoff in (ALWAYS, NEVER):
        return GuidedStage({}, *answer)
    return GuidedStage(cutoff, *answer) if _is_plain(cutoff) else None


def _is_plain(cutoff: Tree) -> bool:
    """A form of limit that has its fields, with nothing more in it."""
    if not isinstance(cutoff, dict) or cutoff.get("forme") not in _CUTOFF_KEYS:
        return False
    extra = set(cutoff) - {"forme"} - _CUTOFF_KEYS[cutoff["forme"]]
    days = cutoff.get("compte", {})
    return not extra and not (set(days) if isinstance(days, dict) else {""}) - _DAYS_KEYS


def _answer(answer: Tree, amounts: Mapping[str, int]) -> tuple[Outcome, int | None] | None:
    """The outcome and its extra in cents; None when it asks for more than that."""
    if isinstance(answer, str):
        answer = {"effet": answer}
    names = answer.get("supplements", [])
    if "exige" in answer or any(name not in amounts for name in names):
        return None
    outcome = Outcome(answer["effet"])
    if (outcome is Outcome.EXTRA) != bool(names):
        return None
    return outcome, sum(amounts[name] for name in names) if names else None


def _amounts(activity: Mapping[str, Tree]) -> dict[str, int]:
    """The adjustments of the tariff that only add an amount when a limit says so, in cents."""
    found = {}
    for one in _adjustments(activity):
        cents = cents_of(one.get("valeur"))
        if cents is not None and one == _late_extra(one["nom"], cents) | {"valeur": one["valeur"]}:
            found[one["nom"]] = cents
    return found


def _adjustments(activity: Mapping[str, Tree]) -> list[Mapping[str, Tree]]:
    tariff = activity.get("tarif")
    return tariff.get("ajustements", []) if isinstance(tariff, dict) else []


def _late_extra(name: str, cents: int) -> dict[str, Tree]:
    return {
        "nom": name, "si": "delai", "operation": "ajouter", "valeur": euros(cents), "portee": "unite",
    }  # fmt: skip


def euros(cents: int) -> str:
    """An amount as the règlement writes it: « 2.50 »."""
    return f"{cents // 100}.{cents % 100:02d}"


def cents_of(value: Tree) -> int | None:
    """A whole number of cents written in euros; None for anything else."""
    try:
        cents = Decimal(value) * 100 if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return int(cents) if cents is not None and cents == cents.to_integral_value() and cents >= 0 else None


# --- Writing --------------------------------------------------------------------------------------


def with_limit(activity: Mapping[str, Tree], action: str, limit: GuidedLimit) -> dict[str, Tree]:
    """The activity whose action follows `limit`; what the règlement says of the other actions stays.

    Raises RuleError `dated_rules` (the section has dated versions, which only their text can change) and
    `no_tariff` (an extra needs a price to be added to).
    """
    names: dict[int, str] = {}
    for cents in dict.fromkeys(_extras(limit)):
        activity, names[cents] = _with_extra(activity, cents)
    stages = [
        {"jusqu_a": dict(stage.cutoff), **_written(stage.outcome, stage.extra_cents, names)}
        for stage in limit.stages
    ]
    otherwise = _written(limit.otherwise, limit.extra_cents, names)
    ladder: dict[str, Tree] = {
        "canaux": ANY_CHANNEL,
        "etapes": stages,
        "ensuite": otherwise if "supplements" in otherwise else otherwise["effet"],
    }
    return with_rules(activity, action, [ladder])


def with_rules(activity: Mapping[str, Tree], action: str, rules: Tree) -> dict[str, Tree]:
    """The activity whose action follows these rules (`rules_of` of another version, None for none).

    Raises RuleError `dated_rules`.
    """
    section = activity.get("delais", [])
    if not isinstance(section, list) or not isinstance(rules, list | None):
        raise RuleError(
            "dated_rules",
            "Les délais de cette activité ont leurs propres dates dans le texte du règlement\u00a0: "
            "changez-les dans ce texte.",
        )
    kept = [_without_action(one, action) for one in section]
    place = next((index for index, one in enumerate(section) if action in one["actions"]), len(section))
    added = [{"actions": [action], **rule} for rule in rules or []]
    shared = _shared(kept, added)
    ladders = shared or [*kept[:place], *added, *kept[place:]]
    left = [one for one in ladders if one["actions"]]
    others = {word: below for word, below in activity.items() if word != "delais"}
    return _in_place(activity, others, "delais", left or None)


def _without_action(ladder: Mapping[str, Tree], action: str) -> dict[str, Tree]:
    return {**ladder, "actions": [one for one in ladder["actions"] if one != action]}


def _shared(kept: list[dict[str, Tree]], added: list[dict[str, Tree]]) -> list[dict[str, Tree]]:
    """The ladders once two actions that follow the very same one share it; nothing when there is none."""
    if len(added) != 1:
        return []
    for index, one in enumerate(kept):
        if one["actions"] and _without_actions(one) == _without_actions(added[0]):
            actions = {*one["actions"], *added[0]["actions"]}
            both = {**one, "actions": [action for action in ACTIONS if action in actions]}
            return [*kept[:index], both, *kept[index + 1 :]]
    return []


def _in_place(
    before: Mapping[str, Tree], others: Mapping[str, Tree], word: str, value: Tree
) -> dict[str, Tree]:
    """`others` with `word` where it was, at the end when it is new, nowhere when it is None."""
    if value is None:
        return dict(others)
    return {key: value if key == word else others[key] for key in before} | {word: value}


def _extras(limit: GuidedLimit) -> Iterable[int]:
    for answer in (*limit.stages, limit):
        if answer.extra_cents is not None:
            yield answer.extra_cents


def _with_extra(activity: Mapping[str, Tree], cents: int) -> tuple[dict[str, Tree], str]:
    """The activity whose tariff knows an extra of this amount, and its name."""
    tariff = activity.get("tarif")
    if not isinstance(tariff, dict) or "prix" not in tariff:
        raise RuleError(
            "no_tariff",
            "Un supplément s’ajoute au prix de l’activité\u00a0: publiez d’abord son tarif.",
            "supplements",
        )
    known = {amount: name for name, amount in reversed(_amounts(activity).items())}
    if cents in known:
        return dict(activity), known[cents]
    taken = {one["nom"] for one in _adjustments(activity)}
    names = (LATE_EXTRA, *(f"{LATE_EXTRA}_{rank}" for rank in range(2, len(taken) + 3)))
    name = next(one for one in names if one not in taken)
    adjusted = {**tariff, "ajustements": [*_adjustments(activity), _late_extra(name, cents)]}
    return {**activity, "tarif": adjusted}, name


def _written(outcome: Outcome, extra_cents: int | None, names: Mapping[int, str]) -> dict[str, Tree]:
    if extra_cents is None:
        return {"effet": outcome.value}
    return {"effet": outcome.value, "supplements": [names[extra_cents]]}
