"""The journal as a chain of hashes: what was rewritten, taken away or added afterwards breaks it (S115).

Pure: links in, breaks out. The content of an event is hashed apart, with a salt: when both go at the end of
retention, its hash stays and the chain still holds (R54).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64  # what the first link hangs on
LATE = timedelta(hours=2)  # longer than any act lasts between its instant and its commit


@dataclass(frozen=True, slots=True)
class Act:
    """What the chain covers of an event, beside its content. `at` is aware."""

    event_id: int
    at: datetime
    actor_user_id: int | None
    channel: str
    action: str
    object_type: str
    object_id: int
    household_id: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """A seal and the event it seals, as they are read. `act` is None when the event is gone."""

    seal_id: int
    event_id: int
    salt: str | None
    content_hash: str
    chain_hash: str
    sealed_at: datetime
    act: Act | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class BreakKind(StrEnum):
    GONE = "gone"  # the event was removed
    CONTENT = "content"  # what it says was rewritten
    CHAIN = "chain"  # who, when or what was rewritten, or a link was removed before it
    LATE = "late"  # added among older ones


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold; `since` is the instant of the act, or of its seal when it is gone."""

    kind: BreakKind
    event_id: int
    since: datetime


def content_hash(salt: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """SHA-256, in hexadecimal, of what an event holds of a person."""
    return _digest(salt, before, after)


def chain_hash(previous: str, act: Act, content: str) -> str:
    """SHA-256, in hexadecimal, of a link: the former one, the act, the hash of its content."""
    return _digest(
        previous,
        act.event_id,
        act.at.astimezone(UTC).isoformat(timespec="microseconds"),
        act.actor_user_id,
        str(act.channel),
        act.action,
        act.object_type,
        act.object_id,
        act.household_id,
        content,
    )


def _digest(*parts: Any) -> str:
    written = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def breaks(links: Iterable[Link]) -> Iterator[Break]:
    """Every link that does not hold, in the order of sealing. Each is judged after the one that stands
    before it, so that one fault is told once."""
    previous, sealed_before = GENESIS, None
    for link in links:
        kind = _fault(link, previous, sealed_before)
        if kind is not None:
            yield Break(kind, link.event_id, link.act.at if link.act else link.sealed_at)
        previous, sealed_before = link.chain_hash, link.sealed_at


def _fault(link: Link, previous: str, sealed_before: datetime | None) -> BreakKind | None:
    if link.act is None:
        return BreakKind.GONE
    if link.salt is None:
        if link.before is not None or link.after is not None:
            return BreakKind.CONTENT
    elif content_hash(link.salt, link.before, link.after) != link.content_hash:
        return BreakKind.CONTENT
    if chain_hash(previous, link.act, link.content_hash) != link.chain_hash:
        return BreakKind.CHAIN
    if sealed_before is not None and link.act.at < sealed_before - LATE:
        return BreakKind.LATE
    return None
