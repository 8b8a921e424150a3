"""The billing of a month by a régie: prepared as often as wanted, then issued once (R42).

Amounts in cents. Everything is calculated before the transaction; inside, rows are only compared and written,
in statements that do not grow with the families. What changes after a bill is issued is corrected by a credit
note (`services.credit_notes`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from domain import billing_run
from domain.billing_run import Past, Threshold
from domain.calendar import ONE_DAY, add_months, paris_now
from domain.charges import Charge, Finding, MonthBill
from domain.enums import InvoiceKind, InvoiceState, MailKind, PaymentState, RunState
from domain.errors import NotFound, Refused, Stale
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
from queries.charges import month_bills
from queries.reading import read
from services import booking_life, ledger, outbox, records
from services.accounts import Author
from services.transaction import write_transaction

_NAMED = 5  # households named in a sentence; the rest is counted

_RUN = select(BillingRun.regie_id, BillingRun.month).where(BillingRun.id == bindparam("run"))
_DRAFT_LINES = (
    select(Invoice.household_id, InvoiceLine.label, InvoiceLine.amount_cents)
    .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
    .where(Invoice.run_id == bindparam("run"))
    .order_by(Invoice.household_id, InvoiceLine.position)
)


def prepare(regie_id: int, month: date, author: Author, now: datetime) -> int:
    """Make the draft of the month that holds `month`, in place of the former one. Returns the id of the run.

    Twice gives the same rows; two at once make one run. Raises NotFound, Refused for a month to come, Stale
    when the month is issued already.
    """
    month = month.replace(day=1)
    if month > paris_now(now).date():
        raise Refused("to_come", "Ce mois n’a pas commencé. Choisissez un mois passé ou le mois en cours.")
    bills = _bills(regie_id, month, now)
    found = _findings(bills, regie_id, month)
    recipients = billing_sources.recipients()
    with write_transaction() as session:
        records.get(session, Regie, regie_id)  # one billing of a régie at a time
        run = session.scalar(
            select(BillingRun).where(BillingRun.regie_id == regie_id, BillingRun.month == month)
        )
        if run is not None and run.state is RunState.ISSUED:
            raise Stale("Ce mois est déjà émis. Corrigez une facture par un avoir.")
        name = booking_life.agent(session, author.user_id).name
        if run is None:
            run = BillingRun(regie_id=regie_id, month=month, state=RunState.DRAFT)
            session.add(run)
        run.author_name, run.drafted_at = name, now
        session.flush()
        _clear(session, run.id)
        _write(session, run, bills, recipients, now)
        records.write_all(session, [_finding_row(run.id, *one) for one in found])
        after = {"invoices": len(bills), "total_cents": sum(bill.total_cents for bill in bills)}
        _tell(session, "billing_run.prepared", run, author, now, after)
        return run.id


def issue(run_id: int, author: Author, now: datetime) -> None:
    """Give the bills of a draft their numbers, freeze them and tell the families. All of them or none.

    A bill under the minimum of the règlement, or below zero, gets no number: its amount is a line of the next
    one. Raises NotFound, Refused while the month is not over or a finding forbids it, Stale when it is issued
    already or when the draft is no longer what is due.
    """
    known = read(_RUN, {"run": run_id}).one_or_none()
    if known is None:
        raise NotFound
    regie_id, month = known
    today = paris_now(now).date()
    last = _last_day(month)
    if last >= today:
        raise Refused("not_over", "Ce mois n’est pas fini. Ses factures s’émettent à partir du mois suivant.")
    fresh = _bills(regie_id, month, now)
    is_blocked = any(one.is_blocking for bill in fresh for one in bill.findings)
    threshold = billing_sources.threshold(last)
    recipients = billing_sources.recipients()
    with write_transaction() as session:
        regie = records.get(session, Regie, regie_id)
        run = records.get(session, BillingRun, run_id)
        if run.state is RunState.ISSUED:
            raise Stale("Ce mois est déjà émis. Corrigez une facture par un avoir.")
        _refuse_blocked(session, run_id, is_blocked)
        _refuse_changed(session, run_id, fresh)
        _hold_accounts(session, run_id)
        due_day = today + timedelta(days=regie.due_days)
        numbered = _freeze(session, regie, run_id, threshold, recipients, today, due_day)
        run.state, run.issued_at, run.issue_day, run.due_day = RunState.ISSUED, now, today, due_day
        run.issued_by_name = booking_life.agent(session, author.user_id).name
        session.flush()
        _spend_advances(session, regie_id, numbered)
        mail = {"month": month, "due_day": due_day, "is_credit_note": False}
        outbox.queue_for_households(session, MailKind.INVOICE_ISSUED, dict.fromkeys(numbered, mail), now)
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


def _bills(regie_id: int, month: date, now: datetime) -> list[MonthBill]:
    threshold = billing_sources.threshold(_last_day(month))
    bills = month_bills(month, now, regie_id=regie_id)
    return [billing_run.given_up(bill, threshold) for bill in bills if bill.regie_id == regie_id]


def _last_day(month: date) -> date:
    return date(*add_months(month.year, month.month, 1), 1) - ONE_DAY


def _findings(bills: Sequence[MonthBill], regie_id: int, month: date) -> list[tuple[int, Finding]]:
    """Each finding with its household."""
    past = billing_sources.past(regie_id, month)
    found = [
        (bill.household_id, one)
        for bill in bills
        for one in billing_run.checked(bill, past.get(bill.household_id, Past()))
    ]
    billed = {bill.household_id for bill in bills}
    for household_id, before in past.items():
        if household_id not in billed:
            found += [(household_id, one) for one in billing_run.missing(household_id, regie_id, before)]
    return found


# --- The draft ----------------------------------------------------------------------------------


def _clear(session: Session, run_id: int) -> None:
    drafts = select(Invoice.id).where(Invoice.run_id == run_id)
    session.execute(delete(InvoiceLine).where(InvoiceLine.invoice_id.in_(drafts)))
    session.execute(delete(Invoice).where(Invoice.run_id == run_id))
    session.execute(delete(BillingFinding).where(BillingFinding.run_id == run_id))


def _write(
    session: Session,
    run: BillingRun,
    bills: Iterable[MonthBill],
    recipients: Mapping[int, tuple[str, str]],
    now: datetime,
) -> None:
    charged = [bill for bill in bills if bill.charges]
    records.write_all(session, [_draft(run, bill, recipients[bill.household_id], now) for bill in charged])
    found = session.execute(select(Invoice.household_id, Invoice.id).where(Invoice.run_id == run.id))
    ids = dict(found.all())
    lines = [
        _line(ids[bill.household_id], position, charge)
        for bill in charged
        for position, charge in enumerate(bill.charges, 1)
    ]
    records.write_all(session, lines)


def _draft(run: BillingRun, bill: MonthBill, recipient: tuple[str, str], now: datetime) -> Invoice:
    name, address = recipient
    return Invoice(
        regie_id=run.regie_id,
        run_id=run.id,
        household_id=bill.household_id,
        kind=InvoiceKind.INVOICE,
        month=run.month,
        state=InvoiceState.DRAFT,
        recipient_name=name,
        recipient_address=address,
        total_cents=bill.total_cents,
        credited_cents=0,
        settled_cents=0,
        created_at=now,
    )


def _line(invoice_id: int, position: int, charge: Charge) -> InvoiceLine:
    return InvoiceLine(
        invoice_id=invoice_id,
        position=position,
        kind=charge.kind,
        child_id=charge.child_id,
        activity_id=charge.activity_id,
        booking_id=charge.booking_id,
        day=charge.day,
        label=charge.label[:200],
        amount_cents=charge.amount_cents,
        explanation=list(charge.explanation),
        rulebook_version_id=charge.rulebook_version_id,
        quotient_hundredths=charge.quotient_hundredths,
        carried_from_id=charge.carried_from_id,
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


def _refuse_changed(session: Session, run_id: int, fresh: Iterable[MonthBill]) -> None:
    drafted: dict[int, list[tuple[str, int]]] = {}
    for household_id, label, cents in session.execute(_DRAFT_LINES, {"run": run_id}):
        drafted.setdefault(household_id, []).append((label, cents))
    due = {
        bill.household_id: [(charge.label[:200], charge.amount_cents) for charge in bill.charges]
        for bill in fresh
        if bill.charges
    }
    changed = billing_run.changed(drafted, due)
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
    threshold: Threshold,
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
    asked = [one for one in drafts if not billing_run.waits(one.total_cents, threshold)]
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
    session: Session, action: str, run: BillingRun, author: Author, now: datetime, after: Mapping[str, object]
) -> None:
    records.tell(session, action, run, None, author=author, now=now, after=after)
