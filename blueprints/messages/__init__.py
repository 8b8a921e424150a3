"""Messages between a family and the service."""

from flask import Blueprint

blueprint = Blueprint("messages", __name__, url_prefix="/messages")

from blueprints.messages import views  # noqa: E402, F401  the routes register themselves on the blueprint
