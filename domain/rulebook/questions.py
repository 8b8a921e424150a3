"""Answers to the questions of a scenario: plain data and the steps that led to them.

A fact that is missing is named; a case that the règlement does not foresee is said; nothing is guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from domain.calendar import paris_now
from domain.clock_time import FOREVER
from domain.errors import BusinessError
from domain.rulebook import access_answers, amount_answers, ladders, money_answers
from domain.rulebook.answer_types import Answer, Asked
from domain.rulebook.bills import require_open
from domain.rulebook.facts import Context
from domain.rulebook.ladders import Decision, Outcome, decide, ladder_for, limits, said_stage
from domain.rulebook.plain_data import moment_text
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.scenario import Question, Result, Scenario
from domain.rulebook.trace import MissingFact, Trace, Unanswered
from domain.rulebook.versions import Version


def answer_all(book: Rulebook, scenario: Scenario) -> list[Result]:
    return [answer(book, question) for question in scenario.questions]


def answer(book: Rulebook, question: Question) -> Result:
    """The answer, or why there is none."""
    trace, asked = Trace(), question.asked
    try:
        facts = _with_act(question)
        context = book.context(facts, day=asked.get("day"), now=asked.get("now"), trace=trace)
        return Result(question, _ANSWERS[question.kind](book, asked, context), trace)
    except MissingFact as missing:
        return Result(question, {}, trace, missing.message, missing.fact)
    except BusinessError as error:
        return Result(question, {}, trace, error.message)


def _with_act(question: Question) -> dict[str, Any]:
    """The facts, with the action and the channel of the question among them."""
    act = {"action": question.asked.get("action"), "canal": question.asked.get("channel")}
    return {**{name: value for name, value in act.items() if value}, **question.facts}


# --- Limits


def _ladder(
    activity: Activity, asked: Asked, context: Context, action: str
) -> tuple[ladders.Ladder, Version]:
    """The ladder of the version in force at the act, and that version."""
    if activity.ladders is None:
        raise Unanswered(f"{activity.path} n’a pas de délais.")
    version = activity.ladders.on(None if context.now is None else paris_now(context.now).date(), "a")
    context.trace.version = version.name
    return ladder_for(version.rule, action, asked["channel"], context, activity.path), version


def _limit(book: Rulebook, asked: Asked, context: Context) -> Answer:
    activity = book.activities[asked["activity"]]
    require_open(activity, [asked["day"]])
    ladder, version = _ladder(activity, asked, context, asked["action"])
    stages = [one.before(version.ends()) for one in limits(ladder, context, activity.opening)]
    sure = next((one for one in stages if one.certain), None)
    bounded = {one.limit for one in stages} - {FOREVER}
    for one in stages:
        context.trace.add(one.stage.path, f"{said_stage(one)} : {one.stage.answer.outcome.value}")
    return {
        "limite": None if sure is None else moment_text(sure.limit),
        "en_clair": "jamais" if sure is None else said_stage(sure),
        "derniere_limite": moment_text(stages[-1].limit) if stages else None,
        "etapes": [
            {
                "a_partir_de": None if one.since is None else moment_text(one.since),
                "jusqu_a": moment_text(one.limit),
                "en_clair": said_stage(one),
                "effet": one.stage.answer.outcome.value,
                "supplements": list(one.stage.answer.extras),
                "exige": list(one.stage.answer.requires),
                "sous_condition": not one.certain,
            }
            for one in stages
        ],
        "ensuite": "autre_version" if version.ends() in bounded else ladder.otherwise.outcome.value,
    }


def _allowed(book: Rulebook, asked: Asked, context: Context) -> Answer:
    activity = book.activities[asked["activity"]]
    impossible = _why_impossible(activity, asked["day"], asked["now"])
    if impossible:
        context.trace.add(activity.path, f"{impossible} : refus", {"a": asked["now"]})
        return _decided(Decision(ladders.Answer(Outcome.REFUSE), None, activity.path))
    action = asked["action"]
    if action == "reserver" and asked["cancelled"] and activity.rebooking_is_change:
        context.trace.add(activity.path, "reprendre un jour annulé est une modification")
        action = "modifier"
    ladder, version = _ladder(activity, asked, context, action)
    decision = decide(ladder, context, activity.opening, asked["now"])
    if decision.until is not None and decision.until > version.ends():
        context.trace.add(ladder.path, f"au-delà, une autre version que « {version.name} » s’applique")
        decision = replace(decision, until=version.ends())
    return _decided(decision)


def _why_impossible(activity: Activity, day: date, now: datetime) -> str:
    """What forbids any act whatever the limits: a closed day, or a day that is over (S87)."""
    if activity.opening is not None and (closed := activity.opening.why_closed(day)):
        return f"l’activité n’est pas ouverte ce jour-là ({closed})"
    return "ce jour est passé" if day < paris_now(now).date() else ""


def _decided(decision: Decision) -> Answer:
    return {
        "permis": decision.allowed,
        "effet": decision.answer.outcome.value,
        "jusqu_a": None if decision.until is None else moment_text(decision.until),
        "ouvre": None if decision.opens is None else moment_text(decision.opens),
        "supplements": list(decision.answer.extras),
        "exige": list(decision.answer.requires),
    }


def _open(book: Rulebook, asked: Asked, context: Context) -> Answer:
    opening = book.activities[asked["activity"]].opening
    if opening is None:
        raise Unanswered("Les jours de cette activité ne sont pas déclarés.")
    return {"ouvert": asked["day"] in opening}


_ANSWERS: Mapping[str, Callable[[Rulebook, Asked, Context], Answer]] = {
    "limite": _limit,
    "permis": _allowed,
    "prix": amount_answers.priced,
    "absence": amount_answers.absent,
    "facture": amount_answers.billed,
    "fait": amount_answers.known,
    "fenetre": access_answers.window,
    "inscription": access_answers.enrolled,
    "attribution": access_answers.allocated,
    "avis": money_answers.noticed,
    "paiement": money_answers.paid,
    "echeances": money_answers.scheduled,
    "ouverture": _open,
}
