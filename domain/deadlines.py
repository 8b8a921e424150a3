"""The last moment to book or to cancel: day sets (P1), cut-offs (P2), ladders (P3), one decision (R14).

`decide` gives at once what the rule answers and the sentence that is shown on the day, so that text and
refusal cannot disagree. Clock times are Europe/Paris; instants go in as aware datetimes, are compared in UTC
and come out in UTC. On the night of a clock change, a limit in the hour that exists twice is its second pass,
and a limit in the hour that does not exist is one hour later: a doubt always serves the family.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from domain.calendar import ONE_DAY, TownCalendar, as_utc, paris_now
from domain.clock_time import FOREVER, MINUTES_A_DAY, NEVER_EVER, ClockTime
from domain.enums import Compare, DayBase, LineAction, Outcome
from domain.errors import RuleError
from domain.french import (
    NARROW_NBSP,
    NBSP,
    enumerate_fr,
    format_clock,
    format_day,
    format_limit,
    plural,
    weekday_name,
)
from domain.rule_data import Node

WEEKDAY_KEYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_KEYS_OF_WEEKDAYS = {number: key for key, number in WEEKDAY_KEYS.items()}
_STEP_HORIZON_DAYS = 400
_MOST_DAYS_BEFORE = 200
_MOST_WEEKS_BEFORE = 26
_MINUTES_A_DAY = MINUTES_A_DAY


# --- P1: which days count


@dataclass(frozen=True, slots=True)
class DaySet:
    """The days that a delay counts; both booleans are mandatory, « 48 h » without them means nothing."""

    base: DayBase
    minus_public_holidays: bool
    minus_school_holidays: bool
    extra_closed: frozenset[date] = frozenset()

    def holds(self, day: date, calendar: TownCalendar, open_days: Collection[date] | None) -> bool:
        """True when `day` counts; base `open` needs `open_days`, the days of the activity."""
        return (
            self._in_base(day, calendar, open_days)
            and not (self.minus_public_holidays and calendar.public_holiday(day) is not None)
            and not (self.minus_school_holidays and calendar.school_holiday(day) is not None)
            and day not in self.extra_closed
        )

    def _in_base(self, day: date, calendar: TownCalendar, open_days: Collection[date] | None) -> bool:
        match self.base:
            case DayBase.ALL:
                return True
            case DayBase.MON_FRI:
                return day.weekday() < 5
            case DayBase.SCHOOL:
                return day.weekday() in calendar.school_weekdays
            case DayBase.OFFICE:
                return day.weekday() < 5 and day not in calendar.office_closed
        if open_days is None:
            raise RuleError(
                "open_days_unknown", "La règle compte les jours d’ouverture, qui ne sont pas connus ici."
            )
        return day in open_days


def step(
    day: date, n: int, day_set: DaySet, calendar: TownCalendar, open_days: Collection[date] | None = None
) -> date:
    """The n-th day strictly before `day` that belongs to `day_set`; `day` itself for n = 0.

    Raises RuleError `calendar_exhausted` when 400 days back are not enough to find it.
    """
    current, remaining = day, n
    for _ in range(_STEP_HORIZON_DAYS):
        if remaining == 0:
            return current
        current -= ONE_DAY
        if day_set.holds(current, calendar, open_days):
            remaining -= 1
    raise RuleError(
        "calendar_exhausted",
        f"Le calendrier ne permet pas de compter {plural(n, 'jour', 'jours')} "
        f"avant le {format_day(day, year=True)}. "
        "Complétez les jours d’ouverture et les vacances.",
    )


# --- P2: the cut-off of a day


@dataclass(frozen=True, slots=True)
class Before:
    """`n` days of `day_set` before the service day, at `time`; with `clear_days` (jours francs) n whole days
    lie
    between the limit and the service. `n = 0` is the service day itself."""

    n: int
    day_set: DaySet
    time: ClockTime
    clear_days: bool
    compare: Compare

    def __post_init__(self) -> None:
        if self.clear_days and self.n == 0:
            raise RuleError("bad_value", "un délai en jours francs compte au moins un jour.", "n")


@dataclass(frozen=True, slots=True)
class WeekdayEntry:
    """For services on `weekdays`: the `day` (0 = Monday) of the week `weeks_before` earlier, at `time`."""

    weekdays: frozenset[int]
    day: int
    weeks_before: int
    time: ClockTime


@dataclass(frozen=True, slots=True)
class WeekdayMap:
    """An explicit table by weekday; a weekday that it leaves out is closed, never booked on a guess."""

    entries: tuple[WeekdayEntry, ...]
    compare: Compare

    def __post_init__(self) -> None:
        seen: set[int] = set()
        for index, entry in enumerate(self.entries):
            path = f"entries[{index}]"
            twice = seen & entry.weekdays
            if twice:
                raise RuleError(
                    "weekday_twice", f"le {weekday_name(min(twice))} figure deux fois.", f"{path}.for"
                )
            if entry.weeks_before == 0 and entry.day > min(entry.weekdays):
                raise _after_the_service(entry.day, min(entry.weekdays), f"{path}.day")
            seen |= entry.weekdays

    def entry_for(self, weekday: int) -> WeekdayEntry | None:
        return next((entry for entry in self.entries if weekday in entry.weekdays), None)


@dataclass(frozen=True, slots=True)
class WeekCutoff:
    """One limit for every service day of a week: the `day` of the week `weeks_before` earlier, at `time`."""

    day: int
    weeks_before: int
    time: ClockTime
    compare: Compare

    def __post_init__(self) -> None:
        if self.weeks_before == 0 and self.day > 0:
            raise _after_the_service(self.day, 0, "day")


def _after_the_service(limit_weekday: int, service_weekday: int, path: str) -> RuleError:
    return RuleError(
        "after_service",
        f"une limite le {weekday_name(limit_weekday)} de la même semaine viendrait après le service du "
        f"{weekday_name(service_weekday)}.",
        path,
    )


@dataclass(frozen=True, slots=True)
class Always:
    """No limit."""


@dataclass(frozen=True, slots=True)
class Never:
    """Already over, whatever the day."""


Cutoff = Before | WeekdayMap | WeekCutoff | Always | Never


def limit_of(
    cutoff: Cutoff, service_day: date, calendar: TownCalendar, open_days: Collection[date] | None = None
) -> datetime:
    """The limit for `service_day`, in UTC; FOREVER or NEVER_EVER when there is none."""
    match cutoff:
        case Before():
            days = cutoff.n + 1 if cutoff.clear_days else cutoff.n
            return cutoff.time.on(step(service_day, days, cutoff.day_set, calendar, open_days))
        case WeekCutoff():
            return _limit_in_week(service_day, cutoff)
        case WeekdayMap():
            entry = cutoff.entry_for(service_day.weekday())
            return NEVER_EVER if entry is None else _limit_in_week(service_day, entry)
        case Always():
            return FOREVER
    return NEVER_EVER


def _limit_in_week(service_day: date, place: WeekdayEntry | WeekCutoff) -> datetime:
    monday = service_day - timedelta(days=service_day.weekday())
    return place.time.on(monday + timedelta(days=place.day - 7 * place.weeks_before))


def _in_time(now: datetime, limit: datetime, cutoff: Cutoff) -> bool:
    return now < limit if _is_strict(cutoff) else now <= limit


# --- P3: the ladder and its decision


_GENEROSITY = {Outcome.FREE: 2, Outcome.ON_REQUEST: 1, Outcome.REFUSE: 0}


@dataclass(frozen=True, slots=True)
class Stage:
    """Until its cut-off, the rule answers `outcome`."""

    until: Cutoff
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Ladder:
    """Ordered stages, then `otherwise`. The first stage whose cut-off is not passed answers.

    Each stage is stricter than the one before: time passing never makes a rule kinder.
    """

    stages: tuple[Stage, ...]
    otherwise: Outcome

    def __post_init__(self) -> None:
        outcomes = [*(stage.outcome for stage in self.stages), self.otherwise]
        for index, (earlier, later) in enumerate(pairwise(outcomes)):
            if _GENEROSITY[later] >= _GENEROSITY[earlier]:
                last = index + 1 == len(self.stages)
                raise RuleError(
                    "not_stricter",
                    "cette étape doit être plus stricte que la précédente (free, on_request, puis refuse).",
                    "otherwise" if last else f"stages[{index + 1}].outcome",
                )


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rule answers now.

    `until` is the instant (UTC) up to which this answer holds, None when no limit is ahead; `sentence` is the
    one French sentence to show, `explanation` the rule and the limits it was computed from.
    """

    outcome: Outcome
    until: datetime | None
    sentence: str
    explanation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    can: str  # « Réservable »
    noun: str  # « Réservation »
    closed: str


