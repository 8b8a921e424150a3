"""SEPA mandates: signed by a family or entered from paper, checked, ended, lapsed; what they announce (R46).

Only the last four figures of an account go to the journal and to mails.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from adapters import numbers
from domain import direct_debits as rules
from domain.calendar import paris_now
from domain.direct_debits import LIVE_MANDATES
from domain.enums import Channel, DebitState, InvoiceKind, MailKind, MandateState
from domain.errors import NotFound, Refused, Stale
from domain.field_values import WRONG_IBAN
from domain.labels import label
from domain.ledger import OPEN_STATES
from extensions import db
from models import BillingRun, Debit, HouseholdGuardian, Invoice, Mandate, Regie
from services import audit, booking_life, ledger, outbox, records
from services.accounts import Author
from services.references import new_reference
from services.transaction import write_transaction

BY_FAMILY = "Révoqué par la famille"


@dataclass(frozen=True, slots=True)
class Signing:
    """What is signed. `iban` as typed; `submission_key` comes with the form: sent twice, signed once."""

    regie_id: int
    household_id: int
    guardian_id: int
    holder_name: str
    iban: str
    signed_on: date
    submission_key: str


def sign(signing: Signing, author: Author, now: datetime) -> int:
    """A family signs on the portal; the mandate waits until the régie checked it. Returns its id.

    Raises NotFound for a régie that does not collect so or an adult of another household, Refused `iban`,
    `holder`, `day` or `live` (a mandate is there already).
    """
    with write_transaction() as session:
        name = booking_life.family_member(session, author.user_id).name
        row = _signed(session, signing, Channel.PORTAL, name, now)
        _record(session, "mandate.signed", row, author, now)
        return row.id


def enter(signing: Signing, author: Author, now: datetime) -> int:
    """An agent enters a mandate that was signed on paper and checked: in service at once. As `sign`."""
    with write_transaction() as session:
        name = booking_life.agent(session, author.user_id).name
        row = _signed(session, signing, Channel.PAPER, name, now)
        if row.state is MandateState.WAITING:
            _accept(session, row, name, now)
        _record(session, "mandate.signed", row, author, now)
        return row.id


def accept(mandate_id: int, author: Author, now: datetime) -> None:
    """The régie checked a mandate: it is in service, and the family is told. Raises NotFound, Stale."""
    with write_transaction() as session:
        row = _held(session, mandate_id)
        if row.state is not MandateState.WAITING:
            raise Stale(f"Ce mandat n’est plus à vérifier\u00a0: {label(row.state).lower()}.")
        _accept(session, row, booking_life.agent(session, author.user_id).name, now)
        _record(session, "mandate.accepted", row, author, now)


def revoke(mandate_id: int, reason: str, author: Author, now: datetime) -> None:
    """The service ends a mandate; the family is told why. Raises NotFound, Refused `no_reason`, Stale."""
    if not reason.strip():
        raise Refused("no_reason", "Dites pourquoi ce mandat prend fin\u00a0: la famille le lira.")
    with write_transaction() as session:
        row = _held(session, mandate_id)
        end(session, row, reason.strip(), author, now)


def revoke_own(mandate_id: int, household_ids: Collection[int], author: Author, now: datetime) -> None:
    """A family ends its mandate. Raises NotFound for another’s, Stale."""
    with write_transaction() as session:
        row = _held(session, mandate_id)
        if row.household_id not in household_ids:
            raise NotFound
        _end(session, row, MandateState.REVOKED, BY_FAMILY, now)
        row.ended_by_name = booking_life.family_member(session, author.user_id).name
        _tell(session, row, now)
        _record(session, "mandate.revoked", row, author, now)


def end(session: Session, row: Mandate, reason: str, author: Author, now: datetime) -> None:
    """End a mandate of a held account in the caller’s transaction. Raises Stale."""
    _end(session, row, MandateState.REVOKED, reason, now)
    row.ended_by_name = booking_life.agent(session, author.user_id).name
    _tell(session, row, now)
    _record(session, "mandate.revoked", row, author, now)


def tidy(now: datetime) -> int:
    """The worker’s turn: end what was not used for 36 months, and take back announced days that passed
    without a batch, so that the family pays otherwise. How many rows changed."""
    today = paris_now(now).date()
    active = select(Mandate.id, Mandate.signed_on, Mandate.last_used_on).where(
        Mandate.state == MandateState.ACTIVE
    )
    old = [
        one.id
        for one in db.session.execute(active)
        if rules.lapses_on(one.signed_on, one.last_used_on) <= today
    ]
    missed = db.session.scalars(select(Invoice.id).where(Invoice.debit_day < today, ~_IS_PLANNED)).all()
    return sum(_lapse(one, today, now) for one in old) + sum(_forget(one, today, now) for one in missed)


def announce(session: Session, regie: Regie, run: BillingRun) -> dict[int, dict[str, Any]]:
    """Write the day of the debit on the bills that a run just issued to households with a mandate in service.
    Returns by household what its mail says: `debit_day` and `cents`."""
    if not rules.may_debit(regie.creditor_identifier, regie.creditor_name, regie.iban):
        return {}
    holds = exists().where(
        Mandate.household_id == Invoice.household_id,
        Mandate.regie_id == regie.id,
        Mandate.state == MandateState.ACTIVE,
    )
    bills = session.scalars(
        select(Invoice).where(
            Invoice.run_id == run.id,
            Invoice.kind == InvoiceKind.INVOICE,
            Invoice.state.in_(OPEN_STATES),
            holds,
        )
    ).all()
    if not bills or run.issue_day is None or run.due_day is None:
        return {}
    day = rules.debit_day(run.issue_day, run.due_day, regie.notice_days)
    for bill in bills:
        bill.debit_day = day
    session.flush()
    return {bill.household_id: {"debit_day": day, "cents": ledger.left_cents(bill)} for bill in bills}


_IS_PLANNED = exists().where(Debit.invoice_id == Invoice.id, Debit.state == DebitState.PLANNED)


def _signed(session: Session, signing: Signing, channel: Channel, name: str, now: datetime) -> Mandate:
    ledger.hold(session, signing.household_id)
    sent = session.scalar(select(Mandate).where(Mandate.submission_key == signing.submission_key))
    if sent is not None and sent.household_id == signing.household_id:
        return sent
    regie = session.get(Regie, signing.regie_id)
    if regie is None or not rules.may_debit(regie.creditor_identifier, regie.creditor_name, regie.iban):
        raise NotFound
    if session.get(HouseholdGuardian, (signing.household_id, signing.guardian_id)) is None:
        raise NotFound
    iban = _checked(session, signing, paris_now(now).date())
    row = Mandate(
        reference=new_reference(session, Mandate),
        regie_id=regie.id,
        household_id=signing.household_id,
        guardian_id=signing.guardian_id,
        holder_name=signing.holder_name,
        iban=iban,
        iban_end=iban[-4:],
        creditor_identifier=regie.creditor_identifier,
        creditor_name=regie.creditor_name,
        signed_on=signing.signed_on,
        channel=channel,
        state=MandateState.WAITING,
        submission_key=signing.submission_key,
        author_name=name,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _checked(session: Session, signing: Signing, today: date) -> str:
    """The IBAN without spaces. Raises Refused."""
    iban = numbers.iban(signing.iban)
    if iban is None:
        raise Refused("iban", WRONG_IBAN)
    if not signing.holder_name:
        raise Refused("holder", "Indiquez le nom du titulaire, comme sur le relevé d’identité bancaire.")
    if signing.signed_on > today:
        raise Refused("day", "Ce jour n’est pas encore passé. Indiquez le jour de la signature.")
    live = select(Mandate.id).where(
        Mandate.household_id == signing.household_id,
        Mandate.regie_id == signing.regie_id,
        Mandate.state.in_(LIVE_MANDATES),
    )
    if session.scalar(live.limit(1)) is not None:
        raise Refused(
            "live", "Un mandat existe déjà pour cette régie. Révoquez-le avant d’en signer un autre."
        )
    return iban


def _held(session: Session, mandate_id: int) -> Mandate:
    """A mandate, the account of its household being held. Raises NotFound."""
    row = session.get(Mandate, mandate_id)
    if row is None:
        raise NotFound
    ledger.hold(session, row.household_id)
    session.refresh(row)
    return row


def _accept(session: Session, row: Mandate, name: str, now: datetime) -> None:
    row.accepted_at, row.accepted_by_name = now, name
    row.state = MandateState.ACTIVE
    _tell(session, row, now)


def _end(session: Session, row: Mandate, state: MandateState, reason: str, now: datetime) -> None:
    """What the bank was already asked for stays announced; other bills are paid otherwise."""
    if row.state not in LIVE_MANDATES:
        raise Stale(f"Ce mandat a déjà pris fin\u00a0: {label(row.state).lower()}.")
    row.state, row.ended_at, row.end_reason = state, now, reason
    session.execute(
        update(Invoice)
        .where(
            Invoice.household_id == row.household_id,
            Invoice.regie_id == row.regie_id,
            Invoice.debit_day.is_not(None),
            ~_IS_PLANNED,
        )
        .values(debit_day=None)
        .execution_options(synchronize_session=False)
    )
    session.flush()


def _lapse(mandate_id: int, today: date, now: datetime) -> bool:
    with write_transaction() as session:
        row = _held(session, mandate_id)
        is_old = rules.lapses_on(row.signed_on, row.last_used_on) <= today
        if row.state is not MandateState.ACTIVE or not is_old:
            return False
        _end(session, row, MandateState.LAPSED, "Aucun prélèvement depuis 36\u00a0mois", now)
        _tell(session, row, now)
        _record(session, "mandate.lapsed", row, None, now)
    return True


def _forget(invoice_id: int, today: date, now: datetime) -> bool:
    with write_transaction() as session:
        bill = session.get_one(Invoice, invoice_id)
        ledger.hold(session, bill.household_id)
        session.refresh(bill)
        planned = session.scalar(
            select(Debit.id).where(Debit.invoice_id == invoice_id, Debit.state == DebitState.PLANNED)
        )
        if bill.debit_day is None or bill.debit_day >= today or planned is not None:
            return False
        before, bill.debit_day = bill.debit_day, None
        audit.record(
            session,
            at=now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="debit.not_made",
            object_type=Invoice.__tablename__,
            object_id=bill.id,
            household_id=bill.household_id,
            before={"debit_day": before.isoformat()},
        )
    return True


def _tell(session: Session, row: Mandate, now: datetime) -> None:
    outbox.queue_household(
        session,
        MailKind.MANDATE_CHANGED,
        row.household_id,
        now=now,
        is_active=row.state is MandateState.ACTIVE,
        mandate=row.reference,
        iban_end=row.iban_end,
        creditor_name=row.creditor_name,
        reason=row.end_reason,
    )


def _record(session: Session, action: str, row: Mandate, author: Author | None, now: datetime) -> None:
    after = {"reference": row.reference, "state": row.state, "iban_end": row.iban_end}
    if row.end_reason:
        after["reason"] = row.end_reason
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id if author else None,
        channel=author.channel if author else Channel.SYSTEM,
        action=action,
        object_type=Mandate.__tablename__,
        object_id=row.id,
        household_id=row.household_id,
        after=records.plain(after),
    )
