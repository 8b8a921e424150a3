"""The instant of this request: every view passes it down, nobody else reads a clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """The instant given by the application's clock (aware, UTC)."""
    return current_app.config["CLOCK"].now()


def today() -> date:
    """The day in Europe/Paris."""
    return now().astimezone(PARIS).date()