_WORDS = {
    LineAction.BOOK: _Words("Réservable", "Réservation", "Réservation fermée sur le portail"),
    LineAction.CANCEL: _Words("Annulable", "Annulation", "Annulation fermée sur le portail"),
}
CONTACT = "Contactez le service."


def decide(
    ladder: Ladder,
    action: LineAction,
    service_day: date,
    now: datetime,
    calendar: TownCalendar,
    open_days: Collection[date] | None = None,
) -> Decision:
    """What the rule answers to `action` on `service_day`, asked at `now` (aware).

    `open_days` are the days on which the activity takes place; only rules that count them need it. Raises
    RuleError when the calendar cannot answer. A past day is refused whatever the rule (S87).
    """
    now = as_utc(now)
    limits = [limit_of(stage.until, service_day, calendar, open_days) for stage in ladder.stages]
    explanation = _explanation(ladder, action, service_day, limits)
    if service_day < paris_now(now).date():
        sentence = f"Ce jour est passé{NBSP}: plus aucun changement n’est possible"
        return Decision(Outcome.REFUSE, None, sentence, explanation)
    for index, (stage, limit) in enumerate(zip(ladder.stages, limits, strict=True)):
        if _in_time(now, limit, stage.until):
            sentence = _sentence(ladder, limits, index, _WORDS[action])
            return Decision(stage.outcome, None if limit == FOREVER else limit, sentence, explanation)
    return Decision(
        ladder.otherwise, None, _sentence(ladder, limits, len(limits), _WORDS[action]), explanation
    )


