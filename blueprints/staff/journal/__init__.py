"""The journal, searched and taken away by administrators (S115)."""

from flask import Blueprint

blueprint = Blueprint("staff_journal", __name__, url_prefix="/gestion/journal")

from blueprints.staff.journal import views  # noqa: E402, F401  the routes register themselves on the blueprint
