"""Bills, payments and what is coming."""

from flask import Blueprint

blueprint = Blueprint("invoices", __name__, url_prefix="/factures")

# The routes register themselves on the blueprint.
from blueprints.invoices import certificates, contests, mandates, online, statements, views  # noqa: E402, F401
