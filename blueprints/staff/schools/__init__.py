"""Schools: classes, pupils, the yearly promotion."""

from flask import Blueprint

blueprint = Blueprint("staff_schools", __name__, url_prefix="/gestion/ecoles")

# The routes register themselves on the blueprint.
from blueprints.staff.schools import views  # noqa: E402, F401
