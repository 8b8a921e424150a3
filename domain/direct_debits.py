"""Direct debits (prélèvements SEPA): mandates, days on which banks work, batches, rejections (R46).

Days are dates in Europe/Paris. What the bank reads is in its own words: `FRST`, `RCUR`, `AM04`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.documents import months_after
from domain.enums import BatchState, DebitSequence, DebitState, MandateState
from domain.french import NBSP, format_day

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
# After these no debit of the mandate can succeed: it ends with the rejection.
ENDING_CODES = frozenset({"AC01", "AC04", "MD01", "MD07"})


@dataclass(frozen=True, slots=True)
class Expected:
    """An open bill as a batch looks at it. `mandate_state` is None without a mandate; `planned`: it waits in
    another batch; `announced`: the day that the family was told."""

    left_cents: int
    is_paying: bool
    announced: date | None
    planned: bool
    mandate_state: MandateState | None
    signed_on: date | None
    last_used_on: date | None


def obstacle(bill: Expected, day: date, today: date, notice_days: int) -> str:
    """Why a bill is not debited on `day`, in French; empty when it is."""
    if bill.mandate_state is None or bill.signed_on is None:
        return "Pas de mandat de prélèvement"
    if bill.mandate_state is not MandateState.ACTIVE:
        return "Mandat à vérifier avant de prélever"
    end = lapses_on(bill.signed_on, bill.last_used_on)
    if end <= day:
        return f"Mandat caduc le {format_day(end, year=True)}, faute de prélèvement pendant 36{NBSP}mois"
    if bill.planned:
        return "Déjà dans un autre lot"
    if bill.is_paying:
        return "Un paiement en ligne est en cours"
    if bill.left_cents <= 0:
        return "Rien à payer"
    return _too_early(bill.announced, day, today, notice_days)


def _too_early(announced: date | None, day: date, today: date, notice_days: int) -> str:
    if announced is not None and announced > day:
        return f"Annoncé à la famille pour le {format_day(announced, year=True)}"
    first = today + timedelta(days=notice_days)
    if announced != day and first > day:
        return (
            f"La famille doit être prévenue {notice_days}{NBSP}jours avant{NBSP}: "
            f"pas de prélèvement avant le {format_day(banking_day_from(first), year=True)}"
        )
    return ""


def may_debit(creditor_identifier: str, creditor_name: str, iban: str) -> bool:
    """Whether a régie has what a direct debit needs."""
    return bool(creditor_identifier and creditor_name and iban)


def mandate_text(creditor: str) -> tuple[str, ...]:
    """What the family signs, in the words of the European Payments Council."""
    return (
        f"En signant ce mandat, vous autorisez {creditor} à envoyer des instructions à votre banque pour "
        f"débiter votre compte, et votre banque à débiter votre compte selon les instructions de {creditor}.",
        "Vous bénéficiez du droit d’être remboursé par votre banque selon les conditions décrites dans la "
        "convention que vous avez passée avec elle. Une demande de remboursement doit être présentée dans "
        f"les 8{NBSP}semaines qui suivent la date de débit de votre compte pour un prélèvement autorisé.",
        "Vos droits concernant ce mandat sont expliqués dans un document que vous pouvez obtenir auprès de "
        "votre banque.",
    )


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
