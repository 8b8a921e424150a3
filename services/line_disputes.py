"""A family contests a line of its bill; the service answers (R43). The bill itself never changes."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import DisputeState, MailKind
from domain.errors import NotFound, Refused, Stale
from domain.french import NBSP, quoted
from domain.labels import label
from domain.ledger import ISSUED_STATES
from models import Household, Invoice, InvoiceLine, LineDispute, Regie
from services import audit, booking_life, outbox
from services.accounts import Author
from services.booking_life import Actor
from services.transaction import write_transaction

LONGEST = 1000  # characters of what a family says, and of an answer


def contest(
    line_id: int,
    invoice_id: int,
    household_ids: Collection[int],
    message: str,
    author: Author,
    now: datetime,
) -> int:
    """Contest a line of an issued bill of one of these households. Returns the id of the dispute: a line that
    waits for its answer is contested already, and nothing more is written.

    Raises NotFound for another line, Refused without words or when the service answered already.
    """
    words = _words(message, "Dites ce qui ne va pas, en une phrase.")
    with write_transaction() as session:
        invoice = session.get(Invoice, invoice_id, with_for_update=True)
        line = session.get(InvoiceLine, line_id)
        if not _is_theirs(invoice, line, household_ids):
            raise NotFound
        known = session.scalars(
            select(LineDispute).where(LineDispute.line_id == line_id).order_by(LineDispute.id.desc())
        ).first()
        if known is not None and known.state is DisputeState.OPEN:
            return known.id
        if known is not None:
            raise Refused(
                "answered",
                "Le service a déjà répondu pour cette ligne. Contactez-le si la réponse ne convient pas.",
            )
        actor = booking_life.family_member(session, author.user_id, author.channel)
        dispute = LineDispute(
            line_id=line_id,
            household_id=invoice.household_id,
            author_user_id=author.user_id,
            author_name=actor.name,
            message=words,
            created_at=now,
            state=DisputeState.OPEN,
        )
        session.add(dispute)
        session.flush()
        _record(session, "line_dispute.opened", dispute, actor, now)
        _tell_service(session, dispute, invoice, line, now)
        return dispute.id


def answer(dispute_id: int, state: DisputeState, words: str, author: Author, now: datetime) -> None:
    """Accept or refuse, with an answer that the family reads on its bill and by mail.

    Raises NotFound, Refused without an answer, Stale when somebody answered before.
    """
    said = _words(words, f"Écrivez la réponse{NBSP}: la famille la lira.")
    with write_transaction() as session:
        dispute = session.get(LineDispute, dispute_id, with_for_update=True)
        if dispute is None:
            raise NotFound
        if dispute.state is not DisputeState.OPEN:
            raise Stale(
                f"{dispute.answered_by_name} a déjà répondu{NBSP}: {quoted(label(dispute.state).lower())}."
            )
        actor = booking_life.agent(session, author.user_id, author.channel)
        dispute.state, dispute.answer = state, said
        dispute.answered_by_name, dispute.answered_at = actor.name, now
        line = session.get_one(InvoiceLine, dispute.line_id)
        invoice = session.get_one(Invoice, line.invoice_id)
        _record(session, "line_dispute.answered", dispute, actor, now)
        outbox.queue_household(
            session,
            MailKind.DISPUTE_DECISION,
            dispute.household_id,
            now=now,
            line=line.label,
            reference=invoice.reference,
            invoice_id=invoice.id,
            is_accepted=state is DisputeState.ACCEPTED,
            answer=said,
        )


def _tell_service(
    session: Session, dispute: LineDispute, invoice: Invoice, line: InvoiceLine, now: datetime
) -> None:
    """By mail to the régie, to the service where it has no address. What the family wrote stays on the
    portal: it may speak of health."""
    outbox.queue_service(
        session,
        MailKind.DISPUTE_RECEIVED,
        to=session.get_one(Regie, invoice.regie_id).email,
        now=now,
        household=session.get_one(Household, invoice.household_id).name,
        line=line.label,
        amount_cents=line.amount_cents,
        reference=invoice.reference,
        dispute_id=dispute.id,
    )


def _is_theirs(invoice: Invoice | None, line: InvoiceLine | None, household_ids: Collection[int]) -> bool:
    return (
        invoice is not None
        and line is not None
        and line.invoice_id == invoice.id
        and invoice.household_id in household_ids
        and invoice.state in ISSUED_STATES
    )


def _words(text: str, instruction: str) -> str:
    words = text.strip()
    if not words:
        raise Refused("no_words", instruction)
    return words[:LONGEST]


def _record(session: Session, action: str, dispute: LineDispute, actor: Actor, now: datetime) -> None:
    """The words themselves stay out of the journal."""
    audit.record(
        session,
        at=now,
        actor_user_id=actor.user_id,
        channel=actor.channel,
        action=action,
        object_type="line_dispute",
        object_id=dispute.id,
        household_id=dispute.household_id,
        after={"line_id": dispute.line_id, "state": dispute.state.value},
    )
