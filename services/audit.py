"""The journal: one row for each act, written in the transaction of the act (S115)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.enums import Channel
from models import AuditEvent


def record(
    session: Session,
    *,
    at: datetime,
    actor_user_id: int | None,
    channel: Channel,
    action: str,
    object_type: str,
    object_id: int,
    household_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add one event. `action` reads like « household.updated »; `before`, `after` hold only what changed."""
    session.add(
        AuditEvent(
            at=at,
            actor_user_id=actor_user_id,
            channel=channel,
            action=action,
            object_type=object_type,
            object_id=object_id,
            household_id=household_id,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
        )
    )