_TO_BE_SUBMITTED = "la demande sera soumise à la structure"


def once_submitted(sentence: str) -> str:
    """The sentence of a decision on request, for a request that is made: nothing is left to be sent."""
    start, announced, _ = sentence.partition(_TO_BE_SUBMITTED)
    return f"{start}la demande est soumise à la structure." if announced else sentence


def _sentence(ladder: Ladder, limits: list[datetime], index: int, words: _Words) -> str:
    """The sentence of stage `index`; one past the last stage is `otherwise`."""
    outcome = ladder.stages[index].outcome if index < len(limits) else ladder.otherwise
    tail = _until(ladder.stages[index].until, limits[index]) if index < len(limits) else ""
    passed = [position for position in range(index) if limits[position] != NEVER_EVER]
    if outcome is Outcome.FREE:
        return f"{words.can} {tail}" if tail else f"{words.can} à tout moment"
    if outcome is Outcome.ON_REQUEST:
        submitted = f"{_TO_BE_SUBMITTED}{', à envoyer ' + tail if tail else ''}"
        if not passed:
            return f"{words.noun} sur demande{NBSP}: {submitted}"
        return f"Hors délai depuis le {_since(limits[passed[0]])}{NBSP}: {submitted}"
    if not passed:
        return f"{words.closed}. {CONTACT}"
    latest = max(passed, key=limits.__getitem__)
    is_free = ladder.stages[latest].outcome is Outcome.FREE
    was = f"c’était {words.can.lower()}" if is_free else "la demande était possible"
    return f"Trop tard{NBSP}: {was} {_until(ladder.stages[latest].until, limits[latest])}. {CONTACT}"


def _until(cutoff: Cutoff, limit: datetime) -> str:
    """« jusqu’au jeudi 14 janvier, 10 h », « avant le … » when the very moment is too late, « jusqu’au jeudi
    14 janvier inclus » at midnight; "" without limit.
    """
    return "" if limit == FOREVER else _until_words(limit, _is_strict(cutoff))


@lru_cache(
    maxsize=4096
)  # an agenda says the same few limits again and again; in UTC, so an hour that exists twice
def _until_words(limit: datetime, strictly: bool) -> str:
    last_day = _day_ended_by(limit)
    if last_day is not None:
        return f"jusqu’au {format_day(last_day)} inclus"
    return f"{'avant le' if strictly else 'jusqu’au'} {format_limit(limit)}"


def _since(limit: datetime) -> str:
    """« jeudi 14 janvier, 10 h », « vendredi 15 janvier » when the limit was the midnight before."""
    last_day = _day_ended_by(limit)
    return format_limit(limit) if last_day is None else format_day(last_day + ONE_DAY)


