"""Answers to the questions of a scenario: plain data and the steps that led to them.

A fact that is missing is named; a case that the règlement does not foresee is said; nothing is guessed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.calendar import paris_now
from domain.clock_time import FOREVER
from domain.errors import BusinessError
from domain.french import WEEKDAYS, format_day, quoted, spaced
from domain.rulebook import ladders
from domain.rulebook.absences import Absence
from domain.rulebook.billing import notices, payable, schedule
from domain.rulebook.bills import (
    as_booked,
    bill_lines,
    booking_answer,
    expand,
    given_back,
    judge_absences,
    known_extras,
    price_all,
    refund_lines,
    refuse_contradictions,
    refuse_given_counts,
    require_open,
    tariff_of,
    verdict_on,
)
from domain.rulebook.enrolment import Enrolment, Given, Tie, Window, choice_faults
from domain.rulebook.facts import Context
from domain.rulebook.ladders import Decision, Outcome, decide, ladder_for, limits, said_stage
from domain.rulebook.plain_data import moment_text
from domain.rulebook.prices import Adjustment, Scope, price
from domain.rulebook.rulebook import LATE, Activity, Rulebook
from domain.rulebook.scenario import Question, Result, Scenario
from domain.rulebook.trace import MissingFact, Trace, Unanswered, in_words
from domain.rulebook.versions import Version

Answer = dict[str, Any]
Asked = Mapping[str, Any]


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


# --- Amounts


def _price(book: Rulebook, asked: Asked, context: Context) -> Answer:
    activity = book.activities[asked["activity"]]
    context = _of_presence(book, asked, context)
    if context.day is not None:
        require_open(activity, [context.day])
    triggered = known_extras(tariff_of(activity, context, context.day), asked["triggered"])
    if asked["booked_at"] is not None:
        answered = booking_answer(activity, context, asked["channel"])
        triggered |= frozenset(answered.extras)
        context = context.with_facts(**{LATE: answered.outcome is not Outcome.FREE})
    found = price(tariff_of(activity, context, context.day), context, triggered)
    later = _settled_later(book, asked["activity"], context)
    if later:
        context.trace.add(activity.path, f"prix provisoire : {later}")
    return {
        "prix": found.amount,
        "provisoire": bool(later),
        "prix_unitaire": found.unit_price,
        "quantite": found.quantity,
        "ajustements": list(found.applied),
    }


def _of_presence(book: Rulebook, asked: Asked, context: Context) -> Context:
    """The facts of the presence that is priced, at its booking; it takes place unless `etat` denies it."""
    facts = {"etat": "present", "activite": asked["activity"], **context.given}
    return book.context(facts, day=context.day, now=asked["booked_at"] or context.now, trace=context.trace)


def _settled_later(book: Rulebook, name: str, context: Context) -> str:
    """Why only the whole period settles a price (P9, P10); empty when it is final."""
    totals = [
        version.rule for total in book.totals for version in total.versions if _may_hold(version, context)
    ]
    names = dict.fromkeys(total.name for total in totals if name in total.activities)
    if names:
        return f"le total de la période peut le changer ({', '.join(names)})"
    if book.activities[name].counts:
        return "il dépend de ce qui est compté sur la période"
    wide = next((one for one in _wide_adjustments(book, name, context) if _may_apply(one, context)), None)
    return "" if wide is None else f"« {wide.name} » se règle sur la facture"


def _wide_adjustments(book: Rulebook, name: str, context: Context) -> list[Adjustment]:
    """The adjustments that only a bill applies: to an order, to the units that follow, to the whole."""
    tariff = tariff_of(book.activities[name], context, context.day)
    wide = (Scope.ORDER, Scope.FOLLOWING, Scope.BILL)
    return [one for one in tariff.adjustments if isinstance(one, Adjustment) and one.scope in wide]


def _may_apply(one: Adjustment, context: Context) -> bool:
    """True when its condition holds, or is in doubt; one that a limit names is in the answer already."""
    try:
        return one.when is not None and one.when.holds(context)
    except BusinessError:
        return True


def _may_hold(version: Version, context: Context) -> bool:
    """False when the total is not in force that day, or is not for this presence."""
    if context.day is not None and not version.holds(context.day):
        return False
    try:
        return version.rule.when.holds(context)
    except BusinessError:
        return True


def _absence(book: Rulebook, asked: Asked, context: Context) -> Answer:
    activity = book.activities[asked["activity"]]
    require_open(activity, asked["days"])
    absence = Absence(tuple(sorted(asked["days"])), asked["told"], asked["proof"])
    context = context.with_facts(**{"etat": "absent", "activite": asked["activity"], **context.given})
    verdict = verdict_on(activity, absence, context)
    refunds = {day: rule.refund for day, rule in verdict.rules if day in verdict.waived and rule.refund}
    found: Answer = {
        "dus": list(verdict.due),
        "non_dus": list(verdict.waived),
        "nombre_du": len(verdict.due),
        "nombre_non_du": len(verdict.waived),
        "regles": list(dict.fromkeys(rule.name for _, rule in verdict.rules)),
        "remboursement": next((refund.form for refund in refunds.values()), None),
        "mois_plus_tard": next((refund.months_later for refund in refunds.values()), None),
    }
    if asked["priced"]:
        found["montant"] = _due_amount(book, activity, verdict, context, asked)
        found["rendu"] = sum((amount for _, _, amount in given_back(verdict, context)), Decimal("0.00"))
    return found


def _due_amount(book: Rulebook, activity: Activity, verdict: Any, context: Context, asked: Asked) -> Decimal:
    total = Decimal("0.00")
    for day, rule in verdict.rules:
        if day in verdict.due:
            known = book.context(context.given, day=day, now=asked["booked_at"], trace=context.trace)
            of_day, triggered = as_booked(activity, asked, known)
            extras = triggered | frozenset(rule.extras)
            total += price(tariff_of(activity, of_day, day), of_day, extras).amount
    return total


def _bill(book: Rulebook, asked: Asked, context: Context) -> Answer:
    refuse_contradictions(asked)
    judged = judge_absences(book, asked, context)
    presences = expand(book, asked, context, judged)
    refuse_given_counts(book, presences)
    price_all(book, presences, asked["earlier"])
    lines = bill_lines(book, presences, asked["earlier"]) + refund_lines(judged)
    return {
        "total": sum((line.amount for line in lines), Decimal("0.00")),
        "par_enfant": _summed((line.child or "famille", line.amount) for line in lines),
        "par_payeur": _summed((line.payer or "commun", line.amount) for line in lines),
        "lignes": [
            {
                "libelle": line.label,
                "enfant": line.child,
                "montant": line.amount,
                "payeur": line.payer,
                "regle": line.rule,
                "version": line.version,
            }
            for line in lines
        ],
    }


def _summed(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, amount in amounts:
        sums[name] = sums.get(name, Decimal(0)) + amount
    return sums


def _fact(book: Rulebook, asked: Asked, context: Context) -> Answer:
    rule = book.named.get(asked["fact"])
    value = context.fact(asked["fact"], "la question")
    message = rule.message(context) if rule is not None and value is False else None
    return {"valeur": value, "message": message or None}


# --- Access


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
    return _current(found, context.now)


def _current(windows: list[Window], now: datetime | None) -> Window:
    if now is None:
        return windows[0]
    to_come = sorted((one for one in windows if one.opens > now), key=lambda one: one.opens)
    is_open = [one for one in windows if one.is_open(now)]
    return next(iter([*is_open, *to_come, *reversed(windows)]))


def _window(book: Rulebook, asked: Asked, context: Context) -> Answer:
    window = _window_of(_rules_of(book.activities[asked["activity"]], context), asked, context)
    context.trace.add(window.path, f"inscriptions {window.said()}")
    return {
        "ouvre": moment_text(window.opens),
        "ferme": None if window.closes is None else moment_text(window.closes),
        "en_clair": window.said(),
        "ouverte": None if context.now is None else window.is_open(context.now),
        "jours": [day if isinstance(day, date) else WEEKDAYS[day] for day in window.days],
    }


def _enrol(book: Rulebook, asked: Asked, context: Context) -> Answer:
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
            reasons.append(reason[0].upper() + reason[1:])
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


def _allocate(book: Rulebook, asked: Asked, context: Context) -> Answer:
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


# --- Money


def _billing(book: Rulebook, part: str) -> Any:
    found = None if book.billing is None else getattr(book.billing, part)
    if not found:
        raise Unanswered("Le règlement n’écrit pas cette règle de facturation.")
    return found


def _notice(book: Rulebook, asked: Asked, context: Context) -> Answer:
    found = notices(_billing(book, "minimum"), asked["bills"], context)
    return {"avis": found[-1].asked, "reporte": found[-1].carried, "suite": [one.asked for one in found]}


def _payment(book: Rulebook, asked: Asked, context: Context) -> Answer:
    means = [one for one in _billing(book, "means") if one.name == asked["means"]]
    if not means:
        return {"accepte": False, "maximum": Decimal(0)}
    most = sum((payable(one, asked["bills"], context) for one in means), Decimal(0))
    return {"accepte": most > 0, "maximum": most}


def _schedule(book: Rulebook, asked: Asked, context: Context) -> Answer:
    parts = schedule(_billing(book, "instalments"), asked["year"], asked["amount"])
    return {
        "nombre": len(parts),
        "echeances": [{"date": day, "montant": part} for day, part in parts],
    }


_ANSWERS: Mapping[str, Callable[[Rulebook, Asked, Context], Answer]] = {
    "limite": _limit,
    "permis": _allowed,
    "prix": _price,
    "absence": _absence,
    "facture": _bill,
    "fait": _fact,
    "fenetre": _window,
    "inscription": _enrol,
    "attribution": _allocate,
    "avis": _notice,
    "paiement": _payment,
    "echeances": _schedule,
    "ouverture": _open,
}
