"""Bills paid online, from « Payer en ligne » to the settlement (S57, S59, S60, R45). Amounts in cents.

What the payment service answers to our own question is the only proof: a notification, the return of the
browser and the worker all lead to `resolve`. The service is asked outside any transaction; what it says is
applied under the account of the household, so that however often and in whatever order it is heard, a payment
is written once.
"""

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from adapters.payment_gateway import GatewayRefused, GatewaySilent, Order, PaymentGateway
from domain.calendar import paris_now
from domain.enums import Channel, InvoiceKind, MailKind, OnlineMode, OnlineState, PaymentMethod, PaymentState
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, enumerate_fr, format_euros
from domain.ledger import OPEN_STATES, RUNNING_ONLINE
from domain.online_payments import (
    FIRST_CHECK,
    LEAST_CENTS,
    MOST_CENTS,
    NEXT_CHECK,
    PAGE_LIFE,
    PATIENCE,
    UNASKED,
    Answer,
    Asked,
    Verdict,
    judge,
    may_follow,
    next_check,
)
from extensions import db
from models import Invoice, OnlinePayment, OnlinePaymentBill, Payment, Regie, User
from services import audit, booking_life, ledger, outbox, records
from services.accounts import Author
from services.transaction import write_transaction

KEY = re.compile(r"[A-Za-z0-9_-]{32}")  # secrets.token_urlsafe(24): it opens the page of the payment
SILENCES = 3  # in a row: the service is down, the others wait for the next turn
_TURN = 20  # attempts that the worker asks about before it does something else
_SUFFIX = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_SILENT = (
    "Le service de paiement du Trésor public ne répond pas. Rien n’a été débité. "
    "Recommencez dans quelques minutes."
)


