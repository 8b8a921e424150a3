"""What the règlement answers to a family that asks to enrol a child: window, conditions, papers (P13, R17).

What the règlement refuses is refused with its sentence. A fact that is missing never refuses: it is said as
something to check, and the service looks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from domain.calendar import paris_now
from domain.errors import BusinessError
from domain.french import NBSP, enumerate_fr, format_day, format_limit, quoted, spaced, weekday_name
from domain.people import fold
from domain.rulebook.almanac import Period
from domain.rulebook.enrolment import Enrolment, Given, Paper, Window, current_window
from domain.rulebook.facts import Context
from domain.rulebook.family_facts import RESIDENCE, fact_label
from domain.rulebook.limit_words import said_limit, since_words
from domain.rulebook.needs import facts_read
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.trace import MissingFact
from domain.rulebook.wording.enrolment import enrolment_sentences
from domain.rulebook.wording.french_names import readable
from domain.rulebook.wording.legal_text import lexicon_of
from domain.rulebook.wording.text import capital

NOT_OPEN_YET, OVER, NOT_FORESEEN = "not_open_yet", "period_over", "not_foreseen"
_HOMES = {"commune": " pour les familles de la commune", "hors_commune": " pour les familles hors commune"}


@dataclass(frozen=True, slots=True)
class FamilyWindow:
    """The enrolment window of one family at one moment. `code` is empty while nothing is closed; `sentence`
    says until when it is open, when it opens or since when it is closed; empty without any window. `doubt`
    names what is missing to know it.
    """

    code: str = ""
    sentence: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Supplied:
    """A document of the family. `is_checked`: the service accepted it; `until` is None without end."""

    category: str
    dated: date | None
    until: date | None
    is_checked: bool


@dataclass(frozen=True, slots=True)
class LackingPaper:
    """A paper that the file lacks; one of `names` serves."""

    names: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Admission:
    """What the règlement says of enrolling one child in one activity. `is_ruled` is false when it has no
    such part: the service decides alone. `unmet` holds the sentences of the conditions that are not met,
    `met` the names of the others, `held` those of the papers that are in order, `to_check` what nobody told
    yet."""

    is_ruled: bool
    window: FamilyWindow = FamilyWindow()
    unmet: tuple[str, ...] = ()
    papers: tuple[LackingPaper, ...] = ()
    to_check: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why the règlement refuses; nothing when it does not."""
        closed = (self.window.sentence,) if self.window.code else ()
        return (*closed, *self.unmet)

    @property
    def is_complete(self) -> bool:
        """True when every condition is met and nothing is left to see."""
        return self.is_ruled and not (self.refusals or self.papers or self.to_check)


UNRULED = Admission(False)


def admission(
    book: Rulebook, activity: Activity, channel: str, supplied: Iterable[Supplied], context: Context
) -> Admission:
    """The answer for the child, the first day (`context.day`) and the moment of the context."""
    if activity.enrolment is None:
        return UNRULED
    try:
        rules: Enrolment = activity.enrolment.on(context.day).rule
    except BusinessError:
        return Admission(True, to_check=("les règles d’inscription à ces dates",))
    period = context.calendar.period_of(context.day)
    windows = [one for one in rules.windows if one.is_for(period)]
    window = _family_window(book, windows, channel, context)
    doubts = [window.doubt] if window.doubt else []
    if rules.windows and not windows:
        doubts.append("la période d’inscription de ces dates")
    unmet, met = [], []
    for name in rules.conditions:
        try:
            if context.fact(name, rules.path):
                met.append(capital(readable(name)))
            else:
                unmet.append(spaced(book.named[name].message(context)) or _unmet(book, name))
        except BusinessError as fault:
            doubts.append(_doubt(book, fault, name))
    papers, held, sent = [], [], tuple(supplied)
    for paper in rules.papers:
        lacking, doubt = _look_at(book, paper, sent, context)
        papers += [lacking] if lacking else []
        doubts += [doubt] if doubt else []
        held += [] if lacking or doubt or not paper.when.holds(context) else [paper.name]
    return Admission(
        True,
        window,
        tuple(unmet),
        tuple(papers),
        tuple(dict.fromkeys(doubts)),
        tuple(met),
        tuple(held),
    )


def booking_window(book: Rulebook, activity: Activity, channel: str, context: Context) -> FamilyWindow:
    """Whether the windows of the period that holds the day let this family book it now; open when no window
    names that period."""
    period = context.calendar.period_of(context.day)
    if period is None or activity.enrolment is None:
        return FamilyWindow()
    try:
        rules: Enrolment = activity.enrolment.on(context.day).rule
    except BusinessError:
        return FamilyWindow()
    return _family_window(book, [one for one in rules.windows if one.period == period], channel, context)


def names_periods(activity: Activity) -> bool:
    """True when a window of the activity is that of a named period."""
    return bool(_period_names(activity))


def periods_of(book: Rulebook, activity: Activity) -> tuple[Period, ...]:
    """The named periods for which enrolments are foreseen."""
    return tuple(book.almanac.periods[name] for name in sorted(_period_names(activity)))


def _period_names(activity: Activity) -> set[str]:
    versions = () if activity.enrolment is None else activity.enrolment.versions
    windows = (window for version in versions for window in version.rule.windows)
    return {window.period for window in windows if window.period is not None}


