"""Direct debits: mandates of families, batches for the bank, what it sent back."""

from flask import Blueprint

blueprint = Blueprint("staff_debits", __name__, url_prefix="/gestion/facturation/prelevements")

# The routes register themselves on the blueprint.
from blueprints.staff.debits import mandates, views  # noqa: E402, F401
