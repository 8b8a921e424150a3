"""The seals of the journal, read in order and by pages: one statement a page (S115)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, func, select

from domain.audit_chain import Act, Link
from extensions import db
from models import AuditEvent, AuditSeal

PAGE = 5_000
# Numbers are given before transactions commit: an event may come to light after others with higher ones.
IN_FLIGHT = 10_000
ERASURE = "erasure."  # how the acts that empty contents begin; `after` says how many events of the journal
RESTORED = "town.restored"

ACT = (
    AuditEvent.id.label("event_id"),
    AuditEvent.at,
    AuditEvent.actor_user_id,
    AuditEvent.channel,
    AuditEvent.action,
    AuditEvent.object_type,
    AuditEvent.object_id,
    AuditEvent.household_id,
)
_LINKS = (
    select(
        AuditSeal.id,
        AuditSeal.event_id.label("sealed_id"),
        AuditSeal.salt,
        AuditSeal.content_hash,
        AuditSeal.chain_hash,
        AuditSeal.sealed_at,
        *ACT,
        AuditEvent.before,
        AuditEvent.after,
    )
    .outerjoin(AuditEvent, AuditEvent.id == AuditSeal.event_id)
    .order_by(AuditSeal.id)
    .limit(PAGE)
)
_UNSEALED = ~select(AuditSeal.id).where(AuditSeal.event_id == AuditEvent.id).exists()


@dataclass(frozen=True, slots=True)
class Head:
    """The last link: who keeps it elsewhere proves what stood before."""

    seal_id: int
    chain_hash: str

    def __str__(self) -> str:
        return f"{self.seal_id}:{self.chain_hash}"


def act_of(row: Row) -> Act:
    """The part of an event that the chain covers, from the columns of `ACT`."""
    return Act(
        row.event_id, row.at, row.actor_user_id, row.channel, row.action, row.object_type, row.object_id,
        row.household_id,
    )  # fmt: skip


def links() -> Iterator[Link]:
    """Every link, in the order of sealing."""
    seen = 0
    while rows := db.session.execute(_LINKS.where(AuditSeal.id > seen)).all():
        for row in rows:
            act = act_of(row) if row.event_id is not None else None
            yield Link(
                row.id, row.sealed_id, row.salt, row.content_hash, row.chain_hash, row.sealed_at, act,
                row.before, row.after,
            )  # fmt: skip
        seen = rows[-1].id


def head() -> Head | None:
    """The last link, None while nothing is sealed. One statement."""
    row = db.session.execute(
        select(AuditSeal.id, AuditSeal.chain_hash).order_by(AuditSeal.id.desc()).limit(1)
    ).first()
    return Head(row.id, row.chain_hash) if row else None


def has_seal(wanted: Head) -> bool:
    """Whether a link that was kept elsewhere still stands. One statement."""
    found = select(AuditSeal.chain_hash).where(AuditSeal.id == wanted.seal_id)
    return db.session.scalar(found) == wanted.chain_hash


def floor() -> int:
    """The number below which every event has its seal."""
    return (db.session.scalar(select(func.max(AuditSeal.event_id))) or 0) - IN_FLIGHT


def unsealed(above: int) -> Select:
    """The events that wait for their seal, in the order of their numbers."""
    return select(*ACT, AuditEvent.before, AuditEvent.after).where(AuditEvent.id > above, _UNSEALED)


def strays() -> list[tuple[int, datetime]]:
    """(number, instant) of events slipped under what is sealed, ten at most. Two statements."""
    query = select(AuditEvent.id, AuditEvent.at).where(AuditEvent.id <= floor(), _UNSEALED)
    return [(row.id, row.at) for row in db.session.execute(query.order_by(AuditEvent.id).limit(10))]


def emptied() -> tuple[int, int]:
    """(events without content, how many of them an erasure tells of). Two statements."""
    without = db.session.scalar(select(func.count()).where(AuditSeal.salt.is_(None))) or 0
    told = db.session.scalars(select(AuditEvent.after).where(AuditEvent.action.startswith(ERASURE)))
    return without, sum((after or {}).get("journal", 0) for after in told)


def restored_since(moment: datetime) -> bool:
    """Whether a backup came back after that instant: what it did not hold is gone for a reason."""
    query = select(AuditEvent.id).where(AuditEvent.action == RESTORED, AuditEvent.at > moment).limit(1)
    return db.session.scalar(query) is not None


def sealed_count() -> int:
    """How many events are sealed."""
    return db.session.scalar(select(func.count()).select_from(AuditSeal)) or 0
