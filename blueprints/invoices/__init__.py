"""Bills, payments and what is coming."""

from flask import Blueprint

blueprint = Blueprint("invoices", __name__, url_prefix="/factures")

from blueprints.invoices import certificates, contests, statements, views  # noqa: E402, F401  the routes register themselves