def _day_ended_by(limit: datetime) -> date | None:
    """The day that ends at `limit`; None when it is not midnight in Paris."""
    local = paris_now(limit)
    return local.date() - ONE_DAY if (local.hour, local.minute) == (0, 0) else None


def _is_strict(cutoff: Cutoff) -> bool:
    return getattr(cutoff, "compare", None) is Compare.BEFORE


def _explanation(
    ladder: Ladder, action: LineAction, service_day: date, limits: list[datetime]
) -> tuple[str, ...]:
    lines = [describe(ladder, action), f"Jour demandé{NBSP}: {format_day(service_day, year=True)}."]
    for stage, limit in zip(ladder.stages, limits, strict=True):
        if limit not in (FOREVER, NEVER_EVER):
            lines.append(f"Limite{NBSP}: {_until(stage.until, limit)}.")
    return tuple(lines)


# --- The rule in words


@lru_cache(maxsize=512)
def describe(ladder: Ladder, action: LineAction) -> str:
    """The rule in general: « Réservation jusqu’à la veille (jours d’école), 8 h 30. »"""
    words = _WORDS[action]
    parts = [
        f"{'sur demande ' if stage.outcome is Outcome.ON_REQUEST else ''}{_describe_cutoff(stage.until)}"
        for stage in ladder.stages
        if not isinstance(stage.until, Never)
    ]
    unlimited = any(isinstance(stage.until, Always) for stage in ladder.stages)
    if ladder.otherwise is Outcome.ON_REQUEST and not unlimited:
        parts.append("sur demande, soumise à la structure")
    if ladder.otherwise is Outcome.FREE:
        parts.append("à tout moment")
    if not parts:
        return f"{words.closed}."
    return f"{words.noun} {f'{NARROW_NBSP}; ensuite '.join(parts)}."


def _describe_cutoff(cutoff: Cutoff) -> str:
    clock = "avant " if _is_strict(cutoff) else ""
    match cutoff:
        case Before():
            return f"{_describe_delay(cutoff)}, {clock}{_describe_time(cutoff.time)}"
        case WeekCutoff():
            return _describe_place(cutoff, clock)
        case WeekdayMap():
            rows = (
                f"pour {_describe_weekdays(entry)}, {_describe_place(entry, clock)}"
                for entry in cutoff.entries
            )
            return f"{NARROW_NBSP}; ".join(rows)
    return "à tout moment"


def _describe_delay(cutoff: Before) -> str:
    if cutoff.n == 0:
        return "jusqu’au jour même"
    counted = _describe_day_set(cutoff.day_set)
    if cutoff.clear_days:
        return f"jusqu’à {plural(cutoff.n, 'jour franc', 'jours francs')} avant ({counted})"
    if cutoff.n == 1:
        return f"jusqu’à la veille ({counted})"
    return f"jusqu’à {plural(cutoff.n, 'jour', 'jours')} avant ({counted})"


def _describe_time(time: ClockTime) -> str:
    if time.minutes == _MINUTES_A_DAY:
        return "minuit (fin du jour)"
    return format_clock(*divmod(time.minutes, 60))


def _describe_place(place: WeekdayEntry | WeekCutoff, clock: str) -> str:
    weeks = {0: " de la même semaine", 1: " de la semaine précédente"}
    when = weeks.get(place.weeks_before, f", {plural(place.weeks_before, 'semaine', 'semaines')} avant")
    return f"jusqu’au {weekday_name(place.day)}{when}, {clock}{_describe_time(place.time)}"


def _describe_weekdays(entry: WeekdayEntry) -> str:
    return enumerate_fr([f"le {weekday_name(day)}" for day in sorted(entry.weekdays)])


_BASE_WORDS = {
    DayBase.ALL: "tous les jours",
    DayBase.MON_FRI: "du lundi au vendredi",
    DayBase.SCHOOL: "jours d’école",
    DayBase.OPEN: "jours d’ouverture",
    DayBase.OFFICE: "jours d’ouverture de la mairie",
}


