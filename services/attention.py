"""The administrators are written to when the portal needs a person: once for each problem, again each day."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.enums import AccountStatus, Channel, MailKind, StaffRole
from models import Setting, StaffMember, User
from services import audit, outbox, self_check
from services.transaction import write_transaction

TOLD_AGAIN = timedelta(days=1)
_TOLD = "attention_told"  # not a setting of the town: what the last mail said, and when
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class _Told:
    problems: frozenset[str]
    at: datetime | None


def tell(now: datetime) -> None:
    """Job of the worker: write to every administrator when something new is wrong, or still is after a day.

    A problem is the same while only its numbers change. What is mended is forgotten: it is told anew when it
    comes back.
    """
    problems = self_check.condition(now).problems
    seen = frozenset(_NUMBER.sub("0", one) for one in problems)
    with write_transaction() as session:
        row = session.get(Setting, _TOLD, with_for_update=True)
        told = _read(row)
        is_due = bool(seen) and told.at is not None and now - told.at >= TOLD_AGAIN
        if seen == told.problems and not is_due:
            return
        if seen - told.problems or is_due:
            _write_to_administrators(session, problems, now)
            told = _Told(seen, now)
        else:
            told = _Told(seen, told.at)  # something was mended, nothing is new
        _keep(session, row, told)
        audit.record(
            session,
            at=now,
            actor_user_id=None,
            channel=Channel.SYSTEM,
            action="portal.attention",
            object_type="setting",
            object_id=0,
            after={"problems": list(problems)},
        )


def _read(row: Setting | None) -> _Told:
    if row is None:
        return _Told(frozenset(), None)
    kept = json.loads(row.value)
    return _Told(frozenset(kept["problems"]), kept["at"] and datetime.fromisoformat(kept["at"]))


def _keep(session: Session, row: Setting | None, told: _Told) -> None:
    value = json.dumps({"problems": sorted(told.problems), "at": told.at and told.at.isoformat()})
    if row is None:
        session.add(Setting(key=_TOLD, value=value))
    else:
        row.value = value


def _write_to_administrators(session: Session, problems: tuple[str, ...], now: datetime) -> None:
    administrators = session.execute(
        select(User.id, User.email)
        .join(StaffMember, StaffMember.user_id == User.id)
        .where(StaffMember.role == StaffRole.ADMINISTRATOR, User.status == AccountStatus.ACTIVE)
        .order_by(User.id)
    ).all()
    for user_id, email in administrators:
        outbox.queue(session, MailKind.ATTENTION, to=email, now=now, user_id=user_id, problems=problems)
