"""The instant of this request: every view passes it down, nobody else reads a clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app, request

PARIS = ZoneInfo("Europe/Paris")
MOST_YEARS = 10  # before or after today


def now() -> datetime:
    """The instant given by the application's clock (aware, UTC)."""
    return current_app.config["CLOCK"].now()


def today() -> date:
    """The day in Europe/Paris."""
    return now().astimezone(PARIS).date()


def asked_day() -> date:
    """The day that the address asks for (`jour`); today for anything that is no day of these years."""
    try:
        day = date.fromisoformat(request.args.get("jour", ""))
    except ValueError:
        return today()
    return day if abs(day.year - today().year) <= MOST_YEARS else today()
