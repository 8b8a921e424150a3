"""Erasure at the end of retention (R54): counted first, confirmed, then done by the worker, a family a
transaction. Accounting stays as long as the law asks; the chain of the journal still holds.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from domain import retention as rules
from domain.calendar import paris_now
from domain.enums import Channel
from domain.errors import Stale
from domain.retention import Retained, Retention
from extensions import db
from guards import erasing
from models import AllotmentRank, Booking, Child, Household, Setting
from queries import retention as retention_queries
from queries.retention import DueFamily, Subjects
from services import audit, audit_seals, document_store, town
from services.accounts import Author
from services.erasures import notices, overdue, steps
from services.transaction import write_transaction

NIGHT = time(3, 30)  # in Paris: after the backup of the night
_JOURNAL_BATCH = 20_000  # more than a family ever makes
_THE_TOWN = 1
_LAST = f"{rules.PREFIX}last_night"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would do now; nothing is done. `families` go; `waiting` are told first, or were told
    not long ago; `held` stay until their account is settled. `rows`: how many rows of each kind those
    families have; `overdue`: the same by duration."""

    families: tuple[DueFamily, ...]
    waiting: tuple[DueFamily, ...]
    held: tuple[DueFamily, ...]
    rows: tuple[tuple[str, int], ...]
    overdue: tuple[tuple[Retained, tuple[tuple[str, int], ...]], ...]

    @property
    def is_empty(self) -> bool:
        return not self.families and not self.overdue

    @property
    def fingerprint(self) -> str:
        """What an administrator had on screen."""
        return "-".join(str(one.household_id) for one in self.families)


def preview(now: datetime) -> Preview:
    """Count what has been kept long enough, in as many statements whatever the number of families."""
    today = paris_now(now).date()
    retention = retention_queries.retention()
    due, soon = retention_queries.due(today), retention_queries.soon_due(today)
    families = _going(due, retention, today)
    going = {one.household_id for one in families}
    counts: Counter[str] = Counter()
    session = db.session()
    if families:
        found = retention_queries.subjects([one.household_id for one in families])
        for step in steps.of_families(found, now):
            counts[step.name] += step.count(session)
        counts[steps.JOURNAL] += _how_many(session, steps.sealed_events(retention_queries.journal_of(found)))
    kinds = []
    for sweep in overdue.sweeps(retention, today):
        rows = tuple((one.name, count) for one in sweep.steps if (count := one.count(session)))
        if rows:
            kinds.append((sweep.kind, rows))
    old = _how_many(session, steps.sealed_events(overdue.old_events(retention, today)))
    if old:
        kinds.append((Retained.JOURNAL, ((steps.JOURNAL, old),)))
    return Preview(
        families,
        tuple(one for one in soon if one.is_reachable and not one.owes and one.household_id not in going),
        tuple(one for one in due if one.owes),
        tuple((name, count) for name, count in counts.items() if count),
        tuple(kinds),
    )


def _going(due: Iterable[DueFamily], retention: Retention, today: date) -> tuple[DueFamily, ...]:
    """Those that were told long enough ago, or that nobody can be told for."""
    return tuple(one for one in due if one.may_go(retention.notice_days, today))


def _how_many(session: Session, events: Select) -> int:
    return session.scalar(select(func.count()).select_from(events.subquery())) or 0


# --- Settings and confirmation ------------------------------------------------------------------------------


def save(retention: Retention, *, author: Author, now: datetime) -> bool:
    """Write the durations that changed; whether there were some. Raises Refused, its code the kind."""
    rules.check(retention)
    with write_transaction() as session:
        former, wanted = retention_queries.retention().to_rows(), retention.to_rows()
        changed = town.keep_changed(session, "retention.updated", former, wanted, author=author, now=now)
    return bool(changed)


def ask(seen: str, *, author: Author, now: datetime) -> None:
    """An administrator confirms what the preview showed; the worker does it within the minute.

    Raises Stale when other families are due since.
    """
    with write_transaction() as session:
        today = paris_now(now).date()
        shown = _going(retention_queries.due(today), retention_queries.retention(), today)
        if "-".join(str(one.household_id) for one in shown) != seen:
            raise Stale(
                "La liste des familles à effacer vient de changer. Relisez-la, puis confirmez de nouveau."
            )
        ids = [one.household_id for one in shown]
        value = json.dumps({"user_id": author.user_id, "families": ids})
        session.merge(Setting(key=rules.ASKED, value=value))
        _record(session, "retention.confirmed", author, now, after={"families": len(ids)})


def ask_to_tell(*, author: Author, now: datetime) -> None:
    """An administrator wants the families told; the worker writes the mails within the minute."""
    with write_transaction() as session:
        session.merge(Setting(key=rules.TELLING, value=str(author.user_id)))
        _record(session, "retention.telling", author, now)


def is_telling() -> bool:
    """Whether the worker still has families to tell that an administrator asked for."""
    return db.session.scalar(select(Setting.key).where(Setting.key == rules.TELLING)) is not None


def is_asked() -> bool:
    """Whether the worker still has a confirmed erasure to do."""
    return db.session.scalar(select(Setting.key).where(Setting.key == rules.ASKED)) is not None


# --- The worker ---------------------------------------------------------------------------------------------


