"""« À traiter »: the one queue of changes, documents, booking and enrolment requests."""

from flask import Blueprint

blueprint = Blueprint("staff_desk", __name__, url_prefix="/gestion/a-traiter")

# The routes register themselves on the blueprint.
from blueprints.staff.desk import bookings, changes, documents, enrolments, messages, views  # noqa: E402, F401
