"""The billing of a month by a régie: prepared as often as wanted, then issued once (R42).

Amounts in cents. Everything is calculated before the transaction, some hundred households at a time; inside,
what was read is asked again, and rows are only compared and written, in statements that do not grow with the
families. What changes after a bill is issued is corrected by a credit note (`services.credit_notes`).
"""

import gc
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain import billing_run
from domain.billing_run import Past
from domain.calendar import ONE_DAY, add_months, paris_now
from domain.charges import Charge, Finding, MonthBill, Threshold
from domain.enums import Channel, InvoiceKind, InvoiceLineKind, InvoiceState, MailKind, PaymentState, RunState
from domain.errors import BusinessError, NotFound, Refused, Stale
from domain.french import enumerate_fr, plural
from models import (
    BillingFinding,
    BillingRun,
    Household,
    Invoice,
    InvoiceLine,
    InvoiceSequence,
    Payment,
    Regie,
)
from queries import billing_sources
from queries.charges import Sources, bills_by_chunk
from queries.reading import read
from services import audit, booking_life, ledger, mandates, outbox, records
from services.accounts import Author
from services.transaction import write_transaction

logger = logging.getLogger(__name__)

_NAMED = 5  # households named in a sentence; the rest is counted
_LABEL = 200  # signs of a line
AT_ONCE = 200  # households: beyond, the worker makes the draft
_NOT_MADE = (
    "Une erreur a arrêté la préparation. Préparez de nouveau ce mois. Si cela recommence, prévenez la "
    "personne qui installe le portail."
)
_MEANWHILE = (
    "Une présence, une réservation ou un tarif de ce mois vient de changer. Préparez de nouveau ce mois, "
    "puis relisez-le."
)

