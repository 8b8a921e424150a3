"""What an answer of the online payment service means for what was asked of it (S57, S60, R45). Amounts in
cents.

Only money that the service says it took settles a bill, and only when it says so of what was asked. A code
that nobody here knows is never a refusal: somebody looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.enums import OnlineMode, OnlineState, PaymentMethod
from domain.french import NBSP, format_euros
from domain.ledger import ONLINE_TRANSITIONS

LEAST_CENTS = 100  # the service takes nothing smaller
MOST_CENTS = 10_000_000
PAGE_LIFE = timedelta(minutes=15)  # how long the payment page of an operation may be opened
ALIVE = timedelta(minutes=20)  # until then an operation that was given up may still be paid
FIRST_CHECK = timedelta(minutes=5)
NEXT_CHECK = timedelta(minutes=30)
UNASKED = timedelta(minutes=10)  # an attempt that was not sent by then never will be
PATIENCE = timedelta(days=7)


class Outcome(StrEnum):
    """What the service says of an operation; `odd`: in words that nobody here knows."""

    CARD = "card"
    DEBIT = "debit"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    PENDING = "pending"
    UNKNOWN = "unknown"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an attempt asked the service for."""

    refdet: str
    amount_cents: int
    client: str
    mode: OnlineMode


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service says of one operation; what it does not say is None or empty. `raw`: as it came."""

    outcome: Outcome
    code: str
    refdet: str = ""
    amount_cents: int | None = None
    client: str = ""
    mode: OnlineMode | None = None
    authorisation: str = ""
    at: datetime | None = None
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an attempt; `method` with PAID, a French `problem` with TO_CHECK."""

    state: OnlineState
    method: PaymentMethod | None = None
    problem: str = ""


_METHODS = {Outcome.CARD: PaymentMethod.ONLINE_CARD, Outcome.DEBIT: PaymentMethod.ONLINE_DEBIT}
_STATES = {
    Outcome.REFUSED: OnlineState.REFUSED,
    Outcome.CANCELLED: OnlineState.CANCELLED,
    Outcome.PENDING: OnlineState.PENDING,
    Outcome.UNKNOWN: OnlineState.EXPIRED,
}


def judge(asked: Asked, answer: Answer, *, refuses_trials: bool) -> Verdict:
    """What the answer makes of the attempt. `refuses_trials`: the régie is in service, where a payment
    without money pays nothing."""
    if answer.outcome is Outcome.ODD:
        heard = answer.code or "aucun"
        said = f"Le service de paiement a répondu par un code inconnu du portail{NBSP}: {heard}."
        return Verdict(OnlineState.TO_CHECK, problem=said)
    is_paid = answer.outcome in _METHODS
    problems = _differences(asked, answer, is_paid)
    if is_paid and refuses_trials and asked.mode is not OnlineMode.PRODUCTION:
        problems.append("Ce paiement a commencé pendant un essai, et la régie est maintenant en service.")
    if problems:
        return Verdict(OnlineState.TO_CHECK, problem=" ".join(problems))
    if is_paid:
        return Verdict(OnlineState.PAID, _METHODS[answer.outcome])
    return Verdict(_STATES[answer.outcome])


def _differences(asked: Asked, answer: Answer, is_paid: bool) -> list[str]:
    """Where the answer speaks of something else; what it leaves out counts when money is at stake."""
    if answer.outcome in (Outcome.PENDING, Outcome.UNKNOWN):
        return []
    said = "rien" if answer.amount_cents is None else format_euros(answer.amount_cents)
    compared = (
        (answer.amount_cents, asked.amount_cents, "Le montant", said, format_euros(asked.amount_cents)),
        (answer.refdet or None, asked.refdet, "La référence", answer.refdet or "rien", asked.refdet),
        (answer.client or None, asked.client, "Le numéro de client", answer.client or "rien", asked.client),
        (answer.mode, asked.mode, "Le mode", _mode(answer.mode), _mode(asked.mode)),
    )
    return [
        f"{what} ne correspond pas{NBSP}: {heard} au lieu de {wanted}."
        for found, right, what, heard, wanted in compared
        if found != right and (found is not None or is_paid)
    ]


def _mode(mode: OnlineMode | None) -> str:
    names = {OnlineMode.TEST: "essai", OnlineMode.ACTIVATION: "activation", OnlineMode.PRODUCTION: "réel"}
    return names.get(mode, "rien") if mode else "rien"


def may_follow(state: OnlineState, code: str, verdict: OnlineState) -> bool:
    """Whether an attempt in `state`, whose last answer was `code`, becomes what a new answer says.

    What waits for a person because of an answer is left to that person, except for money that fits after all.
    """
    if state is OnlineState.TO_CHECK and code and verdict is not OnlineState.PAID:
        return False
    return verdict in ONLINE_TRANSITIONS[state]


def next_check(state: OnlineState, created_at: datetime, now: datetime, checks: int) -> datetime | None:
    """When to ask again about an attempt that is in `state` after so many questions; None: not any more.

    The page of an operation that was refused or given up may still be open: it is asked about once more.
    """
    if state is OnlineState.PENDING:
        return now + (NEXT_CHECK if checks else FIRST_CHECK)
    if state in (OnlineState.REFUSED, OnlineState.CANCELLED) and now < created_at + ALIVE:
        return created_at + ALIVE
    return None
