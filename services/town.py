"""The town's settings, typed on screen (S02, S03)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.certification import annual_day
from domain.enums import HolidayVariant, SchoolZone
from domain.settings import SETTING_KEYS, TownSettings, settings_from_rows
from models import Setting
from services import audit
from services.accounts import Author
from services.transaction import write_transaction

# The journal names a row by a number; the settings are one object.
_THE_TOWN = 1


def save_settings(values: Mapping[str, str], *, author: Author, now: datetime) -> frozenset[str]:
    """Write those of `values` (by key of `TownSettings`) that change something; returns their keys.

    Raises ValueError for an unknown zone, Refused `bad_day` for a day of certification that no year has.
    """
    wanted = TownSettings(**values)
    SchoolZone(wanted.school_zone), HolidayVariant(wanted.holiday_variant)
    annual_day(wanted.certification_from)
    with write_transaction() as session:
        return write(session, values, author=author, now=now)


def write(session: Session, values: Mapping[str, str], *, author: Author, now: datetime) -> frozenset[str]:
    """`save_settings` inside a transaction, for values that were checked."""
    rows = {row.key: row for row in session.scalars(select(Setting).where(Setting.key.in_(SETTING_KEYS)))}
    former = asdict(settings_from_rows({key: row.value for key, row in rows.items()}))
    return keep_changed(session, "settings.updated", former, values, author=author, now=now)


def keep_changed(
    session: Session,
    action: str,
    former: Mapping[str, str],
    wanted: Mapping[str, str],
    *,
    author: Author,
    now: datetime,
) -> frozenset[str]:
    """Write the rows of `wanted` that differ from `former`, told as `action`; returns their keys."""
    changed = {key: value for key, value in wanted.items() if former[key] != value}
    for key, value in changed.items():
        session.merge(Setting(key=key, value=value))
    if changed:
        audit.record(
            session,
            at=now,
            actor_user_id=author.user_id,
            channel=author.channel,
            action=action,
            object_type="town",
            object_id=_THE_TOWN,
            before={key: former[key] for key in changed},
            after=changed,
        )
    return frozenset(changed)
