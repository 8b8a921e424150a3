"""Household files: search, create, edit, open access."""

from flask import Blueprint

blueprint = Blueprint("staff_families", __name__, url_prefix="/gestion/familles")

from blueprints.staff.families import views  # noqa: E402, F401  the routes register themselves on the blueprint
