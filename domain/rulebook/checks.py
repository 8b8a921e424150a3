"""What only a whole activity, or a whole rulebook, can show to be wrong or open."""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.rulebook.days import Base
from domain.rulebook.ladders import ANY_CHANNEL
from domain.rulebook.named import reads
from domain.rulebook.schema import Reader, Use
from domain.rulebook.tree import Node

_OF_OPENINGS = {("compte", Base.OPEN.value), ("fait", "jours_ouverts"), ("fait", "jours_manquants")}


def check_activity(activity: Any, uses: Iterable[Use], node: Node, reader: Reader) -> None:
    """Adds the faults of an activity that has just been read; `uses` are the names that its rules use."""
    _check_extras(activity, node, reader)
    _check_counts(activity, node, reader)
    _check_channels(activity, node, reader)
    if activity.opening is None:
        _require_opening(uses, reader)


def _check_channels(activity: Any, node: Node, reader: Reader) -> None:
    """An action written for some channels only leaves the others without an answer."""
    for version in () if activity.ladders is None else activity.ladders.versions:
        for action in dict.fromkeys(action for ladder in version.rule for action in ladder.actions):
            channels = {one for ladder in version.rule if action in ladder.actions for one in ladder.channels}
            if ANY_CHANNEL not in channels:
                only = f"« {action} » n’est écrit que pour {', '.join(sorted(channels))}"
                silent = "par un autre canal, le règlement ne répond pas (« canaux: tous » le ferait)"
                reader.faults.warn(node, f"{only} : {silent}.")


def _require_opening(uses: Iterable[Use], reader: Reader) -> None:
    """An activity that counts its own days says which they are."""
    for use in uses:
        if (use.kind, use.name) in _OF_OPENINGS:
            reader.faults.add(
                use.node.bad(
                    "cette règle compte les jours de l’activité : il lui manque « ouverture »."
                ).fault
            )


def _check_counts(activity: Any, node: Node, reader: Reader) -> None:
    """A count may use the counts written before it, not itself nor a later one."""
    left = [count.name for count in activity.counts]
    for count in activity.counts:
        late = [name for name in left if name in reads(count.when.facts(), reader.known("deduit"))]
        if late:
            itself = late[0] == count.name
            said = "se compte d’après lui-même" if itself else f"lit « {late[0]} », compté après lui"
            reader.faults.add(node.bad(f"le compte « {count.name} » {said}.").fault)
        left.remove(count.name)


def _check_extras(activity: Any, node: Node, reader: Reader) -> None:
    """Every adjustment that a limit or an absence asks for is written in the tariff."""
    ladders = () if activity.ladders is None else (v.rule for v in activity.ladders.versions)
    absences = () if activity.absences is None else (v.rule for v in activity.absences.versions)
    answers = [a for rule in ladders for ladder in rule for a in ladder.answers()]
    wanted = {name for answer in answers for name in answer.extras}
    wanted |= {name for rules in absences for rule in rules for name in rule.extras}
    if activity.tariff is None:
        for name in sorted(wanted):
            reader.faults.warn(
                node, f"l’ajustement « {name} » n’est pas chiffré : l’activité n’a pas de tarif."
            )
        return
    for version in activity.tariff.versions:
        for name in sorted(wanted - {one.name for one in version.rule.adjustments}):
            reader.faults.add(node.bad(f"l’ajustement « {name} » n’est pas écrit dans le tarif.").fault)


def warn_of_unread_facts(sections: Mapping[str, Node], reader: Reader) -> None:
    read = {use.name for use in reader.uses if use.kind == "fait"}
    facts = sections["faits"].mapping() if "faits" in sections else {}
    for word, node in facts.items():
        if word not in read and not node.has("deduit"):
            reader.faults.warn(node, f"le fait « {word} » n’est lu par aucune règle.")
