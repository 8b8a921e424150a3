"""What only a whole activity, or a whole rulebook, can show to be wrong or open."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from domain.clock_time import FOREVER, MINUTES_A_DAY, ClockTime
from domain.errors import BusinessError
from domain.rulebook.counts import Among, By
from domain.rulebook.cutoffs import Adapted, ByWeekday, Cutoff, resolve
from domain.rulebook.days import Base
from domain.rulebook.facts import Context
from domain.rulebook.ladders import ANY_CHANNEL, Ladder
from domain.rulebook.named import reads
from domain.rulebook.openings import OpenDays
from domain.rulebook.schema import BROKEN, Reader, Use
from domain.rulebook.tree import Node

_SAMPLE = date(2025, 9, 1)  # a day from which every calendar is known
_OF_TOTALS = ("nombre", "total")
_OF_OPENINGS = {("compte", Base.OPEN.value), ("fait", "jours_ouverts"), ("fait", "jours_manquants")}


def check_activity(activity: Any, uses: Iterable[Use], node: Node, reader: Reader) -> None:
    """Adds the faults of an activity that has just been read; `uses` are the names that its rules use."""
    _check_extras(activity, uses, reader)
    _check_counts(activity, node, reader)
    _check_channels(activity, node, reader)
    _warn_of_days_ahead(uses, reader)
    _warn_of_silent_rules(activity, uses, node, reader)
    _refuse_counts_in_absences(activity, uses, reader)
    _refuse_numbers_of_totals(uses, reader)
    if activity.opening is None:
        _require_opening(uses, reader)
    else:
        _warn_of_no_day(activity.opening, node, reader)


def _warn_of_no_day(opening: OpenDays, node: Node, reader: Reader) -> None:
    """An activity without any day in two years is a slip."""
    periods = [opening.almanac.periods[name] for name in opening.periods]
    first = min((period.first_day for period in periods), default=_SAMPLE)
    days = (first + timedelta(days=n) for n in range(2 * 365))
    if not opening.added and not any(_is_open(opening, day) for day in days):
        reader.faults.warn(node, "cette activité n’a aucun jour d’ouverture : vérifiez « ouverture ».")


def _warn_of_silent_rules(activity: Any, uses: Iterable[Use], node: Node, reader: Reader) -> None:
    """Adjustments that no limit names, ladders that an earlier one hides."""
    wanted = {use.name for use in uses if use.kind == "ajustement"}
    for version in () if activity.tariff is None else activity.tariff.versions:
        for one in version.rule.adjustments:
            if one.when is None and one.name not in wanted:
                said = f"l’ajustement « {one.name} » ne joue jamais : aucun délai ni absence ne le nomme."
                reader.faults.warn(node, said)
    for version in () if activity.ladders is None else activity.ladders.versions:
        for index, ladder in enumerate(version.rule):
            for action in ladder.actions:
                if any(_hides(other, ladder, action) for other in version.rule[:index]):
                    said = (
                        f"{ladder.path} : « {action} » ne répond jamais, un élément d’avant répond toujours."
                    )
                    reader.faults.warn(node, said)


def _refuse_counts_in_absences(activity: Any, uses: Iterable[Use], reader: Reader) -> None:
    """Absences are judged before anything but themselves is counted."""
    counted = {count.name for count in activity.counts if count.among is not Among.ABSENCES}
    for use in uses:
        if use.kind == "fait" and use.name in counted and ".absences[" in use.node.path:
            said = (
                f"« {use.name} » ne se lit pas dans « absences » : seul un compte « parmi: absences » y est."
            )
            reader.faults.add(use.node.bad(said).fault)


def _refuse_numbers_of_totals(uses: Iterable[Use], reader: Reader) -> None:
    """`nombre` and `total` are those of a group of presences: only a total has them."""
    for use in uses:
        if use.kind == "fait" and use.name in _OF_TOTALS:
            said = f"« {use.name} » n’existe que dans un cumul ; dans une activité, déclarez un compte."
            reader.faults.add(use.node.bad(said).fault)


def _hides(early: Ladder, late: Ladder, action: str) -> bool:
    """Whether the earlier ladder answers wherever the later one would."""
    channels = ANY_CHANNEL in early.channels or set(late.channels) <= set(early.channels)
    return action in early.actions and early.when.is_always and channels


def _warn_of_days_ahead(uses: Iterable[Use], reader: Reader) -> None:
    """A limit hidden in a condition is applied, but never said."""
    for use in uses:
        if use.kind == "fait" and use.name == "jours_d_avance" and ".delais" in use.node.path:
            said = "« jours_d_avance » ne dit aucune limite aux familles : écrivez « forme: jours_avant »."
            reader.faults.warn(use.node, said)


def _is_open(opening: OpenDays | None, day: date) -> bool:
    """Whether there is something to sample on that day; a calendar that is not known shows nothing wrong."""
    try:
        return opening is None or day in opening
    except BusinessError:
        return True


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


def _check_extras(activity: Any, uses: Iterable[Use], reader: Reader) -> None:
    """Every adjustment that a limit or an absence asks for is written in the tariff."""
    wanted = [use for use in uses if use.kind == "ajustement"]
    if activity.tariff is None:
        for use in wanted:
            said = f"l’ajustement « {use.name} » n’est pas chiffré : l’activité n’a pas de tarif."
            reader.faults.warn(use.node, said)
        return
    for version in activity.tariff.versions:
        written = {one.name: one for one in version.rule.adjustments}
        for use in wanted:
            if use.name not in written:
                which = f" (version {version.name})" if version.name else ""
                said = f"l’ajustement « {use.name} » n’est pas écrit dans le tarif{which}."
                reader.faults.add(use.node.bad(said).fault)
            elif written[use.name].when is not None:
                said = (
                    f"l’ajustement « {use.name} » a sa propre condition et joue sans être nommé ; un délai "
                    "ou une absence ne nomme que ceux dont « si » est « delai »."
                )
                reader.faults.add(use.node.bad(said).fault)


def warn_of_unread_facts(sections: Mapping[str, Node], reader: Reader) -> None:
    read = {use.name for use in reader.uses if use.kind == "fait"}
    facts = sections["faits"].mapping() if "faits" in sections else {}
    for word, node in facts.items():
        if word not in read and not node.has("deduit"):
            reader.faults.warn(node, f"le fait « {word} » n’est lu par aucune règle.")


def warn_of_dead_stages(book: Any, reader: Reader) -> None:
    """What a sample of days shows: stages that never answer, limits that come after their day."""
    nodes = {use.name: use.node for use in reader.uses if use.kind == "etape"}
    for activity in book.activities.values():
        for version in () if activity.ladders is None else activity.ladders.versions:
            for ladder in version.rule:
                for path, said in _sampled(book, activity, ladder).items():
                    reader.faults.warn(nodes[path], said)


_DEAD = "cette étape ne répond jamais : une étape écrite avant elle finit toujours après."
_LATE = "cette limite vient après le jour de service : vérifiez « semaines_avant » ou « mois_avant »."
_SILENT = "cette limite ne dit rien d’un jour où l’activité est ouverte : complétez « entrees »."
_NEVER_OPEN = "cette étape ne s’ouvre jamais : « a_partir_de » vient après « jusqu_a »."


def _sampled(book: Any, activity: Any, ladder: Ladder) -> dict[str, str]:
    """What to tell of each stage, by its path; every fifth day, so every weekday and every month comes."""
    told: dict[str, list[str]] = {}
    for offset in range(0, 365, 5):
        day = _SAMPLE + timedelta(days=offset)
        if _is_open(activity.opening, day):
            for path, said in _on_day(ladder, book.context({}, day=day), activity.opening).items():
                told.setdefault(path, []).append(said)
    return {path: said for path, found in told.items() if (said := _worst(found))}


def _worst(found: list[str]) -> str:
    """What is told of a stage: a fault of any day, or what is true of every day."""
    of_a_day = next((said for said in (_SILENT, _LATE) if said in found), "")
    return of_a_day or (found[0] if len(set(found)) == 1 else "")


def _on_day(ladder: Ladder, context: Context, opening: OpenDays | None) -> dict[str, str]:
    """What is wrong with each stage whose limit is known on that day; empty for nothing."""
    told, latest = {}, None
    for stage in ladder.stages:
        if _is_silent(stage.until, context.day):
            told[stage.path] = _SILENT if opening is not None else ""
            continue
        try:
            limit, _ = resolve(stage.until, context, opening)
            since = None if stage.since is None else resolve(stage.since, context, opening)[0]
        except BusinessError:
            continue
        end_of_day = ClockTime(MINUTES_A_DAY).on(context.day)
        told[stage.path] = (
            _LATE if end_of_day < limit != FOREVER
            else _NEVER_OPEN if since is not None and since > limit
            else _DEAD if latest is not None and limit <= latest
            else ""
        )  # fmt: skip
        if since is None and stage.when.is_always:
            latest = limit if latest is None else max(limit, latest)
    return told


def _is_silent(until: Cutoff, day: date) -> bool:
    plain = until.cutoff if isinstance(until, Adapted) else until
    return isinstance(plain, ByWeekday) and all(
        day.weekday() not in entry.weekdays for entry in plain.entries
    )


def check_totals(book: Any, node: Node | None, reader: Reader) -> None:
    """Totals have names of their own; a share between children is of a total of the family."""
    if node is None or book.totals is BROKEN:
        return
    names = [total.versions[0].rule.name for total in book.totals]
    for name in sorted({one for one in names if names.count(one) > 1}):
        reader.faults.add(node.bad(f"deux cumuls s’appellent « {name} ».").fault)
    for total in [version.rule for dated in book.totals for version in dated.versions]:
        if total.share is not None and total.by is By.CHILD:
            reader.faults.warn(node, f"« {total.name} » est par enfant : « partage » n’y change rien.")


def check_payers(book: Any, reader: Reader) -> None:
    """A total by payer needs to know who pays."""
    if book.billing is None or (book.billing is not BROKEN and book.billing.payer is None):
        for use in reader.uses:
            if use.kind == "payeur":
                reader.faults.add(use.node.bad("« payeur » demande « facturation: {payeur: … } ».").fault)
