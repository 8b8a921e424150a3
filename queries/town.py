"""The town as every page shows it."""

from sqlalchemy import select

from domain.settings import TownSettings, settings_from_rows
from extensions import db
from models import Setting

_SETTINGS = select(Setting.key, Setting.value)


def settings() -> TownSettings:
    """The town's settings in force. One statement."""
    return settings_from_rows(dict(db.session.execute(_SETTINGS).all()))
