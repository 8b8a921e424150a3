"""How long data are kept, what is to be erased, and the confirmation of it (R54)."""

from flask import Blueprint

blueprint = Blueprint("staff_retention", __name__, url_prefix="/gestion/conservation")

from blueprints.staff.retention import views  # noqa: E402, F401  the routes register themselves on the blueprint
