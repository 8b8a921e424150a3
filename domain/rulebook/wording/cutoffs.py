"""Limits in words: which days a delay counts, from where, and whether the limit itself is in time."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.french import enumerate_fr, weekday_name
from domain.rulebook import cutoffs
from domain.rulebook.cutoffs import Anchor, Cutoff
from domain.rulebook.days import Base, Compare, Days
from domain.rulebook.facts import Fact
from domain.rulebook.wording import numbers
from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.french_names import of, to
from domain.rulebook.wording.lexicon import Lexicon, as_lexicon
from domain.rulebook.wording.text import both

THE_DAY = "le jour concerné"
_UNITS = {
    Base.ALL: "jour",
    Base.MON_FRI: "jour",
    Base.MON_SAT: "jour",
    Base.SCHOOL: "jour d’école",
    Base.OPEN: "jour d’ouverture",
    Base.OFFICE: "jour d’ouverture de la mairie",
}
_BASES = {
    Base.ALL: "tous les jours comptent",
    Base.MON_FRI: "seuls comptent les jours du lundi au vendredi",
    Base.MON_SAT: "seuls comptent les jours du lundi au samedi",
    Base.SCHOOL: "seuls comptent les jours d’école de la semaine",
    Base.OPEN: "seuls comptent les jours d’ouverture de l’activité",
    Base.OFFICE: "seuls comptent les jours d’ouverture de la mairie",
}
_ANCHORS = {
    Anchor.PERIOD: "le début de la période",
    Anchor.HOLIDAY: "le début des vacances scolaires",
    Anchor.NEXT_HOLIDAY: "le début des prochaines vacances scolaires",
    Anchor.MONTH: "le premier jour du mois",
    Anchor.WEEK: "le lundi de la semaine",
}
_WEEKS = {0: "de la même semaine", 1: "de la semaine précédente"}
_MONTHS = {0: "du même mois", 1: "du mois précédent"}


def say_days(days: Days) -> str:
    """The counted days: « seuls comptent les jours d’école de la semaine, hors jours fériés, … »."""
    said = [_BASES[days.base]]
    if days.weekdays is not None:
        said.append(
            f"et parmi eux les seuls {enumerate_fr([f'{weekday_name(d)}s' for d in sorted(days.weekdays)])}"
        )
    said.append(_holidays(days))
    if days.extra_closed:
        said.append(
            f"sans compter {both(f'le {numbers.calendar_day(day)}' for day in sorted(days.extra_closed))}"
        )
    return ", ".join(part for part in said if part)


def _holidays(days: Days) -> str:
    """Both answers are always said, in as few words as they take."""
    public, school = days.minus_public_holidays, days.minus_school_holidays
    if public and school:
        return "hors jours fériés et vacances scolaires"
    if public:
        return "hors jours fériés, vacances scolaires comprises"
    if school:
        return "hors vacances scolaires, jours fériés compris"
    return (
        ""
        if days.base is Base.ALL and days.weekdays is None
        else "jours fériés et vacances scolaires compris"
    )


def say_cutoff(
    cutoff: Cutoff, facts: "Mapping[str, Fact] | Lexicon | None" = None, *, day: str = THE_DAY
) -> str:
    """« jusqu’à deux jours francs avant le jour concerné (…), à 23 h 59 au plus tard »; `day` names the day.

    « sans limite de date » and « à aucun moment » for what has no limit.
    """
    return _say(cutoff, as_lexicon(facts), day, "jusqu’", to)


def say_start(
    cutoff: Cutoff, facts: "Mapping[str, Fact] | Lexicon | None" = None, *, day: str = THE_DAY
) -> str:
    """The moment from which an act is possible: « à partir du jour concerné, à 8 h »."""
    return _say(cutoff, as_lexicon(facts), day, "à partir ", of, start=True)


def _say(
    cutoff: Any,
    lexicon: Lexicon,
    day: str,
    word: str,
    contracted: Callable[[str], str],
    *,
    start: bool = False,
) -> str:
    if isinstance(cutoff, cutoffs.Unlimited):
        return "à aucun moment" if cutoff.never else "sans limite de date"

    def again(other: Any) -> str:
        return _say(other, lexicon, day, word, contracted, start=start)

    if isinstance(cutoff, cutoffs.Extreme):
        which = contracted("la dernière" if cutoff.latest else "la première")
        inner = (_say(one, lexicon, day, "", _as_it_is, start=start) for one in cutoff.cutoffs)
        return f"{word}{which} de ces limites : {' ; '.join(inner)}"
    if isinstance(cutoff, cutoffs.Adapted):
        return _adapted(cutoff, lexicon, again)
    if isinstance(cutoff, cutoffs.DateTable):
        return " ; ".join(
            f"{say_dated(entry, lexicon)}, {word}{contracted(f'le {numbers.calendar_day(entry.day)}')}"
            f"{_time(entry.time, cutoff.compare, start)}"
            for entry in cutoff.dates
        )
    if isinstance(cutoff, cutoffs.ByWeekday):
        return " ; ".join(
            f"{_for_weekdays(entry.weekdays)}, {word}{contracted(_weekday(entry.day, entry.weeks_before))}"
            f"{_time(entry.time, cutoff.compare, start)}"
            for entry in cutoff.entries
        )
    where, time = _SAID[type(cutoff)](cutoff, day)
    return f"{word}{contracted(where)}{_time(time, cutoff.compare, start)}"


def _as_it_is(noun: str) -> str:
    return noun


def _adapted(cutoff: cutoffs.Adapted, lexicon: Lexicon, again: Callable[[Any], str]) -> str:
    parts = [again(cutoff.cutoff)]
    if cutoff.closed is not cutoffs.Closed.KEEP and cutoff.open_set is not None:
        early = cutoff.closed is cutoffs.Closed.PREVIOUS
        way = "avancée au dernier jour qui convient" if early else "reportée au premier jour qui convient"
        days = say_days(cutoff.open_set)
        parts.append(f"si cette limite tombe un autre jour, elle est {way}, à la même heure ({days})")
    parts += [f"mais {say_condition(one.when, lexicon)}, {again(one.cutoff)}" for one in cutoff.overrides]
    return " ; ".join(parts)


def say_dated(entry: cutoffs.TableDate, lexicon: Lexicon) -> str:
    """« pour septembre 2026 », « pour la période « hiver » »."""
    if entry.month is not None:
        return f"pour {numbers.month(*entry.month)}"
    return f"pour la période {lexicon.quoted_value('periode', entry.period)}"


def _for_weekdays(weekdays: frozenset[int]) -> str:
    return f"pour {both(f'le {weekday_name(day)}' for day in sorted(weekdays))}"


def _weekday(day: int, weeks_before: int) -> str:
    week = _WEEKS.get(weeks_before) or f"{numbers.in_letters(weeks_before)} semaines avant"
    return f"le {weekday_name(day)} {week}"


# --- Each form: where the limit stands, and its time


def _days_before(cutoff: cutoffs.DaysBefore, day: str) -> tuple[str, Any]:
    if cutoff.n == 0:
        return _same_day(day), cutoff.time
    return _walked(cutoff.n, cutoff.days, cutoff.clear_days, day), cutoff.time


def _same_day(day: str) -> str:
    return "le jour même" if day == THE_DAY else day


def _walked(n: int, days: Days, clear: bool, start: str) -> str:
    """« deux jours francs avant le jour concerné (deux jours entiers entre les deux, …) »."""
    if n == 0:
        return start
    unit = _UNITS[days.base]
    many = unit.replace("jour", "jours", 1)
    if clear:
        one, several = unit.replace("jour", "jour franc", 1), many.replace("jours", "jours francs", 1)
        whole = numbers.counted(n, "jour entier", "jours entiers")
        return f"{numbers.counted(n, one, several)} avant {start} ({whole} entre les deux ; {say_days(days)})"
    if n == 1 and days == Days(Base.ALL, False, False):
        return f"la veille {of(start)}"
    return f"{numbers.counted(n, unit, many)} avant {start} ({say_days(days)})"


def _hours_before(cutoff: cutoffs.HoursBefore, day: str) -> tuple[str, Any]:
    at = f"{cutoff.hours} heures" if cutoff.hours != 1 else "1 heure"
    counts = say_days(cutoff.days)
    if cutoff.days != Days(Base.ALL, False, False):
        counts = f"24 heures font un jour ; {counts}"
    return f"{at} avant {numbers.clock(cutoff.reference)} {of(day)} ({counts})", None


def _in_week(cutoff: cutoffs.InWeek, day: str) -> tuple[str, Any]:
    return _weekday(cutoff.day, cutoff.weeks_before), cutoff.time


def _in_month(cutoff: cutoffs.InMonth, day: str) -> tuple[str, Any]:
    month = (
        _MONTHS.get(cutoff.months_before) or f"du mois, {numbers.in_letters(cutoff.months_before)} mois avant"
    )
    if cutoff.day_of_month == 31:
        return f"le dernier jour {month}", cutoff.time
    number = numbers.day_number(cutoff.day_of_month)
    return f"le {number} {month}{numbers.shorter_months(cutoff.day_of_month)}", cutoff.time


def _before_period(cutoff: cutoffs.BeforePeriod, day: str) -> tuple[str, Any]:
    return _walked(cutoff.n, cutoff.days, cutoff.clear_days, _ANCHORS[cutoff.anchor]), cutoff.time


def _fixed(cutoff: cutoffs.FixedMoment, day: str) -> tuple[str, Any]:
    return f"le {numbers.calendar_day(cutoff.day)}", cutoff.time


_SAID: Mapping[type, Callable[[Any, str], tuple[str, Any]]] = {
    cutoffs.DaysBefore: _days_before,
    cutoffs.HoursBefore: _hours_before,
    cutoffs.InWeek: _in_week,
    cutoffs.InMonth: _in_month,
    cutoffs.BeforePeriod: _before_period,
    cutoffs.FixedMoment: _fixed,
}


def _time(time: Any, compare: Compare, start: bool) -> str:
    """The time of a limit, and whether that very moment is in time."""
    if start:
        return "" if time is None else f", à {numbers.clock(time)}"
    if time is None:
        return {
            Compare.UNTIL: ", cet instant compris",
            Compare.BEFORE: ", cet instant exclu",
            Compare.MINUTE: ", cette minute comprise",
        }[compare]
    said = numbers.clock(time)
    if time.minutes == 24 * 60:
        said += " (la fin du jour)"
    elif time.minutes == 0:
        said += " (le début du jour)"
    return {
        Compare.UNTIL: f", à {said} au plus tard",
        Compare.BEFORE: f", avant {said}",
        Compare.MINUTE: f", à {said} au plus tard, cette minute comprise",
    }[compare]