def _describe_day_set(day_set: DaySet) -> str:
    """What counts, said so that nobody has to guess about public and school holidays."""
    school = day_set.base is DayBase.SCHOOL
    without, with_ = [], []
    if day_set.minus_public_holidays:
        without.append("jours fériés")
    else:
        with_.append("jours fériés compris")
    if day_set.minus_school_holidays:
        without.append("vacances scolaires")
    elif school:
        with_.append("vacances scolaires comprises")
    parts = [_BASE_WORDS[day_set.base]]
    if without and not school:  # a school day is never a holiday: saying it would only lengthen the sentence
        parts.append(f"hors {enumerate_fr(without)}")
    if day_set.base is not DayBase.OPEN:
        parts += with_
    if day_set.extra_closed:
        count = len(day_set.extra_closed)
        parts.append(f"hors {plural(count, 'date particulière', 'dates particulières')}")
    return ", ".join(parts)


# --- The rule as data

_FORM_KEYS: dict[str, dict[str, str]] = {
    "before": {
        "n": "le nombre de jours (0 pour le jour même)",
        "set": "quels jours comptent",
        "time": "l’heure limite, par exemple 08:30",
        "clear_days": "si les jours sont francs (true ou false)",
        "compare": "si l’heure limite est encore à temps (until) ou déjà trop tard (before)",
    },
    "weekday_map": {
        "entries": "la liste des jours et de leurs limites",
        "compare": "si l’heure limite est encore à temps (until) ou déjà trop tard (before)",
    },
    "week_cutoff": {
        "day": "le jour de la limite (mon, tue, wed, thu, fri, sat ou sun)",
        "weeks_before": "le nombre de semaines avant (0 pour la même semaine)",
        "time": "l’heure limite, par exemple 08:30",
        "compare": "si l’heure limite est encore à temps (until) ou déjà trop tard (before)",
    },
    "always": {},
    "never": {},
}
_SET_KEYS = {
    "base": "la base de calcul des jours (all, mon_fri, school, open ou office)",
    "minus_public_holidays": "si les jours fériés sont retirés du compte (true ou false)",
    "minus_school_holidays": "si les vacances scolaires sont retirées du compte (true ou false)",
}
_ENTRY_KEYS = {
    "for": "les jours de service concernés (mon, tue, wed, thu, fri, sat ou sun)",
    "day": _FORM_KEYS["week_cutoff"]["day"],
    "weeks_before": _FORM_KEYS["week_cutoff"]["weeks_before"],
    "time": _FORM_KEYS["week_cutoff"]["time"],
}


def ladder_from_data(data: Any) -> Ladder:
    """The ladder kept as plain data, for instance:

        {"stages": [{"until": {"form": "before", "n": 1, "time": "08:30", "clear_days": false,
                               "compare": "before",
                               "set": {"base": "school", "minus_public_holidays": true,
                                       "minus_school_holidays": true, "extra_closed": ["2026-05-15"]}},
                     "outcome": "free"},
                    {"until": {"form": "weekday_map", "compare": "until", "entries": [
                        {"for": ["mon", "tue"], "day": "fri", "weeks_before": 1, "time": "09:00"},
                        {"for": ["thu", "fri"], "day": "tue", "weeks_before": 0, "time": "09:00"}]},
                     "outcome": "on_request"}],
         "otherwise": "refuse"}

    Other forms: {"form": "week_cutoff", "day": "thu", "weeks_before": 1, "time": "12:00", "compare":
    "until"}, {"form": "always"}, {"form": "never"}. Times run from 00:00 to 24:00 (the end of the day). Every
    key is mandatory except `extra_closed`. Raises RuleError, with the path of the fault and a French
    sentence.
    """
    node = Node(data).keys(
        {"stages": "les étapes de la règle", "otherwise": "le résultat une fois tout délai passé"}
    )
    stages = tuple(_stage_from(stage) for stage in node["stages"].items())
    return Ladder(stages, node["otherwise"].choice(Outcome))


def _stage_from(node: Node) -> Stage:
    node.keys({"until": "la limite de cette étape", "outcome": "le résultat (free, on_request ou refuse)"})
    return Stage(_cutoff_from(node["until"]), node["outcome"].choice(Outcome))


def _cutoff_from(node: Node) -> Cutoff:
    form_meaning = {"form": f"la forme de la limite ({', '.join(_FORM_KEYS)})"}
    if not isinstance(node.value, Mapping) or "form" not in node.value:
        node.keys(form_meaning, dict.fromkeys(key for keys in _FORM_KEYS.values() for key in keys))
    form_keys = node["form"].key_of(_FORM_KEYS)
    node.keys(form_meaning | form_keys)
    return _FORMS[node["form"].value](node)