def work(now: datetime) -> None:
    """What was confirmed; once a night, when the town wants it, families are told and what is due goes."""
    if is_telling():
        told = notices.tell_families(now)
        with write_transaction() as session:
            session.execute(delete(Setting).where(Setting.key == rules.TELLING))
            _record(session, "retention.told", None, now, after={"families": told})
    asked = db.session.scalar(select(Setting.value).where(Setting.key == rules.ASKED))
    if asked is not None:
        wish = json.loads(asked)
        _erase(wish["families"], Author(wish["user_id"]), now)
        with write_transaction() as session:
            session.execute(delete(Setting).where(Setting.key == rules.ASKED))
            _record(session, "retention.done", Author(wish["user_id"]), now)
        return
    today = paris_now(now).date()
    retention = retention_queries.retention()
    if _is_night(now, today) and retention.is_nightly:
        notices.tell_families(now)
        going = _going(retention_queries.due(today), retention, today)
        _erase([one.household_id for one in going], None, now)
        with write_transaction() as session:
            session.merge(Setting(key=_LAST, value=today.isoformat()))
            _record(session, "retention.done", None, now)


def _is_night(now: datetime, today: date) -> bool:
    last = db.session.scalar(select(Setting.value).where(Setting.key == _LAST))
    return paris_now(now).time() >= NIGHT and last != today.isoformat()


def _erase(household_ids: Iterable[int], author: Author | None, now: datetime) -> None:
    audit_seals.seal(now)  # only sealed contents may go
    for household_id in household_ids:
        erase_family(household_id, author=author, now=now)
    erase_overdue(author=author, now=now)


def erase_family(household_id: int, *, author: Author | None, now: datetime) -> bool:
    """Erase one family, unless it acted or owes since it was counted, or was told too short a time ago;
    whether it was erased."""
    today = paris_now(now).date()
    with write_transaction() as session:
        number = session.scalar(
            select(Household.number).where(Household.id == household_id).with_for_update()
        )
        retention = retention_queries.retention()
        due = retention_queries.due_families(retention.before(Retained.FAMILY, today), only=[household_id])
        if not _going(due, retention, today):
            return False
        found = retention_queries.subjects([household_id])
        keys = steps.file_keys(session, steps.documents_of(found), steps.conversations_of(found))
        with erasing(session.connection(), ("audit_event", "booking_event", "mandate")):
            counts: Counter[str] = Counter()
            for step in steps.of_families(found, now):
                counts[step.name] += step.act(session)
            for child in session.scalars(select(Child).where(Child.id.in_(found.children))):
                child.birth_date = date(child.birth_date.year, 1, 1)  # the year is enough for figures
            _quieten_ranks(session, found)
            emptied = _empty_journal(session, retention_queries.journal_of(found))
        _record(
            session,
            "erasure.family",
            author,
            now,
            object_type="household",
            object_id=household_id,
            after={"number": number, "journal": emptied, "rows": {k: v for k, v in counts.items() if v}},
        )
    document_store.delete_all(keys)
    return True


def _quieten_ranks(session: Session, found: Subjects) -> None:
    """An allotment can still be calculated again for the others: what it read stays, without its words."""
    ranks = select(AllotmentRank).join(Booking, Booking.id == AllotmentRank.booking_id)
    for rank in session.scalars(ranks.where(Booking.household_id.in_(found.households))):
        rank.inputs = {**rank.inputs, "why": "", "obstacle": ""}


def erase_overdue(*, author: Author | None, now: datetime) -> None:
    """Every other duration, a transaction each; the journal by batches."""
    today = paris_now(now).date()
    retention = retention_queries.retention()
    for sweep in overdue.sweeps(retention, today):
        if not any(step.count(db.session()) for step in sweep.steps):
            continue
        with write_transaction() as session:
            keys = steps.file_keys(session, sweep.documents, sweep.conversations)
            with erasing(session.connection(), overdue.ACCOUNTS):
                counts = {step.name: step.act(session) for step in sweep.steps}
            rows = {name: count for name, count in counts.items() if count}
            _record(session, "erasure.overdue", author, now, after={"kind": sweep.kind, "rows": rows})
        document_store.delete_all(keys)
    old = overdue.old_events(retention, today)
    while db.session.scalars(steps.sealed_events(old).limit(1)).first() is not None:
        with write_transaction() as session:
            with erasing(session.connection(), ("audit_event",)):
                emptied = _empty_journal(session, old)
            _record(
                session, "erasure.overdue", author, now, after={"kind": Retained.JOURNAL, "journal": emptied}
            )


def _empty_journal(session: Session, where: ColumnElement[bool]) -> int:
    """Contents and salts of at most a batch; how many."""
    ids = session.scalars(steps.sealed_events(where).limit(_JOURNAL_BATCH)).all()
    for step in steps.journal_contents(ids):
        step.act(session)
    return len(ids)


def _record(
    session: Session,
    action: str,
    author: Author | None,
    now: datetime,
    *,
    object_type: str = "town",
    object_id: int = _THE_TOWN,
    after: dict | None = None,
) -> None:
    audit.record(
        session,
        at=now,
        actor_user_id=author.user_id if author else None,
        channel=author.channel if author else Channel.SYSTEM,
        action=action,
        object_type=object_type,
        object_id=object_id,
        after=after,
    )
