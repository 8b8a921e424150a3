"""What one missed day leaves on the bill, as the portal tells it (P12): cents, why, how long a proof counts.

The rules say which days of an absence stay due; a day that does stays due at the price of its booking. The
portal gives the rules the facts that docs/reglement-format.md names (`cause`, `justifiee`, `certificat`); one
that it cannot give is said, never guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from domain.enums import AbsenceKind
from domain.errors import BusinessError
from domain.french import NBSP, format_euros
from domain.rulebook.absences import Absence, AbsenceRule, DueDays, Unit, judge, proof_deadline
from domain.rulebook.facts import Context, Kind
from domain.rulebook.limit_words import until_words
from domain.rulebook.quotes import missing_words
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.wording import numbers
from domain.rulebook.wording.absences import say_refund
from domain.rulebook.wording.french_names import readable
from domain.rulebook.wording.text import capital

CAUSE = "cause"
# The words of « cause » for what a family can prove, and for an absence of which nothing is said.
CAUSES = {
    AbsenceKind.MEDICAL: "maladie",
    AbsenceKind.CIVIL_ACT: "acte_d_etat_civil",
    AbsenceKind.PARENT_WORK: "travail_des_parents",
}
UNSAID = ("autre", "individuelle")
_PROVED = ("justifiee", "certificat")
_ASKED_BY_FAMILY = "annule_par_la_famille"
NO_RULE = "Le règlement ne prévoit pas de remise en cas d’absence"
_NOT_FORESEEN = f"Le règlement ne prévoit pas ce cas{NBSP}: le service dira ce qui reste dû."


@dataclass(frozen=True, slots=True)
class Missed:
    """One day of an absence. `days` are all its days, in order; `told` is when the family told, `proved_at`
    when the proof came (None: never). `cause` is a word of the fact « cause »; one that the règlement does
    not know is as good as none."""

    day: date
    days: tuple[date, ...]
    told: datetime | None
    cause: str = ""
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeftDue:
    """What stays due, in cents (None: the règlement cannot tell), and why. `proof_until`: the end of the time
    in which the proof had to come for this answer, as people read it."""

    cents: int | None
    explanation: tuple[str, ...]
    proof_until: str = ""


@dataclass(frozen=True, slots=True)
class Booked:
    """The price of the booking, in cents, and the function that gives what a due day costs with some
    adjustments of the tariff more; None where no tariff says it."""

    cents: int | None
    when_due: Callable[[tuple[str, ...]], int | None]


def left_due(book: Rulebook, name: str, missed: Missed, family: Mapping[str, Any], booked: Booked) -> LeftDue:
    """What stays due of a booked day of activity `name`; `family` are the facts of the child on that day.

    Without absence rules the price stays due: once the cancelling limit is passed, nothing takes it back.
    """
    activity = book.activities.get(name)
    if activity is None or activity.absences is None:
        return without_rule(booked.cents)
    facts = {**family, **_facts(book, missed), "etat": "absent", "activite": name}
    context = book.context(facts, day=missed.day, now=missed.told)
    absence = Absence(missed.days, missed.told, missed.proved_at)
    rules = activity.absences.on(missed.days[0]).rule
    try:
        verdict = judge(rules, absence, context, activity.opening)
        rule, stays = dict(verdict.rules)[missed.day], missed.day in verdict.due
        return _answer(rule, missed, stays, booked, _Day(absence, context, activity.opening))
    except BusinessError as fault:
        return LeftDue(None, (missing_words(book, fault) or _NOT_FORESEEN,))


def without_rule(cents: int | None) -> LeftDue:
    return LeftDue(cents, (f"{NO_RULE}{NBSP}: {_still_due(cents)}.",))


def causes(book: Rulebook) -> tuple[str, ...]:
    """The words of the fact « cause », in the order of the file; none when it is not a choice."""
    fact = book.facts.get(CAUSE)
    return fact.values if fact is not None and fact.kind is Kind.CHOICE else ()


@dataclass(frozen=True, slots=True)
class _Day:
    absence: Absence
    context: Context
    opened: Any


def _facts(book: Rulebook, missed: Missed) -> dict[str, Any]:
    """What the portal can say of an absence, of what the file declares."""
    known = causes(book)
    word = next((one for one in (missed.cause, *UNSAID) if one in known), None)
    facts: dict[str, Any] = {} if word is None else {CAUSE: word}
    for fact in (*_PROVED, _ASKED_BY_FAMILY):
        if fact in book.facts and book.facts[fact].kind is Kind.YES_NO:
            facts[fact] = fact in _PROVED and missed.proved_at is not None
    return facts


def _answer(rule: AbsenceRule, missed: Missed, stays: bool, booked: Booked, on: _Day) -> LeftDue:
    until = _proof_until(rule, missed, on)
    why = f"{capital(readable(rule.name))}{NBSP}: {_rank(rule, missed)}"
    if stays:
        cents = booked.when_due(rule.extras)
        return LeftDue(cents, (f"{why}{_still_due(cents)}.", *_with(rule)), until)
    if rule.refund is not None and rule.refund.amount is not None:
        euros = rule.refund.amount.evaluate(on.context)
        cents = -round(euros * 100)
        said = f"{why}{format_euros(-cents)} vous sont rendus."
        return LeftDue(cents, (said, *_given_back(rule)), until)
    return LeftDue(0, (f"{why}rien n’est dû.", *_given_back(rule)), until)


def _still_due(cents: int | None) -> str:
    return "le jour reste dû" if cents is None else f"{format_euros(cents)} restent dus"


def _rank(rule: AbsenceRule, missed: Missed) -> str:
    """« 2e jour réservé de l’absence, » when the rule counts the days."""
    if not isinstance(rule.due, DueDays) or rule.due.since_notice:
        return ""
    if rule.due.unit is Unit.CALENDAR:
        return f"{numbers.ordinal((missed.day - missed.days[0]).days + 1)} jour de l’absence, "
    return f"{numbers.ordinal(missed.days.index(missed.day) + 1)} jour réservé de l’absence, "


def _with(rule: AbsenceRule) -> tuple[str, ...]:
    return tuple(f"Avec {readable(name)}." for name in rule.extras)


def _given_back(rule: AbsenceRule) -> tuple[str, ...]:
    return () if rule.refund is None else (f"{capital(say_refund(rule.refund))}.",)


def _proof_until(rule: AbsenceRule, missed: Missed, on: _Day) -> str:
    if rule.proof is None or missed.proved_at is None:
        return ""
    return until_words(*proof_deadline(rule.proof, missed.day, on.absence, on.context, on.opened))


def as_proved(missed: Missed, kind: AbsenceKind, now: datetime) -> Missed:
    """The same day, had its proof come now."""
    return replace(missed, cause=CAUSES[kind], proved_at=now)
