"""Staff home: what waits for a decision."""

from flask import Blueprint

blueprint = Blueprint("staff_dashboard", __name__, url_prefix="/gestion")

from blueprints.staff.dashboard import first_steps, views  # noqa: E402, F401  the routes register themselves
