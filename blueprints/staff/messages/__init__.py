"""Messages between families and the service, for the agents."""

from flask import Blueprint

blueprint = Blueprint("staff_messages", __name__, url_prefix="/gestion/messages")

from blueprints.staff.messages import views  # noqa: E402, F401  the routes register themselves on the blueprint
