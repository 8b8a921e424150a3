"""The day of a structure: who comes, with whom, what the field must know, whom to call."""

from flask import Blueprint

blueprint = Blueprint("staff_day_sheets", __name__, url_prefix="/gestion")

from blueprints.staff.day_sheets import views  # noqa: E402, F401  the routes register themselves on the blueprint
