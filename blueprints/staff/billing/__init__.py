"""The billing of a month: régies, drafts, issue, credit notes (R42)."""

from flask import Blueprint

blueprint = Blueprint("staff_billing", __name__, url_prefix="/gestion/facturation")

# The routes register themselves on the blueprint.
from blueprints.staff.billing import exports, money, regies, reminders, views  # noqa: E402, F401