_RUN = select(BillingRun.regie_id, BillingRun.month, BillingRun.drafted_at).where(
    BillingRun.id == bindparam("run")
)
_ASKED = (
    select(BillingRun.id, BillingRun.regie_id, BillingRun.month)
    .where(BillingRun.state == RunState.PREPARING)
    .order_by(BillingRun.id)
)
_DRAFT_LINES = (
    select(Invoice.household_id, InvoiceLine.label, InvoiceLine.amount_cents)
    .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
    .where(Invoice.run_id == bindparam("run"))
    .order_by(Invoice.household_id, InvoiceLine.position)
)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """What a month needs has no cycles, and looking for some takes a quarter of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def ask(regie_id: int, month: date, author: Author, now: datetime) -> int:
    """Have the draft of the month made: at once for `AT_ONCE` households, by the worker beyond. Returns the
    id of the run. Asked again meanwhile, it is still made once. Raises what `prepare` raises."""
    month = _begun(month, now)
    if billing_sources.households(regie_id, month, _last_day(month)) <= AT_ONCE:
        return prepare(regie_id, month, author, now)
    with write_transaction() as session:
        run = _held_run(session, regie_id, month)
        name = booking_life.agent(session, author.user_id).name
        if run.state is not RunState.PREPARING:
            run.state, run.author_name, run.drafted_at, run.problem = RunState.PREPARING, name, now, ""
            session.add(run)
            session.flush()
            _tell(session, "billing_run.asked", run, author, now, {"month": month})
        return run.id


@_without_collecting()
def prepare(regie_id: int, month: date, author: Author, now: datetime) -> int:
    """Make the draft of the month that holds `month`, in place of the former one. Returns the id of the run.

    Twice gives the same rows; two at once make one run. Raises NotFound, Refused for a month to come, Stale
    when the month is issued already.
    """
    month = _begun(month, now)
    draft, recipients = _drafted(regie_id, month, now), billing_sources.recipients()
    with write_transaction() as session:
        run = _held_run(session, regie_id, month)
        run.author_name = booking_life.agent(session, author.user_id).name
        session.add(run)
        _replace(session, run, draft, recipients, now)
        _tell(session, "billing_run.prepared", run, author, now, _summary(draft))
        return run.id


def make_asked(now: datetime) -> None:
    """Job of the worker: make the drafts that are asked for. One that a stopped worker left is made again;
    one that cannot be made says so to the service."""
    for run_id, regie_id, month in read(_ASKED, {}).all():
        try:
            _make(run_id, regie_id, month, now)
        except SQLAlchemyError:
            raise  # the database is away: the next turn begins again
        except Exception as fault:
            logger.exception("The draft of billing run %s cannot be made", run_id)
            said = fault.message if isinstance(fault, BusinessError) else _NOT_MADE
            _give_up(run_id, said, now)


@_without_collecting()
def _make(run_id: int, regie_id: int, month: date, now: datetime) -> None:
    draft, recipients = _drafted(regie_id, month, now), billing_sources.recipients()
    with write_transaction() as session:
        records.get(session, Regie, regie_id)
        run = records.get(session, BillingRun, run_id)
        if run.state is RunState.PREPARING:  # nobody made it meanwhile
            _replace(session, run, draft, recipients, now)
            _tell(session, "billing_run.prepared", run, None, now, _summary(draft))


def _give_up(run_id: int, problem: str, now: datetime) -> None:
    with write_transaction() as session:
        run = records.get(session, BillingRun, run_id)
        if run.state is RunState.PREPARING:
            run.state, run.problem = RunState.DRAFT, problem
            session.flush()
            _tell(session, "billing_run.not_prepared", run, None, now, {"problem": problem})


def _begun(month: date, now: datetime) -> date:
    """The first day of a month that has begun. Raises Refused."""
    first = month.replace(day=1)
    if first > paris_now(now).date():
        raise Refused("to_come", "Ce mois n’a pas commencé. Choisissez un mois passé ou le mois en cours.")
    return first


def _held_run(session: Session, regie_id: int, month: date) -> BillingRun:
    """The run of the month, a new one to add if there is none, with its régie held: one billing at a time.

    Raises NotFound, Stale once it is issued.
    """
    records.get(session, Regie, regie_id)
    run = session.scalar(select(BillingRun).where(BillingRun.regie_id == regie_id, BillingRun.month == month))
    if run is None:
        return BillingRun(regie_id=regie_id, month=month, state=RunState.DRAFT)
    if run.state is RunState.ISSUED:
        raise Stale("Ce mois est déjà émis. Corrigez une facture par un avoir.")
    return run


def _replace(
    session: Session,
    run: BillingRun,
    draft: "_Draft",
    recipients: Mapping[int, tuple[str, str]],
    now: datetime,
) -> None:
    run.state, run.drafted_at, run.problem = RunState.DRAFT, now, ""
    session.flush()
    _clear(session, run.id)
    _write(session, run, draft, recipients, now)


def _summary(draft: "_Draft") -> dict[str, int]:
    return {"invoices": len(draft.totals), "total_cents": sum(draft.totals.values())}


@_without_collecting()
def issue(run_id: int, author: Author, now: datetime) -> None:
    """Give the bills of a draft their numbers, freeze them and tell the families. All of them or none.

    A bill under the minimum of the règlement, or below zero, gets no number: its amount is a line of the next
    one. Raises NotFound, Refused while the month is not over or a finding forbids it, Stale when it is issued
    already or when the draft is no longer what is due.
    """
    known = read(_RUN, {"run": run_id}).one_or_none()
    if known is None:
        raise NotFound
    regie_id, month, drafted_at = known
    today = paris_now(now).date()
    last = _last_day(month)
    if last >= today:
        raise Refused("not_over", "Ce mois n’est pas fini. Ses factures s’émettent à partir du mois suivant.")
    recipients = billing_sources.recipients()
    sources = Sources(is_watched=True)
    fresh = _due(regie_id, month, now, sources)
    changed = _changed(run_id, fresh.lines)
    with write_transaction() as session:
        regie = records.get(session, Regie, regie_id)
        run = records.get(session, BillingRun, run_id)
        if run.state is RunState.ISSUED:
            raise Stale("Ce mois est déjà émis. Corrigez une facture par un avoir.")
        if run.state is RunState.PREPARING:
            raise Refused(
                "preparing", "Ce brouillon se prépare encore. Attendez qu’il soit prêt pour émettre."
            )
        if run.drafted_at != drafted_at or not sources.still_hold():
            raise Stale(_MEANWHILE)
        _refuse_blocked(session, run_id, fresh.is_blocked)
        _refuse_changed(session, changed)
        _hold_accounts(session, run_id)
        due_day = today + timedelta(days=regie.due_days)
        numbered = _freeze(session, regie, run_id, fresh.thresholds, recipients, today, due_day)
        run.state, run.issued_at, run.issue_day, run.due_day = RunState.ISSUED, now, today, due_day
        run.issued_by_name = booking_life.agent(session, author.user_id).name
        session.flush()
        _spend_advances(session, regie_id, numbered)
        mail = {"month": month, "due_day": due_day, "is_credit_note": False, "debit_day": None}
        mails = dict.fromkeys(numbered, mail) | {
            home: mail | debit for home, debit in mandates.announce(session, regie, run).items()
        }
        outbox.queue_for_households(session, MailKind.INVOICE_ISSUED, mails, now)
        after = {"issue_day": today, "due_day": due_day, "invoices": len(numbered)}
        _tell(session, "billing_run.issued", run, author, now, after)


def take_numbers(session: Session, regie_id: int, year: int, count: int) -> int:
    """The first of `count` numbers in a row of a régie that the transaction holds."""
    sequence = session.get(InvoiceSequence, (regie_id, year), with_for_update=True, populate_existing=True)
    if sequence is None:
        sequence = InvoiceSequence(regie_id=regie_id, year=year, last_number=0)
        session.add(sequence)
    first = sequence.last_number + 1
    sequence.last_number += count
    session.flush()
    return first


# --- What is due --------------------------------------------------------------------------------


def _bills(regie_id: int, month: date, now: datetime, sources: Sources) -> Iterator[MonthBill]:
    for chunk in bills_by_chunk(month, now, sources, regie_id=regie_id):
        yield from (bill for bill in chunk if bill.regie_id == regie_id)


@dataclass(slots=True)
class _Due:
    """By household the lines (label, cents) that are due and the smallest bill that is asked for; whether a
    finding forbids to issue."""

    lines: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    thresholds: dict[int, Threshold] = field(default_factory=dict)
    is_blocked: bool = False


def _due(regie_id: int, month: date, now: datetime, sources: Sources) -> _Due:
    due = _Due()
    for bill in _bills(regie_id, month, now, sources):
        due.is_blocked = due.is_blocked or any(one.is_blocking for one in bill.findings)
        if bill.charges:
            due.lines[bill.household_id] = [(one.label[:_LABEL], one.amount_cents) for one in bill.charges]
            due.thresholds[bill.household_id] = bill.threshold
    return due


def _last_day(month: date) -> date:
    return date(*add_months(month.year, month.month, 1), 1) - ONE_DAY


@dataclass(slots=True)
class _Draft:
    """What is about to be written: totals by household, the values of the lines one after the other in the
    order of `_LINE`, and findings with their households."""

    totals: dict[int, int] = field(default_factory=dict)
    lines: list[Any] = field(default_factory=list)
    findings: list[tuple[int, Finding]] = field(default_factory=list)


def _drafted(regie_id: int, month: date, now: datetime) -> _Draft:
    past, draft, billed = billing_sources.past(regie_id, month), _Draft(), set()
    for bill in _bills(regie_id, month, now, Sources()):
        home = bill.household_id
        billed.add(home)
        draft.findings += [(home, one) for one in billing_run.checked(bill, past.get(home, Past()))]
        if bill.charges:
            draft.totals[home] = bill.total_cents
            for position, charge in enumerate(bill.charges, 1):
                draft.lines += _line(home, position, charge)
    for home, before in past.items():
        if home not in billed:
            draft.findings += [(home, one) for one in billing_run.missing(home, regie_id, before)]
    return draft


# --- The draft ----------------------------------------------------------------------------------


def _clear(session: Session, run_id: int) -> None:
    drafts = select(Invoice.id).where(Invoice.run_id == run_id)
    session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id.in_(drafts)))
    session.execute(delete(Invoice).where(Invoice.run_id == run_id))
    session.execute(delete(BillingFinding).where(BillingFinding.run_id == run_id))


def _write(
    session: Session,
    run: BillingRun,
    draft: _Draft,
    recipients: Mapping[int, tuple[str, str]],
    now: datetime,
) -> None:
    bills = [_bill(run, home, total, recipients[home], now) for home, total in draft.totals.items()]
    records.write_all(session, bills)
    found = session.execute(select(Invoice.household_id, Invoice.id).where(Invoice.run_id == run.id))
    ids = dict(found.all())
    draft.lines[:: len(_LINE)] = [ids[home] for home in draft.lines[:: len(_LINE)]]
    records.write_columns(session, InvoiceLine, _LINE, draft.lines)
    records.write_all(session, [_finding_row(run.id, *one) for one in draft.findings])


def _bill(
    run: BillingRun, household_id: int, total: int, recipient: tuple[str, str], now: datetime
) -> Invoice:
    name, address = recipient
    return Invoice(
        regie_id=run.regie_id,
        run_id=run.id,
        household_id=household_id,
        kind=InvoiceKind.INVOICE,
        month=run.month,
        state=InvoiceState.DRAFT,
        recipient_name=name,
        recipient_address=address,
        total_cents=total,
        credited_cents=0,
        settled_cents=0,
        created_at=now,
    )


_LINE = (
    "invoice_id", "position", "kind", "child_id", "activity_id", "booking_id", "day", "label", "amount_cents",
    "explanation", "rulebook_version_id", "quotient_hundredths", "carried_from_id",
)  # fmt: skip


_KINDS = {kind: kind.value for kind in InvoiceLineKind}


@lru_cache(maxsize=4096)
def _in_json(sentences: tuple[str, ...]) -> str:
    return json.dumps(sentences, ensure_ascii=False)


@lru_cache(maxsize=1024)
def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _line(household_id: int, position: int, charge: Charge) -> tuple[Any, ...]:
    """The columns of `_LINE`, with the household in place of its bill."""
    kind, label, cents, explanation, child, activity, booking, day, version, quotient, carried, _ = charge
    return (
        household_id,
        position,
        _KINDS[kind],
        child,
        activity,
        booking,
        _written(day),
        label[:_LABEL],
        cents,
        _in_json(explanation),
        version,
        quotient,
        carried,
    )


def _finding_row(run_id: int, household_id: int, one: Finding) -> BillingFinding:
    return BillingFinding(
        run_id=run_id,
        household_id=household_id,
        kind=one.kind,
        sentence=one.sentence,
        is_blocking=one.is_blocking,
        booking_id=one.booking_id,
    )


# --- The issue ----------------------------------------------------------------------------------


def _refuse_blocked(session: Session, run_id: int, is_blocked_now: bool) -> None:
    stored = select(BillingFinding.id).where(BillingFinding.run_id == run_id, BillingFinding.is_blocking)
    is_blocked = session.scalar(stored.limit(1)) is not None
    if is_blocked and is_blocked_now:
        raise Refused("blocked", "Des points bloquants restent à corriger avant d’émettre ces factures.")
    if is_blocked or is_blocked_now:
        raise Stale(
            "Ce qui bloque a changé depuis le brouillon. Préparez de nouveau ce mois, puis relisez-le."
        )


def _changed(run_id: int, due: Mapping[int, list[tuple[str, int]]]) -> list[int]:
    """The households whose draft is no longer what is due."""
    drafted: dict[int, list[tuple[str, int]]] = {}
    for household_id, label, cents in read(_DRAFT_LINES, {"run": run_id}):
        drafted.setdefault(household_id, []).append((label, cents))
    return billing_run.changed(drafted, due)


def _refuse_changed(session: Session, changed: Sequence[int]) -> None:
    if not changed:
        return
    named = session.scalars(
        select(Household.name).where(Household.id.in_(changed[:_NAMED])).order_by(Household.name)
    ).all()
    more = len(changed) - len(named)
    others = [plural(more, "autre foyer", "autres foyers")] if more > 0 else []
    raise Stale(
        f"Depuis le brouillon, le montant a changé pour {enumerate_fr([*named, *others])}. "
        "Préparez de nouveau ce mois, puis relisez-le."
    )


def _hold_accounts(session: Session, run_id: int) -> None:
    """Money that comes meanwhile waits for the bills, or they for it."""
    ours = select(Invoice.household_id).where(Invoice.run_id == run_id)
    session.execute(
        select(Household.id)
        .where(Household.id.in_(ours))
        .order_by(Household.id)
        .with_for_update(key_share=True)
    )


def _freeze(
    session: Session,
    regie: Regie,
    run_id: int,
    thresholds: Mapping[int, Threshold],
    recipients: Mapping[int, tuple[str, str]],
    today: date,
    due_day: date,
) -> list[int]:
    """Number what is asked for, keep the rest for the next bill. Returns the households that get a bill."""
    drafts = session.execute(
        select(Invoice.id, Invoice.household_id, Invoice.total_cents)
        .where(Invoice.run_id == run_id)
        .order_by(Invoice.household_id)
    ).all()
    asked = [one for one in drafts if not billing_run.waits(one.total_cents, thresholds[one.household_id])]
    number = take_numbers(session, regie.id, today.year, len(asked))
    table = Invoice.__table__
    numbered = [
        {
            "row": one.id,
            "at_state": InvoiceState.UNSETTLED if one.total_cents else InvoiceState.SETTLED,
            "at_number": number + place,
            "at_reference": billing_run.reference(regie.code, today.year, number + place),
            "at_name": recipients[one.household_id][0],
            "at_address": recipients[one.household_id][1],
            "at_settled": None if one.total_cents else today,
        }
        for place, one in enumerate(asked)
    ]
    if numbered:
        session.connection().execute(
            update(table)
            .where(table.c.id == bindparam("row"))
            .values(
                state=bindparam("at_state"),
                year=today.year,
                number=bindparam("at_number"),
                reference=bindparam("at_reference"),
                recipient_name=bindparam("at_name"),
                recipient_address=bindparam("at_address"),
                issue_day=today,
                due_day=due_day,
                settled_on=bindparam("at_settled"),
            ),
            numbered,
        )
    session.execute(
        update(Invoice)
        .where(Invoice.run_id == run_id, Invoice.state == InvoiceState.DRAFT)
        .values(state=InvoiceState.CARRIED)
    )
    return [one.household_id for one in asked]


def _spend_advances(session: Session, regie_id: int, households: Sequence[int]) -> None:
    """What families paid before pays the new bills."""
    ahead = session.scalars(
        select(Payment.household_id)
        .where(
            Payment.regie_id == regie_id,
            Payment.state == PaymentState.VALID,
            Payment.allocated_cents + Payment.refunded_cents < Payment.amount_cents,
        )
        .distinct()
    )
    for household_id in sorted(set(ahead) & set(households)):
        ledger.spend_advances(session, regie_id, household_id)


def _tell(
    session: Session,
    action: str,
    run: BillingRun,
    author: Author | None,
    now: datetime,
    after: Mapping[str, object],
) -> None:
    """The journal line; without author, of the portal itself."""
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id if author else None,
        channel=author.channel if author else Channel.SYSTEM,
        action=action,
        object_type=run.__tablename__,
        object_id=run.id,
        after=records.plain(after),
    )
