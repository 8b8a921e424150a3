"""Answers about access: the window of a family, an enrolment, who gets the places."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from domain.calendar import paris_now
from domain.french import WEEKDAYS, format_day, quoted, spaced
from domain.rulebook.answer_types import Answer, Asked
from domain.rulebook.enrolment import Enrolment, Given, Tie, Window, choice_faults, current_window
from domain.rulebook.facts import Context
from domain.rulebook.plain_data import moment_text
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.trace import MissingFact, Unanswered, in_words
from domain.rulebook.wording.text import capital


def _rules_of(activity: Activity, context: Context) -> Enrolment:
    if activity.enrolment is None:
        raise Unanswered(f"{activity.path} n’a pas de règles d’inscription.")
    return activity.enrolment.on(context.day).rule


def _window_of(rules: Enrolment, asked: Asked, context: Context) -> Window:
    """The window of this family: open now if one is, else the next to open, else the last one."""
    period = asked["period"]
    if period is None and context.day is not None:
        period = context.calendar.period_of(context.day)
    found = [one for one in rules.windows if one.is_for(period)]
    if not found:
        said = f"la période {quoted(period)}" if period else "un jour hors des périodes nommées"
        raise Unanswered(f"{rules.path} : aucune fenêtre d’inscription n’est écrite pour {said}.")
    found = [one for one in found if one.takes(asked["channel"])]
    if not found:
        raise Unanswered(
            f"{rules.path} : aucune fenêtre d’inscription n’est ouverte par {quoted(asked['channel'])}."
        )
    found = [one for one in found if one.when.holds(context)]
    if not found:
        raise Unanswered(f"{rules.path} : aucune fenêtre d’inscription n’est prévue pour cette famille.")
    return current_window(found, context.now)


def window(book: Rulebook, asked: Asked, context: Context) -> Answer:
    window = _window_of(_rules_of(book.activities[asked["activity"]], context), asked, context)
    context.trace.add(window.path, f"inscriptions {window.said()}")
    return {
        "ouvre": moment_text(window.opens),
        "ferme": None if window.closes is None else moment_text(window.closes),
        "en_clair": window.said(),
        "ouverte": None if context.now is None else window.is_open(context.now),
        "jours": [day if isinstance(day, date) else WEEKDAYS[day] for day in window.days],
    }


def enrolled(book: Rulebook, asked: Asked, context: Context) -> Answer:
    activity = book.activities[asked["activity"]]
    rules = _rules_of(activity, context)
    _refuse_unknown_papers(rules, asked["papers"])
    reasons = []
    if rules.windows and context.now is not None:
        reasons += _closed_window(_window_of(rules, asked, context), context)
    for name in rules.conditions:
        if not context.fact(name, rules.path):
            reasons.append(book.named[name].message(context))
    today = context.day if context.now is None else paris_now(context.now).date()
    for paper in rules.papers:
        reason = paper.missing(asked["papers"], today, context)
        if reason:
            reasons.append(capital(reason))
            context.trace.add(paper.path, reason)
    if rules.choices and not asked["days"]:
        raise MissingFact("jours", rules.path)
    reasons += _closed_days(activity, asked["days"])
    reasons += _outside(asked["period"], asked["days"], context)
    reasons += choice_faults(rules.choices, asked["days"], activity.opening or (), context)
    return {"acceptee": not reasons, "motifs": reasons}


def _closed_days(activity: Activity, days: Iterable[date]) -> list[str]:
    found = []
    for day in days:
        if activity.opening is not None and (closed := activity.opening.why_closed(day)):
            found.append(f"{activity.label} n’est pas ouvert le {format_day(day, year=True)} ({closed}).")
    return found


def _outside(period: str | None, days: Iterable[date], context: Context) -> list[str]:
    if period is None:
        return []
    outside = (day for day in days if day not in context.calendar.periods[period])
    return [f"Le {format_day(day, year=True)} n’est pas de la période {quoted(period)}." for day in outside]


def _closed_window(window: Window, context: Context) -> list[str]:
    if window.is_open(context.now):
        return []
    if window.is_over(context.now):
        reason = f"Les inscriptions sont fermées : elles étaient ouvertes {window.said()}."
    else:
        reason = f"Les inscriptions ne sont pas ouvertes : elles le sont {window.said()}."
    context.trace.add(window.path, reason)
    return [spaced(reason)]


def _refuse_unknown_papers(rules: Enrolment, given: Iterable[Given]) -> None:
    known = {name for paper in rules.papers for name in (paper.name, *(one.name for one in paper.instead))}
    for one in given:
        if one.name not in known:
            pieces = ", ".join(sorted(known)) or "aucune"
            raise Unanswered(f"{rules.path} ne connaît pas la pièce {quoted(one.name)} ; pièces : {pieces}.")


def allocated(book: Rulebook, asked: Asked, context: Context) -> Answer:
    activity = book.activities[asked["activity"]]
    rules = _rules_of(activity, context).allocation
    if rules is None:
        raise Unanswered(f"{activity.path} ne dit pas comment les places sont données.")
    ranked: list[tuple[Any, str]] = []
    for one in asked["candidates"]:
        of_family = book.context({**context.given, **one["facts"]}, day=context.day, trace=context.trace)
        if rules.tie is Tie.ARRIVAL and one["filed"] is None:
            raise MissingFact(f"moment du dépôt de {one['name']}", rules.path)
        arrival = one["filed"] if rules.tie is Tie.ARRIVAL else None
        rank, why = rules.rank(of_family)
        ranked.append(((rank, arrival), one["name"]))
        filed = f", déposé le {in_words(arrival)}" if arrival else ""
        context.trace.add(rules.path, f"{one['name']} : {why}{filed}")
    keys = sorted({key for key, _ in ranked})
    return _served(asked["places"], [[name for key, name in ranked if key == wanted] for wanted in keys])


def _served(places: int, groups: list[list[str]]) -> Answer:
    """Whole groups of equals are served while places remain; a group too large waits for a human."""
    admitted, equals, waiting = [], [], []
    for group in groups:
        if len(group) <= places and not equals:
            admitted += group
            places -= len(group)
        elif places and not equals:
            equals = group
        else:
            waiting += group
    return {"rangs": groups, "admis": admitted, "a_departager": equals, "en_attente": waiting}
