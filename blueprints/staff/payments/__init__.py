"""Money received by hand, confirmations of the Treasury, what is still owed."""

from flask import Blueprint

blueprint = Blueprint("staff_payments", __name__, url_prefix="/gestion/facturation/reglements")

# The routes register themselves on the blueprint.
from blueprints.staff.payments import online, refunds, views  # noqa: E402, F401
