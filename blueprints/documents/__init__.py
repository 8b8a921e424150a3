"""Supporting documents: what is asked for, what was received."""

from flask import Blueprint

blueprint = Blueprint("documents", __name__, url_prefix="/documents")

from blueprints.documents import views  # noqa: E402, F401  the routes register themselves on the blueprint
