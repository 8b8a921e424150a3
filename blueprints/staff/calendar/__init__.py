"""Public and school holidays."""

from flask import Blueprint

blueprint = Blueprint("staff_calendar", __name__, url_prefix="/gestion/calendrier")

from blueprints.staff.calendar import views  # noqa: E402, F401  the routes register themselves on the blueprint
