"""The household's file and the signed-in adult's own account."""

from flask import Blueprint

blueprint = Blueprint("household", __name__)

from blueprints.household import certification, choices, data, texts, views  # noqa: E402, F401  they register their routes
