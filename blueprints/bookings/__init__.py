"""The agenda, the booking wizard and the history of requests."""

from flask import Blueprint

blueprint = Blueprint("bookings", __name__)

from blueprints.bookings import views  # noqa: E402, F401  the routes register themselves on the blueprint
