"""Attendance (« pointage »): the team marks who came, by activity and day."""

from flask import Blueprint

blueprint = Blueprint("staff_attendance", __name__, url_prefix="/gestion/pointage")

from blueprints.staff.attendance import offline, views  # noqa: E402, F401  the routes register themselves