def sentences(book: Rulebook, activity: Activity, day: date) -> tuple[str, ...]:
    """The enrolment rules of that day in words, whoever asks: windows, conditions with their sentences,
    papers."""
    if activity.enrolment is None:
        return ()
    try:
        rules: Enrolment = activity.enrolment.on(day).rule
    except BusinessError:
        return ()
    lexicon = lexicon_of(book)
    said = replace(rules, conditions=(), choices=(), allocation=None)
    context = book.context({}, day=day)
    messages = [spaced(book.named[name].message(context)) for name in rules.conditions]
    return (
        *(one.text for one in enrolment_sentences(said, lexicon)),
        *(message for message in messages if message),
    )


# --- The window of a family


def _family_window(book: Rulebook, windows: Sequence[Window], channel: str, context: Context) -> FamilyWindow:
    """The window of this family among those of the period: open now, else the next one, else the last."""
    if not windows:
        return FamilyWindow()
    reachable = [one for one in windows if one.takes(channel)]
    if not reachable:
        channels = enumerate_fr(sorted({readable(word) for one in windows for word in one.channels}))
        return FamilyWindow(NOT_FORESEEN, f"Ces inscriptions se font par un autre moyen{NBSP}: {channels}.")
    own, doubts = [], []
    for one in reachable:
        try:
            if one.when.holds(context):
                own.append(one)
        except BusinessError as fault:
            doubts.append(_doubt(book, fault, "période d’inscription"))
    now = context.moment("inscription")
    if any(one.is_open(now) for one in own):
        return FamilyWindow("", _open_words(current_window(own, now)))
    if doubts:
        return FamilyWindow(doubt=doubts[0])
    if not own:
        who = next((said for one in reachable if (said := _audience(book, one, context))), "")
        return FamilyWindow(NOT_FORESEEN, f"Aucune inscription n’est prévue{who}.")
    window = current_window(own, now)
    return _closed(window, _audience(book, window, context), now)


def _open_words(window: Window) -> str:
    if window.closes is None:
        return "Inscriptions ouvertes."
    return f"Inscriptions ouvertes {said_limit(window.closes, window.compare)}."


def _closed(window: Window, who: str, now: datetime) -> FamilyWindow:
    if window.is_over(now):
        return FamilyWindow(
            OVER, f"Les inscriptions sont closes depuis le {format_limit(window.closes)}{who}."
        )
    if now < window.opens:
        return FamilyWindow(NOT_OPEN_YET, f"Les inscriptions ouvrent le {since_words(window.opens)}{who}.")
    days = enumerate_fr([_counter_day(day) for day in window.days])
    return FamilyWindow(NOT_OPEN_YET, f"Les inscriptions se font seulement {days}{who}.")


def _counter_day(day: date | int) -> str:
    return f"le {weekday_name(day) if isinstance(day, int) else format_day(day)}"


def _audience(book: Rulebook, window: Window, context: Context) -> str:
    """« pour les familles hors commune »; empty for a window that is everybody's."""
    if window.when.is_always:
        return ""
    home = _HOMES.get(context.given.get(RESIDENCE, ""))
    if home and RESIDENCE in facts_read(window.when, book):
        return home
    return " pour votre famille"


# --- Conditions and papers


def _unmet(book: Rulebook, name: str) -> str:
    return f"Une condition n’est pas remplie{NBSP}: {fact_label(book, name)}."


def _doubt(book: Rulebook, fault: BusinessError, about: str) -> str:
    """What somebody has to look at: the missing fact, else what the rule is about."""
    return fact_label(book, fault.fact if isinstance(fault, MissingFact) else about)


def _look_at(
    book: Rulebook, paper: Paper, supplied: Sequence[Supplied], context: Context
) -> tuple[LackingPaper | None, str]:
    """What the file lacks of a paper, and what is left to check of it."""
    names = (paper.name, *(one.name for one in paper.instead))
    by_category: Mapping[str, list[str]] = {}
    for name in names:
        by_category.setdefault(fold(name), []).append(name)
    checked = _given(by_category, (one for one in supplied if one.is_checked))
    today = paris_now(context.moment(paper.path)).date()
    try:
        if paper.missing(checked, today, context) is None:
            return None, ""
        sent = _given(by_category, supplied)
        reason = paper.missing(sent, today, context)
    except MissingFact as fault:
        return None, _paper_doubt(book, paper, fault)
    except BusinessError:
        return None, quoted(paper.name)
    if reason is None:
        return None, f"{quoted(paper.name)}, en cours de contrôle"
    return LackingPaper(names, spaced(capital(reason))), ""


def _given(by_category: Mapping[str, list[str]], supplied: Iterable[Supplied]) -> list[Given]:
    return [
        Given(name, one.dated, one.until or date.max)
        for one in supplied
        for name in by_category.get(fold(one.category), ())
    ]


def _paper_doubt(book: Rulebook, paper: Paper, fault: MissingFact) -> str:
    return fact_label(book, fault.fact) if fault.fact in book.facts else f"la date de {quoted(paper.name)}"


def in_words(to_check: Collection[Any]) -> str:
    """« À vérifier : âge et école »; empty when nothing is."""
    return f"À vérifier{NBSP}: {enumerate_fr(list(to_check))}." if to_check else ""
