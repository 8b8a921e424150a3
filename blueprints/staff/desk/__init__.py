"""« À traiter »: the one queue of changes, documents and booking requests."""

from flask import Blueprint

blueprint = Blueprint("staff_desk", __name__, url_prefix="/gestion/a-traiter")

# The routes register themselves on the blueprint.
from blueprints.staff.desk import bookings, changes, documents, views  # noqa: E402, F401
