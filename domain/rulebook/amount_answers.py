"""Answers about amounts: a price, what stays due of an absence, a bill, a computed fact."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.rulebook.absences import Absence
from domain.rulebook.answer_types import Answer, Asked
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
from domain.rulebook.facts import Context
from domain.rulebook.ladders import Outcome
from domain.rulebook.prices import price
from domain.rulebook.rulebook import LATE, Activity, Rulebook
from domain.rulebook.settlement import settled_later


def priced(book: Rulebook, asked: Asked, context: Context) -> Answer:
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
    later = settled_later(book, asked["activity"], context)
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


def absent(book: Rulebook, asked: Asked, context: Context) -> Answer:
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


def billed(book: Rulebook, asked: Asked, context: Context) -> Answer:
    refuse_contradictions(asked)
    judged = judge_absences(book, asked, context, asked["earlier"])
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


def known(book: Rulebook, asked: Asked, context: Context) -> Answer:
    rule = book.named.get(asked["fact"])
    value = context.fact(asked["fact"], "la question")
    message = rule.message(context) if rule is not None and value is False else None
    return {"valeur": value, "message": message or None}
