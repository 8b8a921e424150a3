"""Household files: search, create, edit, open access."""

from flask import Blueprint

blueprint = Blueprint("staff_families", __name__, url_prefix="/gestion/familles")

# The routes register themselves on the blueprint.
from blueprints.staff.families import access, children, edits, facts, views  # noqa: E402, F401
