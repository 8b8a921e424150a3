"""The price of one presence as the portal shows it: cents, why, and what may still change it.

A price that depends on the whole period (packages, caps, counts: P7, P9, P10), or on a quotient that is not
proved, is provisional and says why. A price that the règlement cannot give is None, with the reason: the fact
that is missing, or the case that is not foreseen. It is never guessed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from domain.errors import BusinessError
from domain.french import NBSP, format_euros, format_number, quoted, spaced
from domain.rulebook.bills import price_all
from domain.rulebook.counts import Presence
from domain.rulebook.decisions import CONTACT
from domain.rulebook.facts import Context
from domain.rulebook.family_facts import fact_label
from domain.rulebook.prices import Adjustment, Operation
from domain.rulebook.quotients import TOP
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.settlement import settled_later
from domain.rulebook.trace import MissingFact, Step, UnknownQuotient
from domain.rulebook.wording.french_names import readable
from domain.rulebook.wording.text import capital

FLAT = "tarif unique"
PROOF_ADVICE = "transmettez votre attestation CAF ou MSA au service"
_UNKNOWN = "quotient familial non connu"


@dataclass(frozen=True, slots=True)
class Price:
    """A price, in cents; None when the règlement cannot tell, `explanation` then saying what lacks.

    `bracket_label` names the line of the table, « tarif unique » without one; `settled_later` says why only
    the whole period settles it, empty when it does not.
    """

    cents: int | None
    provisional: bool
    bracket_label: str
    explanation: tuple[str, ...]
    settled_later: str = ""


def quote(
    book: Rulebook, name: str, context: Context, triggered: Collection[str] = (), extra: Iterable[str] = ()
) -> Price:
    """The price of one presence in activity `name` for the facts of `context`.

    `triggered` names the adjustments that a limit brings; `extra` are sentences that explain further.
    """
    presence = Presence(name, "", context.day, context.given, "", frozenset(triggered), context)
    try:
        price_all(book, [presence])
    except BusinessError as error:
        return Price(None, False, "", (unanswered(book, error),))
    later = settled_later(book, name, context)
    reasons = tuple(_reasons(context, later))
    bracket = _bracket(context, context.trace.steps)
    return Price(
        cents_of(presence.amount),
        bool(reasons),
        bracket,
        (*arithmetic(book, presence), *extra, *reasons),
        later,
    )


def arithmetic(book: Rulebook, presence: Presence) -> tuple[str, ...]:
    """How a priced presence came to its amount, in sentences."""
    steps = tuple(presence.context.trace.steps)
    return tuple(_said(steps, presence.amount, _adjustments(book, presence.activity, presence.day)))


def is_without_quotient(context: Context) -> bool:
    """True when a price read a quotient that nobody knows."""
    return "quotient" in context.reads and context.given.get("quotient") in (None, TOP)


def lacks_quotient(error: BusinessError) -> bool:
    """True when there is no price because nobody knows the quotient."""
    is_missing = isinstance(error, MissingFact) and error.fact == "quotient"
    return is_missing or isinstance(error, UnknownQuotient)


def unanswered(book: Rulebook, error: BusinessError) -> str:
    """Why there is no price, for a family: the fact that its file lacks, or a case not foreseen."""
    not_foreseen = f"Le règlement ne prévoit pas ce cas{NBSP}: le prix sera confirmé par le service."
    return missing_words(book, error) or not_foreseen


def missing_words(book: Rulebook, error: BusinessError) -> str:
    """The fact that a file lacks, for a family; empty for any other reason."""
    if not isinstance(error, MissingFact):
        return ""
    label = quoted(fact_label(book, error.fact))
    return f"Il manque une information au dossier pour répondre{NBSP}: {label}. {CONTACT}"


@lru_cache(maxsize=4096)
def cents_of(euros: Decimal) -> int:
    """The règlement rounds to its own step first; a step below the cent is paid to the nearest cent."""
    return int((euros * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _bracket(context: Context, steps: Iterable[Step]) -> str:
    if is_without_quotient(context):
        return _UNKNOWN
    return next((step.bracket for step in steps if step.bracket), FLAT)


def _reasons(context: Context, later: str) -> Iterator[str]:
    """Why the price may still change."""
    if is_without_quotient(context):
        yield f"Prix provisoire{NBSP}: {PROOF_ADVICE}."
    if later:
        yield f"Prix provisoire{NBSP}: {later}."


# --- The arithmetic in words


def _adjustments(book: Rulebook, name: str, day: date) -> Mapping[str, Adjustment]:
    """The adjustments of a tariff that calculate, by their place in the file."""
    rules = book.activities[name].tariff.on(day).rule.adjustments
    return {one.path: one for one in rules if isinstance(one, Adjustment)}


def _said(steps: Iterable[Step], amount: Decimal, adjustments: Mapping[str, Adjustment]) -> Iterator[str]:
    """One sentence a step that a family understands."""
    told = False
    for step in steps:
        if step.bracket or step.rule.endswith("]") and ".lignes[" in step.rule:
            facts = ", ".join(part for part in _facts_in_words(step) if part)
            yield capital(f"{facts}{NBSP}: {money_in_words(step.result)}.")
            told = True
        elif step.rule in adjustments:
            yield _adjusted(adjustments[step.rule], step)
        elif ".ajustements[" in step.rule:
            yield spaced(capital(f"{readable(step.text)}."))
    if not told:
        yield capital(f"{FLAT}{NBSP}: {money_in_words(amount)}.")


_SIGNS = {
    Operation.MULTIPLY: "× ",
    Operation.SET: "= ",
    Operation.AT_LEAST: "au moins ",
    Operation.AT_MOST: "au plus ",
}


def _adjusted(rule: Adjustment, step: Step) -> str:
    """« Supplément hors délai : +1,00 €, de 1,10 € à 2,10 €. »"""
    found = dict(step.inputs)
    value, before = found["valeur"], found["avant"]
    if rule.operation is Operation.ADD:
        said = f"{'+' if value >= 0 else ''}{money_in_words(value)}"
    else:
        amount = format_number(value) if rule.operation is Operation.MULTIPLY else money_in_words(value)
        said = f"{_SIGNS[rule.operation]}{amount}"
    name = capital(readable(rule.name))
    return f"{name}{NBSP}: {said}, de {money_in_words(before)} à {money_in_words(step.result)}."


def _facts_in_words(step: Step) -> Iterator[str]:
    for name, value in step.inputs:
        if name == "quotient":
            known = value not in (None, TOP)
            yield f"quotient familial {format_number(value)}" if known else _UNKNOWN
        elif isinstance(value, str):
            yield readable(value)
        elif value is not None:
            yield f"{readable(name)} {_plain(value)}"
    yield step.bracket


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return format_number(value) if isinstance(value, Decimal | int) else str(value)


def money_in_words(value: Decimal) -> str:
    """Euros when the number is whole cents, the number itself otherwise (a rate, a table of percentages)."""
    hundredths = value * 100
    return format_euros(int(hundredths)) if hundredths == int(hundredths) else format_number(value)
