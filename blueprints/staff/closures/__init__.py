"""Closures: days on which a structure, an activity or a class does not open."""

from flask import Blueprint

blueprint = Blueprint("staff_closures", __name__, url_prefix="/gestion/fermetures")

# The routes register themselves on the blueprint.
from blueprints.staff.closures import views  # noqa: E402, F401
