"""Direct debits (prélèvements SEPA): mandates, days on which banks work, batches, rejections (R46).

Days are dates in Europe/Paris. What the bank reads is in its own words: `FRST`, `RCUR`, `AM04`.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from domain.documents import months_after
from domain.enums import BatchState, DebitSequence, DebitState, MandateState

MANDATE_TRANSITIONS: Mapping[MandateState, frozenset[MandateState]] = {
    MandateState.WAITING: frozenset({MandateState.ACTIVE, MandateState.REVOKED}),
    MandateState.ACTIVE: frozenset({MandateState.REVOKED, MandateState.LAPSED}),
    MandateState.REVOKED: frozenset(),
    MandateState.LAPSED: frozenset(),
}
BATCH_TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.DRAFT: frozenset({BatchState.PREPARED, BatchState.ABANDONED}),
    BatchState.PREPARED: frozenset({BatchState.SETTLED, BatchState.ABANDONED}),
    BatchState.SETTLED: frozenset(),
    BatchState.ABANDONED: frozenset(),
}
# The bank may send back what it collected: the family has 8 weeks to ask for it, 13 months without a mandate.
DEBIT_TRANSITIONS: Mapping[DebitState, frozenset[DebitState]] = {
    DebitState.PLANNED: frozenset({DebitState.COLLECTED, DebitState.REJECTED, DebitState.DROPPED}),
    DebitState.COLLECTED: frozenset({DebitState.REJECTED}),
    DebitState.REJECTED: frozenset(),
    DebitState.DROPPED: frozenset(),
}
LIVE_MANDATES = frozenset({MandateState.WAITING, MandateState.ACTIVE})
LAPSE_MONTHS = 36  # without a debit (SEPA Core rulebook)

# What a bank answers, and what a person reads of it.
REJECT_WORDS: Mapping[str, str] = {
    "AM04": "Provision insuffisante",
    "AC01": "Compte inconnu, IBAN à vérifier",
    "AC04": "Compte clôturé",
    "AC06": "Compte bloqué",
    "AG01": "Prélèvement interdit sur ce compte",
    "MD01": "Pas de mandat valable",
    "MD06": "Remboursement demandé par le titulaire",
    "MD07": "Titulaire décédé",
    "MS02": "Refusé par le titulaire",
    "MS03": "Refusé par la banque, sans motif",
    "SL01": "Refusé selon les consignes du titulaire",
}


def is_banking_day(day: date) -> bool:
    """True when TARGET, by which banks pay each other, works on that day."""
    if day.weekday() >= 5:
        return False
    if (day.month, day.day) in {(1, 1), (5, 1), (12, 25), (12, 26)}:
        return False
    easter = _easter(day.year)
    return day not in {easter - timedelta(days=2), easter + timedelta(days=1)}


def banking_day_from(day: date) -> date:
    """That day, or the next one on which banks work."""
    while not is_banking_day(day):
        day += timedelta(days=1)
    return day


def debit_day(issue_day: date, due_day: date, notice_days: int) -> date:
    """When a bill is debited: the day it is due, or later so that the family is told long enough before."""
    return banking_day_from(max(due_day, issue_day + timedelta(days=notice_days)))


def lapses_on(signed_on: date, last_used_on: date | None) -> date:
    """The first day on which a mandate does not hold any more when it is not used."""
    return months_after(last_used_on or signed_on, LAPSE_MONTHS)


def sequence_of(carried_before: bool) -> DebitSequence:
    """`carried_before`: a debit of the mandate was collected, or waits with its bank."""
    return DebitSequence.RECURRENT if carried_before else DebitSequence.FIRST


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)
