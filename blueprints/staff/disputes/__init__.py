"""Lines of bills that families contest."""

from flask import Blueprint

blueprint = Blueprint("staff_disputes", __name__, url_prefix="/gestion/facturation/contestations")

# The routes register themselves on the blueprint.
from blueprints.staff.disputes import views  # noqa: E402, F401
