"""The Treasury's confirmations, by file."""

from flask import Blueprint

blueprint = Blueprint("staff_treasury", __name__, url_prefix="/gestion/facturation/tresor")

# The routes register themselves on the blueprint.
from blueprints.staff.treasury import views  # noqa: E402, F401
