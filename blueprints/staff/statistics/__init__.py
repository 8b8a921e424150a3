"""The hours that are declared to the CAF and to the MSA (R49)."""

from flask import Blueprint

blueprint = Blueprint("staff_statistics", __name__, url_prefix="/gestion/heures-caf")

# The routes register themselves on the blueprint.
from blueprints.staff.statistics import views  # noqa: E402, F401
