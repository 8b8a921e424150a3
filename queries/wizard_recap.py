"""What the wishes of a draft come to: the bar under the planning, and step 4 of the wizard (S97, S105)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.day_list import list_days
from domain.enums import ActivityKind, LineAction, LineState
from domain.french import (
    NBSP,
    enumerate_fr,
    format_day,
    format_difference,
    format_euros,
    format_number,
    format_times,
    month_name,
    plural,
)
from domain.rulebook.quotes import FLAT, PROOF_ADVICE
from domain.rulebook.wording.text import capital
from queries.booking_days import (
    UNCHANGED,
    ChildDay,
    Verdict,
    is_switch,
    judge,
    may_be_passed,
    replaced_words,
    rules_for,
    wishes,
)
from queries.family import ChildCard
from queries.rules import RuleSet
from queries.wizard import Draft


@dataclass(frozen=True, slots=True)
class Bar:
    """The wishes so far in two lines, and what validating them would bring; `estimate` is what the shown
    month comes to with them (R22)."""

    count: int
    title: str
    detail: str
    estimate: str = ""


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """A month, by its first day, and what its accepted bookings cost."""

    month: date
    booked_cents: int


_ALREADY, _WISH, _TO_EXPLAIN = "already_booked", "wish", "to_explain"
_KIND_WORDS = {
    ActivityKind.MORNING: ("matin", "matins"),
    ActivityKind.MEAL: ("repas", "repas"),
    ActivityKind.EVENING: ("soir", "soirs"),
    ActivityKind.DAY: ("journée", "journées"),
}
_STATE_WORDS = {
    LineState.ACCEPTED: ("accepté tout de suite", "acceptés tout de suite"),
    LineState.PENDING: ("à valider", "à valider"),
    LineState.WAITING: ("en liste d’attente", "en liste d’attente"),
    LineState.REFUSED: ("impossible", "impossibles"),
    _ALREADY: ("déjà réservé", "déjà réservés"),
    _WISH: ("vœu", "vœux"),
    _TO_EXPLAIN: ("avec un motif à écrire", "avec un motif à écrire"),
}


def bar(wished: Sequence[ChildDay], rules: RuleSet, now: datetime, so_far: MonthSoFar | None = None) -> Bar:
    """What the wishes come to, if they are validated now; with `so_far`, what its month comes to."""
    verdicts = [judge(day, day.wish, day.wish_type_id, rules, now) for day in wished]
    estimate = _estimate(so_far, zip(wished, verdicts, strict=True)) if so_far else ""
    if not wished:
        return Bar(0, "Aucun jour choisi", "Touchez un jour pour le demander.", estimate)
    title = f"{enumerate_fr(_counted(wished))} · {format_euros(total_due(verdicts))}"
    return Bar(len(wished), title, _states(zip(wished, verdicts, strict=True)), estimate)


def _estimate(so_far: MonthSoFar, pairs: Iterable[tuple[ChildDay, Verdict]]) -> str:
    """« Février, déjà réservé compris : 54,40 € »."""
    month = so_far.month
    own = [verdict for day, verdict in pairs if (day.day.year, day.day.month) == (month.year, month.month)]
    total = format_euros(so_far.booked_cents + total_due(own))
    return f"{capital(month_name(month.month))}, déjà réservé compris{NBSP}: {total}"


def _counted(wished: Sequence[ChildDay]) -> list[str]:
    """« 4 repas », « 2 soirs », « 1 changement », « 1 annulation »: what is asked, by kind."""
    changed = sum(_is_change(day) for day in wished)
    cancelled = sum(day.wish is LineAction.CANCEL for day in wished)
    booked = Counter(day.kind for day in wished if day.wish is LineAction.BOOK and not _is_change(day))
    counts = [(booked[kind], words) for kind, words in _KIND_WORDS.items()]
    counts += [(changed, ("changement", "changements")), (cancelled, ("annulation", "annulations"))]
    return [plural(count, *words) for count, words in counts if count]


def _is_change(day: ChildDay) -> bool:
    """True when the wish puts another presence type in the place of a booked one."""
    return day.wish is LineAction.BOOK and is_switch(day, day.wish_type_id)


def total_due(verdicts: Iterable[Verdict]) -> int:
    """What is due if all that can be accepted is: a place in the waiting list costs nothing yet."""
    due = (LineState.ACCEPTED, LineState.PENDING)
    return sum(verdict.due_cents or 0 for verdict in verdicts if verdict.state in due)


def _states(pairs: Iterable[tuple[ChildDay, Verdict]]) -> str:
    states = [_TO_EXPLAIN if may_be_passed(day, verdict) else _said_state(verdict) for day, verdict in pairs]
    return ", ".join(
        plural(states.count(state), *words) for state, words in _STATE_WORDS.items() if state in states
    )


def _said_state(verdict: Verdict) -> str:
    if verdict.is_wish:
        return _WISH
    return _ALREADY if verdict.code == _ALREADY else verdict.state


# --- Step 4: the recap --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecapGroup:
    """Wishes of one child that share everything but the day; `price` is « 3 × 3,20 € = 9,60 € ».

    `replaces` names the presence type and the price that a change takes the place of; `price` is then the
    difference. `provisional` says why only the whole period settles the price, empty when it is final.
    """

    title: str
    facility: str
    days: str
    replaces: str
    badge: str
    tone: str
    icon: str
    sentence: str
    price: str
    provisional: str
    lines: tuple[tuple[int, date], ...]


@dataclass(frozen=True, slots=True)
class RecapChild:
    child: ChildCard
    facility_id: int
    groups: tuple[RecapGroup, ...]


@dataclass(frozen=True, slots=True)
class Recap:
    """Step 4. `means` says on which quotient prices rest, `explanations` how they were computed, `billed`
    when they are due; `is_complete` is false when a price is not known. `booked_places`: (child, structure).
    `passes` when an agent's reason passes a limit, `may_pass` when it would if there was one (S116).
    """

    children: tuple[RecapChild, ...]
    total_cents: int
    is_complete: bool
    billed: str
    means: str
    explanations: tuple[str, ...]
    bar: Bar
    only_cancels: bool
    booked_places: frozenset[tuple[int, int]]
    passes: bool
    may_pass: bool


def recap(draft: Draft, children: Sequence[ChildCard], now: datetime, today: date) -> Recap:
    """Every wish of the draft as it would be answered now. Four statements, five with rules on open days."""
    wished = wishes(draft.id)
    rules = rules_for(wished, draft.household_id, today, today)
    verdicts = [judge(day, day.wish, day.wish_type_id, rules, now) for day in wished]
    both = list(zip(wished, verdicts, strict=True))
    explanations = dict.fromkeys(verdict.explanation for verdict in verdicts if verdict.explanation)
    return Recap(
        children=tuple(
            RecapChild(child, own[0][0].facility_id, groups(own))
            for child in children
            if (own := [pair for pair in both if pair[0].child_id == child.child_id])
        ),
        total_cents=total_due(verdicts),
        is_complete=all(
            verdict.due_cents is not None for verdict in verdicts if verdict.state is not LineState.REFUSED
        ),
        billed=_billed(wished),
        means=_means(rules, both),
        explanations=tuple(" ".join(sentences) for sentences in explanations),
        bar=bar(wished, rules, now),
        only_cancels=all(day.wish is LineAction.CANCEL for day in wished),
        booked_places=frozenset(
            (day.child_id, day.facility_id) for day in wished if day.wish is LineAction.BOOK
        ),
        passes=any(verdict.is_passed for verdict in verdicts),
        may_pass=any(may_be_passed(day, verdict) for day, verdict in both),
    )


def groups(pairs: Sequence[tuple[ChildDay, Verdict]]) -> tuple[RecapGroup, ...]:
    """Gathered in the order of the first day of each group."""
    gathered: dict[tuple, list[tuple[ChildDay, Verdict]]] = {}
    for day, verdict in pairs:
        key = (day.facility_id, day.wish, day.wish_type_id, verdict.state, verdict.code, verdict.price_cents)
        key += (day.booking_type_id, day.booking_price_cents)
        sentence = verdict.sentence if verdict.state is LineState.REFUSED or verdict.is_passed else ""
        key += (sentence, verdict.has_extra, verdict.settled_later)
        gathered.setdefault(key, []).append((day, verdict))
    return tuple(_group(members) for members in gathered.values())


def _group(members: Sequence[tuple[ChildDay, Verdict]]) -> RecapGroup:
    day, verdict = members[0]
    cancels = day.wish is LineAction.CANCEL
    badge, tone, icon = _badge(day, verdict)
    return RecapGroup(
        title=f"Annulation · {day.wish_type}" if cancels else day.wish_type,
        facility=day.facility,
        days=list_days(day.day for day, _ in members),
        replaces=_replaces(day, verdict),
        badge=badge,
        tone=tone,
        icon=icon,
        sentence=_sentence(members),
        price=_price(len(members), day, verdict),
        provisional=f"Prix provisoire{NBSP}: {verdict.settled_later}." if verdict.settled_later else "",
        lines=tuple((day.line_id, day.day) for day, _ in members),
    )


def _sentence(members: Sequence[tuple[ChildDay, Verdict]]) -> str:
    """Nothing for what is accepted in time; a supplement is said before it is due."""
    _, verdict = members[0]
    if verdict.state is LineState.ACCEPTED and not verdict.has_extra and not verdict.is_passed:
        return ""
    return verdict.sentence if len(members) == 1 else _shared(members)


def _shared(members: Sequence[tuple[ChildDay, Verdict]]) -> str:
    """The sentence of a group, when it is the same for every day of it."""
    sentences = {verdict.sentence for _, verdict in members}
    return sentences.pop() if len(sentences) == 1 else ""


def _badge(day: ChildDay, verdict: Verdict) -> tuple[str, str, str]:
    cancels = day.wish is LineAction.CANCEL
    if verdict.is_wish:
        return "vœu, places attribuées plus tard", "info", "inbox"
    match verdict.state:
        case LineState.ACCEPTED if cancels and day.is_wished:
            return "vœu retiré dès validation", "info", "undo-2"
        case LineState.ACCEPTED if cancels:
            return "annulé dès validation", "info", "undo-2"
        case LineState.ACCEPTED:
            change = day.booking_id is not None
            return "changement accepté dès validation" if change else "accepté dès validation", "ok", "check"
        case LineState.PENDING:
            late = verdict.sentence.startswith("Hors délai")
            return (
                "soumis à la structure, hors délai" if late else "soumis à la structure",
                "wait",
                "hourglass",
            )
        case LineState.WAITING:
            return "liste d’attente", "info", "list-ordered"
    if verdict.code == _ALREADY:
        return UNCHANGED[day.booking_state].badge.lower(), "info", "check"
    if may_be_passed(day, verdict):
        return "hors de la règle, motif à écrire", "wait", "triangle-alert"
    return "refusé", "stop", "ban"


def _replaces(day: ChildDay, verdict: Verdict) -> str:
    if not _is_change(day) or verdict.state is LineState.REFUSED:
        return ""
    return replaced_words(day.booking_type, day.booking_price_cents)


def _price(count: int, day: ChildDay, verdict: Verdict) -> str:
    if verdict.state is LineState.REFUSED:
        return "–"
    if verdict.due_cents is None:
        return "prix à confirmer"
    return format_times(count, verdict.due_cents, format_difference if _is_change(day) else format_euros)


def _billed(wished: Sequence[ChildDay]) -> str:
    """« facturé fin février »: what was used in a month is billed at its end."""
    months = sorted({(day.day.year, day.day.month) for day in wished})
    if len(months) == 1:
        return f"facturé fin {month_name(months[0][1])}"
    return "facturé à la fin de chaque mois d’accueil"


def _means(rules: RuleSet, pairs: Sequence[tuple[ChildDay, Verdict]]) -> str:
    """The quotient that the prices rest on, with its brackets; empty when everybody pays the same."""
    brackets = list(dict.fromkeys(verdict.bracket for _, verdict in pairs if verdict.bracket))
    if brackets in ([], [FLAT]):
        return ""
    quotient = rules.quotient(pairs[0][0].day)
    if quotient is None:
        return f"{capital(brackets[0])}, prix provisoire{NBSP}: {PROOF_ADVICE}."
    value = f"Quotient familial {format_number(quotient.value)}, {enumerate_fr(brackets)}"
    if quotient.valid_to is None:
        return f"{value}."
    return f"{value}, valable jusqu’au {format_day(quotient.valid_to, year=True)}."
