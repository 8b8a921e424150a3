"""« Consignes du jour »: what the field must know of the children expected on a day."""

from flask import Blueprint

blueprint = Blueprint("staff_day_sheets", __name__, url_prefix="/gestion/structures")

from blueprints.staff.day_sheets import views  # noqa: E402, F401  the routes register themselves on the blueprint
