"""Direct debits as the service and families read them: mandates, what a batch would take, batches (R46).

An account is shown by its last four figures; the file alone holds the whole of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, exists, func, select

from domain.direct_debits import LIVE_MANDATES, REJECT_WORDS, Expected, banking_day_from, may_debit, obstacle
from domain.enums import (
    BatchState,
    Channel,
    DebitSequence,
    DebitState,
    InvoiceKind,
    InvoiceState,
    MandateState,
)
from domain.errors import NotFound
from domain.ledger import OPEN_STATES
from extensions import db
from models import Debit, DebitBatch, Guardian, Household, HouseholdGuardian, Invoice, Mandate, Regie, User

SHOWN_BATCHES = 100  # the newest
SHOWN_ENDED = 200  # mandates that ended, the newest


@dataclass(frozen=True, slots=True)
class DebitRegie:
    """A régie that may collect by direct debit."""

    regie_id: int
    name: str
    creditor_identifier: str
    creditor_name: str
    iban: str
    notice_days: int


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A mandate; `user_id` is the account of who signs, None without one."""

    mandate_id: int
    reference: str
    regie_id: int
    regie: str
    household_id: int
    household: str
    signatory: str
    user_id: int | None
    holder_name: str
    iban_end: str
    creditor_identifier: str
    creditor_name: str
    signed_on: date
    channel: Channel
    state: MandateState
    last_used_on: date | None
    accepted_at: datetime | None
    accepted_by_name: str
    ended_at: datetime | None
    ended_by_name: str
    end_reason: str

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_MANDATES


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open bill of the régie; `reason` says why the batch leaves it out, empty when it is in."""

    invoice_id: int
    household_id: int
    household: str
    reference: str
    left_cents: int
    mandate_id: int | None
    mandate: str
    iban_end: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchRow:
    """`cents` is the sum of what was asked, `debits` their number, what was dropped apart."""

    batch_id: int
    regie_id: int
    regie: str
    year: int | None
    number: int | None
    collection_day: date
    state: BatchState
    author_name: str
    created_at: datetime
    prepared_at: datetime | None
    settled_on: date | None
    abandon_reason: str
    debits: int
    cents: int

    @property
    def title(self) -> str:
        """« n° 3 de 2027 », or that it has no number yet."""
        return f"n°\u00a0{self.number} de {self.year}" if self.number else "sans numéro"


@dataclass(frozen=True, slots=True)
class DebitRow:
    debit_id: int
    batch_id: int
    invoice_id: int
    reference: str
    household_id: int
    household: str
    holder_name: str
    mandate: str
    iban_end: str
    amount_cents: int
    sequence: DebitSequence
    state: DebitState
    reject_code: str
    rejected_on: date | None
    drop_reason: str

    @property
    def reject_words(self) -> str:
        """« Compte clôturé (AC04) »"""
        return f"{REJECT_WORDS.get(self.reject_code, '')} ({self.reject_code})"

    @property
    def may_be_rejected(self) -> bool:
        return self.state in (DebitState.PLANNED, DebitState.COLLECTED)


_REGIES = select(
    Regie.id, Regie.name, Regie.creditor_identifier, Regie.creditor_name, Regie.iban, Regie.notice_days
).order_by(Regie.position, Regie.name)
_MANDATES = (
    select(
        Mandate.id,
        Mandate.reference,
        Mandate.regie_id,
        Regie.name,
        Mandate.household_id,
        Household.name,
        Guardian.first_name + " " + Guardian.last_name,
        Guardian.user_id,
        Mandate.holder_name,
        Mandate.iban_end,
        Mandate.creditor_identifier,
        Mandate.creditor_name,
        Mandate.signed_on,
        Mandate.channel,
        Mandate.state,
        Mandate.last_used_on,
        Mandate.accepted_at,
        Mandate.accepted_by_name,
        Mandate.ended_at,
        Mandate.ended_by_name,
        Mandate.end_reason,
    )
    .join(Regie, Regie.id == Mandate.regie_id)
    .join(Household, Household.id == Mandate.household_id)
    .join(Guardian, Guardian.id == Mandate.guardian_id)
)
_NEWEST = (
    select(func.max(Mandate.id).label("id"))
    .where(Mandate.state.in_(LIVE_MANDATES), Mandate.iban.is_not(None))
    .group_by(Mandate.regie_id, Mandate.household_id)
    .subquery()
)
_PLANNED = exists().where(Debit.invoice_id == Invoice.id, Debit.state == DebitState.PLANNED)
_OPEN = (
    select(
        Invoice.id,
        Invoice.household_id,
        Household.name,
        Invoice.reference,
        (Invoice.total_cents - Invoice.credited_cents - Invoice.settled_cents).label("left_cents"),
        Invoice.state,
        Invoice.debit_day,
        _PLANNED.label("planned"),
        Mandate.id.label("mandate_id"),
        Mandate.reference.label("mandate"),
        Mandate.state.label("mandate_state"),
        Mandate.signed_on,
        Mandate.last_used_on,
        Mandate.iban_end,
    )
    .join(Household, Household.id == Invoice.household_id)
    .outerjoin(
        Mandate,
        and_(
            Mandate.household_id == Invoice.household_id,
            Mandate.regie_id == Invoice.regie_id,
            Mandate.id.in_(select(_NEWEST.c.id)),
        ),
    )
    .where(Invoice.kind == InvoiceKind.INVOICE, Invoice.state.in_(OPEN_STATES))
    .order_by(Household.name, Invoice.due_day, Invoice.id)
)
_COUNTED = and_(Debit.batch_id == DebitBatch.id, Debit.state != DebitState.DROPPED)
_BATCHES = (
    select(
        DebitBatch.id,
        DebitBatch.regie_id,
        Regie.name,
        DebitBatch.year,
        DebitBatch.number,
        DebitBatch.collection_day,
        DebitBatch.state,
        DebitBatch.author_name,
        DebitBatch.created_at,
        DebitBatch.prepared_at,
        DebitBatch.settled_on,
        DebitBatch.abandon_reason,
        select(func.count()).where(_COUNTED).correlate(DebitBatch).scalar_subquery(),
        select(func.coalesce(func.sum(Debit.amount_cents), 0))
        .where(_COUNTED)
        .correlate(DebitBatch)
        .scalar_subquery(),
    )
    .join(Regie, Regie.id == DebitBatch.regie_id)
    .order_by(DebitBatch.id.desc())
)
_DEBITS = (
    select(
        Debit.id,
        Debit.batch_id,
        Debit.invoice_id,
        Invoice.reference,
        Invoice.household_id,
        Household.name,
        Mandate.holder_name,
        Mandate.reference,
        Mandate.iban_end,
        Debit.amount_cents,
        Debit.sequence,
        Debit.state,
        Debit.reject_code,
        Debit.rejected_on,
        Debit.drop_reason,
    )
    .join(Invoice, Invoice.id == Debit.invoice_id)
    .join(Household, Household.id == Invoice.household_id)
    .join(Mandate, Mandate.id == Debit.mandate_id)
    .order_by(Household.name, Debit.id)
)


def regies() -> list[DebitRegie]:
    """The régies that have an ICS, a name and an account. One statement."""
    found = [DebitRegie(*row) for row in db.session.execute(_REGIES.where(Regie.is_active))]
    return [one for one in found if may_debit(one.creditor_identifier, one.creditor_name, one.iban)]


def regie(regie_id: int) -> DebitRegie:
    """One of them. One statement. Raises NotFound."""
    found = next((one for one in regies() if one.regie_id == regie_id), None)
    if found is None:
        raise NotFound
    return found


def is_offered(household_ids: Sequence[int]) -> bool:
    """Whether some régie collects so, or the households have a mandate. One statement."""
    regie = exists().where(
        Regie.is_active, Regie.creditor_identifier != "", Regie.creditor_name != "", Regie.iban != ""
    )
    signed = exists().where(Mandate.household_id.in_(household_ids))
    return bool(db.session.scalar(select(regie | signed)))


def mandates_of(household_ids: Sequence[int]) -> list[MandateRow]:
    """The mandates of some households, the newest first. One statement."""
    ours = _MANDATES.where(Mandate.household_id.in_(household_ids)).order_by(Mandate.id.desc())
    return [MandateRow(*row) for row in db.session.execute(ours)]


def mandates() -> list[MandateRow]:
    """Those to check, those in service, then the newest that ended. Two statements."""
    live = _MANDATES.where(Mandate.state.in_(LIVE_MANDATES)).order_by(
        Mandate.state.desc(), Household.name, Mandate.id
    )
    ended = _MANDATES.where(Mandate.state.not_in(LIVE_MANDATES)).order_by(Mandate.ended_at.desc())
    rows = [*db.session.execute(live), *db.session.execute(ended.limit(SHOWN_ENDED))]
    return [MandateRow(*row) for row in rows]


def mandate(mandate_id: int) -> MandateRow:
    """One statement. Raises NotFound."""
    row = db.session.execute(_MANDATES.where(Mandate.id == mandate_id)).one_or_none()
    if row is None:
        raise NotFound
    return MandateRow(*row)


def account_of(mandate_id: int, user_id: int) -> str:
    """The whole account of a mandate, for who signed it; empty for everybody else. One statement."""
    ours = (
        select(Mandate.iban)
        .join(Guardian, Guardian.id == Mandate.guardian_id)
        .join(User, User.id == Guardian.user_id)
        .where(Mandate.id == mandate_id, User.id == user_id)
    )
    return db.session.scalar(ours) or ""


def adults(household_id: int) -> list[tuple[int, str]]:
    """Who may sign for a household: id and name. One statement. Raises NotFound without anybody."""
    rows = db.session.execute(
        select(Guardian.id, Guardian.first_name + " " + Guardian.last_name)
        .join(HouseholdGuardian, HouseholdGuardian.guardian_id == Guardian.id)
        .where(HouseholdGuardian.household_id == household_id)
        .order_by(HouseholdGuardian.position, Guardian.id)
    ).all()
    if not rows:
        raise NotFound
    return [(guardian_id, name) for guardian_id, name in rows]


def household_name(household_id: int) -> str:
    """One statement. Raises NotFound."""
    name = db.session.scalar(select(Household.name).where(Household.id == household_id))
    if name is None:
        raise NotFound
    return name


def candidates(
    regie_id: int, day: date, today: date, notice_days: int, *, of_batch: int | None = None
) -> list[Candidate]:
    """Every open bill of a régie, with what keeps it out of a batch for `day`. One statement.

    `of_batch` looks again at the bills of a batch: that they wait in it keeps nothing out.
    """
    statement = _OPEN.where(Invoice.regie_id == regie_id)
    if of_batch is not None:
        ours = select(Debit.invoice_id).where(Debit.batch_id == of_batch, Debit.state == DebitState.PLANNED)
        statement = statement.where(Invoice.id.in_(ours))
    found = []
    for row in db.session.execute(statement):
        bill = Expected(
            left_cents=row.left_cents,
            is_paying=row.state is InvoiceState.PAYING,
            announced=row.debit_day,
            planned=row.planned and of_batch is None,
            mandate_state=row.mandate_state,
            signed_on=row.signed_on,
            last_used_on=row.last_used_on,
        )
        found.append(
            Candidate(
                row.id,
                row.household_id,
                row.name,
                row.reference or "",
                row.left_cents,
                row.mandate_id,
                row.mandate or "",
                row.iban_end or "",
                obstacle(bill, day, today, notice_days),
            )
        )
    return found


def proposed_day(regie_id: int, today: date) -> date:
    """The day announced on the most open bills to come, else the first one on which families can be told in
    time. Two statements. Raises NotFound."""
    announced = (
        select(Invoice.debit_day)
        .where(
            Invoice.regie_id == regie_id, Invoice.state.in_(OPEN_STATES), Invoice.debit_day > today, ~_PLANNED
        )
        .group_by(Invoice.debit_day)
        .order_by(func.count().desc(), Invoice.debit_day)
        .limit(1)
    )
    day = db.session.scalar(announced)
    return day or banking_day_from(today + timedelta(days=regie(regie_id).notice_days))


def waiting_mandates() -> int:
    """How many mandates wait to be checked. One statement."""
    return db.session.scalar(
        select(func.count()).select_from(Mandate).where(Mandate.state == MandateState.WAITING)
    )


def batches() -> list[BatchRow]:
    """The newest batches. One statement."""
    return [BatchRow(*row) for row in db.session.execute(_BATCHES.limit(SHOWN_BATCHES))]


def batch(batch_id: int) -> tuple[BatchRow, list[DebitRow]]:
    """A batch and its debits by household. Two statements. Raises NotFound."""
    row = db.session.execute(_BATCHES.where(DebitBatch.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound
    debits = db.session.execute(_DEBITS.where(Debit.batch_id == batch_id))
    return BatchRow(*row), [DebitRow(*one) for one in debits]


def debit(debit_id: int) -> DebitRow:
    """One statement. Raises NotFound."""
    row = db.session.execute(_DEBITS.where(Debit.id == debit_id)).one_or_none()
    if row is None:
        raise NotFound
    return DebitRow(*row)
