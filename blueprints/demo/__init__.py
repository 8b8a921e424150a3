"""Pages that exist in a demonstration only: sign-ins and sent mails."""

from flask import Blueprint

blueprint = Blueprint("demo", __name__, url_prefix="/demonstration")

from blueprints.demo import views  # noqa: E402, F401  the routes register themselves on the blueprint
