"""The queue of booking requests."""

from flask import Blueprint

blueprint = Blueprint("staff_requests", __name__, url_prefix="/gestion/demandes")

from blueprints.staff.requests import views  # noqa: E402, F401  the routes register themselves on the blueprint
