"""What an address of the attendance says, and who asks."""

from datetime import date

from flask import abort, url_for
from flask_login import current_user

from services.attendance import Agent, Roll


def agent() -> Agent:
    return Agent(current_user.user_id, current_user.facility_ids)


def roll_of(activity_id: int, slug: str) -> Roll:
    """The list of an address; 404 for what is no day."""
    try:
        day = date.fromisoformat(slug)
    except ValueError:
        abort(404)
    return Roll(activity_id, day) if day.isoformat() == slug else abort(404)


def list_address(roll: Roll) -> str:
    return url_for("staff_attendance.show", activity_id=roll.activity_id, day=roll.day)
