"""Deposit slips: what is handed over to the Treasury or the bank."""

from flask import Blueprint

blueprint = Blueprint("staff_deposits", __name__, url_prefix="/gestion/facturation/bordereaux")

# The routes register themselves on the blueprint.
from blueprints.staff.deposits import views  # noqa: E402, F401
