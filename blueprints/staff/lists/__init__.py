"""Lists of the family file and authorisations that the service asks for."""

from flask import Blueprint

blueprint = Blueprint("staff_lists", __name__, url_prefix="/gestion")

from blueprints.staff.lists import views  # noqa: E402, F401  the routes register themselves on the blueprint
