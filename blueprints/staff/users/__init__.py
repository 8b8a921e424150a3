"""Staff accounts, roles and facilities."""

from flask import Blueprint

blueprint = Blueprint("staff_users", __name__, url_prefix="/gestion/agents")

from blueprints.staff.users import views  # noqa: E402, F401  the routes register themselves on the blueprint
