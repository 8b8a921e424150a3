"""Events of the journal get their seal in turns of the worker, one after the other; the check says in French
what does not hold any more, and from when (S115).

An event added by hand among older ones gets no seal, or one that comes too late; the last link is kept with
each backup, so that a chain cut short or made anew as a whole is seen too.
"""

import itertools
import secrets
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from domain.audit_chain import GENESIS, Break, BreakKind, breaks, chain_hash, content_hash
from domain.calendar import paris_now
from domain.french import NBSP, plural
from extensions import db
from models import AuditEvent, AuditSeal
from queries import audit_chain
from queries.audit_chain import Head, act_of
from services.transaction import write_transaction

BATCH = 2_000
SHOWN = 5  # breaks that are told one by one

_SENTENCES = {
    BreakKind.GONE: "l’acte n°{nbsp}{number} du journal a été retiré",
    BreakKind.CONTENT: "le contenu de l’acte n°{nbsp}{number} du journal a été réécrit",
    BreakKind.CHAIN: "l’acte n°{nbsp}{number} du journal a été réécrit, ou ce qui le précédait a été retiré",
    BreakKind.LATE: "l’acte n°{nbsp}{number} du journal a été ajouté après coup",
}


def seal(now: datetime) -> int:
    """Seal what waits, a batch a transaction; returns how many. Two statements when nothing waits."""
    done = 0
    while db.session.execute(audit_chain.unsealed(audit_chain.floor()).limit(1)).first():
        with write_transaction() as session:
            done += seal_batch(session, now)
    return done


def seal_batch(session: Session, now: datetime) -> int:
    """Seal the next events in the caller's transaction, which no other worker shares; returns how many.

    Four statements, whatever their number.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE audit_seal IN EXCLUSIVE MODE"))
    head = audit_chain.head()
    query = audit_chain.unsealed(audit_chain.floor()).order_by(AuditEvent.id).limit(BATCH)
    previous, seals = head.chain_hash if head else GENESIS, []
    for row in session.execute(query):
        salt = secrets.token_hex(16)
        content = content_hash(salt, row.before, row.after)
        previous = chain_hash(previous, act_of(row), content)
        seals.append(
            {
                "event_id": row.event_id,
                "salt": salt,
                "content_hash": content,
                "chain_hash": previous,
                "sealed_at": now,
            }
        )
    if seals:
        session.execute(insert(AuditSeal), seals)
    return len(seals)


def head() -> str:
    """The last link as a backup keeps it, « number:hash »; empty while nothing is sealed."""
    return str(audit_chain.head() or "")


def problems(kept_head: str = "", kept_at: datetime | None = None) -> list[str]:
    """What does not hold in the journal, in French sentences; empty when all does.

    `kept_head`: the last link as it was at `kept_at`, kept elsewhere.
    """
    found = [_told(one) for one in itertools.islice(breaks(audit_chain.links()), SHOWN)]
    for number, at in audit_chain.strays():
        found.append(_told(Break(BreakKind.LATE, number, at)))
    without, told = audit_chain.emptied()
    if without != told:
        found.append(
            f"{plural(without, 'acte', 'actes')} du journal sans contenu, alors que les effacements "
            f"enregistrés en annoncent {told}{NBSP}: un contenu a été retiré à la main."
        )
    if kept_head and kept_at and not _stands(kept_head) and not audit_chain.restored_since(kept_at):
        found.append(
            f"La fin du journal telle qu’elle était le {paris_now(kept_at):%d/%m/%Y à %H:%M} n’y est plus"
            f"{NBSP}: des actes ont été retirés, ou tout a été réécrit."
        )
    if found:
        found.append(
            "Gardez la base en l’état, comparez avec une sauvegarde d’avant cette date et cherchez qui a "
            "accès à la machine du portail."
        )
    return found


def _told(one: Break) -> str:
    sentence = _SENTENCES[one.kind].format(nbsp=NBSP, number=one.event_id)
    return f"Depuis le {paris_now(one.since):%d/%m/%Y à %H:%M}{NBSP}: {sentence}."


def _stands(kept_head: str) -> bool:
    number, _, chain = kept_head.partition(":")
    return audit_chain.has_seal(Head(int(number), chain))
