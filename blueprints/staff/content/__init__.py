"""Useful links, resources, document categories."""

from flask import Blueprint

blueprint = Blueprint("staff_content", __name__, url_prefix="/gestion/contenus")

from blueprints.staff.content import views  # noqa: E402, F401  the routes register themselves on the blueprint