def _before_from(node: Node) -> Before:
    return node.build(
        Before,
        n=node["n"].integer(0, _MOST_DAYS_BEFORE),
        day_set=_day_set_from(node["set"]),
        time=_time_from(node["time"]),
        clear_days=node["clear_days"].boolean(),
        compare=node["compare"].choice(Compare),
    )


def _day_set_from(node: Node) -> DaySet:
    node.keys(_SET_KEYS, {"extra_closed": "des dates à ne pas compter"})
    extra = node["extra_closed"].items() if "extra_closed" in node.value else ()
    return DaySet(
        base=node["base"].choice(DayBase),
        minus_public_holidays=node["minus_public_holidays"].boolean(),
        minus_school_holidays=node["minus_school_holidays"].boolean(),
        extra_closed=frozenset(day.day() for day in extra),
    )


def _time_from(node: Node) -> ClockTime:
    return node.build(ClockTime.parse, node.value if isinstance(node.value, str) else "")


def _weekday_map_from(node: Node) -> WeekdayMap:
    entries = tuple(_entry_from(entry) for entry in node["entries"].items())
    if not entries:
        raise node["entries"].fault("missing", "indiquez au moins un jour et sa limite.")
    return node.build(WeekdayMap, entries, node["compare"].choice(Compare))


def _entry_from(node: Node) -> WeekdayEntry:
    node.keys(_ENTRY_KEYS)
    weekdays = frozenset(day.key_of(WEEKDAY_KEYS) for day in node["for"].items())
    if not weekdays:
        raise node["for"].fault("missing", f"indiquez {_ENTRY_KEYS['for']}.")
    return WeekdayEntry(weekdays, *_place_from(node))


def _week_cutoff_from(node: Node) -> WeekCutoff:
    return node.build(WeekCutoff, *_place_from(node), compare=node["compare"].choice(Compare))


def _place_from(node: Node) -> tuple[int, int, ClockTime]:
    return (
        node["day"].key_of(WEEKDAY_KEYS),
        node["weeks_before"].integer(0, _MOST_WEEKS_BEFORE),
        _time_from(node["time"]),
    )


_FORMS = {
    "before": _before_from,
    "weekday_map": _weekday_map_from,
    "week_cutoff": _week_cutoff_from,
    "always": lambda node: Always(),
    "never": lambda node: Never(),
}


def ladder_to_data(ladder: Ladder) -> dict[str, Any]:
    """The plain data that `ladder_from_data` reads back into an equal ladder."""
    return {
        "stages": [
            {"until": _cutoff_to_data(stage.until), "outcome": stage.outcome.value} for stage in ladder.stages
        ],
        "otherwise": ladder.otherwise.value,
    }


def _cutoff_to_data(cutoff: Cutoff) -> dict[str, Any]:
    match cutoff:
        case Before():
            return {
                "form": "before",
                "n": cutoff.n,
                "set": _day_set_to_data(cutoff.day_set),
                "time": str(cutoff.time),
                "clear_days": cutoff.clear_days,
                "compare": cutoff.compare.value,
            }
        case WeekdayMap():
            entries = [
                {"for": [_KEYS_OF_WEEKDAYS[day] for day in sorted(entry.weekdays)]} | _place_to_data(entry)
                for entry in cutoff.entries
            ]
            return {"form": "weekday_map", "entries": entries, "compare": cutoff.compare.value}
        case WeekCutoff():
            return {"form": "week_cutoff"} | _place_to_data(cutoff) | {"compare": cutoff.compare.value}
        case Always():
            return {"form": "always"}
    return {"form": "never"}


def _place_to_data(place: WeekdayEntry | WeekCutoff) -> dict[str, Any]:
    return {"day": _KEYS_OF_WEEKDAYS[place.day], "weeks_before": place.weeks_before, "time": str(place.time)}


def _day_set_to_data(day_set: DaySet) -> dict[str, Any]:
    return {
        "base": day_set.base.value,
        "minus_public_holidays": day_set.minus_public_holidays,
        "minus_school_holidays": day_set.minus_school_holidays,
        "extra_closed": sorted(day.isoformat() for day in day_set.extra_closed),
    }
