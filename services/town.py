"""The town's settings, typed on screen (S02, S03)."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from domain.certification import annual_day
from domain.enums import HolidayVariant, SchoolZone
from domain.settings import SETTING_KEYS, TownSettings, settings_from_rows
from models import Setting
from services import audit
from services.accounts import Author
from services.transaction import write_transaction

# The journal names a row by a number; the settings are one object.
_THE_TOWN = 1


def save_settings(settings: TownSettings, *, author: Author, now: datetime) -> frozenset[str]:
    """Write the settings that changed; returns their keys.

    Raises ValueError for an unknown zone, Refused `bad_day` for a day of certification that no year has.
    """
    SchoolZone(settings.school_zone), HolidayVariant(settings.holiday_variant)
    annual_day(settings.certification_from)
    with write_transaction() as session:
        rows = {row.key: row for row in session.scalars(select(Setting).where(Setting.key.in_(SETTING_KEYS)))}
        former = asdict(settings_from_rows({key: row.value for key, row in rows.items()}))
        changed = {key: value for key, value in asdict(settings).items() if former[key] != value}
        for key, value in changed.items():
            session.merge(Setting(key=key, value=value))
        if changed:
            before = {key: former[key] for key in changed}
            audit.record(
                session,
                at=now,
                actor_user_id=author.user_id,
                channel=author.channel,
                action="settings.updated",
                object_type="town",
                object_id=_THE_TOWN,
                before=before,
                after=changed,
            )
    return frozenset(changed)