class Source(StrEnum):
    """What made us ask the service."""

    RETURN = "return"
    WORKER = "worker"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt of `key`; `page`: the payment page to go to, None when it may not be opened any more."""

    key: str
    page: str | None


# --- Beginning ----------------------------------------------------------------------------------


def begin(
    author: Author,
    household_ids: Collection[int],
    invoice_ids: Collection[int],
    key: str,
    now: datetime,
) -> Begun:
    """Ask the payment service for what is left of bills of one household and régie.

    `key` comes with the form: sent twice, one attempt. Raises NotFound for a bill that is not theirs, Stale
    for one that is paid, Refused `running` while another payment of one of them has no answer, `debited` when
    a direct debit is expected, `several`, `off`, `amount`, or `service` when the service does not take it
    (nothing was paid then).
    """
    if not KEY.fullmatch(key):
        raise Refused("key", "Rechargez la page et recommencez.")
    with write_transaction() as session:
        bills = _bills(session, household_ids, invoice_ids)
        ledger.hold(session, bills[0].household_id)
        known = session.scalar(select(OnlinePayment).where(OnlinePayment.key == key))
        if known is not None:
            return _again(known, household_ids, now)
        for bill in bills:
            session.refresh(bill)
        attempt = _attempt(session, bills, key, author, now)
        online_id, order = attempt.id, _order(attempt, bills, now)
        _tell(session, "begun", attempt, now, author)
    try:
        operation = gateway().begin(order)
    except GatewayRefused as refusal:
        _give_up(online_id, str(refusal), now)
        raise Refused("service", str(refusal)) from refusal
    except GatewaySilent as silence:
        _give_up(online_id, "Le service de paiement n’a pas répondu à la demande.", now)
        raise Refused("service", _SILENT) from silence
    with write_transaction() as session:
        attempt = _held(session, online_id)
        if attempt.state is not OnlineState.CREATED:
            raise Stale("Ce paiement a expiré avant de commencer. Rien n’a été débité, recommencez.")
        attempt.operation, attempt.state = operation, OnlineState.PENDING
        attempt.next_check_at = now + FIRST_CHECK
        _tell(session, "sent", attempt, now, author)
    return Begun(key, gateway().page_of(operation))


def _bills(
    session: Session, household_ids: Collection[int], invoice_ids: Collection[int]
) -> Sequence[Invoice]:
    """The bills, the one due first before. Raises NotFound, Refused `several`."""
    bills = session.scalars(
        select(Invoice)
        .where(
            Invoice.id.in_(invoice_ids),
            Invoice.household_id.in_(household_ids),
            Invoice.kind == InvoiceKind.INVOICE,
            Invoice.number.is_not(None),
        )
        .order_by(Invoice.due_day, Invoice.id)
    ).all()
    if not bills or {bill.id for bill in bills} != set(invoice_ids):
        raise NotFound
    if len({(bill.household_id, bill.regie_id) for bill in bills}) > 1:
        raise Refused("several", "Ces factures ne se paient pas ensemble. Payez-les une par une.")
    return bills


def _again(known: OnlinePayment, household_ids: Collection[int], now: datetime) -> Begun:
    """The attempt that this form already began."""
    if known.household_id not in household_ids:
        raise NotFound
    return Begun(known.key, page_of(known.operation, known.state, known.created_at, now))


def page_of(operation: str | None, state: OnlineState, created_at: datetime, now: datetime) -> str | None:
    """The payment page of an attempt as long as it may be opened, None afterwards."""
    if operation is None or state is not OnlineState.PENDING or now >= created_at + PAGE_LIFE:
        return None
    return gateway().page_of(operation)


def _attempt(
    session: Session, bills: Sequence[Invoice], key: str, author: Author, now: datetime
) -> OnlinePayment:
    """A new attempt to pay all that is left of bills of a held account, which are « en cours » from here."""
    regie = session.get_one(Regie, bills[0].regie_id)
    if regie.online_mode is OnlineMode.OFF or not regie.payfip_client:
        raise Refused("off", "Cette facture ne se paie pas en ligne. Voyez «\u00a0Comment payer\u00a0».")
    _refuse_running(session, bills)
    if any(bill.state not in OPEN_STATES for bill in bills):
        raise Stale("Une de ces factures n’est plus à payer. Rechargez la page.")
    if any(bill.debit_day is not None for bill in bills):
        said = (
            "Un prélèvement automatique est déjà prévu pour cette facture\u00a0: ne la payez pas deux fois."
        )
        raise Refused("debited", said)
    cents = sum(ledger.left_cents(bill) for bill in bills)
    if cents < LEAST_CENTS:
        least = format_euros(LEAST_CENTS)
        raise Refused("amount", f"Le paiement en ligne commence à {least}. Payez cette facture autrement.")
    if cents > MOST_CENTS:
        raise Refused("amount", f"Le paiement en ligne s’arrête à {format_euros(MOST_CENTS)}.")
    attempt = OnlinePayment(
        key=key,
        regie_id=regie.id,
        household_id=bills[0].household_id,
        user_id=author.user_id,
        refdet=_refdet(bills[0].reference or ""),
        mode=regie.online_mode,
        client=regie.payfip_client,
        email=session.scalar(select(User.email).where(User.id == author.user_id)) or "",
        amount_cents=cents,
        state=OnlineState.CREATED,
        created_at=now,
        next_check_at=now + UNASKED,
    )
    session.add(attempt)
    session.flush()
    session.add_all(
        OnlinePaymentBill(
            online_payment_id=attempt.id, invoice_id=bill.id, amount_cents=ledger.left_cents(bill)
        )
        for bill in bills
    )
    for bill in bills:
        ledger.restate(session, bill, paris_now(now).date())
    return attempt


def _refuse_running(session: Session, bills: Sequence[Invoice]) -> None:
    running = session.scalars(
        select(OnlinePaymentBill.invoice_id)
        .join(OnlinePayment, OnlinePayment.id == OnlinePaymentBill.online_payment_id)
        .where(
            OnlinePaymentBill.invoice_id.in_([bill.id for bill in bills]),
            OnlinePayment.state.in_(RUNNING_ONLINE),
        )
    ).all()
    named = [bill.reference or "" for bill in bills if bill.id in running]
    if named:
        raise Refused(
            "running",
            f"Un paiement en ligne est déjà en cours{NBSP}: {enumerate_fr(named)}. Attendez son résultat "
            "avant de recommencer, pour ne pas payer deux fois.",
        )


def _refdet(reference: str) -> str:
    """A reference of letters and digits that no other attempt has, read on a bank statement."""
    start = re.sub(r"[^A-Za-z0-9]", "", reference)[:20].upper()
    return start + "".join(secrets.choice(_SUFFIX) for _ in range(30 - 20))


def _order(attempt: OnlinePayment, bills: Sequence[Invoice], now: datetime) -> Order:
    named = " ".join(bill.reference or "" for bill in bills[:4])
    return Order(
        client=attempt.client,
        mode=attempt.mode,
        year=paris_now(now).year,
        refdet=attempt.refdet,
        amount_cents=attempt.amount_cents,
        email=attempt.email,
        subject=f"Factures {named}" if len(bills) > 1 else f"Facture {named}",
        notify_url=outbox.link("invoices.payment_notified"),
        return_url=outbox.link("invoices.payment_return", key=attempt.key),
    )


def _give_up(online_id: int, problem: str, now: datetime) -> None:
    """Nothing was begun at the service: the bills are to be paid again."""
    with write_transaction() as session:
        attempt = _held(session, online_id)
        if attempt.state is not OnlineState.CREATED:
            return
        attempt.problem = problem
        _end(session, attempt, OnlineState.EXPIRED, now)
        _tell(session, "not_begun", attempt, now)


# --- Hearing ------------------------------------------------------------------------------------


def hear(operation: str, now: datetime) -> bool:
    """A notification names an operation: the worker asks about it at its next turn. False for an unknown one.

    Anybody may post there: nothing else of it is believed, and nothing is decided.
    """
    with write_transaction() as session:
        heard = session.execute(
            update(OnlinePayment)
            .where(OnlinePayment.operation == operation, OnlinePayment.state != OnlineState.PAID)
            .values(next_check_at=now)
        )
        if heard.rowcount:
            return True
        paid = select(OnlinePayment.id).where(OnlinePayment.operation == operation)
        return session.scalar(paid) is not None


def resolve(online_id: int, now: datetime, source: Source, author: Author | None = None) -> OnlineState:
    """Ask the service about an attempt and write what follows; as often as wanted. Returns its state.

    Raises NotFound, Refused `silent` when the service says nothing: it is asked again later.
    """
    known = db.session.execute(
        select(OnlinePayment.operation, OnlinePayment.state).where(OnlinePayment.id == online_id)
    ).one_or_none()
    if known is None:
        raise NotFound
    db.session.rollback()  # nothing is held open while the service takes its time
    if known.operation is None or known.state is OnlineState.PAID:
        return known.state
    try:
        answer = gateway().ask(known.operation)
    except GatewaySilent as silence:
        _postpone(online_id, now)
        raise Refused("silent", "Le service de paiement ne répond pas. Nous le redemanderons.") from silence
    with write_transaction() as session:
        attempt = _held(session, online_id)
        _apply(session, attempt, answer, now, source, author)
        return attempt.state


def check_due(now: datetime) -> int:
    """The worker's turn: ask about what is due, end what was never asked. Returns how many were looked at.

    One that fails keeps none of the others back; after three silences the rest waits.
    """
    due = db.session.scalars(
        select(OnlinePayment.id)
        .where(OnlinePayment.next_check_at <= now)
        .order_by(OnlinePayment.next_check_at, OnlinePayment.id)
        .limit(_TURN)
    ).all()
    db.session.rollback()
    silences = 0
    for online_id in due:
        try:
            _check(online_id, now)
            silences = 0
        except Refused:
            silences += 1
            if silences == SILENCES:
                break
        except Exception:
            current_app.logger.exception("The online payment %s could not be looked at", online_id)
            _postpone(online_id, now)
    return len(due)


def _check(online_id: int, now: datetime) -> None:
    state = db.session.scalar(select(OnlinePayment.state).where(OnlinePayment.id == online_id))
    db.session.rollback()
    if state is OnlineState.CREATED:
        _give_up(online_id, "La demande n’est pas partie vers le service de paiement.", now)
    else:
        resolve(online_id, now, Source.WORKER)


def _apply(
    session: Session,
    attempt: OnlinePayment,
    answer: Answer,
    now: datetime,
    source: Source,
    author: Author | None,
) -> None:
    if attempt.state is OnlineState.PAID:
        return
    regie = session.get_one(Regie, attempt.regie_id)
    asked = Asked(attempt.refdet, attempt.amount_cents, attempt.client, attempt.mode)
    verdict = judge(asked, answer, refuses_trials=regie.online_mode is OnlineMode.PRODUCTION)
    if attempt.state is OnlineState.PENDING and verdict.state is OnlineState.PENDING:
        if now < attempt.created_at + PATIENCE:
            _look_again(session, attempt, now)
            return
        verdict = Verdict(OnlineState.TO_CHECK, problem="Sept jours ont passé sans résultat.")
        answer = Answer(answer.outcome, "")  # no answer: whatever comes later may still decide
    if not may_follow(attempt.state, attempt.result_code, verdict.state):
        _look_again(session, attempt, now)
        return
    attempt.result_code, attempt.authorisation = answer.code[:20], answer.authorisation[:60]
    attempt.answer = dict(answer.raw) or None
    attempt.problem = verdict.problem
    attempt.checks += 1
    if verdict.method is not None:
        received = min(paris_now(answer.at or now), paris_now(now)).date()
        payer = booking_life.family_member(session, attempt.user_id).name
        _settle(session, attempt, verdict.method, attempt.amount_cents, received, payer, now)
    else:
        _end(session, attempt, verdict.state, now)
    _tell(session, verdict.state, attempt, now, author, source)


def _settle(
    session: Session,
    attempt: OnlinePayment,
    method: PaymentMethod,
    cents: int,
    received_on: date,
    author_name: str,
    now: datetime,
) -> None:
    """Write the one payment of an attempt: it pays its bills, what they do not need waits for the next
    one."""
    payment = Payment(
        regie_id=attempt.regie_id,
        household_id=attempt.household_id,
        method=method,
        state=PaymentState.VALID,
        amount_cents=cents,
        allocated_cents=0,
        refunded_cents=0,
        received_on=received_on,
        reference=" ".join(filter(None, (attempt.refdet, attempt.authorisation)))[:120],
        submission_key=f"online:{attempt.id}",
        author_name=author_name,
        created_at=now,
    )
    session.add(payment)
    session.flush()
    attempt.payment_id = payment.id
    _end(session, attempt, OnlineState.PAID, now)
    bills = _bills_of(session, attempt)
    ledger.pay(session, payment, [bill for bill in bills if ledger.left_cents(bill) > 0])
    outbox.queue_household(
        session,
        MailKind.PAYMENT_RECEIPT,
        attempt.household_id,
        now=now,
        only=attempt.user_id,
        key=attempt.key,
        method=method,
        amount_cents=cents,
        received_on=received_on,
        references=[bill.reference for bill in bills],
        advance_cents=ledger.free_cents(payment),
        is_trial=attempt.mode is not OnlineMode.PRODUCTION,
    )


def _end(session: Session, attempt: OnlinePayment, state: OnlineState, now: datetime) -> None:
    """Give an attempt of a held account its state; its bills follow."""
    attempt.state = state
    attempt.ended_at = None if state in RUNNING_ONLINE else now
    attempt.next_check_at = next_check(state, attempt.created_at, now, attempt.checks)
    session.flush()
    for bill in _bills_of(session, attempt):
        ledger.restate(session, bill, paris_now(now).date())


def _bills_of(session: Session, attempt: OnlinePayment) -> Sequence[Invoice]:
    return session.scalars(
        select(Invoice)
        .join(OnlinePaymentBill, OnlinePaymentBill.invoice_id == Invoice.id)
        .where(OnlinePaymentBill.online_payment_id == attempt.id)
        .order_by(Invoice.due_day, Invoice.id)
        .execution_options(populate_existing=True)
    ).all()


def _look_again(session: Session, attempt: OnlinePayment, now: datetime) -> None:
    _plan(session, attempt.id, next_check(attempt.state, attempt.created_at, now, attempt.checks))


def _postpone(online_id: int, now: datetime) -> None:
    """Nothing was learnt: ask again in half an hour."""
    with write_transaction() as session:
        _plan(session, online_id, now + NEXT_CHECK)


def _plan(session: Session, online_id: int, at: datetime | None) -> None:
    """When to ask again is no act of anybody: it has no line in the journal."""
    session.execute(
        update(OnlinePayment)
        .where(OnlinePayment.id == online_id)
        .values(next_check_at=at, checks=OnlinePayment.checks + 1)
        .execution_options(synchronize_session=False)
    )


# --- Deciding by hand ---------------------------------------------------------------------------


def decide(
    online_id: int,
    method: PaymentMethod | None,
    amount_cents: int,
    reason: str,
    author: Author,
    now: datetime,
) -> None:
    """An agent says what became of an attempt « à vérifier »: money of `method`, or none (None).

    Raises NotFound, Refused without a reason or an amount, Stale when it does not wait any more.
    """
    if not reason.strip():
        raise Refused("no_reason", "Dites comment vous le savez, par exemple le relevé du compte.")
    if method is not None and amount_cents <= 0:
        raise Refused("amount", "Indiquez le montant qui est arrivé.")
    with write_transaction() as session:
        attempt = _held(session, online_id)
        if attempt.state is not OnlineState.TO_CHECK:
            raise Stale("Ce paiement n’est plus à vérifier. Rechargez la page.")
        agent = booking_life.agent(session, author.user_id).name
        decided = f"{attempt.problem} Décidé par {agent}{NBSP}: {reason.strip()}"
        if method is None:
            _end(session, attempt, OnlineState.CANCELLED, now)
            attempt.next_check_at = None
        else:
            _settle(session, attempt, method, amount_cents, paris_now(now).date(), agent, now)
        attempt.problem = decided.strip()
        _tell(session, "decided", attempt, now, author, Source.AGENT, reason=reason.strip())


# --- Helpers ------------------------------------------------------------------------------------


def gateway() -> PaymentGateway:
    """The payment service of this installation."""
    return current_app.extensions["payment_gateway"]


def labels_of(client: str) -> tuple[str, ...]:
    """How the payment service names a NUMCLI. Raises Refused `unknown` or `silent`."""
    try:
        return gateway().labels(client)
    except GatewayRefused as refusal:
        raise Refused("unknown", str(refusal)) from refusal
    except GatewaySilent as silence:
        raise Refused("silent", "Le service de paiement ne répond pas. Réessayez plus tard.") from silence


def _held(session: Session, online_id: int) -> OnlinePayment:
    """An attempt whose account is held until the end of the transaction. Raises NotFound."""
    attempt = session.get(OnlinePayment, online_id)
    if attempt is None:
        raise NotFound
    ledger.hold(session, attempt.household_id)
    session.refresh(attempt, with_for_update={"key_share": True})
    return attempt


def _tell(
    session: Session,
    step: str,
    attempt: OnlinePayment,
    now: datetime,
    author: Author | None = None,
    source: Source | None = None,
    **more: str,
) -> None:
    after = {"state": attempt.state, "amount_cents": attempt.amount_cents, "result": attempt.result_code}
    if source is not None:
        after["source"] = source
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id if author else None,
        channel=author.channel if author else Channel.SYSTEM,
        action=f"online_payment.{step}",
        object_type=OnlinePayment.__tablename__,
        object_id=attempt.id,
        household_id=attempt.household_id,
        after=records.plain(after | more),
    )
