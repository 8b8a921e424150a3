"""Batches of direct debits: prepared, their file taken, settled, what the bank sent back (R46).

A batch holds its régie, then the accounts of its households by id. A bill waits in one batch at a time: the
unique key of planned debits stands behind it. What is collected is a payment of `services.payments`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from adapters.pain008 import Asked, Creditor, debit_file
from domain import direct_debits as rules
from domain.calendar import paris_now
from domain.direct_debits import ENDING_CODES, LIVE_MANDATES, REJECT_WORDS
from domain.enums import BatchState, DebitState, MailKind, PaymentMethod
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, format_day
from models import Debit, DebitBatch, Household, Invoice, Mandate, Payment, Regie
from queries import direct_debits as debit_queries
from queries.direct_debits import Candidate
from services import booking_life, mandates, outbox, payments, records
from services.accounts import Author
from services.transaction import write_transaction

_GONE = "Une de ces factures vient de changer ou d’entrer dans un autre lot. Rechargez la page."


@dataclass(frozen=True, slots=True)
class Preparing:
    """What an agent asks for. `submission_key` comes with the form: sent twice, one batch."""

    regie_id: int
    collection_day: date
    invoice_ids: Collection[int]
    submission_key: str


@dataclass(frozen=True, slots=True)
class DebitFile:
    name: str
    content: bytes


def prepare(asked: Preparing, author: Author, now: datetime) -> int:
    """Put the bills in a new batch, without a number yet. Returns its id.

    Raises NotFound for a régie that does not collect so, Refused `day` or `no_bill`, Stale when a bill can no
    longer be in it.
    """
    today = paris_now(now).date()
    check_day(asked.collection_day, today)
    if not asked.invoice_ids:
        raise Refused("no_bill", "Cochez au moins une facture à prélever.")
    with write_transaction() as session:
        regie = _held_regie(session, asked.regie_id)
        sent = session.scalar(select(DebitBatch).where(DebitBatch.submission_key == asked.submission_key))
        if sent is not None:
            return sent.id
        _hold_accounts(session, asked.invoice_ids)
        found = debit_queries.candidates(regie.id, asked.collection_day, today, regie.notice_days)
        chosen = [one for one in found if one.invoice_id in asked.invoice_ids and not one.reason]
        if len(chosen) != len(set(asked.invoice_ids)):
            raise Stale(_GONE)
        batch = DebitBatch(
            regie_id=regie.id,
            collection_day=asked.collection_day,
            state=BatchState.DRAFT,
            total_cents=0,
            creditor_identifier=regie.creditor_identifier,
            creditor_name=regie.creditor_name,
            iban=regie.iban,
            bic=regie.bic,
            submission_key=asked.submission_key,
            author_name=booking_life.agent(session, author.user_id).name,
            created_at=now,
        )
        session.add(batch)
        session.flush()
        _add(session, batch, chosen)
        _tell(session, "debit_batch.drafted", batch, author, now, {"debits": len(chosen)})
        return batch.id


def check_day(day: date, today: date) -> None:
    """Raises Refused `day` for a day on which no bank works, or that the bank cannot keep any more."""
    if not rules.is_banking_day(day):
        following = format_day(rules.banking_day_from(day), year=True)
        said = f"Les banques ne prélèvent pas ce jour-là. Choisissez par exemple le {following}."
        raise Refused("day", said)
    if day <= today:
        raise Refused("day", "Choisissez un jour à venir\u00a0: la banque demande un jour au moins.")


def take_file(batch_id: int, author: Author, now: datetime) -> DebitFile:
    """The file for the bank. The first time the batch gets its number and never changes any more; what no
    longer holds leaves it with its reason, and families are told what they were not told yet.

    Raises NotFound, Refused `empty` when nothing holds any more, Stale for a batch that was abandoned.
    """
    with write_transaction() as session:
        batch = _held(session, batch_id)
        if batch.state is BatchState.ABANDONED:
            raise Stale("Ce lot est abandonné. Rechargez la page.")
        if batch.state is BatchState.DRAFT:
            _freeze(session, batch, author, now)
        asked, message = _asked(session, batch), _message(session, batch)
        creditor = Creditor(batch.creditor_name, batch.creditor_identifier, batch.iban, batch.bic)
        day, made_at = batch.collection_day, batch.prepared_at or now
        _tell(session, "debit_batch.file_taken", batch, author, now, {"debits": len(asked)})
    return DebitFile(f"{message.lower()}.xml", debit_file(message, paris_now(made_at), creditor, day, asked))


def settle(batch_id: int, settled_on: date, author: Author, now: datetime) -> None:
    """The bank paid: every debit that it did not reject is a payment of that day. All of them or none.

    Raises NotFound, Refused `day`, Stale when the batch does not wait for its money.
    """
    with write_transaction() as session:
        batch = _held(session, batch_id)
        if batch.state is not BatchState.PREPARED:
            raise Stale("Ce lot n’attend pas d’encaissement. Rechargez la page.")
        if settled_on > paris_now(now).date():
            raise Refused("day", "Ce jour n’est pas encore passé. Indiquez le jour du relevé de compte.")
        if settled_on < batch.collection_day:
            day = format_day(batch.collection_day, year=True)
            raise Refused("day", f"La banque ne paie pas avant le jour du prélèvement, le {day}.")
        collected = _planned(session, batch)
        for debit in collected:
            _collect(session, batch, debit, settled_on, author, now)
        batch.state, batch.settled_on = BatchState.SETTLED, settled_on
        session.flush()
        _tell(session, "debit_batch.settled", batch, author, now, {"debits": len(collected)})


def reject(debit_id: int, code: str, rejected_on: date, author: Author, now: datetime) -> bool:
    """The bank sent a debit back, before or after it paid: the bill is due again, and the family is told.
    True when the mandate ended with it (account closed, no mandate).

    Raises NotFound, Refused `code` or `day`, Stale for a debit that is over or that no bank saw.
    """
    if code not in REJECT_WORDS:
        raise Refused("code", "Choisissez le motif que la banque a donné.")
    with write_transaction() as session:
        debit = session.get(Debit, debit_id)
        if debit is None:
            raise NotFound
        batch = _held(session, debit.batch_id)
        session.refresh(debit)
        _check_rejection(batch, debit, rejected_on, paris_now(now).date())
        bill, reason = session.get_one(Invoice, debit.invoice_id), f"{REJECT_WORDS[code]} ({code})"
        is_collected = debit.state is DebitState.COLLECTED
        debit.state, debit.reject_code, debit.rejected_on = DebitState.REJECTED, code, rejected_on
        bill.debit_day = None
        session.flush()
        if is_collected:
            payments.bounced(session, session.get_one(Payment, debit.payment_id), reason, author, now)
        else:
            payments.tell_bounced(
                session, bill.household_id, PaymentMethod.DIRECT_DEBIT, debit.amount_cents,
                batch.collection_day, reason, now,
            )  # fmt: skip
        after = {"code": code, "rejected_on": rejected_on, "amount_cents": debit.amount_cents}
        records.tell(session, "debit.rejected", debit, bill.household_id, author=author, now=now, after=after)
        mandate = session.get_one(Mandate, debit.mandate_id)
        ends = code in ENDING_CODES and mandate.state in LIVE_MANDATES
        if ends:
            mandates.end(session, mandate, reason, author, now)
        return ends


def abandon(batch_id: int, reason: str, author: Author, now: datetime) -> None:
    """Give a batch up, before or after its file: its bills may be in another one, or be paid otherwise. After
    it, families are told that what was announced will not be debited.

    Raises NotFound, Refused `no_reason`, Stale once it is settled or a debit of it was rejected.
    """
    if not reason.strip():
        raise Refused("no_reason", "Dites pourquoi ce lot est abandonné, par exemple un fichier refusé.")
    with write_transaction() as session:
        batch = _held(session, batch_id)
        if batch.state not in (BatchState.DRAFT, BatchState.PREPARED):
            raise Stale("Ce lot est déjà réglé ou abandonné. Rechargez la page.")
        for debit in _planned(session, batch):
            _drop(debit, reason.strip())
            if batch.state is BatchState.PREPARED:
                _withdraw(session, batch, debit, now)
        batch.state, batch.abandon_reason = BatchState.ABANDONED, reason.strip()
        session.flush()
        _tell(session, "debit_batch.abandoned", batch, author, now, {"reason": reason.strip()})


# --- Inside the caller's transaction ------------------------------------------------------------------------


def _held_regie(session: Session, regie_id: int) -> Regie:
    regie = records.get(session, Regie, regie_id)
    if not rules.may_debit(regie.creditor_identifier, regie.creditor_name, regie.iban):
        raise NotFound
    return regie


def _hold_accounts(session: Session, invoice_ids: Any) -> None:
    ours = select(Invoice.household_id).where(Invoice.id.in_(invoice_ids))
    accounts = select(Household.id).where(Household.id.in_(ours)).order_by(Household.id)
    session.execute(accounts.with_for_update(key_share=True)).all()


def _held(session: Session, batch_id: int) -> DebitBatch:
    """A batch, its régie and the accounts of its households being held. Raises NotFound."""
    regie_id = session.scalar(select(DebitBatch.regie_id).where(DebitBatch.id == batch_id))
    if regie_id is None:
        raise NotFound
    records.get(session, Regie, regie_id)
    _hold_accounts(session, select(Debit.invoice_id).where(Debit.batch_id == batch_id))
    return session.get_one(DebitBatch, batch_id, populate_existing=True)


def _add(session: Session, batch: DebitBatch, chosen: Sequence[Candidate]) -> None:
    """A debit a bill; the first one of a mandate is told to the bank as such."""
    ids = {one.mandate_id for one in chosen}
    carried = set(
        session.scalars(
            select(Debit.mandate_id).where(
                Debit.mandate_id.in_(ids), Debit.state.in_((DebitState.PLANNED, DebitState.COLLECTED))
            )
        )
    )
    for one in chosen:
        session.add(
            Debit(
                batch_id=batch.id,
                invoice_id=one.invoice_id,
                mandate_id=one.mandate_id,
                amount_cents=one.left_cents,
                sequence=rules.sequence_of(one.mandate_id in carried),
                end_to_end=f"{one.reference}-{batch.id}",
                state=DebitState.PLANNED,
            )
        )
        carried.add(one.mandate_id)
    try:
        session.flush()
    except IntegrityError as error:  # another batch took one of them meanwhile
        raise Stale(_GONE) from error


def _planned(session: Session, batch: DebitBatch) -> Sequence[Debit]:
    ours = select(Debit).where(Debit.batch_id == batch.id, Debit.state == DebitState.PLANNED)
    return session.scalars(ours.order_by(Debit.id).execution_options(populate_existing=True)).all()


def _drop(debit: Debit, reason: str) -> None:
    debit.state, debit.drop_reason = DebitState.DROPPED, reason


def _freeze(session: Session, batch: DebitBatch, author: Author, now: datetime) -> None:
    """Look at every bill once more, number the batch, announce what was not announced."""
    today, regie = paris_now(now).date(), session.get_one(Regie, batch.regie_id)
    check_day(batch.collection_day, today)
    found = {
        one.invoice_id: one
        for one in debit_queries.candidates(
            regie.id, batch.collection_day, today, regie.notice_days, of_batch=batch.id
        )
    }
    kept = []
    for debit in _planned(session, batch):
        reason = _lost(debit, found.get(debit.invoice_id))
        if reason:
            _drop(debit, reason)
        else:
            kept.append(debit)
    if not kept:
        raise Refused("empty", "Plus aucune facture de ce lot ne peut être prélevée. Abandonnez-le.")
    session.flush()
    year = today.year
    last = select(func.max(DebitBatch.number)).where(
        DebitBatch.regie_id == batch.regie_id, DebitBatch.year == year
    )
    number = (session.scalar(last) or 0) + 1
    batch.year, batch.number, batch.prepared_at = year, number, now
    batch.total_cents = sum(debit.amount_cents for debit in kept)
    batch.state = BatchState.PREPARED
    session.flush()
    for debit in kept:
        _announce(session, batch, debit, now)
    after = {"year": year, "number": number, "debits": len(kept), "total_cents": batch.total_cents}
    _tell(session, "debit_batch.prepared", batch, author, now, after)


def _lost(debit: Debit, now_is: Candidate | None) -> str:
    """Why a bill of a draft is not debited after all; empty when nothing changed."""
    if now_is is None:
        return "Plus rien à payer"
    if now_is.reason:
        return now_is.reason
    if now_is.mandate_id != debit.mandate_id:
        return "Le mandat a changé"
    return "" if now_is.left_cents == debit.amount_cents else "Le reste à payer a changé"


def _announce(session: Session, batch: DebitBatch, debit: Debit, now: datetime) -> None:
    bill = session.get_one(Invoice, debit.invoice_id)
    if bill.debit_day == batch.collection_day:
        return
    bill.debit_day = batch.collection_day
    mandate = session.get_one(Mandate, debit.mandate_id)
    outbox.queue_household(
        session,
        MailKind.DEBIT_NOTICE,
        bill.household_id,
        now=now,
        amount_cents=debit.amount_cents,
        reference=bill.reference,
        collection_day=batch.collection_day,
        invoice_id=bill.id,
        creditor_name=batch.creditor_name,
        mandate=mandate.reference,
        iban_end=mandate.iban_end,
    )


def _withdraw(session: Session, batch: DebitBatch, debit: Debit, now: datetime) -> None:
    bill = session.get_one(Invoice, debit.invoice_id)
    bill.debit_day = None
    outbox.queue_household(
        session,
        MailKind.DEBIT_WITHDRAWN,
        bill.household_id,
        now=now,
        amount_cents=debit.amount_cents,
        reference=bill.reference,
        collection_day=batch.collection_day,
        invoice_id=bill.id,
    )


def _message(session: Session, batch: DebitBatch) -> str:
    """The name of the file at the bank: of the régie, the year and the number."""
    code = session.get_one(Regie, batch.regie_id).code
    return f"PRLV-{code}-{batch.year}-{batch.number}"


def _asked(session: Session, batch: DebitBatch) -> list[Asked]:
    """What the file asks for: what was in the batch when it was numbered, whatever happened since."""
    rows = session.execute(
        select(Debit, Mandate, Invoice.reference)
        .join(Mandate, Mandate.id == Debit.mandate_id)
        .join(Invoice, Invoice.id == Debit.invoice_id)
        .where(Debit.batch_id == batch.id, Debit.state != DebitState.DROPPED)
        .order_by(Debit.id)
    )
    return [
        Asked(
            name=mandate.holder_name,
            iban=mandate.iban or "",
            cents=debit.amount_cents,
            sequence=debit.sequence.value,
            mandate=mandate.reference,
            signed_on=mandate.signed_on,
            end_to_end=debit.end_to_end,
            words=f"Facture {reference}",
        )
        for debit, mandate, reference in rows
    ]


def _collect(
    session: Session, batch: DebitBatch, debit: Debit, day: date, author: Author, now: datetime
) -> None:
    bill = session.get_one(Invoice, debit.invoice_id, populate_existing=True)
    debit.payment_id = payments.by_debit(
        session, bill, debit.amount_cents, day, debit.end_to_end, author, now
    )
    debit.state, bill.debit_day = DebitState.COLLECTED, None
    session.get_one(Mandate, debit.mandate_id).last_used_on = batch.collection_day


def _check_rejection(batch: DebitBatch, debit: Debit, day: date, today: date) -> None:
    if batch.state not in (BatchState.PREPARED, BatchState.SETTLED):
        raise Stale("La banque n’a pas reçu ce lot. Rechargez la page.")
    if debit.state not in (DebitState.PLANNED, DebitState.COLLECTED):
        raise Stale("Ce prélèvement est déjà rejeté ou retiré. Rechargez la page.")
    if day > today:
        raise Refused("day", "Ce jour n’est pas encore passé. Indiquez le jour du rejet.")
    if batch.prepared_at is not None and day < paris_now(batch.prepared_at).date():
        raise Refused("day", f"Ce rejet ne peut pas précéder le fichier du lot{NBSP}: vérifiez le jour.")


def _tell(
    session: Session, action: str, batch: DebitBatch, author: Author, now: datetime, after: dict[str, Any]
) -> None:
    told = {"state": batch.state, "collection_day": batch.collection_day} | after
    records.tell(session, action, batch, None, author=author, now=now, after=told)
